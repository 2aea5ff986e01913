//! Warnings when a site is built (`check --deploy`).

use crate::settings::{Settings, secret};

/// Logs settings that a site in production should not have.
pub(super) fn warn(settings: &Settings) {
    warn_of_proxies(settings);
    if settings.debug {
        return;
    }
    let keys = std::iter::once(("SECRET_KEY", &settings.secret_key))
        .chain(settings.secret_key_fallbacks.iter().map(|key| ("SECRET_KEY_FALLBACKS", key)));
    for (name, key) in keys {
        if secret::is_weak(key) {
            tracing::warn!(
                "{name} has a key with fewer than 50 characters or 5 different ones, or one that \
                 starts with `django-insecure-`; use a long random text"
            );
        }
    }
    if settings.allowed_hosts.is_empty() {
        tracing::warn!(
            "ALLOWED_HOSTS is empty and DEBUG is off: every request will get status 400"
        );
    }
}

/// Behind a proxy that is not counted in `NUM_PROXIES`, every client has the proxy's address, and
/// limits by address apply to all of them together.
fn warn_of_proxies(settings: &Settings) {
    let behind = settings.use_x_forwarded_host
        || settings.use_x_forwarded_port
        || settings.secure.proxy_ssl_header.is_some();
    if behind && matches!(settings.throttle.num_proxies, None | Some(0)) {
        tracing::warn!(
            "the settings imply a proxy, but NUM_PROXIES counts none: all clients share the proxy's \
             address, so one client's failed logins can lock out an account's owner; set \
             NUM_PROXIES to the number of proxies that append to X-Forwarded-For"
        );
    }
}
