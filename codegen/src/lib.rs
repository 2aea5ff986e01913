//! The macros of quintet. Documented where `quintet` re-exports them.

mod errors;
mod model;

use proc_macro::TokenStream;

/// Makes a struct a model. See `quintet::db::model`.
#[proc_macro_attribute]
pub fn model(args: TokenStream, item: TokenStream) -> TokenStream {
    model::model(args.into(), item.into()).into()
}
