//! What `#[model]` writes, and what it says when it cannot.

mod expansion;
mod inherit;
mod rules;

use proc_macro2::TokenStream;

use super::model;
use crate::testing::mistakes;

/// The mistakes of a model, whose implementation is there all the same.
fn refused(args: TokenStream, item: &TokenStream) -> Vec<String> {
    let written = model(args, item);
    let text = written.to_string();
    assert!(text.contains(":: quintet :: db :: Model for"), "{text}");
    assert!(!text.contains("# [field"), "the attributes are gone: {text}");
    mistakes(&written)
}
