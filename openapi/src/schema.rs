//! The schemas of values: the fields of a serializer, and its uses.

use serde_json::Value;

/// A serializer's fields, under the serializer's name without `Serializer`.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) fields: Vec<FieldSchema>,
}

impl Component {
    /// A component without fields.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), description: None, fields: Vec::new() }
    }

    /// What the serializer is for.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a field; the document keeps the order.
    #[must_use]
    pub fn field(mut self, field: FieldSchema) -> Self {
        self.fields.push(field);
        self
    }

    /// Adds several fields.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = FieldSchema>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// One field of a serializer.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // four independent properties of a REST framework field
pub struct FieldSchema {
    pub(crate) name: String,
    pub(crate) kind: SchemaKind,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
    pub(crate) read_only: bool,
    pub(crate) write_only: bool,
    pub(crate) default: Option<Value>,
    pub(crate) title: Option<String>,
    pub(crate) help_text: Option<String>,
    pub(crate) items: (Option<usize>, Option<usize>),
}

impl FieldSchema {
    /// Creates a field that is optional, not nullable, and both read and written.
    pub fn new(name: impl Into<String>, kind: SchemaKind) -> Self {
        Self {
            name: name.into(),
            kind,
            required: false,
            nullable: false,
            read_only: false,
            write_only: false,
            default: None,
            title: None,
            help_text: None,
            items: (None, None),
        }
    }

    /// Sets whether a request must contain it. A read-only field is always listed as required,
    /// because every response contains it.
    #[must_use]
    pub fn required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// Sets the fewest and the most items of a list.
    #[must_use]
    pub fn items(mut self, fewest: Option<usize>, most: Option<usize>) -> Self {
        self.items = (fewest, most);
        self
    }

    /// Whether null is allowed.
    #[must_use]
    pub fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// Sets whether it is only in responses.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets whether it is only in requests.
    #[must_use]
    pub fn write_only(mut self, write_only: bool) -> Self {
        self.write_only = write_only;
        self
    }

    /// Sets the default value.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Sets the label, if it says more than the field's name.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What the field means.
    #[must_use]
    pub fn help_text(mut self, text: impl Into<String>) -> Self {
        self.help_text = Some(text.into());
        self
    }
}

/// What kind of value a field, a parameter or a header holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SchemaKind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer {
        /// `int32` or `int64`, if relevant.
        format: Option<String>,
        /// The least value.
        minimum: Option<i64>,
        /// The greatest value.
        maximum: Option<i64>,
    },
    /// A number with a fraction.
    Number {
        /// The least value.
        minimum: Option<f64>,
        /// The greatest value.
        maximum: Option<f64>,
    },
    /// A decimal, written as a string.
    Decimal {
        /// All digits, before and after the point.
        max_digits: Option<u32>,
        /// Digits after the point.
        decimal_places: u32,
    },
    /// Text.
    String {
        /// `date`, `date-time`, `email`, `uri`, `uuid`, `binary`, …
        format: Option<String>,
        /// The fewest characters.
        min_length: Option<usize>,
        /// The most characters.
        max_length: Option<usize>,
        /// A regular expression that the text matches.
        pattern: Option<String>,
    },
    /// One of a few values, which become a component named for the field.
    Enum {
        /// The values with their labels, in order.
        choices: Vec<(Value, String)>,
        /// Whether the empty string is allowed too.
        allow_blank: bool,
    },
    /// A list of values.
    Array(Box<SchemaKind>),
    /// Another serializer, by its component's name.
    Object(String),
    /// An object whose keys are not known beforehand.
    Map(Box<SchemaKind>),
    /// Any JSON value.
    Any,
}

impl SchemaKind {
    /// A whole number without bounds.
    pub fn integer() -> Self {
        Self::Integer { format: None, minimum: None, maximum: None }
    }

    /// A whole number between two values, each of which may be absent.
    pub fn integer_between(minimum: Option<i64>, maximum: Option<i64>) -> Self {
        Self::Integer { format: None, minimum, maximum }
    }

    /// A number with a fraction, without bounds.
    pub fn number() -> Self {
        Self::Number { minimum: None, maximum: None }
    }

    /// A decimal with this many digits in total and after the point.
    pub fn decimal(max_digits: u32, decimal_places: u32) -> Self {
        Self::Decimal { max_digits: Some(max_digits), decimal_places }
    }

    /// Text without bounds.
    pub fn string() -> Self {
        Self::String { format: None, min_length: None, max_length: None, pattern: None }
    }

    /// Text of at most this many characters.
    pub fn string_up_to(max_length: usize) -> Self {
        Self::String { format: None, min_length: None, max_length: Some(max_length), pattern: None }
    }

    /// Text in a format such as `date-time`.
    pub fn format(format: impl Into<String>) -> Self {
        Self::String {
            format: Some(format.into()),
            min_length: None,
            max_length: None,
            pattern: None,
        }
    }

    /// One of a few values with their labels.
    pub fn choices<I, V, L>(choices: I) -> Self
    where
        I: IntoIterator<Item = (V, L)>,
        V: Into<Value>,
        L: Into<String>,
    {
        let choices = choices.into_iter().map(|(value, label)| (value.into(), label.into()));
        Self::Enum { choices: choices.collect(), allow_blank: false }
    }

    /// A list of a kind.
    #[must_use]
    pub fn array(item: Self) -> Self {
        Self::Array(Box::new(item))
    }

    /// An object with values of a kind.
    #[must_use]
    pub fn map(value: Self) -> Self {
        Self::Map(Box::new(value))
    }

    /// Another serializer, by its component's name.
    pub fn component(name: impl Into<String>) -> Self {
        Self::Object(name.into())
    }

    /// The component that the kind refers to.
    pub(crate) fn target(&self) -> Option<&str> {
        match self {
            Self::Object(name) => Some(name),
            Self::Array(inner) | Self::Map(inner) => inner.target(),
            _ => None,
        }
    }
}

/// What a body holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SchemaRef {
    /// One object of a component.
    Component(String),
    /// A bare list of a component.
    List(String),
    /// A page of a component, in its paginator's envelope.
    Page(String, Envelope),
    /// A value that has no component.
    Inline(SchemaKind),
    /// One object of a component, or a list of them with the fewest and the most items.
    OneOrList(String, Option<usize>, Option<usize>),
    /// An object with one of the others under a key.
    Under(String, Box<SchemaRef>),
}

impl SchemaRef {
    /// This under a key of an object: `{"article": {..}}`.
    #[must_use]
    pub fn under(self, key: impl Into<String>) -> Self {
        Self::Under(key.into(), Box::new(self))
    }

    /// What is under the key, if there is one.
    pub(crate) fn inside(&self) -> &Self {
        match self {
            Self::Under(_, inner) => inner.inside(),
            other => other,
        }
    }

    /// One object of a component.
    pub fn component(name: impl Into<String>) -> Self {
        Self::Component(name.into())
    }

    /// A bare list of a component.
    pub fn list(name: impl Into<String>) -> Self {
        Self::List(name.into())
    }

    /// One object of a component, or a list of them.
    pub fn one_or_list(
        name: impl Into<String>,
        fewest: Option<usize>,
        most: Option<usize>,
    ) -> Self {
        Self::OneOrList(name.into(), fewest, most)
    }

    /// A page of a component.
    pub fn page(name: impl Into<String>, envelope: Envelope) -> Self {
        Self::Page(name.into(), envelope)
    }

    /// A value that has no component.
    pub fn inline(kind: SchemaKind) -> Self {
        Self::Inline(kind)
    }

    /// The component that it refers to.
    pub(crate) fn target(&self) -> Option<&str> {
        match self {
            Self::Component(name)
            | Self::List(name)
            | Self::OneOrList(name, ..)
            | Self::Page(name, _) => Some(name),
            Self::Inline(kind) => kind.target(),
            Self::Under(_, inner) => inner.target(),
        }
    }
}

/// What a paginator wraps around a list, with the names of its query parameters (they show in
/// the examples).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Envelope {
    /// `count`, `next`, `previous`, `results`, by page number.
    PageNumber {
        /// Usually `page`.
        page: String,
    },
    /// `count`, `next`, `previous`, `results`, by offset.
    LimitOffset {
        /// Usually `limit`.
        limit: String,
        /// Usually `offset`.
        offset: String,
    },
    /// `next`, `previous`, `results`.
    Cursor {
        /// Usually `cursor`.
        cursor: String,
    },
    /// Keys of its own.
    Custom {
        /// The keys before that of the rows, in order.
        keys: Vec<EnvelopeKey>,
        /// The key of the rows.
        results: String,
    },
}

/// A key of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct EnvelopeKey {
    pub(crate) name: String,
    /// An address or null; otherwise a number.
    pub(crate) link: bool,
    pub(crate) required: bool,
    pub(crate) example: String,
}

impl EnvelopeKey {
    /// A key that holds a number.
    pub fn integer(name: impl Into<String>, example: impl Into<String>) -> Self {
        Self { name: name.into(), link: false, required: true, example: example.into() }
    }

    /// A key that holds an address or null.
    pub fn link(name: impl Into<String>, example: impl Into<String>) -> Self {
        Self { link: true, ..Self::integer(name, example) }
    }

    /// Sets whether every page has it.
    #[must_use]
    pub fn required(self, required: bool) -> Self {
        Self { required, ..self }
    }
}

impl Envelope {
    /// Pages by number.
    pub fn page_number(page: impl Into<String>) -> Self {
        Self::PageNumber { page: page.into() }
    }

    /// Pages by limit and offset.
    pub fn limit_offset(limit: impl Into<String>, offset: impl Into<String>) -> Self {
        Self::LimitOffset { limit: limit.into(), offset: offset.into() }
    }

    /// Pages by cursor.
    pub fn cursor(cursor: impl Into<String>) -> Self {
        Self::Cursor { cursor: cursor.into() }
    }

    /// Pages with keys of their own.
    pub fn custom(keys: Vec<EnvelopeKey>, results: impl Into<String>) -> Self {
        Self::Custom { keys, results: results.into() }
    }

    /// The word that distinguishes envelopes of one serializer in component names.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::PageNumber { .. } => "PageNumber",
            Self::LimitOffset { .. } => "LimitOffset",
            Self::Cursor { .. } => "Cursor",
            Self::Custom { .. } => "Custom",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_knows_the_component_inside_lists_and_maps() {
        assert_eq!(
            SchemaKind::array(SchemaKind::map(SchemaKind::component("Track"))).target(),
            Some("Track")
        );
        assert_eq!(SchemaKind::array(SchemaKind::integer()).target(), None);
    }

    #[test]
    fn a_page_leads_to_its_component() {
        let page = SchemaRef::page("Track", Envelope::cursor("cursor"));
        assert_eq!(page.target(), Some("Track"));
    }
}
