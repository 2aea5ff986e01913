//! What stands around every view: allowed hosts, the redirect to the slash, security headers and
//! Django's plain pages (`django.middleware`), and scripts of other sites.

#[cfg(feature = "cors")]
mod cors;
mod hosts;
mod pages;
mod security;
mod slash;

#[cfg(feature = "cors")]
pub(crate) use cors::CorsPolicy;
#[cfg(feature = "cors")]
pub use cors::{Cors, CorsService};
pub use hosts::allowed_host;
pub(crate) use pages::page;
pub(crate) use security::Security;
pub(crate) use slash::{decode_path, moved, redirect_to};
