//! The policies of a view.

use std::fmt;
use std::sync::Arc;

use super::ExceptionHandler;
use crate::authentication::{
    AuthenticationClasses, DynAuthentication, SessionAuthentication, TokenAuthentication,
};
use crate::caching::Caching;
use crate::metadata::{DynMetadata, MetadataClass, SimpleMetadata};
use crate::middleware::{DynMiddleware, MiddlewareClasses};
use crate::negotiation::{ContentNegotiation, ContentNegotiationClass};
use crate::parsers::{FormParser, JsonParser, MultiPartParser, Parser, ParserClasses};
use crate::permissions::{AllowAny, DynPermission, PermissionClasses};
use crate::renderers::{BrowsableApiRenderer, JsonRenderer, Renderer, RendererClasses};
use crate::throttling::{DynThrottle, ThrottleClasses};
use crate::versioning::{Versioning, VersioningClass};

/// The authenticators, permissions, throttles, renderers, parsers, versioning, content negotiation, metadata
/// and exception handler of a method, a view or a site. What is `None` is inherited from the level above:
/// method, view, site.
///
/// ```
/// use quintet::permissions::IsAdminUser;
/// use quintet::prelude::*;
/// use quintet::throttling::UserRateThrottle;
/// use quintet::views::Policies;
///
/// let staff_only = Policies::inherit()
///     .permissions(IsAdminUser)
///     .throttles(UserRateThrottle::new().rate("100/hour"));
/// # let _ = staff_only;
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Policies {
    /// `authentication_classes`
    pub authentication: Option<Vec<Arc<dyn DynAuthentication>>>,
    /// `permission_classes`
    pub permissions: Option<Vec<Arc<dyn DynPermission>>>,
    /// `throttle_classes`
    pub throttles: Option<Vec<Arc<dyn DynThrottle>>>,
    /// `throttle_scope`, for [`ScopedRateThrottle`](crate::throttling::ScopedRateThrottle)
    pub throttle_scope: Option<String>,
    /// `renderer_classes`
    pub renderers: Option<Vec<Arc<dyn Renderer>>>,
    /// `parser_classes`
    pub parsers: Option<Vec<Arc<dyn Parser>>>,
    /// `versioning_class`; within it, `None` for none.
    pub versioning: Option<Option<Arc<dyn Versioning>>>,
    /// `content_negotiation_class`; within it, `None` for the usual one.
    pub content_negotiation: Option<Option<Arc<dyn ContentNegotiation>>>,
    /// `metadata_class`; within it, `None` refuses OPTIONS.
    pub metadata: Option<Option<Arc<dyn DynMetadata>>>,
    /// How responses may be cached (`cache_page`, `never_cache` and their like).
    pub caching: Option<Caching>,
    /// What runs around everything that the view does (`dispatch`), the outermost first. Of a view only: a
    /// site does not start if one action or method has its own.
    pub dispatch: Option<Vec<Arc<dyn DynMiddleware>>>,
    /// `EXCEPTION_HANDLER`
    pub exception_handler: Option<Arc<dyn ExceptionHandler>>,
}

impl Policies {
    /// Sets nothing: everything is inherited from the level above.
    pub fn inherit() -> Self {
        Self::default()
    }

    /// The defaults of a site, which are DRF's except for tokens: token and session authentication,
    /// [`AllowAny`], no throttles, JSON and the browsable API, JSON and forms.
    pub fn site_defaults() -> Self {
        Self {
            authentication: (TokenAuthentication::new(), SessionAuthentication).into_list(),
            permissions: PermissionClasses::into_list(AllowAny),
            throttles: ThrottleClasses::into_list(()),
            throttle_scope: None,
            renderers: (JsonRenderer, BrowsableApiRenderer).into_list(),
            parsers: (JsonParser, FormParser, MultiPartParser).into_list(),
            versioning: Some(None),
            content_negotiation: Some(None),
            metadata: SimpleMetadata.into_class(),
            caching: None,
            dispatch: None,
            exception_handler: None,
        }
    }

    /// True when everything comes from the level above.
    pub fn is_empty(&self) -> bool {
        let Self {
            authentication,
            permissions,
            throttles,
            throttle_scope,
            renderers,
            parsers,
            versioning,
            content_negotiation,
            metadata,
            caching,
            dispatch,
            exception_handler,
        } = self;
        authentication.is_none()
            && permissions.is_none()
            && throttles.is_none()
            && throttle_scope.is_none()
            && renderers.is_none()
            && parsers.is_none()
            && versioning.is_none()
            && content_negotiation.is_none()
            && metadata.is_none()
            && caching.is_none()
            && dispatch.is_none()
            && exception_handler.is_none()
    }

    /// Sets the authenticators.
    #[must_use]
    pub fn authentication(mut self, list: impl AuthenticationClasses) -> Self {
        self.authentication = list.into_list();
        self
    }

    /// Sets the permissions.
    #[must_use]
    pub fn permissions(mut self, list: impl PermissionClasses) -> Self {
        self.permissions = list.into_list();
        self
    }

    /// Sets the throttles; `()` for none.
    #[must_use]
    pub fn throttles(mut self, list: impl ThrottleClasses) -> Self {
        self.throttles = list.into_list();
        self
    }

    /// Sets the scope for [`ScopedRateThrottle`](crate::throttling::ScopedRateThrottle).
    #[must_use]
    pub fn throttle_scope(mut self, scope: impl Into<String>) -> Self {
        self.throttle_scope = Some(scope.into());
        self
    }

    /// Sets the renderers.
    #[must_use]
    pub fn renderers(mut self, list: impl RendererClasses) -> Self {
        self.renderers = list.into_list();
        self
    }

    /// Sets the parsers.
    #[must_use]
    pub fn parsers(mut self, list: impl ParserClasses) -> Self {
        self.parsers = list.into_list();
        self
    }

    /// Sets how the version of a request is determined; `()` for not at all.
    #[must_use]
    pub fn versioning(mut self, scheme: impl VersioningClass) -> Self {
        self.versioning = scheme.into_class();
        self
    }

    /// Sets how the renderer and the parser of a request are chosen; `()` for the usual way.
    #[must_use]
    pub fn content_negotiation(mut self, class: impl ContentNegotiationClass) -> Self {
        self.content_negotiation = class.into_class();
        self
    }

    /// Sets what answers OPTIONS; `()` refuses it.
    #[must_use]
    pub fn metadata(mut self, class: impl MetadataClass) -> Self {
        self.metadata = class.into_class();
        self
    }

    /// Sets how responses may be cached.
    #[must_use]
    pub fn caching(mut self, caching: Caching) -> Self {
        self.caching = Some(caching);
        self
    }

    /// Sets what runs around everything that the view does.
    #[must_use]
    pub fn dispatch(mut self, list: impl MiddlewareClasses) -> Self {
        self.dispatch = list.into_list();
        self
    }

    /// Sets what changes the responses of errors.
    #[must_use]
    pub fn exception_handler(mut self, handler: impl ExceptionHandler) -> Self {
        self.exception_handler = Some(Arc::new(handler));
        self
    }

    /// Completes these policies with those of the level above.
    #[must_use]
    pub fn or(&self, above: &Self) -> Self {
        let Self {
            authentication,
            permissions,
            throttles,
            throttle_scope,
            renderers,
            parsers,
            versioning,
            content_negotiation,
            metadata,
            caching,
            dispatch,
            exception_handler,
        } = self.clone();
        Self {
            authentication: authentication.or_else(|| above.authentication.clone()),
            permissions: permissions.or_else(|| above.permissions.clone()),
            throttles: throttles.or_else(|| above.throttles.clone()),
            throttle_scope: throttle_scope.or_else(|| above.throttle_scope.clone()),
            renderers: renderers.or_else(|| above.renderers.clone()),
            parsers: parsers.or_else(|| above.parsers.clone()),
            versioning: versioning.or_else(|| above.versioning.clone()),
            content_negotiation: content_negotiation.or_else(|| above.content_negotiation.clone()),
            metadata: metadata.or_else(|| above.metadata.clone()),
            caching: caching.or_else(|| above.caching.clone()),
            dispatch: dispatch.or_else(|| above.dispatch.clone()),
            exception_handler: exception_handler.or_else(|| above.exception_handler.clone()),
        }
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policies")
            .field("authentication", &self.authentication.as_ref().map(Vec::len))
            .field("permissions", &self.permissions.as_ref().map(Vec::len))
            .field("throttles", &self.throttles.as_ref().map(Vec::len))
            .field("throttle_scope", &self.throttle_scope)
            .field("renderers", &self.renderers)
            .field("parsers", &self.parsers)
            .field("versioning", &self.versioning.as_ref().map(Option::is_some))
            .field("content_negotiation", &self.content_negotiation.as_ref().map(Option::is_some))
            .field("metadata", &self.metadata.as_ref().map(Option::is_some))
            .field("caching", &self.caching)
            .field("dispatch", &self.dispatch.as_ref().map(Vec::len))
            .field("exception_handler", &self.exception_handler.is_some())
            .finish()
    }
}
