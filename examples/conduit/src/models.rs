//! Users, articles, tags and comments.

use quintet::prelude::*;
use quintet::{auth::UserModel, db::Count};

/// Someone who writes, follows and likes.
#[model(app = "conduit", ordering(id), annotations(following: bool = |_| false),
    many_to_many(followers: User, source = "from_id", target = "to_id"))]
pub struct User {
    pub id: i64,
    #[field(max_length = 254, unique, email)]
    pub email: String,
    #[field(max_length = 150, unique)]
    pub username: String,
    #[field(max_length = 128, secret)]
    pub password: String,
    #[field(blank)]
    pub bio: Option<String>,
    #[field(blank)]
    pub image: Option<String>,
}

impl UserModel for User {
    const USERNAME_FIELD: &'static str = "email";
}

/// What is written. `favorited` depends on who asks: see [`crate::views::articles`].
#[model(app = "conduit", ordering(-created_at, -id), many_to_many(favorited_by: User), annotations(
    favorited: bool = |_| false,
    favorites_count: i64 = |article| Count::of(article.favorited_by()),
))]
pub struct Article {
    pub id: i64,
    #[field(max_length = 255, unique)]
    pub slug: String,
    #[field(max_length = 255)]
    pub title: String,
    pub description: String,
    pub body: String,
    #[field(auto_now_add)]
    pub created_at: DateTime,
    #[field(auto_now)]
    pub updated_at: DateTime,
    #[field(foreign_key = User, related_name = articles)]
    pub author_id: i64,
}

/// A word about an article, in the order in which they were sent.
#[model(app = "conduit", ordering(id))]
pub struct Tag {
    pub id: i64,
    #[field(foreign_key = Article, related_name = tags)]
    pub article_id: i64,
    #[field(max_length = 100)]
    pub name: String,
}

/// An answer to an article.
#[model(app = "conduit", ordering(-created_at, -id))]
pub struct Comment {
    pub id: i64,
    #[field(auto_now_add)]
    pub created_at: DateTime,
    #[field(auto_now)]
    pub updated_at: DateTime,
    pub body: String,
    #[field(foreign_key = User, related_name = comments)]
    pub author_id: i64,
    #[field(foreign_key = Article, related_name = comments)]
    pub article_id: i64,
}
