//! SQL of values that are put together: windows of rows, JSON, and SQL of the program's own.

use crate::db::compile::Compiler;
use crate::db::computed::{close_cast, type_name};
use crate::db::{ColumnKind, Dialect, Expr, Over, Sql, Windowed};

impl Compiler {
    /// SQL of the program's own, with what stands for each `%s`.
    pub(super) fn raw(
        &mut self,
        sql: &mut Sql,
        text: &'static str,
        arguments: &[Expr],
        table: &str,
    ) {
        let (mut arguments, mut rest) = (arguments.iter(), text);
        sql.push("(");
        while let Some((before, behind)) = rest.split_once('%') {
            sql.push(before);
            rest = if let Some(behind) = behind.strip_prefix('s') {
                match arguments.next() {
                    Some(argument) => self.expr(sql, argument, table),
                    None => drop(sql.push("NULL")),
                }
                behind
            } else {
                sql.push("%");
                behind.strip_prefix('%').unwrap_or(behind)
            };
        }
        sql.push(rest).push(")");
    }

    /// JSON of several values: an object, or a list where they have no names.
    pub(super) fn json(
        &mut self,
        sql: &mut Sql,
        names: Option<&[String]>,
        values: &[Expr],
        table: &str,
    ) {
        let is_object = names.is_some();
        sql.push(match (sql.dialect(), is_object) {
            (Dialect::Sqlite, true) => "JSON_OBJECT(",
            (Dialect::Sqlite, false) => "JSON_ARRAY(",
            (Dialect::Postgres, true) => "JSONB_BUILD_OBJECT(",
            (Dialect::Postgres, false) => "JSONB_BUILD_ARRAY(",
        });
        for (index, value) in values.iter().enumerate() {
            sql.push(if index == 0 { "" } else { ", " });
            if let Some(name) = names.and_then(|names| names.get(index)) {
                let name = crate::values::Value::Text(name.clone());
                sql.push("CAST(").bind(name, ColumnKind::Text).push(" AS text), ");
            }
            // a bound value has no type of its own there
            let kind = match value {
                Expr::Value(_, kind) if sql.dialect() == Dialect::Postgres => Some(*kind),
                _ => None,
            };
            sql.push(if kind.is_some() { "CAST(" } else { "" });
            self.expr(sql, value, table);
            if let Some(kind) = kind {
                sql.push(" AS ").push(type_name(kind, Dialect::Postgres)).push(")");
            }
        }
        sql.push(")");
    }

    /// A value over a window of rows.
    pub(super) fn window(&mut self, sql: &mut Sql, windowed: &Windowed, table: &str) {
        match &windowed.function {
            Over::Function(name, arguments) => {
                sql.push(name).push("(");
                self.arguments(sql, arguments, table);
                sql.push(")");
            }
            Over::Aggregate(aggregate) => self.filtered_call(sql, aggregate, table),
        }
        sql.push(" OVER (");
        let mut word = "PARTITION BY ";
        for expr in &windowed.partition {
            sql.push(word);
            self.expr(sql, expr, table);
            word = ", ";
        }
        let mut word = if windowed.partition.is_empty() { "ORDER BY " } else { " ORDER BY " };
        for term in &windowed.order {
            sql.push(word);
            self.order_term(sql, term, table);
            word = ", ";
        }
        if let Some(frame) = windowed.frame {
            let bound = |number: Option<i64>, without: &str| match number {
                None => format!("UNBOUNDED {without}"),
                Some(0) => "CURRENT ROW".to_owned(),
                Some(number) if number < 0 => format!("{} PRECEDING", number.unsigned_abs()),
                Some(number) => format!("{number} FOLLOWING"),
            };
            sql.push(if frame.is_range { " RANGE BETWEEN " } else { " ROWS BETWEEN " });
            sql.push(&bound(frame.start, "PRECEDING")).push(" AND ");
            sql.push(&bound(frame.end, "FOLLOWING"));
        }
        sql.push(")");
        if let Over::Aggregate(aggregate) = &windowed.function {
            close_cast(sql, aggregate);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::db::testing::{Track, track};
    use crate::db::{
        Dialect, Expression, JsonObject, Lag, RawSql, RowNumber, Select, Selected, Sum, TypedPath,
    };

    /// The statement that reads a value.
    fn reading(dialect: Dialect, value: impl TypedPath<Track>) -> String {
        let mut select = Select::from(Track::objects().unordered());
        select.only(Vec::new());
        select.also(Selected::Value(value.into_path()));
        select.rows(dialect).to_string()
    }

    #[test]
    fn windows_are_written_as_django_writes_them() {
        let number = RowNumber::over().partition_by(track::album_id).order_by_desc(track::seconds);
        assert_eq!(
            reading(Dialect::Postgres, Expression::from(number)),
            "SELECT ROW_NUMBER() OVER (PARTITION BY \"t_track\".\"album_id\" ORDER BY \
             \"t_track\".\"seconds\" DESC) FROM \"t_track\""
        );
        let before = Lag::over(track::seconds, 1).order_by(track::id);
        assert_eq!(
            reading(Dialect::Sqlite, Expression::from(before)),
            "SELECT LAG(\"t_track\".\"seconds\", ?) OVER (ORDER BY \"t_track\".\"id\" ASC) FROM \"t_track\""
        );
        let so_far = Sum::of(track::seconds).over().order_by(track::id).rows(None, Some(0));
        assert_eq!(
            reading(Dialect::Postgres, Expression::from(so_far)),
            "SELECT CAST(SUM(\"t_track\".\"seconds\") OVER (ORDER BY \"t_track\".\"id\" ASC ROWS BETWEEN \
             UNBOUNDED PRECEDING AND CURRENT ROW) AS bigint) FROM \"t_track\""
        );
    }

    #[test]
    fn rows_are_chosen_by_a_window_where_the_others_have_chosen_them() {
        let place = RowNumber::over().partition_by(track::album_id).order_by(track::seconds);
        let first = Track::objects()
            .filter_by(Expression::from(place).lte(1))
            .filter_by(Track::fields().album().title().exact("x"));
        let text = Select::from(first.unordered()).only_keys().rows(Dialect::Postgres).to_string();
        assert_eq!(
            text,
            "SELECT \"t_track\".\"id\" FROM \"t_track\" WHERE \"t_track\".\"id\" IN (SELECT \"U1\".\"key\" \
             FROM (SELECT \"t_track\".\"id\" AS \"key\", (ROW_NUMBER() OVER (PARTITION BY \
             \"t_track\".\"album_id\" ORDER BY \"t_track\".\"seconds\" ASC) <= ?) AS \"qualifies\" FROM \
             \"t_track\" WHERE \"t_track\".\"album_id\" IN (SELECT \"U2\".\"id\" FROM \"t_album\" \"U2\" WHERE \
             \"U2\".\"title\" = ?)) \"U1\" WHERE \"U1\".\"qualifies\")"
        );
    }

    #[test]
    fn json_and_sql_of_ones_own_are_written_with_their_values_bound() {
        let object = JsonObject::new().member("n", track::name).member("one", 1_i64);
        assert_eq!(
            reading(Dialect::Postgres, Expression::from(object.clone())),
            "SELECT JSONB_BUILD_OBJECT(CAST(? AS text), \"t_track\".\"name\", CAST(? AS text), CAST(? AS \
             bigint)) FROM \"t_track\""
        );
        assert_eq!(
            reading(Dialect::Sqlite, Expression::from(object)),
            "SELECT JSON_OBJECT(CAST(? AS text), \"t_track\".\"name\", CAST(? AS text), ?) FROM \"t_track\""
        );
        let raw = RawSql::new("%s %% %s").argument(track::seconds).argument("'; --");
        assert_eq!(
            reading(Dialect::Sqlite, raw.returns::<i64>()),
            "SELECT CAST((\"t_track\".\"seconds\" % ?) AS bigint) FROM \"t_track\""
        );
    }
}
