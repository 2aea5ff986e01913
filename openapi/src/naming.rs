//! Operation ids, tags and component names by drf-spectacular's rules, so that clients
//! generated from its documents keep their names.

use std::collections::BTreeSet;

/// The words of a path after the prefix, without captures.
pub(crate) fn words<'a>(path: &'a str, prefix: &str) -> Vec<&'a str> {
    let rest = match path.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => &path[prefix.len()..],
        _ => path,
    };
    rest.split('/').filter(|word| !word.is_empty() && !word.starts_with('{')).collect()
}

/// The common prefix of all paths, in whole segments; `/` for a single path.
pub(crate) fn common_prefix<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    let paths: BTreeSet<&str> = paths.into_iter().collect();
    // The paths between the first and the last in order share what those two share.
    let (Some(first), Some(last)) = (paths.first(), paths.last()) else { return "/".into() };
    if first == last {
        return "/".into();
    }
    let shared = first.split('/').zip(last.split('/')).take_while(|(a, b)| a == b).map(|(a, _)| a);
    let mut prefix = shared.collect::<Vec<_>>().join("/");
    if prefix.is_empty() {
        prefix.push('/');
    }
    prefix
}

/// `playlists_tracks_create` from `/api/playlists/{id}/tracks/` and `create`.
pub(crate) fn operation_id(words: &[&str], action: &str) -> String {
    let mut id = String::new();
    for word in words {
        id.push_str(&word.replace('-', "_"));
        id.push('_');
    }
    if id.is_empty() {
        id.push_str("root_");
    }
    id + action
}

/// `MediaType` from `media_type`.
pub(crate) fn camelize(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = true;
    for letter in name.chars() {
        if letter == '_' && !upper {
            upper = true;
        } else if upper {
            out.extend(letter.to_uppercase());
            upper = false;
        } else {
            out.push(letter);
        }
    }
    out
}

/// Reserves a unique name, appending the first free number if it is taken.
pub(crate) fn claim(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2_u32;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}{number}");
        number += 1;
    }
    name
}

/// A name as OpenAPI allows it for a component: letters, digits, `.`, `-` and `_`.
pub(crate) fn component_name(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_and_the_prefix_are_left_out_of_operation_ids() {
        let words = words("/api/media-types/{id}/by-name/", "/api/");
        assert_eq!(words, ["media-types", "by-name"]);
        assert_eq!(operation_id(&words, "retrieve"), "media_types_by_name_retrieve");
    }

    #[test]
    fn the_root_is_called_root() {
        assert_eq!(operation_id(&words("/api/", "/api/"), "retrieve"), "root_retrieve");
    }

    #[test]
    fn the_common_prefix_is_whole_words_of_all_paths() {
        assert_eq!(common_prefix(["/api/tracks/", "/api/trackers/", "/api/a/{id}/"]), "/api");
        assert_eq!(common_prefix(["/api/tracks/"]), "/");
        assert_eq!(common_prefix(["/a/", "/b/"]), "/");
        assert_eq!(common_prefix([]), "/");
    }

    #[test]
    fn a_prefix_in_the_middle_of_a_letter_is_no_prefix() {
        assert_eq!(words("/é/x/", "/é"), ["x"]);
        assert_eq!(words("/é/x/", "/e"), ["é", "x"]);
        assert_eq!(words("/éa/", "/12"), ["éa"]);
    }

    #[test]
    fn field_names_become_camel_case() {
        assert_eq!(camelize("media_type"), "MediaType");
        assert_eq!(camelize("choice"), "Choice");
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut taken = BTreeSet::new();
        assert_eq!(claim(&mut taken, "Error"), "Error");
        assert_eq!(claim(&mut taken, "Error"), "Error2");
        assert_eq!(claim(&mut taken, "Error"), "Error3");
    }
}
