//! Models as rows, and rows that belong to rows of any model (`django.contrib.contenttypes`).
//!
//! A [`ContentType`] is a model as a row of `django_content_type`. With one, and a key, a row points at
//! a row of any model: a [`GenericForeignKey`]. The way back is a [`GenericRelation`].
//!
//! ```
//! use quintet::contenttypes::ContentType;
//! use quintet::prelude::*;
//!
//! #[model(app = "store", generic_foreign_key(content_object))]
//! pub struct TaggedItem {
//!     pub id: i64,
//!     #[field(max_length = 50)]
//!     pub tag: String,
//!     #[field(foreign_key = ContentType)]
//!     pub content_type_id: i32,
//!     pub object_id: i64,
//! }
//!
//! #[model(app = "store", generic_relation(tags: TaggedItem::CONTENT_OBJECT))]
//! pub struct Album {
//!     pub id: i64,
//!     #[field(max_length = 160)]
//!     pub title: String,
//! }
//!
//! async fn tag(album: &Album, cx: &mut Context) -> Result<()> {
//!     let of = ContentType::get_for_model::<Album>(cx).await?;
//!     let tag = Changes::new().set(tagged_item::tag, "live");
//!     cx.save(tag.set_generic(TaggedItem::CONTENT_OBJECT, album, &of)).await?;
//!
//!     let tags: Vec<TaggedItem> = Album::TAGS.of(album).all(cx).await?;
//!     let live = Album::TAGS.any(TaggedItem::fields().tag().exact("live"));
//!     let albums = Album::objects().filter_by(live).all(cx).await?;
//!     // the tags of all, in one statement
//!     let found = Album::TAGS.prefetch(&albums, TaggedItem::objects(), cx).await?;
//!     let of_first: Vec<&TaggedItem> = albums.iter().take(1).flat_map(|album| found.of(album)).collect();
//!
//!     let album: Option<Album> = TaggedItem::CONTENT_OBJECT.get(&tags[0], cx).await?;
//!     // and back: one statement for each model
//!     let albums = TaggedItem::CONTENT_OBJECT.prefetch::<Album>(&tags, cx).await?;
//!     assert_eq!(albums.of(&tags[0]), album.as_ref());
//!     # let _ = of_first;
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! A column `object_id` of text holds keys of every type, as in Django. Rows at the end of a
//! `GenericRelation` are deleted with the row that they belong to, with their own hooks and cascades.

mod generic;
mod models;

pub use generic::{GenericForeignKey, GenericObjects, GenericPrefetched, GenericRelation};
pub use models::{ContentType, ContentTypeFields, content_type};
