//! Parses `#[model(..)]` and `#[field(..)]`, and keeps their words for errors.

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse as _, ParseStream, Parser as _};
use syn::{Error, Expr, ExprClosure, Ident, LitInt, LitStr, Path, Result, Token, Type};

use super::hooks::{Hook, WORDS};
use crate::attr::{
    self, Number, digits, entry, flag, in_parentheses, listed, names, number, value,
};
use crate::errors::Errors;

/// The options of `#[model(..)]`, for messages.
const MODEL: [&str; 28] = [
    "table",
    "app",
    "verbose_name",
    "verbose_name_plural",
    "ordering",
    "unique_together",
    "constraints",
    "count",
    "annotations",
    "many_to_many",
    "display",
    "abstract",
    "inherit",
    "objects",
    "clean",
    "before_save",
    "after_save",
    "before_delete",
    "after_delete",
    "get_latest_by",
    "permissions",
    "default_permissions",
    "from_db",
    "generic_foreign_key",
    "generic_relation",
    "clean_fields",
    "validate_unique",
    "proxy",
];

/// The options of `#[field(..)]`, for messages.
const FIELD: [&str; 46] = [
    "column",
    "primary_key",
    "max_length",
    "min_value",
    "max_value",
    "positive",
    "decimal",
    "unique",
    "index",
    "blank",
    "default",
    "auto_now",
    "auto_now_add",
    "choices",
    "email",
    "slug",
    "unicode_slug",
    "url",
    "ip",
    "ipv4",
    "ipv6",
    "size",
    "upload_to",
    "storage",
    "image",
    "width_field",
    "height_field",
    "verbose_name",
    "editable",
    "validators",
    "regex",
    "error",
    "help_text",
    "secret",
    "foreign_key",
    "one_to_one",
    "related_name",
    "on_delete",
    "acyclic",
    "foreign",
    "cached",
    "custom",
    "unique_for_date",
    "unique_for_month",
    "unique_for_year",
    "limit_choices_to",
];

/// The codes of `error(..)`.
const CODES: [&str; 3] = ["unique", "invalid", "cycle"];

/// A relation through a link table; the names that are not given are Django's.
#[derive(Clone)]
pub(super) struct ManyToMany {
    pub(super) name: Ident,
    pub(super) to: Path,
    pub(super) through: Option<LitStr>,
    pub(super) source: Option<LitStr>,
    pub(super) target: Option<LitStr>,
    pub(super) related_name: Option<Ident>,
    /// The word `symmetrical`: each link is one back as well.
    pub(super) symmetrical: Option<Ident>,
}

/// A computed value of a row.
#[derive(Clone)]
pub(super) struct Annotation {
    pub(super) name: Ident,
    pub(super) ty: Type,
    /// The closure that makes the expression.
    pub(super) make: ExprClosure,
}

/// `#[model(..)]`
#[derive(Clone, Default)]
pub(super) struct ModelAttr {
    pub(super) table: Option<LitStr>,
    pub(super) app: Option<LitStr>,
    pub(super) verbose_name: Option<LitStr>,
    /// Names, each with true for descending.
    pub(super) ordering: Vec<(Ident, bool)>,
    pub(super) unique_together: Vec<Vec<Ident>>,
    pub(super) verbose_name_plural: Option<LitStr>,
    pub(super) constraints: Vec<Constraint>,
    /// Names, each with the relation whose rows are counted.
    pub(super) counts: Vec<(Ident, Ident)>,
    pub(super) annotations: Vec<Annotation>,
    pub(super) many_to_many: Vec<ManyToMany>,
    pub(super) display: Option<LitStr>,
    /// The word `abstract`: it is no model itself, but other models have its fields.
    pub(super) is_abstract: Option<Ident>,
    /// The abstract models whose fields it has.
    pub(super) inherit: Vec<Path>,
    /// The functions that it names.
    pub(super) hooks: Vec<Hook>,
    /// What its latest row has: names, each with true for descending.
    pub(super) get_latest_by: Vec<(Ident, bool)>,
    /// Codenames, each with the permission's name.
    pub(super) permissions: Vec<(Ident, LitStr)>,
    /// What the default permissions allow, where it is said.
    pub(super) default_permissions: Option<Vec<Ident>>,
    /// The model whose table it is another view of.
    pub(super) proxy: Option<Path>,
    /// A function that sees each row that is read.
    pub(super) from_db: Option<Path>,
    pub(super) generic_keys: Vec<GenericKey>,
    /// Names, each with the generic key of the rows there: `TaggedItem::CONTENT_OBJECT`.
    pub(super) generic_relations: Vec<(Ident, Path)>,
}

/// A row of any model: its content type and its key.
#[derive(Clone)]
pub(super) struct GenericKey {
    pub(super) name: Ident,
    pub(super) content_type: Ident,
    pub(super) object_id: Ident,
}

/// `#[field(..)]`
#[derive(Default)]
pub(super) struct FieldAttr {
    /// The words that are said, those of flags that are on among them.
    words: Vec<Ident>,
    pub(super) column: Option<LitStr>,
    pub(super) max_length: Option<LitInt>,
    pub(super) min_value: Option<Number>,
    pub(super) max_value: Option<Number>,
    pub(super) decimal: Option<(LitInt, LitInt)>,
    pub(super) blank: Option<bool>,
    pub(super) default: Option<Expr>,
    pub(super) choices: Option<Expr>,
    pub(super) regex: Option<Expr>,
    /// The word, and the field with the date.
    pub(super) unique_for: Vec<(Ident, Ident)>,
    pub(super) size: Option<LitInt>,
    /// A folder, or a function that names new files.
    pub(super) upload_to: Option<Expr>,
    pub(super) storage: Option<LitStr>,
    pub(super) width_field: Option<Ident>,
    pub(super) height_field: Option<Ident>,
    pub(super) verbose_name: Option<LitStr>,
    pub(super) editable: Option<bool>,
    /// Functions of a value.
    pub(super) validators: Vec<Expr>,
    /// Texts by code.
    pub(super) errors: Vec<(String, LitStr)>,
    pub(super) help_text: Option<LitStr>,
    pub(super) foreign_key: Option<Path>,
    /// The closure that makes the condition on rows that may be chosen.
    pub(super) limit_choices_to: Option<ExprClosure>,
    pub(super) related_name: Option<Ident>,
    pub(super) on_delete: Option<Ident>,
}

impl ModelAttr {
    pub(super) fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let mut attr = Self::default();
        let parser = syn::meta::parser(|meta| entry(&meta, errors, |meta| attr.entry(meta)));
        let parsed = parser.parse2(args);
        errors.take(parsed);
        attr
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = attr::word(meta, &MODEL)?;
        let input = meta.input;
        match word.to_string().as_str() {
            "table" => self.table = Some(value(input)?),
            "app" => self.app = Some(value(input)?),
            "verbose_name" => self.verbose_name = Some(value(input)?),
            "verbose_name_plural" => self.verbose_name_plural = Some(value(input)?),
            "constraints" => self.constraints.extend(listed(input, constraint)?),
            "ordering" => self.ordering.extend(listed(input, term)?),
            "unique_together" => self.unique_together.push(names(input)?),
            "count" => self.counts.extend(listed(input, count)?),
            "annotations" => self.annotations.extend(listed(input, annotation)?),
            "display" => self.display = Some(value(input)?),
            "abstract" => self.is_abstract = flag(meta)?.then(|| word.clone()),
            "inherit" => self.inherit.extend(listed(input, Path::parse)?),
            "get_latest_by" => self.get_latest_by.extend(listed(input, term)?),
            "permissions" => self.permissions.extend(listed(input, permission)?),
            "default_permissions" => {
                self.default_permissions.get_or_insert_default().extend(names(input)?);
            }
            "proxy" => self.proxy = Some(value(input)?),
            "from_db" => self.from_db = Some(value(input)?),
            "generic_foreign_key" => {
                self.generic_keys.push(in_parentheses(input, generic_key)?);
            }
            "generic_relation" => {
                self.generic_relations.extend(listed(input, generic_relation)?);
            }
            "many_to_many" => self.many_to_many.push(in_parentheses(input, many_to_many)?),
            name if WORDS.contains(&name) => {
                self.hooks.push(Hook { word: word.clone(), function: value(input)? });
            }
            _ => return Err(attr::unknown(word, &MODEL)),
        }
        Ok(())
    }
}

impl ModelAttr {
    /// Takes over the options of a base that this model does not give itself, and adds its relations
    /// and annotations, which are fields.
    pub(super) fn inherit_from(&mut self, base: Self) {
        self.verbose_name = self.verbose_name.take().or(base.verbose_name);
        self.display = self.display.take().or(base.display);
        if self.ordering.is_empty() {
            self.ordering = base.ordering;
        }
        self.verbose_name_plural = self.verbose_name_plural.take().or(base.verbose_name_plural);
        if self.constraints.is_empty() {
            self.constraints = base.constraints;
        }
        if self.unique_together.is_empty() {
            self.unique_together = base.unique_together;
        }
        if self.get_latest_by.is_empty() {
            self.get_latest_by = base.get_latest_by;
        }
        if self.permissions.is_empty() {
            self.permissions = base.permissions;
        }
        self.default_permissions = self.default_permissions.take().or(base.default_permissions);
        self.generic_keys.extend(base.generic_keys);
        self.generic_relations.extend(base.generic_relations);
        self.counts.extend(base.counts);
        self.annotations.extend(base.annotations);
        self.many_to_many.extend(base.many_to_many);
    }
}

/// `name`, `-name`
fn term(input: ParseStream<'_>) -> Result<(Ident, bool)> {
    let descending = input.parse::<Option<Token![-]>>()?.is_some();
    Ok((input.call(Ident::parse_any)?, descending))
}

/// `can_publish = "Can publish"`
fn permission(input: ParseStream<'_>) -> Result<(Ident, LitStr)> {
    Ok((input.parse()?, value(input)?))
}

/// `content_object`, and where the fields have other names than Django's
/// `content_object, content_type = kind, object_id = of`
fn generic_key(input: ParseStream<'_>) -> Result<GenericKey> {
    let name: Ident = input.parse()?;
    let field = |text: &str| Ident::new(text, name.span());
    let (mut content_type, mut object_id) = (field("content_type"), field("object_id"));
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        let word: Ident = input.parse()?;
        match word.to_string().as_str() {
            "content_type" => content_type = value(input)?,
            "object_id" => object_id = value(input)?,
            _ => return Err(attr::unknown(&word, &["content_type", "object_id"])),
        }
    }
    Ok(GenericKey { name, content_type, object_id })
}

/// `tags: TaggedItem::CONTENT_OBJECT`
fn generic_relation(input: ParseStream<'_>) -> Result<(Ident, Path)> {
    let name = input.parse()?;
    input.parse::<Token![:]>()?;
    Ok((name, input.parse()?))
}

/// A constraint of the table.
#[derive(Clone)]
pub(super) struct Constraint {
    /// `unique` or `check`.
    pub(super) kind: Ident,
    pub(super) name: LitStr,
    pub(super) fields: Vec<Ident>,
    /// The closure that makes computed values.
    pub(super) expressions: Option<ExprClosure>,
    pub(super) condition: Option<ExprClosure>,
    pub(super) message: Option<LitStr>,
    pub(super) code: Option<LitStr>,
}

/// `unique(fields(a, b), name = "..", condition = |row| ..)`, `check(name = "..")`,
/// `exclusion(name = "..")`
fn constraint(input: ParseStream<'_>) -> Result<Constraint> {
    let kind: Ident = input.parse()?;
    let is_unique = kind == "unique";
    let has_condition = is_unique || kind == "check";
    if !has_condition && kind != "exclusion" {
        return Err(attr::unknown(&kind, &["unique", "check", "exclusion"]));
    }
    in_parentheses(input, |content| {
        let (mut name, mut fields) = (None, Vec::new());
        let (mut condition, mut message, mut code) = (None, None, None);
        let mut expressions = None;
        while !content.is_empty() {
            let word: Ident = content.parse()?;
            match word.to_string().as_str() {
                "name" => name = Some(value(content)?),
                "message" => message = Some(value(content)?),
                "code" => code = Some(value(content)?),
                "fields" if is_unique => fields = names(content)?,
                "expressions" if is_unique => expressions = Some(value(content)?),
                "condition" if has_condition => condition = Some(value(content)?),
                _ if is_unique => {
                    let words = ["fields", "expressions", "name", "condition", "message", "code"];
                    return Err(attr::unknown(&word, &words));
                }
                _ if has_condition => {
                    return Err(attr::unknown(&word, &["name", "condition", "message", "code"]));
                }
                _ => return Err(attr::unknown(&word, &["name", "message", "code"])),
            }
            if content.is_empty() {
                break;
            }
            content.parse::<Token![,]>()?;
        }
        let Some(name) = name else {
            return Err(Error::new(kind.span(), "say its name in the database: `name = \"..\"`"));
        };
        if is_unique && fields.is_empty() && expressions.is_none() {
            return Err(Error::new(kind.span(), "say which values are unique: `fields(a, b)`"));
        }
        Ok(Constraint { kind: kind.clone(), name, fields, expressions, condition, message, code })
    })
}

/// `track_count = tracks`
fn count(input: ParseStream<'_>) -> Result<(Ident, Ident)> {
    Ok((input.parse()?, value(input)?))
}

/// `worth: Option<Decimal> = |artist| ..`
fn annotation(input: ParseStream<'_>) -> Result<Annotation> {
    let name = input.parse()?;
    input.parse::<Token![:]>()?;
    Ok(Annotation { name, ty: input.parse()?, make: value(input)? })
}

/// `tracks: Track, related_name = playlists`, and where the names are not Django's
/// `through = "..", source = "..", target = ".."`.
fn many_to_many(input: ParseStream<'_>) -> Result<ManyToMany> {
    let name = input.parse()?;
    input.parse::<Token![:]>()?;
    let to = input.parse()?;
    let mut link = ManyToMany {
        name,
        to,
        through: None,
        source: None,
        target: None,
        related_name: None,
        symmetrical: None,
    };
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        let word: Ident = input.parse()?;
        match word.to_string().as_str() {
            "through" => link.through = Some(value(input)?),
            "source" => link.source = Some(value(input)?),
            "target" => link.target = Some(value(input)?),
            "related_name" => link.related_name = Some(value(input)?),
            "symmetrical" => link.symmetrical = Some(word),
            _ => {
                let words = ["through", "source", "target", "related_name", "symmetrical"];
                return Err(attr::unknown(&word, &words));
            }
        }
    }
    Ok(link)
}

/// `invalid = "Letters only."`
fn error(input: ParseStream<'_>) -> Result<(String, LitStr)> {
    let code: Ident = input.parse()?;
    if !CODES.contains(&code.to_string().as_str()) {
        return Err(attr::unknown(&code, &CODES));
    }
    Ok((code.to_string(), value(input)?))
}

/// `cascade`, `protect`, `restrict`, `set_null`, `set_default`, `do_nothing`
fn on_delete(input: ParseStream<'_>) -> Result<Ident> {
    let word: Ident = value(input)?;
    let name = match word.to_string().as_str() {
        "cascade" => "Cascade",
        "protect" => "Protect",
        "restrict" => "Restrict",
        "set_null" => "SetNull",
        "set_default" => "SetDefault",
        "do_nothing" => "DoNothing",
        _ => {
            let words = ["cascade", "protect", "restrict", "set_null", "set_default", "do_nothing"];
            return Err(attr::unknown(&word, &words));
        }
    };
    Ok(Ident::new(name, word.span()))
}

impl FieldAttr {
    /// Whether `#[field(cached)]` is all that is said of a struct field.
    pub(super) fn is_cached(attrs: &[syn::Attribute]) -> bool {
        let alone = |attr: &syn::Attribute| {
            attr.path().is_ident("field")
                && attr.parse_args::<Ident>().is_ok_and(|word| word == "cached")
        };
        attrs.iter().any(alone)
    }

    /// Reads and removes the `#[field(..)]` attributes of a struct field.
    pub(super) fn take(attrs: &mut Vec<syn::Attribute>, errors: &mut Errors) -> Self {
        let mut field = Self::default();
        attrs.retain(|attr| {
            if !attr.path().is_ident("field") {
                return true;
            }
            let parsed =
                attr.parse_nested_meta(|meta| entry(&meta, errors, |meta| field.entry(meta)));
            errors.take(parsed);
            false
        });
        field
    }

    /// The word, if it is said.
    pub(super) fn word(&self, name: &str) -> Option<&Ident> {
        self.words.iter().find(|word| *word == name)
    }

    /// Whether the word is said.
    pub(super) fn says(&self, name: &str) -> bool {
        self.word(name).is_some()
    }

    /// The word that says what a text must be.
    pub(super) fn form(&self) -> Option<&Ident> {
        ["email", "slug", "unicode_slug", "url", "ip", "ipv4", "ipv6", "regex"]
            .iter()
            .find_map(|word| self.word(word))
    }

    /// Whether the column's type is an enum of choices.
    pub(super) fn is_enum(&self) -> bool {
        (self.says("choices") && self.choices.is_none()) || self.says("custom")
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = attr::word(meta, &FIELD)?;
        if self.says(&word.to_string()) && word != "error" {
            return Err(Error::new(word.span(), format!("`{word}` is said twice: remove one")));
        }
        let input = meta.input;
        match word.to_string().as_str() {
            "primary_key" | "positive" | "unique" | "index" | "auto_now" | "auto_now_add"
            | "email" | "slug" | "unicode_slug" | "url" | "ip" | "ipv4" | "ipv6" | "secret"
            | "foreign" | "acyclic" | "cached" | "custom" | "image" => {
                if !flag(meta)? {
                    return Ok(());
                }
            }
            "unique_for_date" | "unique_for_month" | "unique_for_year" => {
                input.parse::<Token![=]>()?;
                self.unique_for.push((word.clone(), input.call(Ident::parse_any)?));
            }
            "size" => self.size = Some(value(input)?),
            "upload_to" => self.upload_to = Some(value(input)?),
            "storage" => self.storage = Some(value(input)?),
            "width_field" => self.width_field = Some(value(input)?),
            "height_field" => self.height_field = Some(value(input)?),
            "verbose_name" => self.verbose_name = Some(value(input)?),
            "editable" => self.editable = Some(flag(meta)?),
            "validators" => {
                self.validators = value::<syn::ExprArray>(input)?.elems.into_iter().collect();
            }
            "blank" => self.blank = Some(flag(meta)?),
            "column" => self.column = Some(value(input)?),
            "max_length" => self.max_length = Some(value(input)?),
            "min_value" => self.min_value = Some(number(meta)?),
            "max_value" => self.max_value = Some(number(meta)?),
            "decimal" => self.decimal = Some(digits(meta)?),
            "default" => self.default = Some(value(input)?),
            // alone, the choices are those of the column's type
            "choices" if !input.peek(Token![=]) => {}
            "choices" => self.choices = Some(value(input)?),
            "regex" => self.regex = Some(value(input)?),
            "error" => self.errors.extend(listed(input, error)?),
            "help_text" => self.help_text = Some(value(input)?),
            "foreign_key" | "one_to_one" if self.foreign_key.is_some() => {
                let message = "a column is one relation: remove `foreign_key` or `one_to_one`";
                return Err(Error::new(word.span(), message));
            }
            "foreign_key" | "one_to_one" => self.foreign_key = Some(value(input)?),
            "related_name" => self.related_name = Some(value(input)?),
            "limit_choices_to" => self.limit_choices_to = Some(value(input)?),
            "on_delete" => self.on_delete = Some(on_delete(input)?),
            _ => return Err(attr::unknown(word, &FIELD)),
        }
        self.words.push(word.clone());
        Ok(())
    }
}
