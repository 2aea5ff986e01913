//! What the macros' output names and nobody writes by hand. No part of the public interface: it
//! changes in any release.

pub use diesel;

pub use crate::db::table::schema;
pub use crate::{__large_table as large_table, __table as table};
