//! What abstract models write, and what the models write that inherit them.

use proc_macro2::TokenStream;
use quote::quote;

use super::{model, refused};
use crate::model::inherit;
use crate::testing::{assert_code, items, mistakes, squeezed};

/// What `inherit!` is called with when `Audit!` has handed these fields on.
fn handed_on(args: &TokenStream, item: &TokenStream, bases: &TokenStream) -> TokenStream {
    quote!({#args} {#item} #bases)
}

fn audit(fields: &TokenStream) -> TokenStream {
    quote!({ { {Audit} "__Audit_0" false {abstract} {pub struct Audit { #fields }} } })
}

#[test]
fn an_abstract_model_is_a_trait_and_a_macro() {
    let written = model(
        quote!(abstract),
        &quote! {
            /// Who did it.
            pub struct Audit {
                #[field(foreign_key = crate::User)]
                pub created_by_id: Option<i64>,
            }
        },
    );
    let traits = items(written.clone(), |item| matches!(item, syn::Item::Trait(_)));
    assert_code(
        &traits,
        &quote! {
            /// Who did it.
            #[diagnostic::on_unimplemented(
                message = "`{Self}` does not inherit `Audit`",
                label = "a model with `inherit(Audit)` is expected here",
                note = "write `#[model(.., inherit(Audit))]` on the struct"
            )]
            pub trait Audit: ::quintet::db::Model {
                #[doc(hidden)]
                const AUDIT_COLUMNS: &'static [usize];

                #[doc = "The column `created_by_id`."]
                const CREATED_BY_ID: ::quintet::db::InheritedColumn<
                    Self,
                    Option<i64>,
                    AuditColumns,
                    0usize
                > = ::quintet::db::InheritedColumn::COLUMN;

                #[doc = "The value of the column `created_by_id`."]
                fn created_by_id(&self) -> &Option<i64>;

                #[doc = "The row that `created_by_id` points at, as the start of a path."]
                fn created_by() -> <crate::User as ::quintet::db::Model>::Fields<
                    Self,
                    ::quintet::db::Optional
                > {
                    let way = ::quintet::__private::Way::start::<Self>();
                    ::quintet::db::Fields::at(
                        way.forward::<Self, crate::User>(<Self as Audit>::AUDIT_COLUMNS[0usize]),
                    )
                }
            }
        },
    );
    // the macro hands the struct on as it is written, with names that hold in every crate
    let macros = squeezed(&items(written, |item| matches!(item, syn::Item::Macro(_))));
    let handed = "::quintet::__private::inherit!{$($heir)*{{{Audit}\"__Audit_";
    assert!(macros.contains(handed), "{macros}");
    assert!(macros.contains("#[field(foreign_key=$crate::User)]"), "{macros}");
}

#[test]
fn a_model_asks_its_bases_one_after_the_other() {
    let (args, item) = (
        quote!(app = "shop", inherit(Audit, a::Tenant)),
        quote!(
            pub struct Order {}
        ),
    );
    let first = model(args.clone(), &item);
    assert_code(&first, &quote!(Audit! { {#args} {#item} }));
    let audit = audit(&quote!(pub created: DateTime));
    let second = inherit(handed_on(&args, &item, &audit));
    assert_code(&second, &quote!(a::Tenant! { {#args} {#item} #audit }));
}

#[test]
fn a_model_has_the_fields_of_its_bases_and_implements_their_traits() {
    let written = inherit(handed_on(
        &quote!(app = "shop", inherit(models::Audit)),
        &quote!(
            pub struct Order {
                pub id: i64,
                pub total: i32,
            }
        ),
        &audit(&quote! {
            pub created: DateTime,
            #[field(foreign_key = User, related_name = "%(app_label)s_%(class)s_set")]
            pub by_id: i64,
        }),
    ));
    assert_eq!(mistakes(&written), [""; 0]);
    let text = squeezed(&written);
    let fields = "pubstructOrder{pubid:i64,pubcreated:DateTime,pubby_id:i64,pubtotal:i32}";
    assert!(text.contains(fields), "{text}");
    assert!(text.contains(".related_name(\"shop_order_set\")"), "{text}");
    let is_audit = |item: &syn::Item| match item {
        syn::Item::Impl(item) => item.trait_.as_ref().is_some_and(|(path, _)| {
            path.segments.last().is_some_and(|last| last.ident == "Audit")
        }),
        _ => false,
    };
    assert_code(
        &items(written, is_audit),
        &quote! {
            impl models::Audit for Order {
                const AUDIT_COLUMNS: &'static [usize] = &[1usize, 2usize];

                fn created(&self) -> &DateTime {
                    &self.created
                }

                fn by_id(&self) -> &i64 {
                    &self.by_id
                }
            }
        },
    );
}

#[test]
fn a_field_has_one_origin() {
    let of = |item: TokenStream, bases: TokenStream, args: TokenStream| {
        mistakes(&inherit(handed_on(&args, &item, &bases)))
    };
    let base = audit(&quote!(pub created: DateTime));
    let found = of(
        quote!(
            pub struct Order {
                pub id: i64,
                pub created: DateTime,
            }
        ),
        base.clone(),
        quote!(app = "shop", inherit(Audit)),
    );
    let own = "`created` is a field of `Audit`, which this model inherits: leave it out, or give it \
               another name";
    assert_eq!(found, [own]);
    let other = quote! {
        { { {Log} "__Log_1" false {abstract} {pub struct Log { pub created: DateTime }} } }
    };
    let found = of(
        quote!(
            pub struct Order {
                pub id: i64,
            }
        ),
        quote!(#base #other),
        quote!(app = "shop", inherit(Audit, logs::Log)),
    );
    let both = "`logs::Log` has a field `created`, and so has `Audit`: a model cannot inherit both";
    assert_eq!(found, [both]);
    let found = of(
        quote!(
            pub struct Order {
                pub id: i64,
            }
        ),
        quote!(#base #base),
        quote!(app = "shop", inherit(Audit, Audit)),
    );
    assert_eq!(found, ["this is inherited already: leave it out"]);
}

#[test]
fn mistakes_of_a_base_are_reported_where_it_stands() {
    let (args, item) = (
        quote!(abstract, table = "audit", ordering(made)),
        quote!(
            pub struct Audit {
                #[field(auto_now)]
                pub created: i32,
                pub price: Decimal,
            }
        ),
    );
    let written = model(args, &item);
    assert_eq!(
        mistakes(&written),
        [
            "an abstract model has no table: `table` belongs to the models that inherit it",
            "`auto_now` is for a column of the type `DateTime`",
            "say how many digits: `#[field(decimal(10, 2))]`",
            "`Audit` has no field `made`; its fields are `created`, `price`",
        ]
    );
    let base = quote! {
        { { {Audit} "__Audit_0" true {abstract} {pub struct Audit { pub price: Decimal }} } }
    };
    let (args, item) = (
        quote!(app = "shop", inherit(Audit)),
        quote!(
            pub struct Order {
                pub id: i64,
            }
        ),
    );
    assert_eq!(mistakes(&inherit(handed_on(&args, &item, &base))), [""; 0]);
    let private = model(
        quote!(abstract),
        &quote!(
            struct Audit {
                pub created: DateTime,
            }
        ),
    );
    let public =
        "an abstract model is public, as the models are that inherit it: write `pub struct`";
    assert_eq!(mistakes(&private), [public]);
}

#[test]
fn the_words_are_known() {
    let found = refused(
        quote!(app = "shop", inherits(Audit)),
        &quote!(
            pub struct Order {
                pub id: i64,
            }
        ),
    );
    assert!(
        found[0].starts_with("unknown option `inherits`; did you mean `inherit`?"),
        "{found:?}"
    );
}
