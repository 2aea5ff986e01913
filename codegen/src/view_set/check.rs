//! Rules: what an action's method looks like.

use syn::{FnArg, ImplItemFn, Type};

use crate::errors::Errors;

/// Checks what can be checked syntactically about an action method.
pub(super) fn check(function: &ImplItemFn, errors: &mut Errors) {
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        errors.at(signature.fn_token, "an action is an `async fn`");
    }
    let is_context = |input: &FnArg| match input {
        FnArg::Typed(input) => {
            matches!(&*input.ty, Type::Reference(reference) if reference.mutability.is_some())
        }
        FnArg::Receiver(_) => false,
    };
    if !signature.inputs.last().is_some_and(is_context) {
        let problem =
            format!("`{}` takes no context: `cx: &mut Context` comes last", signature.ident);
        errors.at(&signature.ident, problem);
    }
}
