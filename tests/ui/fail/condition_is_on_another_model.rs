include!("../models.rs");

pub fn artists() -> QuerySet<Artist> {
    Artist::objects().filter_by(Album::fields().title().exact("Facelift"))
}

fn main() {}
