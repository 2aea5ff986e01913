//! A site with tests: `tests/suite/testing.rs` drives it through `quintet::test`.
//!
//! ```text
//! cargo test -p snippets -- testing
//! cargo run -p snippets -- testing
//! curl -d title=milk http://127.0.0.1:8000/api/notes/
//! {"id":1,"title":"milk"}
//! curl -d title= http://127.0.0.1:8000/api/notes/
//! {"title":["This field may not be blank."]}
//! ```

use std::sync::Arc;

use quintet::prelude::*;

#[model(table = "note", ordering(id))]
pub struct Note {
    pub id: i64,
    #[field(max_length = 20)]
    pub title: String,
}

#[derive(Serializer)]
#[serializer(model = Note, fields = all)]
pub struct NoteSerializer {}

pub struct NoteViewSet;

impl ViewSet for NoteViewSet {
    type Base = ModelViewSet;
    type Serializer = NoteSerializer;
}

/// Builds the site: `main` calls it, and so do the tests.
pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    let router = Router::new().register("notes", NoteViewSet);
    Ok(Site::builder(settings, database)
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Notes", "1.0.0"))
        .build()?)
}
