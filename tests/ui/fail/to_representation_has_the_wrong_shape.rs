include!("../models.rs");

use quintet::serializers::JsonObject;

#[derive(Serializer)]
#[serializer(model = Track, to_representation, to_internal_value)]
pub struct TrackSerializer {
    name: String,
}

impl TrackSerializer {
    fn to_representation(shown: JsonObject, _track: &Track) -> JsonObject {
        shown
    }

    fn to_internal_value(data: JsonObject) -> JsonObject {
        data
    }
}

fn main() {}
