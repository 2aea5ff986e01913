//! The page for a request that failed the CSRF check (`django.views.csrf.csrf_failure`).

use crate::response::Response;

/// Django's page for a refused request.
pub(crate) fn failure_page(reason: &str, path: &str) -> Response {
    tracing::warn!(path, "forbidden: {reason}");
    let hint = match reason {
        "Referer checking failed - no Referer." => {
            "<p>Over HTTPS this site needs your browser to send a \u{201c}Referer\u{201d} header, and \
             none was sent. It protects you from pages of others that act in your name. If your \
             browser keeps the header back, allow it for this site.</p>"
        }
        "CSRF cookie not set." => {
            "<p>This site needs a cookie when forms are sent, and none was sent. It protects you \
             from pages of others that act in your name. If your browser keeps cookies back, allow \
             them for this site.</p>"
        }
        _ => "",
    };
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  \
         <meta name=\"robots\" content=\"noindex\">\n  <title>403 Forbidden</title>\n</head>\n<body>\n  \
         <h1>Forbidden <span>(403)</span></h1>\n  <p>CSRF verification failed. Request \
         aborted.</p>\n  {hint}\n</body>\n</html>\n"
    );
    Response::html(html).with_status(403)
}
