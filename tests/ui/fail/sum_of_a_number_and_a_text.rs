include!("../models.rs");

pub fn values() -> impl Sized {
    Track::objects().values(Track::fields().milliseconds() + Track::fields().name())
}

fn main() {}
