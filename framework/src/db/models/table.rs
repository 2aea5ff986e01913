//! diesel's view of a model: the module `track` with `table`, a type for each column, and `dsl`.
//!
//! `diesel::table!` writes `use ::diesel`, so whoever calls it has to name diesel in a manifest. This
//! macro writes the same module with paths through this crate. It is diesel 2.3's without what
//! `#[model]` does not use: schemas, keys of several columns, sizes of columns. The manifest of the
//! workspace holds diesel at 2.3, because its releases change what is named here.

/// Writes the module of a table: its documentation, name, name in the database, the primary key,
/// the other columns, and those that `dsl` has; then each column with its name in the database, its SQL type and the operators
/// that the type has.
///
/// ```text
/// quintet::__private::table! {
///     /// The table `store_track`.
///     track "store_track" (id; name length; id name length) {
///         /// The column `id`.
///         id "id" BigInt [Add add Sub sub Mul mul Div div],
///         ..
///     }
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __table {
    (
        $(#[$doc:meta])*
        $name:ident $sql_name:literal ($pk:ident; $($other:ident)*; $($in_dsl:ident)*) {
            $(
                $(#[$column_doc:meta])*
                $column:ident $column_name:literal $sql:ty [$($operators:tt)*],
            )*
        }
    ) => {
        $(#[$doc])*
        #[allow(unused_imports, dead_code, unreachable_pub, unused_qualifications)]
        pub mod $name {
            use $crate::__private::schema as __schema;
            pub use self::columns::*;

            /// The columns, and the table under the name of its module: made to be imported whole
            /// by a function that deals with one table.
            pub mod dsl {
                $(pub use super::columns::$in_dsl;)*
                pub use super::table as $name;
            }

            /// All columns.
            #[allow(non_upper_case_globals)]
            pub const all_columns: ($($column,)*) = ($($column,)*);

            /// The table, where statements start: `select`, `filter`, `inner_join`.
            #[allow(non_camel_case_types)]
            #[derive(Debug, Clone, Copy, Default)]
            pub struct table;

            impl table {
                /// `track.*`, which some counts are faster with; no replacement for `all_columns`.
                pub fn star(&self) -> star {
                    star
                }
            }

            /// The SQL types of all columns.
            pub type SqlType = ($($sql,)*);

            /// A boxed statement that starts at this table.
            pub type BoxedQuery<'a, DB, ST = SqlType> =
                __schema::BoxedSelectStatement<'a, ST, __schema::FromClause<table>, DB>;

            impl __schema::QueryId for table {
                type QueryId = Self;
                const HAS_STATIC_QUERY_ID: bool = true;
            }

            impl __schema::QuerySource for table {
                type FromClause = __schema::StaticQueryFragmentInstance<table>;
                type DefaultSelection = <Self as __schema::Table>::AllColumns;

                fn from_clause(&self) -> Self::FromClause {
                    __schema::StaticQueryFragmentInstance::new()
                }

                fn default_selection(&self) -> Self::DefaultSelection {
                    all_columns
                }
            }

            impl<DB: __schema::Backend> __schema::QueryFragment<DB> for table {
                fn walk_ast<'b>(
                    &'b self,
                    __pass: __schema::AstPass<'_, 'b, DB>,
                ) -> __schema::QueryResult<()> {
                    __schema::QueryFragment::walk_ast(
                        <Self as __schema::StaticQueryFragment>::STATIC_COMPONENT,
                        __pass,
                    )
                }
            }

            impl __schema::StaticQueryFragment for table {
                type Component = __schema::Identifier<'static>;
                const STATIC_COMPONENT: &'static Self::Component = &__schema::Identifier($sql_name);
            }

            impl __schema::AsQuery for table {
                type SqlType = SqlType;
                type Query = __schema::SelectStatement<__schema::FromClause<Self>>;

                fn as_query(self) -> Self::Query {
                    __schema::SelectStatement::simple(self)
                }
            }

            impl __schema::Table for table {
                type PrimaryKey = $pk;
                type AllColumns = ($($column,)*);

                fn primary_key(&self) -> Self::PrimaryKey {
                    $pk
                }

                fn all_columns() -> Self::AllColumns {
                    all_columns
                }
            }

            impl __schema::HasTable for table {
                type Table = Self;

                fn table() -> Self::Table {
                    table
                }
            }

            impl __schema::IntoUpdateTarget for table {
                type WhereClause =
                    <<Self as __schema::AsQuery>::Query as __schema::IntoUpdateTarget>::WhereClause;

                fn into_update_target(
                    self,
                ) -> __schema::UpdateTarget<Self::Table, Self::WhereClause> {
                    __schema::IntoUpdateTarget::into_update_target(__schema::AsQuery::as_query(self))
                }
            }

            impl<T> __schema::Insertable<T> for table
            where
                <table as __schema::AsQuery>::Query: __schema::Insertable<T>,
            {
                type Values = <<table as __schema::AsQuery>::Query as __schema::Insertable<T>>::Values;

                fn values(self) -> Self::Values {
                    __schema::Insertable::values(__schema::AsQuery::as_query(self))
                }
            }

            impl<T> __schema::Insertable<T> for &table
            where
                table: __schema::Insertable<T>,
            {
                type Values = <table as __schema::Insertable<T>>::Values;

                fn values(self) -> Self::Values {
                    __schema::Insertable::values(*self)
                }
            }

            impl __schema::AppearsInFromClause<table> for table {
                type Count = __schema::Once;
            }

            impl __schema::AppearsInFromClause<table> for __schema::NoFromClause {
                type Count = __schema::Never;
            }

            impl<S: __schema::AliasSource> __schema::AppearsInFromClause<__schema::Alias<S>> for table {
                type Count = __schema::Never;
            }

            impl<S> __schema::AliasAppearsInFromClause<S, table> for table
            where
                S: __schema::AliasSource<Target = table>,
            {
                type Count = __schema::Never;
            }

            impl<S1, S2> __schema::AliasAliasAppearsInFromClause<table, S2, S1> for table
            where
                S1: __schema::AliasSource<Target = table>
                    + __schema::AliasAliasAppearsInFromClauseSameTable<S2, table>,
                S2: __schema::AliasSource<Target = table>,
            {
                type Count = <S1 as __schema::AliasAliasAppearsInFromClauseSameTable<S2, table>>::Count;
            }

            impl<S, C> __schema::FieldAliasMapperAssociatedTypesDisjointnessTrick<table, S, C> for table
            where
                S: __schema::AliasSource<Target = table> + ::core::clone::Clone,
                C: __schema::Column<Table = table>,
            {
                type Out = __schema::AliasedField<S, C>;

                fn map(__column: C, __alias: &__schema::Alias<S>) -> Self::Out {
                    __alias.field(__column)
                }
            }

            $crate::__table! { @join [S] [] __schema::Alias<S> }
            $crate::__table! { @join [J, On] [] __schema::JoinOn<J, On> }
            $crate::__table! {
                @join [L, R, Kind] [L: __schema::QuerySource, R: __schema::QuerySource,]
                __schema::Join<L, R, Kind>
            }
            $crate::__table! {
                @join [F, S, D, W, O, L, Of, G] [F: __schema::QuerySource,]
                __schema::SelectStatement<__schema::FromClause<F>, S, D, W, O, L, Of, G>
            }
            $crate::__table! {
                @join ['a, QS, ST, DB] [QS: __schema::QuerySource,]
                __schema::BoxedSelectStatement<'a, __schema::FromClause<QS>, ST, DB>
            }

            $crate::__table_on_postgres! { @table }

            /// The columns.
            pub mod columns {
                use super::table;
                use $crate::__private::schema as __schema;

                /// `track.*`, which some counts are faster with; it cannot be selected.
                #[allow(non_camel_case_types)]
                #[derive(Debug, Clone, Copy)]
                pub struct star;

                impl __schema::QueryId for star {
                    type QueryId = Self;
                    const HAS_STATIC_QUERY_ID: bool = true;
                }

                impl<GB> __schema::ValidGrouping<GB> for star
                where
                    ($($column,)*): __schema::ValidGrouping<GB>,
                {
                    type IsAggregate = <($($column,)*) as __schema::ValidGrouping<GB>>::IsAggregate;
                }

                impl __schema::Expression for star {
                    type SqlType = __schema::NotSelectable;
                }

                impl<DB: __schema::Backend> __schema::QueryFragment<DB> for star {
                    fn walk_ast<'b>(
                        &'b self,
                        mut __pass: __schema::AstPass<'_, 'b, DB>,
                    ) -> __schema::QueryResult<()> {
                        __schema::qualify(&mut __pass, $sql_name)?;
                        __pass.push_sql("*");
                        Ok(())
                    }
                }

                impl __schema::SelectableExpression<table> for star {}

                impl __schema::AppearsOnTable<table> for star {}

                $($crate::__table! {
                    @column $sql_name $(#[$column_doc])* $column $column_name $sql [$($operators)*]
                })*

                $(
                    impl __schema::IsContainedInGroupBy<$other> for $pk {
                        type Output = __schema::is_contained_in_group_by::Yes;
                    }

                    impl __schema::IsContainedInGroupBy<$pk> for $other {
                        type Output = __schema::is_contained_in_group_by::No;
                    }
                )*
                $crate::__table! { @apart $($other)* }
            }
        }
    };

    // a statement that the table can be joined to, if the statement can be joined to the table
    (@join [$($generics:tt)*] [$($bounds:tt)*] $to:ty) => {
        impl<$($generics)*> __schema::JoinTo<$to> for table
        where
            $to: __schema::JoinTo<table>,
            $($bounds)*
        {
            type FromClause = $to;
            type OnClause = <$to as __schema::JoinTo<table>>::OnClause;

            fn join_target(__to: $to) -> (Self::FromClause, Self::OnClause) {
                let (_, __on) = <$to as __schema::JoinTo<table>>::join_target(table);
                (__to, __on)
            }
        }
    };

    // no column but the primary key stands for another one in GROUP BY
    (@apart) => {};
    (@apart $first:ident $($rest:ident)*) => {
        $(
            impl __schema::IsContainedInGroupBy<$rest> for $first {
                type Output = __schema::is_contained_in_group_by::No;
            }

            impl __schema::IsContainedInGroupBy<$first> for $rest {
                type Output = __schema::is_contained_in_group_by::No;
            }
        )*
        $crate::__table! { @apart $($rest)* }
    };

    (@column $table:literal $(#[$doc:meta])* $name:ident $sql_name:literal $sql:ty
        [$($operators:tt)*]) => {
        $(#[$doc])*
        #[allow(non_camel_case_types)]
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        impl __schema::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl __schema::Expression for $name {
            type SqlType = $sql;
        }

        impl __schema::Column for $name {
            type Table = table;
            const NAME: &'static str = $sql_name;
        }

        impl<DB: __schema::Backend> __schema::QueryFragment<DB> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut __pass: __schema::AstPass<'_, 'b, DB>,
            ) -> __schema::QueryResult<()> {
                __schema::qualify(&mut __pass, $table)?;
                __pass.push_identifier($sql_name)
            }
        }

        impl __schema::SelectableExpression<table> for $name {}

        impl<QS> __schema::AppearsOnTable<QS> for $name where
            QS: __schema::AppearsInFromClause<table, Count = __schema::Once>
        {
        }

        impl<L, R> __schema::SelectableExpression<__schema::Join<L, R, __schema::LeftOuter>> for $name
        where
            $name: __schema::AppearsOnTable<__schema::Join<L, R, __schema::LeftOuter>>
                + __schema::SelectableExpression<L>,
            // a column of the right side can be selected as `Nullable` only
            R: __schema::AppearsInFromClause<table, Count = __schema::Never> + __schema::QuerySource,
            L: __schema::QuerySource,
        {
        }

        impl<L, R> __schema::SelectableExpression<__schema::Join<L, R, __schema::Inner>> for $name
        where
            $name: __schema::AppearsOnTable<__schema::Join<L, R, __schema::Inner>>
                + __schema::SelectableExpression<
                    <(L::Count, R::Count) as __schema::Pick<L, R>>::Selection,
                >,
            L: __schema::AppearsInFromClause<table> + __schema::QuerySource,
            R: __schema::AppearsInFromClause<table> + __schema::QuerySource,
            (L::Count, R::Count): __schema::Pick<L, R>,
        {
        }

        impl<J, On> __schema::SelectableExpression<__schema::JoinOn<J, On>> for $name where
            $name: __schema::SelectableExpression<J> + __schema::AppearsOnTable<__schema::JoinOn<J, On>>
        {
        }

        impl<F> __schema::SelectableExpression<__schema::SelectStatement<__schema::FromClause<F>>> for $name
        where
            F: __schema::QuerySource,
            $name: __schema::SelectableExpression<F>
                + __schema::AppearsOnTable<__schema::SelectStatement<__schema::FromClause<F>>>,
        {
        }

        impl<GB> __schema::ValidGrouping<GB> for $name
        where
            GB: __schema::IsContainedInGroupBy<
                $name,
                Output = __schema::is_contained_in_group_by::Yes,
            >,
        {
            type IsAggregate = __schema::is_aggregate::Yes;
        }

        impl __schema::ValidGrouping<()> for $name {
            type IsAggregate = __schema::is_aggregate::No;
        }

        impl __schema::IsContainedInGroupBy<$name> for $name {
            type Output = __schema::is_contained_in_group_by::Yes;
        }

        $crate::__table! { @operators $name $sql [$($operators)*] }
        $crate::__table_on_postgres! { @column $name }
    };

    // the type of an enum's column is that of the enum, and no bound of a parameter
    (@operators $name:ident $sql:ty [choices]) => {};

    (@operators $name:ident $sql:ty [$($op:ident $method:ident)*]) => {
        impl<T> __schema::EqAll<T> for $name
        where
            T: __schema::AsExpression<$sql>,
            __schema::Eq<$name, T::Expression>: __schema::Expression<SqlType = __schema::Bool>,
        {
            type Output = __schema::Eq<Self, T::Expression>;

            fn eq_all(self, __other: T) -> Self::Output {
                __schema::ExpressionMethods::eq(self, __other)
            }
        }

        $(
            impl<Rhs> ::core::ops::$op<Rhs> for $name
            where
                Rhs: __schema::AsExpression<<$sql as __schema::operands::$op>::Rhs>,
            {
                type Output = __schema::operators::$op<Self, Rhs::Expression>;

                fn $method(self, __other: Rhs) -> Self::Output {
                    __schema::operators::$op::new(self, __schema::AsExpression::as_expression(__other))
                }
            }
        )*
    };
}

/// What tables and columns have for `only` and `tablesample` of `PostgreSQL`, which diesel's
/// `allow_tables_to_appear_in_same_query!` asks for where its feature is on.
#[cfg(feature = "postgres")]
#[doc(hidden)]
#[macro_export]
macro_rules! __table_on_postgres {
    (@table) => {
        $crate::__table! { @join [S] [] __schema::Only<S> }
        $crate::__table! {
            @join [S, T] [T: __schema::TablesampleMethod,] __schema::Tablesample<S, T>
        }

        impl __schema::AppearsInFromClause<__schema::Only<table>> for table {
            type Count = __schema::Once;
        }

        impl __schema::AppearsInFromClause<table> for __schema::Only<table> {
            type Count = __schema::Once;
        }

        impl<T> __schema::AppearsInFromClause<__schema::Tablesample<table, T>> for table
        where
            T: __schema::TablesampleMethod,
        {
            type Count = __schema::Once;
        }

        impl<T> __schema::AppearsInFromClause<table> for __schema::Tablesample<table, T>
        where
            T: __schema::TablesampleMethod,
        {
            type Count = __schema::Once;
        }
    };

    (@column $name:ident) => {
        impl __schema::AppearsInFromClause<__schema::Only<table>> for $name {
            type Count = __schema::Once;
        }

        impl __schema::SelectableExpression<__schema::Only<table>> for $name {}

        impl<T> __schema::AppearsInFromClause<__schema::Tablesample<table, T>> for $name
        where
            T: __schema::TablesampleMethod,
        {
            type Count = __schema::Once;
        }

        impl<T> __schema::SelectableExpression<__schema::Tablesample<table, T>> for $name where
            T: __schema::TablesampleMethod
        {
        }
    };
}

/// Nothing: without the feature diesel has none of it.
#[cfg(not(feature = "postgres"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __table_on_postgres {
    ($($any:tt)*) => {};
}

/// A table of more than 16 columns: a feature, as in diesel, because it takes long to compile.
#[cfg(feature = "large-tables")]
#[doc(hidden)]
#[macro_export]
macro_rules! __large_table {
    ($($table:tt)*) => { $crate::__table! { $($table)* } };
}

/// No table of more than 16 columns.
#[cfg(not(feature = "large-tables"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __large_table {
    ($($table:tt)*) => {
        ::core::compile_error!(
            "a model of more than 16 columns needs the feature `large-tables` of `quintet`"
        );
    };
}

/// What the macro above names of diesel's, and what its columns share.
pub mod schema {
    pub use diesel::associations::HasTable;
    pub use diesel::backend::Backend;
    pub use diesel::deserialize::{FromStaticSqlRow, Queryable, Result as DeserializeResult};
    pub use diesel::dsl::Eq;
    pub use diesel::expression::expression_types::NotSelectable;
    pub use diesel::expression::{
        AsExpression, IsContainedInGroupBy, ValidGrouping, is_aggregate, is_contained_in_group_by,
    };
    pub use diesel::insertable::Insertable;
    #[cfg(feature = "postgres")]
    pub use diesel::internal::table_macro::TablesampleMethod;
    pub use diesel::internal::table_macro::{
        AliasAliasAppearsInFromClause, AliasAliasAppearsInFromClauseSameTable,
        AliasAppearsInFromClause, BoxedSelectStatement,
        FieldAliasMapperAssociatedTypesDisjointnessTrick, FromClause, Identifier, Inner, Join,
        JoinOn, LeftOuter, NoFromClause, Pick, SelectStatement, StaticQueryFragment,
        StaticQueryFragmentInstance, ops as operators,
    };
    pub use diesel::query_builder::{
        AsQuery, AstPass, IntoUpdateTarget, QueryFragment, QueryId, UpdateTarget,
    };
    #[cfg(feature = "postgres")]
    pub use diesel::query_builder::{Only, Tablesample};
    pub use diesel::query_source::{
        Alias, AliasSource, AliasedField, AppearsInFromClause, Column, Never, Once,
    };
    pub use diesel::result::QueryResult;
    pub use diesel::sql_types::{Bool, ops as operands};
    pub use diesel::{
        AppearsOnTable, EqAll, Expression, ExpressionMethods, JoinTo, QuerySource, Selectable,
        SelectableExpression, Table,
    };

    /// Writes the table before a column: `"store_track".`
    ///
    /// # Errors
    /// As diesel's writers.
    pub fn qualify<DB: Backend>(pass: &mut AstPass<'_, '_, DB>, table: &str) -> QueryResult<()> {
        if !pass.should_skip_from() {
            pass.push_identifier(table)?;
            pass.push_sql(".");
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
