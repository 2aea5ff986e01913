include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

pub struct IsOwner;

pub struct ArtistViewSet;

impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        IsOwner
    }
}

fn main() {}
