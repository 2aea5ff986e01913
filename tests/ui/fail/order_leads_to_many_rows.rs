include!("../models.rs");

pub fn artists() -> QuerySet<Artist> {
    Artist::objects().order_by(order_by![-albums__title])
}

fn main() {}
