include!("../models.rs");

#[model(app = "library", annotations(title: i64 = |book| quintet::db::Length::of(book.title())))]
pub struct Book {
    pub id: i64,
    pub title: String,
    #[field(column = "title")]
    pub name: String,
    #[field(foreign_key = Artist)]
    pub author_id: i64,
    pub author: String,
}

fn main() {}
