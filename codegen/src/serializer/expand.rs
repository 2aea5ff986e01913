//! Writes the expansion of a serializer over a model.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Type};

use super::ast::{Field, Relation, Serializer};
use super::attr::{Container, FieldAttr, Lookup};
use super::kinds;
use crate::errors::Errors;
use crate::types::{generic, last_word};

/// Writes the whole implementation; without fields if there are errors, so that one mistake is one
/// message.
pub(super) fn expand(serializer: &Serializer, model: &Type, mut errors: Errors) -> TokenStream {
    let mut steps = steps(serializer, model, &mut errors);
    if !errors.is_empty() {
        steps.clear();
    }
    let errors = errors.tokens();
    let ident = &serializer.ident;
    let name = serializer.name();
    let reads = reads(serializer);
    quote! {
        #errors

        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic)]
        impl ::quintet::serializers::ModelSerializer for #ident {
            type Model = #model;

            fn description() -> &'static ::quintet::serializers::Description {
                static DESCRIPTION: ::std::sync::OnceLock<::quintet::serializers::Description> =
                    ::std::sync::OnceLock::new();
                #reads
                ::quintet::__private::once(&DESCRIPTION, #name, || {
                    ::quintet::serializers::Description::of::<#model>(#name) #(#steps)* .build()
                })
            }
        }
    }
}

/// Reads the fields, which only the derive uses, so that the compiler does not warn.
pub(super) fn reads(serializer: &Serializer) -> TokenStream {
    let names: Vec<&Ident> = serializer.fields.iter().map(|field| &field.ident).collect();
    if names.is_empty() {
        return TokenStream::new();
    }
    quote!(let _ = |own: &Self| { #(let _ = &own.#names;)* };)
}

fn steps(serializer: &Serializer, model: &Type, errors: &mut Errors) -> Vec<TokenStream> {
    let container = &serializer.container;
    let mut steps = Vec::new();
    for parent in &container.inherit {
        steps.push(quote_spanned!(parent.span()=> .extend::<#parent>()));
    }
    if let Some(names) = &container.fields {
        // in their order
        for name in names {
            if let Some(field) = serializer.field(name) {
                steps.push(declare(field, model, errors));
                steps.push(modify(field));
            } else {
                let (text, path) = (container.key(name), path(model, std::slice::from_ref(name)));
                steps.push(quote_spanned!(name.span()=> .field(#text, #path)));
            }
        }
    } else {
        for field in &serializer.fields {
            steps.push(declare(field, model, errors));
            steps.push(modify(field));
        }
    }
    for field in &serializer.fields {
        if let Some(other) = &field.rules.must_match {
            let (name, other) = (field.name(), serializer.key(other));
            steps.push(quote!(.must_match(#name, #other)));
        }
    }
    let excludes = !container.exclude.is_empty();
    if container.all || (excludes && container.inherit.is_empty()) {
        steps.push(quote!(.all()));
    }
    if excludes {
        let names = container.exclude.iter().map(|name| serializer.key(name));
        steps.push(quote!(.exclude(&[#(#names),*])));
        // what comes of a serializer that is inherited may have a name of its own
        if container.inherit.is_empty() {
            let columns =
                container.exclude.iter().map(|name| path(model, std::slice::from_ref(name)));
            steps.push(quote!(.knowing(|| { #(let _ = #columns;)* })));
        }
    }
    if !container.read_only.is_empty() {
        let names = container.read_only.iter().map(|name| serializer.key(name));
        steps.push(quote!(.read_only(&[#(#names),*])));
    }
    if let Some(depth) = &container.depth {
        steps.push(quote!(.depth(#depth)));
    }
    for (word, set) in &container.unique_for {
        let period = match word.to_string().as_str() {
            "unique_for_date" => quote!(Date),
            "unique_for_month" => quote!(Month),
            _ => quote!(Year),
        };
        let members = set.members.iter().map(|name| serializer.key(name));
        let message = kinds::option(set.message.as_ref());
        steps.push(quote! {
            .unique_for(::quintet::db::UniqueFor::#period, #(#members,)* #message)
        });
    }
    for set in &container.unique_together {
        let members = set.members.iter().map(|name| serializer.key(name));
        let message = kinds::option(set.message.as_ref());
        steps.push(quote!(.unique_together(&[#(#members),*], #message)));
    }
    steps.push(messages(container));
    if container.without_validators {
        steps.push(quote!(.without_validators()));
    }
    for check in &container.validators {
        steps.push(quote_spanned!(check.span()=> .object_validator(#check)));
    }
    let hooks = [
        &container.validate,
        &container.validate_async,
        &container.run_validation,
        &container.data,
        &container.to_internal_value,
        &container.to_representation,
        &container.get_fields,
        &container.create,
        &container.update,
        &container.save,
        &container.create_many,
        &container.update_many,
    ];
    steps.extend(hooks.into_iter().flatten().map(hook));
    steps
}

/// `.validate(Self::validate)`: calls the associated function of that name.
pub(super) fn hook(word: &Ident) -> TokenStream {
    quote_spanned!(word.span()=> .#word(Self::#word))
}

/// `Track::fields().album().title()`; rustc names a method that is not there.
fn path(model: &Type, names: &[Ident]) -> TokenStream {
    let span = names.first().map_or_else(|| model.span(), Ident::span);
    let calls = names.iter().map(|name| quote_spanned!(name.span()=> .#name()));
    let start = quote_spanned!(span=> <#model>::fields());
    quote!(#start #(#calls)*)
}

/// The call that adds a field.
fn declare(field: &Field, model: &Type, errors: &mut Errors) -> TokenStream {
    let (attr, shape, name) = (&field.attr, &field.shape, field.name());
    let span = shape.span;
    let own = [field.ident.clone()];
    let source = attr.source.as_ref().map_or(own.as_slice(), |Lookup(names)| names);
    let source = path(model, source);
    if let Some(whole) = whole(field) {
        return whole;
    }
    if let Some((word, function)) = &attr.method {
        let kind = kinds::shown(&field.ty, &name);
        let ty = &field.ty;
        let hook = method(field);
        // a function of another type is a property of the model
        let is_own = |path: &syn::Path| {
            path.segments.len() < 2 || path.segments.first().is_some_and(|one| one.ident == "Self")
        };
        let word = if function.as_ref().is_none_or(is_own) || word != "method" {
            word.to_string()
        } else {
            "property".to_owned()
        };
        let call = Ident::new(&word, span);
        return quote_spanned!(span=> .#call::<#ty, _>(#kind, #hook));
    }
    if let Some((word, column)) = &attr.display {
        let kind = kinds::shown(&field.ty, &name);
        let path = path(model, std::slice::from_ref(column));
        return quote_spanned!(word.span()=> .display(#kind, &#path));
    }
    if attr.other.is_some() {
        let read = kinds::read(field, &name, errors);
        let optional = shape.optional.then(|| quote!(.required(false)));
        let class = class(field);
        return quote!(.other(#read #optional) #class);
    }
    let inner = &shape.inner;
    if attr.nested.is_some() {
        let writable = attr.writable.is_some().then(|| quote!(.writable()));
        return quote_spanned!(span=> .nested::<#inner, _>(#name, #source) #writable);
    }
    if attr.custom.is_some() {
        let stored = quote_spanned!(span=> <#inner as ::quintet::serializers::CustomField>::Stored);
        let source = quote_spanned!(span=> #source.shown_as::<#stored>());
        return quote_spanned!(span=> .custom::<#inner, _>(#name, #source));
    }
    let Some((relation, target)) = &shape.relation else {
        let ty = &field.ty;
        let shown = quote_spanned!(ty.span()=> .shown_as::<#ty>());
        let class = class(field);
        return quote_spanned!(ty.span()=> .source(#name, #source #shown) #class);
    };
    let kwarg =
        |default: &str| attr.kwarg.as_ref().map_or_else(|| default.to_owned(), syn::LitStr::value);
    let lookup = |of: &Type| match &attr.lookup {
        Some((_, Lookup(names))) => {
            let last = names.last().map(Ident::to_string).unwrap_or_default();
            (kwarg(&last), path(of, names))
        }
        None => (kwarg("pk"), quote!(::quintet::__private::pk::<#of>())),
    };
    let view = attr.view_name.as_ref().map(|(_, view)| view.value());
    match relation {
        Relation::PrimaryKey => {
            quote_spanned!(span=> .primary_key::<#target, _>(#name, #source))
        }
        Relation::Slug => {
            let slug = attr.slug.as_ref().map(|(_, Lookup(names))| path(target, names));
            let writable = attr.writable.is_some().then(|| quote!(.writable()));
            quote_spanned!(span=> .slug::<#target, _, _>(#name, #source, &#slug) #writable)
        }
        Relation::String => quote_spanned!(span=> .string::<#target, _>(#name, #source)),
        Relation::Custom => {
            let class = attr.class.as_ref().map(|(_, class)| {
                quote_spanned! {class.span()=>
                    ::quintet::__private::related_class_of::<#target, _>(#class)
                }
            });
            quote_spanned!(span=> .related(#name, #source, #class))
        }
        Relation::Hyperlink if attr.get_url.is_some() => {
            let get_url = attr.get_url.as_ref().map(|(_, function)| function);
            quote_spanned!(span=> .hyperlink_with::<#target, _, _>(#name, #source, #get_url))
        }
        Relation::Identity if attr.get_url.is_some() => {
            let get_url = attr.get_url.as_ref().map(|(_, function)| function);
            quote_spanned! {span=>
                .method::<::core::option::Option<::std::string::String>, _>(
                    ::quintet::fields::Field::url(#name).allow_null(),
                    #get_url,
                )
            }
        }
        Relation::Hyperlink => {
            let (kwarg, lookup) = lookup(target);
            quote_spanned! {span=>
                .hyperlink::<#target, _, _>(#name, #source, #view, #kwarg, &#lookup)
            }
        }
        Relation::Identity => {
            let (kwarg, lookup) = lookup(model);
            let view = view.unwrap_or_else(|| {
                let model = last_word(model).map(Ident::to_string).unwrap_or_default();
                format!("{}-detail", model.to_lowercase())
            });
            quote_spanned!(span=> .identity(#name, #view, #kwarg, &#lookup))
        }
    }
}

/// `.whole::<PlaceSerializer>("place")`, of a field over the whole row
pub(super) fn whole(field: &Field) -> Option<TokenStream> {
    let (attr, name, inner) = (&field.attr, field.name(), &field.shape.inner);
    attr.whole.as_ref()?;
    let Some((_, class)) = &attr.class else {
        return Some(quote_spanned!(field.shape.span=> .whole::<#inner>(#name)));
    };
    let value = generic(&field.ty, "Option").unwrap_or_else(|| field.ty.clone());
    let typed = quote_spanned! {class.span()=>
        ::quintet::__private::class_of::<#value, _>(#class)
    };
    Some(quote_spanned!(class.span()=> .whole_class(#name, #typed)))
}

/// The function of a method field: `Self::get_total`, or the one that is named.
pub(super) fn method(field: &Field) -> TokenStream {
    if let Some((_, Some(function))) = &field.attr.method {
        // a bare name is a function of the serializer
        let bare = function.get_ident();
        return bare
            .map_or_else(|| quote!(#function), |name| quote_spanned!(name.span()=> Self::#name));
    }
    let name = format!("get_{}", syn::ext::IdentExt::unraw(&field.ident));
    let name = Ident::new(&name, field.ident.span());
    quote_spanned!(field.ident.span()=> Self::#name)
}

/// `.class(IsbnField { .. })`, of a class whose values have the type of the field
pub(super) fn class(field: &Field) -> Option<TokenStream> {
    let (_, class) = field.attr.class.as_ref()?;
    let value = generic(&field.ty, "Option").unwrap_or_else(|| field.ty.clone());
    let typed = quote_spanned! {class.span()=>
        ::quintet::__private::class_of::<#value, _>(#class)
    };
    Some(quote!(.class(#typed)))
}

/// The calls that change the field before them.
fn modify(field: &Field) -> TokenStream {
    let attr = &field.attr;
    let own = generic(&field.ty, "Option").unwrap_or_else(|| field.ty.clone());
    let inner = &field.shape.inner;
    let mut changes = kinds::changes(attr, &own, attr.other.is_some());
    changes.extend(field.rules.changes(inner));
    let with = (!changes.is_empty())
        .then(|| quote!(.with(|field| { let mut field = field; #(#changes)* field })));
    let unique = attr.unique.as_ref().map(|unique| {
        let message = unique
            .message
            .as_ref()
            .map_or_else(|| "This field must be unique.".to_owned(), syn::LitStr::value);
        let ignore_case = unique.ignore_case;
        quote!(.unique(#message, #ignore_case))
    });
    let hidden = attr.hidden.as_ref().map(|word| quote_spanned!(word.span()=> .hidden()));
    let (default, checks, hook) = (default_with(attr), validators(attr), validate(field));
    quote!(#with #hidden #default #unique #checks #hook)
}

/// `.default_with(today)`
pub(super) fn default_with(attr: &FieldAttr) -> Option<TokenStream> {
    let (_, make) = attr.default_with.as_ref()?;
    Some(quote_spanned!(make.span()=> .default_with(#make)))
}

/// `.validator(even)` for each of them
pub(super) fn validators(attr: &FieldAttr) -> TokenStream {
    let calls =
        attr.validators.iter().map(|check| quote_spanned!(check.span()=> .validator(#check)));
    quote!(#(#calls)*)
}

/// `.error("mismatch", "..")` for each of them
pub(super) fn messages(container: &Container) -> TokenStream {
    let calls = container.errors.iter().map(|(code, text)| quote!(.error(#code, #text)));
    quote!(#(#calls)*)
}

/// `.validate_field(Self::validate_name)`, and what asks the database
pub(super) fn validate(field: &Field) -> TokenStream {
    let field_name = syn::ext::IdentExt::unraw(&field.ident);
    let call = |word: &Ident, name: String, method: TokenStream| {
        let function = Ident::new(&name, word.span());
        quote_spanned!(word.span()=> .#method(Self::#function))
    };
    let own = field
        .attr
        .validate
        .as_ref()
        .map(|word| call(word, format!("validate_{field_name}"), quote!(validate_field)));
    let asks = field.attr.validate_async.as_ref().map(|word| {
        call(word, format!("validate_{field_name}_async"), quote!(validate_field_async))
    });
    let rows = field.attr.queryset.as_ref().and_then(|(word, rows)| {
        let (_, target) = field.shape.relation.as_ref()?;
        Some(quote_spanned!(word.span()=> .queryset::<#target, _>(#rows)))
    });
    let taken = field
        .attr
        .unique_in
        .as_ref()
        .map(|(word, path)| quote_spanned!(word.span()=> .unique_in(&#path)));
    quote!(#own #asks #rows #taken)
}
