//! Keys that are too easy to guess (`django.core.checks.security.base`).

/// The shortest key that raises no warning, in characters.
const SHORTEST: usize = 50;
/// The fewest different characters.
const FEWEST: usize = 5;
/// What the keys that Django makes for a new project start with.
const INSECURE: &str = "django-insecure-";

/// True for a key that Django's `check --deploy` warns about (W009, W025).
pub(crate) fn is_weak(key: &str) -> bool {
    let different: std::collections::HashSet<char> = key.chars().collect();
    key.chars().count() < SHORTEST || different.len() < FEWEST || key.starts_with(INSECURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_monotonous_and_published_keys_are_weak() {
        let good = "9J-u2m5k_c7rXw0eQz4tLs8vBn1yHd6gPaKf3iOqUxWbEjTyRl";
        assert!(!is_weak(good));
        assert!(is_weak(&good[1..]));
        assert!(is_weak(&"abcd".repeat(20)));
        assert!(is_weak(&format!("django-insecure-{good}")));
    }
}
