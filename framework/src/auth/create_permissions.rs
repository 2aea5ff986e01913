//! The rows of permissions: those of `Meta.default_permissions` and `Meta.permissions`.

use super::{Permission, permission};
use crate::contenttypes::ContentType;
use crate::db::{ColumnKind, Conn, Database, Error, Model as _, ModelMeta, Sql};
use crate::exceptions::Result;
use crate::values::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// The permissions of a model: codenames, each with its name. The default ones first, as
/// `add_track` and `Can add track`, then those of `#[model(permissions(..))]`.
pub fn permissions_of(model: &ModelMeta) -> Vec<(String, String)> {
    let default = model.default_permissions.iter().map(|action| {
        let codename = format!("{action}_{}", model.model_name());
        (codename, format!("Can {action} {}", model.verbose_name))
    });
    let own = model.permissions.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned()));
    default.chain(own).collect()
}

/// Makes the permissions of models that are missing, with their content types
/// (`django.contrib.auth.management.create_permissions`); returns how many were made. Models without
/// an app have none. Several may do so at once.
///
/// # Errors
/// What the database reports.
pub async fn create_permissions(
    models: impl IntoIterator<Item = &'static ModelMeta>,
    conn: &Conn,
) -> Result<usize, Error> {
    let mut wanted: Vec<(i32, String, String)> = Vec::new();
    for model in models {
        if model.app_label.is_empty() {
            continue;
        }
        let of = ContentType::get_for_own(model, conn).await?.id;
        let own = permissions_of(model).into_iter();
        wanted.extend(own.map(|(codename, name)| (of, codename, name)));
    }
    let content_types: Vec<i32> = wanted.iter().map(|(of, ..)| *of).collect();
    let own = Permission::fields().content_type_id().is_in(content_types);
    let stored = Permission::objects().filter_by(own).unordered();
    let stored = stored.values((permission::content_type_id, permission::codename));
    let stored: HashSet<(i32, String)> = stored.all(conn).await?.into_iter().collect();
    wanted.retain(|(of, codename, _)| !stored.contains(&(*of, codename.clone())));
    if wanted.is_empty() {
        return Ok(0);
    }
    let mut sql = Sql::new(conn.dialect());
    sql.push("INSERT INTO ").name(Permission::META.table);
    sql.push(" (\"content_type_id\", \"codename\", \"name\") VALUES (");
    let mut separator = "";
    for (of, codename, name) in wanted {
        sql.push(separator).bind(Value::Int(of.into()), ColumnKind::Integer).push(", ");
        sql.bind(Value::Text(codename), ColumnKind::Text).push(", ");
        sql.bind(Value::Text(name), ColumnKind::Text);
        separator = "), (";
    }
    sql.push(") ON CONFLICT DO NOTHING");
    conn.send(sql).await
}

/// What Django's `migrate` does when the tables are there (`emit_post_migrate_signal`): makes the
/// content types and permissions of all models that the database knows, and runs the receivers of
/// [`post_migrate`](crate::db::hooks::post_migrate). A program calls it after its migrations.
///
/// # Errors
/// Those of a receiver, and what the database reports.
pub async fn emit_post_migrate(database: &Arc<Database>) -> Result<usize> {
    let worker = database.worker();
    let work = |conn: Conn| -> futures_util::future::LocalBoxFuture<'static, Result<usize>> {
        Box::pin(async move {
            let models = conn.models(Permission::META);
            let made = create_permissions(models, &conn).await?;
            conn.call_post_migrate().await?;
            Ok(made)
        })
    };
    worker.run(true, work).await?
}
