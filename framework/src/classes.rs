//! The lists that a view names: `permission_classes`, `throttle_classes` and their like.

/// Inherits the list from the level above: a method from its view, a view from its site.
///
/// ```
/// use quintet::classes::Inherit;
/// use quintet::views::ApiView;
///
/// let view = ApiView::new("Status").permissions(Inherit);
/// # let _ = view;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Inherit;

/// A list that depends on the request: what [`get_permissions`](crate::viewsets::ViewSet::get_permissions)
/// and its like return. `None` is the usual one; `IsAdminUser.into_list()` and `(..).into_list()` make one.
pub type Classes<T> = Option<Vec<std::sync::Arc<T>>>;

/// Declares the trait of what a view may name as a list: one value, a tuple of up to six, `()` for
/// an empty list, [`Inherit`].
macro_rules! class_list {
    ($(#[$doc:meta])* $list:ident of $class:ident as $object:ident) => {
        $(#[$doc])*
        pub trait $list {
            /// The list; `None` for that of the level above.
            fn into_list(self) -> Option<Vec<std::sync::Arc<dyn $object>>>;
        }

        #[diagnostic::do_not_recommend]
        impl<T: $class + 'static> $list for T {
            fn into_list(self) -> Option<Vec<std::sync::Arc<dyn $object>>> {
                Some(vec![std::sync::Arc::new(self)])
            }
        }

        impl $list for Vec<std::sync::Arc<dyn $object>> {
            fn into_list(self) -> Option<Self> {
                Some(self)
            }
        }

        impl $list for $crate::classes::Inherit {
            fn into_list(self) -> Option<Vec<std::sync::Arc<dyn $object>>> {
                None
            }
        }

        $crate::classes::class_list! {
            @tuples $list $class $object () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F)
        }
    };
    (@tuples $list:ident $class:ident $object:ident $(($($name:ident)*))*) => {$(
        impl<$($name: $class + 'static),*> $list for ($($name,)*) {
            #[allow(non_snake_case, reason = "the names are those of the types")]
            fn into_list(self) -> Option<Vec<std::sync::Arc<dyn $object>>> {
                let ($($name,)*) = self;
                Some(vec![$(std::sync::Arc::new($name)),*])
            }
        }
    )*};
}

/// Declares the trait of what a view may name as one class: a value, `()` for none, [`Inherit`].
macro_rules! class_choice {
    ($(#[$doc:meta])* $choice:ident of $class:ident as $object:ident) => {
        $(#[$doc])*
        pub trait $choice {
            /// The class, if it is chosen here; within it, `None` for none.
            fn into_class(self) -> Option<Option<std::sync::Arc<dyn $object>>>;
        }

        #[diagnostic::do_not_recommend]
        impl<T: $class + 'static> $choice for T {
            fn into_class(self) -> Option<Option<std::sync::Arc<dyn $object>>> {
                Some(Some(std::sync::Arc::new(self)))
            }
        }

        impl $choice for () {
            fn into_class(self) -> Option<Option<std::sync::Arc<dyn $object>>> {
                Some(None)
            }
        }

        impl $choice for $crate::classes::Inherit {
            fn into_class(self) -> Option<Option<std::sync::Arc<dyn $object>>> {
                None
            }
        }
    };
}

pub(crate) use {class_choice, class_list};
