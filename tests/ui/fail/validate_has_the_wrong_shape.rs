include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track, validate)]
pub struct TrackSerializer {
    name: String,
}

impl TrackSerializer {
    fn validate(attrs: &mut Attrs<'_, Album>) -> Validated {
        attrs.set(album::title, "No other.");
        Ok(())
    }
}

#[derive(Serializer)]
#[serializer(validate)]
pub struct SearchSerializer {
    text: String,
}

impl SearchSerializer {
    fn validate(self) -> Validated {
        if self.text.is_empty() { Err("No text.".into()) } else { Ok(()) }
    }
}

fn main() {}
