//! Slugs that no other row has.

use crate::db::{Column, Model, Path, Predicate, QuerySet};
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::signing::get_random_string;
use crate::values::{Value, slugify};

/// The characters behind a slug that is taken, and how many of them there are.
const SUFFIX: (&[u8], usize) = (b"abcdefghijklmnopqrstuvwxyz0123456789", 6);

/// How long a slug may be in a column that does not say.
const LONGEST: usize = 200;

/// How many random suffixes are tried.
const TRIES: usize = 5;

impl Context {
    /// A slug of a text ([`slugify`]) that no row has in a column: `how-to-train-your-dragon`, or if
    /// that is taken `how-to-train-your-dragon-x3k9ab`. It fits into the column. A text without ASCII
    /// letters gets a random one.
    ///
    /// Another request may store the same slug first: make the column `unique`, and the later one is a
    /// 400.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "article")]
    /// # pub struct Article {
    /// #     pub id: i64,
    /// #     #[field(unique, max_length = 60)]
    /// #     pub slug: String,
    /// #     pub title: String,
    /// # }
    /// async fn publish(new: Changes<Article>, cx: &mut Context) -> Result<Article> {
    ///     let title = new.get(article::title).unwrap_or_default();
    ///     let slug = cx.unique_slug(article::slug, &title).await?;
    ///     cx.save(new.set(article::slug, slug)).await
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn unique_slug<C>(&self, _column: C, text: &str) -> Result<String>
    where
        C: Column<Value = String>,
        C::Model: Model,
    {
        let model = <C::Model as Model>::META;
        let column = model.columns.get(C::INDEX);
        let column = column.ok_or_else(|| ApiException::internal("a column of another model"))?;
        let longest = column.max_length.unwrap_or(LONGEST);
        let mut base = slugify(text);
        base.truncate(longest);
        let (characters, length) = SUFFIX;
        let mut slug = base.clone();
        for _ in 0..TRIES {
            if !slug.is_empty() {
                let taken = Predicate::exact(Path::own(column), Value::Text(slug.clone()));
                let rows = QuerySet::<C::Model>::new().filter_by_predicate(taken);
                if !rows.exists(self).await? {
                    return Ok(slug);
                }
            }
            let suffix = get_random_string(length, characters).map_err(ApiException::internal)?;
            let room = longest.saturating_sub(length + 1);
            let start: String = base.chars().take(room).collect();
            slug = if start.is_empty() { suffix } else { format!("{start}-{suffix}") };
            slug.truncate(longest);
        }
        Ok(slug)
    }
}
