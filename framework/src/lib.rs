//! Quintet: a REST framework for actix-web and diesel that answers as Django REST framework does.

pub mod db;
pub mod exceptions;
pub mod fields;
pub mod parsers;
pub mod request;
pub mod response;
pub mod validators;
