//! The bodies, without the nouns around them, which are the views'.

use std::collections::HashMap;

use quintet::auth::Account;
use quintet::authentication::AccessToken;
use quintet::prelude::*;
use quintet::serializers::SlugRelated;

use crate::models::*;

#[derive(Serializer)]
#[serializer(model = User, fields(email, username, password, bio, image, token))]
pub struct UserSerializer {
    #[field(write_only, trim_whitespace = false)]
    password: String,
    #[field(method)]
    token: String,
}

impl UserSerializer {
    fn get_token(user: &User, cx: &Context) -> String {
        let account = Account::new(user.clone()).ok();
        let token = account.and_then(|account| AccessToken::for_user(cx, &account).ok());
        token.and_then(|token| token.encode(cx).ok()).unwrap_or_default()
    }
}

#[derive(Serializer)]
pub struct LoginSerializer {
    pub email: String,
    #[field(trim_whitespace = false)]
    pub password: String,
}

#[derive(Serializer)]
#[serializer(model = User, name = "Profile", fields(username, bio, image, following))]
pub struct ProfileSerializer {}

#[derive(Serializer)]
#[serializer(model = Article, rename_all = "camelCase", read_only(slug), fields(
    slug, title, description, body, tag_list, created_at, updated_at, favorited, favorites_count, author
))]
pub struct ArticleSerializer {
    #[field(source = tags, slug = name, writable, required = false, max_length = 50)]
    tag_list: Vec<SlugRelated<Tag>>,
    #[field(nested)]
    author: ProfileSerializer,
}

/// Lists leave the text out.
#[derive(Serializer)]
#[serializer(model = Article, inherit = ArticleSerializer, exclude(body))]
pub struct ArticlePreviewSerializer {}

#[derive(Serializer)]
#[serializer(
    model = Comment, rename_all = "camelCase", fields(id, created_at, updated_at, body, author)
)]
pub struct CommentSerializer {
    #[field(nested)]
    author: ProfileSerializer,
}

#[derive(Serializer)]
pub struct TagsSerializer {
    pub tags: Vec<String>,
}

#[derive(Serializer)]
pub struct ErrorsSerializer {
    pub errors: HashMap<String, Vec<String>>,
}
