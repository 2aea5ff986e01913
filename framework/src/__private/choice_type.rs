//! What `#[derive(Choices)]` writes beside the trait: all that the values of columns are.

/// What a type of choices has beside [`Choices`]: it is a value of columns, of fields, of filters
/// and of expressions, for this crate and for diesel.
#[doc(hidden)]
#[macro_export]
macro_rules! __choices {
    ($name:ident, $stored:ty, $sql:ident) => {
        const _: () = {
            use $crate::__private::choices;
            use $crate::__private::diesel;
            use $crate::__private::serde;

            type Sql = diesel::sql_types::$sql;

            impl ::core::convert::From<$stored> for $name {
                fn from(value: $stored) -> Self {
                    choices::Choices::from_stored(value)
                }
            }

            impl ::core::convert::From<$name> for $stored {
                fn from(choice: $name) -> Self {
                    choices::stored_of(&choice)
                }
            }

            impl ::core::fmt::Display for $name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.pad(&choices::text_of(self))
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    choices::serialize(self, serializer)
                }
            }

            impl $crate::values::FieldType for $name {
                type Plain = Self;

                fn into_value(self) -> $crate::values::Value {
                    choices::Choices::stored(&self).to_value()
                }

                fn from_value(value: $crate::values::Value) -> ::core::option::Option<Self> {
                    choices::from_value(value)
                }

                fn value_ref(&self) -> $crate::values::ValueRef<'_> {
                    choices::Choices::stored(self)
                }
            }

            impl $crate::db::ColumnValue for $name {
                fn read_nullable(
                    row: &dyn choices::RawRow,
                    at: usize,
                    kind: $crate::db::ColumnKind,
                ) -> ::core::result::Result<::core::option::Option<Self>, $crate::db::Error> {
                    choices::read(row, at, kind)
                }
            }

            impl<M> $crate::db::IntoExpression<M> for $name {
                type Value = Self;
                type Cardinality = $crate::db::One;

                fn computed(self) -> $crate::db::Computed {
                    $crate::db::IntoExpression::<M>::computed(<$stored>::from(self))
                }
            }

            impl $crate::db::FitsIn<$name> for $name {}

            impl $crate::serializers::FromValidated for $name {
                fn from_validated(
                    value: ::core::option::Option<$crate::values::Value>,
                ) -> ::core::option::Option<Self> {
                    choices::from_value(value?)
                }
            }

            impl $crate::serializers::IntoValidated for $name {
                fn into_validated(self) -> ::core::option::Option<$crate::values::Value> {
                    ::core::option::Option::Some($crate::values::FieldType::into_value(self))
                }
            }

            impl $crate::filters::django_filters::FromFilterValue for $name {
                fn from_filter_value(
                    value: $crate::values::Value,
                ) -> ::core::option::Option<Self> {
                    choices::from_filter(value)
                }
            }

            impl diesel::expression::AsExpression<Sql> for $name {
                type Expression = <$stored as diesel::expression::AsExpression<Sql>>::Expression;

                fn as_expression(self) -> Self::Expression {
                    diesel::expression::AsExpression::<Sql>::as_expression(<$stored>::from(self))
                }
            }

            impl diesel::expression::AsExpression<diesel::sql_types::Nullable<Sql>> for $name {
                type Expression = <$stored as diesel::expression::AsExpression<
                    diesel::sql_types::Nullable<Sql>,
                >>::Expression;

                fn as_expression(self) -> Self::Expression {
                    diesel::expression::AsExpression::<diesel::sql_types::Nullable<Sql>>::as_expression(
                        <$stored>::from(self),
                    )
                }
            }

            impl<DB> diesel::deserialize::FromSql<Sql, DB> for $name
            where
                DB: diesel::backend::Backend,
                $stored: diesel::deserialize::FromSql<Sql, DB>,
            {
                fn from_sql(value: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                    <$stored as diesel::deserialize::FromSql<Sql, DB>>::from_sql(value)
                        .map(choices::Choices::from_stored)
                }
            }

            impl<ST, DB> diesel::deserialize::Queryable<ST, DB> for $name
            where
                DB: diesel::backend::Backend,
                ST: diesel::sql_types::SingleValue,
                Self: diesel::deserialize::FromSql<ST, DB>,
            {
                type Row = Self;

                fn build(row: Self) -> diesel::deserialize::Result<Self> {
                    ::core::result::Result::Ok(row)
                }
            }
        };
    };
}
