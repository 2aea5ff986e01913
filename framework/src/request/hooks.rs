//! User functions that may take the request context.

/// Writes a trait for user functions, and implements it for functions of the listed shapes. Each
/// shape may end in `&Context`, the counterpart of `self.context["request"]`. The trait's last
/// parameter is the shape, so that no two implementations overlap; a user's type may implement the
/// trait with any other shape, such as `()`.
macro_rules! hook {
    (
        $(#[$meta:meta])*
        $name:ident[$($param:ident),*]($($arg:ident: $type:ty),*) -> $answer:ty,
        or ($($other:ty),*)
    ) => {
        $crate::request::hook! {
            $(#[$meta])*
            $name[$($param),*]($($arg: $type),*) -> $answer
        }
        $crate::request::hook!(@ $name [$($param),*] [$($arg: $type),*] [$($other),*] $answer);
    };
    (
        $(#[$meta:meta])*
        $name:ident[$($param:ident),*]($($arg:ident: $type:ty),*) -> $answer:ty
    ) => {
        $(#[$meta])*
        pub trait $name<$($param,)* Shape>: Send + Sync + 'static {
            /// Calls it.
            fn call(&self, $($arg: $type,)* cx: &$crate::request::Context) -> $answer;
        }

        $crate::request::hook!(@ $name [$($param),*] [$($arg: $type),*] [$($type),*] $answer);
    };
    (
        @ $name:ident [$($param:ident),*] [$($arg:ident: $type:ty),*] [$($taken:ty),*] $answer:ty
    ) => {
        impl<$($param,)* Hook> $name<$($param,)* fn($($taken),*) -> $answer> for Hook
        where
            Hook: Fn($($taken),*) -> $answer + Send + Sync + 'static,
        {
            fn call(&self, $($arg: $type,)* _: &$crate::request::Context) -> $answer {
                self($($arg),*)
            }
        }

        impl<$($param,)* Hook>
            $name<$($param,)* fn($($taken,)* &$crate::request::Context) -> $answer> for Hook
        where
            Hook: Fn($($taken,)* &$crate::request::Context) -> $answer + Send + Sync + 'static,
        {
            fn call(&self, $($arg: $type,)* cx: &$crate::request::Context) -> $answer {
                self($($arg,)* cx)
            }
        }
    };
}

pub(crate) use hook;
