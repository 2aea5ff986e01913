//! Commands with a person who has the answers ready.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::{CommandError, Terminal, changepassword_with, createsuperuser_with};
use crate::auth::{Account, testing};
use crate::db::testing::{block_on, localized};
use crate::db::{Database, DatabaseConfig, Dialect};
use crate::settings::Settings;
use crate::site::Site;

#[derive(Default)]
struct Person {
    answers: VecDeque<&'static str>,
    heard: Vec<String>,
    away: bool,
    variables: Vec<(&'static str, &'static str)>,
}

impl Person {
    fn who_answers(answers: &[&'static str]) -> Self {
        Self { answers: answers.iter().copied().collect(), ..Self::default() }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }
}

impl Terminal for Person {
    fn is_interactive(&self) -> bool {
        !self.away
    }

    fn ask(&mut self, prompt: &str) -> io::Result<String> {
        self.heard.push(prompt.to_owned());
        let answer = self.answers.pop_front();
        answer.map(ToOwned::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn ask_hidden(&mut self, prompt: &str) -> io::Result<String> {
        self.ask(prompt)
    }

    fn say(&mut self, text: &str) {
        self.heard.push(text.to_owned());
    }

    fn complain(&mut self, text: &str) {
        self.heard.push(text.to_owned());
    }

    fn variable(&self, name: &str) -> Option<String> {
        let found = self.variables.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

/// A site where alice and bob have accounts.
async fn site() -> Arc<Site> {
    let secret_key = "a key for tests".into();
    let mut settings = Settings { secret_key, ..Settings::default() };
    settings.auth.pbkdf2_iterations = 10;
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
    database.batch_execute(localized(Dialect::Sqlite, testing::TABLES)).await.unwrap();
    Site::builder(settings, database).build().unwrap()
}

/// The account of a name, when this is its password.
async fn stored(site: &Site, name: &'static str, password: &'static str) -> Option<Account> {
    let find = site.with_context(true, move |cx| {
        Box::pin(async move {
            let mut account = cx.user_meta().by_username(&cx, name).await.unwrap()?;
            let right = cx.check_password(&mut account, password).await.unwrap();
            right.then_some(account.get::<crate::auth::User>()?.clone())
        })
    });
    find.await.unwrap().map(Account::from)
}

async fn superuser(site: &Site, words: &[&str], person: &mut Person) -> Result<(), CommandError> {
    createsuperuser_with(site, words, person).await
}

const SHORT: &str = "This password is too short. It must contain at least 8 characters.";
const BYPASS: &str = "Bypass password validation and create user anyway? [y/N]: ";
const DONE: &str = "Superuser created successfully.";

#[test]
fn a_superuser_is_asked_for_in_djangos_words() {
    block_on(async {
        let site = site().await;
        let mut person = Person::who_answers(&[
            "alice",
            "no spaces",
            "",
            "root",
            "nothing",
            "root@EX.com",
            "one",
            "two",
            " ",
            " ",
            "root",
            "root",
            "n",
            "correct horse",
            "correct horse",
        ]);
        superuser(&site, &[], &mut person).await.unwrap();
        assert_eq!(
            person.heard,
            [
                "Username: ",
                "Error: That username is already taken.",
                "Username: ",
                "Error: Enter a valid username. This value may contain only letters, numbers, and \
                 @/./+/-/_ characters.",
                "Username: ",
                "Error: This field cannot be blank.",
                "Username: ",
                "Email address: ",
                "Error: Enter a valid email address.",
                "Email address: ",
                "Password: ",
                "Password (again): ",
                "Error: Your passwords didn't match.",
                "Password: ",
                "Password (again): ",
                "Error: Blank passwords aren't allowed.",
                "Password: ",
                "Password (again): ",
                &format!(
                    "The password is too similar to the username.\n{SHORT}\nThis password is too common."
                ),
                BYPASS,
                "Password: ",
                "Password (again): ",
                DONE,
            ]
        );
        let root = stored(&site, "root", "correct horse").await.unwrap();
        assert!(root.is_superuser() && root.is_staff() && root.is_active());
        assert_eq!(root.email(), "root@ex.com");
    });
}

#[test]
fn what_the_options_say_is_not_asked_for_and_a_bad_password_can_be_kept() {
    block_on(async {
        let site = site().await;
        let mut person = Person::who_answers(&["1", "1", "y"]);
        let words = ["--username=root", "--email", "r@ex.com"];
        superuser(&site, &words, &mut person).await.unwrap();
        let refused =
            format!("{SHORT}\nThis password is too common.\nThis password is entirely numeric.");
        let heard = ["Password: ", "Password (again): ", &refused, BYPASS, DONE];
        assert_eq!(person.heard, heard);
        assert!(stored(&site, "root", "1").await.is_some());
    });
}

#[test]
fn the_name_of_who_runs_it_is_offered_when_it_is_free() {
    block_on(async {
        let site = site().await;
        let answers = ["", "", "correct horse", "correct horse"];
        let mut person = Person::who_answers(&answers).with("USER", "Åsa Berg");
        superuser(&site, &[], &mut person).await.unwrap();
        assert_eq!(person.heard[0], "Username (leave blank to use 'asaberg'): ");
        assert!(stored(&site, "asaberg", "correct horse").await.is_some());
        let mut person = Person::who_answers(&[]).with("USER", "alice");
        let stopped = superuser(&site, &[], &mut person).await.unwrap_err();
        assert_eq!(stopped.to_string(), "Operation cancelled.");
        assert_eq!(person.heard, ["Username: "]);
    });
}

#[test]
fn without_input_the_environment_is_asked() {
    block_on(async {
        let site = site().await;
        let failed = async |words: &'static [&'static str], mut person: Person| {
            superuser(&site, words, &mut person).await.unwrap_err().to_string()
        };
        assert_eq!(
            failed(&["--noinput"], Person::default()).await,
            "You must use --username with --noinput."
        );
        assert_eq!(
            failed(&["--noinput", "--username", "root"], Person::default()).await,
            "You must use --email with --noinput."
        );
        assert_eq!(
            failed(&["--noinput", "--username", "alice"], Person::default()).await,
            "Error: That username is already taken."
        );
        assert!(failed(&["--nonsense"], Person::default()).await.starts_with("usage: "));
        assert!(failed(&["--username"], Person::default()).await.starts_with("usage: "));

        let mut person = Person::default()
            .with("DJANGO_SUPERUSER_USERNAME", "root")
            .with("DJANGO_SUPERUSER_EMAIL", "root@ex.com")
            .with("DJANGO_SUPERUSER_PASSWORD", "1");
        superuser(&site, &["--noinput"], &mut person).await.unwrap();
        assert_eq!(person.heard, [DONE]);
        assert!(stored(&site, "root", "1").await.is_some());

        let words = ["--noinput", "--username=other", "--email="];
        superuser(&site, &words, &mut Person::default()).await.unwrap();
    });
}

#[test]
fn without_a_terminal_nothing_is_made() {
    block_on(async {
        let site = site().await;
        let mut person = Person { away: true, ..Person::default() };
        superuser(&site, &[], &mut person).await.unwrap();
        assert!(person.heard[0].starts_with("Superuser creation skipped due to not running in a"));
    });
}

#[test]
fn a_password_is_changed_when_it_is_typed_twice_and_good() {
    block_on(async {
        let site = site().await;
        let mut person =
            Person::who_answers(&["a", "b", "12345", "12345", "correct horse", "correct horse"]);
        changepassword_with(&site, &["alice"], &mut person).await.unwrap();
        assert_eq!(
            person.heard,
            [
                "Changing password for user 'alice'",
                "Password: ",
                "Password (again): ",
                "Passwords do not match. Please try again.",
                "Password: ",
                "Password (again): ",
                &format!(
                    "{SHORT}\nThis password is too common.\nThis password is entirely numeric."
                ),
                "Password: ",
                "Password (again): ",
                "Password changed successfully for user 'alice'",
            ]
        );
        assert!(stored(&site, "alice", "correct horse").await.is_some());
    });
}

#[test]
fn a_change_ends_after_three_tries_or_without_a_password() {
    block_on(async {
        let site = site().await;
        let failed = async |words: &'static [&'static str], answers: &'static [&'static str]| {
            let mut person = Person::who_answers(answers).with("LOGNAME", "bob");
            changepassword_with(&site, words, &mut person).await.unwrap_err().to_string()
        };
        assert_eq!(
            failed(&[], &["a", "b", "a", "b", "a", "b"]).await,
            "Aborting password change for user 'bob' after 3 attempts"
        );
        assert_eq!(failed(&["alice"], &[""]).await, "aborted");
        assert_eq!(failed(&["nobody"], &[]).await, "user 'nobody' does not exist");
        assert!(failed(&["alice", "bob"], &[]).await.starts_with("usage: "));
    });
}
