//! Creating accounts and changing their passwords (`UserManager`, `AbstractBaseUser`).

use std::borrow::Cow;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

use super::{Account, PasswordHashers, UserMeta};
use crate::db::{
    Column, Conn, DateTime, Error, Model, ModelMeta, ModelRow, Path, Predicate, Select,
};
use crate::exceptions::{ApiException, Detail, Result};
use crate::values::{FieldType as _, Value};

/// An email address with the part after the last `@` in lower case (`normalize_email`).
pub fn normalize_email(email: &str) -> String {
    match email.trim().rsplit_once('@') {
        Some((name, domain)) => format!("{name}@{}", domain.to_lowercase()),
        None => email.to_owned(),
    }
}

/// A user name with look-alike characters replaced by one form (`normalize_username`, Unicode's
/// NFKC).
pub fn normalize_username(username: &str) -> String {
    username.nfkc().collect()
}

/// An account to be created.
///
/// ```
/// use quintet::auth::NewUser;
///
/// let alice = NewUser::new("alice").email("alice@example.com").password("correct horse");
/// # let _ = alice;
/// ```
#[derive(Clone)]
#[must_use]
pub struct NewUser {
    username: String,
    email: String,
    password: Option<String>,
    is_staff: bool,
    is_superuser: bool,
    fields: Vec<(&'static ModelMeta, usize, Value)>,
}

impl NewUser {
    /// Creates the account without a usable password.
    pub fn new(username: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            email: String::new(),
            password: None,
            is_staff: false,
            is_superuser: false,
            fields: Vec::new(),
        }
    }

    /// Sets the email address, if the user model has one.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = email.into();
        self
    }

    /// Sets the password, without running the validators.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Makes the user staff, who may use the admin.
    pub fn staff(mut self) -> Self {
        self.is_staff = true;
        self
    }

    /// Makes the user a superuser (`create_superuser`).
    pub fn superuser(mut self) -> Self {
        self.is_superuser = true;
        self.staff()
    }

    /// Sets another column of the user model: `set(user::first_name, "Alice")`. A column of another
    /// model is ignored.
    pub fn set<C: Column>(mut self, _column: C, value: impl Into<C::Value>) -> Self {
        self.fields.push((C::Model::META, C::INDEX, value.into().into_value()));
        self
    }
}

impl std::fmt::Debug for NewUser {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Creates an account (`create_user`, `create_superuser`): normalises its name and email address,
/// and hashes its password.
///
/// # Errors
/// 400 under the field's name if the name is missing or taken; 503 when too many passwords wait to
/// be hashed.
pub async fn create_user(
    conn: &Conn,
    users: &Arc<UserMeta>,
    hashers: &PasswordHashers,
    new: NewUser,
) -> Result<Account> {
    let username = normalize_username(&new.username);
    let refused = |text: &'static str, code: &'static str| {
        ApiException::validation(Detail::field(users.username_field(), [Detail::new(text, code)]))
    };
    if username.is_empty() {
        return Err(refused("The given username must be set.", "required"));
    }
    if username.contains('\0') {
        let text = "Null characters are not allowed.";
        return Err(refused(text, "null_characters_not_allowed"));
    }
    let password = match &new.password {
        Some(password) => hashers.make(password).await?,
        None => hashers.unusable()?,
    };
    let mut set = Vec::new();
    let mut put = |at: Option<usize>, value: Value| {
        if let Some(at) = at {
            set.retain(|(other, _)| *other != at);
            set.push((at, value));
        }
    };
    let at = |field: &str| index(users, field);
    put(at("is_staff"), Value::Bool(new.is_staff));
    put(at("is_superuser"), Value::Bool(new.is_superuser));
    put(users.email_field().and_then(at), Value::Text(new.email));
    for (model, at, value) in new.fields {
        put((*model == *users.model).then_some(at), value);
    }
    put(at(users.password_field()), Value::Text(password));
    // the username field may be the email address: then the name counts
    put(at(users.username_field()), Value::Text(username));
    normalize(users, &mut set);
    match conn.insert_row(users.model, set).await {
        Ok(row) => Ok(Account::of_row(row, Arc::clone(users))),
        Err(Error::Unique(columns)) if columns.iter().any(|own| own == users.username_field()) => {
            Err(refused(taken(users), "unique"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Normalises the name and email address of a new account, as lookups do, so that look-alike names
/// are the same and the login page finds them.
pub(crate) fn normalize(users: &UserMeta, set: &mut [(usize, Value)]) {
    for (column, value) in set {
        if let Some(text) = normalized(users, *column, value) {
            *value = Value::Text(text);
        }
    }
}

/// The normalised form of an account's name or address, if it differs.
pub(crate) fn normalized(users: &UserMeta, column: usize, value: &Value) -> Option<String> {
    let Value::Text(text) = value else { return None };
    let is = |field: Option<&str>| field.and_then(|field| index(users, field)) == Some(column);
    let mut normal = Cow::Borrowed(text.as_str());
    if is(users.email_field()) {
        normal = normalize_email(&normal).into();
    }
    if is(Some(users.username_field())) {
        normal = normalize_username(&normal).into();
    }
    (normal != *text).then(|| normal.into_owned())
}

/// The message for a name that is taken.
fn taken(users: &UserMeta) -> &'static str {
    let column = users.model.column(users.username_field());
    let own = column.and_then(|column| column.errors.iter().find(|(code, _)| *code == "unique"));
    own.map_or("This field must be unique.", |(_, text)| text)
}

/// Changes an account's password, or makes it unusable, and stores its hash (`set_password`,
/// `save`).
///
/// # Errors
/// 503 when too many passwords wait to be hashed, and what the database reports.
pub async fn set_password(
    conn: &Conn,
    hashers: &PasswordHashers,
    account: &mut Account,
    password: Option<&str>,
) -> Result<()> {
    let encoded = match password {
        Some(password) => hashers.make(password).await?,
        None => hashers.unusable()?,
    };
    let stored = update(conn, account, account.meta().password_field(), Value::Text(encoded), None);
    if let Some(row) = stored.await? {
        *account = Account::of_row(row, Arc::clone(account.meta()));
    }
    Ok(())
}

/// Whether this is the account's password (`check_password`). An outdated hash is upgraded as a
/// side effect; if that fails, a warning is logged and the password still counts as correct.
///
/// # Errors
/// 503 when too many passwords wait to be hashed.
pub async fn check_password(
    conn: &Conn,
    hashers: &PasswordHashers,
    account: &mut Account,
    password: &str,
) -> Result<bool> {
    let checked = hashers.check(password, account.password()).await?;
    if let Some(upgrade) = checked.upgrade {
        // not over a password that was changed meanwhile
        let old = Value::Text(account.password().to_owned());
        let field = account.meta().password_field();
        match update(conn, account, field, Value::Text(upgrade), Some(old)).await {
            Ok(Some(row)) => *account = Account::of_row(row, Arc::clone(account.meta())),
            Ok(None) => {}
            Err(error) => tracing::warn!("a password's hash stays as it was: {error}"),
        }
    }
    Ok(checked.is_correct)
}

/// Records that an account logs in now, if its model has a column for it (`update_last_login`).
///
/// # Errors
/// What the database reports.
pub async fn update_last_login(conn: &Conn, account: &Account) -> Result<()> {
    if let Some(field) = account.meta().last_login_field() {
        update(conn, account, field, Value::DateTime(DateTime::now()), None).await?;
    }
    Ok(())
}

fn index(users: &UserMeta, field: &str) -> Option<usize> {
    users.model.columns.iter().position(|column| column.name == field || column.column == field)
}

/// Changes only one column of an account, if it still has this value; returns the row.
async fn update(
    conn: &Conn,
    account: &Account,
    field: &str,
    value: Value,
    still: Option<Value>,
) -> Result<Option<Box<dyn ModelRow>>, Error> {
    let users = account.meta();
    let model = users.model;
    let Some((at, column)) =
        index(users, field).and_then(|at| model.columns.get(at).map(|column| (at, column)))
    else {
        return Ok(None);
    };
    let mut select = Select::of_model(model);
    select.also_where(Predicate::exact(Path::own(model.pk_column()), account.key()));
    if let Some(still) = still {
        select.also_where(Predicate::exact(Path::own(column), still));
    }
    if conn.watches_saves(model) {
        return conn.update_row(&select, vec![(at, value)], &[]).await;
    }
    let sql = select.update_returning(conn.dialect(), &[(at, value)], &[]);
    let rows = conn.rows(sql, |row| (model.decode)(row, 0)).await?;
    Ok(rows.into_iter().next())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::User;
    use super::super::{UserModel, testing, user};
    use super::*;
    use crate::db::testing::on_each_with;
    use crate::settings::AuthSettings;

    fn hashers(rounds: u32) -> PasswordHashers {
        PasswordHashers::new(&AuthSettings { pbkdf2_iterations: rounds, ..AuthSettings::default() })
    }

    async fn stored(conn: &Conn, name: &str) -> Account {
        UserMeta::djangos().by_username(conn, name).await.unwrap().unwrap()
    }

    #[test]
    fn names_and_addresses_are_normalised_as_django_does() {
        assert_eq!(normalize_email(" Al@Ex.COM "), "Al@ex.com");
        assert_eq!(normalize_email("\"a@b\"@EX.com"), "\"a@b\"@ex.com");
        assert_eq!(normalize_email("nothing"), "nothing");
        assert_eq!(normalize_username("ﬁｒａｎk²"), "firank2");
    }

    #[test]
    fn an_account_is_made_with_a_hash_and_normal_names() {
        on_each_with(testing::TABLES, async |conn| {
            let (users, hashers) = (UserMeta::djangos(), hashers(10));
            let new =
                NewUser::new("ｆrank").email("f@EX.com").password("pw").set(user::last_name, "F");
            create_user(conn, &users, &hashers, new).await.unwrap();
            let mut frank = stored(conn, "frank").await;
            assert_eq!((frank.email(), frank.is_active()), ("f@ex.com", true));
            assert!(!frank.is_staff() && !frank.is_superuser());
            assert_eq!(frank.get::<User>().unwrap().last_name, "F");
            assert!(check_password(conn, &hashers, &mut frank, "pw").await.unwrap());
            let root = NewUser::new("root").superuser();
            let root = create_user(conn, &users, &hashers, root).await.unwrap();
            assert!(root.is_staff() && root.is_superuser());
            assert!(!super::super::is_password_usable(root.password()));
        });
    }

    #[test]
    fn a_name_that_is_missing_or_taken_is_refused() {
        on_each_with(testing::TABLES, async |conn| {
            let (users, hashers) = (UserMeta::djangos(), hashers(10));
            for (name, text) in [
                ("", "The given username must be set."),
                ("a\0b", "Null characters are not allowed."),
                ("alice", "A user with that username already exists."),
            ] {
                let made: Result<Account> = conn
                    .transaction(async |conn| {
                        create_user(conn, &users, &hashers, NewUser::new(name)).await
                    })
                    .await;
                assert_eq!(made.unwrap_err().body(), json!({"username": [text]}));
            }
        });
    }

    /// A user model that knows an address, a password and no more.
    #[crate::model(table = "t_customer")]
    pub struct Customer {
        pub id: i64,
        #[field(max_length = 254, unique)]
        pub email: String,
        #[field(max_length = 128)]
        pub password: String,
    }

    impl UserModel for Customer {
        const USERNAME_FIELD: &'static str = "email";
    }

    #[test]
    fn a_project_may_log_people_in_by_their_address() {
        const TABLE: &str = "CREATE TEMPORARY TABLE t_customer (id {pk}, \
            email varchar(254) NOT NULL UNIQUE, password varchar(128) NOT NULL)";
        on_each_with(TABLE, async |conn| {
            let (users, hashers) = (UserMeta::of::<Customer>().unwrap(), hashers(10));
            let new = NewUser::new("a@ex.com").password("pw").superuser();
            let mut made = create_user(conn, &users, &hashers, new).await.unwrap();
            assert_eq!((made.username(), made.is_superuser()), ("a@ex.com", false));
            assert!(check_password(conn, &hashers, &mut made, "pw").await.unwrap());
            update_last_login(conn, &made).await.unwrap();
            let again = NewUser::new("a@ex.com").set(user::last_name, "of another model");
            let again: Result<Account> = conn
                .transaction(async |conn| create_user(conn, &users, &hashers, again).await)
                .await;
            let taken = json!({"email": ["This field must be unique."]});
            assert_eq!(again.unwrap_err().body(), taken);
        });
    }

    #[test]
    fn an_old_hash_is_made_anew_by_the_right_password_alone() {
        on_each_with(testing::TABLES, async |conn| {
            let (old, new) = (hashers(10), hashers(20));
            let mut alice = stored(conn, "alice").await;
            set_password(conn, &old, &mut alice, Some("pw")).await.unwrap();
            let before = stored(conn, "alice").await;
            assert_eq!(alice.password(), before.password());
            assert!(!check_password(conn, &new, &mut alice, "no").await.unwrap());
            assert_eq!(stored(conn, "alice").await.password(), before.password());
            assert!(check_password(conn, &new, &mut alice, "pw").await.unwrap());
            let after = stored(conn, "alice").await;
            assert!(after.password().starts_with("pbkdf2_sha256$20$"), "{}", after.password());
            assert_eq!(alice.password(), after.password());
        });
    }

    #[test]
    fn a_password_that_changed_meanwhile_is_not_overwritten() {
        on_each_with(testing::TABLES, async |conn| {
            let (old, new) = (hashers(10), hashers(20));
            let mut alice = stored(conn, "alice").await;
            set_password(conn, &old, &mut alice, Some("pw")).await.unwrap();
            let mut late = stored(conn, "alice").await;
            set_password(conn, &new, &mut alice, Some("changed")).await.unwrap();
            assert!(check_password(conn, &new, &mut late, "pw").await.unwrap());
            assert_eq!(stored(conn, "alice").await.password(), alice.password());
        });
    }

    #[test]
    fn no_password_is_one_that_nobody_has() {
        on_each_with(testing::TABLES, async |conn| {
            let mut alice = stored(conn, "alice").await;
            set_password(conn, &hashers(10), &mut alice, None).await.unwrap();
            assert!(alice.password().starts_with('!'));
        });
    }

    #[test]
    fn a_login_is_noted() {
        on_each_with(testing::TABLES, async |conn| {
            let before = DateTime::now();
            let alice = stored(conn, "alice").await;
            assert_eq!(alice.last_login(), None);
            update_last_login(conn, &alice).await.unwrap();
            assert!(stored(conn, "alice").await.last_login().unwrap() >= before);
        });
    }
}
