//! Form input: pairs of strings, converted into the shape that fields read (`Field.get_value` for
//! HTML input, `rest_framework.utils.html`).
//!
//! | field | keys |
//! | --- | --- |
//! | a list | the name repeated, or `name[0]`, `name[1]` |
//! | a dictionary | `name.key` |
//! | a nested object | `name.field` |
//! | a list of nested objects | `name[0]field` |

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::kind::FieldKind;
use super::{Field, Raw};
use crate::files::UploadedFile;

/// One value of a form.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum FormValue<'a> {
    /// The text of a field.
    Text(&'a str),
    /// A file.
    File(&'a UploadedFile),
}

impl<'a> FormValue<'a> {
    pub(crate) fn raw(self) -> Raw<'a> {
        match self {
            Self::Text(value) => text(value),
            Self::File(file) => Raw::File(file.clone()),
        }
    }
}

type Pairs<'a> = Vec<(&'a str, FormValue<'a>)>;

/// The input of a form as an object with one entry per field that was given: its texts in order, then its
/// files.
pub fn to_raw<'a>(
    fields: &[Field],
    values: impl IntoIterator<Item = (&'a str, FormValue<'a>)>,
    partial: bool,
) -> Raw<'a> {
    let pairs: Pairs<'a> = values.into_iter().collect();
    object(fields, &pairs, partial)
}

/// The input of a form as a list of objects, from the keys `[0]name`, `[1]name`; empty without such
/// keys (`ListSerializer.to_internal_value`).
pub fn to_raw_list<'a>(
    fields: &[Field],
    values: impl IntoIterator<Item = (&'a str, FormValue<'a>)>,
    partial: bool,
) -> Raw<'a> {
    let pairs: Pairs<'a> = values.into_iter().collect();
    items(fields, &pairs, "", partial).unwrap_or_else(|| Raw::List(Vec::new()))
}

fn object<'a>(fields: &[Field], pairs: &[(&'a str, FormValue<'a>)], partial: bool) -> Raw<'a> {
    let given = fields.iter().filter(|field| field.is_writable()).filter_map(|field| {
        value(field, pairs, partial).map(|raw| (Cow::Borrowed(field.name), raw))
    });
    Raw::Map(given.collect())
}

/// The input of one field; `None` if there is none.
fn value<'a>(field: &Field, pairs: &[(&'a str, FormValue<'a>)], partial: bool) -> Option<Raw<'a>> {
    let name = field.name;
    let last = || pairs.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| *value);
    match &field.kind {
        FieldKind::Hidden | FieldKind::ReadOnly => None,
        FieldKind::List { child, .. } => {
            let repeated = all(pairs, name);
            if repeated.is_empty() {
                list(child, pairs, name, partial)
            } else {
                Some(Raw::List(repeated))
            }
        }
        FieldKind::MultipleChoice { .. } | FieldKind::ManyRelated { .. } => {
            let chosen = all(pairs, name);
            // a form cannot distinguish "none selected" from "absent"
            (!partial || !chosen.is_empty()).then_some(Raw::List(chosen))
        }
        FieldKind::Dict { .. } => {
            let entries = below(pairs, name);
            if entries.is_empty() {
                return last().map(|_| Raw::Map(Vec::new()));
            }
            Some(plain_map(&entries))
        }
        FieldKind::Nested { fields, many: false, .. } => {
            let entries = below(pairs, name);
            (!entries.is_empty()).then(|| object(fields, &entries, partial))
        }
        FieldKind::Nested { fields, many: true, .. } => items(fields, pairs, name, partial),
        FieldKind::Json { .. } => last().map(|value| match value {
            FormValue::Text(text) => Raw::JsonText(Cow::Borrowed(text)),
            FormValue::File(_) => value.raw(),
        }),
        kind => match last() {
            Some(FormValue::Text("")) if field.allow_null || !field.required => {
                if field.allows_blank() {
                    Some(text(""))
                } else {
                    field.allow_null.then_some(Raw::Null)
                }
            }
            Some(value) => Some(value.raw()),
            None if partial => None,
            // an empty checkbox is not sent at all
            None if matches!(kind, FieldKind::Boolean) && field.default.is_none() => {
                Some(if field.allow_null { Raw::Null } else { Raw::Bool(false) })
            }
            None => None,
        },
    }
}

fn text(value: &str) -> Raw<'_> {
    Raw::Text(Cow::Borrowed(value))
}

/// Every value under a name.
fn all<'a>(pairs: &[(&'a str, FormValue<'a>)], name: &str) -> Vec<Raw<'a>> {
    pairs.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.raw()).collect()
}

/// The pairs `name.rest`, under `rest`.
fn below<'a>(pairs: &[(&'a str, FormValue<'a>)], name: &str) -> Pairs<'a> {
    let rest = |key: &'a str| {
        one_line(key.strip_prefix(name)?.strip_prefix('.')?).filter(|r| !r.is_empty())
    };
    pairs.iter().filter_map(|(key, value)| Some((rest(key)?, *value))).collect()
}

/// What `.*$` takes of a text: one line, without the line feed at its end.
fn one_line(text: &str) -> Option<&str> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    (!line.contains('\n')).then_some(line)
}

/// The last value of each key, in the order in which the keys came first
/// (`MultiValueDict.items`).
fn distinct<'a>(pairs: impl Iterator<Item = (&'a str, FormValue<'a>)>) -> Pairs<'a> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut values: Pairs<'a> = Vec::new();
    for (key, value) in pairs {
        let place = *places.entry(key).or_insert(values.len());
        match values.get_mut(place) {
            Some(known) => known.1 = value,
            None => values.push((key, value)),
        }
    }
    values
}

/// The pairs as an object of texts; of equal keys the last one wins.
fn plain_map<'a>(pairs: &[(&'a str, FormValue<'a>)]) -> Raw<'a> {
    let item = |(key, value): (&'a str, FormValue<'a>)| (Cow::Borrowed(key), value.raw());
    Raw::Map(distinct(pairs.iter().copied()).into_iter().map(item).collect())
}

/// One item of `name[0]`: a value, or the pairs `name[0]rest` under `rest`.
enum Item<'a> {
    Value(FormValue<'a>),
    Pairs(Pairs<'a>),
}

/// The objects `name[0]rest`, `name[1]rest`, if there are any.
fn items<'a>(
    fields: &[Field],
    pairs: &[(&'a str, FormValue<'a>)],
    name: &str,
    partial: bool,
) -> Option<Raw<'a>> {
    indexed(pairs, name, |item| match item {
        Item::Value(value) => value.raw(),
        Item::Pairs(inner) => object(fields, &distinct(inner.into_iter()), partial),
    })
}

/// The items of a list of such fields, if there are any.
fn list<'a>(
    child: &Field,
    pairs: &[(&'a str, FormValue<'a>)],
    name: &str,
    partial: bool,
) -> Option<Raw<'a>> {
    if let FieldKind::Nested { fields, .. } = &child.kind {
        return items(fields, pairs, name, partial);
    }
    indexed(pairs, name, |item| match item {
        Item::Value(value) => value.raw(),
        Item::Pairs(inner) => {
            let inner = distinct(inner.into_iter());
            match &child.kind {
                FieldKind::List { child, .. } => {
                    list(child, &inner, "", partial).unwrap_or_else(|| Raw::List(Vec::new()))
                }
                FieldKind::Dict { .. } => plain_map(&below(&inner, "")),
                _ => plain_map(&inner),
            }
        }
    })
}

/// The items `name[0]`, `name[1]` in the order of their numbers. A text takes the place of the
/// parts that came before it, and a part that of a text.
fn indexed<'a>(
    pairs: &[(&'a str, FormValue<'a>)],
    name: &str,
    item: impl Fn(Item<'a>) -> Raw<'a>,
) -> Option<Raw<'a>> {
    let mut items: BTreeMap<Index<'a>, Item<'a>> = BTreeMap::new();
    let ours = pairs.iter().copied().filter(|(key, _)| part(key, name).is_some());
    for (key, value) in distinct(ours) {
        let Some((index, rest)) = part(key, name) else { continue };
        match items.get_mut(&index) {
            _ if rest.is_empty() => {
                items.insert(index, Item::Value(value));
            }
            Some(Item::Pairs(inner)) => inner.push((rest, value)),
            _ => {
                items.insert(index, Item::Pairs(vec![(rest, value)]));
            }
        }
    }
    (!items.is_empty()).then(|| Raw::List(items.into_values().map(item).collect()))
}

/// A number of any length: how many digits it has without leading zeros, then those.
type Index<'a> = (usize, &'a str);

/// The number and the rest of `name[number]rest`.
fn part<'a>(key: &'a str, name: &str) -> Option<(Index<'a>, &'a str)> {
    let (number, rest) = key.strip_prefix(name)?.strip_prefix('[')?.split_once(']')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let digits = number.trim_start_matches('0');
    is_number.then_some(((digits.len(), digits), one_line(rest)?))
}

#[cfg(test)]
mod tests {
    use super::super::python;
    use super::*;

    fn read(fields: &[Field], pairs: &[(&str, &str)], partial: bool) -> String {
        let values = pairs.iter().map(|(key, value)| (*key, FormValue::Text(value)));
        python::text(&to_raw(fields, values, partial)).into_owned()
    }

    #[test]
    fn an_absent_checkbox_is_false_unless_the_update_is_partial() {
        let fields = [
            Field::boolean("plain"),
            Field::boolean("nullable").allow_null(),
            Field::boolean("preset").default(true),
        ];
        assert_eq!(read(&fields, &[], false), "{'plain': False, 'nullable': None}");
        assert_eq!(read(&fields, &[], true), "{}");
        assert_eq!(read(&fields, &[("plain", "on")], true), "{'plain': 'on'}");
    }

    #[test]
    fn an_empty_text_is_null_or_nothing_or_blank() {
        let fields = [
            Field::char("required"),
            Field::char("nullable").allow_null(),
            Field::char("optional").required(false),
            Field::char("blank").required(false).allow_blank(),
            Field::integer("number").allow_null().required(false),
        ];
        let pairs: Vec<_> = fields.iter().map(|field| (field.name, "")).collect();
        assert_eq!(
            read(&fields, &pairs, false),
            "{'required': '', 'nullable': None, 'blank': '', 'number': None}"
        );
    }

    #[test]
    fn lists_are_repeated_or_numbered() {
        let fields = [Field::list("l", Field::integer(""))];
        assert_eq!(read(&fields, &[("l", "1"), ("l", "2")], false), "{'l': ['1', '2']}");
        let numbered = [("l[10]", "c"), ("l[2]", "b"), ("l[x]", "no"), ("l[0]", "a")];
        assert_eq!(read(&fields, &numbered, false), "{'l': ['a', 'b', 'c']}");
        assert_eq!(read(&fields, &[], false), "{}");
        let many = [Field::many_related("m", Field::slug_key(""))];
        assert_eq!(read(&many, &[], false), "{'m': []}");
        assert_eq!(read(&many, &[], true), "{}");
    }

    #[test]
    fn numbers_of_parts_have_any_length_and_name_one_item_however_they_are_written() {
        let fields = [Field::nested("l", vec![Field::char("a"), Field::char("b")], true)];
        let pairs = [
            ("l[99999999999999999999]a", "big"),
            ("l[18446744073709551616]b", "less"),
            ("l[01]a", "x"),
            ("l[001]b", "y"),
            ("l[1]a", "z"),
            ("l[-1]a", "no"),
            ("l[ 0]a", "no"),
            ("l[]a", "no"),
            ("l[0", "no"),
        ];
        assert_eq!(
            read(&fields, &pairs, true),
            "{'l': [{'a': 'z', 'b': 'y'}, {'b': 'less'}, {'a': 'big'}]}"
        );
    }

    #[test]
    fn a_text_and_parts_of_one_item_take_each_others_place_in_the_order_of_their_first_keys() {
        let fields = [Field::nested("l", vec![Field::char("a"), Field::char("b")], true)];
        let mixed = [("l[0]a", "1"), ("l[0]b", "2"), ("l[0]", "x"), ("l[0]b", "3")];
        assert_eq!(read(&fields, &mixed, true), "{'l': ['x']}");
        let behind = [("l[0]", "x"), ("l[0]a", "1"), ("l[0]", "y")];
        assert_eq!(read(&fields, &behind, true), "{'l': [{'a': '1'}]}");
    }

    #[test]
    fn a_line_feed_ends_a_key_and_may_not_stand_within() {
        let fields = [
            Field::list("l", Field::char("")),
            Field::nested("n", vec![Field::char("a")], false),
            Field::list("d", Field::dict("", Field::char(""))),
        ];
        let pairs = [("l[0]\n", "x"), ("l[1]\nz", "no"), ("n.a\n", "y"), ("d[0].k", "v")];
        assert_eq!(read(&fields, &pairs, true), "{'l': ['x'], 'n': {'a': 'y'}, 'd': [{'k': 'v'}]}");
    }

    #[test]
    fn nested_objects_and_dictionaries_have_dotted_keys() {
        let point = vec![Field::integer("x"), Field::boolean("on")];
        let fields = [
            Field::nested("n", point.clone(), false),
            Field::nested("l", point, true),
            Field::dict("d", Field::char("")),
        ];
        assert_eq!(
            read(&fields, &[("n.x", "1"), ("l[0]x", "2"), ("l[0]on", "1"), ("d.a", "b")], false),
            "{'n': {'x': '1', 'on': False}, 'l': [{'x': '2', 'on': '1'}], 'd': {'a': 'b'}}"
        );
        assert_eq!(read(&fields, &[("d", "")], false), "{'d': {}}");
    }

    #[test]
    fn a_form_may_be_a_list() {
        let fields = [Field::char("a"), Field::boolean("on")];
        let read = |pairs: &[(&str, &str)]| {
            let values = pairs.iter().map(|(key, value)| (*key, FormValue::Text(value)));
            python::text(&to_raw_list(&fields, values, false)).into_owned()
        };
        let pairs = [("[1]on", "1"), ("[0]a", "x"), ("[2]", "y"), ("a", "no"), ("[1]a", "z")];
        let items = "[{'a': 'x', 'on': False}, {'a': 'z', 'on': '1'}, 'y']";
        assert_eq!(read(&pairs), items);
        assert_eq!(read(&[("a", "x")]), "[]");
    }

    #[test]
    fn a_json_field_takes_json_text() {
        let fields = [Field::json("j")];
        let raw = to_raw(&fields, [("j", FormValue::Text("[1]"))], false);
        assert_eq!(raw.get("j"), Some(&Raw::JsonText("[1]".into())));
    }

    #[test]
    fn files_stand_behind_texts_alone_in_lists_and_in_parts() {
        let file = UploadedFile::new(crate::files::File::new("a.txt", "1"), "text/plain");
        let fields = [
            Field::file("f"),
            Field::list("l", Field::file("")),
            Field::nested("n", vec![Field::file("g")], true),
        ];
        let value = || FormValue::File(&file);
        let values = [
            ("f", FormValue::Text("text")),
            ("l", value()),
            ("f", value()),
            ("l", value()),
            ("n[0]g", value()),
        ];
        let shown = "<InMemoryUploadedFile: a.txt (text/plain)>";
        assert_eq!(
            python::text(&to_raw(&fields, values, false)),
            format!("{{'f': {shown}, 'l': [{shown}, {shown}], 'n': [{{'g': {shown}}}]}}")
        );
    }
}
