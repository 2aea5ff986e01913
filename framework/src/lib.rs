//! Quintet: a REST framework for actix-web and diesel that answers as Django REST framework does.

extern crate self as quintet;

pub mod auth;
pub mod db;
pub mod exceptions;
pub mod fields;
pub mod parsers;
pub mod request;
pub mod response;
pub mod validators;

pub use quintet_codegen::model;
