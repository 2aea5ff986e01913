//! Fields of a model, named at compile time: `filter_fields!`, `search_fields!`,
//! `ordering_fields!`, `order_by!`, `lookup_field!`.
//!
//! None of them names the model: it is that of the constant's type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Error, Result, Token, parenthesized};

use crate::errors::Errors;

/// The model whose fields a list names, as the closure's parameter that [`declared`] writes.
fn root() -> TokenStream {
    let root = Ident::new("model", Span::mixed_site());
    quote!(#root.fields())
}

/// A `Declared`, whose model is inferred from where it is used.
fn declared(make: &TokenStream) -> TokenStream {
    let root = Ident::new("model", Span::mixed_site());
    quote!(::quintet::db::Declared::new(|#root| #make))
}

/// `Track::fields().album().title()` for `album__title`, from `Track::fields()`; rustc names a
/// field that is not there.
pub(crate) fn path(fields: &TokenStream, name: &Ident) -> TokenStream {
    let span = name.span();
    let calls = name.unraw().to_string();
    let calls = calls.split("__").map(|part| {
        let method = syn::parse_str::<Ident>(part)
            .map_or_else(|_| Ident::new_raw(part, span), |_| Ident::new(part, span));
        quote_spanned!(span=> .#method())
    });
    quote_spanned!(span=> #fields #(#calls)*)
}

/// Refuses names that cannot be split into methods.
pub(crate) fn check_name(name: &Ident) -> Result<()> {
    let text = name.unraw().to_string();
    let fits = text
        .split("__")
        .all(|part| !part.is_empty() && !matches!(part, "self" | "Self" | "super" | "crate" | "_"));
    if fits {
        return Ok(());
    }
    Err(Error::new(
        name.span(),
        format!("`{text}` is not a path: write the names of fields with `__` between them"),
    ))
}

const LOOKUPS: [(&str, &str); 17] = [
    ("exact", "Exact"),
    ("iexact", "IExact"),
    ("contains", "Contains"),
    ("icontains", "IContains"),
    ("startswith", "StartsWith"),
    ("istartswith", "IStartsWith"),
    ("endswith", "EndsWith"),
    ("iendswith", "IEndsWith"),
    ("in", "In"),
    ("range", "Range"),
    ("gt", "Gt"),
    ("gte", "Gte"),
    ("lt", "Lt"),
    ("lte", "Lte"),
    ("isnull", "IsNull"),
    ("regex", "Regex"),
    ("iregex", "IRegex"),
];

const PARTS: [(&str, &str); 13] = [
    ("date", "Date"),
    ("time", "Time"),
    ("year", "Year"),
    ("iso_year", "IsoYear"),
    ("month", "Month"),
    ("day", "Day"),
    ("week", "Week"),
    ("week_day", "WeekDay"),
    ("iso_week_day", "IsoWeekDay"),
    ("quarter", "Quarter"),
    ("hour", "Hour"),
    ("minute", "Minute"),
    ("second", "Second"),
];

/// Lookups that a part of a date takes.
const OF_PARTS: [&str; 7] = ["exact", "in", "range", "gt", "gte", "lt", "lte"];

fn variant(table: &[(&str, &str)], name: &str) -> Option<Ident> {
    let (_, variant) = table.iter().find(|(known, _)| *known == name)?;
    Some(Ident::new(variant, Span::call_site()))
}

/// A lookup by Django's name: `gte`, `year`, `year__gte`.
pub(crate) fn lookup(name: &Ident) -> Result<TokenStream> {
    let text = name.unraw().to_string();
    if let Some(lookup) = variant(&LOOKUPS, &text) {
        return Ok(quote!(::quintet::db::Lookup::#lookup));
    }
    let (part, rest) = text.split_once("__").unwrap_or((&text, "exact"));
    if let Some(part) = variant(&PARTS, part)
        && let Some(lookup) = variant(&LOOKUPS, rest).filter(|_| OF_PARTS.contains(&rest))
    {
        return Ok(quote! {
            ::quintet::filters::django_filters::LookupExpr::part(
                ::quintet::db::DatePart::#part,
                ::quintet::db::Lookup::#lookup,
            )
        });
    }
    let lookups: Vec<&str> = LOOKUPS.iter().map(|(name, _)| *name).collect();
    let parts: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    Err(Error::new(
        name.span(),
        format!(
            "there is no lookup `{text}`: use one of {}, or of a date's {}",
            lookups.join(", "),
            parts.join(", ")
        ),
    ))
}

/// The field and the lookup that a filter's name says: `id__in` is `id` and `in`. None for a name
/// that ends with a field.
pub(crate) fn split_lookup(name: &Ident) -> Option<(Ident, Ident)> {
    let text = name.unraw().to_string();
    let (field, last) = text.rsplit_once("__")?;
    variant(&LOOKUPS, last)?;
    let ident = |text: &str| {
        syn::parse_str::<Ident>(text)
            .map_or_else(|_| Ident::new_raw(text, name.span()), |_| Ident::new(text, name.span()))
    };
    Some((ident(field), ident(last)))
}

/// `album(exact, isnull)`; `name` alone is `name(exact)`.
pub(crate) struct FieldLookups {
    name: Ident,
    lookups: Vec<Ident>,
}

impl Parse for FieldLookups {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.call(Ident::parse_any)?;
        let mut lookups = vec![Ident::new("exact", name.span())];
        if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            lookups = content.parse_terminated(Ident::parse_any, Token![,])?.into_iter().collect();
        }
        Ok(Self { name, lookups })
    }
}

impl FieldLookups {
    pub(crate) fn expand(&self, fields: &TokenStream, errors: &mut Errors) -> TokenStream {
        errors.take(check_name(&self.name));
        let lookups: Vec<TokenStream> =
            self.lookups.iter().filter_map(|name| errors.take(lookup(name))).collect();
        if !errors.is_empty() {
            return TokenStream::new();
        }
        let (name, path) = (self.name.unraw().to_string(), path(fields, &self.name));
        quote! {
            .field(
                #name,
                #path,
                [#(::quintet::filters::django_filters::LookupExpr::from(#lookups)),*],
            )
        }
    }
}

/// Expands a list; on a mistake still to a value of the right type.
fn list<T: Parse>(
    input: TokenStream,
    expand: impl FnOnce(Vec<T>, &mut Errors) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let items = errors.take(Punctuated::<T, Token![,]>::parse_terminated.parse2(input));
    let value = items.map(|items| expand(items.into_iter().collect(), &mut errors));
    if let (Some(value), true) = (value, errors.is_empty()) {
        return declared(&value);
    }
    let errors = errors.tokens();
    quote!({ #errors ::quintet::db::Declared::NONE })
}

pub(crate) fn filter_fields(input: TokenStream) -> TokenStream {
    list::<FieldLookups>(input, |items, errors| {
        let fields: Vec<TokenStream> =
            items.iter().map(|field| field.expand(&root(), errors)).collect();
        quote!(::quintet::filters::FilterSpec::new() #(#fields)*)
    })
}

/// `^name`, `=name`, `$name`, `name`, `name__startswith`
struct Searched {
    prefix: Option<(char, Span)>,
    name: Ident,
}

impl Parse for Searched {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let span = input.span();
        let prefix = if input.parse::<Option<Token![^]>>()?.is_some() {
            Some('^')
        } else if input.parse::<Option<Token![=]>>()?.is_some() {
            Some('=')
        } else if input.parse::<Option<Token![$]>>()?.is_some() {
            Some('$')
        } else if input.parse::<Option<Token![@]>>()?.is_some() {
            Some('@')
        } else {
            None
        };
        let name = input.call(Ident::parse_any)?;
        Ok(Self { prefix: prefix.map(|prefix| (prefix, span)), name })
    }
}

impl Searched {
    fn expand(&self) -> Result<TokenStream> {
        check_name(&self.name)?;
        let text = self.name.unraw().to_string();
        let mut name = self.name.clone();
        let lookup = match self.prefix {
            Some(('^', _)) => "istartswith",
            Some(('=', _)) => "iexact",
            Some(('$', _)) => "iregex",
            Some((_, span)) => {
                return Err(Error::new(
                    span,
                    "full text search (`@`) is not available: search without a prefix, \
                     or add a filter backend of your own",
                ));
            }
            // a name that ends in a lookup is compared by it
            None => match text.rsplit_once("__") {
                Some((field, lookup)) if LOOKUPS.iter().any(|(known, _)| *known == lookup) => {
                    name = Ident::new(field, name.span());
                    lookup
                }
                _ => "icontains",
            },
        };
        let path = path(&root(), &name);
        let lookup = variant(&LOOKUPS, lookup);
        Ok(quote! {
            ::quintet::filters::SearchField::new(#path).lookup(::quintet::db::Lookup::#lookup)
        })
    }
}

pub(crate) fn search_fields(input: TokenStream) -> TokenStream {
    list::<Searched>(input, |items, errors| {
        let fields: Vec<TokenStream> =
            items.iter().filter_map(|field| errors.take(field.expand())).collect();
        quote!(::std::vec::Vec::from([#(#fields),*]))
    })
}

struct AnyIdent(Ident);

impl Parse for AnyIdent {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.call(Ident::parse_any).map(Self)
    }
}

pub(crate) fn ordering_fields(input: TokenStream) -> TokenStream {
    list::<AnyIdent>(input, |items, errors| {
        let fields: Vec<TokenStream> = items
            .iter()
            .filter_map(|AnyIdent(name)| {
                if name == "__all__" {
                    return Some(quote!(::quintet::filters::OrderingField::all()));
                }
                errors.take(check_name(name))?;
                let (text, path) = (name.unraw().to_string(), path(&root(), name));
                Some(quote!(::std::vec::Vec::from([
                    ::quintet::filters::OrderingField::new(#text, #path)
                ])))
            })
            .collect();
        quote!([#(#fields),*].concat())
    })
}

struct Term {
    descending: bool,
    name: Ident,
}

impl Parse for Term {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let descending = input.parse::<Option<Token![-]>>()?.is_some();
        Ok(Self { descending, name: input.call(Ident::parse_any)? })
    }
}

pub(crate) fn order_by(input: TokenStream) -> TokenStream {
    list::<Term>(input, |items, errors| {
        let terms: Vec<TokenStream> = items
            .iter()
            .filter_map(|term| {
                errors.take(check_name(&term.name))?;
                let path = path(&root(), &term.name);
                let direction = if term.descending { "descending" } else { "ascending" };
                let direction = Ident::new(direction, Span::call_site());
                Some(quote!(::quintet::db::Order::#direction(#path)))
            })
            .collect();
        quote!(::std::vec::Vec::from([#(#terms),*]))
    })
}

pub(crate) fn lookup_field(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let name = errors.take(Ident::parse_any.parse2(input));
    let name = name.filter(|name| errors.take(check_name(name)).is_some());
    if let Some(name) = name {
        let path = path(&root(), &name);
        return declared(&quote!(#path.of_any_type()));
    }
    let errors = errors.tokens();
    quote!({ #errors ::quintet::db::Declared::NONE })
}
