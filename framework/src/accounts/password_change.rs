//! The page on which users change their password (`PasswordChangeView`, `PasswordChangeForm`).

use actix_web::http::Method;
use percent_encoding::utf8_percent_encode;

use super::fields::{self, TextField};
use super::{html, next};
use crate::auth::{
    Account, UserAttributes, check_password, password_validators_help_texts, set_password,
    validate_password,
};
use crate::authentication::{session_user, update_session_auth_hash};
use crate::exceptions::Result;
use crate::middleware::csrf;
use crate::request::{Context, QueryParams};
use crate::response::Response;
use crate::reverse::Origin;
use crate::reverse::escape::PATH_IN_QUERY;
use crate::throttling;
use crate::views::{PageView, form_of};

/// The page for changing the password: it asks for the old password, and twice for the new one. The
/// session continues under a new key; all other sessions of the account end. Anonymous users are
/// redirected to `LOGIN_URL`.
pub fn password_change_page() -> PageView {
    let page = PageView::new("Password change").non_atomic_requests();
    page.get(show).post(submit).method(Method::PUT, submit)
}

/// The page that confirms a changed password.
pub fn password_change_done_page() -> PageView {
    PageView::new("Password change successful").get(done)
}

struct PasswordChangeForm {
    old: TextField,
    new: TextField,
    again: TextField,
}

impl PasswordChangeForm {
    fn new(cx: &Context) -> Self {
        let field = |name, label| TextField::password(name, label, "new-password");
        let mut new = field("new_password1", "New password");
        new.help = password_validators_help_texts(&cx.settings().auth);
        let mut again = field("new_password2", "New password confirmation");
        again.help = vec!["Enter the same password as before, for verification.".into()];
        Self {
            old: TextField::password("old_password", "Old password", "current-password"),
            new,
            again,
        }
    }

    /// Validates the form; the fields hold the errors.
    async fn clean(
        &mut self,
        cx: &Context,
        account: &mut Account,
        sent: &QueryParams,
    ) -> Result<bool> {
        let text = |field: &TextField| sent.get(field.name).unwrap_or_default();
        let (old, new, again) = (text(&self.old), text(&self.new), text(&self.again));
        if self.old.clean(old) && !is_right(cx, account, old).await? {
            self.old
                .errors
                .push("Your old password was entered incorrectly. Please enter it again.".into());
        }
        let both = self.new.clean(new) & self.again.clean(again);
        if both && new != again {
            self.again.errors.push("The two password fields didn\u{2019}t match.".into());
        } else if both {
            let known = UserAttributes::from(&*account);
            if let Err(refused) = validate_password(new, &known, &cx.settings().auth) {
                self.again.errors.extend(refused.texts());
            }
        }
        Ok([&self.old, &self.new, &self.again].iter().all(|field| field.errors.is_empty()))
    }

    fn page(self, cx: &mut Context) -> Result<Response> {
        let token = csrf::get_token(cx)?;
        let fields = [self.old, self.new, self.again];
        let form = fields::form(&cx.request.path, &token, &[], None, &fields, "Change my password");
        Ok(html::page("Password change", &form))
    }
}

/// Whether this is the account's password. Wrong guesses count as failed logins, because somebody
/// who has stolen a session does not know it.
async fn is_right(cx: &Context, account: &mut Account, password: &str) -> Result<bool> {
    let name = account.username().to_owned();
    let hashers = cx.hashers().known(true);
    let guess = async { Ok(check_password(cx, &hashers, account, password).await?.then_some(())) };
    Ok(throttling::login::attempt(cx, &name, guess).await?.is_some())
}

async fn show(cx: &mut Context) -> Result<Response> {
    if session_user(cx).await?.is_none() {
        return login_first(cx);
    }
    PasswordChangeForm::new(cx).page(cx)
}

async fn submit(cx: &mut Context) -> Result<Response> {
    let Some(mut account) = session_user(cx).await? else { return login_first(cx) };
    let sent = form_of(cx)?;
    let mut form = PasswordChangeForm::new(cx);
    if !form.clean(cx, &mut account, &sent).await? {
        return form.page(cx);
    }
    let hashers = cx.hashers().known(true);
    set_password(cx, &hashers, &mut account, sent.get(form.new.name)).await?;
    update_session_auth_hash(cx, &account).await?;
    match cx.urls().reverse(&Origin::default(), "password_change_done", &[]) {
        Ok(to) => Ok(Response::redirect(&to)),
        Err(_) => Ok(changed()),
    }
}

async fn done(cx: &mut Context) -> Result<Response> {
    match session_user(cx).await? {
        Some(_) => Ok(changed()),
        None => login_first(cx),
    }
}

fn changed() -> Response {
    html::page("Password change successful", "<p>Your password was changed.</p>")
}

/// A redirect to the login page, and back from there (`redirect_to_login`).
fn login_first(cx: &Context) -> Result<Response> {
    let login = next::resolved(cx, &cx.settings().auth.login_url)?;
    let path = cx.request.full_path();
    let next = utf8_percent_encode(&path, PATH_IN_QUERY);
    let mark = if login.contains('?') { '&' } else { '?' };
    Ok(Response::redirect(&format!("{login}{mark}next={next}")))
}
