//! Swagger UI of the store in a browser that can reach nothing else.

use std::collections::BTreeSet;

use quintet_tests::browser::Browser;
use quintet_tests::client::Client;
use quintet_tests::store::{On, Store};
use serde_json::Value;

/// A key of a superuser.
const KEY: &str = "a9538556595218ad76e26b9286938b0258ae71a7";

/// An operation that is for users only.
const OPERATION: &str = "#operations-employees-employees_list";

/// Sends the request of [`OPERATION`] and waits for the status that the page shows.
fn execute(browser: &mut Browser, status: &str) {
    browser.click(&format!("{OPERATION} .btn.execute"));
    let shown = format!(
        "document.querySelector('{OPERATION} .live-responses-table tbody .response-col_status')"
    );
    browser.wait(&format!("{shown}?.textContent.trim().startsWith('{status}')"));
}

#[actix_web::test]
async fn the_page_lists_every_operation_and_sends_an_authorised_request() {
    let Some(mut browser) = Browser::start() else {
        println!("skipped: there is no Chromium; QUINTET_TEST_CHROMIUM names one");
        return;
    };
    let store = Store::new(On::Sqlite);
    let address = store.server.address();
    let document = Client::new(address).get("/api/schema/?format=json").json();
    let url = format!("http://{address}/api/docs/");
    browser.call("Page.navigate", &serde_json::json!({"url": url}));

    let known: BTreeSet<String> = document["paths"]
        .as_object()
        .expect("the document has paths")
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    browser.wait("document.querySelector('.opblock') !== null");
    let listed = browser.eval(
        "[...document.querySelectorAll('.opblock')].map(block => \
         block.querySelector('.opblock-summary-method').textContent + ' ' + \
         block.querySelector('.opblock-summary-path').dataset.path)",
    );
    let listed: Vec<String> = serde_json::from_value(listed).expect("a list of texts");
    assert_eq!(listed.len(), known.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), known);

    browser.click(&format!("{OPERATION} .opblock-summary-control"));
    browser.click(&format!("{OPERATION} .try-out__btn"));
    execute(&mut browser, "401");

    browser.click(".scheme-container .btn.authorize");
    browser.wait("document.querySelector('.modal-ux .auth-container input') !== null");
    browser.eval(
        "[...document.querySelectorAll('.modal-ux .auth-container')]\
         .find(one => one.textContent.includes('tokenAuth')).id = 'token-auth'",
    );
    browser.type_into("#token-auth input", &format!("Token {KEY}"));
    browser.click("#token-auth .btn.authorize");
    browser.wait("document.querySelector('#token-auth input') === null");
    browser.click(".modal-ux .btn-done");
    execute(&mut browser, "200");
    let body = browser.wait(&format!(
        "document.querySelector('{OPERATION} .live-responses-table .response-col_description .microlight, \
         {OPERATION} .live-responses-table .response-col_description code')?.textContent"
    ));
    let body: Value =
        serde_json::from_str(body.as_str().unwrap_or_default()).expect("the page shows JSON");
    assert_eq!(body["results"][0]["last_name"], "Adams");

    // nothing of it stays on the machine, nor what an earlier release left there
    let kept = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])";
    assert_eq!(browser.eval(kept), "[[],[]]");
    browser.eval("localStorage.setItem('authorized', '{\"basicAuth\": \"a password\"}')");
    browser.eval("window.before = true");
    browser.call("Page.reload", &serde_json::json!({}));
    browser.wait("!window.before && document.querySelector('.opblock') !== null");
    assert_eq!(browser.eval(kept), "[[],[]]");
    browser.wait("document.querySelector('.scheme-container .btn.authorize.unlocked') !== null");

    let sent: Vec<&Value> = browser
        .events
        .iter()
        .filter(|event| event["method"] == "Network.requestWillBeSent")
        .map(|event| &event["params"]["request"])
        .collect();
    let last = sent.iter().rfind(|request| {
        request["url"].as_str().is_some_and(|url| url.contains("/api/employees/"))
    });
    let header = last.map(|request| &request["headers"]["Authorization"]);
    assert_eq!(header.and_then(Value::as_str), Some(format!("Token {KEY}").as_str()));
    let origin = format!("http://{address}/");
    for request in sent {
        let url = request["url"].as_str().unwrap_or_default();
        assert!(url.starts_with(&origin) || url.starts_with("data:"), "the page asks for {url}");
    }
}
