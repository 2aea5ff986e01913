//! Writing rows: defaults, links, and what a deletion takes with it.

use std::collections::VecDeque;

use crate::aside::aside;
use crate::db::assignments::ComputedColumn;
use crate::db::insert::{Conflict, NewRow, insert};
use crate::db::{
    ColumnDefault, ColumnKind, ColumnMeta, Conn, DateTime, Dialect, Error, GenericRows, Lock,
    ModelMeta, ModelRow, OnDelete, Row, Select, Sql,
};
use crate::values::Value;
use crate::values::distinct::{ByValue, set_of};

/// A row that cannot be deleted because another one points at it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protected {
    /// The model of the row.
    pub model: &'static str,
    /// The model that points at it.
    pub by: &'static str,
    /// The field that does.
    pub field: &'static str,
    /// Whether it is restricted (`on_delete = restrict`), not protected.
    pub restricted: bool,
}

/// Rows that keep others from being deleted, unless they go with them.
struct Restricting {
    by: &'static ModelMeta,
    keys: Vec<Value>,
    protected: Protected,
}

impl PartialEq for ModelMeta {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
    }
}

/// The columns of a new row: what was given, the model's defaults, and an empty text where a text
/// column has none, as Django does.
pub(crate) fn with_defaults(model: &ModelMeta, mut set: NewRow) -> NewRow {
    for (index, column) in model.columns.iter().enumerate() {
        if set.iter().any(|(given, _)| *given == index) {
            continue;
        }
        let value = match column.default {
            Some(ColumnDefault::Value(make)) => make(),
            Some(ColumnDefault::AutoNow | ColumnDefault::AutoNowAdd) => {
                Value::DateTime(DateTime::now())
            }
            None if column.kind == ColumnKind::Text && !column.nullable && index != model.pk => {
                Value::Text(String::new())
            }
            None => continue,
        };
        set.push((index, value));
    }
    set
}

fn decode(model: &'static ModelMeta) -> impl FnMut(&Row<'_>) -> Result<Box<dyn ModelRow>, Error> {
    move |row| (model.decode)(row, 0)
}

impl Conn {
    /// Inserts a row and returns it as stored.
    pub(crate) async fn insert_row(
        &self,
        model: &'static ModelMeta,
        set: Vec<(usize, Value)>,
    ) -> Result<Box<dyn ModelRow>, Error> {
        let row = with_defaults(model, set);
        if self.watches_saves(model) {
            let made = aside(|| self.insert_watched(model, row, &Conflict::Fail)).await?;
            return made.ok_or(Error::NotFound);
        }
        let sql = insert(self.dialect(), model, &[row], &Conflict::Fail);
        let rows = self.whole(self.rows(sql, decode(model))).await?;
        rows.into_iter().next().ok_or(Error::NotFound)
    }

    /// Changes the rows of a query (one row, as a rule) and returns the first as stored; `None`
    /// when there is none. Nothing but `auto_now` columns changes when `set` is empty; in a
    /// transaction the rows are locked all the same, as an UPDATE does, for what hangs on them may
    /// be written next.
    pub(crate) async fn update_row(
        &self,
        select: &Select,
        set: Vec<(usize, Value)>,
        computed: &[ComputedColumn],
    ) -> Result<Option<Box<dyn ModelRow>>, Error> {
        if self.watches_saves(select.model) {
            return aside(|| self.update_watched(select, set, computed)).await;
        }
        let (model, sql) = (select.model, self.updating(select, set, computed));
        Ok(self.whole(self.rows(sql, decode(model))).await?.into_iter().next())
    }

    /// The statement of [`Conn::update_row`].
    pub(crate) fn updating(
        &self,
        select: &Select,
        mut set: Vec<(usize, Value)>,
        computed: &[ComputedColumn],
    ) -> Sql {
        let model = select.model;
        for (index, column) in model.columns.iter().enumerate() {
            if matches!(column.default, Some(ColumnDefault::AutoNow))
                && !set.iter().any(|(given, _)| *given == index)
                && !computed.iter().any(|(given, _)| *given == index)
            {
                set.push((index, Value::DateTime(DateTime::now())));
            }
        }
        if set.is_empty() && computed.is_empty() {
            let mut select = select.clone();
            select.lock = self.in_transaction().then_some(Lock::NoKeyUpdate);
            select.rows(self.dialect())
        } else {
            select.update_returning(self.dialect(), &set, computed)
        }
    }

    /// Deletes rows and what belongs to them, as the foreign keys of `models` say (Django's
    /// `on_delete`); returns the number of rows that are gone, in whatever tables. Belongs in a
    /// transaction when anything points at the model.
    pub(crate) async fn delete_rows(
        &self,
        models: &[&'static ModelMeta],
        model: &'static ModelMeta,
        keys: Vec<Value>,
    ) -> Result<usize, Error> {
        let has_others = is_referenced(models, model) || self.watches_cascade(models, model);
        if self.dialect() == Dialect::Postgres && has_others {
            // whoever changes one of the rows, or points at it, comes before this or after
            let (pk, kind) = (model.pk_column().column, model.pk_column().kind);
            let mut sql = Sql::new(self.dialect());
            sql.push("SELECT 1 FROM ").name(model.table).push(" WHERE ").name(pk);
            sql.any_of(keys.clone(), kind).push(" ORDER BY ").name(pk);
            sql.push(Lock::Update.clause());
            self.send(sql).await?;
        }
        self.delete_locked(models, model, keys).await
    }

    /// Like `delete_rows`, for rows that are locked already.
    pub(crate) async fn delete_locked(
        &self,
        models: &[&'static ModelMeta],
        model: &'static ModelMeta,
        keys: Vec<Value>,
    ) -> Result<usize, Error> {
        let is_watched = self.watches_cascade(models, model);
        // hooks see the rows as they were, so that keys become null after them
        let mut updates = is_watched.then(Vec::new);
        let mut doomed: Vec<(&'static ModelMeta, Vec<Value>)> = Vec::new();
        let mut restricting: Vec<Restricting> = Vec::new();
        let mut waiting = VecDeque::from([(model, keys)]);
        while let Some((model, mut keys)) = waiting.pop_front() {
            // rows come up again where foreign keys go around in a circle, or along two ways
            let known = doomed.iter_mut().find(|(other, _)| *other == model);
            if let Some((_, known)) = &known {
                let known = set_of(known);
                keys.retain(|key| !known.contains(&ByValue(key)));
            }
            if keys.is_empty() {
                continue;
            }
            self.collect(models, model, &keys, (&mut waiting, &mut restricting), &mut updates)
                .await?;
            match known {
                Some((_, known)) => known.append(&mut keys),
                None => doomed.push((model, keys)),
            }
        }
        // what restricts may go itself, along another key
        for Restricting { by, keys, protected } in restricting {
            let going = doomed.iter().find(|(model, _)| *model == by).map(|(_, keys)| set_of(keys));
            let stays =
                |key: &Value| going.as_ref().is_none_or(|going| !going.contains(&ByValue(key)));
            if keys.iter().any(stays) {
                return Err(Error::Protected(protected));
            }
        }
        let watched = if is_watched {
            Some(aside(|| self.call_before_deletion(&doomed)).await?)
        } else {
            None
        };
        for sql in updates.into_iter().flatten() {
            self.send(sql).await?;
        }
        let mut gone = 0;
        while !doomed.is_empty() {
            // whoever is pointed at goes last; around a circle, the first one found does
            let free = doomed.iter().position(|(model, _)| {
                doomed.iter().all(|(other, _)| {
                    other == model || references(&[*other], model).next().is_none()
                })
            });
            let (model, keys) = doomed.remove(free.unwrap_or(doomed.len() - 1));
            gone += self.delete_plain(models, model, keys).await?;
            if let Some(watched) = &watched {
                aside(|| self.call_after_deletion(model, watched)).await?;
            }
        }
        Ok(gone)
    }

    /// What the rows that point at `keys` of a model ask for: theirs are set to null, at once or by
    /// what comes to `updates`, those that are deleted too come to `waiting`, and a protecting one is
    /// the error.
    async fn collect(
        &self,
        models: &[&'static ModelMeta],
        model: &'static ModelMeta,
        keys: &[Value],
        (waiting, restricting): (
            &mut VecDeque<(&'static ModelMeta, Vec<Value>)>,
            &mut Vec<Restricting>,
        ),
        updates: &mut Option<Vec<Sql>>,
    ) -> Result<(), Error> {
        let kind = model.pk_column().kind;
        for (other, column) in references(models, model) {
            let pointing = |sql: &mut Sql| {
                sql.push(" WHERE ").name(column.column).any_of(keys.to_vec(), kind);
            };
            let mut sql = Sql::new(self.dialect());
            let pk = other.pk_column();
            let locked = |sql: &mut Sql, lock: Lock| {
                if sql.dialect() == Dialect::Postgres {
                    sql.push(" ORDER BY ").name(pk.column).push(lock.clause());
                }
            };
            if column.on_delete == OnDelete::DoNothing {
                continue;
            }
            if matches!(column.on_delete, OnDelete::SetNull | OnDelete::SetDefault) {
                sql.push("UPDATE ").name(other.table).push(" SET ").name(column.column);
                match column.default {
                    Some(ColumnDefault::Value(make))
                        if column.on_delete == OnDelete::SetDefault =>
                    {
                        sql.push(" = ").bind(make(), column.kind);
                    }
                    _ => {
                        sql.push(" = NULL");
                    }
                }
                sql.push(" WHERE ").name(pk.column).push(" IN (SELECT ").name(pk.column);
                sql.push(" FROM ").name(other.table);
                pointing(&mut sql);
                locked(&mut sql, Lock::NoKeyUpdate);
                sql.push(")");
                match updates {
                    Some(updates) => updates.push(sql),
                    None => _ = self.send(sql).await?,
                }
                continue;
            }
            sql.push("SELECT ").name(pk.column).push(" FROM ").name(other.table);
            pointing(&mut sql);
            if column.on_delete == OnDelete::Protect {
                sql.push(" LIMIT 1");
            } else {
                // a row that points elsewhere by now is left out
                locked(&mut sql, Lock::Update);
            }
            let found = self.rows(sql, |row| row.value(0, pk.kind)).await?;
            let restricted = column.on_delete == OnDelete::Restrict;
            let protected =
                Protected { model: model.name, by: other.name, field: column.name, restricted };
            match column.on_delete {
                _ if found.is_empty() => continue,
                OnDelete::Protect => return Err(Error::Protected(protected)),
                OnDelete::Restrict => {
                    restricting.push(Restricting { by: other, keys: found, protected });
                    continue;
                }
                _ => {}
            }
            waiting.push_back((other, found));
        }
        for rows in model.generic {
            let found = self.generic_rows(model, *rows, keys).await?;
            if !found.is_empty() {
                waiting.push_back(((rows.from)(), found));
            }
        }
        Ok(())
    }

    /// The keys of rows that belong to rows of a model by content type and key; they are locked.
    async fn generic_rows(
        &self,
        model: &'static ModelMeta,
        rows: GenericRows,
        keys: &[Value],
    ) -> Result<Vec<Value>, Error> {
        let (from, model) = ((rows.from)(), model.concrete_model());
        let columns = (from.columns.get(rows.content_type), from.columns.get(rows.object_id));
        let (Some(content_type), Some(object_id)) = columns else { return Ok(Vec::new()) };
        let to = content_type.references.map_or("django_content_type", |to| to().table);
        let (pk, mut sql) = (from.pk_column(), Sql::new(self.dialect()));
        sql.push("SELECT ").name(pk.column).push(" FROM ").name(from.table).push(" WHERE ");
        sql.name(content_type.column).push(" = (SELECT \"id\" FROM ").name(to);
        sql.push(" WHERE \"app_label\" = ");
        sql.bind(Value::Text(model.app_label.to_owned()), ColumnKind::Text);
        sql.push(" AND \"model\" = ").bind(Value::Text(model.model_name()), ColumnKind::Text);
        sql.push(") AND ").name(object_id.column);
        let keys = keys.iter().cloned().map(|key| rows.stored(key));
        sql.any_of(keys.collect(), object_id.kind);
        if self.dialect() == Dialect::Postgres {
            sql.push(" ORDER BY ").name(pk.column).push(Lock::Update.clause());
        }
        self.rows(sql, |row| row.value(0, pk.kind)).await
    }

    /// Deletes rows and their links, whatever points at them; returns how many both are.
    async fn delete_plain(
        &self,
        models: &[&'static ModelMeta],
        model: &'static ModelMeta,
        keys: Vec<Value>,
    ) -> Result<usize, Error> {
        let kind = model.pk_column().kind;
        let mut gone = 0;
        for other in models {
            for link in other.links {
                let sides = [(**other == *model, link.source), ((link.to)() == model, link.target)];
                for (_, column) in sides.into_iter().filter(|(ours, _)| *ours) {
                    let pointing = |sql: &mut Sql| {
                        sql.name(column).any_of(keys.clone(), kind);
                    };
                    let ends = [link.source, link.target];
                    gone += self.delete_links(link.table, ends, pointing).await?;
                }
            }
        }
        let mut sql = Sql::new(self.dialect());
        sql.push("DELETE FROM ").name(model.table).push(" WHERE ").name(model.pk_column().column);
        sql.any_of(keys, kind);
        Ok(gone + self.send(sql).await?)
    }
}

/// The foreign keys of `models` that point at a model.
pub(crate) fn references<'a>(
    models: &'a [&'static ModelMeta],
    model: &'static ModelMeta,
) -> impl Iterator<Item = (&'static ModelMeta, &'static ColumnMeta)> + 'a {
    models.iter().flat_map(move |other| {
        let other: &'static ModelMeta = other;
        other
            .columns
            .iter()
            .filter(move |column| column.references.is_some_and(|to| to() == model))
            .map(move |column| (other, column))
    })
}

/// True when deleting a row of the model may touch other tables.
pub(crate) fn is_referenced(models: &[&'static ModelMeta], model: &'static ModelMeta) -> bool {
    references(models, model).next().is_some()
        || !model.generic.is_empty()
        || models
            .iter()
            .any(|other| other.links.iter().any(|link| **other == *model || (link.to)() == model))
}

/// Every model that is named or pointed at, each once.
pub(crate) fn reachable(
    start: impl IntoIterator<Item = &'static ModelMeta>,
) -> Vec<&'static ModelMeta> {
    let mut todo: Vec<&'static ModelMeta> = start.into_iter().collect();
    let mut found: Vec<&'static ModelMeta> = Vec::new();
    while let Some(model) = todo.pop() {
        if found.contains(&model) {
            continue;
        }
        found.push(model);
        todo.extend(model.columns.iter().filter_map(|column| column.references).map(|to| to()));
        todo.extend(model.links.iter().map(|link| (link.to)()));
        todo.extend(model.generic.iter().map(|rows| (rows.from)()));
    }
    found.sort_by_key(|model| model.table);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Model;
    use crate::db::testing::{Album, Artist, Sale, Tag, Track, on_each};

    const MODELS: [&ModelMeta; 5] = [Artist::META, Album::META, Track::META, Sale::META, Tag::META];

    async fn number(conn: &Conn, sql: &str) -> i64 {
        let mut statement = Sql::new(conn.dialect());
        statement.push(sql);
        conn.rows(statement, |row| row.get(0, ColumnKind::BigInt)).await.unwrap()[0]
    }

    #[test]
    fn a_new_row_gets_defaults_clocks_and_empty_texts() {
        on_each(async |conn| {
            let before = DateTime::now();
            let row = conn.insert_row(Track::META, Vec::new()).await.unwrap();
            let track = row.as_any().downcast_ref::<Track>().unwrap();
            assert_eq!((track.name.as_str(), track.seconds, track.album_id), ("", 60, None));
            assert!(track.id > 4 && track.updated >= before);
            let set = vec![(1, Value::Text("New".into())), (2, Value::Int(20))];
            let row = conn.insert_row(Album::META, set).await.unwrap();
            let album = row.as_any().downcast_ref::<Album>().unwrap();
            assert_eq!((album.price.to_string().as_str(), album.released), ("9.99", None));
        });
    }

    #[test]
    fn a_change_touches_what_was_given_and_the_clock() {
        on_each(async |conn| {
            let mut select = Select::from(Track::objects());
            select.among(Track::fields().id().into(), vec![Value::Int(1)]);
            let row =
                conn.update_row(&select, vec![(3, Value::Int(1))], &[]).await.unwrap().unwrap();
            let track = row.as_any().downcast_ref::<Track>().unwrap();
            assert_eq!(
                (track.name.as_str(), track.seconds, track.album_id),
                ("Riff Raff", 1, Some(1))
            );
            assert!(track.updated > DateTime::from_sqlite_text("2024-01-01 00:00:00").unwrap());
            let mut nobody = Select::from(Track::objects());
            nobody.among(Track::fields().id().into(), vec![Value::Int(999)]);
            assert!(conn.update_row(&nobody, Vec::new(), &[]).await.unwrap().is_none());
        });
    }

    #[test]
    fn nothing_to_change_reads_the_row() {
        on_each(async |conn| {
            let mut select = Select::from(Album::objects());
            select.among(Album::fields().id().into(), vec![Value::Int(2)]);
            let row = conn.update_row(&select, Vec::new(), &[]).await.unwrap().unwrap();
            assert_eq!(row.as_any().downcast_ref::<Album>().unwrap().title, "Ballbreaker");
        });
    }

    #[test]
    fn a_second_row_of_the_same_is_refused_by_name() {
        on_each(async |conn| {
            let set = vec![(1, Value::Text("Powerage".into())), (2, Value::Int(10))];
            let refused: Result<_, Error> = conn
                .transaction(async |conn| {
                    conn.insert_row(Album::META, set.clone()).await.map(|_| ())
                })
                .await;
            let Err(Error::Unique(columns)) = refused else { panic!("{refused:?}") };
            assert_eq!(columns, ["artist_id", "title"]);
        });
    }

    #[test]
    fn a_deletion_cascades_and_leaves_null_behind() {
        on_each(async |conn| {
            // the artist, two albums; tracks stay
            let gone = conn.delete_rows(&MODELS, Artist::META, vec![Value::Int(10)]).await;
            assert_eq!(gone.unwrap(), 3);
            assert_eq!(number(conn, "SELECT COUNT(*) FROM t_artist").await, 1);
            assert_eq!(number(conn, "SELECT COUNT(*) FROM t_album").await, 0);
            let orphans = "SELECT COUNT(*) FROM t_track WHERE album_id IS NULL";
            assert_eq!(number(conn, orphans).await, 4);
        });
    }

    #[test]
    fn a_deletion_takes_links_of_either_side() {
        on_each(async |conn| {
            conn.delete_rows(&MODELS, Track::META, vec![Value::Int(1)]).await.unwrap();
            conn.delete_rows(&MODELS, Tag::META, vec![Value::Int(1)]).await.unwrap();
            assert_eq!(number(conn, "SELECT COUNT(*) FROM t_track_tags").await, 0);
            assert_eq!(number(conn, "SELECT COUNT(*) FROM t_track").await, 3);
        });
    }

    #[test]
    fn a_protected_row_stays_and_says_who_protects_it() {
        on_each(async |conn| {
            conn.batch_execute("INSERT INTO t_sale (track_id) VALUES (1)").await.unwrap();
            let result = conn.delete_rows(&MODELS, Track::META, vec![Value::Int(1)]).await;
            let Err(Error::Protected(protected)) = &result else { panic!("{result:?}") };
            let by = Protected { model: "Track", by: "Sale", field: "track", restricted: false };
            assert_eq!(*protected, by);
            assert_eq!(result.unwrap_err().to_string(), "Track is protected by Sale.track");
            assert_eq!(number(conn, "SELECT COUNT(*) FROM t_track").await, 4);
        });
    }

    /// Goes with its parent.
    #[crate::model(table = "t_folder")]
    pub struct Folder {
        pub id: i64,
        #[field(foreign_key = Folder, related_name = children)]
        pub parent_id: Option<i64>,
    }

    #[test]
    fn a_deletion_follows_rows_that_point_at_each_other() {
        on_each(async |conn| {
            let table = "CREATE TEMPORARY TABLE t_folder (id bigint PRIMARY KEY, \
                parent_id bigint REFERENCES t_folder (id)); \
                INSERT INTO t_folder VALUES (1, 1), (2, 1), (3, 2), (4, NULL), (5, 4), (6, 5); \
                UPDATE t_folder SET parent_id = 6 WHERE id = 4";
            conn.batch_execute(table).await.unwrap();
            let (models, key) = ([Folder::META], Value::Int);
            conn.delete_rows(&models, Folder::META, vec![key(2)]).await.unwrap();
            assert_eq!(number(conn, "SELECT COUNT(*) FROM t_folder").await, 4);
            conn.delete_rows(&models, Folder::META, vec![key(1)]).await.unwrap();
            assert_eq!(number(conn, "SELECT COUNT(*) FROM t_folder").await, 3);
            conn.delete_rows(&models, Folder::META, vec![key(5)]).await.unwrap();
            assert_eq!(number(conn, "SELECT COUNT(*) FROM t_folder").await, 0);
        });
    }

    #[test]
    fn what_points_at_a_model_is_found_through_keys_and_links() {
        assert!(is_referenced(&MODELS, Artist::META) && is_referenced(&MODELS, Tag::META));
        assert!(!is_referenced(&MODELS, Sale::META));
        let found: Vec<_> = reachable([Sale::META]).iter().map(|model| model.name).collect();
        assert_eq!(found, ["Album", "Artist", "Sale", "Tag", "Track"]);
    }
}
