include!("../models.rs");

#[model(app = "library")]
pub enum Book {
    Novel,
    Poems,
}

pub fn books() -> QuerySet<Book> {
    Book::objects()
}

fn main() {}
