//! Annotations: named values of a row that are computed and not stored.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use crate::db::{
    Computed, Fields, IntoExpression, Leaf, Model, One, Path, PathOf, SingleValued, TypedPath, Way,
    meta_of, single,
};
use crate::values::FieldType;

/// The description of an annotation; written by `#[model]`.
pub struct AnnotationMeta {
    /// Its name beside the columns.
    pub name: &'static str,
    make: fn() -> Computed,
    made: OnceLock<Arc<Computed>>,
}

impl fmt::Debug for AnnotationMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnnotationMeta").field(&self.name).finish()
    }
}

thread_local! {
    /// The annotations that are being computed on this thread, by name and place in memory.
    static MAKING: RefCell<Vec<*const AnnotationMeta>> = const { RefCell::new(Vec::new()) };
}

impl AnnotationMeta {
    /// Creates an annotation with a name, and the function that computes its expression on first
    /// use.
    pub const fn new(name: &'static str, make: fn() -> Computed) -> Self {
        Self { name, make, made: OnceLock::new() }
    }

    /// The expression.
    ///
    /// # Panics
    /// If the annotation depends on itself.
    pub(crate) fn computed(&self) -> &Arc<Computed> {
        if let Some(made) = self.made.get() {
            return made;
        }
        let own = std::ptr::from_ref(self);
        let circle = MAKING.with_borrow_mut(|making| {
            let circle = making.contains(&own);
            making.push(own);
            circle
        });
        assert!(!circle, "the annotation `{}` is computed of itself", self.name);
        let made = Arc::new((self.make)());
        MAKING.with_borrow_mut(Vec::pop);
        self.made.get_or_init(|| made)
    }
}

/// The type of an annotation's expression, which must be the declared one, `T`. Nobody implements
/// it.
#[diagnostic::on_unimplemented(
    message = "this annotation is declared as `{T}`, but its expression has the type `{Self}`",
    label = "the expression has the type `{Self}`",
    note = "declare the annotation as `{Self}`; `Coalesce` makes a value of one that may be NULL, and \
            `Cast` one of another type"
)]
pub trait DeclaredAs<T> {}

impl<T> DeclaredAs<T> for T {}

/// The expression of an annotation of `M`, made of its fields.
#[doc(hidden)]
pub fn annotation<M, T, O>(make: impl FnOnce(M::Fields<M, One>) -> O) -> Computed
where
    M: Model,
    O: IntoExpression<M>,
    O::Value: DeclaredAs<T>,
    O::Cardinality: SingleValued,
{
    single(make(Fields::at(Way::start::<M>())))
}

/// A named value of the rows of `M` that is computed and not stored (Django's `annotate`).
///
/// A model declares it with its type and its expression. It is then a field like any other:
/// serializers show it, `filter_fields!` and `ordering_fields!` name it, conditions and orders use
/// it. It costs nothing if it is not used. `#[model]` declares a constant for it, with which a
/// query set can replace the expression: see [`QuerySet::annotate`](crate::db::QuerySet::annotate).
///
/// ```
/// use quintet::auth::User;
/// use quintet::db::{Count, Exists};
/// use quintet::prelude::*;
///
/// #[model(
///     app = "blog",
///     annotations(
///         likes: i64 = |article| Count::of(article.liked_by()),
///         is_liked: bool = |_| false,
///     ),
///     many_to_many(liked_by: User)
/// )]
/// pub struct Article {
///     pub id: i64,
///     pub title: String,
/// }
///
/// #[derive(Serializer)]
/// #[serializer(model = Article)]
/// pub struct ArticleSerializer {
///     pub id: i64,
///     pub title: String,
///     #[field(read_only)]
///     pub likes: i64,
///     #[field(read_only)]
///     pub is_liked: bool,
/// }
///
/// pub struct ArticleViewSet;
///
/// impl ViewSet for ArticleViewSet {
///     type Base = ModelViewSet;
///     type Serializer = ArticleSerializer;
///     const ORDERING_FIELDS: OrderingFields<Article> = ordering_fields![title, likes];
///
///     /// What the user likes, in the same statement.
///     async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Article>> {
///         let user = cx.user().map_or(0, |user| user.id);
///         let fans = || Article::fields().liked_by();
///         let liked = Exists::of(fans()).filter(fans().id().exact(user));
///         Ok(Article::objects().annotate(Article::IS_LIKED, liked))
///     }
/// }
/// # fn main() {}
/// ```
pub struct Annotation<M, T> {
    meta: &'static AnnotationMeta,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Annotation<M, T> {
    /// The annotation of a description; `#[model]` writes it.
    #[doc(hidden)]
    pub const fn new(meta: &'static AnnotationMeta) -> Self {
        Self { meta, types: PhantomData }
    }

    #[doc(hidden)]
    pub const fn meta(self) -> &'static AnnotationMeta {
        self.meta
    }
}

impl<M, T> Clone for Annotation<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Annotation<M, T> {}

impl<M, T> fmt::Debug for Annotation<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Annotation").field(&self.meta.name).finish()
    }
}

impl<M: Model, T> PathOf<M> for Annotation<M, T> {
    type Cardinality = One;

    fn into_path(self) -> Path {
        Path { model: meta_of::<M>, hops: Vec::new(), leaf: Leaf::Annotation(self.meta) }
    }
}

impl<M: Model, T: FieldType> TypedPath<M> for Annotation<M, T> {
    type Plain = T::Plain;
}

/// The expressions with which a query set replaces those of its model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Annotated(Vec<Given>);

/// One of them.
#[derive(Debug, Clone)]
struct Given {
    meta: &'static AnnotationMeta,
    computed: Arc<Computed>,
    /// Whether it is for the rows that the query reaches, and not for those that it is of.
    reached: bool,
}

impl Annotated {
    /// Sets another expression.
    pub(crate) fn set(&mut self, meta: &'static AnnotationMeta, computed: Computed, reached: bool) {
        self.0.retain(|given| !given.is(meta, reached));
        self.0.push(Given { meta, computed: Arc::new(computed), reached });
    }

    /// Adds the expressions of another query set that this one does not replace.
    pub(crate) fn or(mut self, other: Self) -> Self {
        for given in other.0 {
            if self.get(given.meta, given.reached).is_none() {
                self.0.push(given);
            }
        }
        self
    }

    /// The expression for an annotation of the query's own rows, or of rows that it reaches.
    pub(crate) fn get(
        &self,
        meta: &'static AnnotationMeta,
        reached: bool,
    ) -> Option<&Arc<Computed>> {
        self.0.iter().find(|given| given.is(meta, reached)).map(|given| &given.computed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Given {
    fn is(&self, meta: &'static AnnotationMeta, reached: bool) -> bool {
        std::ptr::eq(self.meta, meta) && self.reached == reached
    }
}
