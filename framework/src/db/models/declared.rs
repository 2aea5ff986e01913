//! What a view set declares about its model's fields, as constants.

use std::fmt;
use std::marker::PhantomData;

use crate::db::{FieldPath, Fields, Model, One, Order, Way};

/// The model at which the paths of a [`Declared`] start.
pub struct Root<M>(PhantomData<fn() -> M>);

impl<M: Model> Root<M> {
    /// The columns and relations of the model, as the start of a path.
    pub fn fields(&self) -> M::Fields<M, One> {
        Fields::at(Way::start::<M>())
    }
}

impl<M> fmt::Debug for Root<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Root")
    }
}

/// A value made of the fields of the model `M`, in the form of a constant.
///
/// The macros `search_fields!`, `ordering_fields!`, `filter_fields!`, `lookup_field!` and
/// `order_by!` write such constants. By hand it is
///
/// ```
/// use quintet::db::{Declared, Order, Ordering};
/// use quintet::prelude::*;
///
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// const ORDERING: Ordering<Track> = Declared::new(|track| {
///     vec![
///         Order::descending(track.fields().name()),
///         Order::ascending(track.fields().id()),
///     ]
/// });
/// # fn main() {
/// assert_eq!(ORDERING.get().unwrap().len(), 2);
/// # }
/// ```
pub struct Declared<M, T> {
    make: Option<fn(Root<M>) -> T>,
}

impl<M, T> Declared<M, T> {
    /// Nothing was declared.
    pub const NONE: Self = Self { make: None };

    /// What a function makes.
    pub const fn new(make: fn(Root<M>) -> T) -> Self {
        Self { make: Some(make) }
    }

    /// The declared value.
    pub fn get(&self) -> Option<T> {
        self.make.map(|make| make(Root(PhantomData)))
    }
}

impl<M, T> Clone for Declared<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Declared<M, T> {}

impl<M, T: fmt::Debug> fmt::Debug for Declared<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Declared").field(&self.get()).finish()
    }
}

/// The order of a model's rows, written by `order_by!`: `order_by![-invoice_date, id]`.
pub type Ordering<M> = Declared<M, Vec<Order<M>>>;

/// One field of a model, written by `lookup_field!`: `lookup_field!(username)`.
pub type LookupField<M> = Declared<M, FieldPath<M, ()>>;
