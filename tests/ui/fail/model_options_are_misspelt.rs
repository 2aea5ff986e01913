include!("../models.rs");

#[model(app = "library", orderby(title))]
pub struct Book {
    pub id: i64,
    #[field(maxlength = 200, uniqe, help_text = "The title.")]
    pub title: String,
}

fn main() {}
