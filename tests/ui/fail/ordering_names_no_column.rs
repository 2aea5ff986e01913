include!("../models.rs");

pub fn ordering() -> Vec<OrderingField> {
    ordering_fields![Track: id, milisconds]
}

fn main() {}
