//! What nearly every app imports: `use quintet::prelude::*;`. 40 names at most; the rest is
//! imported from its room: `use quintet::permissions::{IsAdminUser, Permission};`. Traits that only
//! have methods come without a name.

pub use chrono::{Datelike as _, Timelike as _};
pub use diesel::prelude::{
    BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _,
    QueryDsl as _, TextExpressionMethods as _,
};

pub use crate::db::{Database, DateTime, Decimal, Model, QuerySet, RelatedLookups as _};
pub use crate::exceptions::{ApiException, Detail, Result, Validated};
pub use crate::filters::{
    Filters, OrderingFields, SearchFields, filter_fields, ordering_fields, search_fields,
};
pub use crate::model;
pub use crate::pagination::{PageNumberPagination, Pagination as _};
pub use crate::permissions::{
    AllowAny, IsAuthenticated, ObjectPermission as _, Permission as _, PermissionClasses,
};
pub use crate::request::Context;
pub use crate::response::Response;
pub use crate::routers::Router;
#[cfg(feature = "openapi")]
pub use crate::schemas::OpenApi;
pub use crate::serializers::{Changes, ModelSerializer as _, PrimaryKeyRelated, Serializer};
pub use crate::settings::Settings;
pub use crate::site::{Site, StartError};
pub use crate::throttling::SimpleRateThrottle as _;
pub use crate::views::{ApiView, Json, NoContent, Page, Valid};
pub use crate::viewsets::{ModelViewSet, Object, ReadOnlyModelViewSet, ViewSet, view_set};
