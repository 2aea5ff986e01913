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

use quintet::prelude::*;
use quintet::site::SiteError;

/// Builds what a step serves.
pub type Step = fn(Settings, Arc<Database>) -> Result<Arc<Site>, SiteError>;

/// The steps, in their order.
pub const STEPS: [Step; 7] = [
    step_1::site,
    step_2::site,
    step_3::site,
    step_4::site,
    step_5::site,
    step_6::site,
    step_7::site,
];
