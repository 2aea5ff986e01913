use quintet::prelude::*;
use quintet::serializers::{CustomRelated, SlugRelated};

#[model(table = "tag")]
pub struct Tag {
    pub id: i64,
    pub name: String,
}

#[model(table = "post")]
pub struct Post {
    pub id: i64,
    pub title: String,
    #[field(foreign_key = Tag)]
    pub tag_id: i64,
}

#[derive(Serializer)]
#[serializer(model = Post)]
struct PostSerializer {
    #[field(class = TitleField, custom)]
    title: String,
    #[field(class = TitleField, kind = email)]
    other: String,
    tag: CustomRelated<Tag>,
    #[field(class = TagField, slug = name)]
    tag_name: SlugRelated<Tag>,
    #[field(source = *)]
    whole: String,
    #[field(get_url = address)]
    address: String,
}

#[derive(Serializer)]
#[serializer(validators = [even])]
struct NumberSerializer {
    number: i64,
    #[field(class = PairField, source = *)]
    pair: String,
}

fn main() {}
