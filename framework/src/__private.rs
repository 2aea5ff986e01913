//! What the macros' output names and nobody writes by hand. No part of the public interface: it
//! changes in any release.

mod choice_type;

pub use {diesel, serde};

pub use crate::auth::models::{AbstractAccount, USERNAME};
pub use crate::db::hooks::{
    DeletionParts, HookFuture, SavedParts, SavingParts, after_save, before_save, deletion,
};
pub use crate::db::models::annotation::annotation;
pub use crate::db::models::choices::names as choices;
pub use crate::db::models::constraint::{condition, expressions};
pub use crate::db::models::model::same_table;
pub use crate::db::models::path::Way;
pub use crate::db::models::scope::{ScopeResult, scope};
pub use crate::db::models::table::schema;
pub use crate::serializers::builder::{class_of, of_kind, pk, related_class_of, with_choices};
pub use crate::serializers::recursion::once;
pub use crate::viewsets::extra::{returns, takes};
pub use crate::{__choices as choice_type, __large_table as large_table, __table as table};
pub use quintet_codegen::inherit;
