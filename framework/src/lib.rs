//! Quintet: a REST framework for actix-web and diesel that answers as Django REST framework does.

#[cfg(test)]
extern crate self as quintet;

pub mod db;
pub mod exceptions;
pub mod fields;
pub mod filters;
pub mod pagination;
pub mod request;
pub mod response;
