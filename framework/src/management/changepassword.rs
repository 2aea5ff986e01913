//! The command `changepassword`.

use super::{CommandError, Console, Terminal};
use crate::auth::{UserAttributes, validate_password};
use crate::site::Site;

/// How often two passwords may differ or be refused.
const TRIES: usize = 3;

/// Changes an account's password (`manage.py changepassword`): the account named in the first
/// argument, or else the current OS user's. Prompts for the password twice, without echo.
///
/// # Errors
/// When there is no such account, nothing is typed, or three tries were refused.
pub async fn changepassword(site: &Site, words: &[&str]) -> Result<(), CommandError> {
    changepassword_with(site, words, &mut Console).await
}

/// Like [`changepassword`], with another terminal.
///
/// # Errors
/// As [`changepassword`].
pub async fn changepassword_with(
    site: &Site,
    words: &[&str],
    terminal: &mut dyn Terminal,
) -> Result<(), CommandError> {
    let username = match words {
        [] => ["LOGNAME", "USER", "LNAME", "USERNAME"]
            .iter()
            .find_map(|name| terminal.variable(name).filter(|name| !name.is_empty()))
            .ok_or_else(|| CommandError::new("usage: changepassword USERNAME"))?,
        [name] if !name.starts_with("--") => (*name).to_owned(),
        _ => return Err(CommandError::new("usage: changepassword [USERNAME]")),
    };
    let name = username.clone();
    let known = site.with_context(false, move |cx| {
        Box::pin(async move {
            let account = cx.user_meta().by_username(&cx, &name).await?;
            Ok::<_, crate::db::Error>(account.as_ref().map(UserAttributes::from))
        })
    });
    let missing = || CommandError::new(format!("user '{username}' does not exist"));
    let known = known.await?.map_err(|error| CommandError::new(error.to_string()))?;
    let known = known.ok_or_else(missing)?;
    terminal.say(&format!("Changing password for user '{username}'"));
    let password = ask(site, &username, &known, terminal)?;
    let name = username.clone();
    let changed = site.with_context(true, move |cx| {
        Box::pin(async move {
            match cx.user_meta().by_username(&cx, &name).await? {
                Some(mut account) => {
                    cx.set_password(&mut account, Some(&password)).await.map(|()| true)
                }
                None => Ok(false),
            }
        })
    });
    if !changed.await?? {
        return Err(missing());
    }
    terminal.say(&format!("Password changed successfully for user '{username}'"));
    Ok(())
}

fn ask(
    site: &Site,
    username: &str,
    known: &UserAttributes,
    terminal: &mut dyn Terminal,
) -> Result<String, CommandError> {
    for _ in 0..TRIES {
        let mut typed = |prompt: &str| {
            let typed = terminal.ask_hidden(prompt)?;
            if typed.is_empty() { Err(CommandError::new("aborted")) } else { Ok(typed) }
        };
        let (password, again) = (typed("Password: ")?, typed("Password (again): ")?);
        if password != again {
            terminal.say("Passwords do not match. Please try again.");
            continue;
        }
        match validate_password(&password, known, &site.settings().auth) {
            Ok(()) => return Ok(password),
            Err(refused) => terminal.complain(&refused.texts().join("\n")),
        }
    }
    let text = format!("Aborting password change for user '{username}' after {TRIES} attempts");
    Err(CommandError::new(text))
}
