//! SELECT statements over one model and what its serializer asks for beside it.

use super::compile::{Compiler, Joins, default_order, order_term};
use super::{
    Conn, Dialect, Error, Hop, Leaf, Lock, Model, ModelMeta, OrderTerm, Path, Predicate, QuerySet,
    Sql, meta_of,
};
use crate::fields::Value;

/// The alias of a link table.
const LINK: &str = "L";

/// What a statement answers besides the model's own columns.
#[derive(Debug, Clone)]
pub enum Selected {
    /// The value at the end of a path that leads to one row (joined), or a count.
    Value(Path),
    /// Every column of the model at the end of the hops (joined).
    Model(Vec<Hop>),
}

/// A SELECT being put together.
#[derive(Debug, Clone)]
pub struct Select {
    /// The model whose columns come first.
    pub model: &'static ModelMeta,
    model_fn: fn() -> &'static ModelMeta,
    conditions: Vec<Predicate>,
    order: Option<Vec<OrderTerm>>,
    limit: Option<i64>,
    offset: i64,
    extra: Vec<Selected>,
    /// The relation to many that the rows are reached by, and the keys of where it starts.
    via: Option<(Hop, Vec<Value>)>,
    /// The model's columns that are read, where not all of them are.
    only: Option<Vec<usize>>,
    /// How the model's rows are locked.
    pub(crate) lock: Option<Lock>,
}

/// The start of a path that is used on one table only, and the model of what has none.
pub(crate) fn nowhere() -> &'static ModelMeta {
    static NOWHERE: ModelMeta = ModelMeta {
        name: "",
        verbose_name: "",
        app_label: "",
        table: "",
        columns: &[],
        pk: 0,
        ordering: &[],
        unique_together: &[],
        decode: |_, _| Err(super::Error::NotFound),
        links: &[],
    };
    &NOWHERE
}

impl Path {
    /// A path to a column of whatever table it is used on.
    pub(crate) fn own(column: &'static super::ColumnMeta) -> Self {
        Self { model: nowhere, hops: Vec::new(), leaf: Leaf::Column(column) }
    }
}

impl<M: Model> From<QuerySet<M>> for Select {
    fn from(query: QuerySet<M>) -> Self {
        Self {
            model: M::META,
            model_fn: meta_of::<M>,
            conditions: query.conditions,
            order: query.order,
            limit: query.limit,
            offset: query.offset,
            extra: Vec::new(),
            via: None,
            only: None,
            lock: query.lock,
        }
    }
}

impl Select {
    /// Adds what a serializer needs; it is read after the columns before it.
    pub fn also(&mut self, selected: Selected) {
        self.extra.push(selected);
    }

    /// Every row of a model that is known by its description alone.
    pub(crate) fn of_model(model: &'static ModelMeta) -> Self {
        Self {
            model,
            model_fn: nowhere,
            conditions: Vec::new(),
            order: Some(Vec::new()),
            limit: None,
            offset: 0,
            extra: Vec::new(),
            via: None,
            only: None,
            lock: None,
        }
    }

    /// The rows at the end of a relation to many, for several rows at its start. The first column
    /// of each row is the key of the row it belongs to.
    pub(crate) fn related(hop: &Hop, keys: Vec<Value>) -> Self {
        let mut select = Self::of_model(hop.target());
        select.order = None;
        select.via = Some((*hop, keys));
        select
    }

    /// Keys alone: the rows of a link table, as pairs.
    pub(crate) fn links(
        dialect: Dialect,
        hop: &Hop,
        keys: Vec<Value>,
        key_kind: super::ColumnKind,
    ) -> Sql {
        let mut sql = Sql::new(dialect);
        if let Hop::ManyToMany { through, source, target, .. } = hop {
            sql.push("SELECT ").name(source).push(", ").name(target).push(" FROM ").name(through);
            sql.push(" WHERE ").name(source).any_of(keys, key_kind);
            sql.push(" ORDER BY ").name(target);
        }
        sql
    }

    /// Reads these columns of the model instead of all.
    pub(crate) fn only(&mut self, columns: Vec<usize>) {
        self.only = Some(columns);
    }

    pub(crate) fn also_where(&mut self, condition: Predicate) {
        self.conditions.push(condition);
    }

    /// Writes `(SELECT key FROM … LIMIT 1)`.
    pub(crate) fn first_key(&self, sql: &mut Sql) {
        let key = self.model.pk_column().column;
        sql.push("(SELECT ").column(self.model.table, key).push(" FROM ").name(self.model.table);
        self.where_clause(sql, &mut Compiler::default());
        sql.push(" LIMIT 1)");
    }

    /// True when no row can come.
    pub fn is_empty(&self) -> bool {
        self.limit == Some(0)
    }

    /// Only rows whose `column` is one of `keys`, in one text whatever their number.
    pub fn among(&mut self, path: Path, keys: Vec<Value>) {
        self.conditions.push(Predicate::Lookup {
            path,
            lookup: super::Lookup::In,
            operand: super::Operand::Many(keys),
        });
    }

    /// The statement for the rows on a connection.
    pub(crate) fn statement(&self, conn: &Conn) -> Result<Sql, Error> {
        if self.lock.is_some() && !conn.in_transaction() {
            return Err(Error::NoTransaction);
        }
        Ok(self.rows(conn.dialect()))
    }

    /// The statement for the rows.
    pub fn rows(&self, dialect: Dialect) -> Sql {
        let table = self.model.table;
        let mut sql = Sql::new(dialect);
        let mut compiler = Compiler::default();
        let mut joins = Joins::default();
        sql.push("SELECT ");
        match &self.via {
            Some((Hop::Reverse { column, .. }, _)) => {
                sql.column(table, column).push(", ");
            }
            Some((Hop::ManyToMany { source, .. }, _)) => {
                sql.column(LINK, source).push(", ");
            }
            _ => {}
        }
        match &self.only {
            Some(only) => {
                let mut separator = "";
                for column in only.iter().filter_map(|index| self.model.columns.get(*index)) {
                    sql.push(separator).column(table, column.column);
                    separator = ", ";
                }
            }
            None => columns(&mut sql, self.model, table),
        }
        for selected in &self.extra {
            match selected {
                Selected::Value(path) => {
                    sql.push(", ");
                    let alias = joins.along(table, &path.hops).unwrap_or(table.into());
                    match path.leaf {
                        Leaf::Column(column) => {
                            sql.column(&alias, column.column);
                        }
                        Leaf::Count(annotation) => {
                            compiler.count(&mut sql, &(annotation.path)(), &alias);
                        }
                    }
                }
                Selected::Model(hops) => {
                    let Some(hop) = hops.last() else { continue };
                    let alias = joins.along(table, hops).unwrap_or(table.into());
                    sql.push(", ");
                    columns(&mut sql, hop.target(), &alias);
                }
            }
        }
        // the order decides on joins, so it is written aside first
        let mut order = Sql::new(dialect);
        let default;
        let terms = if let Some(terms) = &self.order {
            terms
        } else {
            default = default_order(self.model, self.model_fn);
            &default
        };
        for (index, term) in terms.iter().enumerate() {
            // what is equal in a term is equal in its repetition, as Django has it too
            if terms.iter().take(index).any(|earlier| earlier.path.is_same(&term.path)) {
                continue;
            }
            order.push(if index == 0 { " ORDER BY " } else { ", " });
            order_term(&mut order, &mut compiler, &mut joins, term, table);
        }
        sql.push(" FROM ").name(table);
        if let Some((Hop::ManyToMany { through, target, .. }, _)) = &self.via {
            sql.push(" INNER JOIN ").name(through).push(" ").name(LINK).push(" ON ");
            sql.column(LINK, target).push(" = ").column(table, self.model.pk_column().column);
        }
        joins.write(&mut sql);
        self.where_clause(&mut sql, &mut compiler);
        sql.append(order);
        self.slice(&mut sql);
        if let Some(lock) = self.lock
            && dialect == Dialect::Postgres
        {
            // not those of joined tables, which may have no row
            sql.push(lock.clause()).push(" OF ").name(table);
        }
        sql
    }

    fn where_clause(&self, sql: &mut Sql, compiler: &mut Compiler) {
        let mut word = " WHERE ";
        if let Some((hop, keys)) = &self.via {
            sql.push(word);
            word = " AND ";
            let kind = match hop {
                Hop::Reverse { from, column, .. } => {
                    sql.column(self.model.table, column);
                    from().column(column).map(|column| column.kind)
                }
                Hop::ManyToMany { source, from, .. } => {
                    sql.column(LINK, source);
                    Some(from().pk_column().kind)
                }
                Hop::Forward { .. } => None,
            };
            sql.any_of(keys.clone(), kind.unwrap_or(super::ColumnKind::BigInt));
        }
        if !self.conditions.is_empty() {
            sql.push(word);
            compiler.all(sql, &self.conditions, self.model.table);
        }
    }

    fn slice(&self, sql: &mut Sql) {
        if let Some(limit) = self.limit {
            match sql.dialect() {
                // SQLite prepares a statement anew when a bound LIMIT changes
                Dialect::Sqlite => {
                    sql.push(" LIMIT ").push(&limit.to_string());
                }
                Dialect::Postgres => {
                    sql.push(" LIMIT ").bind(Value::Int(limit), super::ColumnKind::BigInt);
                }
            }
        }
        if self.offset > 0 {
            if self.limit.is_none() && sql.dialect() == Dialect::Sqlite {
                sql.push(" LIMIT -1");
            }
            match sql.dialect() {
                Dialect::Sqlite => {
                    sql.push(" OFFSET ").push(&self.offset.to_string());
                }
                Dialect::Postgres => {
                    sql.push(" OFFSET ").bind(Value::Int(self.offset), super::ColumnKind::BigInt);
                }
            }
        }
    }

    /// The statement that counts the rows; slices do not count.
    pub fn count(&self, dialect: Dialect) -> Sql {
        self.aggregate(dialect, "COUNT(*)")
    }

    /// The statement that answers one aggregate over the rows.
    pub(crate) fn aggregate(&self, dialect: Dialect, what: &str) -> Sql {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT ").push(what).push(" FROM ").name(self.model.table);
        self.where_clause(&mut sql, &mut Compiler::default());
        sql
    }

    /// `UPDATE … SET column = value, … RETURNING columns` of the rows.
    pub(crate) fn update(&self, dialect: Dialect, set: &[(usize, Value)]) -> Sql {
        let mut sql = Sql::new(dialect);
        sql.push("UPDATE ").name(self.model.table).push(" SET ");
        let mut separator = "";
        for (index, value) in set {
            let Some(column) = self.model.columns.get(*index) else { continue };
            sql.push(separator).name(column.column).push(" = ").bind(value.clone(), column.kind);
            separator = ", ";
        }
        self.where_clause(&mut sql, &mut Compiler::default());
        sql.push(" RETURNING ");
        columns(&mut sql, self.model, self.model.table);
        sql
    }
}

/// Writes the columns of a model, separated by commas.
pub fn columns(sql: &mut Sql, model: &'static ModelMeta, alias: &str) {
    for (index, column) in model.columns.iter().enumerate() {
        if index > 0 {
            sql.push(", ");
        }
        sql.column(alias, column.column);
    }
}

/// `INSERT INTO … RETURNING columns`.
pub(crate) fn insert(dialect: Dialect, model: &'static ModelMeta, set: &[(usize, Value)]) -> Sql {
    let mut sql = Sql::new(dialect);
    sql.push("INSERT INTO ").name(model.table);
    if set.is_empty() {
        sql.push(" DEFAULT VALUES");
    } else {
        sql.push(" (");
        let mut separator = "";
        for (index, _) in set {
            let Some(column) = model.columns.get(*index) else { continue };
            sql.push(separator).name(column.column);
            separator = ", ";
        }
        sql.push(") VALUES (");
        separator = "";
        for (index, value) in set {
            let Some(column) = model.columns.get(*index) else { continue };
            sql.push(separator).bind(value.clone(), column.kind);
            separator = ", ";
        }
        sql.push(")");
    }
    sql.push(" RETURNING ");
    columns(&mut sql, model, model.table);
    sql
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Album, Artist, Track, on_each};
    use super::super::{ColumnKind, Fields};
    use super::*;

    const TRACK: &str = "\"t_track\".\"id\", \"t_track\".\"name\", \"t_track\".\"album_id\", \
                         \"t_track\".\"seconds\", \"t_track\".\"updated\"";
    const ALBUM: &str = "\"t_album\".\"id\", \"t_album\".\"title\", \"t_album\".\"artist_id\", \
                         \"t_album\".\"released\", \"t_album\".\"price\"";

    fn rows(select: &Select, dialect: Dialect) -> String {
        select.rows(dialect).spelled()
    }

    #[test]
    fn a_plain_query_is_the_columns_in_the_models_order() {
        let tracks = Select::from(Track::objects());
        assert_eq!(rows(&tracks, Dialect::Sqlite), format!("SELECT {TRACK} FROM \"t_track\""));
        let albums = Select::from(Album::objects());
        let order = "ORDER BY \"t_album\".\"title\" ASC, \"t_album\".\"id\" DESC";
        assert_eq!(
            rows(&albums, Dialect::Sqlite),
            format!("SELECT {ALBUM} FROM \"t_album\" {order}")
        );
    }

    #[test]
    fn a_slice_is_literal_on_sqlite_and_bound_on_postgresql() {
        let ends = |select: &Select, sqlite: &str, postgres: &str| {
            assert!(rows(select, Dialect::Sqlite).ends_with(sqlite));
            assert!(rows(select, Dialect::Postgres).ends_with(postgres));
        };
        let page = Select::from(Track::objects().slice(20, 10));
        ends(&page, " LIMIT 10 OFFSET 20", " LIMIT {BigInt(10)} OFFSET {BigInt(20)}");
        let first = Select::from(Track::objects().slice(0, 10));
        ends(&first, "\"t_track\" LIMIT 10", "\"t_track\" LIMIT {BigInt(10)}");
        let mut rest = Select::from(Track::objects());
        rest.offset = 5;
        ends(&rest, " LIMIT -1 OFFSET 5", "\"t_track\" OFFSET {BigInt(5)}");
        assert!(Select::from(Track::objects().none()).is_empty());
    }

    #[test]
    fn a_way_is_joined_once_for_columns_and_order() {
        let fields = Track::fields;
        let query = Track::objects().then_by_desc(fields().album().title()).then_by(fields().id());
        let mut select = Select::from(query);
        select.also(Selected::Value(fields().album().artist().name().into()));
        select.also(Selected::Model(fields().album().way().hops));
        let album = ALBUM.replace("t_album", "T1");
        assert_eq!(
            rows(&select, Dialect::Postgres),
            format!(
                "SELECT {TRACK}, \"T2\".\"name\", {album} FROM \"t_track\" \
                 LEFT JOIN \"t_album\" \"T1\" ON \"T1\".\"id\" = \"t_track\".\"album_id\" \
                 LEFT JOIN \"t_artist\" \"T2\" ON \"T2\".\"id\" = \"T1\".\"artist_id\" \
                 ORDER BY \"T1\".\"title\" DESC, \"t_track\".\"id\" ASC"
            )
        );
    }

    #[test]
    fn a_repeated_term_of_an_order_is_written_once() {
        let title = || Track::fields().album().title();
        let query = Track::objects().then_by(title()).then_by_desc(title());
        let query = query.then_by(Track::fields().name()).then_by(Track::fields().name());
        let sql = rows(&Select::from(query), Dialect::Postgres);
        let order = "ORDER BY \"T1\".\"title\" ASC, \"t_track\".\"name\" ASC";
        assert!(sql.ends_with(order), "{sql}");
    }

    #[test]
    fn a_count_is_a_sub_select_beside_the_columns() {
        let mut select = Select::from(Artist::objects().then_by(Artist::fields().album_count()));
        select.also(Selected::Value(Artist::fields().album_count().into()));
        let count = |alias: &str| {
            format!(
                "(SELECT COUNT(*) FROM \"t_album\" \"{alias}\" WHERE \
                 \"{alias}\".\"artist_id\" = \"t_artist\".\"id\")"
            )
        };
        assert_eq!(
            rows(&select, Dialect::Sqlite),
            format!(
                "SELECT \"t_artist\".\"id\", \"t_artist\".\"name\", {} FROM \"t_artist\" \
                 ORDER BY {} ASC",
                count("U1"),
                count("U2")
            )
        );
    }

    #[test]
    fn related_rows_come_with_the_key_they_belong_to() {
        let hop = Artist::fields().albums().way().hops[0];
        let albums = Select::related(&hop, vec![Value::Int(10)]);
        assert_eq!(
            rows(&albums, Dialect::Postgres),
            format!(
                "SELECT \"t_album\".\"artist_id\", {ALBUM} FROM \"t_album\" \
                 WHERE \"t_album\".\"artist_id\" = ANY({{BigInts([10])}}) \
                 ORDER BY \"t_album\".\"title\" ASC, \"t_album\".\"id\" DESC"
            )
        );
        let hop = Track::fields().tags().way().hops[0];
        let tags = Select::related(&hop, vec![Value::Int(1)]);
        assert_eq!(
            rows(&tags, Dialect::Postgres),
            "SELECT \"L\".\"track_id\", \"t_tag\".\"id\", \"t_tag\".\"name\" FROM \"t_tag\" \
             INNER JOIN \"t_track_tags\" \"L\" ON \"L\".\"tag_id\" = \"t_tag\".\"id\" \
             WHERE \"L\".\"track_id\" = ANY({BigInts([1])})"
        );
    }

    #[test]
    fn counting_forgets_slices_and_orders() {
        let query = Track::objects().then_by(Track::fields().album().title()).slice(3, 2);
        let select = Select::from(query);
        assert_eq!(select.count(Dialect::Sqlite).spelled(), "SELECT COUNT(*) FROM \"t_track\"");
    }

    #[test]
    fn writes_name_what_was_given_and_answer_the_row() {
        let set = [(1, Value::Text("x".into())), (2, Value::Null)];
        assert_eq!(
            insert(Dialect::Sqlite, Track::META, &set).spelled(),
            format!(
                "INSERT INTO \"t_track\" (\"name\", \"album_id\") \
                 VALUES ({{Text(\"x\")}}, {{Null(BigInt)}}) RETURNING {TRACK}"
            )
        );
        assert_eq!(
            insert(Dialect::Sqlite, Track::META, &[]).spelled(),
            format!("INSERT INTO \"t_track\" DEFAULT VALUES RETURNING {TRACK}")
        );
        let mut select = Select::from(Track::objects());
        select.among(Path::own(Track::META.pk_column()), vec![Value::Int(3)]);
        assert_eq!(
            select.update(Dialect::Postgres, &set).spelled(),
            format!(
                "UPDATE \"t_track\" SET \"name\" = {{Text(\"x\")}}, \"album_id\" = {{Null(BigInt)}} \
                 WHERE \"t_track\".\"id\" = ANY({{BigInts([3])}}) RETURNING {TRACK}"
            )
        );
    }

    async fn texts(conn: &Conn, select: &Select, at: usize) -> Vec<Option<String>> {
        let sql = select.rows(conn.dialect());
        conn.rows(sql, |row| row.get(at, ColumnKind::Text)).await.unwrap()
    }

    #[test]
    fn rows_keep_their_place_when_nothing_is_joined_to_them() {
        on_each(async |conn| {
            let mut select = Select::from(Track::objects().then_by(Track::fields().id()));
            select.also(Selected::Value(Track::fields().album().artist().name().into()));
            let artist = || Some("AC/DC".to_owned());
            assert_eq!(texts(conn, &select, 5).await, [artist(), artist(), artist(), None]);
        });
    }

    #[test]
    fn slices_and_related_rows_are_read_from_each_database() {
        on_each(async |conn| {
            let query = Track::objects().then_by_desc(Track::fields().seconds());
            let names = texts(conn, &Select::from(query.slice(1, 2)), 1).await;
            assert_eq!(names, [Some("Sin_City".into()), Some("Ballbreaker".into())]);
            let hop = Track::fields().tags().way().hops[0];
            let related = Select::related(&hop, vec![Value::Int(1), Value::Int(2)]);
            let mut tags = texts(conn, &related, 2).await;
            tags.sort();
            assert_eq!(tags, [Some("live".into()), Some("loud".into()), Some("loud".into())]);
            let links =
                Select::links(conn.dialect(), &hop, vec![Value::Int(1)], ColumnKind::BigInt);
            let pairs = conn
                .rows(links, |row| {
                    Ok((row.get(0, ColumnKind::BigInt)?, row.get(1, ColumnKind::BigInt)?))
                })
                .await
                .unwrap();
            assert_eq!(pairs, [(1_i64, 1_i64), (1, 2)]);
        });
    }
}
