//! Ways to authenticate.

use utoipa::openapi::security::{self, ApiKey, ApiKeyValue, Http, HttpAuthScheme};

/// A way to authenticate, with the name that operations refer to.
#[derive(Clone, Debug)]
pub struct SecurityScheme {
    pub(crate) name: String,
    pub(crate) scheme: Scheme,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Scheme {
    Header(String),
    Cookie(String),
    Basic,
    Bearer(Option<String>),
}

impl SecurityScheme {
    /// `tokenAuth`: the `Authorization` header with a keyword, usually `Token`.
    pub fn token(keyword: &str) -> Self {
        Self::header("tokenAuth", "Authorization")
            .description(format!("Token-based authentication with required prefix \"{keyword}\""))
    }

    /// `jwtAuth`: a JSON Web Token as bearer.
    pub fn jwt() -> Self {
        Self::of("jwtAuth", Scheme::Bearer(Some("JWT".into())))
    }

    /// `jwtAuth`: a JSON Web Token behind a keyword. Only `Bearer` is a scheme of HTTP's own; with
    /// another one the header is a key, to be sent with the keyword before it.
    pub fn jwt_with(keyword: &str) -> Self {
        match keyword {
            "Bearer" => Self::jwt(),
            _ => Self { name: "jwtAuth".into(), ..Self::token(keyword) },
        }
    }

    /// `basicAuth`: user name and password.
    pub fn basic() -> Self {
        Self::of("basicAuth", Scheme::Basic)
    }

    /// `cookieAuth`: a session by its cookie, usually `sessionid`.
    pub fn session(cookie: impl Into<String>) -> Self {
        Self::of("cookieAuth", Scheme::Cookie(cookie.into()))
    }

    /// A key in a header, for an authenticator of your own.
    pub fn header(name: impl Into<String>, header: impl Into<String>) -> Self {
        Self::of(name, Scheme::Header(header.into()))
    }

    /// A bearer token of your own.
    pub fn bearer(name: impl Into<String>) -> Self {
        Self::of(name, Scheme::Bearer(None))
    }

    fn of(name: impl Into<String>, scheme: Scheme) -> Self {
        Self { name: name.into(), scheme, description: None }
    }

    /// Describes what clients must send.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The name that [`Operation::security`](crate::Operation::security) takes.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The scheme as the document has it.
pub(crate) fn build(scheme: &SecurityScheme) -> security::SecurityScheme {
    let described = scheme.description.clone();
    let key = |name: &str| {
        let mut value = ApiKeyValue::new(name);
        value.description.clone_from(&described);
        value
    };
    let http = |scheme: HttpAuthScheme, format: Option<&String>| {
        let mut http = Http::new(scheme);
        http.bearer_format = format.cloned();
        http.description.clone_from(&described);
        security::SecurityScheme::Http(http)
    };
    match &scheme.scheme {
        Scheme::Header(name) => security::SecurityScheme::ApiKey(ApiKey::Header(key(name))),
        Scheme::Cookie(name) => security::SecurityScheme::ApiKey(ApiKey::Cookie(key(name))),
        Scheme::Basic => http(HttpAuthScheme::Basic, None),
        Scheme::Bearer(format) => http(HttpAuthScheme::Bearer, format.as_ref()),
    }
}
