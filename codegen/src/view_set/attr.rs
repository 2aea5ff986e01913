//! Parses `#[action(..)]` and `#[mapping(..)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, Ident, ImplItemFn, LitStr, Meta, Result};

use crate::attr::{entry, list, value};
use crate::errors::Errors;

/// The options of `#[action(..)]`, for messages.
const ACTION: &str = "`detail` or `list`; `get`, `post`, `put`, `patch`, `delete`; `url_path`, \
    `url_name`, `name`, `pagination_class`, `filterset_class`, `filter_backends`, `authentication_classes`, `permission_classes`, `throttle_classes`, \
    `throttle_scope`, `renderer_classes`, `parser_classes`";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The standard actions, by the names of their functions.
const STANDARD: [(&str, &str); 6] = [
    ("list", "List"),
    ("create", "Create"),
    ("retrieve", "Retrieve"),
    ("update", "Update"),
    ("partial_update", "PartialUpdate"),
    ("destroy", "Destroy"),
];

/// The standard action of a function's name, as `viewsets::Action` calls it.
pub(super) fn standard(function: &Ident) -> Option<&'static str> {
    STANDARD.iter().find(|(name, _)| function == name).map(|(_, action)| *action)
}

/// A method with `#[action]`, and those that `#[mapping]` adds to it.
pub(super) struct Action {
    pub(super) function: Ident,
    pub(super) description: String,
    pub(super) place: Option<Ident>,
    pub(super) methods: Vec<Ident>,
    /// Calls that change the action: `.url_path("tracks")`.
    pub(super) changes: Vec<TokenStream>,
    /// Calls that change its policies: `.permissions(IsAuthenticated)`.
    pub(super) policies: Vec<TokenStream>,
    pub(super) mappings: Vec<(Ident, Ident)>,
    /// The name of the standard action that it is, if it is one.
    pub(super) standard: Option<&'static str>,
}

impl Action {
    pub(super) fn from_syn(
        attribute: &Attribute,
        function: &ImplItemFn,
        description: String,
        errors: &mut Errors,
    ) -> Self {
        let name = &function.sig.ident;
        let mut found = Self {
            function: name.clone(),
            description,
            place: None,
            methods: Vec::new(),
            changes: Vec::new(),
            policies: Vec::new(),
            mappings: Vec::new(),
            standard: None,
        };
        if !matches!(attribute.meta, Meta::Path(_)) {
            let parsed =
                attribute.parse_nested_meta(|meta| entry(&meta, errors, |meta| found.entry(meta)));
            errors.take(parsed);
        }
        if found.place.is_none() {
            let problem = format!(
                "is `{name}` an action on one object or on the list? write `#[action(detail)]` or \
                 `#[action(list)]`"
            );
            errors.at(attribute, problem);
        }
        if found.methods.is_empty() {
            found.methods.push(format_ident!("get", span = name.span()));
        }
        found
    }

    /// A standard action of a view set without a model.
    pub(super) fn of_standard(
        function: &ImplItemFn,
        action: &'static str,
        description: String,
    ) -> Self {
        Self {
            function: function.sig.ident.clone(),
            description,
            place: None,
            methods: Vec::new(),
            changes: Vec::new(),
            policies: Vec::new(),
            mappings: Vec::new(),
            standard: Some(action),
        }
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = meta.path.get_ident().cloned().ok_or_else(|| unknown(meta))?;
        match word.to_string().as_str() {
            "detail" | "list" => self.place = Some(word),
            name if METHODS.contains(&name) => self.methods.push(word),
            "url_path" | "url_name" | "name" => {
                let text: LitStr = value(meta.input)?;
                self.changes.push(quote!(.#word(#text)));
            }
            name @ ("pagination_class" | "filterset_class" | "filter_backends") => {
                let call = match name {
                    "pagination_class" => quote!(pagination),
                    "filterset_class" => quote!(filters),
                    _ => quote!(filter_backends),
                };
                let chosen: Expr = value(meta.input)?;
                self.changes.push(quote_spanned!(word.span()=> .#call(#chosen)));
            }
            name => {
                let policy = match name {
                    "authentication_classes" => quote!(authentication),
                    "permission_classes" => quote!(permissions),
                    "throttle_classes" => quote!(throttles),
                    "renderer_classes" => quote!(renderers),
                    "parser_classes" => quote!(parsers),
                    "throttle_scope" => quote!(throttle_scope),
                    _ => return Err(unknown(meta)),
                };
                let chosen: Expr = value(meta.input)?;
                self.policies.push(quote_spanned!(word.span()=> .#policy(#chosen)));
            }
        }
        Ok(())
    }
}

fn unknown(meta: &ParseNestedMeta<'_>) -> Error {
    let word = meta.path.to_token_stream().to_string();
    meta.error(format!("unknown option `{word}` of an action; one of {ACTION}"))
}

/// `#[mapping(add_tracks, delete)]`: another method of an action above.
pub(super) fn mapping(
    attribute: &Attribute,
    function: &ImplItemFn,
    actions: &mut [Action],
) -> Result<()> {
    let usage = "write `#[mapping(action, method)]`, such as `#[mapping(add_tracks, delete)]`";
    let mut words = Vec::new();
    attribute.parse_nested_meta(|meta| {
        words.push(meta.path.get_ident().cloned().ok_or_else(|| meta.error(usage))?);
        Ok(())
    })?;
    let [of, method] = words.as_slice() else {
        return Err(Error::new_spanned(attribute, usage));
    };
    if !METHODS.contains(&method.to_string().as_str()) {
        let problem = format!("`{method}` is not one of {}", list(&METHODS));
        return Err(Error::new_spanned(method, problem));
    }
    let action = actions.iter_mut().find(|action| action.function == *of).ok_or_else(|| {
        Error::new_spanned(of, format!("there is no action `{of}` above this method"))
    })?;
    action.mappings.push((method.clone(), function.sig.ident.clone()));
    Ok(())
}
