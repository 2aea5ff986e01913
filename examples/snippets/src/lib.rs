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

use quintet::db::Dialect;
use quintet::prelude::*;

/// One of the sites.
pub struct Snippet {
    /// What the command line calls it.
    pub name: &'static str,
    /// Builds it.
    pub site: fn(Settings, Arc<Database>) -> Result<Arc<Site>, StartError>,
    /// Its tables, in PostgreSQL's dialect.
    pub tables: &'static str,
}

/// All of them.
pub const SNIPPETS: [Snippet; 9] = [
    Snippet { name: "testing", site: testing::site, tables: testing::TABLES },
    Snippet { name: "permissions", site: permissions::site, tables: permissions::TABLES },
    Snippet {
        name: "row_permissions",
        site: row_permissions::site,
        tables: row_permissions::TABLES,
    },
    Snippet { name: "statistics", site: statistics::site, tables: statistics::TABLES },
    Snippet { name: "nested", site: nested::site, tables: nested::TABLES },
    Snippet { name: "jwt", site: jwt::site, tables: jwt::TABLES },
    Snippet { name: "user_model", site: user_model::site, tables: user_model::TABLES },
    Snippet { name: "tenants", site: tenants::site, tables: tenants::TABLES },
    Snippet { name: "actix_app", site: actix_app::site, tables: actix_app::TABLES },
];

/// Tables in the dialect of a database: SQLite numbers the rows of any `integer PRIMARY KEY`.
pub fn create_tables(tables: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => tables.replace("bigserial", "integer").replace("serial", "integer"),
        Dialect::Postgres => tables.into(),
    }
}
