//! The fields of Rust types without a model, and the attributes that change a field.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Lit, Type, UnOp};

use super::ast::Field;
use super::attr::{FieldAttr, Lookup, NamedKind};
use crate::errors::Errors;
use crate::types::{generic, last_word};

/// The words of `kind = ..`.
const KINDS: [&str; 20] = [
    "char",
    "email",
    "slug",
    "unicode_slug",
    "url",
    "ip",
    "ipv4",
    "ipv6",
    "uuid",
    "integer",
    "big_integer",
    "float",
    "boolean",
    "datetime",
    "date",
    "time",
    "duration",
    "hstore",
    "file",
    "image",
];

/// The bounds of an integer type, as texts.
fn bounds(word: &str) -> Option<(String, String)> {
    let pair = |least: i128, most: i128| Some((least.to_string(), most.to_string()));
    match word {
        "i8" => pair(i8::MIN.into(), i8::MAX.into()),
        "i16" => pair(i16::MIN.into(), i16::MAX.into()),
        "i32" => pair(i32::MIN.into(), i32::MAX.into()),
        "i64" => pair(i64::MIN.into(), i64::MAX.into()),
        "u8" => pair(0, u8::MAX.into()),
        "u16" => pair(0, u16::MAX.into()),
        "u32" => pair(0, u32::MAX.into()),
        "u64" => pair(0, i64::MAX.into()),
        _ => None,
    }
}

/// The field of a type, and true; for an unknown type, a JSON field and false.
fn of_type(ty: &Type, name: &TokenStream, attr: &FieldAttr, reads: bool) -> (TokenStream, bool) {
    let field = quote!(::quintet::fields::Field);
    if let Some(inner) = generic(ty, "Option") {
        let (inner, known) = of_type(&inner, name, attr, reads);
        return (quote!(#inner.allow_null()), known);
    }
    if let Some(inner) = generic(ty, "Vec") {
        let empty = FieldAttr::default();
        let each = attr.each.as_deref().unwrap_or(&empty);
        let (child, known) = of_type(&inner, &quote!(""), each, reads);
        let child = changed(&child, &each_changes(each, &inner, reads));
        return (quote!(#field::list(#name, #child)), known);
    }
    for map in ["HashMap", "BTreeMap"] {
        if let Some(value) = second(ty, map) {
            let empty = FieldAttr::default();
            let each = attr.each.as_deref().unwrap_or(&empty);
            let (child, known) = of_type(&value, &quote!(""), each, reads);
            let child = changed(&child, &each_changes(each, &value, reads));
            return (quote!(#field::dict(#name, #child)), known);
        }
    }
    let word = last_word(ty).map(Ident::to_string).unwrap_or_default();
    let made = match word.as_str() {
        "String" => quote!(#field::char(#name)),
        "bool" => quote!(#field::boolean(#name)),
        "f32" | "f64" => quote!(#field::float(#name)),
        "DateTime" => quote!(#field::datetime(#name)),
        "NaiveDate" | "Date" => quote!(#field::date(#name)),
        "NaiveTime" | "Time" => quote!(#field::time(#name)),
        "TimeDelta" | "Duration" => quote!(#field::duration(#name)),
        "UploadedFile" => quote!(#field::file(#name)),
        "Uuid" => quote!(#field::uuid(#name)),
        "Value" => quote!(#field::json(#name)),
        "Decimal" if attr.decimal.is_none() => quote! {
            #field::new(
                #name,
                ::quintet::fields::FieldKind::Decimal(::core::default::Default::default()),
            )
        },
        "Decimal" => {
            let digits = attr.decimal.iter().map(|(digits, places)| quote!(#digits, #places));
            quote!(#field::decimal(#name, #(#digits)*))
        }
        word if bounds(word).is_some() => quote!(#field::integer(#name)),
        _ => return (quote!(#field::json(#name)), false),
    };
    (made, true)
}

/// `Some(value)` or `None`, as tokens.
pub(super) fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}

/// The `V` of `Name<K, V>`.
fn second(ty: &Type, name: &str) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let syn::PathArguments::AngleBracketed(args) = &last.arguments else { return None };
    let mut types = args.args.iter().filter_map(|arg| match arg {
        syn::GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.nth(1)
}

/// The field that stands for the value of a function.
pub(super) fn shown(ty: &Type, name: &str) -> TokenStream {
    of_type(ty, &quote!(#name), &FieldAttr::default(), false).0
}

/// The field that reads a value into the type of `field`.
pub(super) fn read(field: &Field, name: &str, errors: &mut Errors) -> TokenStream {
    let ty = generic(&field.ty, "Option").unwrap_or_else(|| field.ty.clone());
    let (made, known) = of_type(&ty, &quote!(#name), &field.attr, true);
    let like = field.attr.kind.is_some() || field.attr.choices.is_some();
    if !known && !like {
        let word = field.shape.word();
        let hint = if word.ends_with("Serializer") {
            format!("`{word}` is a serializer: say `#[field(nested)]`")
        } else {
            "input makes no value of this type; use a text, a number, a date, `Value`, a `Vec` of \
             one, or say `#[field(nested)]`"
                .to_owned()
        };
        errors.at(&field.shape.inner, hint);
    }
    made
}

/// `{ let mut field = ..; changes; field }`
pub(super) fn changed(field: &TokenStream, changes: &[TokenStream]) -> TokenStream {
    if changes.is_empty() {
        return field.clone();
    }
    quote!({ let mut field = #field; #(#changes)* field })
}

/// Everything that the attributes change about a field, as statements over `field`. `reads` says
/// that the field's type must hold what is read.
pub(super) fn changes(attr: &FieldAttr, inner: &Type, reads: bool) -> Vec<TokenStream> {
    let mut changes = Vec::new();
    if let Some(like) = attr.kind.as_ref().and_then(like) {
        changes.push(quote!(field = ::quintet::__private::of_kind(field, #like);));
    }
    if let Some(pattern) = &attr.regex {
        changes.push(quote! {
            field = ::quintet::__private::of_kind(
                field,
                ::quintet::fields::Field::regex("", ::core::clone::Clone::clone(&#pattern)),
            );
        });
    }
    if let Some(choices) = &attr.choices {
        changes.push(quote_spanned! {choices.span()=>
            field = ::quintet::__private::with_choices(field, #choices);
        });
    }
    let word = last_word(inner).map(Ident::to_string).unwrap_or_default();
    let own = if reads && attr.class.is_none() { bounds(&word) } else { None };
    let (least, most) = own.map_or((None, None), |(least, most)| (Some(least), Some(most)));
    match (&attr.min_value, least) {
        (Some(bound), _) => changes.push(quote!(field = field.min_value(#bound);)),
        (None, Some(bound)) => changes.push(quote!(field = field.min_of_type(#bound);)),
        (None, None) => {}
    }
    match (&attr.max_value, most) {
        (Some(bound), _) => changes.push(quote!(field = field.max_value(#bound);)),
        (None, Some(bound)) => changes.push(quote!(field = field.max_of_type(#bound);)),
        (None, None) => {}
    }
    if let Some(flag) = &attr.required {
        let on = flag.on;
        changes.push(quote!(field = field.required(#on);));
    }
    if let Some((_, value)) = &attr.default {
        changes.push(default(value, inner));
    }
    changes.extend(attr.changes.iter().cloned());
    if reads && let Some(Lookup(names)) = &attr.source {
        let source = names.last().map(|name| name.unraw().to_string());
        changes.push(quote!(field = field.source(#source);));
    }
    match &attr.read_only {
        Some(flag) if flag.on => changes.push(quote!(field = field.read_only();)),
        // where the model's field is read-only: a key, a clock
        Some(_) => changes.push(quote!(field.read_only = false;)),
        None => {}
    }
    if attr.is_write_only() {
        changes.push(quote!(field = field.write_only();));
    }
    changes
}

/// The changes of the field of an item, with its validators.
fn each_changes(each: &FieldAttr, item: &Type, reads: bool) -> Vec<TokenStream> {
    let mut changes = changes(each, item, reads);
    changes.extend(each.validators.iter().map(|check| {
        quote_spanned! {check.span()=>
            field = field.validator(::quintet::fields::Validator::of::<#item>(#check));
        }
    }));
    changes
}

/// True for a word that `kind = ..` takes.
pub(super) fn is_kind(word: &Ident) -> bool {
    KINDS.iter().any(|known| word == known) || word == "json"
}

/// The words of `kind = ..`, for people.
pub(super) fn kinds() -> String {
    let words: Vec<String> = KINDS.iter().map(|word| format!("`{word}`")).collect();
    format!("{}, `json`", words.join(", "))
}

fn like(kind: &NamedKind) -> Option<TokenStream> {
    let field = quote!(::quintet::fields::Field);
    let protocol = quote!(::quintet::fields::Protocol);
    Some(match kind {
        NamedKind::Like(like) => quote!(#like),
        NamedKind::Word(word) if !is_kind(word) => return None,
        NamedKind::Word(word) => match word.to_string().as_str() {
            "ip" => quote!(#field::ip_address("", #protocol::Both)),
            "ipv4" => quote!(#field::ip_address("", #protocol::V4)),
            "ipv6" => quote!(#field::ip_address("", #protocol::V6)),
            _ => quote!(#field::#word("")),
        },
    })
}

/// The statement that sets a default of the field's type.
fn default(value: &Expr, inner: &Type) -> TokenStream {
    let span = value.span();
    if let Some(item) = generic(inner, "Vec") {
        return quote_spanned! {span=>
            field = field.default_with(|| {
                let items: ::std::vec::Vec<#item> = ::core::convert::Into::into(#value);
                ::quintet::fields::Value::List(
                    items.into_iter().map(::quintet::fields::FieldType::into_value).collect(),
                )
            });
        };
    }
    let word = last_word(inner).map(Ident::to_string).unwrap_or_default();
    if word == "Value" {
        return quote_spanned! {span=>
            field = field.default_with(|| {
                ::quintet::fields::Value::Json(::std::boxed::Box::new(
                    ::core::convert::Into::into(#value),
                ))
            });
        };
    }
    let literal = match value {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => &*unary.expr,
        other => other,
    };
    let typed = match literal {
        Expr::Path(path) if path.path.is_ident("None") => {
            quote_spanned!(span=> ::core::option::Option::<#inner>::None)
        }
        Expr::Lit(lit) if matches!(lit.lit, Lit::Int(_)) && bounds(&word).is_some() => {
            quote_spanned!(span=> { let value: #inner = #value; value })
        }
        _ => quote_spanned!(span=> <#inner as ::core::convert::From<_>>::from(#value)),
    };
    quote_spanned!(span=> field = field.default(#typed);)
}
