//! Small sites, one idea each: their heads say how to try them, `tests/suite` drives them.
//!
//! ```text
//! cargo run -p snippets -- nested
//! curl http://127.0.0.1:8000/api/orders/
//! []
//! ```

pub mod actix_app;
pub mod jwt;
pub mod nested;
pub mod permissions;
pub mod row_permissions;
pub mod statistics;
pub mod tenants;
pub mod testing;
pub mod user_model;

use std::sync::Arc;

use quintet::prelude::*;

/// Builds a site.
pub type MakeSite = fn(Settings, Arc<Database>) -> Result<Arc<Site>, StartError>;

/// All of them, each with what the command line calls it.
pub const SNIPPETS: [(&str, MakeSite); 9] = [
    ("testing", testing::site),
    ("permissions", permissions::site),
    ("row_permissions", row_permissions::site),
    ("statistics", statistics::site),
    ("nested", nested::site),
    ("jwt", jwt::site),
    ("user_model", user_model::site),
    ("tenants", tenants::site),
    ("actix_app", actix_app::site),
];
