//! Conditions and orders from names at run time.

use std::fmt;
use std::marker::PhantomData;

use super::django_filters::{Fit, LookupExpr, compare, fit, is_regex};
use crate::db::{
    ColumnKind, Condition, Conn, Lookup, Model, ModelMeta, NameError, Operand, Order, Path, resolve,
};
use crate::values::Value;

/// Conditions and orders of a model from names as Django writes them, for code that learns at run
/// time what it filters by (`filter(**{name: value})`): a stored rule, a report's column.
///
/// A name is checked against the models' descriptions, and a value against the kind of the field;
/// nothing of either becomes SQL. It may name any column, `user__password__startswith` included:
/// what clients choose belongs in [`filter_fields!`](crate::filters::filter_fields) and
/// [`ordering_fields!`](crate::filters::ordering_fields), or is looked up in a list of your own
/// first.
///
/// ```
/// use quintet::filters::Names;
/// use quintet::prelude::*;
///
/// # #[model(table = "artist")]
/// # pub struct Artist {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// # #[model(table = "album")]
/// # pub struct Album {
/// #     pub id: i64,
/// #     pub title: String,
/// #     #[field(foreign_key = Artist, related_name = albums)]
/// #     pub artist_id: i64,
/// # }
/// /// The albums that rules of a table select, each a name and a text.
/// async fn report(rules: &[(String, String)], sort: &[String], cx: &Context) -> Result<Vec<Album>> {
///     let names = Names::<Album>::of(cx);
///     let mut albums = Album::objects();
///     for (name, value) in rules {
///         // ("artist__name__icontains", "dc"), ("id__gte", "5")
///         albums = albums.filter_by(names.condition(name, value.as_str())?);
///     }
///     for name in sort {
///         // "-artist__name"
///         albums = albums.then(names.order(name)?);
///     }
///     Ok(albums.all(cx).await?)
/// }
/// # fn main() {}
/// ```
pub struct Names<M> {
    models: Vec<&'static ModelMeta>,
    model: PhantomData<fn() -> M>,
}

impl<M> fmt::Debug for Names<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.models.iter().map(|model| model.name)).finish()
    }
}

impl<M: Model> Default for Names<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model> Names<M> {
    /// Names along foreign keys, link tables and annotations, as
    /// [`Path::parse`](crate::db::Path::parse) knows them.
    pub fn new() -> Self {
        Self { models: Vec::new(), model: PhantomData }
    }

    /// Names back along relations too, of the models that the site has registered.
    pub fn of(conn: &Conn) -> Self {
        Self { models: conn.models(M::META), model: PhantomData }
    }

    /// The condition that a lookup names: `title`, `artist__name__icontains`, `released__year__gte`.
    /// The value is of the field's kind, or a text of one; `in` takes a list, `range` a list of two,
    /// `isnull` a `bool`.
    ///
    /// # Errors
    /// [`NameError`]: the part that is no field or no lookup, or that the value is none of the
    /// field's kind. It is a 400 with its text where it is not handled.
    pub fn condition(
        &self,
        name: &str,
        value: impl Into<Operand>,
    ) -> Result<Condition<M>, NameError> {
        let (path, rest) = resolve(M::META, &self.models, name)?;
        let no_lookup = || NameError::Lookup {
            lookup: rest.unwrap_or_default().to_owned(),
            field: path.name(),
        };
        let expr = rest.map_or(Some(Lookup::Exact.into()), expression).ok_or_else(no_lookup)?;
        if !has_lookup(path.kind(), expr) {
            return Err(no_lookup());
        }
        let value = match value.into() {
            Operand::One(value) => value,
            Operand::Many(values) => Value::List(values),
            Operand::Range(low, high) => Value::List(vec![low, high]),
            Operand::Expression(_) => return Err(NameError::Value(path.name())),
        };
        if !is_value(&path, expr, &value) {
            return Err(NameError::Value(path.name()));
        }
        let value = match (expr.lookup, value) {
            (Lookup::IsNull, value) => Value::Bool(truth(&value) == Some(true)),
            (_, value) => value,
        };
        Ok(Condition::of(compare(&path, expr, &value)))
    }

    /// The order by what a name leads to; descending behind `-`.
    ///
    /// # Errors
    /// [`NameError`]: the part that is no field, or that a name leads to several values.
    pub fn order(&self, name: &str) -> Result<Order<M>, NameError> {
        let (name, descending) = match name.strip_prefix('-') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let path = Path::named(M::META, &self.models, name)?;
        if path.is_many() {
            return Err(NameError::Many(path.name()));
        }
        Ok(Order::of(path, descending))
    }
}

/// The comparison with a name: `icontains`, `year`, `year__gte`.
fn expression(name: &str) -> Option<LookupExpr> {
    Lookup::from_name(name).map(LookupExpr::from)
}

/// Whether values of a kind are compared so.
fn has_lookup(kind: ColumnKind, expr: LookupExpr) -> bool {
    use crate::db::DatePart as Part;
    let of_json = matches!(expr.lookup, Lookup::HasKey | Lookup::HasKeys | Lookup::HasAnyKeys);
    let of_array = expr.lookup == Lookup::Overlap;
    let is_array = matches!(kind, ColumnKind::Array(_));
    match expr.lookup {
        _ if of_json => return kind == ColumnKind::Json,
        _ if of_array => return is_array,
        Lookup::ContainedBy => return is_array || kind == ColumnKind::Json,
        _ => {}
    }
    match (expr.part, kind) {
        (None, _)
        | (Some(_), ColumnKind::DateTime)
        | (Some(Part::Hour | Part::Minute | Part::Second), ColumnKind::Time) => true,
        (Some(part), ColumnKind::Date) => {
            !matches!(part, Part::Date | Part::Time | Part::Hour | Part::Minute | Part::Second)
        }
        _ => false,
    }
}

/// A truth value, or a text of one.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Text(text) => match text.as_str() {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value can be compared so with the end of a path.
fn is_value(path: &Path, expr: LookupExpr, value: &Value) -> bool {
    let fits = |value: &Value| !matches!(fit(path.kind(), expr.part, value), Fit::Misfit);
    let plain = |value: &Value| !matches!(value, Value::List(_) | Value::Map(_) | Value::Json(_));
    if path.kind() == ColumnKind::Json {
        match (expr.lookup, value) {
            (Lookup::HasKeys | Lookup::HasAnyKeys, value) => {
                return matches!(value, Value::List(_));
            }
            (Lookup::HasKey, value) => return plain(value) && !value.is_null(),
            (Lookup::Contains | Lookup::ContainedBy | Lookup::Exact, _) => return true,
            (Lookup::Gt | Lookup::Gte | Lookup::Lt | Lookup::Lte, value) => {
                return !value.is_null();
            }
            _ => {}
        }
    }
    if let ColumnKind::Array(_) = path.kind() {
        return match expr.lookup {
            Lookup::IsNull => truth(value).is_some(),
            Lookup::Exact | Lookup::Contains | Lookup::ContainedBy | Lookup::Overlap => {
                matches!(value, Value::List(_))
            }
            _ => false,
        };
    }
    match (expr.lookup, value) {
        (Lookup::IsNull, value) => truth(value).is_some(),
        (Lookup::In, Value::List(values)) => {
            values.iter().all(|value| value.is_null() || fits(value))
        }
        (Lookup::Range, Value::List(values)) => {
            values.len() == 2 && values.iter().all(|value| !value.is_null() && fits(value))
        }
        (Lookup::Exact | Lookup::IExact, Value::Null) => expr.part.is_none(),
        (Lookup::Regex | Lookup::IRegex, Value::Text(text)) => is_regex(text, expr.lookup),
        (Lookup::In | Lookup::Range | Lookup::Regex | Lookup::IRegex, _) => false,
        (
            Lookup::Exact | Lookup::Gt | Lookup::Gte | Lookup::Lt | Lookup::Lte | Lookup::IExact,
            value,
        ) => plain(value) && !value.is_null() && fits(value),
        (_, value) => plain(value) && !value.is_null(),
    }
}

#[cfg(test)]
mod tests;
