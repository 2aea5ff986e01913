//! Cookies of a response (`HttpResponse.set_cookie`, `delete_cookie`).

use std::fmt::{self, Write as _};
use std::time::Duration;

use actix_web::http::header::{HeaderValue, SET_COOKIE};
use chrono::Utc;

use super::Response;
use crate::settings::CookieSettings;

/// A cookie for the client to store (`HttpResponse.set_cookie`). As in Django, it is sent to every
/// path of this host and lives until the browser is closed, unless set otherwise.
///
/// ```
/// use quintet::response::{Cookie, Response};
///
/// let cookie = Cookie::new("theme", "dark").same_site("Lax");
/// let response = Response::empty(204).with_cookie(&cookie);
/// assert_eq!(response.headers.get("set-cookie").unwrap(), "theme=dark; Path=/; SameSite=Lax");
/// ```
#[derive(Clone)]
#[must_use]
pub struct Cookie {
    name: String,
    value: String,
    max_age: Option<i64>,
    expires: Option<String>,
    path: Option<String>,
    domain: Option<String>,
    secure: bool,
    http_only: bool,
    same_site: Option<String>,
}

impl fmt::Debug for Cookie {
    /// Without the value, which may be a session's key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Cookie {
    /// Creates a cookie.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            max_age: None,
            expires: None,
            path: Some("/".into()),
            domain: None,
            secure: false,
            http_only: false,
            same_site: None,
        }
    }

    /// Creates a cookie that deletes the one of this name; path, domain and `SameSite` must be
    /// those that it was set with.
    pub fn expired(name: impl Into<String>) -> Self {
        let cookie = Self::new(name, "");
        Self { max_age: Some(0), expires: Some("Thu, 01 Jan 1970 00:00:00 GMT".into()), ..cookie }
    }

    /// Sets how many seconds the cookie lives.
    pub fn max_age(mut self, seconds: i64) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Sets the path below which the cookie is sent.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Sets the domain below which the cookie is sent; `None` is this host only.
    pub fn domain(mut self, domain: Option<impl Into<String>>) -> Self {
        self.domain = domain.map(Into::into);
        self
    }

    /// Sets whether the cookie is sent over HTTPS only.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Sets whether the cookie is hidden from scripts.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// The `SameSite` attribute: `Lax`, `Strict` or `None`.
    pub fn same_site(mut self, same_site: impl Into<String>) -> Self {
        self.same_site = Some(same_site.into());
        self
    }

    /// A cookie with the attributes that the settings give it.
    pub(crate) fn with_settings(self, settings: &CookieSettings) -> Self {
        Self {
            path: Some(settings.path.clone()),
            domain: settings.domain.clone(),
            secure: settings.secure,
            http_only: settings.httponly,
            same_site: settings.samesite.clone(),
            ..self
        }
    }

    /// Sets the attributes of a deleted cookie: browsers check `Secure` only if the name or
    /// `SameSite` requires it, and `HttpOnly` not at all (`delete_cookie`).
    pub(crate) fn deleting(mut self) -> Self {
        let none = self.same_site.as_deref().is_some_and(|site| site.eq_ignore_ascii_case("none"));
        let prefixed = ["__Secure-", "__Host-"].iter().any(|start| self.name.starts_with(start));
        self.secure = prefixed || none;
        self.http_only = false;
        self
    }

    /// The value of `Set-Cookie`, with the attributes in Django's order.
    fn text(&self) -> String {
        let mut text = format!("{}={}", self.name, quoted(&self.value));
        attribute(&mut text, "Domain", self.domain.as_deref());
        let dated = self.max_age.map(date_in);
        attribute(&mut text, "expires", self.expires.as_deref().or(dated.as_deref()));
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        attribute(&mut text, "Max-Age", self.max_age.map(|age| age.to_string()).as_deref());
        attribute(&mut text, "Path", self.path.as_deref());
        attribute(&mut text, "SameSite", self.same_site.as_deref());
        if self.secure {
            text.push_str("; Secure");
        }
        text
    }
}

fn attribute(text: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        // writing into a string does not fail
        let _ = write!(text, "; {name}={value}");
    }
}

/// The time in this many seconds, as HTTP writes it (`http_date`).
pub(crate) fn date_in(seconds: i64) -> String {
    let now = Utc::now();
    let delta = chrono::TimeDelta::try_seconds(seconds);
    let moment = delta.and_then(|delta| now.checked_add_signed(delta)).unwrap_or(now);
    moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Seconds of a setting.
pub(crate) fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The value as Python writes it: in quotes if it holds more than a token may.
fn quoted(value: &str) -> String {
    let plain =
        |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:".contains(letter);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    let mut text = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            _ if plain(letter) || " ()/<=>?@[]{}".contains(letter) => text.push(letter),
            _ if u32::from(letter) < 256 => {
                // writing into a string does not fail
                let _ = write!(text, "\\{:03o}", u32::from(letter));
            }
            _ => text.push(letter),
        }
    }
    text.push('"');
    text
}

impl Response {
    /// Sets a cookie; it replaces one of the same name that was set before.
    #[must_use]
    pub fn with_cookie(mut self, cookie: &Cookie) -> Self {
        self.set_cookie(cookie);
        self
    }

    /// Sets a cookie; it replaces one of the same name that was set before. A cookie whose name,
    /// path or domain cannot be sent in a header is left out.
    pub fn set_cookie(&mut self, cookie: &Cookie) {
        let Ok(value) = HeaderValue::from_bytes(cookie.text().as_bytes()) else {
            tracing::warn!(cookie = cookie.name, "the cookie cannot be written");
            return;
        };
        let start = format!("{}=", cookie.name);
        let others: Vec<HeaderValue> = self
            .headers
            .get_all(SET_COOKIE)
            .filter(|set| !set.as_bytes().starts_with(start.as_bytes()))
            .cloned()
            .collect();
        self.headers.remove(SET_COOKIE);
        for value in others.into_iter().chain([value]) {
            self.headers.append(SET_COOKIE, value);
        }
    }

    /// Deletes a cookie of this host and every path.
    pub fn delete_cookie(&mut self, name: &str) {
        self.set_cookie(&Cookie::expired(name).deleting());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(text: &str) -> String {
        let start = text.find("expires=").unwrap();
        let end = text[start..].find("GMT").unwrap() + start + 3;
        format!("{}expires={}", &text[..start], &text[end..])
    }

    #[test]
    fn a_cookie_is_written_as_django_writes_it() {
        assert_eq!(Cookie::new("b", "plain").text(), "b=plain; Path=/");
        assert_eq!(Cookie::new("c", "").path("/x").text(), "c=\"\"; Path=/x");
        let all = Cookie::new("a", "x y;\"\\é")
            .max_age(60)
            .domain(Some("example.com"))
            .secure(true)
            .http_only(true)
            .same_site("Strict");
        assert_eq!(
            dated(&all.text()),
            "a=\"x y\\073\\\"\\\\\\351\"; Domain=example.com; expires=; HttpOnly; Max-Age=60; \
             Path=/; SameSite=Strict; Secure"
        );
    }

    #[test]
    fn a_deleted_cookie_is_one_that_is_over() {
        let gone = |name: &str, site: &str| Cookie::expired(name).same_site(site).deleting().text();
        assert_eq!(
            gone("sessionid", "Lax"),
            "sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax"
        );
        assert_eq!(
            gone("__Host-s", "None"),
            "__Host-s=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; \
             SameSite=None; Secure"
        );
    }

    #[test]
    fn a_date_is_that_of_http() {
        let date = date_in(0);
        assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    }

    #[test]
    fn several_cookies_are_several_headers_and_a_name_is_set_once() {
        let mut response = Response::empty(200);
        for (name, value) in [("a", "1"), ("b", "2"), ("a", "3")] {
            response.set_cookie(&Cookie::new(name, value));
        }
        response.delete_cookie("c");
        let set: Vec<&str> = response
            .headers
            .get_all(SET_COOKIE)
            .map(|value| value.to_str().unwrap().split(';').next().unwrap())
            .collect();
        assert_eq!(set, ["b=2", "a=3", "c=\"\""]);
    }

    #[test]
    fn what_would_end_a_header_is_no_cookie() {
        let mut response = Response::empty(200);
        response.set_cookie(&Cookie::new("a\r\nX: y", "1"));
        response.set_cookie(&Cookie::new("a", "1\r\nX: y"));
        let set: Vec<_> = response.headers.get_all(SET_COOKIE).collect();
        assert_eq!(set, ["a=\"1\\015\\012X: y\"; Path=/"]);
    }
}
