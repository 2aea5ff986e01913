//! The command `createsuperuser`.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use unicode_normalization::UnicodeNormalization as _;

use super::{CommandError, Console, Terminal};
use crate::auth::{
    NewUser, User, UserAttributes, UserMeta, normalize_username, validate_password, verbose_name,
};
use crate::db::{ColumnMeta, Model};
use crate::request::Context;
use crate::site::Site;
use crate::validators::is_email;

/// The usage message.
const USAGE: &str = "usage: createsuperuser [--username NAME] [--email ADDRESS] [--noinput]";

/// Creates a superuser (`manage.py createsuperuser`), with the options `--username`, `--email` and
/// `--noinput`. It prompts for what is missing; with `--noinput`, it takes it from
/// `DJANGO_SUPERUSER_USERNAME`, `DJANGO_SUPERUSER_EMAIL` and `DJANGO_SUPERUSER_PASSWORD`. If the
/// user model has other names for these fields, so do the options and the variables.
///
/// # Errors
/// When a word is unknown, something is missing or refused, or the database cannot be reached.
pub async fn createsuperuser(site: &Site, words: &[&str]) -> Result<(), CommandError> {
    createsuperuser_with(site, words, &mut Console).await
}

/// Like [`createsuperuser`], with another terminal.
///
/// # Errors
/// As [`createsuperuser`].
pub async fn createsuperuser_with(
    site: &Site,
    words: &[&str],
    terminal: &mut dyn Terminal,
) -> Result<(), CommandError> {
    let users = site.user_meta();
    let options = Options::parse(words, &users)?;
    let mut command = Command { site, users: &users, terminal };
    let new = if options.interactive {
        command.ask(options).await?
    } else {
        Some(command.given(options).await?)
    };
    let Some(new) = new else { return Ok(()) };
    let make = |cx: Context| -> LocalBoxFuture<'static, _> {
        Box::pin(async move { cx.create_user(new.superuser()).await.map(|_| ()) })
    };
    site.with_context(true, make).await??;
    terminal.say("Superuser created successfully.");
    Ok(())
}

/// The options of the command.
struct Options {
    username: Option<String>,
    email: Option<String>,
    interactive: bool,
}

impl Options {
    fn parse(words: &[&str], users: &UserMeta) -> Result<Self, CommandError> {
        let mut options = Self { username: None, email: None, interactive: true };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            if ["--noinput", "--no-input"].contains(&word) {
                options.interactive = false;
                continue;
            }
            let name = name.strip_prefix("--").unwrap_or_default();
            let to = if name == users.username_field() {
                &mut options.username
            } else if asked_email(users) == Some(name) {
                &mut options.email
            } else {
                return Err(CommandError::new(USAGE));
            };
            let value = value.or_else(|| words.next().copied());
            *to = Some(value.ok_or_else(|| CommandError::new(USAGE))?.to_owned());
        }
        Ok(options)
    }
}

/// The field with the address, where it is not the one to log in with (`REQUIRED_FIELDS`).
fn asked_email(users: &UserMeta) -> Option<&'static str> {
    users.email_field().filter(|field| *field != users.username_field())
}

struct Command<'a> {
    site: &'a Site,
    users: &'a Arc<UserMeta>,
    terminal: &'a mut dyn Terminal,
}

impl Command<'_> {
    /// Without asking.
    async fn given(&self, options: Options) -> Result<NewUser, CommandError> {
        let variable = |field: &str| {
            self.terminal.variable(&format!("DJANGO_SUPERUSER_{}", field.to_uppercase()))
        };
        let missing =
            |field: &str| CommandError::new(format!("You must use --{field} with --noinput."));
        let field = self.users.username_field();
        let username =
            options.username.or_else(|| variable(field)).ok_or_else(|| missing(field))?;
        if let Some(wrong) = self.wrong_username(&username).await? {
            return Err(CommandError::new(wrong));
        }
        let mut new = NewUser::new(username);
        if let Some(field) = asked_email(self.users) {
            // an empty one is reported, too
            let said: Vec<String> =
                [options.email, variable(field)].into_iter().flatten().collect();
            let email = said.iter().find(|email| !email.is_empty()).or(said.first());
            let email = email.cloned().ok_or_else(|| missing(field))?;
            if let Some(wrong) = wrong(self.users, field, &email) {
                return Err(CommandError::new(wrong));
            }
            new = new.email(email);
        }
        if let Some(password) = variable("password") {
            new = new.password(password);
        }
        Ok(new)
    }

    /// Asking; `None` when nobody is there.
    async fn ask(&mut self, options: Options) -> Result<Option<NewUser>, CommandError> {
        if !self.terminal.is_interactive() {
            self.terminal.say(
                "Superuser creation skipped due to not running in a TTY. You can run \
                 `createsuperuser` in your project to create one manually.",
            );
            return Ok(None);
        }
        let username = self.ask_username(options.username).await?;
        let mut new = NewUser::new(username.as_str());
        let mut known = UserAttributes::default();
        if *self.users.model == *User::META {
            known = known.with("username", username);
        }
        if let Some(field) = asked_email(self.users) {
            let email = self.ask_email(field, options.email)?;
            known = known.with(verbose_name(self.users.model, field), email.as_str());
            new = new.email(email);
        }
        let password = self.ask_password(&known)?;
        Ok(Some(new.password(password)))
    }

    async fn ask_username(&mut self, given: Option<String>) -> Result<String, CommandError> {
        let field = self.users.username_field();
        let name = capitalized(&verbose_name(self.users.model, field));
        if given.as_deref() == Some("") {
            return Err(CommandError::new(format!("{name} cannot be blank.")));
        }
        let default = self.default_username().await?;
        let prompt = match &default {
            Some(default) => format!("{name} (leave blank to use '{default}'): "),
            None => format!("{name}: "),
        };
        let mut given = given;
        loop {
            let username = match given.take() {
                Some(username) => username,
                None => match (self.terminal.ask(&prompt)?, &default) {
                    (typed, Some(default)) if typed.is_empty() => default.clone(),
                    (typed, _) => typed,
                },
            };
            if let Some(wrong) = wrong(self.users, field, &username) {
                self.terminal.complain(&format!("Error: {wrong}"));
                continue;
            }
            match self.wrong_username(&username).await? {
                Some(wrong) => self.terminal.complain(&wrong),
                None => return Ok(username),
            }
        }
    }

    fn ask_email(&mut self, field: &str, given: Option<String>) -> Result<String, CommandError> {
        if let Some(email) = given {
            return match wrong(self.users, field, &email) {
                Some(wrong) => Err(CommandError::new(wrong)),
                None => Ok(email),
            };
        }
        let prompt = format!("{}: ", capitalized(&verbose_name(self.users.model, field)));
        loop {
            let email = self.terminal.ask(&prompt)?;
            match wrong(self.users, field, &email) {
                Some(wrong) => self.terminal.complain(&format!("Error: {wrong}")),
                None => return Ok(email),
            }
        }
    }

    fn ask_password(&mut self, known: &UserAttributes) -> Result<String, CommandError> {
        loop {
            let password = self.terminal.ask_hidden("Password: ")?;
            if self.terminal.ask_hidden("Password (again): ")? != password {
                self.terminal.complain("Error: Your passwords didn't match.");
                continue;
            }
            if password.trim().is_empty() {
                self.terminal.complain("Error: Blank passwords aren't allowed.");
                continue;
            }
            if let Err(refused) = validate_password(&password, known, &self.site.settings().auth) {
                self.terminal.complain(&refused.texts().join("\n"));
                let prompt = "Bypass password validation and create user anyway? [y/N]: ";
                if !self.terminal.ask(prompt)?.eq_ignore_ascii_case("y") {
                    continue;
                }
            }
            return Ok(password);
        }
    }

    /// Why this name is invalid or taken (`_validate_username`).
    async fn wrong_username(&self, username: &str) -> Result<Option<String>, CommandError> {
        let field = self.users.username_field();
        let name = verbose_name(self.users.model, field);
        if self.exists(username).await? {
            return Ok(Some(format!("Error: That {name} is already taken.")));
        }
        if username.is_empty() {
            return Ok(Some(format!("{} cannot be blank.", capitalized(&name))));
        }
        Ok(wrong(self.users, field, username))
    }

    async fn exists(&self, username: &str) -> Result<bool, CommandError> {
        let username = normalize_username(username);
        let found = self.site.with_context(false, move |cx| {
            Box::pin(async move { cx.user_meta().by_username(&cx, &username).await })
        });
        let found = found.await?.map(|account| account.is_some());
        found.map_err(|error| CommandError::new(error.to_string()))
    }

    /// The name of the current OS user, if it is free (`get_default_username`).
    async fn default_username(&self) -> Result<Option<String>, CommandError> {
        if *self.users.model != *User::META {
            return Ok(None);
        }
        let names = ["LOGNAME", "USER", "LNAME", "USERNAME"];
        let Some(name) =
            names.iter().find_map(|name| self.terminal.variable(name).filter(|it| !it.is_empty()))
        else {
            return Ok(None);
        };
        let name: String =
            name.nfkd().filter(|c| c.is_ascii() && *c != ' ').collect::<String>().to_lowercase();
        let free = !name.is_empty()
            && wrong(self.users, self.users.username_field(), &name).is_none()
            && !self.exists(&name).await?;
        Ok(free.then_some(name))
    }
}

/// Django's message for an invalid value of a field (`field.clean`).
fn wrong(users: &UserMeta, field: &str, value: &str) -> Option<String> {
    let column: &ColumnMeta = users.model.column(field)?;
    if value.is_empty() {
        return (!column.blank).then(|| "This field cannot be blank.".to_owned());
    }
    if value.contains('\0') {
        return Some("Null characters are not allowed.".to_owned());
    }
    if column.regex.is_some_and(|pattern| !pattern().is_match(value)) {
        let own = column.errors.iter().find(|(code, _)| *code == "invalid");
        return Some(own.map_or("Enter a valid value.", |(_, text)| text).to_owned());
    }
    if column.email && !is_email(value) {
        return Some("Enter a valid email address.".to_owned());
    }
    let length = value.chars().count();
    column
        .max_length
        .filter(|most| length > *most)
        .map(|most| format!("Ensure this value has at most {most} characters (it has {length})."))
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
