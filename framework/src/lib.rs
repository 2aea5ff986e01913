//! Quintet: a REST framework for actix-web and diesel that answers as Django REST framework does.

pub mod auth;
pub mod authentication;
pub mod db;
pub mod exceptions;
pub mod fields;
pub mod middleware;
pub mod negotiation;
pub mod parsers;
pub mod permissions;
pub mod renderers;
pub mod request;
pub mod response;
pub mod reverse;
pub mod routers;
pub mod settings;
pub mod site;
pub mod throttling;
pub mod views;
