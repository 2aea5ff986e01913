//! What a client may send to a view (`SimpleMetadata.determine_actions`).

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::dispatch::Endpoint;
use super::settled::Settled;
use crate::exceptions::{ApiException, Result};
use crate::metadata::DetermineActions;
use crate::request::Context;
use crate::serializers::Description;

/// The actions of a view under the policies of an OPTIONS request.
pub(super) struct ActionsOf<'e> {
    pub(super) endpoint: &'e Endpoint,
    pub(super) policies: &'e Settled,
}

impl ActionsOf<'_> {
    /// Whether this client may send this method (`clone_request(request, method)`).
    async fn check(&self, method: &Method, cx: &mut Context) -> Result<()> {
        let view = self.endpoint.view();
        let sent = std::mem::replace(&mut cx.request.method, method.clone());
        let own = view.access_policies(cx);
        let mut result = self.policies.check_permissions(own, cx).await;
        if result.is_ok() && *method == Method::PUT {
            result = view.find_object(cx).await;
        }
        cx.request.method = sent;
        result
    }

    async fn all(&self, cx: &mut Context) -> Result<Vec<(Method, &'static Description)>> {
        let view = self.endpoint.view();
        let mut found = Vec::new();
        for method in [Method::PUT, Method::POST] {
            if !view.info().answers(&method) {
                continue;
            }
            let Some(description) = view.serializer(&method, cx) else { continue };
            match self.check(&method, cx).await {
                Ok(()) => found.push((method, description)),
                Err(error @ (ApiException::Internal(_) | ApiException::Unavailable(_))) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        Ok(found)
    }
}

impl DetermineActions for ActionsOf<'_> {
    fn determine<'a>(
        &'a self,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Vec<(Method, &'static Description)>>> {
        Box::pin(self.all(cx))
    }
}
