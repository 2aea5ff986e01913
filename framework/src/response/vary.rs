//! `Vary` (`patch_vary_headers`).

use actix_web::http::header::{HeaderValue, VARY};

use super::Response;

impl Response {
    /// Adds these request headers to `Vary`, because the response depends on them; none is named
    /// twice.
    pub fn vary_on(&mut self, names: &[&str]) {
        let mut all: Vec<String> = self
            .headers
            .get_all(VARY)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        for name in names {
            if !all.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                all.push((*name).to_owned());
            }
        }
        if all.iter().any(|name| name == "*") {
            all = vec!["*".to_owned()];
        }
        if let Ok(value) = HeaderValue::from_str(&all.join(", "))
            && !all.is_empty()
        {
            self.headers.insert(VARY, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once_and_a_star_stands_for_all() {
        let mut response = Response::empty(200).with_header(VARY, "Accept, origin");
        response.vary_on(&["Cookie", "Origin"]);
        response.vary_on(&["cookie"]);
        assert_eq!(response.headers.get(VARY).unwrap(), "Accept, origin, Cookie");
        response.vary_on(&["*"]);
        assert_eq!(response.headers.get(VARY).unwrap(), "*");
        let mut response = Response::empty(200);
        response.vary_on(&[]);
        assert!(!response.headers.contains_key(VARY));
    }
}
