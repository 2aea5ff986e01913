//! The responses to OPTIONS (`rest_framework.metadata`).

use quintet_tests::store::{On, Store};
use serde_json::json;

const PARSES: [&str; 3] =
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

#[test]
fn every_kind_of_view_describes_itself() {
    let client = Store::shared(On::Sqlite).client();
    for (path, name, description) in [
        ("/api/", "Api Root", "The default basic root view for DefaultRouter"),
        ("/api/artists/", "Artist List", "Artists with the number of their albums."),
        ("/api/artists/1/", "Artist Instance", "Artists with the number of their albums."),
        ("/api/artists/1/albums/", "Albums", "The albums of one artist, paginated."),
        ("/api/albums/", "Album List", ""),
        (
            "/api/auth/jwt/verify/",
            "Token Verify",
            "Takes a token and indicates if it is valid.  This view provides no\n\
             information about a token's fitness for a particular use.",
        ),
        ("/api/errors/x/", "Raising", "Raises the exception named in the path."),
    ] {
        let reply = client.send("OPTIONS", path, &[], b"");
        let told = json!({
            "name": name,
            "description": description,
            "renders": ["application/json", "text/html"],
            "parses": PARSES,
        });
        assert_eq!((reply.status, reply.json()), (200, told), "{path}");
    }
    let schema = client.send("OPTIONS", "/api/schema/", &[("Accept", "application/json")], b"");
    assert_eq!(
        schema.json(),
        json!({
            "name": "Spectacular Api",
            "description": "OpenApi3 schema for this API. Format can be selected via content \
                            negotiation.\n\n- YAML: application/vnd.oai.openapi\n\
                            - JSON: application/vnd.oai.openapi+json",
            "renders": [
                "application/vnd.oai.openapi", "application/yaml",
                "application/vnd.oai.openapi+json", "application/json",
            ],
            "parses": PARSES,
        })
    );
}
