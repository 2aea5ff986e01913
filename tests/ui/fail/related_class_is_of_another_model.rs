use quintet::fields::Field;
use quintet::prelude::*;
use quintet::serializers::{CustomRelated, RelatedField};

#[model(table = "tag")]
pub struct Tag {
    pub id: i64,
    pub name: String,
}

#[model(table = "genre")]
pub struct Genre {
    pub id: i64,
    pub name: String,
}

#[model(table = "post")]
pub struct Post {
    pub id: i64,
    #[field(foreign_key = Tag)]
    pub tag_id: i64,
}

struct GenreField;

impl RelatedField for GenreField {
    type Model = Genre;
    type Input = String;

    fn field(&self, name: &'static str) -> Field {
        Field::char(name)
    }

    fn to_representation(&self, genre: &Genre, _: &Context) -> serde_json::Value {
        genre.name.clone().into()
    }
}

#[derive(Serializer)]
#[serializer(model = Post)]
struct PostSerializer {
    #[field(class = GenreField)]
    tag: CustomRelated<Tag>,
}

fn main() {}
