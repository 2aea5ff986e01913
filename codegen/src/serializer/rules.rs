//! Parses `#[validate(..)]`: the attributes of the `validator` crate.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Lit, LitStr, Path, Token, Type};

use super::kinds::option;
use crate::errors::Errors;

/// The words of `#[validate(..)]` that a serializer checks.
const WORDS: &str = "`length`, `range`, `email`, `url`, `ip`, `ipv4`, `ipv6`, `contains`, \
                     `does_not_contain`, `regex`, `non_control_character`, `custom`, \
                     `must_match`, `required`, `nested`, `schema`";

/// One check of a value.
struct Rule {
    kind: Ident,
    arguments: Vec<(Ident, Expr)>,
}

/// The checks of a field, or of the whole struct.
#[derive(Default)]
pub(super) struct Rules {
    checks: Vec<Rule>,
    pub(super) required: bool,
    pub(super) must_match: Option<Ident>,
    /// Functions over the whole struct.
    pub(super) schema: Vec<Path>,
}

fn arguments(meta: &ParseNestedMeta<'_>, word: &Ident) -> syn::Result<Vec<(Ident, Expr)>> {
    let mut arguments = Vec::new();
    if meta.input.peek(Token![=]) {
        // `contains = "x"`, `must_match = "other"`
        arguments.push((Ident::new("value", word.span()), meta.value()?.parse()?));
    } else if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|argument| {
            let name = argument.path.require_ident()?.clone();
            if name == "use_context" {
                let message = "a serializer has no context here: write `#[field(validate)]` with \
                               a function `validate_<field>`";
                return Err(syn::Error::new(name.span(), message));
            }
            let value = if argument.input.peek(Token![=]) {
                argument.value()?.parse()?
            } else {
                syn::parse_quote!(true)
            };
            arguments.push((name, value));
            Ok(())
        })?;
    }
    Ok(arguments)
}

/// A path that may be written as a text.
fn path(value: &Expr) -> syn::Result<Path> {
    match value {
        Expr::Path(path) => Ok(path.path.clone()),
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => text.parse(),
            _ => Err(syn::Error::new_spanned(value, "name a function")),
        },
        _ => Err(syn::Error::new_spanned(value, "name a function")),
    }
}

impl Rules {
    pub(super) fn from_syn(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut rules = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("validate")) {
            errors.take(attr.parse_nested_meta(|meta| rules.entry(&meta)));
        }
        rules
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let word = meta.path.require_ident()?.clone();
        let arguments = arguments(meta, &word)?;
        let find = |names: &[&str]| {
            let found = arguments.iter().find(|(name, _)| names.iter().any(|known| name == known));
            found.map(|(_, value)| value.clone()).ok_or_else(|| {
                let first = names.first().copied().unwrap_or_default();
                syn::Error::new(word.span(), format!("`{word}` needs `{first} = ..`"))
            })
        };
        let needs = match word.to_string().as_str() {
            "email"
            | "url"
            | "ip"
            | "ipv4"
            | "ipv6"
            | "non_control_character"
            | "length"
            | "range" => None,
            "contains" | "does_not_contain" => Some(["pattern", "value"]),
            "regex" => Some(["path", "value"]),
            "custom" => Some(["function", "value"]),
            "required" => {
                self.required = true;
                return Ok(());
            }
            "nested" => return Ok(()),
            "must_match" => {
                let other = path(&find(&["other", "value"])?)?;
                self.must_match = Some(other.require_ident()?.clone());
                return Ok(());
            }
            "schema" => {
                self.schema.push(path(&find(&["function"])?)?);
                return Ok(());
            }
            _ => {
                let message = format!("a serializer does not check `{word}`; one of {WORDS}");
                return Err(syn::Error::new(word.span(), message));
            }
        };
        if let Some(names) = needs {
            let value = find(&names)?;
            if word == "custom" {
                path(&value)?;
            }
        }
        self.checks.push(Rule { kind: word, arguments });
        Ok(())
    }

    /// Statements that add the checks to `field`.
    pub(super) fn changes(&self, inner: &Type) -> Vec<TokenStream> {
        let mut changes = Vec::new();
        if self.required {
            changes.push(quote! {
                field = field.required(true);
                field.allow_null = false;
            });
        }
        changes.extend(self.checks.iter().map(|rule| {
            let validator = rule.validator(inner);
            quote!(field = field.validator(#validator);)
        }));
        changes
    }
}

impl Rule {
    fn get(&self, names: &[&str]) -> Option<&Expr> {
        let found = self.arguments.iter().find(|(name, _)| names.iter().any(|known| name == known));
        found.map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<LitStr> {
        match self.get(&[name])? {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn validator(&self, inner: &Type) -> TokenStream {
        let kind = &self.kind;
        let function = quote_spanned!(kind.span()=> ::quintet::validators::#kind);
        let optional = |name: &str| option(self.get(&[name]));
        let arguments = match kind.to_string().as_str() {
            "length" => {
                let (min, max, equal) = (optional("min"), optional("max"), optional("equal"));
                quote!(#min, #max, #equal)
            }
            "range" => {
                let names = ["min", "max", "exclusive_min", "exclusive_max"];
                let bounds = names.into_iter().filter_map(|name| {
                    let value = self.get(&[name]).map(bound)?;
                    let name = Ident::new(name, kind.span());
                    Some(quote!(.#name(#value)))
                });
                quote!(::quintet::validators::Range::new() #(#bounds)*)
            }
            "contains" | "does_not_contain" => {
                let pattern = self.get(&["pattern", "value"]);
                quote!(#pattern)
            }
            "regex" => {
                let pattern = self.get(&["path", "value"]);
                quote!(::core::clone::Clone::clone(&#pattern))
            }
            "custom" => {
                let check = self.get(&["function", "value"]).map(path);
                let check = check.and_then(Result::ok);
                // a call, so that `&String` may become `&str`
                quote!(|value: &#inner| #check(value))
            }
            _ => TokenStream::new(),
        };
        let validator = quote!(#function(#arguments));
        let (message, code) = (self.text("message"), self.text("code"));
        if message.is_none() && code.is_none() {
            return validator;
        }
        let (message, code) = (option(message), option(code));
        quote!(::quintet::validators::reworded(#validator, #message, #code))
    }
}

/// A bound of a range, as a value of its own type.
fn bound(value: &Expr) -> TokenStream {
    let positive = match value {
        Expr::Unary(unary) => &*unary.expr,
        other => other,
    };
    if let Expr::Lit(literal) = positive {
        match &literal.lit {
            Lit::Int(_) => return quote!(::quintet::fields::Value::Int(#value)),
            Lit::Float(_) => return quote!(::quintet::fields::Value::Float(#value)),
            _ => {}
        }
    }
    quote_spanned!(value.span()=> ::quintet::fields::FieldType::into_value(#value))
}
