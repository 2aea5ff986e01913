//! Checks of single values (`django.core.validators`, and the `validator` crate's attributes in
//! DRF's words).
//!
//! The functions named `is_…` decide; the others make a [`Validator`] for a field.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

/// What a function in the `validator` crate's form fails with.
#[cfg(feature = "validator")]
pub use validator::ValidationError;

use crate::exceptions::{Detail, Validated};
use crate::files::{EXTENSIONS, UploadedFile, extension};
use crate::values::{FieldType, Pattern, Value, format, python};

/// The longest e-mail address, in characters.
const MAX_EMAIL_LENGTH: usize = 320;

/// The longest URL, in characters.
const MAX_URL_LENGTH: usize = 2048;

/// The longest host name, in characters.
const MAX_HOST_LENGTH: usize = 253;

/// The longest spelling of an IPv6 address.
const MAX_IPV6_LENGTH: usize = 39;

/// Characters that normalise to one of `/?#@:` and so could hide where a host ends.
const DISGUISED: &str = "℀℁℅℆⁇⁈⁉⩴︓︖﹕﹖﹟﹫＃／：？＠";

/// The words for what is wrong with a text, a number or a list, with the names of their bounds.
pub(crate) mod words {
    pub(crate) const MOST_CHARACTERS: &str =
        "Ensure this field has no more than {max_length} characters.";
    pub(crate) const FEWEST_CHARACTERS: &str =
        "Ensure this field has at least {min_length} characters.";
    pub(crate) const MOST_ELEMENTS: &str =
        "Ensure this field has no more than {max_length} elements.";
    pub(crate) const FEWEST_ELEMENTS: &str =
        "Ensure this field has at least {min_length} elements.";
    pub(crate) const GREATEST: &str = "Ensure this value is less than or equal to {max_value}.";
    pub(crate) const LEAST: &str = "Ensure this value is greater than or equal to {min_value}.";
    pub(crate) const EMAIL: &str = "Enter a valid email address.";
    pub(crate) const URL: &str = "Enter a valid URL.";
    pub(crate) const PATTERN: &str = "This value does not match the required pattern.";
    pub(crate) const IP: &str = "Enter a valid IPv4 or IPv6 address.";
    pub(crate) const IPV4: &str = "Enter a valid IPv4 address.";
    pub(crate) const IPV6: &str = "Enter a valid IPv6 address.";
    pub(crate) const NULS: &str = "Null characters are not allowed.";
}

/// Puts a bound in the place of its name.
pub(crate) fn fill(words: &str, name: &str, bound: &str) -> String {
    words.replace(&format!("{{{name}}}"), bound)
}

/// What `ProhibitNullCharactersValidator` says.
pub(crate) fn has_nuls() -> Detail {
    Detail::new(words::NULS, "null_characters_not_allowed")
}

/// A check of a value that has been converted: an entry of a field's `validators`.
#[derive(Clone)]
pub struct Validator(Arc<dyn Fn(&Value) -> Validated + Send + Sync>);

impl Validator {
    /// A validator from a function.
    pub fn new(check: impl Fn(&Value) -> Validated + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// A validator of values of one type; null passes, and a value of another type is invalid.
    ///
    /// ```
    /// use quintet::fields::{Field, Validator};
    /// use quintet::prelude::*;
    ///
    /// fn even(value: i64) -> Validated {
    ///     if value % 2 == 0 { Ok(()) } else { Err("This number must be even.".into()) }
    /// }
    ///
    /// let numbers = Field::list("numbers", Field::integer("").validator(Validator::of(even)));
    /// ```
    pub fn of<T: FieldType>(check: impl Fn(T) -> Validated + Send + Sync + 'static) -> Self {
        Self::new(move |value| match value {
            Value::Null => Ok(()),
            value => match T::from_value(value.clone()) {
                Some(value) => check(value),
                None => Err(Detail::invalid("Invalid value.")),
            },
        })
    }

    /// Checks a value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, value: &Value) -> Validated {
        (self.0)(value)
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Validator(..)")
    }
}

/// True for what Django's `EmailValidator` takes.
pub fn is_email(value: &str) -> bool {
    let Some((user, domain)) = value.rsplit_once('@') else { return false };
    if value.chars().count() > MAX_EMAIL_LENGTH || !(is_dot_atom(user) || is_quoted(user)) {
        return false;
    }
    if domain == "localhost" || is_domain(domain) {
        return true;
    }
    let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    literal.is_some_and(|address| is_ipv4(address) || (!address.contains('%') && is_ipv6(address)))
}

fn is_dot_atom(user: &str) -> bool {
    // the last four are letters of ASCII in another case to Python, whose pattern ignores case
    let allowed = |c: char| {
        c.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(c) || "ſKİı".contains(c)
    };
    user.split('.').all(|atom| !atom.is_empty() && atom.chars().all(allowed))
}

fn is_quoted(user: &str) -> bool {
    let Some(inner) = user.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'\\' => matches!(bytes.next(), Some(0x01..=0x09 | 0x0B | 0x0C | 0x0E..=0x7F)),
            0x01..=0x08 | 0x0B | 0x0C | 0x0E..=0x1F | b'!' | b'#'..=b'[' | b']'..=0x7F => true,
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    true
}

/// A letter or digit of a host name, as Django's patterns have it.
fn is_host_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c)
}

/// A name of at least two labels, the last of them without digits (or in punycode).
fn is_domain(domain: &str) -> bool {
    let Some((names, top)) = domain.rsplit_once('.') else { return false };
    let label = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c == '-' || is_host_char(c))
    };
    let punycode = top.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--")) && {
        let rest = top.get(4..).unwrap_or_default();
        (1..=59).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let plain =
        label(top) && top.chars().count() >= 2 && !top.bytes().any(|byte| byte.is_ascii_digit());
    (plain || punycode) && names.split('.').all(label)
}

/// True for what Django's `URLValidator` takes: http, https, ftp and ftps.
pub fn is_url(value: &str) -> bool {
    if value.chars().count() > MAX_URL_LENGTH {
        return false;
    }
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    if !["http", "https", "ftp", "ftps"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return false;
    }
    if rest.chars().any(python::is_space) {
        return false;
    }
    // what Python's urlsplit takes for the host part
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    let brackets = (authority.contains('['), authority.contains(']'));
    if authority.is_empty()
        || brackets.0 != brackets.1
        || authority.contains(|c| DISGUISED.contains(c))
    {
        return false;
    }
    // a user and a password in front of the host
    if let Some((login, rest)) = rest.split_once('@') {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let fits = !user.is_empty() && !login.contains('/') && !password.contains(':');
        if fits && is_address(rest) {
            return true;
        }
    }
    is_address(rest)
}

/// Host, port and path.
fn is_address(text: &str) -> bool {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let authority = text.get(..end).unwrap_or_default();
    if authority.contains(|c| DISGUISED.contains(c)) {
        return false;
    }
    let (host, port) = match authority.rfind(':') {
        Some(at) if !authority.ends_with(']') => {
            (authority.get(..at).unwrap_or_default(), authority.get(at + 1..))
        }
        _ => (authority, None),
    };
    let port = port.is_none_or(|port| {
        (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !port || host.chars().count() > MAX_HOST_LENGTH {
        return false;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return !address.contains('%') && is_ipv6(address);
    }
    is_ipv4(host)
        || host.eq_ignore_ascii_case("localhost")
        || is_domain(host.strip_suffix('.').unwrap_or(host))
}

/// `SlugField(allow_unicode=True)`
static UNICODE_SLUG: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(r"^[-\w]+\Z").unwrap_or_else(|error| unreachable!("a fixed pattern: {error}"))
});

/// True for letters, digits, underscores and hyphens; with `allow_unicode` those of every script.
pub fn is_slug(value: &str, allow_unicode: bool) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (!value.is_empty() && value.bytes().all(is_plain))
        || (allow_unicode && UNICODE_SLUG.is_match(value))
}

/// True for an IPv4 address without leading zeros.
pub fn is_ipv4(value: &str) -> bool {
    value.parse::<Ipv4Addr>().is_ok()
}

/// True for an IPv6 address, with or without a zone.
pub fn is_ipv6(value: &str) -> bool {
    parse_ipv6(value).is_some()
}

/// An IPv6 address; its zone is dropped.
pub(crate) fn parse_ipv6(text: &str) -> Option<Ipv6Addr> {
    if text.len() > MAX_IPV6_LENGTH {
        return None;
    }
    let address = match text.split_once('%') {
        Some((_, zone)) if zone.is_empty() || zone.contains('%') => return None,
        Some((address, _)) => address,
        None => text,
    };
    address.parse().ok()
}

/// Refuses files whose names have other extensions than these, which are in lower case
/// (`FileExtensionValidator`). Whether the content is what the name says is another matter.
///
/// ```
/// use quintet::files::UploadedFile;
/// use quintet::prelude::*;
/// use quintet::validators::file_extension;
///
/// fn document(file: UploadedFile) -> Validated {
///     file_extension(&file, &["pdf", "docx"])
/// }
///
/// #[derive(Serializer)]
/// pub struct ReportSerializer {
///     #[field(validators = [document])]
///     report: UploadedFile,
/// }
/// ```
///
/// # Errors
/// The code `invalid_extension`.
#[doc(alias = "FileExtensionValidator")]
pub fn file_extension(file: &UploadedFile, allowed: &[&str]) -> Validated {
    let own = extension(file.name());
    if allowed.contains(&&*own) {
        return Ok(());
    }
    let allowed = allowed.join(", ");
    let text = format!("File extension “{own}” is not allowed. Allowed extensions are: {allowed}.");
    Err(Detail::new(text, "invalid_extension"))
}

/// Refuses files whose names have no extension of an image (`validate_image_file_extension`).
///
/// # Errors
/// The code `invalid_extension`.
#[doc(alias = "validate_image_file_extension")]
pub fn image_file_extension(file: &UploadedFile) -> Validated {
    file_extension(file, &EXTENSIONS.split(", ").collect::<Vec<_>>())
}

/// Between `min` and `max` characters (of a text) or items (of a list), or exactly `equal`.
pub fn length(min: Option<usize>, max: Option<usize>, equal: Option<usize>) -> Validator {
    Validator::new(move |value| {
        let (elements, characters) = (
            (words::MOST_ELEMENTS, words::FEWEST_ELEMENTS, "elements"),
            (words::MOST_CHARACTERS, words::FEWEST_CHARACTERS, "characters"),
        );
        let (size, (most, fewest, unit)) = match value {
            Value::Text(text) => (text.chars().count(), characters),
            Value::List(items) => (items.len(), elements),
            Value::Map(items) => (items.len(), elements),
            _ => return Ok(()),
        };
        let mut errors = Vec::new();
        if let Some(max) = max.filter(|max| size > *max) {
            let text = fill(most, "max_length", &max.to_string());
            errors.push(Detail::new(text, "max_length"));
        }
        if let Some(min) = min.filter(|min| size < *min) {
            let text = fill(fewest, "min_length", &min.to_string());
            errors.push(Detail::new(text, "min_length"));
        }
        if let Some(equal) = equal.filter(|equal| size != *equal) {
            let text = format!("Ensure this field has exactly {equal} {unit}.");
            errors.push(Detail::new(text, "length"));
        }
        if errors.is_empty() { Ok(()) } else { Err(Detail::List(errors)) }
    })
}

/// The bounds of a number, each a value of the number's own type.
///
/// ```
/// use quintet::validators::{Range, range};
/// use quintet::values::Value;
///
/// let percent = range(Range::new().min(Value::Int(0)).max(Value::Int(100)));
/// assert!(percent.check(&Value::Int(101)).is_err());
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Range {
    /// Least.
    pub min: Option<Value>,
    /// Greatest.
    pub max: Option<Value>,
    /// More than.
    pub exclusive_min: Option<Value>,
    /// Less than.
    pub exclusive_max: Option<Value>,
}

impl Range {
    /// No bounds.
    pub fn new() -> Self {
        Self::default()
    }

    /// This much at least.
    #[must_use]
    pub fn min(mut self, bound: Value) -> Self {
        self.min = Some(bound);
        self
    }

    /// This much at most.
    #[must_use]
    pub fn max(mut self, bound: Value) -> Self {
        self.max = Some(bound);
        self
    }

    /// More than this.
    #[must_use]
    pub fn exclusive_min(mut self, bound: Value) -> Self {
        self.exclusive_min = Some(bound);
        self
    }

    /// Less than this.
    #[must_use]
    pub fn exclusive_max(mut self, bound: Value) -> Self {
        self.exclusive_max = Some(bound);
        self
    }
}

/// A number within bounds.
pub fn range(range: Range) -> Validator {
    use std::cmp::Ordering::{Equal, Greater, Less};
    Validator::new(move |value| {
        let outside = |bound: &Option<Value>, refused: &[std::cmp::Ordering]| {
            let bound = bound.as_ref()?;
            refused
                .contains(&compare(value, bound)?)
                .then(|| python::value_text(bound.as_ref()).into_owned())
        };
        let refuse = |words: &str, bound: &str, code: &'static str| {
            Err(Detail::new(fill(words, code, bound), code))
        };
        if let Some(bound) = outside(&range.max, &[Greater]) {
            return refuse(words::GREATEST, &bound, "max_value");
        }
        if let Some(bound) = outside(&range.min, &[Less]) {
            return refuse(words::LEAST, &bound, "min_value");
        }
        if let Some(bound) = outside(&range.exclusive_max, &[Greater, Equal]) {
            return refuse("Ensure this value is less than {max_value}.", &bound, "max_value");
        }
        if let Some(bound) = outside(&range.exclusive_min, &[Less, Equal]) {
            return refuse("Ensure this value is greater than {min_value}.", &bound, "min_value");
        }
        Ok(())
    })
}

#[expect(clippy::cast_precision_loss, reason = "a float is compared with the nearest float")]
fn compare(value: &Value, bound: &Value) -> Option<std::cmp::Ordering> {
    match (value, bound) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::BigInt(digits), _) => Some(if digits.starts_with('-') {
            std::cmp::Ordering::Less
        } else {
            std::cmp::Ordering::Greater
        }),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Float(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Int(a), Value::Float(b)) => (*a as f64).partial_cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Int(b)) => Some(a.cmp(&(*b).into())),
        (Value::Decimal(a), Value::Float(b)) => a.to_float().partial_cmp(b),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::DateTime(a), Value::DateTime(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn on_text(
    message: impl Into<std::borrow::Cow<'static, str>>,
    fits: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> Validator {
    let detail = Detail::invalid(message);
    Validator::new(move |value| match value {
        Value::Text(text) if !fits(text) => Err(detail.clone()),
        _ => Ok(()),
    })
}

/// A text that is an e-mail address.
pub fn email() -> Validator {
    on_text(words::EMAIL, is_email)
}

/// A text that is a URL.
pub fn url() -> Validator {
    on_text(words::URL, is_url)
}

/// A text that the expression finds a match in.
pub fn regex(expression: impl Into<Pattern>) -> Validator {
    let expression = expression.into();
    on_text(words::PATTERN, move |text| expression.is_match(text))
}

/// A text that has a part.
pub fn contains(part: &'static str) -> Validator {
    on_text(format!("This field must contain \"{part}\"."), move |text| text.contains(part))
}

/// A text that lacks a part.
pub fn does_not_contain(part: &'static str) -> Validator {
    on_text(format!("This field must not contain \"{part}\"."), move |text| !text.contains(part))
}

/// A text that is an IPv4 or IPv6 address.
pub fn ip() -> Validator {
    on_text(words::IP, |text| is_ipv4(text) || is_ipv6(text))
}

/// A text that is an IPv4 address.
pub fn ipv4() -> Validator {
    on_text(words::IPV4, is_ipv4)
}

/// A text that is an IPv6 address.
pub fn ipv6() -> Validator {
    on_text(words::IPV6, is_ipv6)
}

/// A text without control characters.
pub fn non_control_character() -> Validator {
    on_text("Control characters are not allowed.", |text| !text.chars().any(char::is_control))
}

/// A check with another text, another code, or both.
pub fn reworded(
    validator: Validator,
    text: Option<&'static str>,
    code: Option<&'static str>,
) -> Validator {
    Validator::new(move |value| {
        validator.check(value).map_err(|detail| match (text, detail) {
            (None, Detail::Message { text, code: own }) => {
                Detail::Message { text, code: code.map_or(own, Into::into) }
            }
            (None, other) => other,
            (Some(text), _) => Detail::new(text, code.unwrap_or("invalid")),
        })
    })
}

/// A function in the `validator` crate's form. Null, and a value of another type, pass.
#[cfg(feature = "validator")]
pub fn custom<T: crate::values::FieldType>(
    check: impl Fn(&T) -> Result<(), ValidationError> + Send + Sync + 'static,
) -> Validator {
    Validator::new(move |value| match T::from_value(value.clone()) {
        Some(typed) => from_validation_error(check(&typed)),
        None => Ok(()),
    })
}

/// A result of the `validator` crate in DRF's form: the error's message, else its code.
///
/// # Errors
/// When the result is one.
#[cfg(feature = "validator")]
pub fn from_validation_error(result: Result<(), ValidationError>) -> Validated {
    result.map_err(|error| {
        let text = error.message.unwrap_or_else(|| error.code.clone());
        Detail::new(text, error.code)
    })
}

/// A bound as a message prints it.
pub fn bound_text(value: f64) -> String {
    let mut out = String::new();
    format::float(value, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_judged_as_django_judges_them() {
        for good in [
            "http://a.com",
            "HTTP://A.COM:8000/x?y#z",
            "http://user:pw@a.com",
            "http://user:@a.com./",
            "http://a?b@c.com",
            "ftp://bücher.de",
            "http://xn--bcher-kva.xn--p1ai",
            "http://[::1]:80/",
            "http://127.0.0.1?x",
            "http://LOCALHOST",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "http://a",
            "http://a.c0m1",
            "http://a..com",
            "http://-a.com",
            "http://a.com:",
            "http://a.com:123456",
            "http://[::g]",
            "http://a.com/ x",
            "http://:pw@a.com",
            "http://a.com／x",
            "http://#u:p@a.com",
            "http://u]:p@a.com",
            "http://",
            "//a.com",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
        let long = format!("http://{}.com", "a.".repeat(130));
        assert!(!is_url(&long));
    }

    #[test]
    fn emails_are_judged_as_django_judges_them() {
        for good in
            ["a@b.com", "\"a\\ b\"@x.org", "a@[::1]", "a@localhost", "o'x@b-c.museum", "ſ@x.de"]
        {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "a@", "@b.com", ".a@b.com", "a@b.c", "a@b.com.", "a@-b.com", "a@[1]"] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn ranges_and_lengths_speak_as_drf_does() {
        let text = |validator: &Validator, value| validator.check(&value).unwrap_err().to_json();
        let within = range(Range::new().min(Value::Int(1)));
        assert_eq!(
            text(&within, Value::Int(0)),
            serde_json::json!("Ensure this value is greater than or equal to 1.")
        );
        let below = range(Range::new().exclusive_max(Value::Float(1e6)));
        assert_eq!(
            text(&below, Value::Float(1e6)),
            serde_json::json!("Ensure this value is less than 1000000.0.")
        );
        assert_eq!(
            text(&length(Some(2), None, None), Value::Text("é".into())),
            serde_json::json!(["Ensure this field has at least 2 characters."])
        );
    }

    #[cfg(feature = "validator")]
    #[test]
    fn a_custom_check_gives_its_message_or_its_code() {
        let check = |text: &String| {
            let error = ValidationError::new("shout");
            match text.as_str() {
                "quiet" => Err(error),
                "loud" => Err(error.with_message("Too loud.".into())),
                _ => Ok(()),
            }
        };
        let validator = custom(check);
        let text = |text: &str| validator.check(&Value::Text(text.into()));
        assert_eq!(text("ok"), Ok(()));
        assert_eq!(text("quiet").unwrap_err(), Detail::new("shout", "shout"));
        assert_eq!(text("loud").unwrap_err(), Detail::new("Too loud.", "shout"));
    }
}
