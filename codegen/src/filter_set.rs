//! `#[derive(FilterSet)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Expr, Fields, LitStr, Result, Token, Type, parenthesized};

use crate::errors::Errors;
use crate::field_lists::{FieldLookups, check_name, lookup, path, split_lookup};

/// `#[filter_set(model = Track, fields(..))]`
struct Container {
    model: Option<Type>,
    fields: Vec<FieldLookups>,
}

impl Container {
    fn from_syn(node: &DeriveInput, errors: &mut Errors) -> Self {
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
            errors.take(parsed);
        }
        if container.model.is_none() && errors.is_empty() {
            errors.push(Error::new(
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
    fn from_syn(field: &syn::Field, errors: &mut Errors) -> Self {
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
            errors.take(parsed);
        }
        found.check(errors);
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

    fn check(&self, errors: &mut Errors) {
        if let (Some(_), Some(field)) = (&self.method, &self.field) {
            errors.push(Error::new(
                field.span(),
                "a filter with a `method` compares no field: leave `field` out",
            ));
        }
        if let (Some(_), Some(lookup)) = (&self.method, &self.lookup) {
            errors.push(Error::new(
                lookup.span(),
                "a filter with a `method` has no lookup: leave `lookup` out",
            ));
        }
    }
}

fn expand_field(field: &syn::Field, model: &Type, errors: &mut Errors) -> Option<TokenStream> {
    let ident = field.ident.as_ref()?;
    let (attr, kind) = (FilterAttr::from_syn(field, errors), &field.ty);
    let name = attr.name.as_ref().map_or_else(|| ident.unraw().to_string(), LitStr::value);
    let filter = quote!(::quintet::filters::django_filters::Filter::<#model>);
    // `id__in` says its field and its lookup by itself
    let named = split_lookup(ident).filter(|_| attr.lookup.is_none());
    let base = if let Some(terms) = &attr.ordering {
        let choices: Vec<TokenStream> = terms
            .iter()
            .filter_map(|term| {
                errors.take(check_name(&term.field))?;
                let (param, path) =
                    (term.param.unraw().to_string(), path(&fields_of(model), &term.field));
                Some(quote! {
                    ::quintet::filters::django_filters::OrderingChoice::new(#param, #path)
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
        quote_spanned!(kind.span()=> #filter::method::<#kind, _>(#name, #method))
    } else {
        let by_name = named.as_ref().map_or(ident, |(field, _)| field);
        let field = attr.field.as_ref().unwrap_or(by_name);
        errors.take(check_name(field))?;
        let path = path(&fields_of(model), field);
        quote_spanned!(kind.span()=> #filter::new::<#kind>(#name, #path))
    };
    let by_name = named
        .as_ref()
        .filter(|_| attr.field.is_none() && attr.method.is_none() && attr.ordering.is_none())
        .map(|(_, lookup)| lookup);
    let lookup = match attr.lookup.as_ref().or(by_name) {
        Some(name) => {
            let lookup = errors.take(lookup(name))?;
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

/// The start of a path from a model.
fn fields_of(model: &Type) -> TokenStream {
    quote!(<#model>::fields())
}

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let node = match DeriveInput::parse.parse2(input) {
        Ok(node) => node,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let container = Container::from_syn(&node, &mut errors);
    let mut steps = Vec::new();
    let mut names = Vec::new();
    if let Some(model) = &container.model {
        let root = fields_of(model);
        steps.extend(container.fields.iter().map(|field| field.expand(&root, &mut errors)));
    }
    match &node.data {
        Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)) => {
            for field in &data.fields {
                names.extend(field.ident.clone());
                if let Some(model) = &container.model {
                    steps.extend(expand_field(field, model, &mut errors));
                }
            }
        }
        _ => errors.push(Error::new(
            node.ident.span(),
            "a filter set is a struct with a named field for each declared filter",
        )),
    }
    let errors = errors.tokens();
    let Some(model) = &container.model else { return errors };
    if !errors.is_empty() {
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
