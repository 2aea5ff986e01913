#[allow(unused_imports)]
use quintet::prelude::*;

#[model(table = "store_artist")]
pub struct Artist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: String,
}

impl std::fmt::Display for Artist {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

#[model(table = "store_album", count(track_count = tracks))]
pub struct Album {
    pub id: i64,
    #[field(max_length = 160)]
    pub title: String,
    #[field(foreign_key = Artist, related_name = albums)]
    pub artist_id: i64,
}

#[model(table = "store_track")]
pub struct Track {
    pub id: i64,
    #[field(max_length = 200)]
    pub name: String,
    #[field(foreign_key = Album, related_name = tracks)]
    pub album_id: Option<i64>,
    pub milliseconds: i32,
    #[field(decimal(10, 2))]
    pub unit_price: Decimal,
}

#[allow(unused_imports)]
use quintet::{
    db::LookupField,
    filters::{FilterSet, lookup_field, order_by},
    permissions::IsAdminUser,
    serializers::{
        Attrs, HyperlinkedIdentity, HyperlinkedRelated, Instance, SerializerClass, SlugRelated, StringRelated,
    },
    values::NaiveDate,
    views::{Item, Items, Policies},
    viewsets::Action,
};
