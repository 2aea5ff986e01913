//! JSON in statements: the paths to its keys, and the comparisons that it has, in Django's own form
//! (`django.db.models.fields.json`).

use crate::db::{ColumnKind, Dialect, Lookup, Operand, Sql};
use crate::values::{Value, dumps, json_of, python};

/// The left side of a comparison: a column of JSON, or what stands at keys of it.
pub(crate) struct JsonSide<'a, L: Fn(&mut Sql)> {
    pub(crate) column: L,
    pub(crate) keys: &'a [String],
}

/// What a number of a key means on `PostgreSQL`: a place, or else a key.
fn place(key: &str) -> Option<i32> {
    python::int(key).and_then(|number| i32::try_from(number).ok())
}

/// `$."theme"[0]`: the path of `SQLite`.
fn sqlite_path(keys: &[String], last: Option<&str>) -> String {
    let mut path = "$".to_owned();
    for key in keys {
        match python::int(key) {
            Some(number) => {
                path.push('[');
                path.push_str(&number.to_string());
                path.push(']');
            }
            None => member(&mut path, key),
        }
    }
    // a key that is asked for is a key, even if it is a number
    if let Some(last) = last {
        member(&mut path, last);
    }
    path
}

fn member(path: &mut String, key: &str) {
    path.push('.');
    path.push_str(&dumps(&key.into()));
}

fn text(sql: &mut Sql, text: String) {
    sql.bind(Value::Text(text), ColumnKind::Text);
}

/// A value as JSON.
fn json(value: &Value) -> serde_json::Value {
    json_of(value.clone()).unwrap_or_default()
}

/// The plain text of a text of JSON, for patterns.
fn plain(value: &Value) -> Value {
    match value {
        Value::Json(json) => match &**json {
            serde_json::Value::String(text) => Value::Text(text.clone()),
            other => Value::Text(dumps(other)),
        },
        other => Value::Text(python::value_text(other.as_ref()).into_owned()),
    }
}

impl<L: Fn(&mut Sql)> JsonSide<'_, L> {
    /// The JSON itself.
    pub(crate) fn value(&self, sql: &mut Sql) {
        if self.keys.is_empty() {
            return (self.column)(sql);
        }
        match sql.dialect() {
            Dialect::Postgres => self.postgres(sql, ["->", "#>"]),
            Dialect::Sqlite => {
                sql.push("(");
                (self.column)(sql);
                sql.push(" -> ");
                text(sql, sqlite_path(self.keys, None));
                sql.push(")");
            }
        }
    }

    fn postgres(&self, sql: &mut Sql, [one, several]: [&str; 2]) {
        sql.push("(");
        (self.column)(sql);
        match self.keys {
            [key] => {
                sql.push(" ").push(one).push(" ");
                match place(key) {
                    Some(number) => sql.bind(Value::Int(number.into()), ColumnKind::Integer),
                    None => sql.bind(Value::Text(key.clone()), ColumnKind::Text),
                };
            }
            keys => {
                sql.push(" ").push(several).push(" ");
                let keys = keys.iter().cloned().map(Value::Text).collect();
                sql.bind(Value::List(keys), ColumnKind::Array(&ColumnKind::Text));
            }
        }
        sql.push(")");
    }

    /// What compares and sorts as Django's own expression does: the text of a text, the number of a
    /// number.
    pub(crate) fn plain(&self, sql: &mut Sql) {
        if self.keys.is_empty() || sql.dialect() == Dialect::Postgres {
            return self.value(sql);
        }
        let path = sqlite_path(self.keys, None);
        let mut separator = "(CASE WHEN JSON_TYPE(";
        for next in
            [") IN ('false','true','null') THEN JSON_TYPE(", ") ELSE JSON_EXTRACT(", ") END)"]
        {
            sql.push(separator);
            (self.column)(sql);
            sql.push(", ");
            text(sql, path.clone());
            separator = next;
        }
        sql.push(separator);
    }

    /// The left side of a pattern, as text.
    pub(crate) fn text(&self, sql: &mut Sql) {
        match sql.dialect() {
            Dialect::Postgres if !self.keys.is_empty() => self.postgres(sql, ["->>", "#>>"]),
            _ => self.plain(sql),
        }
    }

    /// The comparisons that JSON has of its own; what remains is a pattern over [`Self::text`], with
    /// its operand. `None` when all is written.
    pub(crate) fn compare(
        &self,
        sql: &mut Sql,
        lookup: Lookup,
        operand: &Operand,
    ) -> Option<Value> {
        match (lookup, operand) {
            (Lookup::IsNull, operand) => {
                let is_null = !matches!(operand, Operand::One(Value::Bool(false)));
                if sql.dialect() == Dialect::Sqlite && !self.keys.is_empty() {
                    self.json_type(sql, None);
                } else {
                    self.value(sql);
                }
                sql.push(if is_null { " IS NULL" } else { " IS NOT NULL" });
            }
            (Lookup::HasKey | Lookup::HasKeys | Lookup::HasAnyKeys, operand) => {
                self.has_keys(sql, lookup, operand);
            }
            (Lookup::Contains | Lookup::ContainedBy, Operand::One(value)) => {
                self.contains(sql, lookup, value);
            }
            (Lookup::In, Operand::Many(values)) => self.within(sql, values),
            (Lookup::In, Operand::One(value)) => self.within(sql, std::slice::from_ref(value)),
            (_, Operand::Range(low, high)) => {
                self.plain(sql);
                sql.push(" BETWEEN ");
                self.operand(sql, low);
                sql.push(" AND ");
                self.operand(sql, high);
            }
            (Lookup::Exact, Operand::One(value)) => self.infix(sql, " = ", value),
            (Lookup::Gt, Operand::One(value)) => self.infix(sql, " > ", value),
            (Lookup::Gte, Operand::One(value)) => self.infix(sql, " >= ", value),
            (Lookup::Lt, Operand::One(value)) => self.infix(sql, " < ", value),
            (Lookup::Lte, Operand::One(value)) => self.infix(sql, " <= ", value),
            (Lookup::Part(..) | Lookup::Range | Lookup::Overlap, _)
            | (_, Operand::Many(_) | Operand::Expression(_)) => {
                sql.push("1 = 0");
            }
            (_, Operand::One(value)) => return Some(plain(value)),
        }
        None
    }

    fn infix(&self, sql: &mut Sql, operator: &str, value: &Value) {
        self.plain(sql);
        sql.push(operator);
        self.operand(sql, value);
    }

    /// The right side of a comparison.
    fn operand(&self, sql: &mut Sql, value: &Value) {
        let own = json(value);
        if sql.dialect() == Dialect::Postgres || self.keys.is_empty() {
            // JSON's own null: Django compares `None` with it
            sql.bind(Value::Json(Box::new(own)), ColumnKind::Json);
            return;
        }
        match own {
            serde_json::Value::Null | serde_json::Value::Bool(_) => text(sql, own.to_string()),
            own => {
                sql.push("JSON_EXTRACT(");
                sql.bind(Value::Json(Box::new(own)), ColumnKind::Json);
                sql.push(", '$')");
            }
        }
    }

    fn within(&self, sql: &mut Sql, values: &[Value]) {
        if sql.dialect() == Dialect::Postgres || self.keys.is_empty() {
            self.value(sql);
            sql.any_of(values.to_vec(), ColumnKind::Json);
            return;
        }
        // the items as they are, of one array
        let items = values.iter().map(|value| match json(value) {
            json @ (serde_json::Value::Null | serde_json::Value::Bool(_)) => {
                json.to_string().into()
            }
            json => json,
        });
        self.plain(sql);
        sql.push(" IN (SELECT value FROM json_each(");
        sql.bind(Value::Json(Box::new(items.collect::<Vec<_>>().into())), ColumnKind::Json);
        sql.push("))");
    }

    /// `JSON_TYPE(column, path)`: null where there is nothing.
    fn json_type(&self, sql: &mut Sql, last: Option<&str>) {
        sql.push("JSON_TYPE(");
        (self.column)(sql);
        sql.push(", ");
        text(sql, sqlite_path(self.keys, last));
        sql.push(")");
    }

    fn has_keys(&self, sql: &mut Sql, lookup: Lookup, operand: &Operand) {
        let keys: Vec<String> = match operand {
            Operand::One(value) => vec![value],
            Operand::Many(values) => values.iter().collect(),
            Operand::Range(low, high) => vec![low, high],
            Operand::Expression(_) => Vec::new(),
        }
        .into_iter()
        .map(|value| python::value_text(value.as_ref()).into_owned())
        .collect();
        let has_nul = |key: &String| key.contains('\0');
        if sql.dialect() == Dialect::Postgres {
            // no text has it there
            let of_all = lookup != Lookup::HasAnyKeys;
            if of_all && keys.iter().any(has_nul) {
                sql.push("1 = 0");
                return;
            }
            self.value(sql);
            sql.push(if of_all { " ?& " } else { " ?| " });
            let keys = keys.into_iter().filter(|key| !has_nul(key)).map(Value::Text).collect();
            sql.bind(Value::List(keys), ColumnKind::Array(&ColumnKind::Text));
            return;
        }
        let (word, none) =
            if lookup == Lookup::HasAnyKeys { (" OR ", "1 = 0") } else { (" AND ", "1 = 1") };
        sql.push("(");
        if keys.is_empty() {
            sql.push(none);
        }
        for (index, key) in keys.iter().enumerate() {
            sql.push(if index == 0 { "" } else { word });
            self.json_type(sql, Some(key));
            sql.push(" IS NOT NULL");
        }
        sql.push(")");
    }

    fn contains(&self, sql: &mut Sql, lookup: Lookup, value: &Value) {
        let (value, contains) = (json(value), lookup == Lookup::Contains);
        let value = Value::Json(Box::new(value));
        match sql.dialect() {
            Dialect::Postgres => {
                self.value(sql);
                sql.push(if contains { " @> " } else { " <@ " }).bind(value, ColumnKind::Json);
            }
            Dialect::Sqlite => {
                sql.push("json_holds(");
                if contains {
                    self.value(sql);
                    sql.push(", ").bind(value, ColumnKind::Json);
                } else {
                    sql.bind(value, ColumnKind::Json).push(", ");
                    self.value(sql);
                }
                sql.push(")");
            }
        }
    }
}
