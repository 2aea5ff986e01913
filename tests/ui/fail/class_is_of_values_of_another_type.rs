use quintet::fields::Field;
use quintet::prelude::*;
use quintet::serializers::FieldClass;

struct PercentField;

impl FieldClass for PercentField {
    type Value = i64;

    fn field(&self, name: &'static str) -> Field {
        Field::integer(name)
    }
}

#[derive(Serializer)]
struct RateSerializer {
    #[field(class = PercentField)]
    rate: String,
}

fn main() {}
