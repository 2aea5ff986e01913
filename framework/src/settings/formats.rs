//! The formats of fields.

/// How fields show and read values where they say nothing themselves: DRF's `DATETIME_FORMAT`,
/// `DATETIME_INPUT_FORMATS`, `COERCE_DECIMAL_TO_STRING` and their like.
///
/// They belong to an API, not to the place where it runs: code sets them, the environment does not. A
/// field's own words (`format = "..."`, `input_formats = [..]`, `as_number`, `as_text`) go before them.
/// The document of the API describes the defaults.
///
/// ```
/// use quintet::settings::Settings;
///
/// let mut settings = Settings::default();
/// settings.formats.date_format = "%d.%m.%Y";
/// settings.formats.date_input_formats = &["%d.%m.%Y", "iso-8601"];
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormatSettings {
    /// `DATETIME_FORMAT`: a format of Python's `strftime`, or `iso-8601`, the default.
    pub datetime_format: &'static str,
    /// `DATE_FORMAT`
    pub date_format: &'static str,
    /// `TIME_FORMAT`
    pub time_format: &'static str,
    /// `DATETIME_INPUT_FORMATS`: formats of Python's `strptime`, and `iso-8601`, which alone is the
    /// default; the first that fits counts.
    pub datetime_input_formats: &'static [&'static str],
    /// `DATE_INPUT_FORMATS`
    pub date_input_formats: &'static [&'static str],
    /// `TIME_INPUT_FORMATS`
    pub time_input_formats: &'static [&'static str],
    /// `DURATION_FORMAT`: `django`, the default, or `iso-8601`.
    pub duration_format: &'static str,
    /// `COERCE_DECIMAL_TO_STRING`: whether decimals are texts. True by default.
    pub coerce_decimal_to_string: bool,
    /// `COERCE_BIGINT_TO_STRING`: whether the numbers of `BigIntegerField`s are texts. False by default.
    pub coerce_bigint_to_string: bool,
}

impl Default for FormatSettings {
    fn default() -> Self {
        Self {
            datetime_format: "iso-8601",
            date_format: "iso-8601",
            time_format: "iso-8601",
            datetime_input_formats: &["iso-8601"],
            date_input_formats: &["iso-8601"],
            time_input_formats: &["iso-8601"],
            duration_format: "django",
            coerce_decimal_to_string: true,
            coerce_bigint_to_string: false,
        }
    }
}
