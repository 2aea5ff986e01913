//! The macros of quintet. Documented where `quintet` re-exports them.

mod attr;
mod choices;
mod errors;
mod field_lists;
mod filter_set;
mod main_function;
mod model;
mod serializer;
#[cfg(test)]
mod testing;
mod types;
mod view_set;

use proc_macro::TokenStream;

/// Runs an `async fn main`; documented at `quintet::main`.
#[proc_macro_attribute]
pub fn main(_args: TokenStream, item: TokenStream) -> TokenStream {
    main_function::main(item.into()).into()
}

/// Runs an `async fn` as a test; documented at `quintet::test`.
#[proc_macro_attribute]
pub fn test(_args: TokenStream, item: TokenStream) -> TokenStream {
    main_function::test(item.into()).into()
}

/// Makes a struct a model; documented at `quintet::model`.
#[proc_macro_attribute]
pub fn model(args: TokenStream, item: TokenStream) -> TokenStream {
    model::model(args.into(), &item.into()).into()
}

/// Goes on with a model that inherits abstract ones, whose macros write it.
#[doc(hidden)]
#[proc_macro]
pub fn inherit(input: TokenStream) -> TokenStream {
    model::inherit(input.into()).into()
}

/// Makes the variants of an enum the choices of a column; documented at `quintet::db::Choices`.
#[proc_macro_derive(Choices, attributes(choice))]
pub fn derive_choices(input: TokenStream) -> TokenStream {
    choices::derive(input.into()).into()
}

/// Lists the actions of an `impl ViewSet`; documented at `quintet::viewsets::view_set`.
#[proc_macro_attribute]
pub fn view_set(args: TokenStream, item: TokenStream) -> TokenStream {
    view_set::view_set(&args.into(), &item.into()).into()
}

/// Describes what a struct reads and writes; documented at `quintet::serializers`.
#[proc_macro_derive(Serializer, attributes(serializer, field, validate))]
pub fn derive_serializer(input: TokenStream) -> TokenStream {
    serializer::derive(input.into()).into()
}

/// Describes the filters of a list; documented at `quintet::filters::FilterSet`.
#[proc_macro_derive(FilterSet, attributes(filter_set, filter))]
pub fn derive_filter_set(input: TokenStream) -> TokenStream {
    filter_set::derive(input.into()).into()
}

/// A `FilterSpec` in place: `filter_fields![name, album(exact, isnull)]`.
#[proc_macro]
pub fn filter_fields(input: TokenStream) -> TokenStream {
    field_lists::filter_fields(input.into()).into()
}

/// What `?search=` looks at: `search_fields![^name, =composer, album__title]`.
#[proc_macro]
pub fn search_fields(input: TokenStream) -> TokenStream {
    field_lists::search_fields(input.into()).into()
}

/// What `?ordering=` may name: `ordering_fields![id, album__title]`.
#[proc_macro]
pub fn ordering_fields(input: TokenStream) -> TokenStream {
    field_lists::ordering_fields(input.into()).into()
}

/// The field that an object is looked up by: `lookup_field!(username)`.
#[proc_macro]
pub fn lookup_field(input: TokenStream) -> TokenStream {
    field_lists::lookup_field(input.into()).into()
}

/// Captures that name parents: `parent_lookup_kwargs![artist_pk = artist]`.
#[proc_macro]
pub fn parent_lookup_kwargs(input: TokenStream) -> TokenStream {
    field_lists::parent_lookup_kwargs(input.into()).into()
}

/// An order: `order_by![-invoice_date, -id]`.
#[proc_macro]
pub fn order_by(input: TokenStream) -> TokenStream {
    field_lists::order_by(input.into()).into()
}
