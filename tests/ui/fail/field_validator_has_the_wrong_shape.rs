include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    #[field(validate)]
    name: String,
}

impl TrackSerializer {
    fn validate_name(name: String) -> Result<String, ApiException> {
        Ok(name)
    }
}

fn main() {}
