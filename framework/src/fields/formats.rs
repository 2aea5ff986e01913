//! The formats that a site sets for its fields.

use std::borrow::Cow;

use super::kind::FieldKind;
use super::{Field, moments};
use crate::settings::FormatSettings;

impl Field {
    /// The field with the formats of a site where it has none of its own; so have its items and members.
    pub(crate) fn with_formats(mut self, site: &FormatSettings) -> Self {
        match &mut self.kind {
            FieldKind::DateTime { input_formats, format } => {
                inherit(input_formats, site.datetime_input_formats);
                format.get_or_insert(site.datetime_format);
            }
            FieldKind::Date { input_formats, format } => {
                inherit(input_formats, site.date_input_formats);
                format.get_or_insert(site.date_format);
            }
            FieldKind::Time { input_formats, format } => {
                inherit(input_formats, site.time_input_formats);
                format.get_or_insert(site.time_format);
            }
            FieldKind::Duration { iso_8601, .. } => {
                iso_8601.get_or_insert(moments::is_iso(site.duration_format));
            }
            FieldKind::Decimal(options) => {
                options.as_number |= !site.coerce_decimal_to_string && !options.as_text;
            }
            FieldKind::Integer { big: true, as_text, .. } => {
                *as_text |= site.coerce_bigint_to_string;
            }
            FieldKind::List { child, .. } | FieldKind::Dict { child, .. } => {
                **child = child.as_ref().clone().with_formats(site);
            }
            FieldKind::Nested { fields, .. } => {
                *fields = fields.iter().map(|field| field.clone().with_formats(site)).collect();
            }
            _ => {}
        }
        self
    }
}

fn inherit(own: &mut Cow<'static, [&'static str]>, site: &'static [&'static str]) {
    if own.is_empty() {
        *own = Cow::Borrowed(site);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Value, parse_json};
    use super::*;
    use crate::values::JsonWriter;

    fn site() -> FormatSettings {
        FormatSettings {
            datetime_format: "%d.%m.%Y %H:%M",
            date_format: "%d.%m.%Y",
            time_format: "%H.%M",
            datetime_input_formats: &["%d.%m.%Y %H:%M"],
            date_input_formats: &["%d.%m.%Y", "iso-8601"],
            time_input_formats: &["%H.%M"],
            duration_format: "iso-8601",
            coerce_decimal_to_string: false,
            coerce_bigint_to_string: true,
        }
    }

    /// What a field shows of what it reads, or its messages.
    fn echo(field: Field, text: &str) -> String {
        let field = field.with_formats(&site());
        let raw = parse_json(text).unwrap();
        match field.run(Some(&raw), false) {
            Ok(value) => {
                let mut out = JsonWriter::new();
                field.write(value.unwrap_or(Value::Null).as_ref(), false, &mut out);
                String::from_utf8(out.into_bytes()).unwrap()
            }
            Err(error) => error.to_json().to_string(),
        }
    }

    #[test]
    fn fields_without_a_format_have_the_sites() {
        assert_eq!(echo(Field::datetime("f"), r#""9.2.2024 5:06""#), r#""09.02.2024 05:06""#);
        assert_eq!(
            echo(Field::datetime("f"), r#""2024-02-09""#),
            r#"["Datetime has wrong format. Use one of these formats instead: DD.MM.YYYY hh:mm."]"#
        );
        assert_eq!(echo(Field::date("f"), r#""2024-02-09""#), r#""09.02.2024""#);
        assert_eq!(echo(Field::time("f"), r#""5.06""#), r#""05.06""#);
        assert_eq!(echo(Field::duration("f"), "61"), r#""P0DT00H01M01S""#);
        assert_eq!(echo(Field::decimal("f", 5, 2), "1.5"), "1.5");
        assert_eq!(echo(Field::big_integer("f"), "7"), r#""7""#);
        assert_eq!(echo(Field::integer("f"), "7"), "7");
        let list = Field::list("f", Field::date(""));
        assert_eq!(echo(list, r#"["1.2.2024"]"#), r#"["01.02.2024"]"#);
        let nested = Field::nested("f", vec![Field::dict("d", Field::time(""))], false);
        assert_eq!(echo(nested, r#"{"d": {"a": "5.06"}}"#), r#"{"d":{"a":"05.06"}}"#);
    }

    #[test]
    fn a_fields_own_formats_go_before_the_sites() {
        let iso = Field::datetime("f").format("iso-8601").input_formats(["iso-8601"]);
        assert_eq!(echo(iso, r#""2024-02-09T05:06""#), r#""2024-02-09T05:06:00Z""#);
        assert_eq!(echo(Field::date("f").format("%Y"), r#""2024-02-09""#), r#""2024""#);
        assert_eq!(echo(Field::time("f").format("ISO-8601"), r#""5.06""#), r#""05:06:00""#);
        assert_eq!(echo(Field::duration("f").format("django"), "61"), r#""00:01:01""#);
        assert_eq!(echo(Field::decimal("f", 5, 2).as_text(), "1.5"), r#""1.50""#);
    }
}
