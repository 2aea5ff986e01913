//! `Cache-Control` (`django.utils.cache`).

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};

use crate::response::Response;

/// The directives of a `Cache-Control` header (`cache_control(..)`), in the order in which they are named.
///
/// ```
/// use quintet::caching::CacheControl;
/// use quintet::response::Response;
///
/// let mut response = Response::empty(200);
/// CacheControl::new().private().max_age(3600).apply(&mut response);
/// assert_eq!(response.headers.get("cache-control").unwrap(), "private, max-age=3600");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheControl(Vec<(&'static str, Option<u64>)>);

macro_rules! directives {
    ($($(#[$doc:meta])* $name:ident => $text:literal $(($seconds:ident))?;)*) => {
        impl CacheControl {$(
            $(#[$doc])*
            #[must_use]
            pub fn $name(self $(, $seconds: u64)?) -> Self {
                self.with($text, directives!(@value $($seconds)?))
            }
        )*}
    };
    (@value $seconds:ident) => { Some($seconds) };
    (@value) => { None };
}

directives! {
    /// Any cache may store the response; it is not `private` then.
    public => "public";
    /// No shared cache may store the response; it is not `public` then.
    private => "private";
    /// A cache must ask before it uses what it stored.
    no_cache => "no-cache";
    /// No cache may store the response.
    no_store => "no-store";
    /// No cache may change the response.
    no_transform => "no-transform";
    /// A cache must ask once the response is stale.
    must_revalidate => "must-revalidate";
    /// The same of shared caches.
    proxy_revalidate => "proxy-revalidate";
    /// The response does not change.
    immutable => "immutable";
    /// The seconds for which the response is fresh.
    max_age => "max-age"(seconds);
    /// The same for shared caches.
    s_maxage => "s-maxage"(seconds);
    /// The seconds for which a stale response may be used while a cache asks for a new one.
    stale_while_revalidate => "stale-while-revalidate"(seconds);
    /// The seconds for which a stale response may be used if there is an error.
    stale_if_error => "stale-if-error"(seconds);
}

impl CacheControl {
    /// No directives yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, name: &'static str, value: Option<u64>) -> Self {
        self.0.retain(|(own, _)| *own != name);
        self.0.push((name, value));
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds them to those of a response (`patch_cache_control`): of two `max-age` the smaller counts, and of
    /// `public` and `private` the new one.
    pub fn apply(&self, response: &mut Response) {
        let mut all = directives_of(response);
        for (name, value) in &self.0 {
            let opposite = match *name {
                "public" => Some("private"),
                "private" => Some("public"),
                _ => None,
            };
            all.retain(|(own, _)| Some(own.as_str()) != opposite);
            let text = value.map(|number| number.to_string());
            match all.iter_mut().find(|(own, _)| own == name) {
                Some((_, own)) if *name == "max-age" => {
                    let smaller = own.as_ref().and_then(|own| own.parse().ok()).min(*value);
                    *own = smaller.map_or(text, |number: u64| Some(number.to_string()));
                }
                Some((_, own)) => *own = text,
                None => all.push(((*name).to_owned(), text)),
            }
        }
        let written: Vec<String> = all
            .into_iter()
            .map(|(name, value)| match value {
                Some(value) => format!("{name}={value}"),
                None => name,
            })
            .collect();
        if let Ok(value) = HeaderValue::from_str(&written.join(", ")) {
            response.headers.insert(CACHE_CONTROL, value);
        }
    }
}

/// The directives that a response has already, with lower-case names.
pub(super) fn directives_of(response: &Response) -> Vec<(String, Option<String>)> {
    let value = response.headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
    value
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| match part.split_once('=') {
            Some((name, value)) => (name.to_ascii_lowercase(), Some(value.to_owned())),
            None => (part.to_ascii_lowercase(), None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(before: &str, control: &CacheControl) -> String {
        let mut response = Response::empty(200).with_header(CACHE_CONTROL, before);
        control.apply(&mut response);
        response.headers.get(CACHE_CONTROL).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn directives_are_added_as_django_adds_them() {
        let control = CacheControl::new;
        assert_eq!(patched("max-age=60", &control().max_age(10)), "max-age=10");
        assert_eq!(patched("max-age=60", &control().max_age(100)), "max-age=60");
        assert_eq!(patched("private, no-transform", &control().public()), "no-transform, public");
        assert_eq!(patched("Public", &control().private()), "private");
        assert_eq!(patched("no-cache", &control().no_cache().s_maxage(5)), "no-cache, s-maxage=5");
    }
}
