//! The remaining requests of a client, for the headers `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The remaining quota of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quota {
    /// The name of the throttle: its scope.
    pub name: String,
    /// The limit of requests
    pub limit: u32,
    /// per this many seconds.
    pub window: u64,
    /// Requests that are left.
    pub remaining: u32,
    /// Seconds until there is one more.
    pub reset: u64,
}

impl Quota {
    /// Writes both headers.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let name: String = self
            .name
            .chars()
            .filter(|c| matches!(c, ' '..='~'))
            .flat_map(|c| matches!(c, '"' | '\\').then_some('\\').into_iter().chain([c]))
            .collect();
        let Self { limit, window, remaining, reset, .. } = self;
        let policy = HeaderValue::from_str(&format!("\"{name}\";q={limit};w={window}"));
        let left = HeaderValue::from_str(&format!("\"{name}\";r={remaining};t={reset}"));
        if let (Ok(policy), Ok(left)) = (policy, left) {
            headers.insert(POLICY, policy);
            headers.insert(LIMIT, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_structured_fields_are() {
        let mut headers = HeaderMap::new();
        let name = "a \"b\" \\ ü".into();
        Quota { name, limit: 3, window: 60, remaining: 2, reset: 57 }.write(&mut headers);
        let header = |name| headers.get(name).unwrap().to_str().unwrap();
        assert_eq!(header("ratelimit-policy"), r#""a \"b\" \\ ";q=3;w=60"#);
        assert_eq!(header("ratelimit"), r#""a \"b\" \\ ";r=2;t=57"#);
    }
}
