//! The bodies, without the nouns around them, which are the views'.

use std::collections::HashMap;

use quintet::prelude::*;
use quintet::{auth::Account, authentication::AccessToken, serializers::SlugRelated};

use crate::models::*;

#[derive(Serializer)]
#[serializer(model = User, save, fields(email, username, password, bio, image, token))]
pub struct UserSerializer {
    #[field(write_only, trim_whitespace = false)]
    password: String,
    #[field(method)]
    token: String,
}

impl UserSerializer {
    async fn save(changes: Changes<User>, cx: &mut Context) -> Result<User> {
        let Some(password) = changes.get(user::password) else { return cx.save(changes).await };
        let hash = cx.hashers().make(&password).await?;
        cx.save(changes.set(user::password, hash)).await
    }

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
#[serializer(model = Article, rename_all = "camelCase", read_only(slug), save, fields(
    slug, title, description, body, tag_list, created_at, updated_at, favorited, favorites_count, author
))]
pub struct ArticleSerializer {
    #[field(source = tags, slug = name, writable, required = false, max_length = 50)]
    tag_list: Vec<SlugRelated<Tag>>,
    #[field(nested)]
    author: ProfileSerializer,
}

impl ArticleSerializer {
    /// Saves an article with its tags; a new title gets a new slug.
    async fn save(mut new: Changes<Article>, cx: &mut Context) -> Result<Article> {
        let tags: Option<Vec<String>> = new.take("tagList");
        let old = new.stored(cx).await?.map(|article| article.title.clone());
        if let Some(title) = new.get(article::title).filter(|title| old.as_ref() != Some(title)) {
            new = new.set(article::slug, cx.unique_slug(article::slug, &title).await?);
        }
        let article = cx.save(new).await?;
        if let Some(tags) = tags {
            Tag::objects().filter(tag::article_id.eq(article.id)).delete(cx).await?;
            let row = |name| Changes::new().set(tag::article_id, article.id).set(tag::name, name);
            Tag::objects().bulk_create(tags.into_iter().map(row), cx).await?;
        }
        Ok(article)
    }
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
