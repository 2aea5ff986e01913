//! Bodies, from bytes to what fields read (`rest_framework.parsers`).

mod charset;
mod json;

pub use json::{decode, parse};
