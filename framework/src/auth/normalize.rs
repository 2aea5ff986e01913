//! Names and addresses as accounts keep them.

/// An e-mail address with its domain in lower case (`BaseUserManager.normalize_email`): the part
/// before the `@` may mind the case, the domain never does.
pub fn normalize_email(email: &str) -> String {
    match email.trim().rsplit_once('@') {
        Some((name, domain)) => format!("{name}@{}", domain.to_lowercase()),
        None => email.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_domain_is_put_into_lower_case() {
        assert_eq!(normalize_email("Ada@EXAMPLE.Com"), "Ada@example.com");
        assert_eq!(normalize_email("a@B@C"), "a@B@c");
        assert_eq!(normalize_email("Nowhere"), "Nowhere");
    }
}
