include!("../models.rs");

pub fn long() -> QuerySet<Track> {
    Track::objects().filter_by(Track::fields().milliseconds().icontains("300"))
}

fn main() {}
