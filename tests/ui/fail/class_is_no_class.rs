use quintet::prelude::*;

struct PercentField;

#[derive(Serializer)]
struct RateSerializer {
    #[field(class = PercentField)]
    rate: i64,
}

fn main() {}
