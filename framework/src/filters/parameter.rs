//! Query parameters, as shown in the OpenAPI document.

use std::borrow::Cow;

use crate::settings::Settings;

/// What a query parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterType {
    /// `integer`
    Integer,
    /// `number`
    Number,
    /// `boolean`
    Boolean,
    /// `string`
    String,
    /// `string`, format `date`
    Date,
    /// `string`, format `date-time`
    DateTime,
    /// `string`, format `time`
    Time,
    /// `string`, format `duration`
    Duration,
    /// `string`, format `uuid`
    Uuid,
}

/// One optional parameter of a query string.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryParameter {
    /// Its name.
    pub name: Cow<'static, str>,
    /// The description; empty if there is none.
    pub description: Cow<'static, str>,
    /// What it holds, or what each element holds.
    pub kind: ParameterType,
    /// Whether it holds several values, and how they are sent.
    pub several: Several,
    /// The allowed values; empty if any value is.
    pub choices: Vec<String>,
    /// The setting that names it instead.
    pub(crate) named_by: Option<NamedBy>,
}

/// Where the settings have a parameter's name. All are equal: parameters compare by what they say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedBy(
    #[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "documents read it"))]
    pub(crate) fn(&Settings) -> &str,
);

impl PartialEq for NamedBy {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for NamedBy {}

/// How several values of one parameter are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Several {
    /// There is one value.
    #[default]
    No,
    /// Between commas (`explode: false`).
    Commas,
    /// By repeating the parameter (`explode: true`).
    Repeated,
}

impl QueryParameter {
    /// A parameter with one value.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: ParameterType,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            kind,
            several: Several::No,
            choices: Vec::new(),
            named_by: None,
        }
    }

    /// The page-size parameter of a pagination.
    pub(crate) fn page_size(name: &str) -> Self {
        let description = "Number of results to return per page.";
        Self::new(name.to_owned(), ParameterType::Integer, description)
    }
}
