//! Fields of a model's columns (`rest_framework.utils.field_mapping`).

use crate::db::{ColumnDefault, ColumnForm, ColumnKind, ColumnMeta, FileColumn, ModelMeta};
use crate::exceptions::Detail;

use super::kind::{
    Char, Choice, DecimalOptions, FieldKind, FileOptions, KeyKind, Protocol, TextForm,
};
use super::{Field, Validator, Value};

impl Field {
    /// The field of a column, as a `ModelSerializer` makes it.
    pub fn from_column(column: &'static ColumnMeta) -> Self {
        let mut field = Self::new(column.name, kind(column));
        field.help_text = column.help_text.into();
        field.allow_null = column.nullable;
        field.required = column.default.is_none() && !column.nullable && !column.blank;
        // an empty text is no number, and no choice of numbers
        if column.blank && column.kind == ColumnKind::Text {
            field = field.allow_blank();
        }
        if let FieldKind::List { allow_empty, .. } = &mut field.kind {
            *allow_empty = column.blank;
            field.validators.extend(column.max_length.map(most_items));
        }
        if let Some(name) = column.verbose_name {
            field.label = capitalized(name).into();
        }
        field.validators.extend(column.validators.iter().map(|check| Validator::new(*check)));
        let is_clock =
            matches!(column.default, Some(ColumnDefault::AutoNow | ColumnDefault::AutoNowAdd));
        if is_clock || !column.editable {
            field = field.read_only();
        }
        if let Some(text) = error_of(column, "cycle") {
            field = field.error("cycle", text);
        }
        field
    }

    /// The field of a column of this model, whose primary key is read-only unless it is a text, which
    /// clients choose.
    pub fn from_model(model: &'static ModelMeta, column: &'static ColumnMeta) -> Self {
        let field = Self::from_column(column);
        let key = std::ptr::eq(model.pk_column(), column)
            && column.references.is_none()
            && column.kind != ColumnKind::Text;
        if key { field.read_only() } else { field }
    }
}

impl KeyKind {
    /// The kind of a key that a column stores.
    pub fn of(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Uuid => Self::Uuid,
            ColumnKind::Text => Self::Text,
            _ => Self::Int,
        }
    }
}

fn kind(column: &'static ColumnMeta) -> FieldKind {
    if column.references.is_some() {
        return FieldKind::PrimaryKey { key: KeyKind::of(column.kind) };
    }
    if let Some(file) = &column.file {
        let FileColumn { is_image, storage, .. } = *file;
        let max_length = column.max_length;
        return FieldKind::File(FileOptions { max_length, storage, ..FileOptions::new(is_image) });
    }
    if !column.choices.is_empty() {
        let choices = column
            .choices
            .iter()
            .map(|(value, label)| Choice::new(choice(column.kind, value), *label));
        return FieldKind::Choice { choices: choices.collect(), allow_blank: false };
    }
    let name = column.name;
    let field = match column.kind {
        ColumnKind::SmallInt => integer(column, i16::MIN.into(), i16::MAX.into(), false),
        ColumnKind::Integer => integer(column, i32::MIN.into(), i32::MAX.into(), false),
        ColumnKind::BigInt => integer(column, i64::MIN, i64::MAX, true),
        ColumnKind::Float => bounded(Field::float(name), column),
        ColumnKind::Bool => Field::boolean(name),
        ColumnKind::Text => {
            let form = match (column.regex, column.form) {
                (Some(regex), _) => TextForm::Pattern {
                    regex: regex(),
                    message: error_of(column, "invalid").unwrap_or("Enter a valid value."),
                },
                (None, _) if column.email => TextForm::Email,
                (None, ColumnForm::Slug) => TextForm::Slug { allow_unicode: false },
                (None, ColumnForm::UnicodeSlug) => TextForm::Slug { allow_unicode: true },
                (None, ColumnForm::Url) => TextForm::Url,
                (None, _) => TextForm::Plain,
            };
            let max_length = column.max_length;
            return FieldKind::Char(Char { max_length, form, ..Char::default() });
        }
        ColumnKind::Decimal { digits, places } => {
            bounded(Field::decimal(name, digits, places), column)
        }
        ColumnKind::Ip => Field::ip_address(
            name,
            match column.form {
                ColumnForm::Ipv4 => Protocol::V4,
                ColumnForm::Ipv6 => Protocol::V6,
                _ => Protocol::Both,
            },
        ),
        kind => Field::of_kind(name, kind),
    };
    field.kind
}

impl Field {
    /// A field for values of a kind of column, without bounds.
    pub(crate) fn of_kind(name: &'static str, kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => Self::integer(name),
            ColumnKind::Float => Self::float(name),
            ColumnKind::Bool => Self::boolean(name),
            ColumnKind::Text => Self::char(name),
            ColumnKind::Decimal { digits, places } => Self::decimal(name, digits, places),
            ColumnKind::Numeric => Self::new(name, FieldKind::Decimal(DecimalOptions::default())),
            ColumnKind::DateTime => Self::datetime(name),
            ColumnKind::Date => Self::date(name),
            ColumnKind::Time => Self::time(name),
            ColumnKind::Uuid => Self::uuid(name),
            ColumnKind::Json => Self::json(name),
            ColumnKind::Duration => Self::duration(name),
            ColumnKind::Binary => Self::new(name, FieldKind::Bytes),
            ColumnKind::Ip => Self::ip_address(name, Protocol::Both),
            ColumnKind::Array(item) => Self::list(name, Self::item(*item)),
        }
    }
}

impl Field {
    /// The field of the items of an array.
    fn item(kind: ColumnKind) -> Self {
        let bound = |least: i64, most: i64| FieldKind::Integer {
            min: Some(least),
            max: Some(most),
            big: false,
            as_text: false,
        };
        match kind {
            ColumnKind::SmallInt => Self::new("", bound(i16::MIN.into(), i16::MAX.into())),
            ColumnKind::Integer => Self::new("", bound(i32::MIN.into(), i32::MAX.into())),
            ColumnKind::BigInt => Self::new("", bound(i64::MIN, i64::MAX)),
            kind => Self::of_kind("", kind),
        }
    }
}

/// The check of an array's `size` (`ArrayMaxLengthValidator`).
fn most_items(most: usize) -> Validator {
    Validator::new(move |value| match value {
        Value::List(items) if items.len() > most => {
            let (count, word) = (items.len(), if items.len() == 1 { "item" } else { "items" });
            let text =
                format!("List contains {count} {word}, it should contain no more than {most}.");
            Err(Detail::new(text, "max_length"))
        }
        _ => Ok(()),
    })
}

/// What people read starts with a capital (`capfirst`).
fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn error_of(column: &ColumnMeta, code: &str) -> Option<&'static str> {
    column.errors.iter().find(|(own, _)| *own == code).map(|(_, text)| *text)
}

fn bounded(mut field: Field, column: &ColumnMeta) -> Field {
    if let Some(min) = column.min_value {
        field = field.min_value(min);
    }
    if let Some(max) = column.max_value {
        field = field.max_value(max);
    }
    field
}

/// A declared bound, or the one of the column's type when that is tighter.
fn integer(column: &ColumnMeta, least: i64, greatest: i64, big: bool) -> Field {
    let declared = |bound: Option<&str>| bound.and_then(|bound| bound.parse::<i64>().ok());
    let min = declared(column.min_value).map_or(least, |bound| bound.max(least));
    let max = declared(column.max_value).map_or(greatest, |bound| bound.min(greatest));
    Field::new(
        column.name,
        FieldKind::Integer { min: Some(min), max: Some(max), big, as_text: false },
    )
}

fn choice(kind: ColumnKind, value: &str) -> Value {
    let number = matches!(kind, ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt);
    let parsed = if number { value.parse().ok().map(Value::Int) } else { None };
    parsed.unwrap_or_else(|| Value::Text(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::Raw;
    use super::*;

    const PLAIN: ColumnMeta = ColumnMeta::new("unit_price", ColumnKind::Text);

    static MILLISECONDS: ColumnMeta = ColumnMeta {
        kind: ColumnKind::Integer,
        min_value: Some("1"),
        help_text: "Length in milliseconds.",
        ..PLAIN
    };
    static COMPOSER: ColumnMeta =
        ColumnMeta { nullable: true, blank: true, max_length: Some(3), ..PLAIN };
    static PRICE: ColumnMeta = ColumnMeta {
        kind: ColumnKind::Decimal { digits: 10, places: 2 },
        min_value: Some("0.00"),
        ..PLAIN
    };
    static LEVEL: ColumnMeta =
        ColumnMeta { kind: ColumnKind::SmallInt, choices: &[("1", "One"), ("2", "Two")], ..PLAIN };
    static UPDATED: ColumnMeta =
        ColumnMeta { kind: ColumnKind::DateTime, default: Some(ColumnDefault::AutoNow), ..PLAIN };

    fn text(field: &Field, raw: &Raw<'_>) -> serde_json::Value {
        field.run(Some(raw), false).unwrap_err().to_json()
    }

    #[test]
    fn a_pattern_is_checked_before_the_length_and_has_words_of_its_own() {
        static NAME: ColumnMeta = ColumnMeta {
            max_length: Some(3),
            regex: Some(|| super::super::Pattern::new("^[a-z]+$").unwrap()),
            errors: &[("invalid", "Letters only.")],
            ..PLAIN
        };
        let field = Field::from_column(&NAME);
        let both = ["Letters only.", "Ensure this field has no more than 3 characters."];
        assert_eq!(text(&field, &Raw::Text("A1 B".into())), serde_json::json!(both));
        assert_eq!(text(&field, &Raw::Bool(true)), serde_json::json!(["Not a valid string."]));
    }

    #[test]
    fn an_integer_has_its_own_bounds_or_those_of_its_type() {
        let field = Field::from_column(&MILLISECONDS);
        let below = serde_json::json!(["Ensure this value is greater than or equal to 1."]);
        assert_eq!(text(&field, &Raw::Int("0".into())), below);
        let above = serde_json::json!(["Ensure this value is less than or equal to 2147483647."]);
        assert_eq!(text(&field, &Raw::Int("2147483648".into())), above);
        assert_eq!(field.help_text, "Length in milliseconds.");
        assert_eq!(field.label, "Unit price");
        assert!(field.required);
    }

    #[test]
    fn a_column_of_64_bits_is_a_big_integer() {
        static BYTES: ColumnMeta = ColumnMeta { kind: ColumnKind::BigInt, ..PLAIN };
        let text = text(&Field::from_column(&BYTES), &Raw::Text("x".into()));
        assert_eq!(text, serde_json::json!(["A valid biginteger is required."]));
    }

    #[test]
    fn a_nullable_text_is_optional_and_takes_null_and_blank() {
        let field = Field::from_column(&COMPOSER);
        assert!(!field.required && field.allow_null && field.allows_blank());
        assert_eq!(field.run(Some(&Raw::Null), false), Ok(Some(Value::Null)));
        assert!(field.run(Some(&Raw::Text("four".into())), false).is_err());
    }

    #[test]
    fn decimals_choices_and_clocks_follow_the_column() {
        let below = serde_json::json!(["Ensure this value is greater than or equal to 0.00."]);
        assert_eq!(text(&Field::from_column(&PRICE), &Raw::Int("-1".into())), below);
        let level = Field::from_column(&LEVEL);
        assert_eq!(level.run(Some(&Raw::Text("2".into())), false), Ok(Some(Value::Int(2))));
        assert!(Field::from_column(&UPDATED).read_only);
    }
}
