//! The enum: its variants, what each stores and how it is called.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens as _, quote};
use syn::meta::ParseNestedMeta;
use syn::{Data, DeriveInput, Expr, ExprUnary, Fields, Lit, LitStr, Type, UnOp, Variant};

use super::text;
use crate::attr::{self, entry};
use crate::errors::Errors;
use crate::types::last_word;

/// The options of `#[choice(..)]`, for messages.
const CHOICE: [&str; 2] = ["value", "label"];

/// What every enum needs.
const OTHER: &str = "say what a row has whose value is none of these: add a variant `Other(String)`, or \
                     `Other(i32)` where the values are numbers";

/// What the column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Text,
    SmallInt,
    Integer,
    BigInt,
}

impl Stored {
    fn of(ty: &Type) -> Option<Self> {
        Some(match last_word(ty)?.to_string().as_str() {
            "String" => Self::Text,
            "i16" => Self::SmallInt,
            "i32" => Self::Integer,
            "i64" => Self::BigInt,
            _ => return None,
        })
    }

    pub(super) fn ty(self) -> TokenStream {
        match self {
            Self::Text => quote!(::std::string::String),
            Self::SmallInt => quote!(i16),
            Self::Integer => quote!(i32),
            Self::BigInt => quote!(i64),
        }
    }

    /// The word of diesel's type.
    pub(super) fn sql(self) -> Ident {
        let word = match self {
            Self::Text => "Text",
            Self::SmallInt => "SmallInt",
            Self::Integer => "Integer",
            Self::BigInt => "BigInt",
        };
        Ident::new(word, proc_macro2::Span::call_site())
    }

    fn range(self) -> Option<(i64, i64)> {
        match self {
            Self::Text => None,
            Self::SmallInt => Some((i16::MIN.into(), i16::MAX.into())),
            Self::Integer => Some((i32::MIN.into(), i32::MAX.into())),
            Self::BigInt => Some((i64::MIN, i64::MAX)),
        }
    }
}

/// A stored value.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

impl Value {
    /// As the description has it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// As a literal, which is also a pattern.
    pub(super) fn pattern(&self) -> TokenStream {
        match self {
            Self::Text(own) => text(own).into_token_stream(),
            Self::Number(number) => {
                let digits = Literal::u64_unsuffixed(number.unsigned_abs());
                let sign = (*number < 0).then(|| quote!(-));
                quote!(#sign #digits)
            }
        }
    }
}

/// A choice.
pub(super) struct Choice {
    pub(super) ident: Ident,
    pub(super) value: Value,
    pub(super) label: String,
}

/// The enum.
pub(super) struct Enum {
    pub(super) ident: Ident,
    pub(super) variants: Vec<Choice>,
    /// The variant that holds any other value.
    pub(super) other: Option<Ident>,
    pub(super) stored: Stored,
}

/// What a variant says.
#[derive(Default)]
struct VariantAttr {
    value: Option<Expr>,
    label: Option<LitStr>,
}

impl Enum {
    pub(super) fn from_syn(input: &DeriveInput, errors: &mut Errors) -> Self {
        let ident = input.ident.clone();
        let mut found = Self { ident, variants: Vec::new(), other: None, stored: Stored::Text };
        if let Some(first) = input.generics.params.first() {
            errors.at(first, "choices have no generic parameters: a column has one type");
        }
        let Data::Enum(data) = &input.data else {
            errors.at(&input.ident, "choices are the variants of an enum");
            return found;
        };
        found.find_other(data.variants.iter(), errors);
        if found.other.is_none() && errors.is_empty() {
            errors.at(&input.ident, OTHER);
        }
        for variant in &data.variants {
            found.add(variant, errors);
        }
        found
    }

    /// Finds the variant with a field.
    fn find_other<'v>(&mut self, variants: impl Iterator<Item = &'v Variant>, errors: &mut Errors) {
        for variant in variants {
            let fields = match &variant.fields {
                Fields::Unit => continue,
                Fields::Unnamed(fields) => &fields.unnamed,
                Fields::Named(fields) => {
                    errors.at(&fields.named, "a choice has no fields");
                    continue;
                }
            };
            let mut types = fields.iter().map(|field| &field.ty);
            let (Some(ty), None) = (types.next(), types.next()) else {
                errors.at(
                    &variant.ident,
                    "one value is stored: write `Other(String)`, or `Other(i32)`",
                );
                continue;
            };
            if let Some(first) = &self.other {
                let message = format!("`{first}` holds all other values: remove one of the two");
                errors.at(&variant.ident, message);
                continue;
            }
            match Stored::of(ty) {
                Some(stored) => self.stored = stored,
                None => errors.at(ty, "a column of choices holds `String`, `i16`, `i32` or `i64`"),
            }
            for attr in variant.attrs.iter().filter(|attr| attr.path().is_ident("choice")) {
                errors.at(
                    attr,
                    format!("`{}` is no choice: it holds every other value", variant.ident),
                );
            }
            self.other = Some(variant.ident.clone());
        }
    }

    /// Adds a choice.
    fn add(&mut self, variant: &Variant, errors: &mut Errors) {
        if !matches!(variant.fields, Fields::Unit) {
            return;
        }
        let mut said = VariantAttr::default();
        for attr in variant.attrs.iter().filter(|attr| attr.path().is_ident("choice")) {
            let parsed =
                attr.parse_nested_meta(|meta| entry(&meta, errors, |meta| said.entry(meta)));
            errors.take(parsed);
        }
        let words = words(&variant.ident.to_string());
        let discriminant = variant.discriminant.as_ref().map(|(_, value)| value);
        let written = said.value.as_ref().or(discriminant);
        let Some(value) = self.value(variant, written, &words, errors) else { return };
        if let Some(twin) = self.variants.iter().find(|other| other.value == value) {
            let message = format!("`{}` is stored as `{}` already", twin.ident, value.text());
            match written {
                Some(written) => errors.at(written, message),
                None => errors.at(&variant.ident, message),
            }
            return;
        }
        let label = said.label.map_or_else(|| title(&words), |label| label.value());
        self.variants.push(Choice { ident: variant.ident.clone(), value, label });
    }

    /// What a variant stores.
    fn value(
        &self,
        variant: &Variant,
        written: Option<&Expr>,
        words: &[String],
        errors: &mut Errors,
    ) -> Option<Value> {
        let Some((least, greatest)) = self.stored.range() else {
            return match written {
                None => Some(Value::Text(words.join("_"))),
                Some(Expr::Lit(literal)) if matches!(literal.lit, Lit::Str(_)) => {
                    let Lit::Str(text) = &literal.lit else { return None };
                    Some(Value::Text(text.value()))
                }
                Some(other) => {
                    errors.at(other, "the values of these choices are texts: `value = \"draft\"`");
                    None
                }
            };
        };
        let Some(written) = written else {
            let message = "say which number it is: `#[choice(value = 1)]`";
            errors.at(&variant.ident, message);
            return None;
        };
        let number = number(written).filter(|number| (least..=greatest).contains(number));
        if number.is_none() {
            let message =
                format!("the values of these choices are whole numbers, {least} to {greatest}");
            errors.at(written, message);
        }
        number.map(Value::Number)
    }
}

impl VariantAttr {
    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let word = attr::word(meta, &CHOICE)?;
        match word.to_string().as_str() {
            "value" => self.value = Some(attr::value(meta.input)?),
            "label" => self.label = Some(attr::value(meta.input)?),
            _ => return Err(attr::unknown(word, &CHOICE)),
        }
        Ok(())
    }
}

/// `7`, `-7`
fn number(written: &Expr) -> Option<i64> {
    match written {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match &**expr {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => format!("-{}", number.base10_digits()).parse().ok(),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// `InReview` as `in` and `review`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.trim_start_matches("r#").chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().to_string()),
        }
    }
    words
}

/// `In Review`, as Django makes labels.
fn title(words: &[String]) -> String {
    let capital = |word: &String| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    words.iter().map(capital).collect::<Vec<String>>().join(" ")
}
