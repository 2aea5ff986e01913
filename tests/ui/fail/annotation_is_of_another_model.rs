include!("../models.rs");

use quintet::db::Count;

pub fn albums() -> QuerySet<Album> {
    Album::objects().annotate(Album::TRACK_COUNT, Count::of(Artist::fields().albums()))
}

fn main() {}
