//! A field of a serializer: a description made at start-up, and the validation of a value.
//!
//! The stages are DRF's (`Field.run_validation`): blank, absent, null, conversion, validators.
//! [`Field::run`] runs all of them; a serializer, which has more to do in between, calls
//! [`Field::start`], [`Field::convert`] and [`Field::validate`].

use std::borrow::Cow;
use std::sync::Arc;

use crate::exceptions::{Detail, Validated};

use super::kind::{Char, DecimalOptions, FieldDefault, FieldKind, FileOptions, Rounding, TextForm};
use super::{Pattern, Raw, UuidFormat, Value, convert, duration, moments, python, text};
use crate::validators::Validator;

/// A field of a serializer.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "they are DRF's arguments, each on its own")]
pub struct Field {
    /// Its key in input and output; empty for the child of a list.
    pub name: &'static str,
    /// The key of its value in what a serializer without a model validates and shows, if that is
    /// not its name.
    pub source: Option<&'static str>,
    /// Its kind, which decides what it accepts.
    pub kind: FieldKind,
    /// Whether input for it is ignored.
    pub read_only: bool,
    /// Whether it is left out of the output.
    pub write_only: bool,
    /// Whether input without it is refused.
    pub required: bool,
    /// Whether null is allowed.
    pub allow_null: bool,
    /// The value if it is absent.
    pub default: Option<FieldDefault>,
    /// What people read.
    pub label: Cow<'static, str>,
    /// A sentence for people.
    pub help_text: Cow<'static, str>,
    /// What a form shows first.
    pub initial: Option<Value>,
    /// Custom messages by code (`error_messages`); `{max_length}` and the like are filled in.
    pub messages: Vec<(&'static str, Cow<'static, str>)>,
    /// Checks that run before the kind's own (length, bounds, form).
    pub validators: Vec<Validator>,
    /// Whether the least and the greatest number are those of the Rust type, of which metadata says nothing.
    pub(crate) bounds_of_type: (bool, bool),
}

/// The state of a value after the first stages.
#[derive(Debug)]
pub enum Start<'r, 'a> {
    /// It is skipped: read-only, or absent without a default.
    Skip,
    /// It is complete: a default, a null, an accepted blank.
    Done(Value),
    /// It must be converted and validated.
    Convert(&'r Raw<'a>),
}

impl Field {
    /// Creates a required field of a kind.
    pub fn new(name: &'static str, kind: FieldKind) -> Self {
        let read_only = matches!(kind, FieldKind::ReadOnly);
        Self {
            name,
            source: None,
            required: !read_only && !matches!(kind, FieldKind::Hidden),
            write_only: matches!(kind, FieldKind::Hidden),
            kind,
            read_only,
            allow_null: false,
            default: None,
            label: Cow::Owned(label(name)),
            help_text: Cow::Borrowed(""),
            initial: None,
            messages: Vec::new(),
            validators: Vec::new(),
            bounds_of_type: (false, false),
        }
    }

    /// Ignores input for it.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self.required = false;
        self
    }

    /// Leaves it out of the output.
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Whether input without it is refused.
    pub fn required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// Allows null.
    pub fn allow_null(mut self) -> Self {
        self.allow_null = true;
        self
    }

    /// The value when it is absent.
    pub fn default(mut self, value: impl super::FieldType) -> Self {
        self.default = Some(FieldDefault::Value(value.into_value()));
        self.required = false;
        self
    }

    /// Sets a function that computes the value if it is absent.
    pub fn default_with(mut self, make: impl Fn() -> Value + Send + Sync + 'static) -> Self {
        self.default = Some(FieldDefault::Call(Arc::new(make)));
        self.required = false;
        self
    }

    /// What people read.
    pub fn label(mut self, label: impl Into<Cow<'static, str>>) -> Self {
        self.label = label.into();
        self
    }

    /// A sentence for people.
    pub fn help_text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.help_text = text.into();
        self
    }

    /// What a form shows first.
    pub fn initial(mut self, value: impl super::FieldType) -> Self {
        self.initial = Some(value.into_value());
        self
    }

    /// Sets the message of a code: `error("blank", "A track needs a name.")`.
    pub fn error(mut self, code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        self.messages.retain(|(known, _)| *known != code);
        self.messages.push((code, text.into()));
        self
    }

    /// Adds a validator.
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// What a form shows first: [`initial`](Self::initial), or what its kind starts with
    /// (`get_initial`).
    pub fn get_initial(&self) -> Value {
        if let Some(value) = &self.initial {
            return value.clone();
        }
        match &self.kind {
            FieldKind::Boolean if !self.allow_null => Value::Bool(false),
            FieldKind::Char(_) => Value::Text(String::new()),
            FieldKind::List { .. } | FieldKind::Nested { many: true, .. } => {
                Value::List(Vec::new())
            }
            FieldKind::Dict { .. } => Value::Map(Vec::new()),
            FieldKind::Nested { fields, many: false, .. } => Value::Map(
                fields
                    .iter()
                    .filter(|field| field.is_writable())
                    .map(|field| (Cow::Borrowed(field.name), field.get_initial()))
                    .collect(),
            ),
            _ => Value::Null,
        }
    }

    /// Allows an empty string, for text and choices.
    pub fn allow_blank(mut self) -> Self {
        match &mut self.kind {
            FieldKind::Char(Char { allow_blank, .. })
            | FieldKind::Choice { allow_blank, .. }
            | FieldKind::MultipleChoice { allow_blank, .. } => *allow_blank = true,
            _ => {}
        }
        self
    }

    /// Keeps white space at the ends of text (`trim_whitespace=False`).
    pub fn keep_whitespace(mut self) -> Self {
        if let FieldKind::Char(char) = &mut self.kind {
            char.trim_whitespace = false;
        }
        self
    }

    /// Sets the most characters of text, or items of a list.
    pub fn max_length(mut self, length: usize) -> Self {
        match &mut self.kind {
            FieldKind::Char(Char { max_length, .. })
            | FieldKind::List { max_length, .. }
            | FieldKind::Nested { max_length, .. }
            | FieldKind::File(FileOptions { max_length, .. }) => *max_length = Some(length),
            _ => {}
        }
        self
    }

    /// Accepts a file without bytes (`FileField(allow_empty_file=True)`).
    pub fn allow_empty_file(mut self) -> Self {
        if let FieldKind::File(options) = &mut self.kind {
            options.allow_empty_file = true;
        }
        self
    }

    /// Shows the name under which a file is stored, not its URL (`FileField(use_url=False)`).
    pub fn show_name(mut self) -> Self {
        if let FieldKind::File(options) = &mut self.kind {
            options.use_url = Some(false);
        }
        self
    }

    /// Sets the fewest characters of text, or items of a list.
    pub fn min_length(mut self, length: usize) -> Self {
        match &mut self.kind {
            FieldKind::Char(Char { min_length, .. })
            | FieldKind::List { min_length, .. }
            | FieldKind::Nested { min_length, .. } => *min_length = Some(length),
            _ => {}
        }
        self
    }

    /// Sets the least number, as text: `"0.00"`; for a duration, `"1 00:00:00"`, or seconds. A bound
    /// that the kind cannot parse is ignored.
    pub fn min_value(mut self, bound: &str) -> Self {
        self.bounds_of_type.0 = false;
        match &mut self.kind {
            FieldKind::Integer { min, .. } => *min = bound.parse().ok(),
            FieldKind::Float { min, .. } => *min = bound.parse().ok(),
            FieldKind::Decimal(DecimalOptions { min, .. }) => *min = bound.parse().ok(),
            FieldKind::Duration { min, .. } => *min = length(bound),
            _ => {}
        }
        self
    }

    /// Sets the least number that the Rust type holds, which documents do not tell as a rule of the field.
    #[doc(hidden)]
    #[must_use]
    pub fn min_of_type(self, bound: &str) -> Self {
        let mut field = self.min_value(bound);
        field.bounds_of_type.0 = true;
        field
    }

    /// Sets the greatest number that the Rust type holds.
    #[doc(hidden)]
    #[must_use]
    pub fn max_of_type(self, bound: &str) -> Self {
        let mut field = self.max_value(bound);
        field.bounds_of_type.1 = true;
        field
    }

    /// Sets the greatest number, as text: `"999.99"`; for a duration, `"1 00:00:00"`, or seconds. A
    /// bound that the kind cannot parse is ignored.
    pub fn max_value(mut self, bound: &str) -> Self {
        self.bounds_of_type.1 = false;
        match &mut self.kind {
            FieldKind::Integer { max, .. } => *max = bound.parse().ok(),
            FieldKind::Float { max, .. } => *max = bound.parse().ok(),
            FieldKind::Decimal(DecimalOptions { max, .. }) => *max = bound.parse().ok(),
            FieldKind::Duration { max, .. } => *max = length(bound),
            _ => {}
        }
        self
    }

    /// Refuses an empty list, dictionary or selection (`allow_empty=False`).
    pub fn refuse_empty(mut self) -> Self {
        match &mut self.kind {
            FieldKind::List { allow_empty, .. }
            | FieldKind::Dict { allow_empty, .. }
            | FieldKind::MultipleChoice { allow_empty, .. }
            | FieldKind::ManyRelated { allow_empty, .. }
            | FieldKind::Nested { allow_empty, .. } => *allow_empty = false,
            _ => {}
        }
        self
    }

    /// The key of its value in what a serializer without a model validates (`source="stored_as"`).
    pub fn source(mut self, key: &'static str) -> Self {
        self.source = Some(key);
        self
    }

    /// The key of its value in what a serializer without a model validates: its
    /// [`source`](Self::source), or its name.
    pub fn source_name(&self) -> &'static str {
        self.source.unwrap_or(self.name)
    }

    /// Sets the form of the output (`format="%d/%m/%Y"`): of a date or time, a format of Python's
    /// `strftime`, or `iso-8601`; of a UUID, `hex_verbose`, `hex`, `int` or `urn`; of a duration,
    /// `django` or `iso-8601`. A kind without formats, and another word for a UUID or a duration,
    /// change nothing.
    pub fn format(mut self, text: &'static str) -> Self {
        match &mut self.kind {
            FieldKind::DateTime { format, .. }
            | FieldKind::Date { format, .. }
            | FieldKind::Time { format, .. } => {
                *format = Some(text);
            }
            FieldKind::Uuid { format } => *format = uuid_format(text).unwrap_or(*format),
            FieldKind::Duration { iso_8601, .. } => {
                *iso_8601 = Some(moments::is_iso(text));
            }
            _ => {}
        }
        self
    }

    /// Sets the formats of the input of a date or time (`input_formats=[..]`): those of Python's
    /// `strptime`, and `iso-8601`. The first that fits counts.
    pub fn input_formats(mut self, formats: impl IntoIterator<Item = &'static str>) -> Self {
        match &mut self.kind {
            FieldKind::DateTime { input_formats, .. }
            | FieldKind::Date { input_formats, .. }
            | FieldKind::Time { input_formats, .. } => {
                *input_formats = formats.into_iter().collect();
            }
            _ => {}
        }
        self
    }

    /// Shows a decimal as a number, not as a string (`coerce_to_string=False`).
    pub fn as_number(mut self) -> Self {
        if let FieldKind::Decimal(options) = &mut self.kind {
            options.as_number = true;
            options.as_text = false;
        }
        self
    }

    /// Shows a whole number as a text (`BigIntegerField(coerce_to_string=True)`), for readers of JSON
    /// whose numbers have 53 bits; a decimal, too, where the site shows decimals as numbers.
    pub fn as_text(mut self) -> Self {
        match &mut self.kind {
            FieldKind::Integer { as_text, .. } => *as_text = true,
            FieldKind::Decimal(options) => {
                options.as_text = true;
                options.as_number = false;
            }
            _ => {}
        }
        self
    }

    /// Drops trailing zeros from the output of a decimal (`normalize_output=True`).
    pub fn normalize_output(mut self) -> Self {
        if let FieldKind::Decimal(options) = &mut self.kind {
            options.normalize_output = true;
        }
        self
    }

    /// Sets how the output of a decimal is rounded to its places (`rounding=ROUND_HALF_UP`).
    pub fn rounding(mut self, rounding: Rounding) -> Self {
        if let FieldKind::Decimal(options) = &mut self.kind {
            options.rounding = rounding;
        }
        self
    }

    /// Sends and shows JSON as a text that holds it (`JSONField(binary=True)`).
    pub fn binary(mut self) -> Self {
        if let FieldKind::Json { binary } = &mut self.kind {
            *binary = true;
        }
        self
    }

    /// Whether an empty string is allowed.
    pub fn allows_blank(&self) -> bool {
        match &self.kind {
            FieldKind::Char(Char { allow_blank, .. })
            | FieldKind::Choice { allow_blank, .. }
            | FieldKind::MultipleChoice { allow_blank, .. } => *allow_blank,
            FieldKind::Any => true,
            _ => false,
        }
    }

    /// Whether input can set it.
    pub fn is_writable(&self) -> bool {
        !self.read_only
    }

    /// Runs all stages: `None` if the field is skipped (`run_validation`).
    ///
    /// # Errors
    /// A list of messages, or a map of them by index or key.
    pub fn run(&self, raw: Option<&Raw<'_>>, partial: bool) -> Result<Option<Value>, Detail> {
        match self.start(raw, partial)? {
            Start::Skip => Ok(None),
            Start::Done(value) => Ok(Some(value)),
            Start::Convert(raw) => {
                let value = self.convert(raw, partial)?;
                self.validate(&value, raw)?;
                Ok(Some(value))
            }
        }
    }

    /// The first stages: read-only, blank, absent, null.
    ///
    /// # Errors
    /// The codes `blank`, `required` and `null`.
    pub fn start<'r, 'a>(
        &self,
        raw: Option<&'r Raw<'a>>,
        partial: bool,
    ) -> Result<Start<'r, 'a>, Detail> {
        if self.read_only {
            return Ok(Start::Skip);
        }
        let raw = if matches!(self.kind, FieldKind::Hidden) { None } else { raw };
        let Some(raw) = raw else { return self.absent(partial) };
        if let Some(blank) = self.blank(raw) {
            return blank.map(Start::Done);
        }
        let null = match raw {
            Raw::Null => true,
            Raw::Text(text) | Raw::JsonText(text) => match &self.kind {
                // an empty string means null in a relation
                FieldKind::PrimaryKey { .. } | FieldKind::SlugKey => text.is_empty(),
                FieldKind::Decimal(_) if self.allow_null => python::strip(text).is_empty(),
                _ => false,
            },
            _ => false,
        };
        if !null {
            return Ok(Start::Convert(raw));
        }
        if self.allow_null || matches!(self.kind, FieldKind::Any) {
            return Ok(Start::Done(Value::Null));
        }
        Err(self.fail("null", "This field may not be null."))
    }

    /// The outcome of a blank text, which a `CharField` decides about before anything else.
    pub(crate) fn blank(&self, raw: &Raw<'_>) -> Option<Result<Value, Detail>> {
        let (Raw::Text(text) | Raw::JsonText(text), FieldKind::Char(char)) = (raw, &self.kind)
        else {
            return None;
        };
        if !text::is_blank(text, char.trim_whitespace) {
            return None;
        }
        if char.allow_blank {
            return Some(Ok(Value::Text(String::new())));
        }
        Some(Err(self.fail("blank", "This field may not be blank.")))
    }

    fn absent<'r, 'a>(&self, partial: bool) -> Result<Start<'r, 'a>, Detail> {
        if partial {
            return Ok(Start::Skip);
        }
        if self.required {
            let text = match self.kind {
                FieldKind::File(_) => "No file was submitted.",
                _ => "This field is required.",
            };
            return Err(self.fail("required", text));
        }
        let default = self.default.as_ref().and_then(FieldDefault::get);
        Ok(default.map_or(Start::Skip, Start::Done))
    }

    /// Turns input into a value (`to_internal_value`).
    ///
    /// # Errors
    /// The first error.
    pub fn convert(&self, raw: &Raw<'_>, partial: bool) -> Result<Value, Detail> {
        convert::convert(self, raw, partial)
    }

    /// Runs the validators on a converted value; `raw` is the input.
    ///
    /// # Errors
    /// Every message, in order.
    pub fn validate(&self, value: &Value, raw: &Raw<'_>) -> Validated {
        let mut errors = Vec::new();
        for validator in &self.validators {
            match validator.check(value) {
                Ok(()) => {}
                Err(Detail::List(items)) => errors.extend(items),
                Err(map @ Detail::Map(_)) => return Err(map),
                Err(message) => errors.push(message),
            }
        }
        convert::bounds(self, value, raw, &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Detail::List(errors)) }
    }

    /// A list of one message with its code, or the field's own message.
    pub fn fail(&self, code: &'static str, text: &'static str) -> Detail {
        Detail::List(vec![self.message(code, text, &[])])
    }

    /// Like [`fail`](Self::fail), with `{name}` filled in.
    pub fn fail_with(
        &self,
        code: &'static str,
        text: &'static str,
        parameters: &[(&str, &str)],
    ) -> Detail {
        Detail::List(vec![self.message(code, text, parameters)])
    }

    /// One message, with `{name}` filled in.
    pub fn message(
        &self,
        code: &'static str,
        text: &'static str,
        parameters: &[(&str, &str)],
    ) -> Detail {
        message(&self.messages, code, text, parameters)
    }
}

/// A message with `{name}` filled in; the text is one's own, where there is one for the code.
pub(crate) fn message(
    own: &[(&'static str, Cow<'static, str>)],
    code: &'static str,
    text: &'static str,
    parameters: &[(&str, &str)],
) -> Detail {
    let own = own.iter().find(|(known, _)| *known == code);
    let text = own.map_or(Cow::Borrowed(text), |(_, text)| text.clone());
    if parameters.is_empty() {
        return Detail::new(text, code);
    }
    Detail::new(fill(&text, parameters), code)
}

/// A bound of a duration.
fn length(text: &str) -> Option<chrono::TimeDelta> {
    duration::parse(text)?.ok()
}

fn uuid_format(text: &str) -> Option<UuidFormat> {
    Some(match text {
        "hex_verbose" => UuidFormat::HexVerbose,
        "hex" => UuidFormat::Hex,
        "int" => UuidFormat::Int,
        "urn" => UuidFormat::Urn,
        _ => return None,
    })
}

/// Replaces names in braces by values.
fn fill(text: &str, parameters: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (head, tail) = rest.split_at(open);
        out.push_str(head);
        let known = parameters.iter().find_map(|(name, value)| {
            let after = tail.strip_prefix('{')?.strip_prefix(name)?.strip_prefix('}')?;
            Some((value, after))
        });
        if let Some((value, after)) = known {
            out.push_str(value);
            rest = after;
        } else {
            out.push('{');
            rest = tail.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

/// `unit_price` as people read it: `Unit price`.
pub(crate) fn label(name: &str) -> String {
    let mut chars = name.chars().map(|c| if c == '_' { ' ' } else { c });
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect()
    })
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $kind:expr;)*) => {
        impl Field {$(
            $(#[$doc])*
            pub fn $name(name: &'static str) -> Self {
                Self::new(name, $kind)
            }
        )*}
    };
}

fn char(form: TextForm) -> FieldKind {
    FieldKind::Char(Char { form, ..Char::default() })
}

kinds! {
    /// `BooleanField`
    boolean => FieldKind::Boolean;
    /// `CharField`
    char => char(TextForm::Plain);
    /// `EmailField`
    email => char(TextForm::Email);
    /// `SlugField`
    slug => char(TextForm::Slug { allow_unicode: false });
    /// `SlugField(allow_unicode=True)`
    unicode_slug => char(TextForm::Slug { allow_unicode: true });
    /// `URLField`
    url => char(TextForm::Url);
    /// `UUIDField`
    uuid => FieldKind::Uuid { format: super::format::UuidFormat::HexVerbose };
    /// `IntegerField`
    integer => FieldKind::Integer { min: None, max: None, big: false, as_text: false };
    /// `BigIntegerField`
    big_integer => FieldKind::Integer { min: None, max: None, big: true, as_text: false };
    /// `FloatField`
    float => FieldKind::Float { min: None, max: None };
    /// `DateTimeField`
    datetime => FieldKind::DateTime { input_formats: Cow::Borrowed(&[]), format: None };
    /// `DateField`
    date => FieldKind::Date { input_formats: Cow::Borrowed(&[]), format: None };
    /// `TimeField`
    time => FieldKind::Time { input_formats: Cow::Borrowed(&[]), format: None };
    /// `DurationField`
    duration => FieldKind::Duration { min: None, max: None, iso_8601: None };
    /// `FileField`
    file => FieldKind::File(FileOptions::new(false));
    /// `ImageField`
    image => FieldKind::File(FileOptions::new(true));
    /// `JSONField`
    json => FieldKind::Json { binary: false };
    /// A read-only field: `ReadOnlyField`, `SerializerMethodField`.
    method => FieldKind::ReadOnly;
    /// `HiddenField`; give it a default.
    hidden => FieldKind::Hidden;
    /// `SlugRelatedField`, one row.
    slug_key => FieldKind::SlugKey;
}

impl Field {
    /// `RegexField`
    pub fn regex(name: &'static str, expression: impl Into<Pattern>) -> Self {
        Self::new(name, char(TextForm::Regex(expression.into())))
    }

    /// `IPAddressField`
    pub fn ip_address(name: &'static str, protocol: super::Protocol) -> Self {
        Self::new(name, char(TextForm::Ip(protocol)))
    }

    /// `DecimalField`
    pub fn decimal(name: &'static str, max_digits: u32, decimal_places: u32) -> Self {
        let options = DecimalOptions {
            max_digits: Some(max_digits),
            decimal_places: Some(decimal_places),
            ..DecimalOptions::default()
        };
        Self::new(name, FieldKind::Decimal(options))
    }

    /// `ChoiceField`
    pub fn choice<C: Into<super::Choice>>(
        name: &'static str,
        choices: impl IntoIterator<Item = C>,
    ) -> Self {
        let choices = choices.into_iter().map(Into::into).collect();
        Self::new(name, FieldKind::Choice { choices, allow_blank: false })
    }

    /// `MultipleChoiceField`
    pub fn multiple_choice<C: Into<super::Choice>>(
        name: &'static str,
        choices: impl IntoIterator<Item = C>,
    ) -> Self {
        let choices = choices.into_iter().map(Into::into).collect();
        let kind = FieldKind::MultipleChoice { choices, allow_blank: false, allow_empty: true };
        Self::new(name, kind)
    }

    /// `ListField`
    pub fn list(name: &'static str, child: Self) -> Self {
        let child = Box::new(child);
        let kind = FieldKind::List { child, allow_empty: true, min_length: None, max_length: None };
        Self::new(name, kind)
    }

    /// `DictField`
    pub fn dict(name: &'static str, child: Self) -> Self {
        Self::new(name, FieldKind::Dict { child: Box::new(child), allow_empty: true })
    }

    /// `HStoreField`: a dictionary of texts.
    pub fn hstore(name: &'static str) -> Self {
        Self::dict(name, Self::char("").allow_blank().allow_null())
    }

    /// `PrimaryKeyRelatedField`, one row.
    pub fn primary_key(name: &'static str, key: super::KeyKind) -> Self {
        Self::new(name, FieldKind::PrimaryKey { key })
    }

    /// A relation to many rows (`many=True`).
    pub fn many_related(name: &'static str, child: Self) -> Self {
        Self::new(name, FieldKind::ManyRelated { child: Box::new(child), allow_empty: true })
    }

    /// A serializer as a field; a list of objects when `many`.
    pub fn nested(name: &'static str, fields: impl Into<Arc<[Self]>>, many: bool) -> Self {
        let kind = FieldKind::Nested {
            fields: fields.into(),
            many,
            allow_empty: true,
            min_length: None,
            max_length: None,
        };
        Self::new(name, kind)
    }
}
