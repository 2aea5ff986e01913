//! What a view's base makes of it: the mixins, the bundles of view sets, and the nine generic views
//! (`rest_framework.mixins`, `rest_framework.generics`).

/// The actions that a view set has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "one a mixin")]
pub struct Actions {
    /// GET of the list.
    pub list: bool,
    /// POST to the list.
    pub create: bool,
    /// GET of an object.
    pub retrieve: bool,
    /// PUT and PATCH of an object.
    pub update: bool,
    /// DELETE of an object.
    pub destroy: bool,
}

/// The base of a view set: one mixin, a tuple of mixins, or a bundle such as [`ModelViewSet`].
///
/// It decides which of the six actions the view set has; the others are a 405. Name it as
/// [`ViewSet::Base`](crate::viewsets::ViewSet::Base); there is no need to implement it.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::viewsets::{CreateModelMixin, ListModelMixin};
///
/// # #[model(table = "message")]
/// # pub struct Message {
/// #     pub id: i64,
/// #     pub text: String,
/// # }
/// # #[derive(Serializer)]
/// # #[serializer(model = Message, fields = all)]
/// # pub struct MessageSerializer {}
/// /// Messages can be sent and listed, but neither changed nor deleted.
/// pub struct MessageViewSet;
///
/// impl ViewSet for MessageViewSet {
///     type Base = (ListModelMixin, CreateModelMixin);
///     type Serializer = MessageSerializer;
/// }
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a base of view sets",
    label = "neither a mixin nor a bundle of them",
    note = "write `type Base = ModelViewSet`, `ReadOnlyModelViewSet`, a mixin, or a tuple of mixins"
)]
pub trait Mixins {
    /// The actions of the base.
    const ACTIONS: Actions;
}

const NONE: Actions =
    Actions { list: false, create: false, retrieve: false, update: false, destroy: false };

macro_rules! mixins {
    ($($(#[$doc:meta])* $name:ident => $actions:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Mixins for $name {
            const ACTIONS: Actions = $actions;
        }
    )*};
}

mixins! {
    /// GET of the list: DRF's `ListModelMixin`.
    ListModelMixin => Actions { list: true, ..NONE };
    /// POST to the list: DRF's `CreateModelMixin`.
    CreateModelMixin => Actions { create: true, ..NONE };
    /// GET of an object: DRF's `RetrieveModelMixin`.
    RetrieveModelMixin => Actions { retrieve: true, ..NONE };
    /// PUT and PATCH of an object: DRF's `UpdateModelMixin`.
    UpdateModelMixin => Actions { update: true, ..NONE };
    /// DELETE of an object: DRF's `DestroyModelMixin`.
    DestroyModelMixin => Actions { destroy: true, ..NONE };
    /// All six actions: DRF's `ModelViewSet`.
    ModelViewSet => Actions { list: true, create: true, retrieve: true, update: true, destroy: true };
    /// The list and single objects, read only: DRF's `ReadOnlyModelViewSet`.
    ReadOnlyModelViewSet => Actions { list: true, retrieve: true, ..NONE };
    /// None of the six: for a view set that has extra actions only.
    GenericViewSet => NONE;
}

/// The base of a generic view, which has one URL: see
/// [`ViewSet::as_view`](crate::viewsets::ViewSet::as_view). The nine of DRF implement it; there is no
/// need to implement it yourself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the base of a generic view",
    label = "this base is that of a view set, whose actions have several URLs",
    note = "register a view set with a router: `.register(\"books\", BookViewSet)`; for one URL, name a base \
            such as `ListCreateApiView` or `RetrieveUpdateDestroyApiView`"
)]
#[doc(alias = "GenericAPIView")]
pub trait GenericBase: Mixins {}

macro_rules! generic_views {
    ($($(#[$doc:meta])* $name:ident, $drf:literal => $actions:expr;)*) => {
        mixins! { $($(#[$doc])* #[doc(alias = $drf)] $name => $actions;)* }

        $(impl GenericBase for $name {})*
    };
}

generic_views! {
    /// POST: DRF's `CreateAPIView`.
    CreateApiView, "CreateAPIView" => Actions { create: true, ..NONE };
    /// GET of the list: DRF's `ListAPIView`.
    ListApiView, "ListAPIView" => Actions { list: true, ..NONE };
    /// GET of an object: DRF's `RetrieveAPIView`.
    RetrieveApiView, "RetrieveAPIView" => Actions { retrieve: true, ..NONE };
    /// DELETE of an object: DRF's `DestroyAPIView`.
    DestroyApiView, "DestroyAPIView" => Actions { destroy: true, ..NONE };
    /// PUT and PATCH of an object: DRF's `UpdateAPIView`.
    UpdateApiView, "UpdateAPIView" => Actions { update: true, ..NONE };
    /// GET of the list, and POST to it: DRF's `ListCreateAPIView`.
    ListCreateApiView, "ListCreateAPIView" => Actions { list: true, create: true, ..NONE };
    /// GET, PUT and PATCH of an object: DRF's `RetrieveUpdateAPIView`.
    RetrieveUpdateApiView, "RetrieveUpdateAPIView" =>
        Actions { retrieve: true, update: true, ..NONE };
    /// GET and DELETE of an object: DRF's `RetrieveDestroyAPIView`.
    RetrieveDestroyApiView, "RetrieveDestroyAPIView" =>
        Actions { retrieve: true, destroy: true, ..NONE };
    /// GET, PUT, PATCH and DELETE of an object: DRF's `RetrieveUpdateDestroyAPIView`.
    RetrieveUpdateDestroyApiView, "RetrieveUpdateDestroyAPIView" =>
        Actions { retrieve: true, update: true, destroy: true, ..NONE };
}

const fn both(a: Actions, b: Actions) -> Actions {
    Actions {
        list: a.list || b.list,
        create: a.create || b.create,
        retrieve: a.retrieve || b.retrieve,
        update: a.update || b.update,
        destroy: a.destroy || b.destroy,
    }
}

impl<A: Mixins, B: Mixins> Mixins for (A, B) {
    const ACTIONS: Actions = both(A::ACTIONS, B::ACTIONS);
}

impl<A: Mixins, B: Mixins, C: Mixins> Mixins for (A, B, C) {
    const ACTIONS: Actions = both(both(A::ACTIONS, B::ACTIONS), C::ACTIONS);
}

impl<A: Mixins, B: Mixins, C: Mixins, D: Mixins> Mixins for (A, B, C, D) {
    const ACTIONS: Actions = both(both(A::ACTIONS, B::ACTIONS), both(C::ACTIONS, D::ACTIONS));
}
