include!("../models.rs");

#[model(app = "library", ordering(-year, titel), unique_together(title, yaer))]
pub struct Book {
    pub id: i64,
    pub title: String,
    pub year: i32,
}

#[derive(Serializer)]
#[serializer(model = Book, fields = all)]
pub struct BookSerializer;

fn main() {}
