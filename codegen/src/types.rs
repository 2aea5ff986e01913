//! Types, as far as their words show them.

use proc_macro2::Ident;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// `Decimal` of `quintet::values::Decimal`.
pub(crate) fn last_word(ty: &Type) -> Option<&Ident> {
    last_segment(ty).map(|last| &last.ident)
}

/// The `T` of `Name<T>`.
pub(crate) fn generic(ty: &Type, name: &str) -> Option<Type> {
    let last = last_segment(ty).filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(args) = &last.arguments else { return None };
    args.args.iter().find_map(|arg| match arg {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    })
}

/// The type inside `Option`, and whether there is one.
pub(crate) fn optional(ty: &Type) -> (Type, bool) {
    match generic(ty, "Option") {
        Some(inner) => (inner, true),
        None => (ty.clone(), false),
    }
}
