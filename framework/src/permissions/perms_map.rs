//! Which of Django's permissions a method needs (`DjangoModelPermissions.perms_map`).

use actix_web::http::Method;

use crate::exceptions::{ApiException, Result};
use crate::request::{Context, ViewContext};

/// The permissions that each method needs, with Django's placeholders. HEAD needs those of GET
/// unless it has its own entry: it shows whether a row exists, and how long its representation is.
#[derive(Debug, Clone)]
pub(super) struct PermsMap(Vec<(Method, Vec<String>)>);

impl Default for PermsMap {
    fn default() -> Self {
        let change = "%(app_label)s.change_%(model_name)s";
        let of = |method, perms: &[&str]| (method, perms.iter().map(|p| (*p).into()).collect());
        Self(vec![
            of(Method::GET, &[]),
            of(Method::OPTIONS, &[]),
            of(Method::POST, &["%(app_label)s.add_%(model_name)s"]),
            of(Method::PUT, &[change]),
            of(Method::PATCH, &[change]),
            of(Method::DELETE, &["%(app_label)s.delete_%(model_name)s"]),
        ])
    }
}

/// `new` and `perms_map` of a permission with a field `perms_map`.
macro_rules! perms_map_methods {
    () => {
        /// With Django's map: `add` for POST, `change` for PUT and PATCH, `delete` for DELETE.
        pub fn new() -> Self {
            Self::default()
        }

        /// Replaces the permissions that a method needs; `%(app_label)s` and `%(model_name)s` are
        /// replaced by those of the view's model. The entry for GET also applies to HEAD, unless
        /// HEAD has its own.
        #[must_use]
        pub fn perms_map(mut self, method: Method, perms: &[&str]) -> Self {
            self.perms_map.set(method, perms);
            self
        }
    };
}
pub(super) use perms_map_methods;

impl PermsMap {
    pub(super) fn set(&mut self, method: Method, perms: &[&str]) {
        self.0.retain(|(own, _)| *own != method);
        self.0.push((method, perms.iter().map(|perm| (*perm).into()).collect()));
    }

    fn get(&self, method: &Method) -> Option<&[String]> {
        let of = |method| self.0.iter().find(|(own, _)| own == method);
        let found = match *method {
            Method::HEAD => of(method).or_else(|| of(&Method::GET)),
            _ => of(method),
        };
        found.map(|(_, perms)| perms.as_slice())
    }

    /// Whether a method needs no permissions.
    pub(super) fn asks_for_nothing(&self, method: &Method) -> bool {
        self.get(method).is_some_and(<[String]>::is_empty)
    }

    /// The permissions that a method needs, for the model of the view.
    ///
    /// # Errors
    /// 405 for a method without an entry, 500 for a view without a model.
    pub(super) fn required(&self, method: &Method, view: &ViewContext) -> Result<Vec<String>> {
        let Some(perms) = self.get(method) else {
            return Err(ApiException::MethodNotAllowed(method.to_string()));
        };
        if perms.is_empty() {
            return Ok(Vec::new());
        }
        let Some(model) = view.model else {
            return Err(ApiException::internal(format!(
                "the view `{}` has model permissions and no model",
                view.name
            )));
        };
        let model_name = model.model_name();
        let filled = |perm: &String| {
            perm.replace("%(app_label)s", model.app_label).replace("%(model_name)s", &model_name)
        };
        Ok(perms.iter().map(filled).collect())
    }

    /// Whether the user has the permissions that the request's method needs.
    pub(super) async fn allows(&self, cx: &Context) -> Result<bool> {
        let view = cx.view();
        if view.ignore_model_permissions {
            return Ok(true);
        }
        let perms = self.required(&cx.request.method, &view)?;
        Ok(perms.is_empty() || cx.user_has_perms(&perms).await?)
    }
}
