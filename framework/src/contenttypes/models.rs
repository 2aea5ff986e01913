//! Models as rows.

use crate::db::{ColumnKind, Conn, Error, Model, ModelMeta, Path, Predicate, QuerySet, Sql};
use crate::model;
use crate::values::{FieldType as _, Value};

/// A model, as a row: `django_content_type`.
#[model(table = "django_content_type", unique_together(app_label, model))]
pub struct ContentType {
    /// The primary key.
    pub id: i32,
    /// The app: `store`.
    #[field(max_length = 100)]
    pub app_label: String,
    /// The model's name in lower case: `artist`.
    #[field(max_length = 100)]
    pub model: String,
}

impl ContentType {
    /// The row of a model, which is made where there is none (`ContentType.objects.get_for_model`); of a
    /// proxy, that of the model whose rows they are. Its key is kept by the database, so that it is read once in the life of a process.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn get_for_model<M: Model>(conn: &Conn) -> Result<Self, Error> {
        Self::get_for_meta(M::META, conn).await
    }

    /// The same of a model that is known by its description alone.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn get_for_meta(meta: &'static ModelMeta, conn: &Conn) -> Result<Self, Error> {
        Self::get_for_own(meta.concrete_model(), conn).await
    }

    /// Of a proxy, its own row (`for_concrete_model=False`): it has permissions of its own.
    pub(crate) async fn get_for_own(meta: &'static ModelMeta, conn: &Conn) -> Result<Self, Error> {
        let name = (meta.app_label.to_owned(), meta.model_name());
        let content_types = conn.database().content_types();
        if let Some(id) = content_types.get(&name) {
            return Ok(Self { id, app_label: name.0, model: name.1 });
        }
        if let Some(found) = Self::by_natural_key(&name.0, &name.1, conn).await? {
            found.keep(conn).await;
            return Ok(found);
        }
        if conn.database().is_read_only() {
            // a replica takes no row, and has it a moment later
            let writable = conn.writable()?;
            return Self::make(name, &writable).await;
        }
        let made = Self::make(name, conn).await?;
        made.keep(conn).await;
        Ok(made)
    }

    /// Keeps the key: in a transaction it may be one that is never committed.
    async fn keep(&self, conn: &Conn) {
        let (name, id) = ((self.app_label.clone(), self.model.clone()), self.id);
        conn.on_commit(async move |conn| {
            conn.database().content_types().keep(name, id);
            Ok(())
        })
        .await;
    }

    async fn make(name: (String, String), conn: &Conn) -> Result<Self, Error> {
        // whoever makes the same at the same moment comes first, or second
        let mut sql = Sql::new(conn.dialect());
        sql.push("INSERT INTO ")
            .name(Self::META.table)
            .push(" (\"app_label\", \"model\") VALUES (");
        sql.bind(Value::Text(name.0.clone()), ColumnKind::Text).push(", ");
        sql.bind(Value::Text(name.1.clone()), ColumnKind::Text).push(") ON CONFLICT DO NOTHING");
        conn.send(sql).await?;
        let made = Self::by_natural_key(&name.0, &name.1, conn).await?;
        made.ok_or(Error::DoesNotExist(Self::META.name))
    }

    /// The rows of several models, in their order; those that are known cost no statement
    /// (`get_for_models`).
    ///
    /// # Errors
    /// What the database reports.
    pub async fn get_for_models(
        models: impl IntoIterator<Item = &'static ModelMeta>,
        conn: &Conn,
    ) -> Result<Vec<Self>, Error> {
        let mut found = Vec::new();
        for model in models {
            found.push(Self::get_for_meta(model, conn).await?);
        }
        Ok(found)
    }

    /// The row with a key (`get_for_id`).
    ///
    /// # Errors
    /// [`Error::DoesNotExist`] when there is none, and what the database reports.
    pub async fn get_for_id(id: i32, conn: &Conn) -> Result<Self, Error> {
        let key = Predicate::exact(Path::own(Self::META.pk_column()), id.into_value());
        QuerySet::<Self>::new().filter_by_predicate(key).get(conn).await
    }

    /// The row of an app's model by their names (`get_by_natural_key`).
    ///
    /// # Errors
    /// [`Error::DoesNotExist`] when there is none, and what the database reports.
    pub async fn get_by_natural_key(
        app_label: &str,
        model: &str,
        conn: &Conn,
    ) -> Result<Self, Error> {
        let found = Self::by_natural_key(app_label, model, conn).await?;
        found.ok_or(Error::DoesNotExist(Self::META.name))
    }

    async fn by_natural_key(app: &str, model: &str, conn: &Conn) -> Result<Option<Self>, Error> {
        let own = Self::fields();
        let both = own.app_label().exact(app) & Self::fields().model().exact(model);
        Ok(Self::objects().filter_by(both).unordered().slice(0, 1).all(conn).await?.pop())
    }

    /// What it is known by (`natural_key`).
    pub fn natural_key(&self) -> (&str, &str) {
        (&self.app_label, &self.model)
    }

    /// The model, if the database knows it (`model_class`): one of the site's, or one that a program
    /// has registered.
    pub fn model_meta(&self, conn: &Conn) -> Option<&'static ModelMeta> {
        let is_it = |meta: &&'static ModelMeta| {
            meta.app_label == self.app_label && meta.model_name() == self.model
        };
        conn.models(Self::META).into_iter().find(is_it)
    }

    /// Whether it is the row of a model.
    pub fn is<M: Model>(&self) -> bool {
        let concrete = M::META.concrete_model();
        concrete.app_label == self.app_label && concrete.model_name() == self.model
    }

    /// The row with a key of its model, which the program names (`get_object_for_this_type`).
    ///
    /// # Errors
    /// [`Error::Misuse`] when it is another model, [`Error::DoesNotExist`] when there is no such row,
    /// and what the database reports.
    pub async fn get_object_for_this_type<M: Model>(
        &self,
        key: M::Key,
        conn: &Conn,
    ) -> Result<M, Error> {
        if !self.is::<M>() {
            let (own, other) = (&self.model, M::META.name);
            return Err(Error::Misuse(format!("a row of `{own}` is asked for as `{other}`")));
        }
        let key = Predicate::exact(Path::own(M::META.pk_column()), key.into_value());
        QuerySet::<M>::new().filter_by_predicate(key).get(conn).await
    }

    /// Forgets what was read (`ContentType.objects.clear_cache`): for a program that deletes rows of
    /// content types.
    pub fn clear_cache(conn: &Conn) {
        conn.database().content_types().clear();
    }
}
