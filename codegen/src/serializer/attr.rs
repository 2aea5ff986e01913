//! Parses `#[serializer(..)]` and `#[field(..)]`, and keeps their tokens for errors.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprArray, Ident, LitInt, LitStr, Path, Token, Type};

use crate::attr::{digits, entry, flag, in_parentheses, names, number, unknown, word};
use crate::errors::Errors;

/// The options of `#[serializer(..)]`, for messages.
const CONTAINER: [&str; 27] = [
    "model",
    "name",
    "fields",
    "exclude",
    "inherit",
    "depth",
    "read_only",
    "rename_all",
    "unique_together",
    "unique_for_date",
    "unique_for_month",
    "unique_for_year",
    "without_validators",
    "validators",
    "validate",
    "validate_async",
    "error",
    "run_validation",
    "data",
    "to_internal_value",
    "to_representation",
    "get_fields",
    "create",
    "update",
    "save",
    "create_many",
    "update_many",
];

/// The options of `#[field(..)]`, for messages.
const FIELD: [&str; 56] = [
    "read_only",
    "write_only",
    "required",
    "allow_null",
    "allow_blank",
    "default",
    "default_with",
    "initial",
    "source",
    "name",
    "nested",
    "writable",
    "method",
    "batch",
    "display",
    "slug",
    "view_name",
    "lookup",
    "kwarg",
    "get_url",
    "other",
    "hidden",
    "custom",
    "class",
    "kind",
    "regex",
    "choices",
    "decimal",
    "as_number",
    "as_text",
    "normalize_output",
    "rounding",
    "format",
    "input_formats",
    "binary",
    "allow_empty_file",
    "use_url",
    "each",
    "min_length",
    "max_length",
    "min_value",
    "max_value",
    "refuse_empty",
    "allow_empty",
    "trim_whitespace",
    "label",
    "help_text",
    "error",
    "unique",
    "unique_in",
    "unique_ignoring_case",
    "validators",
    "validate",
    "validate_async",
    "queryset",
    "with",
];

/// A word that switches something on, or off with `= false`.
pub(super) struct Flag {
    pub(super) on: bool,
    pub(super) span: Span,
}

/// `album.title` or `album__title`
pub(super) struct Lookup(pub(super) Vec<Ident>);

impl Parse for Lookup {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut names = Vec::new();
        loop {
            let name = input.call(Ident::parse_any)?;
            let text = name.unraw().to_string();
            if text.contains("__") {
                for part in text.split("__") {
                    let part = syn::parse_str::<Ident>(part).map_err(|_| {
                        let message = format!(
                            "`{text}` is not a path: write the names of fields with `__` or `.` \
                             between them"
                        );
                        syn::Error::new(name.span(), message)
                    })?;
                    names.push(Ident::new(&part.to_string(), name.span()));
                }
            } else {
                names.push(name);
            }
            if input.parse::<Option<Token![.]>>()?.is_none() {
                return Ok(Self(names));
            }
        }
    }
}

/// `unique_together(album, name, "message")`
pub(super) struct UniqueTogether {
    pub(super) members: Vec<Ident>,
    pub(super) message: Option<LitStr>,
}

impl Parse for UniqueTogether {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut set = Self { members: Vec::new(), message: None };
        while !input.is_empty() {
            if input.peek(LitStr) {
                set.message = Some(input.parse()?);
            } else {
                set.members.push(input.call(Ident::parse_any)?);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(set)
    }
}

/// `#[serializer(..)]`
#[derive(Default)]
pub(super) struct Container {
    pub(super) model: Option<Type>,
    pub(super) name: Option<LitStr>,
    pub(super) all: bool,
    /// `fields(id, name)`: the names, in the order of the output.
    pub(super) fields: Option<Vec<Ident>>,
    pub(super) exclude: Vec<Ident>,
    /// `inherit = A`, `inherit(A, B)`: the serializers whose fields come first.
    pub(super) inherit: Vec<Type>,
    pub(super) depth: Option<LitInt>,
    pub(super) read_only: Vec<Ident>,
    /// `rename_all = "camelCase"`, the only other form that there is.
    pub(super) camel_case: Option<LitStr>,
    pub(super) unique_together: Vec<UniqueTogether>,
    /// The word, and the field, the date and the message.
    pub(super) unique_for: Vec<(Ident, UniqueTogether)>,
    pub(super) without_validators: bool,
    /// Functions that check all values together.
    pub(super) validators: Vec<Expr>,
    pub(super) validate: Option<Ident>,
    /// `error(mismatch = "..")`: codes and texts.
    pub(super) errors: Vec<(String, Expr)>,
    pub(super) run_validation: Option<Ident>,
    pub(super) data: Option<Ident>,
    pub(super) to_internal_value: Option<Ident>,
    pub(super) to_representation: Option<Ident>,
    pub(super) validate_async: Option<Ident>,
    pub(super) get_fields: Option<Ident>,
    pub(super) create: Option<Ident>,
    pub(super) update: Option<Ident>,
    pub(super) save: Option<Ident>,
    pub(super) create_many: Option<Ident>,
    pub(super) update_many: Option<Ident>,
}

/// `blank = "text"`: a code and its text.
fn message_of(meta: &ParseNestedMeta<'_>) -> syn::Result<(String, Expr)> {
    let code = meta.path.require_ident()?.unraw().to_string();
    Ok((code, meta.value()?.parse()?))
}

impl Container {
    pub(super) fn from_syn(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut container = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serializer")) {
            let parsed =
                attr.parse_nested_meta(|meta| entry(&meta, errors, |meta| container.entry(meta)));
            errors.take(parsed);
        }
        container
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let word = word(meta, &CONTAINER)?;
        match word.to_string().as_str() {
            "model" => self.model = Some(meta.value()?.parse()?),
            "name" => self.name = Some(meta.value()?.parse()?),
            "fields" if meta.input.peek(syn::token::Paren) => {
                self.fields = Some(names(meta.input)?);
            }
            "exclude" => self.exclude = names(meta.input)?,
            "fields" => {
                let value: Ident = meta.value()?.parse()?;
                if value != "all" {
                    let message = "write `fields = all`, or name them: `fields(id, name)`";
                    return Err(syn::Error::new(value.span(), message));
                }
                self.all = true;
            }
            "inherit" if meta.input.peek(syn::token::Paren) => {
                let list = in_parentheses(meta.input, |input| {
                    syn::punctuated::Punctuated::<Type, Token![,]>::parse_terminated(input)
                })?;
                self.inherit = list.into_iter().collect();
            }
            "inherit" => self.inherit = vec![meta.value()?.parse()?],
            "depth" => {
                let depth: LitInt = meta.value()?.parse()?;
                if depth.base10_parse::<u64>()? > 10 {
                    return Err(syn::Error::new(depth.span(), "`depth` is 10 at most"));
                }
                self.depth = Some(depth);
            }
            "read_only" => self.read_only.extend(names(meta.input)?),
            "rename_all" => {
                let case: LitStr = meta.value()?.parse()?;
                if case.value() != "camelCase" {
                    let message = "the keys are the fields' names, or `rename_all = \"camelCase\"`";
                    return Err(syn::Error::new(case.span(), message));
                }
                self.camel_case = Some(case);
            }
            "unique_for_date" | "unique_for_month" | "unique_for_year" => {
                let set = in_parentheses(meta.input, UniqueTogether::parse)?;
                if set.members.len() != 2 {
                    let message = format!("say `{word}(field, date)`, perhaps with a message");
                    return Err(syn::Error::new(word.span(), message));
                }
                self.unique_for.push((word.clone(), set));
            }
            "unique_together" => {
                self.unique_together.push(in_parentheses(meta.input, UniqueTogether::parse)?);
            }
            "without_validators" => self.without_validators = flag(meta)?,
            "validators" => {
                let list: ExprArray = meta.value()?.parse()?;
                self.validators = list.elems.into_iter().collect();
            }
            "validate" => self.validate = Some(word.clone()),
            "error" => meta.parse_nested_meta(|message| {
                self.errors.push(message_of(&message)?);
                Ok(())
            })?,
            "run_validation" => self.run_validation = Some(word.clone()),
            "data" => self.data = Some(word.clone()),
            "to_internal_value" => self.to_internal_value = Some(word.clone()),
            "to_representation" => self.to_representation = Some(word.clone()),
            "validate_async" => self.validate_async = Some(word.clone()),
            "get_fields" => self.get_fields = Some(word.clone()),
            "create" => self.create = Some(word.clone()),
            "update" => self.update = Some(word.clone()),
            "save" => self.save = Some(word.clone()),
            "create_many" => self.create_many = Some(word.clone()),
            "update_many" => self.update_many = Some(word.clone()),
            _ => return Err(unknown(word, &CONTAINER)),
        }
        Ok(())
    }
}

impl Container {
    /// The key of a field that does not name its own.
    pub(super) fn key(&self, name: &Ident) -> String {
        let name = name.unraw().to_string();
        if self.camel_case.is_none() {
            return name;
        }
        let mut words = name.split('_').filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |mut key, word| {
            let mut letters = word.chars();
            key.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            key.push_str(letters.as_str());
            key
        })
    }
}

/// A unique value: the word, the message for a client, and whether case counts.
pub(super) struct Unique {
    pub(super) message: Option<LitStr>,
    pub(super) ignore_case: bool,
}

/// The value of `kind = ..`: a kind of the framework, or a field to copy.
pub(super) enum NamedKind {
    Word(Ident),
    Like(Expr),
}

/// `#[field(..)]`
#[derive(Default)]
pub(super) struct FieldAttr {
    pub(super) name: Option<LitStr>,
    pub(super) source: Option<Lookup>,
    /// `source = *`: the whole row.
    pub(super) whole: Option<Ident>,
    pub(super) nested: Option<Ident>,
    pub(super) writable: Option<Ident>,
    /// `method` or `batch`, and the function if it is named.
    pub(super) method: Option<(Ident, Option<Path>)>,
    /// The column whose choice's label is shown.
    pub(super) display: Option<(Ident, Ident)>,
    pub(super) slug: Option<(Ident, Lookup)>,
    pub(super) view_name: Option<(Ident, LitStr)>,
    pub(super) lookup: Option<(Ident, Lookup)>,
    pub(super) kwarg: Option<LitStr>,
    /// The function that makes an address.
    pub(super) get_url: Option<(Ident, Expr)>,
    pub(super) other: Option<Ident>,
    pub(super) hidden: Option<Ident>,
    pub(super) custom: Option<Ident>,
    /// The class of the field, as a value.
    pub(super) class: Option<(Ident, Expr)>,
    pub(super) kind: Option<NamedKind>,
    pub(super) regex: Option<Expr>,
    pub(super) choices: Option<Expr>,
    pub(super) decimal: Option<(LitInt, LitInt)>,
    pub(super) each: Option<Box<FieldAttr>>,
    pub(super) unique: Option<Unique>,
    /// The column of any model in which no row may have the value.
    pub(super) unique_in: Option<(Ident, Expr)>,
    pub(super) validate: Option<Ident>,
    pub(super) validate_async: Option<Ident>,
    /// The function that says which rows a relation accepts.
    pub(super) queryset: Option<(Ident, Expr)>,
    /// Functions that check the value.
    pub(super) validators: Vec<Expr>,
    pub(super) format: Option<LitStr>,
    pub(super) read_only: Option<Flag>,
    pub(super) write_only: Option<Flag>,
    pub(super) required: Option<Flag>,
    pub(super) default: Option<(Ident, Expr)>,
    pub(super) default_with: Option<(Ident, Expr)>,
    pub(super) min_value: Option<String>,
    pub(super) max_value: Option<String>,
    /// Calls of `Field`'s own methods, in the order in which they were asked for.
    pub(super) changes: Vec<TokenStream>,
}

impl FieldAttr {
    pub(super) fn from_syn(attrs: &[syn::Attribute], errors: &mut Errors) -> Self {
        let mut field = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("field")) {
            let parsed =
                attr.parse_nested_meta(|meta| entry(&meta, errors, |meta| field.entry(meta)));
            errors.take(parsed);
        }
        field
    }

    fn change(&mut self, change: TokenStream) {
        self.changes.push(change);
    }

    /// `field = field.method(value);` with the value as it is written.
    fn set(&mut self, meta: &ParseNestedMeta<'_>, method: &Ident) -> syn::Result<()> {
        let value: Expr = meta.value()?.parse()?;
        self.change(quote!(field = field.#method(#value);));
        Ok(())
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let word = word(meta, &FIELD)?;
        let own = word.clone();
        let here = || Some(own.clone());
        let switch = |meta: &ParseNestedMeta<'_>| {
            Ok::<_, syn::Error>(Some(Flag { on: flag(meta)?, span: own.span() }))
        };
        match word.to_string().as_str() {
            "name" => self.name = Some(meta.value()?.parse()?),
            "source" => {
                let value = meta.value()?;
                if value.parse::<Option<Token![*]>>()?.is_some() {
                    self.whole = here();
                } else {
                    self.source = Some(value.parse()?);
                }
            }
            "nested" => self.nested = here(),
            "writable" => self.writable = here(),
            "method" | "batch" => {
                let path =
                    if meta.input.peek(Token![=]) { Some(meta.value()?.parse()?) } else { None };
                self.method = Some((own, path));
            }
            "display" => {
                let column = in_parentheses(meta.input, Ident::parse)?;
                self.display = Some((own, column));
            }
            "slug" => self.slug = Some((own, meta.value()?.parse()?)),
            "view_name" => self.view_name = Some((own, meta.value()?.parse()?)),
            "lookup" => self.lookup = Some((own, meta.value()?.parse()?)),
            "kwarg" => self.kwarg = Some(meta.value()?.parse()?),
            "get_url" => self.get_url = Some((own, meta.value()?.parse()?)),
            "other" => self.other = here(),
            "hidden" => self.hidden = here(),
            "custom" => self.custom = here(),
            "class" => self.class = Some((own, meta.value()?.parse()?)),
            "kind" => {
                let value: Expr = meta.value()?.parse()?;
                self.kind = Some(match &value {
                    Expr::Path(path) if path.path.get_ident().is_some() => {
                        NamedKind::Word(syn::parse2(value.to_token_stream())?)
                    }
                    _ => NamedKind::Like(value),
                });
            }
            "regex" => {
                let value: Expr = meta.value()?.parse()?;
                if let Expr::Lit(literal) = &value {
                    let message = "name a `LazyLock<Regex>`: `regex = *PATTERN`";
                    return Err(syn::Error::new_spanned(literal, message));
                }
                self.regex = Some(value);
            }
            "choices" => self.choices = Some(meta.value()?.parse()?),
            "decimal" => {
                self.decimal = Some(digits(meta)?);
            }
            "each" => {
                let mut each = Self::default();
                let mut errors = Errors::default();
                meta.parse_nested_meta(|meta| entry(&meta, &mut errors, |meta| each.entry(meta)))?;
                errors.finish()?;
                if let Some((word, _)) = each.default.as_ref().or(each.default_with.as_ref()) {
                    let message = "an item of a list is never absent: it has no default";
                    return Err(syn::Error::new(word.span(), message));
                }
                self.each = Some(Box::new(each));
            }
            "unique" | "unique_ignoring_case" => {
                let message =
                    if meta.input.peek(Token![=]) { Some(meta.value()?.parse()?) } else { None };
                self.unique = Some(Unique { message, ignore_case: own != "unique" });
            }
            "unique_in" => self.unique_in = Some((own, meta.value()?.parse()?)),
            "validate" => self.validate = here(),
            "validate_async" => self.validate_async = here(),
            "queryset" => self.queryset = Some((own, meta.value()?.parse()?)),
            "read_only" => self.read_only = switch(meta)?,
            "write_only" => self.write_only = switch(meta)?,
            "required" => self.required = switch(meta)?,
            "default" => self.default = Some((own, meta.value()?.parse()?)),
            "default_with" => self.default_with = Some((own, meta.value()?.parse()?)),
            "min_value" => self.min_value = Some(number(meta)?.text),
            "max_value" => self.max_value = Some(number(meta)?.text),
            "allow_null" => {
                let allow = flag(meta)?;
                self.change(quote!(field.allow_null = #allow;));
            }
            "allow_blank" if flag(meta)? => self.change(quote!(field = field.allow_blank();)),
            "trim_whitespace" if !flag(meta)? => {
                self.change(quote!(field = field.keep_whitespace();));
            }
            "refuse_empty" if flag(meta)? => self.change(quote!(field = field.refuse_empty();)),
            "allow_empty" if !flag(meta)? => self.change(quote!(field = field.refuse_empty();)),
            "allow_empty_file" if flag(meta)? => {
                self.change(quote!(field = field.allow_empty_file();));
            }
            "use_url" if !flag(meta)? => self.change(quote!(field = field.show_name();)),
            "allow_blank" | "trim_whitespace" | "refuse_empty" | "allow_empty"
            | "allow_empty_file" | "use_url" => {}
            "as_number" | "as_text" | "normalize_output" | "binary" => {
                self.change(quote!(field = field.#own();));
            }
            "format" => {
                let text: LitStr = meta.value()?.parse()?;
                self.change(quote!(field = field.format(#text);));
                self.format = Some(text);
            }
            "validators" => {
                let list: ExprArray = meta.value()?.parse()?;
                self.validators = list.elems.into_iter().collect();
            }
            "min_length" | "max_length" | "initial" | "label" | "help_text" | "rounding"
            | "input_formats" => {
                self.set(meta, &own)?;
            }
            "error" => meta.parse_nested_meta(|message| {
                let (code, text) = message_of(&message)?;
                self.change(quote!(field = field.error(#code, #text);));
                Ok(())
            })?,
            "with" => {
                let value: Expr = meta.value()?.parse()?;
                self.change(quote! {
                    field = ::core::convert::identity::<
                        fn(::quintet::fields::Field) -> ::quintet::fields::Field,
                    >(#value)(field);
                });
            }
            _ => return Err(unknown(word, &FIELD)),
        }
        Ok(())
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.read_only.as_ref().is_some_and(|flag| flag.on)
    }

    pub(super) fn is_write_only(&self) -> bool {
        self.write_only.as_ref().is_some_and(|flag| flag.on)
    }
}
