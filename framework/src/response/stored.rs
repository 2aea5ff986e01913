//! Responses that are kept.

use actix_web::http::header::HeaderMap;

use super::ResponseBody;

/// What is kept of a URL.
#[derive(Debug)]
pub(crate) enum Stored {
    /// The request headers that its responses vary on, and whether they do on the user.
    Varies { headers: Vec<String>, by_user: bool },
    /// A response with the status 200.
    Page {
        headers: HeaderMap,
        body: ResponseBody,
        /// The second in which it expires, and the seconds for which it was kept.
        expires: i64,
        lifetime: i64,
    },
}
