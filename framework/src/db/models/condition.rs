//! Conditions on the rows of a model, as Django's lookups:
//! `Artist::fields().name().exact("AC/DC")`.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};
use std::sync::Arc;

use crate::db::{
    Aggregate, Annotation, BaseOf, Cardinality, Column, Compare, DatePart, Expression, FieldPath,
    Fields, FitsIn, InheritedColumn, IntoExpression, Lookup, Model, Operand, Path, PathOf,
    Predicate, SingleValued, single,
};
use crate::values::{FieldType, Value};

/// A condition on the rows of `M` (Django's `Q`).
///
/// The methods of a [`FieldPath`] create conditions; `&`, `|` and `!` combine them, and so do
/// [`Condition::and`] and [`Condition::or`].
///
/// ```
/// use quintet::prelude::*;
///
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub name: String,
/// #     pub milliseconds: i32,
/// # }
/// # fn main() {
/// let long = Track::fields().milliseconds().gt(300_000);
/// let live = Track::fields().name().icontains("live");
/// let tracks = Track::objects().filter_by(long & !live);
/// # }
/// ```
#[doc(alias = "Q")]
pub struct Condition<M> {
    predicate: Predicate,
    model: PhantomData<fn() -> M>,
}

impl<M> Condition<M> {
    pub(crate) fn of(predicate: Predicate) -> Self {
        Self { predicate, model: PhantomData }
    }

    /// Creates a condition from a lookup that is only known at run time, with values of the
    /// column's kind.
    pub fn new(path: impl PathOf<M>, lookup: Lookup, operand: Operand) -> Self {
        Self::of(Predicate::Lookup { path: path.into_path(), lookup, operand })
    }

    /// Creates a condition from a truth value that is computed of each row: an annotation, an
    /// [`Exists`](crate::db::Exists), SQL of your own. With [`RawSql`](crate::db::RawSql) it makes a
    /// comparison of your own, where Django has a subclass of `Lookup`.
    ///
    /// ```
    /// use quintet::db::{Condition, IntoExpression, Model, RawSql, SingleValued};
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// # }
    /// /// `name__ne`, which Django has no lookup of either.
    /// fn not_equal<M: Model>(
    ///     left: impl IntoExpression<M, Cardinality: SingleValued>,
    ///     right: impl IntoExpression<M, Cardinality: SingleValued>,
    /// ) -> Condition<M> {
    ///     Condition::holds(RawSql::new("(%s <> %s)").argument(left).argument(right).returns::<bool>())
    /// }
    ///
    /// # fn main() {
    /// let others = Track::objects().filter_by(not_equal(track::name, "Angel"));
    /// # }
    /// ```
    #[doc(alias = "Lookup")]
    pub fn holds<E>(expression: E) -> Self
    where
        E: IntoExpression<M, Cardinality: SingleValued, Value: FieldType<Plain = bool>>,
    {
        Self::of(Predicate::Holds(Arc::new(single::<M, _>(expression))))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(self.predicate.and(other.predicate))
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::of(self.predicate.or(other.predicate))
    }

    /// All of them; every row if there are none.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::of(Predicate::All(conditions.into_iter().map(Into::into).collect()))
    }

    /// Any of them; no row if there are none.
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::of(Predicate::Any(conditions.into_iter().map(Into::into).collect()))
    }

    /// No row at all.
    pub fn never() -> Self {
        Self::of(Predicate::never())
    }
}

impl<M> From<Condition<M>> for Predicate {
    fn from(condition: Condition<M>) -> Self {
        condition.predicate
    }
}

impl<M> Clone for Condition<M> {
    fn clone(&self) -> Self {
        Self::of(self.predicate.clone())
    }
}

impl<M> fmt::Debug for Condition<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.predicate.fmt(f)
    }
}

impl<M> BitAnd for Condition<M> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl<M> BitOr for Condition<M> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl<M> Not for Condition<M> {
    type Output = Self;

    fn not(self) -> Self {
        Self::of(!self.predicate)
    }
}

/// A text field, nullable or not: it has `contains` and the other lookups of text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a text: `contains`, `startswith`, `regex` and their like compare texts",
    label = "the field at the end of this path holds `{Self}`"
)]
pub trait TextField {}
impl TextField for String {}
impl TextField for Option<String> {}

/// A field of dates or times, nullable or not: it has parts such as the year.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a date nor a time, and has no parts",
    label = "the field at the end of this path holds `{Self}`"
)]
pub trait TemporalField {}
impl TemporalField for crate::db::DateTime {}
impl TemporalField for chrono::NaiveDate {}
impl TemporalField for chrono::NaiveTime {}
impl<T: TemporalField> TemporalField for Option<T> {}

/// A plain value that fields of the type `T` are compared with: whatever becomes a `T`.
#[diagnostic::on_unimplemented(
    message = "a field of the type `{T}` cannot be compared with `{Self}`",
    label = "expected `{T}`",
    note = "write a value of the type `{T}`, or one that becomes it by `Into<{T}>`"
)]
pub trait ComparedWith<T> {
    /// The value as the field holds it.
    fn into_compared(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T, V: Into<T>> ComparedWith<T> for V {
    fn into_compared(self) -> T {
        self.into()
    }
}

/// What a value of the type `T` of a row of `M` is compared with: a plain value, or another value of
/// the row (Django's `F`), which is a column, a path to one value, an annotation or an expression.
///
/// ```
/// use quintet::db::Count;
/// use quintet::prelude::*;
///
/// # #[model(table = "album")]
/// # pub struct Album {
/// #     pub id: i64,
/// #     pub title: String,
/// #     pub planned: i32,
/// # }
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub name: String,
/// #     #[field(foreign_key = Album, related_name = tracks)]
/// #     pub album_id: i64,
/// # }
/// // albums that have fewer tracks than they should, and title tracks
/// let unfinished = Count::of(Album::fields().tracks()).lt(album::planned);
/// let title_tracks = Track::fields().name().iexact(Track::fields().album().title());
/// # let _ = (unfinished, title_tracks);
/// # fn main() {}
/// ```
///
/// `Kind` says which of them it is; the compiler finds it.
#[doc(alias = "F")]
#[diagnostic::on_unimplemented(
    message = "a field of the type `{T}` cannot be compared with `{Self}`",
    label = "expected `{T}`, or a column, a path or an expression of `{M}` that holds one",
    note = "write a value of the type `{T}`, or one that becomes it by `Into<{T}>`"
)]
pub trait Comparand<M, T, Kind> {
    /// What statements are written from.
    #[doc(hidden)]
    fn into_operand(self) -> Operand;
}

/// The kinds of [`Comparand`].
#[doc(hidden)]
pub mod comparand {
    #[derive(Debug)]
    pub enum Plain {}
    #[derive(Debug)]
    pub enum Stored {}
    #[derive(Debug)]
    pub enum Computed {}
}

#[diagnostic::do_not_recommend]
impl<M, T: FieldType, V: ComparedWith<T>> Comparand<M, T, comparand::Plain> for V {
    fn into_operand(self) -> Operand {
        Operand::One(self.into_compared().into_value())
    }
}

#[diagnostic::do_not_recommend]
impl<T, C> Comparand<C::Model, T, comparand::Stored> for C
where
    C: Column<Value: FieldType<Plain: FitsIn<T>>>,
{
    fn into_operand(self) -> Operand {
        Operand::Expression(Box::new(self.computed()))
    }
}

macro_rules! comparands {
    ($($value:ty, [$($parameters:tt)*] [$($bounds:tt)*];)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<M, T, V: FieldType<Plain: FitsIn<T>> $($parameters)*>
            Comparand<M, T, comparand::Computed> for $value
        where
            $($bounds)*
        {
            fn into_operand(self) -> Operand {
                Operand::Expression(Box::new(single::<M, _>(self)))
            }
        }
    )*};
}

comparands! {
    FieldPath<M, V, C>, [, C] [C: Cardinality + SingleValued];
    Expression<M, V>, [] [M: Model];
    Aggregate<M, V>, [] [M: Model];
    Annotation<M, V>, [] [M: Model];
}

macro_rules! lookups {
    ($($(#[$doc:meta])* $name:ident => $lookup:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name<Kind>(self, value: impl Comparand<M, T::Plain, Kind>) -> Condition<M> {
            Condition::new(self, Lookup::$lookup, value.into_operand())
        }
    )*};
}

/// Implements the lookups for a type that is a path to a value of the type `T`.
macro_rules! conditions {
    ($($path:ty, [$($parameters:tt)*] [$($bounds:tt)*];)*) => {$(
        impl<M, T: FieldType $($parameters)*> $path where $($bounds)* {
            lookups! {
                /// Equal.
                exact => Exact;
                /// Greater.
                gt => Gt;
                /// Greater or equal.
                gte => Gte;
                /// Less.
                lt => Lt;
                /// Less or equal.
                lte => Lte;
            }

            /// One of several (`in`, which is a keyword in Rust).
            #[must_use]
            pub fn is_in<V: ComparedWith<T::Plain>>(
                self,
                values: impl IntoIterator<Item = V>,
            ) -> Condition<M> {
                let values = values
                    .into_iter()
                    .map(|value| value.into_compared().into_value())
                    .collect();
                Condition::new(self, Lookup::In, Operand::Many(values))
            }

            /// Between two values, both included.
            #[must_use]
            pub fn range(
                self,
                first: impl ComparedWith<T::Plain>,
                last: impl ComparedWith<T::Plain>,
            ) -> Condition<M> {
                let operand = Operand::Range(
                    first.into_compared().into_value(),
                    last.into_compared().into_value(),
                );
                Condition::new(self, Lookup::Range, operand)
            }

            /// Null, or not null.
            #[must_use]
            pub fn isnull(self, null: bool) -> Condition<M> {
                Condition::new(self, Lookup::IsNull, Operand::One(Value::Bool(null)))
            }
        }

        impl<M, T: FieldType + TextField $($parameters)*> $path where $($bounds)* {
            lookups! {
                /// Equal without case.
                iexact => IExact;
                /// Holds a text; without case on `SQLite`, as Django has it.
                contains => Contains;
                /// Holds a text, without case.
                icontains => IContains;
                /// Starts with a text; without case on `SQLite`, as Django has it.
                startswith => StartsWith;
                /// Starts with a text, without case.
                istartswith => IStartsWith;
                /// Ends with a text; without case on `SQLite`, as Django has it.
                endswith => EndsWith;
                /// Ends with a text, without case.
                iendswith => IEndsWith;
            }

            /// Matches a regular expression.
            #[must_use]
            pub fn regex(self, pattern: impl ComparedWith<T::Plain>) -> Condition<M> {
                let pattern = Operand::One(pattern.into_compared().into_value());
                Condition::new(self, Lookup::Regex, pattern)
            }

            /// Matches a regular expression without case.
            #[must_use]
            pub fn iregex(self, pattern: impl ComparedWith<T::Plain>) -> Condition<M> {
                let pattern = Operand::One(pattern.into_compared().into_value());
                Condition::new(self, Lookup::IRegex, pattern)
            }
        }

        impl<M, T: FieldType + TemporalField $($parameters)*> $path where $($bounds)* {
            /// A part of a date or a time: `.part(DatePart::Year).gte(2024)`.
            #[must_use]
            pub fn part(self, part: DatePart) -> PartPath<M> {
                PartPath { path: self.into_path(), part, model: PhantomData }
            }

            /// The year: `.year().exact(2024)`.
            #[must_use]
            pub fn year(self) -> PartPath<M> {
                self.part(DatePart::Year)
            }

            /// The month, 1 to 12.
            #[must_use]
            pub fn month(self) -> PartPath<M> {
                self.part(DatePart::Month)
            }

            /// The day of the month.
            #[must_use]
            pub fn day(self) -> PartPath<M> {
                self.part(DatePart::Day)
            }
        }
    )*};
}

conditions! {
    FieldPath<M, T, C>, [, C] [];
    InheritedColumn<M, T, B, AT>, [, B: BaseOf<M>, const AT: usize] [M: Model];
    Expression<M, T>, [] [M: Model];
    Aggregate<M, T>, [] [M: Model];
    Annotation<M, T>, [] [M: Model];
}

/// A part of a date or a time at the end of a path; its methods make a [`Condition`].
pub struct PartPath<M> {
    path: Path,
    part: DatePart,
    model: PhantomData<fn() -> M>,
}

impl<M> fmt::Debug for PartPath<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PartPath").field(&self.path.name()).field(&self.part).finish()
    }
}

macro_rules! part_lookups {
    ($($(#[$doc:meta])* $name:ident => $compare:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(self, value: impl FieldType) -> Condition<M> {
            Condition::of(Predicate::Lookup {
                path: self.path,
                lookup: Lookup::Part(self.part, Compare::$compare),
                operand: Operand::One(value.into_value()),
            })
        }
    )*};
}

impl<M> PartPath<M> {
    part_lookups! {
        /// Equal.
        exact => Exact;
        /// Greater.
        gt => Gt;
        /// Greater or equal.
        gte => Gte;
        /// Less.
        lt => Lt;
        /// Less or equal.
        lte => Lte;
    }
}

/// Whether there is a row at the end of a relation: `Artist::fields().albums().isnull(true)` are
/// the artists without albums.
pub trait RelatedLookups: Fields + PathOf<Self::Root> + Sized {
    /// No row is there, or one is.
    fn isnull(self, null: bool) -> Condition<Self::Root> {
        Condition::new(self, Lookup::IsNull, Operand::One(Value::Bool(null)))
    }
}

impl<F: Fields + PathOf<F::Root>> RelatedLookups for F {}
