//! Parses `#[model(..)]` and `#[field(..)]`.

use proc_macro2::{Span, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::{Expr, Ident, LitInt, LitStr, Path, Token, Type};

use crate::attr::{flag, names, number};
use crate::errors::Errors;
use crate::types::optional;

/// A relation through a link table. [`ModelAttr::settle`] fills in Django's names.
pub(super) struct ManyToMany {
    pub(super) name: Ident,
    pub(super) to: Path,
    pub(super) through: Option<LitStr>,
    pub(super) source: Option<LitStr>,
    pub(super) target: Option<LitStr>,
    pub(super) related_name: Option<Ident>,
}

/// `#[model(..)]`
#[derive(Default)]
pub(super) struct ModelAttr {
    pub(super) table: Option<LitStr>,
    pub(super) app: Option<LitStr>,
    pub(super) verbose_name: Option<LitStr>,
    pub(super) ordering: Vec<(Ident, bool)>,
    pub(super) unique_together: Vec<Vec<Ident>>,
    pub(super) counts: Vec<(Ident, Ident)>,
    /// Annotations: name, type, and the closure that makes the expression.
    pub(super) annotations: Vec<(Ident, syn::Type, syn::ExprClosure)>,
    pub(super) many_to_many: Vec<ManyToMany>,
    pub(super) display: Option<LitStr>,
}

/// `#[field(..)]`
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word that stands or does not")]
pub(super) struct FieldAttr {
    pub(super) column: Option<LitStr>,
    pub(super) primary_key: bool,
    pub(super) max_length: Option<LitInt>,
    pub(super) min_value: Option<String>,
    pub(super) max_value: Option<String>,
    /// `PositiveIntegerField`: at least 0, at most what the column holds.
    pub(super) positive: bool,
    pub(super) decimal: Option<(LitInt, LitInt)>,
    pub(super) unique: bool,
    pub(super) blank: Option<bool>,
    pub(super) default: Option<Expr>,
    pub(super) auto_now: bool,
    pub(super) auto_now_add: bool,
    pub(super) choices: Option<Expr>,
    pub(super) email: bool,
    pub(super) regex: Option<Expr>,
    /// Texts by code.
    pub(super) errors: Vec<(String, LitStr)>,
    pub(super) help_text: Option<LitStr>,
    /// Whether `Debug` hides its value.
    pub(super) secret: bool,
    pub(super) foreign_key: Option<Path>,
    pub(super) related_name: Option<Ident>,
    pub(super) on_delete: Option<Ident>,
    /// The word `acyclic`: the rows of a relation of a model to itself are trees.
    pub(super) acyclic: Option<Ident>,
    /// The other model is in another crate, so the reverse relation is a trait's method.
    pub(super) foreign: bool,
}

impl ModelAttr {
    pub(super) fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let mut attr = Self::default();
        let parser = syn::meta::parser(|meta| attr.entry(&meta));
        let result = parser.parse2(args);
        errors.take(result);
        attr
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let Some(word) = meta.path.get_ident() else {
            return Err(meta.error("expected a word such as `table`"));
        };
        match word.to_string().as_str() {
            "table" => self.table = Some(meta.value()?.parse()?),
            "app" => self.app = Some(meta.value()?.parse()?),
            "verbose_name" => self.verbose_name = Some(meta.value()?.parse()?),
            "ordering" => {
                let content;
                syn::parenthesized!(content in meta.input);
                while !content.is_empty() {
                    let descending = content.parse::<Option<Token![-]>>()?.is_some();
                    self.ordering.push((content.parse()?, descending));
                    if !content.is_empty() {
                        content.parse::<Token![,]>()?;
                    }
                }
            }
            "unique_together" => self.unique_together.push(names(meta.input)?),
            "count" => {
                let content;
                syn::parenthesized!(content in meta.input);
                while !content.is_empty() {
                    let name = content.parse()?;
                    content.parse::<Token![=]>()?;
                    self.counts.push((name, content.parse()?));
                    if !content.is_empty() {
                        content.parse::<Token![,]>()?;
                    }
                }
            }
            "annotations" => {
                let content;
                syn::parenthesized!(content in meta.input);
                while !content.is_empty() {
                    let name = content.parse()?;
                    content.parse::<Token![:]>()?;
                    let ty = content.parse()?;
                    content.parse::<Token![=]>()?;
                    self.annotations.push((name, ty, content.parse()?));
                    if !content.is_empty() {
                        content.parse::<Token![,]>()?;
                    }
                }
            }
            "display" => self.display = Some(meta.value()?.parse()?),
            "many_to_many" => self.many_to_many.push(ManyToMany::parse(meta)?),
            other => {
                return Err(meta.error(format!(
                    "unknown option `{other}`; one of `table`, `app`, `verbose_name`, `ordering`, \
                     `unique_together`, `count`, `annotations`, `many_to_many`, `display`"
                )));
            }
        }
        Ok(())
    }
}

impl ModelAttr {
    /// Fills in Django's default names of tables and their columns.
    pub(super) fn settle(&mut self, model: &Ident, errors: &mut Errors) {
        let lower = model.to_string().to_lowercase();
        if self.table.is_none() {
            let Some(app) = &self.app else {
                errors.at(
                    model,
                    format!(
                        "say which app it belongs to, `#[model(app = \"store\")]` for the table \
                         `store_{lower}`, or which table it is: `#[model(table = \"{lower}\")]`"
                    ),
                );
                return;
            };
            self.table = Some(LitStr::new(&format!("{}_{lower}", app.value()), model.span()));
        }
        let table = self.table.as_ref().map_or(lower, LitStr::value);
        self.many_to_many.iter_mut().for_each(|link| link.settle(&table, model));
    }
}

impl ManyToMany {
    /// `many_to_many(tracks: Track, related_name = playlists)`, and where the names are not
    /// Django's `through = "..", source = "..", target = ".."`.
    fn parse(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let content;
        syn::parenthesized!(content in meta.input);
        let name: Ident = content.parse()?;
        content.parse::<Token![:]>()?;
        let to: Path = content.parse()?;
        let (mut through, mut source, mut target, mut related_name) = (None, None, None, None);
        while !content.is_empty() {
            content.parse::<Token![,]>()?;
            if content.is_empty() {
                break;
            }
            let word: Ident = content.parse()?;
            content.parse::<Token![=]>()?;
            match word.to_string().as_str() {
                "through" => through = Some(content.parse()?),
                "source" => source = Some(content.parse()?),
                "target" => target = Some(content.parse()?),
                "related_name" => related_name = Some(content.parse()?),
                _ => {
                    return Err(syn::Error::new(
                        word.span(),
                        "expected `through`, `source`, `target` or `related_name`",
                    ));
                }
            }
        }
        Ok(Self { name, to, through, source, target, related_name })
    }

    /// Django's names: the table `store_playlist_tracks` with `playlist_id` and `track_id`; between
    /// rows of one model `from_playlist_id` and `to_playlist_id`.
    fn settle(&mut self, table: &str, model: &Ident) {
        let span = self.name.span();
        let to = self.to.segments.last().map_or_else(String::new, |last| last.ident.to_string());
        let (from, to) = (model.to_string().to_lowercase(), to.to_lowercase());
        let text = |text: String| LitStr::new(&text, span);
        let own = from == to;
        let name = &self.name;
        self.through.get_or_insert_with(|| text(format!("{table}_{name}")));
        self.source.get_or_insert_with(|| {
            text(if own { format!("from_{from}_id") } else { format!("{from}_id") })
        });
        self.target.get_or_insert_with(|| {
            text(if own { format!("to_{to}_id") } else { format!("{to}_id") })
        });
    }
}

impl FieldAttr {
    /// Reads and removes the `#[field(..)]` attributes of a struct field.
    pub(super) fn take(attrs: &mut Vec<syn::Attribute>, errors: &mut Errors) -> Self {
        let mut field = Self::default();
        attrs.retain(|attr| {
            if !attr.path().is_ident("field") {
                return true;
            }
            errors.take(attr.parse_nested_meta(|meta| field.entry(&meta)));
            false
        });
        field
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let Some(word) = meta.path.get_ident() else {
            return Err(meta.error("expected a word such as `max_length`"));
        };
        match word.to_string().as_str() {
            "column" => self.column = Some(meta.value()?.parse()?),
            "primary_key" => self.primary_key = flag(meta)?,
            "max_length" => self.max_length = Some(meta.value()?.parse()?),
            "min_value" => self.min_value = Some(number(meta)?),
            "max_value" => self.max_value = Some(number(meta)?),
            "positive" => self.positive = flag(meta)?,
            "decimal" => {
                let content;
                syn::parenthesized!(content in meta.input);
                let digits = content.parse()?;
                content.parse::<Token![,]>()?;
                self.decimal = Some((digits, content.parse()?));
            }
            "unique" => self.unique = flag(meta)?,
            "blank" => self.blank = Some(flag(meta)?),
            "default" => self.default = Some(meta.value()?.parse()?),
            "auto_now" => self.auto_now = flag(meta)?,
            "auto_now_add" => self.auto_now_add = flag(meta)?,
            "choices" => self.choices = Some(meta.value()?.parse()?),
            "email" => self.email = flag(meta)?,
            "regex" => self.regex = Some(meta.value()?.parse()?),
            "error" => meta.parse_nested_meta(|message| {
                let code = message.path.require_ident()?.to_string();
                if !["unique", "invalid", "cycle"].contains(&code.as_str()) {
                    return Err(message.error("expected `unique`, `invalid` or `cycle`"));
                }
                self.errors.push((code, message.value()?.parse()?));
                Ok(())
            })?,
            "help_text" => self.help_text = Some(meta.value()?.parse()?),
            "secret" => self.secret = flag(meta)?,
            "foreign_key" => self.foreign_key = Some(meta.value()?.parse()?),
            "related_name" => self.related_name = Some(meta.value()?.parse()?),
            "foreign" => self.foreign = flag(meta)?,
            "acyclic" => self.acyclic = flag(meta)?.then(|| word.clone()),
            "on_delete" => {
                let word: Ident = meta.value()?.parse()?;
                let name = match word.to_string().as_str() {
                    "cascade" => "Cascade",
                    "protect" => "Protect",
                    "set_null" => "SetNull",
                    _ => return Err(meta.error("expected `cascade`, `protect` or `set_null`")),
                };
                self.on_delete = Some(Ident::new(name, word.span()));
            }
            other => {
                return Err(meta.error(format!(
                    "unknown option `{other}`; one of `column`, `primary_key`, `max_length`, \
                     `min_value`, `max_value`, `positive`, `decimal`, `unique`, `blank`, `default`, `auto_now`, \
                     `auto_now_add`, `choices`, `email`, `regex`, `error`, \
                     `help_text`, `secret`, `foreign_key`, `related_name`, `on_delete`, `acyclic`, \
                     `foreign`"
                )));
            }
        }
        Ok(())
    }
}

/// The stored type of a field.
pub(super) struct Stored {
    /// The last word of the type inside `Option`.
    pub(super) word: String,
    pub(super) nullable: bool,
    pub(super) span: Span,
}

impl Stored {
    pub(super) fn of(ty: &Type) -> Option<Self> {
        let (inner, nullable) = optional(ty);
        let Type::Path(path) = &inner else { return None };
        let last = path.path.segments.last()?;
        Some(Self { word: last.ident.to_string(), nullable, span: last.ident.span() })
    }
}
