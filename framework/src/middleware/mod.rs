//! What stands around every view: allowed hosts, the redirect to the slash, security headers,
//! sessions, forged requests and Django's plain pages (`django.middleware`).

pub mod csrf;
mod hosts;
mod pages;
mod security;
mod sessions;
mod slash;

pub use hosts::allowed_host;
pub(crate) use pages::page;
pub(crate) use security::secure;
pub(crate) use sessions::{never_cache, process_plain, process_response};
pub(crate) use slash::{decode_path, redirect_to};
