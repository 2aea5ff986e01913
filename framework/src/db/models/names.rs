//! Paths from their names at run time, read in the descriptions of models.

use crate::db::{ColumnKind, Hop, Leaf, Lookup, Model, ModelMeta, Path, Way};

/// What stands between the parts of a name (`LOOKUP_SEP`).
pub const LOOKUP_SEP: &str = "__";

/// The longest name.
const LONGEST: usize = 500;

/// The most relations in a name.
const MOST_HOPS: usize = 16;

/// Why a name is none of a model's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// A part of it is no field of the model that the parts before lead to.
    #[error("`{part}` is no field of {model}")]
    Unknown {
        /// The part.
        part: String,
        /// The model.
        model: &'static str,
    },
    /// What stands behind a field is no lookup.
    #[error("`{lookup}` is no lookup of `{field}`")]
    Lookup {
        /// What stands there.
        lookup: String,
        /// The name of the field.
        field: String,
    },
    /// The value is none of the field's.
    #[error("the value for `{0}` is not one of its kind")]
    Value(String),
    /// Rows cannot be ordered by several values.
    #[error("`{0}` leads to several values, and orders nothing")]
    Many(String),
    /// It is longer than 500 bytes, or leads along more than 16 relations.
    #[error("a name has at most 500 bytes and 16 relations")]
    TooLong,
}

impl Path {
    /// The path with a name as Django writes it: `album__artist__name`, `album_id`, `pk`, an
    /// annotation. It leads along foreign keys and link tables of the models it comes to; a
    /// relation at its end stands for the key. Back along relations, which other models declare,
    /// leads [`Names`](crate::filters::Names), with conditions and orders.
    ///
    /// ```
    /// use quintet::db::Path;
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "album")]
    /// # pub struct Album {
    /// #     pub id: i64,
    /// #     pub title: String,
    /// # }
    /// # #[model(table = "track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     #[field(foreign_key = Album, related_name = tracks)]
    /// #     pub album_id: i64,
    /// # }
    /// # fn main() {
    /// assert_eq!(Path::parse::<Track>("album__title").unwrap().name(), "album__title");
    /// let refused = Path::parse::<Track>("album__titel").unwrap_err();
    /// assert_eq!(refused.to_string(), "`titel` is no field of Album");
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NameError`], which names the part that leads nowhere.
    pub fn parse<M: Model>(name: &str) -> Result<Self, NameError> {
        Self::named(M::META, &[], name)
    }

    /// The same of a model, with relations that `models` declare.
    pub(crate) fn named(
        model: &'static ModelMeta,
        models: &[&'static ModelMeta],
        name: &str,
    ) -> Result<Self, NameError> {
        match resolve(model, models, name)? {
            (path, None) => Ok(path),
            (path, Some(rest)) => {
                Err(NameError::Lookup { lookup: rest.to_owned(), field: path.name() })
            }
        }
    }
}

/// The path that a name starts with, and what stands behind it.
pub(crate) fn resolve<'n>(
    model: &'static ModelMeta,
    models: &[&'static ModelMeta],
    name: &'n str,
) -> Result<(Path, Option<&'n str>), NameError> {
    if name.len() > LONGEST {
        return Err(NameError::TooLong);
    }
    let mut way = Way { model: model.this, hops: Vec::new() };
    let mut rest = Some(name);
    while let Some(name) = rest {
        let at = way.target();
        let (part, behind) = match name.split_once(LOOKUP_SEP) {
            Some((part, behind)) => (part, Some(behind)),
            None => (name, None),
        };
        if let Some(hop) = relation(at, models, part) {
            if way.hops.len() == MOST_HOPS {
                return Err(NameError::TooLong);
            }
            way.hops.push(hop);
            rest = behind;
            continue;
        }
        if let Some(leaf) = leaf(at, part) {
            let (leaf, behind) = inside(leaf, behind);
            return Ok((Path { model: way.model, hops: way.hops, leaf }, behind));
        }
        // a lookup of the relation itself: `album__isnull`
        if !way.hops.is_empty() && Lookup::from_name(name).is_some() {
            return Ok((way.key(), rest));
        }
        return Err(NameError::Unknown { part: part.to_owned(), model: at.name });
    }
    Ok((way.key(), None))
}

/// What a name leads to inside of JSON: all that stands behind the column are keys, but for a lookup
/// at the end.
fn inside(leaf: Leaf, behind: Option<&str>) -> (Leaf, Option<&str>) {
    let (Leaf::Column(column), Some(behind)) = (&leaf, behind) else { return (leaf, behind) };
    if column.kind != ColumnKind::Json {
        return (leaf, Some(behind));
    }
    let (keys, lookup) = match behind.rsplit_once(LOOKUP_SEP) {
        Some((keys, last)) if is_plain(last) => (Some(keys), Some(last)),
        None if is_plain(behind) => (None, Some(behind)),
        _ => (Some(behind), None),
    };
    let Some(keys) = keys else { return (leaf, lookup) };
    (Leaf::Json(column, keys.split("__").map(str::to_owned).collect()), lookup)
}

/// A lookup that is no part of a date: JSON has none.
fn is_plain(name: &str) -> bool {
    Lookup::from_name(name).is_some_and(|lookup| lookup.name().is_some())
}

/// The relation of a model with this name.
fn relation(at: &'static ModelMeta, models: &[&'static ModelMeta], name: &str) -> Option<Hop> {
    let forward = at.columns.iter().find_map(|column| {
        let to = column.references.filter(|_| column.name == name)?;
        Some(Hop::Forward { column, to })
    });
    let linked = || {
        let link = at.links.iter().find(|link| link.name == name && !name.is_empty())?;
        let (through, source, target) = (link.table, link.source, link.target);
        let (from, to, name) = (at.this, link.to, link.name);
        Some(Hop::ManyToMany { name, through, source, target, from, to })
    };
    forward.or_else(linked).or_else(|| models.iter().find_map(|other| back(at, other, name)))
}

/// The relation of another model to this one, with this name on this side.
fn back(at: &'static ModelMeta, other: &'static ModelMeta, name: &str) -> Option<Hop> {
    let key = other.columns.iter().find_map(|column| {
        let own = column.related_name.filter(|own| *own == name)?;
        column.references.filter(|to| *to() == *at)?;
        let one = column.one_to_one;
        Some(Hop::Reverse { name: own, from: other.this, column: column.column, one })
    });
    key.or_else(|| {
        other.links.iter().find_map(|link| {
            let name = link.related_name.filter(|own| *own == name && *(link.to)() == *at)?;
            let (through, source, target) = (link.table, link.target, link.source);
            let (from, to) = (at.this, other.this);
            Some(Hop::ManyToMany { name, through, source, target, from, to })
        })
    })
}

/// The value of a model's rows with this name.
fn leaf(at: &'static ModelMeta, name: &str) -> Option<Leaf> {
    if name == "pk" {
        return Some(Leaf::Column(at.pk_column()));
    }
    let annotation = || at.annotations.iter().find(|annotation| annotation.name == name);
    match at.column(name) {
        Some(column) => Some(Leaf::Column(column)),
        None => annotation().map(|annotation| Leaf::Annotation(annotation)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::testing::{Album, Artist, Sale, Tag, Track};

    const MODELS: [&ModelMeta; 5] = [Artist::META, Album::META, Track::META, Sale::META, Tag::META];

    fn named<M: Model>(name: &str) -> String {
        match resolve(M::META, &MODELS, name) {
            Ok((path, rest)) => {
                let many = if path.is_many() { " many" } else { "" };
                format!("{} {:?}{many}", path.name(), rest.unwrap_or_default())
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_name_leads_where_its_parts_lead() {
        assert_eq!(named::<Track>("name"), "name \"\"");
        assert_eq!(named::<Track>("album__artist__name"), "album__artist__name \"\"");
        assert_eq!(named::<Track>("album__title__icontains"), "album__title \"icontains\"");
        assert_eq!(named::<Track>("updated__year__gte"), "updated \"year__gte\"");
        // a relation stands for its key
        assert_eq!(named::<Track>("album"), "album \"\"");
        assert_eq!(named::<Track>("album_id__in"), "album \"in\"");
        assert_eq!(named::<Track>("album__isnull"), "album \"isnull\"");
        assert_eq!(named::<Track>("album__pk"), "album__id \"\"");
        assert_eq!(named::<Track>("tags"), "tags__id \"\" many");
        assert_eq!(named::<Track>("tags__name"), "tags__name \"\" many");
        assert_eq!(named::<Artist>("album_count__gt"), "album_count \"gt\"");
        assert_eq!(named::<Album>("artist__album_count"), "artist__album_count \"\"");
        // back along what others declare
        assert_eq!(
            named::<Artist>("albums__tracks__tags__name"),
            "albums__tracks__tags__name \"\" many"
        );
        assert_eq!(named::<Tag>("tracks__album__title"), "tracks__album__title \"\" many");
        assert_eq!(named::<Artist>("albums__isnull"), "albums__id \"isnull\" many");
    }

    #[test]
    fn an_unknown_part_is_named() {
        assert_eq!(named::<Track>("album__titel"), "`titel` is no field of Album");
        assert_eq!(named::<Track>("gt"), "`gt` is no field of Track");
        assert_eq!(named::<Track>(""), "`` is no field of Track");
        assert_eq!(named::<Track>("album__"), "`` is no field of Album");
        assert_eq!(named::<Track>("album____title"), "`` is no field of Album");
        assert_eq!(
            named::<Track>("name; DROP TABLE x"),
            "`name; DROP TABLE x` is no field of Track"
        );
        // no such relation without the models that declare it
        let refused = Path::parse::<Artist>("albums__title").unwrap_err();
        assert_eq!(refused.to_string(), "`albums` is no field of Artist");
        let refused = Path::parse::<Track>("name__icontains").unwrap_err();
        assert_eq!(refused.to_string(), "`icontains` is no lookup of `name`");
    }

    #[test]
    fn a_name_has_its_bounds() {
        let around = |times: usize| format!("{}name", "albums__artist__".repeat(times));
        assert!(named::<Artist>(&around(8)).starts_with("albums__artist"));
        assert_eq!(named::<Artist>(&around(9)), NameError::TooLong.to_string());
        assert_eq!(named::<Artist>(&"x".repeat(501)), NameError::TooLong.to_string());
        assert!(resolve(Artist::META, &MODELS, &"\u{fc}__".repeat(100)).is_err());
    }
}
