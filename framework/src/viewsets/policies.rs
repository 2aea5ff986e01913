//! The policies of a view set and the hooks around its actions, which view sets with a model and without
//! one have alike.
//!
//! [`ViewSet`](super::ViewSet) and [`PlainViewSet`](super::PlainViewSet) are two traits, whose methods a
//! user writes in one `impl` block each: so the methods that they share are written here, once, and each
//! trait has them by `policies::hooks!()`.

use actix_web::http::Method;

use crate::request::Action;
use crate::views::Policies;

/// The methods of a trait: policies, by class and by request, and what runs around an action.
macro_rules! hooks {
    () => {
        /// The authenticators; by default, the site's.
        fn authentication_classes(&self) -> impl AuthenticationClasses {
            Inherit
        }

        /// The permissions; by default, the site's.
        fn permission_classes(&self) -> impl PermissionClasses {
            Inherit
        }

        /// The throttles; by default, the site's.
        fn throttle_classes(&self) -> impl ThrottleClasses {
            Inherit
        }

        /// The renderers; by default, the site's.
        fn renderer_classes(&self) -> impl RendererClasses {
            Inherit
        }

        /// The parsers; by default, the site's.
        fn parser_classes(&self) -> impl ParserClasses {
            Inherit
        }

        /// How the version of a request is determined; by default, the site's way.
        fn versioning_class(&self) -> impl VersioningClass {
            Inherit
        }

        /// How the renderer and the parser are chosen; by default, the site's way.
        fn content_negotiation_class(&self) -> impl ContentNegotiationClass {
            Inherit
        }

        /// What answers OPTIONS; by default, the site's.
        fn metadata_class(&self) -> impl MetadataClass {
            Inherit
        }

        /// What runs around everything that the view set does (`dispatch`), before negotiation and
        /// authentication: it may change the request (`initialize_request`), answer itself, and change the
        /// response, as [`Middleware`](crate::middleware::Middleware) of a site does; nothing by default.
        fn dispatch(&self) -> impl MiddlewareClasses {
            Inherit
        }

        /// How responses may be cached (`cache_page`, `never_cache`, `vary_on_headers`, `condition`); not at
        /// all by default. For one action, use [`action_policies`](Self::action_policies).
        fn caching(&self) -> Option<Caching> {
            None
        }

        /// Policies of one action (`get_permissions` that depends on `self.action`). Those not set are
        /// inherited from the extra action's own, then from the view set's. Called once per action,
        /// when the site is built.
        ///
        /// ```
        /// use quintet::permissions::IsAdminUser;
        /// use quintet::prelude::*;
        /// use quintet::views::Policies;
        /// use quintet::viewsets::Action;
        ///
        /// # #[model(table = "book")]
        /// # pub struct Book {
        /// #     pub id: i64,
        /// #     pub title: String,
        /// # }
        /// #
        /// # #[derive(Serializer)]
        /// # #[serializer(model = Book, fields = all)]
        /// # pub struct BookSerializer {}
        /// #
        /// pub struct BookViewSet;
        ///
        /// impl ViewSet for BookViewSet {
        ///     type Base = ModelViewSet;
        ///     type Serializer = BookSerializer;
        ///
        ///     fn action_policies(&self, action: Action) -> Policies {
        ///         match action {
        ///             Action::List | Action::Retrieve => Policies::inherit().permissions(AllowAny),
        ///             Action::Destroy => Policies::inherit().permissions(IsAdminUser),
        ///             _ => Policies::inherit(),
        ///         }
        ///     }
        /// }
        /// # fn main() {}
        /// ```
        fn action_policies(&self, _action: Action) -> Policies {
            Policies::inherit()
        }

        /// The authenticators of a request (`get_authenticators`), if they depend on more than the action;
        /// `None`, the default, for [`authentication_classes`](Self::authentication_classes). Called before
        /// anything else: there is no user yet.
        fn get_authenticators(&self, _cx: &Context) -> Classes<dyn DynAuthentication> {
            None
        }

        /// The renderers of a request (`get_renderers`), likewise.
        fn get_renderers(&self, _cx: &Context) -> Classes<dyn Renderer> {
            None
        }

        /// The parsers of a request (`get_parsers`), likewise.
        fn get_parsers(&self, _cx: &Context) -> Classes<dyn Parser> {
            None
        }

        /// The permissions of a request (`get_permissions`), if they depend on more than the action, such
        /// as the method, the user or a setting; `None`, the default, for those of the action and the view
        /// set. The OpenAPI document shows the latter.
        ///
        /// ```
        /// use quintet::classes::Classes;
        /// use quintet::permissions::{DynPermission, IsAdminUser};
        /// use quintet::prelude::*;
        ///
        /// # #[model(table = "book")]
        /// # pub struct Book {
        /// #     pub id: i64,
        /// # }
        /// # #[derive(Serializer)]
        /// # #[serializer(model = Book, fields = all)]
        /// # pub struct BookSerializer {}
        /// pub struct BookViewSet;
        ///
        /// impl ViewSet for BookViewSet {
        ///     type Base = ModelViewSet;
        ///     type Serializer = BookSerializer;
        ///
        ///     fn get_permissions(&self, cx: &Context) -> Classes<dyn DynPermission> {
        ///         if cx.request.is_safe() { AllowAny.into_list() } else { IsAdminUser.into_list() }
        ///     }
        /// }
        /// # fn main() {}
        /// ```
        fn get_permissions(&self, _cx: &Context) -> Classes<dyn DynPermission> {
            None
        }

        /// The throttles of a request (`get_throttles`), likewise. Their rates are not checked when the
        /// site is built.
        fn get_throttles(&self, _cx: &Context) -> Classes<dyn DynThrottle> {
            None
        }

        /// Runs before every action: after negotiation, authentication, permissions and throttles
        /// (`initial`). By default, nothing.
        ///
        /// # Errors
        /// The response that the client should get instead of the action's.
        async fn initial(&self, _cx: &mut Context) -> Result<()> {
            Ok(())
        }

        /// Turns an error of a request to this view into a response, or returns it, which makes it the
        /// usual one (`handle_exception`). Errors of permissions, parsers and unknown methods arrive here,
        /// too. The site's [`ExceptionHandler`](crate::views::ExceptionHandler) only sees the errors that
        /// are returned.
        ///
        /// # Errors
        /// By default, the error itself.
        fn handle_exception(&self, error: ApiException, _cx: &Context) -> Result<Response> {
            Err(error)
        }

        /// Changes every response of this view, errors included, before it is rendered
        /// (`finalize_response`).
        fn finalize_response(&self, response: Response, _cx: &Context) -> Response {
            response
        }
    };
}
pub(super) use hooks;

/// The methods of [`View`](crate::views::View) that ask a view set.
macro_rules! forwarded {
    () => {
        fn request_policies(&self, cx: &Context) -> Option<Policies> {
            let view = &*self.view_set;
            let authentication = view.get_authenticators(cx);
            let (renderers, parsers) = (view.get_renderers(cx), view.get_parsers(cx));
            if authentication.is_none() && renderers.is_none() && parsers.is_none() {
                return None;
            }
            let mut own = Policies::inherit();
            (own.authentication, own.renderers, own.parsers) = (authentication, renderers, parsers);
            Some(own)
        }

        fn access_policies(&self, cx: &Context) -> Option<Policies> {
            let (permissions, throttles) =
                (self.view_set.get_permissions(cx), self.view_set.get_throttles(cx));
            if permissions.is_none() && throttles.is_none() {
                return None;
            }
            let mut own = Policies::inherit();
            (own.permissions, own.throttles) = (permissions, throttles);
            Some(own)
        }

        fn handle_exception(&self, error: ApiException, cx: &Context) -> Result<Response> {
            self.view_set.handle_exception(error, cx)
        }

        fn finalize_response(&self, response: Response, cx: &Context) -> Response {
            self.view_set.finalize_response(response, cx)
        }
    };
}
pub(super) use forwarded;

/// What a view set declares, evaluated once.
macro_rules! declared {
    ($view_set:ident, $type:ident) => {{
        let mut policies = Policies::inherit()
            .authentication($view_set.authentication_classes())
            .permissions($view_set.permission_classes())
            .throttles($view_set.throttle_classes())
            .renderers($view_set.renderer_classes())
            .parsers($view_set.parser_classes())
            .versioning($view_set.versioning_class())
            .content_negotiation($view_set.content_negotiation_class())
            .metadata($view_set.metadata_class())
            .dispatch($view_set.dispatch());
        policies.caching = $view_set.caching();
        policies.throttle_scope = $type::THROTTLE_SCOPE.map(ToOwned::to_owned);
        policies
    }};
}
pub(super) use declared;

/// The policies of single actions by their methods; OPTIONS has some, too.
pub(super) fn by_method(
    actions: &[(Method, Action)],
    of_action: impl Fn(Action) -> Policies,
) -> Vec<(Method, Policies)> {
    actions
        .iter()
        .chain([&(Method::OPTIONS, Action::Metadata)])
        .map(|(method, action)| (method.clone(), of_action(*action)))
        .filter(|(_, policies)| !policies.is_empty())
        .collect()
}
