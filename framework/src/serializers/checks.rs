//! Checks in the database, in as few statements as possible: usually one.
//!
//! A client chooses how many rows it nests, and so the number of checks; statements are bounded
//! anyway, and have few distinct texts. Keys into one column are a list, which is one value. Other
//! checks run in batches of a few sizes: a thousand are two statements.

use std::collections::HashMap;
use std::sync::Arc;

use super::field::KeyCheck;
use super::related::DynRelatedField;
use crate::db::{
    ColumnKind, ColumnMeta, Conn, Dialect, Error, Key, Lookup, ModelMeta, Operand, Path, Predicate,
    Select, Sql, UniqueFor, in_scope,
};
use crate::exceptions::Validated;
use crate::values::Value;

/// One check.
#[derive(Clone)]
pub(crate) enum Check {
    /// The row that a key names.
    Key {
        model: fn() -> &'static ModelMeta,
        column: usize,
        value: Value,
        /// The rows that it may name, if not all.
        within: Option<Arc<Select>>,
    },
    /// The rows that several keys name.
    Keys {
        model: fn() -> &'static ModelMeta,
        column: usize,
        values: Vec<Value>,
        /// The rows that they may name, if not all.
        within: Option<Arc<Select>>,
    },
    /// The rows that a class of the user's finds or makes.
    Own { class: Arc<dyn DynRelatedField>, values: Vec<Value> },
    /// Another row with the same values.
    Unique {
        model: &'static ModelMeta,
        values: Vec<(usize, Value)>,
        ignore_case: bool,
        except: Option<Value>,
        /// The rows that it is about.
        condition: Option<fn() -> Predicate>,
        /// The last of the values is a date, of which the period counts.
        period: Option<UniqueFor>,
    },
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// The primary key of the row that was found.
    Found(Value),
    /// No row was found.
    NotFound,
    /// What each item of a list names: the key of a row, or a message.
    Keys(Vec<Validated<Value>>),
    /// The item of a list, by index, that names no row.
    Missing(usize),
}

impl Check {
    pub(crate) fn key(key: KeyCheck, value: Value, within: Option<Arc<Select>>) -> Self {
        Self::Key { model: key.model, column: key.column, value, within }
    }

    pub(crate) fn keys(key: KeyCheck, values: Vec<Value>, within: Option<Arc<Select>>) -> Self {
        Self::Keys { model: key.model, column: key.column, values, within }
    }
}

/// The number of checks of any shape in one statement.
const TOGETHER: usize = 64;

/// The sizes of batches of checks with the same shape, if there are more. The last check of a smaller
/// batch is asked again until it has one of them. Each is a column of the statement's only row, of which
/// `PostgreSQL` allows 1,664 and SQLite 2,000.
const BATCHES: [usize; 5] = [8, TOGETHER, 128, 256, 512];

/// Keys into one column, each with the check that asks for it and its place there.
struct List<'a> {
    model: &'static ModelMeta,
    column: &'static ColumnMeta,
    keys: Vec<(usize, usize, &'a Value)>,
    /// The rows that they may name, if not all.
    within: Option<&'a Arc<Select>>,
}

/// Runs all checks.
pub(crate) async fn run_checks(checks: &[Check], conn: &Conn) -> Result<Vec<Answer>, Error> {
    let mut answers: Vec<Answer> = checks
        .iter()
        .map(|check| match check {
            Check::Keys { model, column, .. } if *column == model().pk => {
                Answer::Found(Value::Null)
            }
            Check::Keys { .. } => Answer::Keys(Vec::new()),
            _ => Answer::NotFound,
        })
        .collect();
    let (lists, singles) = sort(checks);
    for batch in batches(checks, singles) {
        for (index, key) in ask(checks, &batch, conn).await? {
            if let Some(answer) = answers.get_mut(index) {
                *answer = Answer::Found(key);
            }
        }
    }
    for list in lists {
        list.ask(&mut answers, conn).await?;
    }
    Ok(answers)
}

/// Splits checks into lists and single ones, by index.
fn sort(checks: &[Check]) -> (Vec<List<'_>>, Vec<usize>) {
    let mut lists: Vec<List<'_>> = Vec::new();
    let mut places: HashMap<(&str, usize, Option<usize>), usize> = HashMap::new();
    let mut singles = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        let (model, column, values, within) = match check {
            Check::Key { model, column, value, within } => {
                (model(), *column, std::slice::from_ref(value), within.as_ref())
            }
            Check::Keys { model, column, values, within } => {
                (model(), *column, values.as_slice(), within.as_ref())
            }
            Check::Unique { .. } => {
                singles.push(index);
                continue;
            }
            Check::Own { .. } => continue,
        };
        let Some(meta) = model.columns.get(column) else { continue };
        let rows = within.map(|within| Arc::as_ptr(within) as usize);
        let place = *places.entry((model.table, column, rows)).or_insert_with(|| {
            lists.push(List { model, column: meta, keys: Vec::new(), within });
            lists.len() - 1
        });
        if let Some(list) = lists.get_mut(place) {
            list.keys.extend(values.iter().enumerate().map(|(at, value)| (index, at, value)));
        }
    }
    // one key alone goes with the others; what no column holds is not asked for
    lists.retain(|list| match list.keys.as_slice() {
        [(index, _, value)]
            if list.within.is_none() && matches!(checks.get(*index), Some(Check::Key { .. })) =>
        {
            if may_be(value, list.column.kind) {
                singles.push(*index);
            }
            false
        }
        _ => true,
    });
    singles.sort_unstable();
    (lists, singles)
}

/// Whether a column can hold a value at all.
fn may_be(value: &Value, kind: ColumnKind) -> bool {
    match (value, kind) {
        (Value::BigInt(_) | Value::Null, _) => false,
        // `PostgreSQL` refuses text with a NUL
        (Value::Text(text), _) if text.contains('\0') => false,
        (value, ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt) => {
            matches!(value, Value::Int(_))
        }
        (value, ColumnKind::Uuid) => matches!(value, Value::Uuid(_)),
        _ => true,
    }
}

/// A few checks are one statement. Many are grouped by shape, in batches whose texts do not depend
/// on their number.
fn batches(checks: &[Check], singles: Vec<usize>) -> Vec<Vec<usize>> {
    if singles.len() <= TOGETHER {
        return if singles.is_empty() { Vec::new() } else { vec![singles] };
    }
    let mut shapes: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<Shape<'_>, usize> = HashMap::new();
    for index in singles {
        let Some(check) = checks.get(index) else { continue };
        let place = *places.entry(Shape::of(check)).or_insert_with(|| {
            shapes.push(Vec::new());
            shapes.len() - 1
        });
        if let Some(shape) = shapes.get_mut(place) {
            shape.push(index);
        }
    }
    let most = BATCHES.last().copied().unwrap_or(TOGETHER);
    let of_a_size = |batch: &[usize]| {
        let size = BATCHES.into_iter().find(|size| *size >= batch.len()).unwrap_or(most);
        let again = batch.last().copied().into_iter().cycle();
        batch.iter().copied().chain(again).take(size).collect()
    };
    shapes.iter().flat_map(|shape| shape.chunks(most)).map(of_a_size).collect()
}

/// What determines the text of a check.
#[derive(PartialEq, Eq, Hash)]
struct Shape<'a> {
    table: &'a str,
    columns: Vec<usize>,
    ignore_case: bool,
    except: bool,
    condition: Option<usize>,
    period: Option<UniqueFor>,
}

impl Shape<'_> {
    fn of(check: &Check) -> Self {
        match check {
            Check::Key { model, column, .. } | Check::Keys { model, column, .. } => Self {
                table: model().table,
                columns: vec![*column],
                ignore_case: false,
                except: false,
                condition: None,
                period: None,
            },
            Check::Own { .. } => Self {
                table: "",
                columns: Vec::new(),
                ignore_case: false,
                except: false,
                condition: None,
                period: None,
            },
            Check::Unique { model, values, ignore_case, except, condition, period } => Self {
                table: model.table,
                columns: values.iter().map(|(column, _)| *column).collect(),
                ignore_case: *ignore_case,
                except: except.is_some(),
                condition: condition.map(|condition| condition as usize),
                period: *period,
            },
        }
    }
}

/// Runs checks in one statement, and returns the key of the row that each found, by index.
async fn ask(checks: &[Check], batch: &[usize], conn: &Conn) -> Result<Vec<(usize, Value)>, Error> {
    let mut sql = Sql::new(conn.dialect());
    let mut kinds = Vec::with_capacity(batch.len());
    sql.push("SELECT ");
    for (index, check) in batch.iter().filter_map(|index| Some((*index, checks.get(*index)?))) {
        if !kinds.is_empty() {
            sql.push(", ");
        }
        kinds.push((index, question(&mut sql, check)));
    }
    let rows = conn.rows(sql, |row| {
        let values = kinds.iter().enumerate();
        values
            .map(|(at, (index, kind))| Ok((*index, row.value(at, *kind)?)))
            .collect::<Result<Vec<_>, _>>()
    });
    let found = rows.await?.into_iter().next().unwrap_or_default();
    Ok(found.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

impl List<'_> {
    /// Looks the keys up, all in one statement.
    async fn ask(&self, answers: &mut [Answer], conn: &Conn) -> Result<(), Error> {
        let asked: Vec<&(usize, usize, &Value)> =
            self.keys.iter().filter(|(_, _, value)| may_be(value, self.column.kind)).collect();
        let mut found: Vec<Option<Value>> = Vec::with_capacity(asked.len());
        if !asked.is_empty() {
            let values = asked.iter().map(|(_, _, value)| (*value).clone()).collect();
            found = self.rows(values, conn).await?;
        }
        let mut found =
            asked.iter().zip(found).map(|((index, at, _), key)| (index, at, key)).peekable();
        for (index, at, _) in &self.keys {
            let own = found.next_if(|(own, place, _)| (*own, *place) == (index, at));
            let Some(answer) = answers.get_mut(*index) else { continue };
            match (own.and_then(|(_, _, key)| key), &answer) {
                // of several keys the first one without a row is reported
                (None, Answer::Found(Value::Null) | Answer::Keys(_)) => {
                    *answer = Answer::Missing(*at);
                }
                (Some(key), Answer::NotFound) => *answer = Answer::Found(key),
                (Some(key), Answer::Keys(_)) => {
                    if let Answer::Keys(keys) = answer {
                        keys.push(Ok(key));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether rows are named by their primary keys.
    fn is_own(&self) -> bool {
        self.model.pk_column().column == self.column.column
    }

    /// The key of the row that each value names.
    async fn rows(&self, values: Vec<Value>, conn: &Conn) -> Result<Vec<Option<Value>>, Error> {
        if let Some(within) = self.within {
            return self.among(within, &values, conn).await;
        }
        let (own, pk) = (self.is_own(), self.model.pk_column());
        let mut keys: Vec<Option<Value>> =
            if own { values.iter().cloned().map(Some).collect() } else { vec![None; values.len()] };
        let first = Sql::first_place(conn.dialect());
        let rows = conn.rows(self.lookup(values, conn.dialect()), |row| {
            let key = if own { Value::Null } else { row.value(1, pk.kind)? };
            Ok((row.get::<i64>(0, ColumnKind::BigInt)? - first, key))
        });
        for (at, key) in rows.await? {
            if let Some(place) = usize::try_from(at).ok().and_then(|at| keys.get_mut(at)) {
                *place = (!key.is_null()).then_some(key);
            }
        }
        Ok(keys)
    }

    /// The key of the row that each value names among some of the rows.
    async fn among(
        &self,
        within: &Select,
        values: &[Value],
        conn: &Conn,
    ) -> Result<Vec<Option<Value>>, Error> {
        let mut select = within.clone();
        select.also_where(Predicate::Lookup {
            path: Path::own(self.column),
            lookup: Lookup::In,
            operand: Operand::Many(values.to_vec()),
        });
        if select.is_empty() {
            return Ok(vec![None; values.len()]);
        }
        let (pk, named) = (self.model.pk_column(), self.column);
        let own = self.model.columns.iter().position(|column| column.column == named.column);
        select.only(std::iter::once(self.model.pk).chain(own.filter(|_| !self.is_own())).collect());
        let place = usize::from(!self.is_own());
        let rows = conn.rows(select.statement(conn)?, |row| {
            Ok((Key::new(row.value(place, named.kind)?.as_ref()), row.value(0, pk.kind)?))
        });
        let rows = rows.await?.into_iter().filter_map(|(named, key)| Some((named?, key)));
        let found: HashMap<Key, Value> = rows.collect();
        let key = |value: &Value| found.get(&Key::new(value.as_ref())?).cloned();
        Ok(values.iter().map(key).collect())
    }

    /// The statement for the places of values: with the key of a row that has the value, or of
    /// primary keys those that no row has.
    fn lookup(&self, values: Vec<Value>, dialect: Dialect) -> Sql {
        let (table, pk) = (self.model.table, self.model.pk_column());
        let mut sql = Sql::new(dialect);
        if self.is_own() {
            sql.push("SELECT q.key FROM ").each_of(values, self.column.kind);
            sql.push(" WHERE NOT EXISTS (SELECT 1 FROM ").name(table).push(" WHERE ");
            sql.column(table, self.column.column).push(" = q.value");
            sql.and_in_scope(self.model).push(")");
        } else {
            // of several rows with one value, one is read
            sql.push("SELECT q.key, (SELECT ").column(table, pk.column).push(" FROM ").name(table);
            sql.push(" WHERE ").column(table, self.column.column).push(" = q.value");
            sql.and_in_scope(self.model).push(" LIMIT 1) FROM ");
            sql.each_of(values, self.column.kind);
        }
        sql
    }
}

fn question(sql: &mut Sql, check: &Check) -> ColumnKind {
    match check {
        Check::Key { model, column, value, .. } => {
            let model = model();
            let Some(wanted) = model.columns.get(*column) else { return ColumnKind::BigInt };
            sql.push("(SELECT ").name(model.pk_column().column).push(" FROM ").name(model.table);
            sql.push(" WHERE ").name(wanted.column).push(" = ").bind(value.clone(), wanted.kind);
            sql.and_in_scope(model).push(" LIMIT 1)");
            model.pk_column().kind
        }
        // lists have statements of their own
        Check::Keys { .. } | Check::Own { .. } => {
            sql.push("NULL");
            ColumnKind::BigInt
        }
        Check::Unique { model, values, ignore_case, except, condition, period } => {
            let lookup = if *ignore_case { Lookup::IExact } else { Lookup::Exact };
            let mut select = Select::of_model(model);
            in_scope(model).for_each(|scope| select.also_where(scope));
            for (place, (column, value)) in values.iter().enumerate() {
                let Some(column) = model.columns.get(*column) else { continue };
                let period = period.filter(|_| place + 1 == values.len());
                if let Some(rows) = period.and_then(|period| period.rows(column, value)) {
                    select.also_where(rows);
                    continue;
                }
                let lookup = if column.kind == ColumnKind::Text { lookup } else { Lookup::Exact };
                select.also_where(Predicate::Lookup {
                    path: Path::own(column),
                    lookup,
                    operand: Operand::One(value.clone()),
                });
            }
            if let Some(condition) = condition {
                select.also_where(condition());
            }
            if let Some(pk) = except {
                let own = Path::own(model.pk_column());
                select.also_where(!Predicate::exact(own, pk.clone()));
            }
            select.first_key(sql);
            model.pk_column().kind
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Model;
    use crate::db::testing::{Artist, Track, on_each};

    #[test]
    fn a_missing_key_among_a_hundred_thousand_is_found_without_quadratic_time() {
        on_each(async |conn| {
            let rows = "INSERT INTO t_artist (id, name) WITH RECURSIVE n (i) AS (SELECT 1000 \
                        UNION ALL SELECT i + 1 FROM n WHERE i < 100999) SELECT i, 'x' || i FROM n";
            conn.batch_execute(rows).await.unwrap();
            let mut values: Vec<Value> = (1_000..101_000).map(Value::Int).collect();
            values.push(Value::Int(7));
            let column = Artist::META.pk;
            let keys = Check::Keys { model: || Artist::META, column, values, within: None };
            assert_eq!(run_checks(&[keys], conn).await.unwrap(), [Answer::Missing(100_000)]);
        });
    }

    #[test]
    fn many_checks_are_few_statements_of_few_sizes() {
        let check = |name: String, columns: &[usize]| Check::Unique {
            model: Track::META,
            values: columns.iter().map(|column| (*column, Value::Text(name.clone()))).collect(),
            ignore_case: false,
            except: None,
            condition: None,
            period: None,
        };
        let mut checks: Vec<Check> = (0..1000).map(|n| check(n.to_string(), &[1])).collect();
        checks.extend((0..65).map(|n| check(n.to_string(), &[1, 2])));
        checks.push(check("one".into(), &[2]));
        let all = batches(&checks, (0..checks.len()).collect());
        let sizes: Vec<usize> = all.iter().map(Vec::len).collect();
        assert_eq!(sizes, [512, 512, 128, 8]);
        let mut asked: Vec<usize> = all.concat();
        asked.dedup();
        assert_eq!(asked, (0..checks.len()).collect::<Vec<_>>());
        assert_eq!(batches(&checks, (0..64).collect()), [(0..64).collect::<Vec<_>>()]);
    }

    #[test]
    fn of_many_rows_with_one_value_one_is_read_for_each_time_it_is_named() {
        on_each(async |conn| {
            let rows = "INSERT INTO t_track (id, name, seconds, updated) WITH RECURSIVE n (i) AS \
                        (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1099) \
                        SELECT i, 'same', 60, CURRENT_TIMESTAMP FROM n";
            conn.batch_execute(rows).await.unwrap();
            let column = Track::META.columns.iter().position(|own| own.column == "name").unwrap();
            let same = || Value::Text("same".to_owned());
            let (model, meta) = (Track::META, &Track::META.columns[column]);
            let list = List { model, column: meta, keys: Vec::new(), within: None };
            let lookup = list.lookup(vec![same(); 50], conn.dialect());
            assert_eq!(conn.rows(lookup, |_| Ok(())).await.unwrap().len(), 50);
            let values = vec![same(), Value::Text("nobody".to_owned()), same()];
            let found = list.rows(values, conn).await.unwrap();
            let known = |key: &Option<Value>| matches!(key, Some(Value::Int(1000..1100)));
            assert!(known(&found[0]) && found[1].is_none() && known(&found[2]), "{found:?}");
        });
    }
}
