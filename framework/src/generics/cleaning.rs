//! Checking a row before it is saved (`Model.full_clean`).

use std::borrow::Cow;

use crate::db::hooks::{BeforeSave, SavingParts};
use crate::db::{
    ColumnDefault, ColumnMeta, Conn, ConstraintKind, Error, Model, ModelMeta, Path, Predicate,
    QuerySet, Select, Sql, already_exists, label, not_unique,
};
use crate::exceptions::{ApiException, Detail, Result};
use crate::fields::{Field, Raw};
use crate::serializers::Changes;
use crate::values::{Value, python};

impl Conn {
    /// Checks the row that changes lead to, as Django's `full_clean()` does: its fields, the model's
    /// `clean` hooks, whether unique values are taken, and its constraints. As in Django, saving does not call it, and
    /// neither do view sets, whose serializers check what they are sent; call it where a row comes from
    /// elsewhere: a command, an import. `clean` may change values, which are then saved.
    ///
    /// A model has `clean_fields = f` and `validate_unique = f` beside `clean = f`: functions of the same
    /// form, which run after the checks of that name. What a `check` of `constraints(..)` demands is
    /// looked at where the model says its condition and the row alone decides; the rest is left to the
    /// database, whose refusal is a 400 as well.
    ///
    /// The messages are Django's. Those that belong to no field are under `non_field_errors`.
    ///
    /// ```
    /// use quintet::db::hooks::Saving;
    /// use quintet::prelude::*;
    ///
    /// #[model(app = "shop", clean = ends_after_it_starts)]
    /// pub struct Sale {
    ///     pub id: i64,
    ///     #[field(max_length = 40, unique)]
    ///     pub name: String,
    ///     pub first_day: i32,
    ///     pub last_day: i32,
    /// }
    ///
    /// async fn ends_after_it_starts(sale: &mut Saving<'_, Sale>) -> Result<()> {
    ///     if sale.get(sale::last_day).await? < sale.get(sale::first_day).await? {
    ///         return Err(ApiException::validation(Detail::field("last_day", ["Ends too early."])));
    ///     }
    ///     Ok(())
    /// }
    ///
    /// async fn import(names: Vec<String>, cx: &Context) -> Result<()> {
    ///     for name in names {
    ///         let sale = Changes::new().set(sale::name, name).set(sale::first_day, 1);
    ///         let mut sale = sale.set(sale::last_day, 7);
    ///         cx.full_clean(&mut sale).await?;
    ///         cx.save(sale).await?;
    ///     }
    ///     Ok(())
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// 400 with all messages, by field; 404 if the row is gone; the error of a hook that is no
    /// validation error, and what the database reports.
    pub async fn full_clean<M: Model>(&self, changes: &mut Changes<M>) -> Result<()> {
        let stored = changes.stored(self).await?;
        let row: Vec<Option<Value>> = (0..M::META.columns.len())
            .map(|at| stored.map(|row| row.value(at).to_value()))
            .collect();
        let mut errors = Errors::default();
        let hooks = M::META.hooks.copied().unwrap_or_default();
        self.clean_fields(M::META, changes, row, &mut errors).await?;
        self.call_clean::<M>(hooks.clean_fields, changes, &mut errors).await?;
        self.call_clean::<M>(hooks.clean, changes, &mut errors).await?;
        self.validate_unique(changes, &mut errors).await?;
        self.call_clean::<M>(hooks.validate_unique, changes, &mut errors).await?;
        self.validate_constraints(changes, &mut errors).await?;
        errors.finish()
    }

    /// Checks each column (`clean_fields`).
    async fn clean_fields<M: Model>(
        &self,
        model: &'static ModelMeta,
        changes: &Changes<M>,
        stored: Vec<Option<Value>>,
        errors: &mut Errors,
    ) -> Result<()> {
        let is_new = changes.target.is_none();
        for (at, (column, stored)) in model.columns.iter().zip(stored).enumerate() {
            if changes.set.computed.iter().any(|(index, _)| *index == at) {
                continue;
            }
            let value = changes.set.value(at).cloned().or(stored);
            let value = value.unwrap_or_else(|| default_of(column));
            let is_given_later = at == model.pk && is_new
                || matches!(
                    column.default,
                    Some(ColumnDefault::AutoNow | ColumnDefault::AutoNowAdd)
                );
            if value.is_null() && is_given_later {
                continue;
            }
            if let Some(message) = wrong(column, &value) {
                errors.add(column.name, message);
            } else if let (Some(to), false) = (column.references, value.is_null())
                && !self.is_there(to(), &value, column.limit_choices_to).await?
            {
                let (name, text) = (column.name, python::value_text(value.as_ref()));
                let text = match &value {
                    Value::Text(_) => format!("'{text}'"),
                    _ => text.into_owned(),
                };
                let (to, key) = (to(), to().pk_column().name);
                let text =
                    format!("{} instance with {key} {text} does not exist.", to.verbose_name);
                errors.add(name, Detail::new(text, "invalid"));
            }
        }
        Ok(())
    }

    /// Whether a row with this key is stored, whatever the scope of its model says (`_base_manager`).
    async fn is_there(
        &self,
        model: &'static ModelMeta,
        key: &Value,
        limit: Option<fn() -> Predicate>,
    ) -> Result<bool, Error> {
        let pk = model.pk_column();
        if let Some(limit) = limit {
            let mut rows = Select::of_model(model);
            rows.also_where(Predicate::exact(Path::own(pk), key.clone()));
            rows.also_where(limit());
            return Ok(!self.rows(rows.exists(self.dialect()), |_| Ok(())).await?.is_empty());
        }
        let mut sql = Sql::new(self.dialect());
        sql.push("SELECT 1 FROM ").name(model.table).push(" WHERE ").name(pk.column).push(" = ");
        sql.bind(key.clone(), pk.kind);
        Ok(!self.rows(sql, |_| Ok(())).await?.is_empty())
    }

    async fn call_clean<M: Model>(
        &self,
        hooks: &[BeforeSave],
        changes: &mut Changes<M>,
        errors: &mut Errors,
    ) -> Result<()> {
        if hooks.is_empty() {
            return Ok(());
        }
        let mut parts = SavingParts::new(
            M::META,
            std::mem::take(&mut changes.set.columns),
            changes.set.computed.clone(),
            changes.target.clone(),
        );
        let mut cleaned = Ok(());
        for clean in hooks {
            match clean(&mut parts, self).await {
                Err(ApiException::Validation(detail)) => errors.merge(detail),
                result => cleaned = cleaned.and(result),
            }
        }
        (changes.set.columns, changes.set.computed) = parts.into_values();
        cleaned
    }

    /// Checks what has to be unique (`validate_unique`), among the rows that the model's scope leaves.
    async fn validate_unique<M: Model>(
        &self,
        changes: &mut Changes<M>,
        errors: &mut Errors,
    ) -> Result<()> {
        let model = M::META;
        let single = (0..model.columns.len())
            .filter(|at| {
                model.columns.get(*at).is_some_and(|column| column.unique) || *at == model.pk
            })
            .map(|at| vec![at]);
        let sets = model.unique_together.iter().map(|set| set.to_vec());
        for set in sets.chain(single) {
            let (mut rows, mut names) = (QuerySet::<M>::scoped(), Vec::new());
            let mut asks = true;
            for at in &set {
                let Some(column) = model.columns.get(*at) else { continue };
                let stored = changes.instance.as_ref().map(|row| row.value(*at).to_value());
                let value = changes.set.value(*at).cloned().or(stored);
                let value = value.unwrap_or_else(|| default_of(column));
                asks &= !value.is_null() && !errors.has(column.name);
                names.push(column);
                rows = rows.filter_by_predicate(Predicate::exact(Path::own(column), value));
            }
            if let Some(row) = &changes.instance {
                // its own key is taken by itself
                asks &= set != [model.pk];
                let own = Predicate::exact(Path::own(model.pk_column()), row.pk());
                rows = rows.filter_by_predicate(!own);
            }
            if asks && rows.exists(self).await? {
                match names.as_slice() {
                    [column] => {
                        let own = column.errors.iter().find(|(code, _)| *code == "unique");
                        let text = own.map_or_else(
                            || capitalized(&not_unique(model, column)).into(),
                            |(_, text)| Cow::Borrowed(*text),
                        );
                        errors.add(column.name, Detail::new(text, "unique"));
                    }
                    columns => {
                        let text = already_exists(model, &joined(columns));
                        let text = Detail::new(capitalized(&text), "unique_together");
                        errors.merge(Detail::non_field(text));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The value that a row is going to have.
fn value_of<M: Model>(changes: &Changes<M>, at: usize, column: &ColumnMeta) -> Value {
    let stored = || changes.instance.as_ref().map(|row| row.value(at).to_value());
    let value = changes.set.value(at).cloned().or_else(stored);
    value.unwrap_or_else(|| default_of(column))
}

impl Conn {
    /// Checks what the model's constraints demand (`validate_constraints`), as far as the row has what
    /// they are about and they are not left to the database.
    async fn validate_constraints<M: Model>(
        &self,
        changes: &Changes<M>,
        errors: &mut Errors,
    ) -> Result<()> {
        let model = M::META;
        // what a field is refused for says enough
        let value = |column: &ColumnMeta| {
            if errors.has(column.name) {
                return None;
            }
            let at = model.columns.iter().position(|own| own.column == column.column)?;
            let is_computed = changes.set.computed.iter().any(|(index, _)| *index == at);
            (!is_computed).then(|| value_of(changes, at, column))
        };
        let mut broken = Vec::new();
        for constraint in model.constraints {
            let is_broken = match constraint.kind {
                ConstraintKind::Check { condition: Some(condition) } => {
                    // a comparison with null is no violation, as the database has it
                    let mut compared = Vec::new();
                    condition().own_columns(&mut compared);
                    let has_null = compared
                        .iter()
                        .any(|column| value(column).is_some_and(|value| value.is_null()));
                    !has_null && condition().holds(&value) == Some(false)
                }
                ConstraintKind::Unique { columns, expressions: None, condition } => {
                    let holds = condition.is_none_or(|make| make().holds(&value) == Some(true));
                    let own = columns.iter().filter_map(|at| model.columns.get(*at));
                    let values: Option<Vec<(&'static ColumnMeta, Value)>> =
                        own.map(|column| Some((column, value(column)?))).collect();
                    match values {
                        Some(values) if holds && !values.iter().any(|(_, own)| own.is_null()) => {
                            let values = values.into_iter();
                            let same = values
                                .map(|(column, own)| Predicate::exact(Path::own(column), own));
                            let same = same.chain(condition.map(|make| make())).collect();
                            self.is_taken(changes, same).await?
                        }
                        _ => false,
                    }
                }
                _ => false,
            };
            if is_broken {
                broken.push(constraint);
            }
        }
        for constraint in broken {
            let text = constraint.message.map_or_else(
                || {
                    let name = constraint.name;
                    Cow::Owned(format!("Constraint \u{201c}{name}\u{201d} is violated."))
                },
                Cow::Borrowed,
            );
            let code = constraint.code.unwrap_or("invalid");
            errors.merge(Detail::non_field(Detail::new(text, code)));
        }
        Ok(())
    }

    /// Whether another row meets the conditions.
    async fn is_taken<M: Model>(
        &self,
        changes: &Changes<M>,
        same: Vec<Predicate>,
    ) -> Result<bool, Error> {
        let mut rows = QuerySet::<M>::scoped().filter_by_predicate(Predicate::All(same));
        if let Some(row) = &changes.instance {
            let own = Predicate::exact(Path::own(M::META.pk_column()), row.pk());
            rows = rows.filter_by_predicate(!own);
        }
        rows.exists(self).await
    }
}

/// `name and owner`; of more, commas between the first ones.
fn joined(columns: &[&ColumnMeta]) -> String {
    let names: Vec<String> = columns.iter().map(|column| label(column)).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The value of a new row that is given none.
fn default_of(column: &ColumnMeta) -> Value {
    match column.default {
        Some(ColumnDefault::Value(make)) => make(),
        None if column.kind == crate::db::ColumnKind::Text && !column.nullable => {
            Value::Text(String::new())
        }
        _ => Value::Null,
    }
}

/// What is wrong with a value (`Field.clean`).
fn wrong(column: &'static ColumnMeta, value: &Value) -> Option<Detail> {
    match value {
        Value::Null if column.nullable => return None,
        Value::Null => return Some(Detail::new("This field cannot be null.", "null")),
        Value::Text(text) if text.is_empty() && column.blank => return None,
        Value::Text(text) if text.is_empty() => {
            return Some(Detail::new("This field cannot be blank.", "blank"));
        }
        _ => {}
    }
    if column.references.is_some() {
        return None;
    }
    let text = python::value_text(value.as_ref());
    if !column.choices.is_empty() {
        if column.choices.iter().any(|(choice, _)| *choice == text) {
            return None;
        }
        let shown =
            if matches!(value, Value::Text(_)) { format!("'{text}'") } else { text.into_owned() };
        return Some(Detail::new(
            format!("Value {shown} is not a valid choice."),
            "invalid_choice",
        ));
    }
    if let (Some(most), Value::Text(own)) = (column.max_length, value)
        && own.chars().count() > most
    {
        let (end, length) = (if most == 1 { "" } else { "s" }, own.chars().count());
        let text =
            format!("Ensure this value has at most {most} character{end} (it has {length}).");
        return Some(Detail::new(text, "max_length"));
    }
    let raw = match value {
        // whatever such a column holds is right
        Value::Json(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Bytes(_)
        | Value::Duration(_)
        | Value::File(_) => {
            return None;
        }
        Value::Int(_) | Value::BigInt(_) => Raw::Int(text),
        Value::Bool(value) => Raw::Bool(*value),
        _ => Raw::Text(text),
    };
    let field = Field::from_column(column);
    match field.convert(&raw, false) {
        Ok(value) => field.validate(&value, &raw).err(),
        Err(message) => Some(message),
    }
}

/// Messages by field.
#[derive(Default)]
struct Errors(Vec<(Cow<'static, str>, Detail)>);

impl Errors {
    fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(name, _)| name == field)
    }

    fn add(&mut self, field: impl Into<Cow<'static, str>>, message: Detail) {
        let field = field.into();
        let messages = match message {
            Detail::List(messages) => messages,
            message => vec![message],
        };
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some((_, Detail::List(known))) => known.extend(messages),
            _ => self.0.push((field, Detail::List(messages))),
        }
    }

    /// Adds the errors of a hook.
    fn merge(&mut self, detail: Detail) {
        match detail {
            Detail::Map(fields) => {
                for (name, detail) in fields {
                    self.add(name, detail);
                }
            }
            other => self.add("non_field_errors", other),
        }
    }

    fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(ApiException::Validation(Detail::Map(self.0.into_iter().collect())))
    }
}

#[cfg(test)]
mod tests {
    use diesel::ExpressionMethods as _;
    use serde_json::json;

    use super::*;
    use crate::db::hooks::Saving;
    use crate::db::testing::{Artist, artist, on_each, on_each_with};
    use crate::model;

    #[model(
        table = "c_sale",
        verbose_name = "sale",
        unique_together(first_day, shop, name),
        clean = ends_after_it_starts
    )]
    pub struct Sale {
        pub id: i64,
        #[field(max_length = 5)]
        pub name: String,
        #[field(min_value = 1)]
        pub first_day: i32,
        pub last_day: Option<i32>,
        #[field(choices = &[("a", "Autumn"), ("s", "Spring")], default = "a")]
        pub kind: String,
        #[field(unique, email, blank)]
        pub contact: String,
        #[field(foreign_key = Sale, related_name = follow_ups)]
        pub shop_id: Option<i64>,
    }

    const TABLES: &str = "CREATE TEMPORARY TABLE c_sale (id {pk}, name varchar(5) NOT NULL, \
        first_day integer NOT NULL, last_day integer, kind text NOT NULL, contact text NOT NULL, \
        shop_id bigint); INSERT INTO c_sale VALUES (1, 'old', 1, 2, 'a', 'x@example.com', 1)";

    async fn ends_after_it_starts(sale: &mut Saving<'_, Sale>) -> Result<()> {
        let (first, last) = (sale.get(sale::first_day).await?, sale.get(sale::last_day).await?);
        let last = last.flatten();
        if last.is_some() && last < first {
            return Err(ApiException::validation("It ends before it starts."));
        }
        if sale.sent(sale::name).is_some_and(|name| name == "crash") {
            return Err(ApiException::PermissionDenied(None));
        }
        sale.set(sale::last_day, last.or(first));
        Ok(())
    }

    async fn messages(conn: &Conn, mut sale: Changes<Sale>) -> serde_json::Value {
        match conn.full_clean(&mut sale).await {
            Ok(()) => json!(null),
            Err(error) => error.body(),
        }
    }

    fn named(name: &str) -> Changes<Sale> {
        Changes::new().set(sale::name, name).set(sale::first_day, 3)
    }

    #[test]
    fn every_field_is_checked_in_djangos_words() {
        on_each_with(TABLES, async |conn| {
            let wrong = Changes::new()
                .set(sale::name, "summer")
                .set(sale::first_day, 0)
                .set(sale::last_day, -1)
                .set(sale::kind, "w")
                .set(sale::contact, "nobody")
                .set(sale::shop_id, 9);
            assert_eq!(
                messages(conn, wrong).await,
                json!({
                    "name": ["Ensure this value has at most 5 characters (it has 6)."],
                    "first_day": ["Ensure this value is greater than or equal to 1."],
                    "kind": ["Value 'w' is not a valid choice."],
                    "contact": ["Enter a valid email address."],
                    "shop": ["sale instance with id 9 does not exist."],
                    "non_field_errors": ["It ends before it starts."],
                })
            );
            // what is not given is checked as well
            assert_eq!(
                messages(conn, Changes::new()).await,
                json!({
                    "name": ["This field cannot be blank."],
                    "first_day": ["This field cannot be null."],
                })
            );
        });
    }

    #[test]
    fn unique_values_are_looked_up_and_a_row_is_not_in_its_own_way() {
        on_each_with(TABLES, async |conn| {
            let taken = || {
                let taken = named("old").set(sale::first_day, 1).set(sale::shop_id, 1);
                taken.set(sale::contact, "x@example.com")
            };
            assert_eq!(
                messages(conn, taken()).await,
                json!({
                    "non_field_errors": ["Sale with this first day, shop and name already exists."],
                    "contact": ["Sale with this contact already exists."],
                })
            );
            // null is no value that another row can have
            let other = taken().set(sale::shop_id, None).set(sale::contact, "y@example.com");
            assert_eq!(messages(conn, other).await, json!(null));
            let stored = Sale::objects().get(conn).await.unwrap();
            let again = Changes::of(&stored).set(sale::contact, "x@example.com");
            assert_eq!(messages(conn, again).await, json!(null));
        });
    }

    #[test]
    fn clean_may_change_values_and_its_other_errors_are_the_result() {
        on_each_with(TABLES, async |conn| {
            let mut new = named("new");
            conn.full_clean(&mut new).await.unwrap();
            assert_eq!(new.get(sale::last_day), Some(Some(3)));
            let refused = conn.full_clean(&mut named("crash")).await;
            assert!(matches!(refused, Err(ApiException::PermissionDenied(None))), "{refused:?}");
            // the row that changes is read, and what it has is checked
            let stored = Sale::objects().filter(sale::id.eq(1)).get(conn).await.unwrap();
            let late = Changes::of(&stored).set(sale::first_day, 5);
            let expected = json!({"non_field_errors": ["It ends before it starts."]});
            assert_eq!(messages(conn, late).await, expected);
            let gone = Changes::of(&Sale { id: 99, ..stored });
            assert_eq!(
                messages(conn, gone).await,
                json!({"detail": "No Sale matches the given query."})
            );
        });
    }

    #[test]
    fn a_model_without_hooks_is_checked_as_well() {
        on_each(async |conn| {
            let mut taken = Changes::new().set(artist::name, "AC/DC");
            let error = conn.full_clean(&mut taken).await.unwrap_err();
            let expected = json!({"name": ["Artist with this name already exists."]});
            assert_eq!(error.body(), expected);
            assert_eq!(Artist::objects().count(conn).await.unwrap(), 2);
        });
    }
}
