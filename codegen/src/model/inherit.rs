//! `inherit(..)`: how the fields of an abstract model come to a model.
//!
//! A macro sees the struct that it stands on and no other. So an abstract model is a macro of its
//! name as well, which hands its fields on: `#[model(inherit(Audit, Tenant))]` on `Order` writes
//! `Audit! { order }`, which writes `inherit! { order, audit }`, which writes
//! `Tenant! { order, audit }`, and so on. When all are at hand, the fields are put together, and what
//! is written then is what a struct with all these fields would have become.

use std::sync::atomic::{AtomicUsize, Ordering};

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Data, DeriveInput, Error, Fields, FieldsNamed, LitBool, LitStr, Path, Result, braced};

use super::ast::Base;
use super::attr::ModelAttr;
use crate::errors::Errors;

/// An abstract model as its macro hands it on.
#[derive(Clone)]
struct Given {
    /// How it is named here.
    path: Path,
    /// What tells it from others of its name.
    key: LitStr,
    /// Whether it has mistakes, which are reported where it stands.
    is_broken: bool,
    args: TokenStream,
    item: TokenStream,
}

impl Given {
    fn is_same(&self, other: &Self) -> bool {
        self.key.value() == other.key.value() && self.item.to_string() == other.item.to_string()
    }

    fn tokens(&self) -> TokenStream {
        let Self { path, key, is_broken, args, item } = self;
        quote!({ {#path} #key #is_broken {#args} {#item} })
    }
}

fn group<T>(input: ParseStream<'_>, parse: impl FnOnce(ParseStream<'_>) -> Result<T>) -> Result<T> {
    let content;
    braced!(content in input);
    parse(&content)
}

fn tokens(input: ParseStream<'_>) -> Result<TokenStream> {
    group(input, TokenStream::parse)
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        group(input, |input| {
            Ok(Self {
                path: group(input, Path::parse)?,
                key: input.parse()?,
                is_broken: input.parse::<LitBool>()?.value,
                args: tokens(input)?,
                item: tokens(input)?,
            })
        })
    }
}

/// A model, and what it inherits as far as it is at hand: each of its bases after those that the
/// base inherits itself.
#[derive(Clone)]
pub(super) struct Heir {
    pub(super) args: TokenStream,
    pub(super) item: TokenStream,
    bases: Vec<Vec<Given>>,
}

impl Heir {
    /// A model of which no base is known yet.
    pub(super) fn new(args: TokenStream, item: TokenStream) -> Self {
        Self { args, item, bases: Vec::new() }
    }

    /// The next base's macro, with all that is known; `None` when nothing is missing.
    pub(super) fn next(&self, attr: &ModelAttr) -> Option<TokenStream> {
        let base = attr.inherit.get(self.bases.len())?;
        let (args, item) = (&self.args, &self.item);
        let known = self.bases.iter().map(|given| {
            let given = given.iter().map(Given::tokens);
            quote!({ #(#given)* })
        });
        Some(quote!(#base! { {#args} {#item} #(#known)* }))
    }

    /// Puts the fields and the options of the bases into the model.
    pub(super) fn inherit(
        self,
        attr: &mut ModelAttr,
        item: &mut DeriveInput,
        errors: &mut Errors,
    ) -> Inherited {
        let mut given: Vec<Given> = Vec::new();
        for (mut bases, path) in self.bases.into_iter().zip(&attr.inherit) {
            if let Some(own) = bases.last_mut() {
                own.path = path.clone();
            }
            for base in bases {
                if !given.iter().any(|known| known.is_same(&base)) {
                    given.push(base);
                } else if base.path == *path {
                    errors.at(path, "this is inherited already: leave it out");
                }
            }
        }
        let is_broken = given.iter().any(|base| base.is_broken);
        let mut bases = Vec::new();
        let names = substitutes(item, attr);
        let (span, Some(own)) = (item.ident.span(), named(item)) else {
            return Inherited { bases, is_broken };
        };
        let mut at = usize::from(own.named.first().is_some_and(is_key));
        let mut known: Vec<(Ident, Option<Path>)> =
            own.named.iter().filter_map(|field| Some((field.ident.clone()?, None))).collect();
        for base in &given {
            let base_item = replaced(base.item.clone(), &names);
            let Some(mut parsed) = errors.take(syn::parse2::<DeriveInput>(base_item)) else {
                continue;
            };
            let ident = parsed.ident.clone();
            let mut fields = Vec::new();
            for mut field in named(&mut parsed).into_iter().flat_map(|fields| fields.named.clone())
            {
                let Some(name) = &mut field.ident else { continue };
                if let Some((own, earlier)) = known.iter().find(|(known, _)| known == name) {
                    twice(own, earlier.as_ref(), &base.path, errors);
                    // the trait has it, and is implemented all the same
                    fields.push((name.clone(), field.ty.clone()));
                    continue;
                }
                known.push((name.clone(), Some(base.path.clone())));
                // a name like one of the model's own, which texts such as `display` can hold
                name.set_span(name.span().resolved_at(span));
                fields.push((name.clone(), field.ty.clone()));
                own.named.insert(at, field);
                at += 1;
            }
            bases.push(Base { path: base.path.clone(), ident, fields, hooks: Vec::new() });
        }
        for (at, base) in given.into_iter().enumerate() {
            // mistakes in it were reported where it stands
            let mut base = ModelAttr::parse(base.args, &mut Errors::default());
            if let Some(display) = &mut base.display {
                display.set_span(display.span().resolved_at(span));
            }
            if let Some(known) = bases.get_mut(at) {
                known.hooks = std::mem::take(&mut base.hooks);
            }
            attr.inherit_from(base);
        }
        Inherited { bases, is_broken }
    }
}

/// What a model inherits.
pub(super) struct Inherited {
    pub(super) bases: Vec<Base>,
    /// Whether a base has mistakes.
    pub(super) is_broken: bool,
}

fn twice(own: &Ident, earlier: Option<&Path>, base: &Path, errors: &mut Errors) {
    let text = |path: &Path| path.to_token_stream().to_string().replace(' ', "");
    let base_text = text(base);
    match earlier {
        None => {
            let message = format!(
                "`{own}` is a field of `{base_text}`, which this model inherits: leave it out, or \
                 give it another name"
            );
            errors.push(Error::new(own.span(), message));
        }
        Some(earlier) => {
            let earlier = text(earlier);
            let message = format!(
                "`{base_text}` has a field `{own}`, and so has `{earlier}`: a model cannot inherit \
                 both"
            );
            errors.at(base, message);
        }
    }
}

impl Parse for Heir {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (args, item) = (tokens(input)?, tokens(input)?);
        let mut bases = Vec::new();
        while !input.is_empty() {
            bases.push(group(input, |input| {
                let mut given = Vec::new();
                while !input.is_empty() {
                    given.push(input.parse()?);
                }
                Ok(given)
            })?);
        }
        Ok(Self { args, item, bases })
    }
}

/// Reads what the macro of an abstract model has written.
pub(super) fn read(input: TokenStream) -> Result<Heir> {
    Heir::parse.parse2(input)
}

fn named(item: &mut DeriveInput) -> Option<&mut FieldsNamed> {
    match &mut item.data {
        Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) => Some(fields),
        _ => None,
    }
}

/// Whether a field is the primary key, as far as its name and its words say.
fn is_key(field: &syn::Field) -> bool {
    let says = |attr: &syn::Attribute| {
        attr.path().is_ident("field")
            && attr.to_token_stream().into_iter().any(|token| has_word(token, "primary_key"))
    };
    field.ident.as_ref().is_some_and(|ident| ident == "id") || field.attrs.iter().any(says)
}

fn has_word(token: TokenTree, word: &str) -> bool {
    match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => group.stream().into_iter().any(|token| has_word(token, word)),
        _ => false,
    }
}

/// What stands for the placeholders of Django's in `related_name = "%(class)s_set"`.
fn substitutes(item: &DeriveInput, attr: &ModelAttr) -> [(&'static str, String); 3] {
    let lower = item.ident.unraw().to_string().to_lowercase();
    let of_table = || {
        let table = attr.table.as_ref().map_or_else(String::new, LitStr::value);
        table.split_once('_').map_or("", |(app, _)| app).to_owned()
    };
    let app = attr.app.as_ref().map_or_else(of_table, LitStr::value);
    [("%(class)s", lower.clone()), ("%(model_name)s", lower), ("%(app_label)s", app)]
}

/// Replaces texts behind `related_name =` by the names that they become.
fn replaced(tokens: TokenStream, names: &[(&'static str, String)]) -> TokenStream {
    let mut found = TokenStream::new();
    let mut before = [None::<String>, None];
    for token in tokens {
        let is_name = before == [Some("related_name".to_owned()), Some("=".to_owned())];
        before = [before[1].take(), Some(token.to_string())];
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), replaced(group.stream(), names));
                inner.set_span(group.span());
                found.extend([TokenTree::Group(inner)]);
            }
            TokenTree::Literal(literal) if is_name => found.extend([name(literal, names)]),
            token => found.extend([token]),
        }
    }
    found
}

/// The name that a text becomes; the text itself where it is none.
fn name(literal: Literal, names: &[(&'static str, String)]) -> TokenTree {
    let span = literal.span();
    let token = TokenTree::Literal(literal);
    let Ok(text) = syn::parse2::<LitStr>(token.clone().into()) else { return token };
    let name = names.iter().fold(text.value(), |text, (hole, name)| text.replace(hole, name));
    match syn::parse_str::<Ident>(&name) {
        Ok(mut ident) => {
            ident.set_span(span);
            TokenTree::Ident(ident)
        }
        Err(_) => token,
    }
}

/// The same item with the names of related rows that it would have itself.
pub(super) fn with_own_names(item: &TokenStream) -> TokenStream {
    let Ok(parsed) = syn::parse2::<DeriveInput>(item.clone()) else { return item.clone() };
    replaced(item.clone(), &substitutes(&parsed, &ModelAttr::default()))
}

/// The macro of an abstract model, which hands it on with what it inherits itself.
pub(super) fn macro_of(
    ident: &Ident,
    heir: &Heir,
    is_broken: bool,
    attr: &ModelAttr,
) -> TokenStream {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let hidden = format_ident!("__{}_{}", ident, NEXT.fetch_add(1, Ordering::Relaxed));
    let key = LitStr::new(&hidden.to_string(), Span::call_site());
    let own = Given {
        path: ident.clone().into(),
        key,
        is_broken,
        args: heir.args.clone(),
        item: heir.item.clone(),
    };
    let mut given = TokenStream::new();
    for (bases, path) in heir.bases.iter().zip(&attr.inherit) {
        for (at, base) in bases.iter().enumerate() {
            let path = if at + 1 == bases.len() { path.clone() } else { base.path.clone() };
            let (key, is_broken) = (base.key.clone(), base.is_broken);
            let (args, item) = (base.args.clone(), base.item.clone());
            given.extend(Given { path, key, is_broken, args, item }.tokens());
        }
    }
    given.extend(own.tokens());
    let given = from_anywhere(given);
    quote! {
        #[doc(hidden)]
        #[allow(non_local_definitions)]
        #[macro_export]
        macro_rules! #hidden {
            ($($heir:tt)*) => {
                ::quintet::__private::inherit! { $($heir)* { #given } }
            };
        }
        #[doc(hidden)]
        #[allow(unused_imports)]
        pub use #hidden as #ident;
    }
}

/// `crate::` as `$crate::`, which means the same in every crate.
fn from_anywhere(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) => {
                let delimiter: Delimiter = group.delimiter();
                let mut inner = Group::new(delimiter, from_anywhere(group.stream()));
                inner.set_span(group.span());
                vec![TokenTree::Group(inner)]
            }
            TokenTree::Ident(ident) if ident == "crate" => {
                let mut dollar = Punct::new('$', Spacing::Alone);
                dollar.set_span(ident.span());
                vec![TokenTree::Punct(dollar), TokenTree::Ident(ident)]
            }
            token => vec![token],
        })
        .collect()
}
