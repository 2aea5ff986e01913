//! Accounts, independent of the site's user model.

use std::fmt;
use std::sync::{Arc, LazyLock};

use super::User;
use super::permissions::Known;
use crate::db::{ColumnKind, Conn, Error, Model, ModelMeta, ModelRow, Predicate, Select, Sql};
use crate::db::{DateTime, Path, write_columns};
use crate::values::{Value, ValueRef, python};

/// A user model (`AUTH_USER_MODEL`): Django's `AbstractBaseUser` with `PermissionsMixin`.
///
/// Implement it for your own user model and pass that to
/// [`SiteBuilder::user_model`](crate::site::SiteBuilder::user_model); otherwise a site uses
/// [`User`], Django's own model. As in Django, fields are recognised by their names: `password`,
/// `last_login`, `is_active`, `is_staff`, `is_superuser`. Without `is_active`, all users of a model
/// are active; without `is_staff` or `is_superuser`, it has no such users. Groups and permissions
/// are looked up in Django's link tables: `<table>_groups` and `<table>_user_permissions`, with a
/// column named for the model.
///
/// ```
/// use quintet::auth::UserModel;
/// use quintet::prelude::*;
///
/// #[model(table = "shop_customer")]
/// pub struct Customer {
///     pub id: i64,
///     #[field(max_length = 254, unique, email)]
///     pub email: String,
///     #[field(max_length = 128)]
///     pub password: String,
/// }
///
/// impl UserModel for Customer {
///     const USERNAME_FIELD: &'static str = "email";
/// }
/// # fn main() {}
/// ```
#[doc(alias = "AbstractBaseUser")]
#[doc(alias = "AUTH_USER_MODEL")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a user model",
    label = "this type has no `UserModel` implementation",
    note = "write `impl UserModel for {Self} {{}}`; its fields `username` and `password` are used then"
)]
pub trait UserModel: Model {
    /// The field that people log in with.
    const USERNAME_FIELD: &'static str = "username";

    /// The field with the email address, if the model has one.
    const EMAIL_FIELD: &'static str = "email";
}

impl UserModel for User {}

/// A user model that lacks a required field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the user model `{model}` has no field `{field}`")]
#[non_exhaustive]
pub struct UserModelError {
    /// The model.
    pub model: &'static str,
    /// What it lacks.
    pub field: &'static str,
}

/// Metadata of a user model: its description, and the roles of its columns.
#[derive(Debug)]
pub struct UserMeta {
    /// The model.
    pub model: &'static ModelMeta,
    username: usize,
    password: usize,
    email: Option<usize>,
    last_login: Option<usize>,
    is_active: Option<usize>,
    is_staff: Option<usize>,
    is_superuser: Option<usize>,
    /// The column of the link tables that points at a user.
    source: String,
}

static DJANGOS: LazyLock<Arc<UserMeta>> = LazyLock::new(|| {
    UserMeta::of::<User>().unwrap_or_else(|error| unreachable!("Django's model: {error}"))
});

impl UserMeta {
    /// The metadata of a model.
    ///
    /// # Errors
    /// If it has no username field or no password field.
    pub fn of<M: UserModel>() -> Result<Arc<Self>, UserModelError> {
        let model = M::META;
        let column = |name: &str| model.columns.iter().position(|column| column.name == name);
        let needed = |name: &'static str| {
            column(name).ok_or(UserModelError { model: model.name, field: name })
        };
        Ok(Arc::new(Self {
            model,
            username: needed(M::USERNAME_FIELD)?,
            password: needed("password")?,
            email: column(M::EMAIL_FIELD),
            last_login: column("last_login"),
            is_active: column("is_active"),
            is_staff: column("is_staff"),
            is_superuser: column("is_superuser"),
            source: format!("{}_id", model.model_name()),
        }))
    }

    /// The metadata of [`User`].
    pub fn djangos() -> Arc<Self> {
        Arc::clone(&DJANGOS)
    }

    /// The name of the username field.
    pub fn username_field(&self) -> &'static str {
        self.name(self.username)
    }

    /// The column that keeps the hash of the password.
    pub fn password_field(&self) -> &'static str {
        self.name(self.password)
    }

    /// The column with the time of the last login, if the model has one.
    pub fn last_login_field(&self) -> Option<&'static str> {
        self.last_login.map(|column| self.name(column))
    }

    /// The name of the field with the email address, if the model has one.
    pub fn email_field(&self) -> Option<&'static str> {
        self.email.map(|column| self.name(column))
    }

    fn name(&self, column: usize) -> &'static str {
        self.model.columns.get(column).map_or("", |column| column.column)
    }

    /// The link table to groups, and its column that points at a user.
    pub fn groups(&self) -> (String, &str) {
        (format!("{}_groups", self.model.table), &self.source)
    }

    /// The link table to permissions, and its column that points at a user.
    pub fn user_permissions(&self) -> (String, &str) {
        (format!("{}_user_permissions", self.model.table), &self.source)
    }

    /// The kind of the primary key.
    pub fn key_kind(&self) -> ColumnKind {
        self.model.pk_column().kind
    }

    /// The account with this primary key, including inactive ones.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn by_key(
        self: &Arc<Self>,
        conn: &Conn,
        key: Value,
    ) -> Result<Option<Account>, Error> {
        self.by(conn, self.model.pk, key).await
    }

    /// The account with this primary key as text, as in sessions and tokens; `None` if the text is
    /// not a valid key.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn by_key_text(
        self: &Arc<Self>,
        conn: &Conn,
        key: &str,
    ) -> Result<Option<Account>, Error> {
        let key = match self.key_kind() {
            ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => {
                key.parse().ok().map(Value::Int)
            }
            ColumnKind::Uuid => python::uuid(key).map(|key| Value::Uuid(key.into())),
            _ => (!key.contains('\0')).then(|| Value::Text(key.to_owned())),
        };
        match key {
            Some(key) => self.by_key(conn, key).await,
            None => Ok(None),
        }
    }

    /// The account with this user name (`get_by_natural_key`), including inactive ones.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn by_username(
        self: &Arc<Self>,
        conn: &Conn,
        username: &str,
    ) -> Result<Option<Account>, Error> {
        // no name contains a NUL, and PostgreSQL refuses text that does
        if username.contains('\0') {
            return Ok(None);
        }
        self.by(conn, self.username, Value::Text(username.to_owned())).await
    }

    async fn by(
        self: &Arc<Self>,
        conn: &Conn,
        column: usize,
        value: Value,
    ) -> Result<Option<Account>, Error> {
        let Some(column) = self.model.columns.get(column) else { return Ok(None) };
        let mut select = Select::of_model(self.model);
        select.also_where(Predicate::exact(Path::own(column), value));
        self.read(conn, select.rows(conn.dialect())).await
    }

    /// The account with this API key, in one statement, including inactive ones.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn by_token(
        self: &Arc<Self>,
        conn: &Conn,
        key: &str,
    ) -> Result<Option<Account>, Error> {
        // no key contains a NUL, and PostgreSQL refuses text that does
        if key.contains('\0') {
            return Ok(None);
        }
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT ");
        write_columns(&mut sql, self.model, self.model.table);
        sql.push(" FROM \"").push(self.model.table);
        sql.push("\" INNER JOIN \"authtoken_token\" ON \"authtoken_token\".\"user_id\" = \"");
        sql.push(self.model.table).push("\".\"").push(self.model.pk_column().column);
        sql.push("\" WHERE \"authtoken_token\".\"key\" = ");
        sql.bind(Value::Text(key.to_owned()), ColumnKind::Text);
        self.read(conn, sql).await
    }

    async fn read(self: &Arc<Self>, conn: &Conn, sql: Sql) -> Result<Option<Account>, Error> {
        let rows = conn.rows(sql, |row| (self.model.decode)(row, 0)).await?;
        Ok(rows.into_iter().next().map(|row| Account::of_row(row, Arc::clone(self))))
    }
}

/// A user: a row of the site's user model.
pub struct Account {
    row: Arc<dyn ModelRow>,
    meta: Arc<UserMeta>,
    known: Known,
}

impl Account {
    /// Wraps a row of a user model.
    ///
    /// # Errors
    /// If the model has no username field or no password field.
    pub fn new<M: UserModel>(row: M) -> Result<Self, UserModelError> {
        Ok(Self::of_row(Arc::new(row) as Arc<dyn ModelRow>, UserMeta::of::<M>()?))
    }

    /// What has been looked up about it so far.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// A row of the model that `meta` knows.
    pub(super) fn of_row(row: impl Into<Arc<dyn ModelRow>>, meta: Arc<UserMeta>) -> Self {
        Self { row: row.into(), meta, known: Known::default() }
    }

    /// The row, if it is of this model.
    pub fn get<M: UserModel>(&self) -> Option<&M> {
        self.row.as_any().downcast_ref()
    }

    /// The row, shared.
    pub(crate) fn row(&self) -> Arc<dyn ModelRow> {
        Arc::clone(&self.row)
    }

    /// The metadata of its model.
    pub fn meta(&self) -> &Arc<UserMeta> {
        &self.meta
    }

    /// The primary key.
    pub fn key(&self) -> Value {
        self.row.value(self.meta.model.pk).to_value()
    }

    /// The primary key as text, as in sessions, tokens and throttles.
    pub fn key_text(&self) -> String {
        match self.row.value(self.meta.model.pk) {
            ValueRef::Int(key) => key.to_string(),
            ValueRef::Text(key) => key.to_owned(),
            ValueRef::Uuid(key) => key.to_string(),
            _ => String::new(),
        }
    }

    /// The user name.
    pub fn username(&self) -> &str {
        self.text(Some(self.meta.username))
    }

    /// The hash of its password.
    pub fn password(&self) -> &str {
        self.text(Some(self.meta.password))
    }

    /// The email address; empty if there is none.
    pub fn email(&self) -> &str {
        self.text(self.meta.email)
    }

    /// The last login; `None` before the first one, or if the model does not record it.
    pub fn last_login(&self) -> Option<DateTime> {
        match self.row.value(self.meta.last_login?) {
            ValueRef::DateTime(moment) => Some(moment),
            _ => None,
        }
    }

    /// Whether the account is active.
    pub fn is_active(&self) -> bool {
        self.meta.is_active.is_none() || self.flag(self.meta.is_active)
    }

    /// Whether the user is staff, who may use the admin.
    pub fn is_staff(&self) -> bool {
        self.flag(self.meta.is_staff)
    }

    /// Whether the user is a superuser, who has every permission.
    pub fn is_superuser(&self) -> bool {
        self.flag(self.meta.is_superuser)
    }

    /// The value of a field, by its name or its column's; `None` if the model has no such field.
    pub fn value(&self, name: &str) -> Option<ValueRef<'_>> {
        let named = |column: &crate::db::ColumnMeta| column.name == name || column.column == name;
        self.meta.model.columns.iter().position(named).map(|column| self.row.value(column))
    }

    fn text(&self, column: Option<usize>) -> &str {
        match column.map(|column| self.row.value(column)) {
            Some(ValueRef::Text(text)) => text,
            _ => "",
        }
    }

    fn flag(&self, column: Option<usize>) -> bool {
        column.is_some_and(|column| self.row.value(column) == ValueRef::Bool(true))
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self::of_row(Arc::new(user) as Arc<dyn ModelRow>, UserMeta::djangos())
    }
}

impl fmt::Debug for Account {
    /// Without the row, which has the hash of the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("model", &self.meta.model.name)
            .field("key", &self.key_text())
            .finish_non_exhaustive()
    }
}
