//! Quintet: a REST framework for actix-web and diesel that answers as Django REST framework does.

extern crate self as quintet;

pub mod auth;
pub mod authentication;
pub mod db;
pub mod exceptions;
pub mod fields;
pub mod filters;
pub mod generics;
pub mod middleware;
pub mod mixins;
pub mod negotiation;
pub mod pagination;
pub mod parsers;
pub mod permissions;
pub mod prelude;
pub mod renderers;
pub mod request;
pub mod response;
pub mod reverse;
pub mod routers;
#[cfg(feature = "openapi")]
pub mod schemas;
pub mod serializers;
pub mod settings;
pub mod site;
pub mod throttling;
pub mod validators;
pub mod views;
pub mod viewsets;

pub use quintet_codegen::model;
