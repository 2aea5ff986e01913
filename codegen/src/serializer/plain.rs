//! Writes the expansion of a serializer without a model.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, Type};

use super::ast::{Field, Serializer};
use super::expand::{class, default_with, hook, messages, reads, validate, validators, whole};
use super::kinds;
use crate::errors::Errors;
use crate::types::generic;

pub(super) fn expand(serializer: &Serializer, mut errors: Errors) -> TokenStream {
    let mut steps: Vec<TokenStream> =
        serializer.fields.iter().map(|field| step(field, &mut errors)).collect();
    for field in &serializer.fields {
        if let Some(other) = &field.rules.must_match {
            let (name, other) = (field.name(), other.to_string());
            steps.push(quote!(.must_match(#name, #other)));
        }
    }
    if !serializer.container.read_only.is_empty() {
        let names = serializer.container.read_only.iter().map(Ident::to_string);
        steps.push(quote!(.read_only(&[#(#names),*])));
    }
    steps.push(messages(&serializer.container));
    for function in &serializer.rules.schema {
        steps.push(quote! {
            .validate::<Self, _>(
                |value: &Self| ::quintet::validators::from_validation_error(#function(value))
            )
        });
    }
    if let Some(word) = &serializer.container.validate {
        let hook = quote_spanned!(word.span()=> Self::validate);
        steps.push(quote!(.validate::<Self, _>(#hook)));
    }
    let hooks = [
        &serializer.container.run_validation,
        &serializer.container.data,
        &serializer.container.to_internal_value,
        &serializer.container.get_fields,
    ];
    steps.extend(hooks.into_iter().flatten().map(hook));
    let takes = serializer.fields.iter().map(|field| {
        let (ident, name, inner) = (&field.ident, field.source_name(), &field.shape.inner);
        let custom = quote!(::quintet::serializers::Custom::<#inner>);
        match &field.attr.custom {
            _ if field.attr.is_read_only() || field.attr.method.is_some() => {
                quote!(#ident: ::core::default::Default::default())
            }
            None if field.attr.whole.is_some() => {
                quote!(#ident: values.clone().take_whole()?)
            }
            None => quote!(#ident: values.take(#name)?),
            Some(_) if field.shape.optional => quote! {
                #ident: values.take::<::core::option::Option<#custom>>(#name)?.map(|own| own.0)
            },
            Some(_) => quote!(#ident: values.take::<#custom>(#name)?.0),
        }
    });
    let kept = serializer.fields.iter().filter(|field| field.attr.method.is_none());
    let shown = kept.map(|field| {
        let (ident, name) = (&field.ident, field.source_name());
        let custom = quote!(::quintet::serializers::Custom);
        match &field.attr.custom {
            None if field.attr.whole.is_some() => quote!(values.put_whole(self.#ident);),
            None => quote!(values.put(#name, self.#ident);),
            Some(_) if field.shape.optional => quote!(values.put(#name, self.#ident.map(#custom));),
            Some(_) => quote!(values.put(#name, #custom(self.#ident));),
        }
    });
    let mut made = quote!(::core::option::Option::Some(Self { #(#takes),* }));
    if !errors.is_empty() {
        steps.clear();
        made = quote!(::core::option::Option::None);
    }
    let errors = errors.tokens();
    let ident = &serializer.ident;
    let name = serializer.name();
    let reads = reads(serializer);
    quote! {
        #errors

        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic)]
        impl ::quintet::serializers::Serializer for #ident {
            fn description() -> &'static ::quintet::serializers::Description {
                static DESCRIPTION: ::std::sync::OnceLock<::quintet::serializers::Description> =
                    ::std::sync::OnceLock::new();
                #reads
                ::quintet::__private::once(&DESCRIPTION, #name, || {
                    ::quintet::serializers::Description::plain(#name) #(#steps)* .build()
                })
            }

            #[allow(unused_variables)]
            fn from_validated(
                values: &mut ::quintet::serializers::ValidatedData,
            ) -> ::core::option::Option<Self> {
                #made
            }

            fn into_values(self) -> ::quintet::serializers::ValidatedData {
                #[allow(unused_mut)]
                let mut values = ::quintet::serializers::ValidatedData::default();
                #(#shown)*
                values
            }
        }
    }
}

/// `.struct_method::<Self, i64, _>(.., Self::get_total)`
fn method(field: &Field) -> TokenStream {
    let (ty, kind) = (&field.ty, kinds::shown(&field.ty, &field.name()));
    let own = super::expand::method(field);
    quote_spanned!(field.shape.span=> .struct_method::<Self, #ty, _>(#kind, #own))
}

fn step(field: &Field, errors: &mut Errors) -> TokenStream {
    let (attr, shape, name) = (&field.attr, &field.shape, field.name());
    let inner = &shape.inner;
    let own: Type = generic(&field.ty, "Option").unwrap_or_else(|| field.ty.clone());
    let mut changes = kinds::changes(attr, &own, true);
    changes.extend(field.rules.changes(inner));
    let declared = if let Some(whole) = whole(field) {
        whole
    } else if attr.nested.is_some() {
        let nested = match (attr.is_read_only(), shape.many) {
            (false, false) => quote!(nested),
            (false, true) => quote!(nested_many),
            (true, false) => quote!(shows),
            (true, true) => quote!(shows_many),
        };
        quote_spanned!(shape.span=> .#nested::<#inner>(#name))
    } else if attr.custom.is_some() {
        quote_spanned!(shape.span=> .custom::<#inner>(#name))
    } else if let Some((_, target)) = &shape.relation {
        let key = if shape.many { quote!(keys) } else { quote!(key) };
        quote_spanned!(shape.span=> .#key::<#target>(#name))
    } else if attr.method.is_some() {
        return method(field);
    } else if attr.class.is_some() {
        let class = class(field);
        quote!(.field(::quintet::fields::Field::json(#name)) #class)
    } else if attr.hidden.is_some() {
        quote!(.field(::quintet::fields::Field::hidden(#name)))
    } else {
        let made = kinds::read(field, &name, errors);
        quote!(.field(#made))
    };
    let explicit = attr.required.is_some() || field.rules.required;
    if shape.optional && !explicit {
        changes.insert(0, quote!(field = field.required(false);));
    }
    let with = (!changes.is_empty())
        .then(|| quote!(.with(|field| { let mut field = field; #(#changes)* field })));
    let (default, checks, hook) = (default_with(attr), validators(attr), validate(field));
    quote!(#declared #with #default #checks #hook)
}
