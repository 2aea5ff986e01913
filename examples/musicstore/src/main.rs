//! Example.
mod loader;
fn main() {}
