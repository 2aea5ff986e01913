//! The login page (`LoginView`, `AuthenticationForm`).

use actix_web::http::Method;

use super::fields::{self, TextField};
use super::{html, next};
use crate::auth::{UserMeta, normalize_username, verbose_name};
use crate::authentication::{authenticate, login};
use crate::exceptions::{ApiException, Result};
use crate::middleware::csrf;
use crate::request::{Context, QueryParams};
use crate::response::Response;
use crate::values::python::strip;
use crate::views::{PageView, form_of};

/// The login page. After a login, it redirects to `next`, from the query or the form, if that is a
/// URL of this host, or else to `LOGIN_REDIRECT_URL`.
pub fn login_page() -> PageView {
    let page = PageView::new("Login").non_atomic_requests();
    page.get(show).post(submit).method(Method::PUT, submit)
}

/// The fields, and the errors of the whole form.
struct LoginForm {
    username: TextField,
    password: TextField,
    error: Option<String>,
}

impl LoginForm {
    fn new(cx: &Context) -> Self {
        let users = cx.user_meta();
        let named = |column: &&crate::db::ColumnMeta| column.column == users.username_field();
        let column = users.model.columns.iter().find(named);
        let mut label = verbose(&cx.user_meta());
        if let Some(first) = label.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let username = TextField {
            name: "username",
            label,
            autocomplete: "username",
            max_length: Some(column.and_then(|column| column.max_length).unwrap_or(254)),
            ..TextField::default()
        };
        let password = TextField::password("password", "Password", "current-password");
        Self { username, password, error: None }
    }

    fn page(self, cx: &mut Context, sent: &QueryParams) -> Result<Response> {
        let token = csrf::get_token(cx)?;
        let next = next::named(cx, sent).unwrap_or_default();
        let form = fields::form(
            &cx.request.path,
            &token,
            &[(next::NEXT, &next)],
            self.error.as_deref(),
            &[self.username, self.password],
            "Log in",
        );
        Ok(html::page("Log in", &form))
    }
}

/// The verbose name of the username field.
fn verbose(users: &UserMeta) -> String {
    verbose_name(users.model, users.username_field())
}

async fn show(cx: &mut Context) -> Result<Response> {
    LoginForm::new(cx).page(cx, &QueryParams::default())
}

async fn submit(cx: &mut Context) -> Result<Response> {
    let sent = form_of(cx)?;
    let mut form = LoginForm::new(cx);
    let password = sent.get("password").unwrap_or_default();
    sent.get("username").unwrap_or_default().clone_into(&mut form.username.value);
    let typed = strip(&form.username.value);
    // as in Django, a name that is too long is not normalised
    let username = match form.username.max_length {
        Some(most) if typed.chars().count() > most => typed.to_owned(),
        _ => normalize_username(typed),
    };
    let filled = form.username.clean(&username) & form.password.clean(password);
    if !filled {
        return form.page(cx, &sent);
    }
    match authenticate(cx, &username, password).await {
        Ok(Some(account)) => {
            let to = match next::named(cx, &sent) {
                Some(next) => next,
                None => next::resolved(cx, &cx.settings().auth.login_redirect_url)?,
            };
            login(cx, account).await?;
            Ok(Response::redirect(&to))
        }
        Ok(None) => {
            form.error = Some(format!(
                "Please enter a correct {} and password. Note that both fields may be \
                 case-sensitive.",
                verbose(&cx.user_meta())
            ));
            form.page(cx, &sent)
        }
        // the person reads it on the page
        Err(error @ ApiException::Throttled { .. }) => {
            form.error = error.detail().to_json().as_str().map(ToOwned::to_owned);
            Ok(form.page(cx, &sent)?.with_status(429).retry_after(&error))
        }
        Err(error) => Err(error),
    }
}
