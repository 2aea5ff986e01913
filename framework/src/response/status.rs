//! What a status says (`rest_framework.status`).
//!
//! ```
//! use quintet::response::status;
//!
//! assert!(status::is_success(201) && !status::is_success(304));
//! assert!(status::is_client_error(404));
//! ```

/// Whether a status is informational: 100 to 199.
pub const fn is_informational(code: u16) -> bool {
    matches!(code, 100..=199)
}

/// Whether a status is a success: 200 to 299.
pub const fn is_success(code: u16) -> bool {
    matches!(code, 200..=299)
}

/// Whether a status is a redirect: 300 to 399.
pub const fn is_redirect(code: u16) -> bool {
    matches!(code, 300..=399)
}

/// Whether a status is an error of the client: 400 to 499.
pub const fn is_client_error(code: u16) -> bool {
    matches!(code, 400..=499)
}

/// Whether a status is an error of the server: 500 to 599.
pub const fn is_server_error(code: u16) -> bool {
    matches!(code, 500..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hundred_is_of_one_class() {
        let classes = [is_informational, is_success, is_redirect, is_client_error, is_server_error];
        for (at, is) in classes.iter().enumerate() {
            let first = 100 * (u16::try_from(at).unwrap() + 1);
            assert!(is(first) && is(first + 99) && !is(first - 1) && !is(first + 100), "{first}");
        }
    }
}
