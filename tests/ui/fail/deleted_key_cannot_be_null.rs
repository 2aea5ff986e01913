include!("../models.rs");

#[model(app = "library")]
pub struct Review {
    pub id: i64,
    #[field(foreign_key = Album, related_name = reviews, on_delete = set_null)]
    pub album_id: i64,
}

pub fn reviews() -> QuerySet<Review> {
    Review::objects().filter_by(Review::fields().album().title().exact("Moanin'"))
}

fn main() {}
