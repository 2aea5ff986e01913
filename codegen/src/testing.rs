//! What the tests of the macros share.

use proc_macro2::TokenStream;

/// The texts of `compile_error!`, in their order.
pub(crate) fn mistakes(written: &TokenStream) -> Vec<String> {
    let text = written.to_string();
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("compile_error ! {") {
        rest = &rest[at + "compile_error ! {".len()..];
        let literal = rest.split(" }").next().expect("it ends").trim();
        let literal: syn::LitStr = syn::parse_str(literal).expect("a text");
        found.push(literal.value());
    }
    found
}

/// Code as text without spaces, and without commas before closing brackets.
pub(crate) fn squeezed(code: &TokenStream) -> String {
    let text = code.to_string().replace([' ', '\n'], "").replace("[doc=r\"", "[doc=\"");
    [")", "]", "}"].iter().fold(text, |text, end| text.replace(&format!(",{end}"), end))
}

/// Both are the same code.
#[track_caller]
pub(crate) fn assert_code(written: &TokenStream, expected: &TokenStream) {
    let (written, expected) = (squeezed(written), squeezed(expected));
    if written != expected {
        let same = written.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
        let from = |text: &str| text.get(same.saturating_sub(80)..).unwrap_or(text).to_owned();
        panic!("written:\n{}\n\nexpected:\n{}", from(&written), from(&expected));
    }
}

/// The items of `written` that `chosen` picks.
pub(crate) fn items(written: TokenStream, chosen: fn(&syn::Item) -> bool) -> TokenStream {
    let file: syn::File = syn::parse2(written).expect("items");
    file.items.into_iter().filter(chosen).map(quote::ToTokens::into_token_stream).collect()
}
