//! `#[derive(FilterSet)]`, and the lists of fields for filters, search and ordering.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Expr, Fields, LitStr, Result, Token, Type, parenthesized};

/// Collects every mistake, so that all are reported at once.
#[derive(Default)]
struct Mistakes(Option<Error>);

impl Mistakes {
    fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    fn tokens(&self) -> TokenStream {
        self.0.as_ref().map(Error::to_compile_error).unwrap_or_default()
    }
}

/// `Track::fields().album().title()` for `album__title`; rustc names a field that is not there.
fn path(model: &Type, name: &Ident) -> TokenStream {
    let span = name.span();
    let calls = name.unraw().to_string();
    let calls = calls.split("__").map(|part| {
        let method = syn::parse_str::<Ident>(part)
            .map_or_else(|_| Ident::new_raw(part, span), |_| Ident::new(part, span));
        quote_spanned!(span=> .#method())
    });
    quote_spanned!(span=> <#model>::fields() #(#calls)*)
}

/// Refuses names that cannot be split into methods.
fn check_name(name: &Ident) -> Result<()> {
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
fn lookup(name: &Ident) -> Result<TokenStream> {
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

/// `album(exact, isnull)`; `name` alone is `name(exact)`.
struct FieldLookups {
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
    fn expand(&self, model: &Type, mistakes: &mut Mistakes) -> TokenStream {
        mistakes.keep(check_name(&self.name));
        let lookups: Vec<TokenStream> =
            self.lookups.iter().filter_map(|name| mistakes.keep(lookup(name))).collect();
        if mistakes.0.is_some() {
            return TokenStream::new();
        }
        let (name, path) = (self.name.unraw().to_string(), path(model, &self.name));
        quote! {
            .field(
                #name,
                #path,
                [#(::quintet::filters::django_filters::LookupExpr::from(#lookups)),*],
            )
        }
    }
}

/// `Track: a, b, c`
struct List<T> {
    model: Type,
    items: Punctuated<T, Token![,]>,
}

impl<T: Parse> Parse for List<T> {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let model = input.parse()?;
        input.parse::<Token![:]>()?;
        Ok(Self { model, items: Punctuated::parse_terminated(input)? })
    }
}

/// Expands a list; on a mistake still to a value of the right type.
fn list<T: Parse>(
    input: TokenStream,
    expand: impl FnOnce(&List<T>, &mut Mistakes) -> TokenStream,
    fallback: &TokenStream,
) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let list = mistakes.keep(syn::parse2::<List<T>>(input));
    let value = list.map(|list| expand(&list, &mut mistakes));
    if let (Some(value), None) = (value, &mistakes.0) {
        return value;
    }
    let errors = mistakes.tokens();
    quote!({ #errors #fallback })
}

pub(crate) fn filter_fields(input: TokenStream) -> TokenStream {
    list::<FieldLookups>(
        input,
        |list, mistakes| {
            let model = &list.model;
            let fields: Vec<TokenStream> =
                list.items.iter().map(|field| field.expand(model, mistakes)).collect();
            quote!(::quintet::filters::FilterSpec::<#model>::new() #(#fields)*)
        },
        &quote!(::quintet::filters::FilterSpec::new()),
    )
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
    fn expand(&self, model: &Type) -> Result<TokenStream> {
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
        let path = path(model, &name);
        let lookup = variant(&LOOKUPS, lookup);
        Ok(quote! {
            ::quintet::filters::SearchField::new(#path).lookup(::quintet::db::Lookup::#lookup)
        })
    }
}

pub(crate) fn search_fields(input: TokenStream) -> TokenStream {
    list::<Searched>(
        input,
        |list, mistakes| {
            let fields: Vec<TokenStream> = list
                .items
                .iter()
                .filter_map(|field| mistakes.keep(field.expand(&list.model)))
                .collect();
            quote!(::std::vec::Vec::<::quintet::filters::SearchField>::from([#(#fields),*]))
        },
        &quote!(::std::vec::Vec::<::quintet::filters::SearchField>::new()),
    )
}

struct AnyIdent(Ident);

impl Parse for AnyIdent {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.call(Ident::parse_any).map(Self)
    }
}

pub(crate) fn ordering_fields(input: TokenStream) -> TokenStream {
    list::<AnyIdent>(
        input,
        |list, mistakes| {
            let model = &list.model;
            let fields: Vec<TokenStream> = list
                .items
                .iter()
                .filter_map(|AnyIdent(name)| {
                    if name == "__all__" {
                        return Some(quote! {
                            fields.extend(::quintet::filters::OrderingField::all::<#model>());
                        });
                    }
                    mistakes.keep(check_name(name))?;
                    let (text, path) = (name.unraw().to_string(), path(model, name));
                    Some(quote! {
                        fields.push(::quintet::filters::OrderingField::new(#text, #path));
                    })
                })
                .collect();
            quote! {{
                let mut fields = ::std::vec::Vec::<::quintet::filters::OrderingField>::new();
                #(#fields)*
                fields
            }}
        },
        &quote!(::std::vec::Vec::<::quintet::filters::OrderingField>::new()),
    )
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
    list::<Term>(
        input,
        |list, mistakes| {
            let terms: Vec<TokenStream> = list
                .items
                .iter()
                .filter_map(|term| {
                    mistakes.keep(check_name(&term.name))?;
                    let (path, descending) = (path(&list.model, &term.name), term.descending);
                    Some(quote! {
                        ::quintet::db::Order {
                            path: ::std::convert::Into::into(#path),
                            descending: #descending,
                        }
                    })
                })
                .collect();
            quote!(::std::vec::Vec::<::quintet::db::Order>::from([#(#terms),*]))
        },
        &quote!(::std::vec::Vec::<::quintet::db::Order>::new()),
    )
}

/// `#[filter_set(model = Track, fields(..))]`
struct Container {
    model: Option<Type>,
    fields: Vec<FieldLookups>,
}

impl Container {
    fn from_syn(node: &DeriveInput, mistakes: &mut Mistakes) -> Self {
        let mut container = Self { model: None, fields: Vec::new() };
        for attr in node.attrs.iter().filter(|attr| attr.path().is_ident("filter_set")) {
            let parsed = attr.parse_nested_meta(|meta| {
                if meta.path.is_ident("model") {
                    container.model = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("fields") {
                    let content;
                    parenthesized!(content in meta.input);
                    let fields = content.parse_terminated(FieldLookups::parse, Token![,])?;
                    container.fields.extend(fields);
                } else {
                    return Err(
                        meta.error("expected `model = Model` or `fields(name(exact, ..), ..)`")
                    );
                }
                Ok(())
            });
            mistakes.keep(parsed);
        }
        if container.model.is_none() && mistakes.0.is_none() {
            mistakes.add(Error::new(
                node.ident.span(),
                "a filter set needs its model: add `#[filter_set(model = ..)]`",
            ));
        }
        container
    }
}

/// The choice of an ordering filter: `created_at = created` is the field and its parameter.
struct OrderingTerm {
    field: Ident,
    param: Ident,
}

impl Parse for OrderingTerm {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let field = input.call(Ident::parse_any)?;
        let param = if input.parse::<Option<Token![=]>>()?.is_some() {
            input.call(Ident::parse_any)?
        } else {
            field.clone()
        };
        Ok(Self { field, param })
    }
}

/// `#[filter(..)]` on a field.
#[derive(Default)]
struct FilterAttr {
    name: Option<LitStr>,
    field: Option<Ident>,
    lookup: Option<Ident>,
    method: Option<syn::Path>,
    choices: Option<Expr>,
    null_label: Option<LitStr>,
    help_text: Option<LitStr>,
    conjoined: bool,
    exclude: bool,
    ordering: Option<Vec<OrderingTerm>>,
}

impl FilterAttr {
    fn from_syn(field: &syn::Field, mistakes: &mut Mistakes) -> Self {
        let mut found = Self::default();
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("filter")) {
            let parsed = attr.parse_args_with(|input: ParseStream<'_>| {
                while !input.is_empty() {
                    found.parse_one(input)?;
                    if !input.is_empty() {
                        input.parse::<Token![,]>()?;
                    }
                }
                Ok(())
            });
            mistakes.keep(parsed);
        }
        found.check(mistakes);
        found
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> Result<()> {
        let key = input.call(Ident::parse_any)?;
        let value = |input: ParseStream<'_>| input.parse::<Token![=]>().map(drop);
        match key.to_string().as_str() {
            "conjoined" => self.conjoined = true,
            "exclude" => self.exclude = true,
            "ordering" => {
                let content;
                parenthesized!(content in input);
                let terms = content.parse_terminated(OrderingTerm::parse, Token![,])?;
                self.ordering = Some(terms.into_iter().collect());
            }
            "name" => {
                value(input)?;
                self.name = Some(input.parse()?);
            }
            "field" => {
                value(input)?;
                self.field = Some(input.call(Ident::parse_any)?);
            }
            "lookup" => {
                value(input)?;
                self.lookup = Some(input.call(Ident::parse_any)?);
            }
            "method" => {
                value(input)?;
                self.method = Some(input.parse()?);
            }
            "choices" => {
                value(input)?;
                self.choices = Some(input.parse()?);
            }
            "null_label" => {
                value(input)?;
                self.null_label = Some(input.parse()?);
            }
            "help_text" => {
                value(input)?;
                self.help_text = Some(input.parse()?);
            }
            other => {
                return Err(Error::new(
                    key.span(),
                    format!(
                        "there is no `{other}` here: expected `field`, `lookup`, `name`, `method`, \
                         `choices`, `conjoined`, `exclude`, `null_label`, `help_text` or `ordering(..)`"
                    ),
                ));
            }
        }
        Ok(())
    }

    fn check(&self, mistakes: &mut Mistakes) {
        if let (Some(_), Some(field)) = (&self.method, &self.field) {
            mistakes.add(Error::new(
                field.span(),
                "a filter with a `method` compares no field: leave `field` out",
            ));
        }
        if let (Some(_), Some(lookup)) = (&self.method, &self.lookup) {
            mistakes.add(Error::new(
                lookup.span(),
                "a filter with a `method` has no lookup: leave `lookup` out",
            ));
        }
    }
}

fn expand_field(field: &syn::Field, model: &Type, mistakes: &mut Mistakes) -> Option<TokenStream> {
    let ident = field.ident.as_ref()?;
    let (attr, kind) = (FilterAttr::from_syn(field, mistakes), &field.ty);
    let name = attr.name.as_ref().map_or_else(|| ident.unraw().to_string(), LitStr::value);
    let filter = quote!(::quintet::filters::django_filters::Filter::<#model>);
    let base = if let Some(terms) = &attr.ordering {
        let choices: Vec<TokenStream> = terms
            .iter()
            .filter_map(|term| {
                mistakes.keep(check_name(&term.field))?;
                let (param, path) = (term.param.unraw().to_string(), path(model, &term.field));
                Some(quote! {
                    ::quintet::filters::django_filters::OrderingChoice {
                        param: #param.into(),
                        path: ::std::convert::Into::into(#path),
                        label: "".into(),
                    }
                })
            })
            .collect();
        quote!(#filter::ordering(#name, [#(#choices),*]))
    } else if let Some(method) = &attr.method {
        let span = method.span();
        // a bare name is a function of the filter set
        let method = method
            .get_ident()
            .map_or_else(|| quote!(#method), |ident| quote_spanned!(span=> Self::#ident));
        quote_spanned!(kind.span()=> #filter::method::<#kind>(#name, #method))
    } else {
        let field = attr.field.as_ref().unwrap_or(ident);
        mistakes.keep(check_name(field))?;
        let path = path(model, field);
        quote_spanned!(kind.span()=> #filter::new::<#kind>(#name, #path))
    };
    let lookup = match &attr.lookup {
        Some(name) => {
            let lookup = mistakes.keep(lookup(name))?;
            quote!(.lookup(#lookup))
        }
        None => TokenStream::new(),
    };
    let choices = attr.choices.map(|choices| quote!(.choices(#choices.iter().copied())));
    let null_label = attr.null_label.map(|label| quote!(.null_label(#label)));
    let help_text = attr.help_text.map(|text| quote!(.help_text(#text)));
    let conjoined = attr.conjoined.then(|| quote!(.conjoined()));
    let exclude = attr.exclude.then(|| quote!(.exclude()));
    Some(quote! {
        .declare(#base #lookup #choices #null_label #help_text #conjoined #exclude)
    })
}

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let node = match DeriveInput::parse.parse2(input) {
        Ok(node) => node,
        Err(error) => return error.to_compile_error(),
    };
    let mut mistakes = Mistakes::default();
    let container = Container::from_syn(&node, &mut mistakes);
    let mut steps = Vec::new();
    let mut names = Vec::new();
    if let Some(model) = &container.model {
        steps.extend(container.fields.iter().map(|field| field.expand(model, &mut mistakes)));
    }
    match &node.data {
        Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)) => {
            for field in &data.fields {
                names.extend(field.ident.clone());
                if let Some(model) = &container.model {
                    steps.extend(expand_field(field, model, &mut mistakes));
                }
            }
        }
        _ => mistakes.add(Error::new(
            node.ident.span(),
            "a filter set is a struct with a named field for each declared filter",
        )),
    }
    let errors = mistakes.tokens();
    let Some(model) = &container.model else { return errors };
    if mistakes.0.is_some() {
        steps.clear();
    }
    let ident = &node.ident;
    let (generics, of, bounds) = node.generics.split_for_impl();
    quote! {
        #errors

        #[automatically_derived]
        #[allow(non_snake_case)]
        impl #generics ::quintet::filters::FilterSet for #ident #of #bounds {
            type Model = #model;

            fn spec() -> ::quintet::filters::FilterSpec<#model> {
                // the fields are only read by the derive; this tells the compiler
                let _ = |set: &Self| { #(let _ = &set.#names;)* };
                ::quintet::filters::FilterSpec::<#model>::new() #(#steps)*
            }
        }
    }
}
