//! Trees: rows that point at rows of their own table, read in one recursive statement.

use std::collections::HashMap;

use crate::db::key::Key;
use crate::db::select::columns;
use crate::db::{
    ColumnKind, ColumnMeta, ComputedColumn, Conn, Dialect, Error, Hop, Model, ModelMeta, Select,
    Sql, Way,
};
use crate::values::Value;

/// How many levels of rows below a row are shown, unless a view says otherwise; and how many rows may
/// be above the place of a row whose column is `acyclic`, so that what is stored can be shown.
pub(crate) const MOST_LEVELS: u32 = 100;

/// How many rows are looked at to find how deep it is below a row that is moved.
const MOST_MOVED: usize = 10_000;

/// Why rows do not form a tree, or form one that is too large to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// A row is its own ancestor.
    #[error("goes round in a circle")]
    Cycle,
    /// It has more levels than are read.
    #[error("is more than {0} levels deep")]
    TooDeep(u32),
    /// It has more rows than are read.
    #[error("has more than {0} rows")]
    TooLarge(usize),
}

impl TreeError {
    /// The code and the message for a request that would put a row there.
    pub(crate) fn refusal(self) -> (&'static str, &'static str) {
        match self {
            Self::Cycle => ("cycle", "An object may not be its own ancestor."),
            Self::TooDeep(_) | Self::TooLarge(_) => {
                ("too_deep", "There are too many objects above this one.")
            }
        }
    }
}

/// How far a tree is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TreeLimits {
    /// Levels beside the row that it starts from.
    pub(crate) depth: u32,
    /// Rows beside that one.
    pub(crate) rows: usize,
}

/// The foreign key of a model to itself, and the way along it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SelfRelation {
    model: &'static ModelMeta,
    pub(crate) column: &'static ColumnMeta,
}

/// The row that a tree is read from.
#[derive(Clone, Copy)]
enum Start<'a> {
    Key(&'a Value),
    FirstOf(&'a Select),
}

impl Start<'_> {
    fn write(self, sql: &mut Sql, kind: ColumnKind) {
        match self {
            Self::Key(key) => {
                sql.bind(key.clone(), kind);
            }
            Self::FirstOf(select) => select.first_key(sql),
        }
    }
}

/// Towards the rows that point at this one, or the row that it points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Towards {
    Below,
    Above,
}

impl SelfRelation {
    /// The relation that a path of one step stands for, seen from either side; `None` otherwise.
    pub(crate) fn of(way: &Way) -> Option<Self> {
        let model = (way.model)();
        let [hop] = way.hops.as_slice() else { return None };
        let column = match hop {
            Hop::Forward { column, .. } => *column,
            Hop::Reverse { from, column, .. } => from().column(column)?,
            Hop::ManyToMany { .. } => return None,
        };
        (hop.target() == model && column.references.is_some_and(|to| to() == model))
            .then_some(Self { model, column })
    }

    /// Writes the table `tree` of the keys on the way, each with its level. The recursion stops at
    /// a row that has the start's key again, so that a circle ends.
    fn with(self, sql: &mut Sql, start: Start<'_>, towards: Towards, most: TreeLimits) {
        let (table, key) = (self.model.table, self.model.pk_column());
        let step = |sql: &mut Sql, level: &str| {
            sql.push("SELECT ").column(table, key.column).push(", ");
            sql.column(table, self.column.column).push(level).push(" FROM ").name(table);
        };
        sql.push("WITH RECURSIVE \"tree\" (\"key\", \"above\", \"level\") AS (");
        step(sql, ", 0");
        sql.push(" WHERE ").column(table, key.column).push(" = ");
        start.write(sql, key.kind);
        sql.push(" UNION ALL ");
        step(sql, ", \"tree\".\"level\" + 1");
        sql.push(" INNER JOIN \"tree\" ON ");
        match towards {
            Towards::Below => sql.column(table, self.column.column).push(" = \"tree\".\"key\""),
            Towards::Above => sql.column(table, key.column).push(" = \"tree\".\"above\""),
        };
        sql.push(" WHERE \"tree\".\"level\" <= ").push(&most.depth.to_string());
        sql.push(" AND (\"tree\".\"level\" = 0 OR \"tree\".\"key\" <> ");
        start.write(sql, key.kind);
        sql.push(")");
        if sql.dialect() == Dialect::Sqlite {
            sql.push(" LIMIT ").push(&(most.rows.saturating_add(2)).to_string());
        }
        sql.push(") ");
    }

    /// The statement for the rows of a tree, the start first, then level by level.
    fn rows(self, dialect: Dialect, start: &Value, towards: Towards, most: TreeLimits) -> Sql {
        let (table, key) = (self.model.table, self.model.pk_column());
        let mut sql = Sql::new(dialect);
        self.with(&mut sql, Start::Key(start), towards, most);
        sql.push("SELECT \"tree\".\"level\", ");
        columns(&mut sql, self.model, table);
        sql.push(" FROM ");
        if dialect == Dialect::Postgres {
            // it stops the recursion there; SQLite counts inside
            sql.push("(SELECT * FROM \"tree\" LIMIT ");
            sql.push(&(most.rows.saturating_add(2)).to_string()).push(") ");
        }
        sql.push("\"tree\" INNER JOIN ").name(table).push(" ON ").column(table, key.column);
        sql.push(" = \"tree\".\"key\" ORDER BY \"tree\".\"level\"");
        for (index, descending) in self.model.ordering {
            let Some(column) = self.model.columns.get(*index) else { continue };
            sql.push(", ").column(table, column.column);
            sql.push(if *descending { " DESC" } else { " ASC" });
        }
        sql
    }
}

/// Rows of one table as a tree: one row, and those below it.
#[derive(Debug, Clone)]
pub struct Tree<M> {
    /// The start, then level by level.
    rows: Vec<(u32, M)>,
    /// The place of the row above, by row; of the start, its own.
    above: Vec<usize>,
}

impl<M> Tree<M> {
    /// The rows below the start, nearest first, each with its level: 1 for those that point at the
    /// start.
    pub fn below(&self) -> impl Iterator<Item = (u32, &M)> {
        self.rows.iter().skip(1).map(|(level, row)| (*level, row))
    }

    /// Folds the tree into one value: `node` is called for every row with the values of the rows
    /// below it, for which it was called before. Nothing recurses, however deep the tree is.
    ///
    /// ```
    /// # use quintet::db::Tree;
    /// # use quintet::prelude::*;
    /// # #[model(table = "parts")]
    /// # pub struct Part {
    /// #     pub id: i64,
    /// #     #[field(foreign_key = Part, related_name = parts)]
    /// #     pub whole_id: Option<i64>,
    /// # }
    /// fn nested(tree: &Tree<Part>) -> serde_json::Value {
    ///     tree.fold(|part, below| serde_json::json!({"id": part.id, "parts": below}))
    /// }
    /// ```
    pub fn fold<T>(&self, mut node: impl FnMut(&M, Vec<T>) -> T) -> T
    where
        T: Default,
    {
        let mut below: Vec<Vec<T>> = self.rows.iter().map(|_| Vec::new()).collect();
        let mut made = T::default();
        for (at, (_, row)) in self.rows.iter().enumerate().rev() {
            let mut own = below.get_mut(at).map(std::mem::take).unwrap_or_default();
            own.reverse();
            made = node(row, own);
            if at > 0
                && let Some(list) = self.above.get(at).and_then(|above| below.get_mut(*above))
            {
                list.push(std::mem::take(&mut made));
            }
        }
        made
    }
}

impl Conn {
    /// The row of a key with all rows below it; `None` when there is no such row.
    pub(crate) async fn tree_below<M: Model>(
        &self,
        relation: SelfRelation,
        start: Value,
        most: TreeLimits,
    ) -> Result<Option<Tree<M>>, Error> {
        let rows = self.tree_rows::<M>(relation, start, Towards::Below, most).await?;
        let at = M::META.columns.iter().position(|column| column.column == relation.column.column);
        let mut places: HashMap<Key, usize> = HashMap::with_capacity(rows.len());
        let mut above = Vec::with_capacity(rows.len());
        for (place, (_, row)) in rows.iter().enumerate() {
            let parent = at.and_then(|at| Key::new(row.value(at)));
            above.push(parent.and_then(|parent| places.get(&parent).copied()).unwrap_or(0));
            places.extend(Key::new(row.value(M::META.pk)).map(|key| (key, place)));
        }
        Ok((!rows.is_empty()).then_some(Tree { rows, above }))
    }

    /// The rows above the row of a key, nearest first.
    pub(crate) async fn tree_above<M: Model>(
        &self,
        relation: SelfRelation,
        start: Value,
        most: TreeLimits,
    ) -> Result<Vec<M>, Error> {
        let rows = self.tree_rows::<M>(relation, start, Towards::Above, most).await?;
        Ok(rows.into_iter().skip(1).map(|(_, row)| row).collect())
    }

    async fn tree_rows<M: Model>(
        &self,
        relation: SelfRelation,
        start: Value,
        towards: Towards,
        most: TreeLimits,
    ) -> Result<Vec<(u32, M)>, Error> {
        let sql = relation.rows(self.dialect(), &start, towards, most);
        let rows = self
            .rows(sql, |row| {
                let level: i64 = row.get(0, ColumnKind::Integer)?;
                Ok((u32::try_from(level).unwrap_or(u32::MAX), M::from_row(row, 1)?))
            })
            .await?;
        let field = relation.column.name;
        let refuse = |problem| Err(Error::Tree { field, problem });
        let mut seen = std::collections::HashSet::with_capacity(rows.len());
        if !rows
            .iter()
            .filter_map(|(_, row)| Key::new(row.value(M::META.pk)))
            .all(|key| seen.insert(key))
        {
            return refuse(TreeError::Cycle);
        }
        if rows.len() > most.rows.saturating_add(1) {
            return refuse(TreeError::TooLarge(most.rows));
        }
        if rows.last().is_some_and(|(level, _)| *level > most.depth) {
            return refuse(TreeError::TooDeep(most.depth));
        }
        Ok(rows)
    }
}

/// The level that a statement for the deepest one has found.
fn deepest(row: &crate::db::Row<'_>) -> Result<Option<u32>, Error> {
    let level: Option<i64> = row.get(0, ColumnKind::Integer)?;
    Ok(level.map(|level| u32::try_from(level).unwrap_or(u32::MAX)))
}

/// True when a write places a row in a tree whose key is `acyclic`.
pub(crate) fn places_in_tree(model: &ModelMeta, set: &[(usize, Value)]) -> bool {
    set.iter().any(|(index, value)| {
        !value.is_null() && model.columns.get(*index).is_some_and(|column| column.acyclic)
    })
}

/// Refuses a place in a tree that is not known before it is stored.
pub(crate) fn only_known_places(
    model: &ModelMeta,
    computed: &[ComputedColumn],
) -> Result<(), Error> {
    let mut columns = computed.iter().filter_map(|(index, _)| model.columns.get(*index));
    match columns.find(|column| column.acyclic) {
        Some(column) => Err(Error::Misuse(format!(
            "{}.{} is acyclic, and cannot be set to an expression",
            model.name, column.name
        ))),
        None => Ok(()),
    }
}

/// Refuses places that would make a row its own ancestor, or a tree that is too deep to be shown. Call
/// it in the transaction that writes them: of two that move rows of one table, the second waits until
/// the first has ended.
impl Conn {
    /// Checks the values that `set` gives to a new row, or to the row of `target`.
    pub(crate) async fn refuse_cycles(
        &self,
        model: &'static ModelMeta,
        target: Option<&Select>,
        set: &[(usize, Value)],
    ) -> Result<(), Error> {
        for (index, above) in set.iter().filter(|(_, value)| !value.is_null()) {
            let Some(column) = model.columns.get(*index).filter(|column| column.acyclic) else {
                continue;
            };
            let refuse = |problem| Err(Error::Tree { field: column.name, problem });
            if target.is_some() {
                self.lock_tree(model).await?;
            } else if set.iter().any(|(own, key)| *own == model.pk && key == above) {
                // only the new row itself can point at it
                return refuse(TreeError::Cycle);
            }
            let relation = SelfRelation { model, column };
            let (levels, is_own) = self.levels_above(relation, above, target).await?;
            if is_own {
                return refuse(TreeError::Cycle);
            }
            let Some(left) = MOST_LEVELS.checked_sub(levels) else {
                return refuse(TreeError::TooDeep(MOST_LEVELS));
            };
            if let Some(target) = target
                && self.levels_below(relation, target, left).await? > left
            {
                return refuse(TreeError::TooDeep(MOST_LEVELS));
            }
        }
        Ok(())
    }

    /// How many levels are above a row that is placed below `above`, and whether the row of `target`
    /// is among them.
    async fn levels_above(
        &self,
        relation: SelfRelation,
        above: &Value,
        target: Option<&Select>,
    ) -> Result<(u32, bool), Error> {
        let most = TreeLimits { depth: MOST_LEVELS - 1, rows: MOST_LEVELS as usize };
        let mut sql = Sql::new(self.dialect());
        relation.with(&mut sql, Start::Key(above), Towards::Above, most);
        sql.push("SELECT MAX(\"level\"), COUNT(CASE WHEN \"key\" = ");
        match target {
            Some(target) => target.first_key(&mut sql),
            None => {
                sql.push("NULL");
            }
        }
        sql.push(" THEN 1 END) FROM \"tree\"");
        let read = |row: &crate::db::Row<'_>| {
            let own: i64 = row.get(1, ColumnKind::BigInt)?;
            Ok((deepest(row)?.map_or(0, |level| level.saturating_add(1)), own > 0))
        };
        Ok(self.rows(sql, read).await?.first().copied().unwrap_or((0, false)))
    }

    /// How many levels are below a row; of more than `most`, one more than that.
    async fn levels_below(
        &self,
        relation: SelfRelation,
        target: &Select,
        most: u32,
    ) -> Result<u32, Error> {
        let most = TreeLimits { depth: most, rows: MOST_MOVED };
        let mut sql = Sql::new(self.dialect());
        relation.with(&mut sql, Start::FirstOf(target), Towards::Below, most);
        sql.push("SELECT MAX(\"level\") FROM (SELECT \"level\" FROM \"tree\" LIMIT ");
        sql.push(&MOST_MOVED.to_string()).push(") \"levels\"");
        Ok(self.rows(sql, deepest).await?.first().copied().flatten().unwrap_or(0))
    }

    /// Waits for others who move rows of this table. On `SQLite` one transaction writes at a time
    /// anyway. On `PostgreSQL` row locks would not suffice: two transactions that together make
    /// a circle each lock different rows.
    async fn lock_tree(&self, model: &'static ModelMeta) -> Result<(), Error> {
        if self.dialect() == Dialect::Postgres {
            let mut sql = Sql::new(self.dialect());
            sql.push("SELECT pg_advisory_xact_lock(hashtextextended(");
            sql.bind(Value::Text(format!("quintet.acyclic.{}", model.table)), ColumnKind::Text);
            sql.push(", 0))");
            self.send(sql).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Fields;
    use crate::db::testing::{Album, Track};
    use crate::model;

    /// A page below another one.
    #[model(table = "t_page", ordering(-title), many_to_many(
        seen: Page, through = "t_seen", source = "page_id", target = "seen_id"
    ))]
    pub struct Page {
        pub id: i64,
        pub title: String,
        #[field(foreign_key = Page, related_name = pages)]
        pub book_id: Option<i64>,
    }

    #[test]
    fn a_tree_is_one_statement_that_ends() {
        let relation = SelfRelation::of(&Page::fields().book().way()).unwrap();
        let text = |dialect, towards| {
            let most = TreeLimits { depth: 3, rows: 7 };
            relation.rows(dialect, &Value::Int(1), towards, most).spelled()
        };
        let columns = "\"t_page\".\"id\", \"t_page\".\"book_id\"";
        let order = "ORDER BY \"tree\".\"level\", \"t_page\".\"title\" DESC";
        let all = "\"t_page\".\"id\", \"t_page\".\"title\", \"t_page\".\"book_id\"";
        let with = |on: &str, limit: &str| {
            format!(
                "WITH RECURSIVE \"tree\" (\"key\", \"above\", \"level\") AS (SELECT {columns}, 0 FROM \
                 \"t_page\" WHERE \"t_page\".\"id\" = {{BigInt(1)}} UNION ALL SELECT {columns}, \
                 \"tree\".\"level\" + 1 FROM \"t_page\" INNER JOIN \"tree\" ON {on} WHERE \
                 \"tree\".\"level\" <= 3 AND (\"tree\".\"level\" = 0 OR \"tree\".\"key\" <> \
                 {{BigInt(1)}}){limit}) SELECT \"tree\".\"level\", {all} FROM "
            )
        };
        let joined = "\"tree\" INNER JOIN \"t_page\" ON \"t_page\".\"id\" = \"tree\".\"key\"";
        assert_eq!(
            text(Dialect::Sqlite, Towards::Below),
            with("\"t_page\".\"book_id\" = \"tree\".\"key\"", " LIMIT 9")
                + &format!("{joined} {order}")
        );
        assert_eq!(
            text(Dialect::Postgres, Towards::Above),
            with("\"t_page\".\"id\" = \"tree\".\"above\"", "")
                + &format!("(SELECT * FROM \"tree\" LIMIT 9) {joined} {order}")
        );
    }

    #[test]
    fn a_tree_is_read_along_a_foreign_key_of_a_model_to_itself_alone() {
        assert!(SelfRelation::of(&Page::fields().pages().way()).is_some());
        assert!(SelfRelation::of(&Page::fields().way()).is_none());
        assert!(SelfRelation::of(&Page::fields().seen().way()).is_none());
        assert!(SelfRelation::of(&Page::fields().book().book().way()).is_none());
        assert!(SelfRelation::of(&Track::fields().album().way()).is_none());
        assert!(SelfRelation::of(&Album::fields().tracks().way()).is_none());
    }

    #[test]
    fn a_chain_of_any_length_is_folded_without_recursion() {
        let rows: Vec<(u32, u32)> = (0..200_000).map(|level| (level, level)).collect();
        let above = rows.iter().map(|(level, _)| level.saturating_sub(1) as usize).collect();
        let tree = Tree { rows, above };
        let depth = tree.fold(|_, below: Vec<u32>| below.into_iter().max().unwrap_or(0) + 1);
        assert_eq!((depth, tree.below().count()), (200_000, 199_999));
    }

    #[test]
    fn rows_of_one_level_stay_in_order_when_they_are_folded() {
        let rows = vec![(0, 'a'), (1, 'b'), (1, 'c'), (2, 'd'), (2, 'e'), (2, 'f')];
        let tree = Tree { rows, above: vec![0, 0, 0, 2, 1, 2] };
        let text = tree.fold(|name, below: Vec<String>| format!("{name}({})", below.concat()));
        assert_eq!(text, "a(b(e())c(d()f()))");
    }
}
