//! Parses `#[filter_set(..)]` and `#[filter(..)]`, and keeps their words for errors.

use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Path, Result, Token, Type};

use crate::attr::{self, entry, flag, listed, value};
use crate::errors::Errors;
use crate::field_lists::FieldLookups;

/// The options of `#[filter_set(..)]`, for messages.
const CONTAINER: [&str; 6] =
    ["model", "fields", "exclude", "filter_overrides", "get_filters", "filter_queryset"];

/// The options of `#[filter(..)]`, for messages.
const FILTER: [&str; 16] = [
    "field",
    "lookup",
    "name",
    "method",
    "choices",
    "conjoined",
    "exclude",
    "null_label",
    "null_value",
    "to_field_name",
    "queryset",
    "initial",
    "help_text",
    "label",
    "required",
    "ordering",
];

/// `#[filter_set(model = Track, fields(..))]`
#[derive(Default)]
pub(super) struct Container {
    pub(super) model: Option<Type>,
    pub(super) fields: Vec<FieldLookups>,
    /// `fields = all`
    pub(super) all: bool,
    /// The names of fields without a filter.
    pub(super) exclude: Option<Vec<Ident>>,
    /// The words of functions of the filter set.
    pub(super) hooks: Vec<Ident>,
    /// Whether a model is named, though perhaps not as it should be.
    pub(super) names_model: bool,
}

impl Container {
    pub(super) fn from_syn(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut container = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("filter_set")) {
            let parsed =
                attr.parse_nested_meta(|meta| entry(&meta, errors, |meta| container.entry(meta)));
            errors.take(parsed);
        }
        container
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = attr::word(meta, &CONTAINER)?;
        match word.to_string().as_str() {
            "model" => {
                self.names_model = true;
                self.model = Some(value(meta.input)?);
            }
            "fields" if meta.input.peek(Token![=]) => {
                let all = name(meta.input)?;
                if all != "all" {
                    return Err(Error::new(all.span(), "expected `fields = all` or `fields(..)`"));
                }
                self.all = true;
            }
            "fields" => self.fields.extend(listed(meta.input, FieldLookups::parse)?),
            "exclude" => self.exclude = Some(attr::names(meta.input)?),
            "filter_overrides" | "get_filters" | "filter_queryset" => self.hooks.push(word.clone()),
            _ => return Err(attr::unknown(word, &CONTAINER)),
        }
        Ok(())
    }
}

/// The choice of an ordering filter: `created_at = created` is the field and its parameter.
pub(super) struct OrderingTerm {
    pub(super) field: Ident,
    pub(super) param: Ident,
}

impl Parse for OrderingTerm {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let field = input.call(Ident::parse_any)?;
        let is_named = input.parse::<Option<Token![=]>>()?.is_some();
        let param = if is_named { input.call(Ident::parse_any)? } else { field.clone() };
        Ok(Self { field, param })
    }
}

/// `#[filter(..)]` on a field.
#[derive(Default)]
pub(super) struct FilterAttr {
    /// The words that are said, those of flags that are on among them.
    words: Vec<Ident>,
    pub(super) name: Option<LitStr>,
    pub(super) field: Option<Ident>,
    pub(super) lookup: Option<Ident>,
    pub(super) method: Option<Path>,
    pub(super) choices: Option<Expr>,
    pub(super) null_label: Option<LitStr>,
    pub(super) null_value: Option<LitStr>,
    pub(super) to_field_name: Option<Ident>,
    pub(super) queryset: Option<Path>,
    pub(super) initial: Option<Expr>,
    pub(super) help_text: Option<LitStr>,
    pub(super) label: Option<LitStr>,
    pub(super) ordering: Option<Vec<OrderingTerm>>,
}

/// `= name`, which may be a keyword.
fn name(input: ParseStream<'_>) -> Result<Ident> {
    input.parse::<Token![=]>()?;
    input.call(Ident::parse_any)
}

impl FilterAttr {
    pub(super) fn from_syn(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut filter = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("filter")) {
            let parsed =
                attr.parse_nested_meta(|meta| entry(&meta, errors, |meta| filter.entry(meta)));
            errors.take(parsed);
        }
        filter
    }

    /// The word, if it is said.
    pub(super) fn word(&self, name: &str) -> Option<&Ident> {
        self.words.iter().find(|word| *word == name)
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = attr::word(meta, &FILTER)?;
        if self.word(&word.to_string()).is_some() {
            return Err(Error::new(word.span(), format!("`{word}` is said twice: remove one")));
        }
        let input = meta.input;
        match word.to_string().as_str() {
            "conjoined" | "exclude" | "required" => {
                if !flag(meta)? {
                    return Ok(());
                }
            }
            "ordering" => self.ordering = Some(listed(input, OrderingTerm::parse)?),
            "name" => self.name = Some(value(input)?),
            "field" => self.field = Some(name(input)?),
            "lookup" => self.lookup = Some(name(input)?),
            "method" => self.method = Some(value(input)?),
            "choices" => self.choices = Some(value(input)?),
            "null_label" => self.null_label = Some(value(input)?),
            "null_value" => self.null_value = Some(value(input)?),
            "to_field_name" => self.to_field_name = Some(name(input)?),
            "queryset" => self.queryset = Some(value(input)?),
            "initial" => self.initial = Some(value(input)?),
            "label" => self.label = Some(value(input)?),
            "help_text" => self.help_text = Some(value(input)?),
            _ => return Err(attr::unknown(word, &FILTER)),
        }
        self.words.push(word.clone());
        Ok(())
    }
}
