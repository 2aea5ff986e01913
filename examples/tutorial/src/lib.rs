//! A small library in seven steps, each a whole application that differs from the one before by
//! one idea: `diff src/step_3.rs src/step_4.rs`. `docs/tutorial.md` walks through them.
//!
//! ```text
//! cargo run -p tutorial -- 1
//! curl -d title=Dune -d year=1965 http://127.0.0.1:8000/api/books/
//! {"id":1,"title":"Dune","year":1965,"reprinted":null}
//! ```

pub mod step_1;
pub mod step_2;
pub mod step_3;
pub mod step_4;
pub mod step_5;
pub mod step_6;
pub mod step_7;

use std::sync::Arc;

use quintet::db::Dialect;
use quintet::prelude::*;
use quintet::site::SiteError;

/// A step of the tutorial.
pub struct Step {
    /// Builds what it serves.
    pub site: fn(Settings, Arc<Database>) -> Result<Arc<Site>, SiteError>,
    /// Its tables, in PostgreSQL's dialect.
    pub tables: &'static str,
}

/// The steps, in their order.
pub const STEPS: [Step; 7] = [
    Step { site: step_1::site, tables: step_1::TABLES },
    Step { site: step_2::site, tables: step_2::TABLES },
    Step { site: step_3::site, tables: step_3::TABLES },
    Step { site: step_4::site, tables: step_4::TABLES },
    Step { site: step_5::site, tables: step_5::TABLES },
    Step { site: step_6::site, tables: step_6::TABLES },
    Step { site: step_7::site, tables: step_7::TABLES },
];

impl Step {
    /// The statements that create its tables. SQLite numbers the rows of any `integer PRIMARY KEY`;
    /// everything else means the same in both databases.
    pub fn create_tables(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Sqlite => {
                self.tables.replace("bigserial", "integer").replace("serial", "integer")
            }
            Dialect::Postgres => self.tables.into(),
        }
    }
}
