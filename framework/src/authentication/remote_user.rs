//! Users identified by a server in front
//! (`rest_framework.authentication.RemoteUserAuthentication`).

use super::{Authenticated, Authentication};
use crate::exceptions::Result;
use crate::request::Context;

/// Trusts a header that names the user (`RemoteUserAuthentication`).
///
/// **Anybody who can send that header can be any user.** Use it only behind a proxy that sets the
/// header on every request and removes what clients send under that name, and only if this server
/// cannot be reached except through the proxy. There is no default header: Django reads
/// `REMOTE_USER` from its WSGI server, where a client cannot put it, and HTTP has no such place.
///
/// A request with an unknown name stays anonymous; accounts are not created, as Django's
/// `RemoteUserBackend` does unless `create_unknown_user` is off. Responses vary on the header.
///
/// ```
/// use quintet::authentication::RemoteUserAuthentication;
/// use quintet::views::ApiView;
///
/// let view = ApiView::new("Inside").authentication(RemoteUserAuthentication::new("x-proxy-user"));
/// # let _ = view;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RemoteUserAuthentication {
    header: &'static str,
}

impl RemoteUserAuthentication {
    /// Creates the authenticator for this header.
    pub fn new(header: &'static str) -> Self {
        Self { header }
    }
}

impl Authentication for RemoteUserAuthentication {
    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        cx.vary_on(self.header);
        let mut sent = cx.request.headers.get_all(self.header);
        // of two, one may be the client's own
        let (Some(name), None) = (sent.next(), sent.next()) else { return Ok(None) };
        let Ok(name) = std::str::from_utf8(name.as_bytes()).map(ToOwned::to_owned) else {
            return Ok(None);
        };
        if name.is_empty() {
            return Ok(None);
        }
        let user = cx.user_meta().by_username(cx, &name).await?;
        let user = user.filter(crate::auth::Account::is_active);
        Ok(user.map(|user| Authenticated { user, auth: None }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::auth::testing::tables;
    use crate::db::testing::block_on;
    use crate::request::ViewContext;
    use crate::request::testing::context;

    #[cfg(feature = "sqlite")]
    #[test]
    fn an_account_is_recognised_by_the_header_that_was_named_and_no_other() {
        block_on(async {
            let asked = async |headers: &[(&'static str, &'static str)]| {
                let mut cx = context(Method::GET, None, ViewContext::default());
                tables(&cx).await.unwrap();
                for (name, value) in headers {
                    let name = HeaderName::from_static(name);
                    cx.request.headers.append(name, HeaderValue::from_static(value));
                }
                let user = RemoteUserAuthentication::new("x-user").authenticate(&mut cx).await;
                assert_eq!(cx.varies_on(), ["x-user"]);
                user.unwrap().map(|found| found.user.username().to_owned())
            };
            assert_eq!(asked(&[("x-user", "alice")]).await.as_deref(), Some("alice"));
            for headers in [
                &[][..],
                &[("x-user", "")],
                &[("x-user", "nobody")],
                // shut
                &[("x-user", "bob")],
                &[("remote-user", "alice")],
                &[("x-user", "alice"), ("x-user", "alice")],
            ] {
                assert_eq!(asked(headers).await, None, "{headers:?}");
            }
        });
    }
}
