//! Distinct values, found by hash: a client may send hundreds of thousands of them.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use super::Value;

/// A value as a member of a set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByValue<'a>(pub(crate) &'a Value);

impl PartialEq for ByValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            // NaN equals itself here, as a member of a set must
            (Value::Float(own), Value::Float(other)) => bits(*own) == bits(*other),
            (own, other) => own == other,
        }
    }
}

impl Eq for ByValue<'_> {}

impl Hash for ByValue<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self.0).hash(state);
        match self.0 {
            Value::Null => {}
            Value::Bool(value) => value.hash(state),
            Value::Int(value) => value.hash(state),
            Value::BigInt(digits) => digits.hash(state),
            Value::Float(value) => bits(*value).hash(state),
            Value::Text(text) => text.hash(state),
            Value::Decimal(value) => value.hash(state),
            Value::DateTime(value) => value.hash(state),
            Value::Date(value) => value.hash(state),
            Value::Time(value) => value.hash(state),
            Value::Duration(value) => value.hash(state),
            Value::Uuid(value) => value.hash(state),
            Value::List(items) => items.iter().for_each(|item| ByValue(item).hash(state)),
            Value::Map(items) => items.iter().for_each(|(name, item)| {
                name.hash(state);
                ByValue(item).hash(state);
            }),
            Value::Json(json) => json.hash(state),
            Value::Bytes(bytes) => bytes.hash(state),
            Value::File(file) => file.name().hash(state),
        }
    }
}

/// The bits of a number, the same for both zeros.
fn bits(value: f64) -> u64 {
    if value == 0.0 { 0 } else { value.to_bits() }
}

/// The members of a list.
pub(crate) fn set_of(values: &[Value]) -> HashSet<ByValue<'_>> {
    values.iter().map(ByValue).collect()
}

/// The values without repetitions, in the order of their first occurrence.
pub(crate) fn distinct(mut values: Vec<Value>) -> Vec<Value> {
    if values.len() < 2 {
        return values;
    }
    let mut seen = HashSet::with_capacity(values.len());
    let first: Vec<bool> = values.iter().map(|value| seen.insert(ByValue(value))).collect();
    let mut first = first.into_iter();
    values.retain(|_| first.next().unwrap_or(true));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_values_of_every_kind_are_dropped() {
        let json = serde_json::json!({"a": [1, "x"]});
        let once = vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(1),
            Value::BigInt("1".repeat(30).into()),
            Value::Float(0.0),
            Value::Float(f64::NAN),
            Value::Text("1".into()),
            Value::Decimal(1.into()),
            Value::List(vec![Value::Int(1)]),
            Value::List(vec![Value::Int(2)]),
            Value::Map(vec![("a".into(), Value::Int(1))]),
            Value::Json(Box::new(json)),
        ];
        let mut twice = once.clone();
        twice.extend(once.clone());
        twice.push(Value::Float(-0.0));
        twice.push(Value::Decimal(crate::db::Decimal::new(100, 2)));
        // NaN is not equal to itself outside a set
        assert_eq!(format!("{:?}", distinct(twice)), format!("{once:?}"));
    }

    #[test]
    fn half_a_million_values_take_no_quadratic_time() {
        let values: Vec<Value> = (0..500_000).map(Value::Int).collect();
        assert_eq!(distinct(values.clone()).len(), 500_000);
        assert!(set_of(&values).contains(&ByValue(&Value::Int(499_999))));
    }
}
