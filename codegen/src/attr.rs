//! Pieces of attributes that several macros parse alike.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Lit, LitBool, LitInt, Result, Token};

use crate::errors::Errors;

/// A word alone is `true`: `unique`, `unique = false`.
pub(crate) fn flag(meta: &ParseNestedMeta<'_>) -> Result<bool> {
    if meta.input.peek(Token![=]) {
        return Ok(meta.value()?.parse::<LitBool>()?.value);
    }
    Ok(true)
}

/// A bound of numbers: as it is written, and what it says.
pub(crate) struct Number {
    /// The number without `_`: `1000000`, `-1.5`.
    pub(crate) text: String,
    /// Where it is written.
    pub(crate) tokens: TokenStream,
}

/// `= 1`, `= -1_000`, `= "0.99"`. A macro does not know the value of a constant.
pub(crate) fn number(meta: &ParseNestedMeta<'_>) -> Result<Number> {
    let value: Expr = meta.value()?.parse()?;
    let text = match &value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => text.value(),
            Lit::Int(number) => number.base10_digits().to_owned() + number.suffix(),
            Lit::Float(number) => number.base10_digits().to_owned() + number.suffix(),
            other => other.to_token_stream().to_string(),
        },
        other => other.to_token_stream().to_string().replace(' ', ""),
    };
    let text = text.replace('_', "");
    let digits = text.strip_prefix('-').unwrap_or(&text);
    if digits.parse::<f64>().is_ok() && digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(Number { text, tokens: value.to_token_stream() });
    }
    let message = "write the number itself: `1`, `-1.5`, `1_000` or `\"0.99\"`; the macro does not \
                   know the value of a constant";
    Err(Error::new_spanned(value, message))
}

/// `(10, 2)`
pub(crate) fn digits(meta: &ParseNestedMeta<'_>) -> Result<(LitInt, LitInt)> {
    in_parentheses(meta.input, |content| {
        let digits = content.parse()?;
        content.parse::<Token![,]>()?;
        Ok((digits, content.parse()?))
    })
}

/// `(..)`, whose rest is passed over after a mistake.
pub(crate) fn in_parentheses<T>(
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> Result<T>,
) -> Result<T> {
    let content;
    syn::parenthesized!(content in input);
    let result = parse(&content);
    if result.is_err() {
        content.parse::<TokenStream>()?;
    }
    result
}

/// Reads an entry. After a mistake the next one is read all the same, so that all are reported.
pub(crate) fn entry(
    meta: &ParseNestedMeta<'_>,
    errors: &mut Errors,
    read: impl FnOnce(&ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    if errors.take(read(meta)).is_none() {
        while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
            meta.input.parse::<TokenTree>()?;
        }
    }
    Ok(())
}

/// `(a, b)`: any number of them, with commas between them.
pub(crate) fn listed<T>(
    input: ParseStream<'_>,
    item: fn(ParseStream<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let items = in_parentheses(input, |content| content.parse_terminated(item, Token![,]))?;
    Ok(items.into_iter().collect())
}

/// `(id, type)`
pub(crate) fn names(input: ParseStream<'_>) -> Result<Vec<Ident>> {
    listed(input, |item| item.call(Ident::parse_any))
}

/// `= value`
pub(crate) fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// The word that an entry starts with.
pub(crate) fn word<'a>(meta: &'a ParseNestedMeta<'_>, words: &[&str]) -> Result<&'a Ident> {
    let one_of = || meta.error(format!("expected one of {}", list(words)));
    meta.path.get_ident().ok_or_else(one_of)
}

/// The message for a word that no attribute has.
pub(crate) fn unknown(word: &Ident, words: &[&str]) -> Error {
    let message = format!("unknown option `{word}`; {}", choice(&word.to_string(), words));
    Error::new(word.span(), message)
}

/// The words that there are, for a message; the one that was probably meant first.
pub(crate) fn choice(written: &str, words: &[&str]) -> String {
    let all = list(words);
    match nearest(written, words) {
        Some(meant) => format!("did you mean `{meant}`? There are {all}"),
        None => format!("one of {all}"),
    }
}

/// The word that was probably meant: the one that takes the fewest letters to change, two at most
/// and less than half of them.
fn nearest<'a>(written: &str, words: &[&'a str]) -> Option<&'a str> {
    let near = words.iter().map(|word| (distance(written, word), *word));
    let (changes, word) = near.min_by_key(|(changes, _)| *changes)?;
    (changes <= 2 && changes * 2 < word.len()).then_some(word)
}

/// How many letters have to be added, left out or replaced; neighbours that change places are one.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (at, letter) in from.iter().enumerate() {
        let mut row = vec![at + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = rows[at][column] + usize::from(letter != other);
            let mut least = replaced.min(rows[at][column + 1] + 1).min(row[column] + 1);
            let is_swap =
                at > 0 && column > 0 && *letter == to[column - 1] && from[at - 1] == *other;
            if is_swap {
                least = least.min(rows[at - 1][column - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

/// `` `a`, `b` ``
pub(crate) fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use syn::parse::Parser as _;

    use super::*;

    fn read(tokens: &str) -> Result<String> {
        let mut found = String::new();
        let parser = syn::meta::parser(|meta| {
            found = number(&meta)?.text;
            Ok(())
        });
        parser.parse_str(tokens)?;
        Ok(found)
    }

    #[test]
    fn a_number_may_be_grouped_negative_and_quoted() {
        for (written, meant) in [
            ("least = 1_000_000", "1000000"),
            ("least = -1.5", "-1.5"),
            ("least = 1e6", "1e6"),
            ("least = \"0.99\"", "0.99"),
            ("least = 0xff", "255"),
        ] {
            assert_eq!(read(written).ok().as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn a_word_is_told_from_its_misspelling() {
        let words = ["unique", "regex", "max_length", "field"];
        for (written, meant) in [
            ("uniqe", Some("unique")),
            ("maxlength", Some("max_length")),
            ("feild", Some("field")),
            ("reg", Some("regex")),
            ("colour", None),
            ("index", None),
        ] {
            assert_eq!(nearest(written, &words), meant, "{written}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for written in
            ["least = MIN_YEAR", "least = \"many\"", "least = 1i32", "least = inf", "least = 1 + 1"]
        {
            let message = read(written).expect_err(written).to_string();
            assert!(message.starts_with("write the number itself: `1`"), "{message}");
        }
    }
}
