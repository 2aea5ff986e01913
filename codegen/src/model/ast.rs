//! The struct as a model: its columns, and the names that it and they have.

use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Fields, Ident, Path, Type};

use super::attr::{FieldAttr, ManyToMany, ModelAttr};
use super::hooks::Hook;
use crate::errors::Errors;
use crate::types::{generic, last_word, optional};

/// The most columns that diesel's traits are written for.
pub(super) const COLUMNS: usize = 32;

/// The struct.
pub(super) struct Model {
    /// As it is written, without the attributes of the macro.
    pub(super) item: DeriveInput,
    pub(super) attr: ModelAttr,
    pub(super) columns: Vec<Column>,
    /// Names of fields whose types no column has; they are left out of everything.
    pub(super) left_out: Vec<Ident>,
    /// Names of fields that keep what is computed of a row; no column holds it.
    pub(super) cached: Vec<Ident>,
    /// The abstract models whose fields are among the columns.
    pub(super) bases: Vec<Base>,
}

/// An abstract model that is inherited.
pub(super) struct Base {
    /// How it is named where it is inherited.
    pub(super) path: Path,
    /// Its own name.
    pub(super) ident: Ident,
    /// Its fields, with their types.
    pub(super) fields: Vec<(Ident, Type)>,
    /// The functions that it names.
    pub(super) hooks: Vec<Hook>,
}

/// A field of the struct.
pub(super) struct Column {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) attr: FieldAttr,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
}

/// What a column stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    SmallInt,
    Integer,
    BigInt,
    Float,
    Bool,
    Text,
    Decimal,
    DateTime,
    Date,
    Time,
    Uuid,
    /// An enum with `#[derive(Choices)]`.
    Choices,
    Json,
    Duration,
    Binary,
    Ip,
    /// An array of `PostgreSQL`.
    Array,
}

impl Kind {
    /// By the last word of the type.
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "i16" => Self::SmallInt,
            "i32" => Self::Integer,
            "i64" => Self::BigInt,
            "f64" => Self::Float,
            "bool" => Self::Bool,
            "String" => Self::Text,
            "Decimal" => Self::Decimal,
            "DateTime" => Self::DateTime,
            "NaiveDate" | "Date" => Self::Date,
            "NaiveTime" | "Time" => Self::Time,
            "Uuid" => Self::Uuid,
            "Value" | "Json" => Self::Json,
            "TimeDelta" | "Duration" => Self::Duration,
            _ => return None,
        })
    }

    /// The least and the greatest whole number that it stores.
    pub(super) fn range(self) -> Option<(i64, i64)> {
        match self {
            Self::SmallInt => Some((i16::MIN.into(), i16::MAX.into())),
            Self::Integer => Some((i32::MIN.into(), i32::MAX.into())),
            Self::BigInt => Some((i64::MIN, i64::MAX)),
            _ => None,
        }
    }

    pub(super) fn is_number(self) -> bool {
        self.range().is_some() || matches!(self, Self::Float | Self::Decimal)
    }
}

/// What a `Vec` stores: bytes, or an array of texts, numbers or the like.
fn list(ty: &Type) -> Option<Kind> {
    let item = generic(ty, "Vec")?;
    let word = last_word(&item)?.to_string();
    match Kind::of(&word) {
        None if word == "u8" => Some(Kind::Binary),
        Some(Kind::Json | Kind::Duration) | None => None,
        Some(_) => Some(Kind::Array),
    }
}

impl Column {
    fn from_syn(field: &mut syn::Field, errors: &mut Errors) -> Option<Self> {
        let attr = FieldAttr::take(&mut field.attrs, errors);
        let (inner, nullable) = optional(&field.ty);
        let word = last_word(&inner);
        let known = list(&inner).or_else(|| word.and_then(|word| Kind::of(&word.to_string())));
        let is_ip = ["ip", "ipv4", "ipv6"].iter().any(|word| attr.says(word));
        let known = match known {
            Some(Kind::Text) if is_ip => Some(Kind::Ip),
            known => known,
        };
        let Some(kind) = known.or_else(|| attr.is_enum().then_some(Kind::Choices)) else {
            let message = "this type cannot be a column; one of `i16`, `i32`, `i64`, `f64`, \
                           `bool`, `String`, `Decimal`, `DateTime`, `NaiveDate`, `NaiveTime`, \
                           `TimeDelta`, `Uuid`, `Vec<u8>`, `serde_json::Value`, `Json<T>`, an enum \
                           with `#[field(choices)]`, on PostgreSQL a `Vec` of one, or an `Option` \
                           of one";
            errors.at(&inner, message);
            return None;
        };
        Some(Self { ident: field.ident.clone()?, ty: field.ty.clone(), attr, kind, nullable })
    }

    /// The column in the database.
    pub(super) fn column(&self) -> String {
        let own = || self.ident.unraw().to_string();
        self.attr.column.as_ref().map_or_else(own, syn::LitStr::value)
    }

    /// Whether `Debug` hides the value; a `password` column is always hidden.
    pub(super) fn is_secret(&self) -> bool {
        self.attr.says("secret") || self.ident == "password" || self.column() == "password"
    }

    /// Django's name: `album` for `album_id`.
    pub(super) fn name(&self) -> String {
        let name = self.ident.unraw().to_string();
        match (&self.attr.foreign_key, name.strip_suffix("_id")) {
            (Some(_), Some(name)) => name.to_owned(),
            _ => name,
        }
    }

    /// Whether a name means it: the field's, or Django's.
    pub(super) fn is_called(&self, name: &Ident) -> bool {
        self.ident == *name || name.unraw() == self.name()
    }
}

impl Model {
    pub(super) fn from_syn(attr: ModelAttr, mut item: DeriveInput, errors: &mut Errors) -> Self {
        let (mut columns, mut left_out, mut cached) = (Vec::new(), Vec::new(), Vec::new());
        if let Data::Struct(syn::DataStruct { fields: Fields::Named(fields), .. }) = &mut item.data
        {
            for field in &mut fields.named {
                if let Some(ident) = &field.ident
                    && FieldAttr::is_cached(&field.attrs)
                {
                    cached.push(ident.clone());
                    field.attrs.retain(|attr| !attr.path().is_ident("field"));
                    continue;
                }
                match Column::from_syn(field, errors) {
                    Some(column) => columns.push(column),
                    None => left_out.extend(field.ident.clone()),
                }
            }
        } else {
            errors.at(&item.ident, "a model is a struct with named fields");
        }
        Self { item, attr, columns, left_out, cached, bases: Vec::new() }
    }

    /// Whether it is a struct with named fields.
    pub(super) fn has_names(&self) -> bool {
        matches!(&self.item.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)))
    }

    pub(super) fn ident(&self) -> &Ident {
        &self.item.ident
    }

    /// The struct's name in small letters.
    pub(super) fn lower(&self) -> String {
        self.ident().to_string().to_lowercase()
    }

    /// The table: `store_album`.
    pub(super) fn table(&self) -> String {
        let lower = self.lower();
        match (&self.attr.table, &self.attr.app) {
            (Some(table), _) => table.value(),
            (None, Some(app)) => format!("{}_{lower}", app.value()),
            (None, None) => lower,
        }
    }

    /// The application: the one that is named, or the table's first word.
    pub(super) fn app(&self) -> String {
        let of_table = || self.table().split_once('_').map_or("", |(app, _)| app).to_owned();
        self.attr.app.as_ref().map_or_else(of_table, syn::LitStr::value)
    }

    pub(super) fn verbose_name(&self) -> String {
        let of_struct = || snake(&self.ident().to_string()).replace('_', " ");
        self.attr.verbose_name.as_ref().map_or_else(of_struct, syn::LitStr::value)
    }

    /// The module of diesel's table.
    pub(super) fn module(&self) -> Ident {
        format_ident!("{}", snake(&self.ident().to_string()))
    }

    /// The struct of paths.
    pub(super) fn fields(&self) -> Ident {
        format_ident!("{}Fields", self.ident())
    }

    /// The primary key: the one that says so, or else `id`.
    pub(super) fn key(&self) -> Option<usize> {
        let said = self.columns.iter().position(|column| column.attr.says("primary_key"));
        said.or_else(|| self.columns.iter().position(|column| column.ident == "id"))
    }

    /// Makes a model with mistakes one that can be written: it has a column, and no more than any
    /// program can have.
    pub(super) fn mend(&mut self) {
        self.item.generics = syn::Generics::default();
        self.columns.truncate(COLUMNS);
        self.drop_twins();
        if self.columns.is_empty() {
            self.columns.push(Column {
                ident: format_ident!("id"),
                ty: syn::parse_quote!(i64),
                attr: FieldAttr::default(),
                kind: Kind::BigInt,
                nullable: false,
            });
        }
    }

    /// Drops relations and annotations whose name something else has.
    fn drop_twins(&mut self) {
        let mut names: Vec<Ident> = Vec::new();
        let mut is_new = |name: &Ident| {
            let is_new = !names.contains(name);
            names.push(name.clone());
            is_new
        };
        for column in &self.columns {
            is_new(&column.ident);
        }
        for column in &mut self.columns {
            let name = column.name();
            if column.ident.unraw() != name && !is_new(&format_ident!("{name}")) {
                column.attr.foreign_key = None;
            }
        }
        self.attr.counts.retain(|(name, _)| is_new(name));
        self.attr.annotations.retain(|annotation| is_new(&annotation.name));
        self.attr.many_to_many.retain(|link| is_new(&link.name));
    }

    /// The column of a name.
    pub(super) fn index(&self, name: &Ident) -> Option<usize> {
        self.columns.iter().position(|column| column.is_called(name))
    }

    /// A link table and its two columns. Django's names are `store_playlist_tracks` with
    /// `playlist_id` and `track_id`; between rows of one model `from_playlist_id` and
    /// `to_playlist_id`.
    pub(super) fn link(&self, link: &ManyToMany) -> [String; 3] {
        let to = link.to.segments.last().map_or_else(String::new, |last| last.ident.to_string());
        let (from, to) = (self.lower(), to.to_lowercase());
        let own = from == to;
        let or = |said: &Option<syn::LitStr>, name: String| {
            said.as_ref().map_or(name, syn::LitStr::value)
        };
        [
            or(&link.through, format!("{}_{}", self.table(), link.name.unraw())),
            or(&link.source, if own { format!("from_{from}_id") } else { format!("{from}_id") }),
            or(&link.target, if own { format!("to_{to}_id") } else { format!("{to}_id") }),
        ]
    }
}

/// `models::Album` to `models::AlbumFields`.
pub(super) fn fields_of(model: &Path) -> Path {
    let mut path = model.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = format_ident!("{}Fields", last.ident);
    }
    path
}

/// `models::Album` to `models::album`.
pub(super) fn module_of(model: &Path) -> Path {
    let mut path = model.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = format_ident!("{}", snake(&last.ident.to_string()), span = last.ident.span());
    }
    path
}

/// `MediaType` to `media_type`.
fn snake(name: &str) -> String {
    let mut result = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_uppercase() {
            if index > 0 {
                result.push('_');
            }
            result.extend(letter.to_lowercase());
        } else {
            result.push(letter);
        }
    }
    result
}
