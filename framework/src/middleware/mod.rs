//! What happens around every view: allowed hosts, the redirect to the slash, security headers,
//! sessions, CSRF, CORS and Django's plain pages (`django.middleware`), and [`Middleware`] of your own.

#[cfg(feature = "cors")]
mod cors;
pub mod csrf;
mod hosts;
mod own;
mod pages;
mod security;
mod sessions;
mod slash;

#[cfg(feature = "cors")]
pub(crate) use cors::CorsPolicy;
#[cfg(feature = "cors")]
pub use cors::{Cors, CorsService};
pub use hosts::allowed_host;
pub(crate) use own::Innermost;
pub use own::{DynMiddleware, Middleware, MiddlewareClasses, Next};
pub(crate) use pages::{page, page_at};
pub(crate) use security::Security;
pub(crate) use sessions::{never_cache, process_plain, process_response};
pub(crate) use slash::{behind_script, moved, redirect_to};
