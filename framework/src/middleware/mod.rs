//! What stands around every view: allowed hosts, the redirect to the slash, security headers and
//! Django's plain pages (`django.middleware`).

mod hosts;
mod pages;
mod security;
mod slash;

pub use hosts::allowed_host;
pub(crate) use pages::page;
pub(crate) use security::secure;
pub(crate) use slash::{decode_path, redirect_to};
