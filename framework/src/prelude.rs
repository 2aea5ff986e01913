//! What every app imports: `use quintet::prelude::*;`.

pub use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
pub use diesel::prelude::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl,
    TextExpressionMethods,
};

pub use crate::auth::{Group, GroupFields, User, UserFields};
pub use crate::db::{
    Condition, Database, DatabaseConfig, DateTime, Decimal, LookupField, Model, Ordering, QuerySet,
    RelatedLookups as _, Uuid,
};
pub use crate::exceptions::{ApiException, Detail, Result, Validated};
pub use crate::filters::{
    FilterSet, Filters, OrderingFields, SearchFields, filter_fields, lookup_field, order_by,
    ordering_fields, search_fields,
};
pub use crate::model;
pub use crate::pagination::{
    CursorPagination, LimitOffsetPagination, NoPagination, PageNumberPagination, Pagination,
};
pub use crate::permissions::{
    AllowAny, DjangoModelPermissions, DjangoModelPermissionsOrAnonReadOnly,
    DjangoObjectPermissions, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly,
    ObjectPermission, Permission, PermissionClasses, ReadOnly,
};
pub use crate::request::Context;
pub use crate::response::Response;
pub use crate::routers::Router;
#[cfg(feature = "openapi")]
pub use crate::schemas::OpenApi;
pub use crate::serializers::{
    Attrs, Changes, Description, HyperlinkedIdentity, HyperlinkedRelated, Instance,
    ModelSerializer, PrimaryKeyRelated, Serializer, SerializerClass, SlugRelated, StringRelated,
};
pub use crate::settings::Settings;
pub use crate::site::{Site, StartError};
pub use crate::throttling::{
    AnonRateThrottle, ScopedRateThrottle, SimpleRateThrottle, ThrottleClasses, UserRateThrottle,
};
pub use crate::values::Value;
pub use crate::views::{ApiView, Item, Items, Json, NoContent, Page, Policies, Valid};
pub use crate::viewsets::{
    Action, CreateModelMixin, DestroyModelMixin, ExtraAction, GenericViewSet, ListModelMixin,
    ModelViewSet, Object, ObjectQuery, ReadOnlyModelViewSet, RetrieveModelMixin, UpdateModelMixin,
    ViewSet, view_set,
};
