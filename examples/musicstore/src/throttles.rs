//! Views with limits.

use quintet::prelude::*;
use quintet::throttling::*;
use serde_json::json;

/// The rate of each scope.
pub const RATES: [(&str, &str); 4] =
    [("burst", "3/min"), ("anon", "2/min"), ("user", "3/min"), ("hourly", "1/hour")];

/// One call an hour for each value of the X-Client header; none without it.
pub struct HeaderThrottle;

impl SimpleRateThrottle for HeaderThrottle {
    fn scope(&self) -> &str {
        "hourly"
    }

    fn get_cache_key(&self, cx: &Context) -> Option<String> {
        let client = cx.request.header("x-client").filter(|client| !client.is_empty())?;
        Some(self.format_key(&client))
    }
}

async fn ok(_: &mut Context) -> Result<Response> {
    Response::new(&json!({"ok": true}))
}

async fn client(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({"client": cx.request.header("x-client")}))
}

pub fn scoped() -> ApiView {
    let view = ApiView::new("Scoped Throttle").permissions(AllowAny).get(ok).post(ok);
    view.throttles(ScopedRateThrottle).throttle_scope("burst")
}

pub fn user() -> ApiView {
    let view = ApiView::new("User Throttle").permissions(AllowAny).get(ok);
    view.throttles((AnonRateThrottle::new(), UserRateThrottle::new()))
}

pub fn header() -> ApiView {
    let view = ApiView::new("Header Throttle").permissions(AllowAny).throttles(HeaderThrottle);
    view.description("One call an hour for each X-Client.").without_head().get(client)
}
