use quintet::db::StartupError;
use quintet::test::TestSite;
use serde_json::{Value, json};
use snippets::nested::site;

async fn start() -> Result<TestSite, StartupError> {
    let site = crate::EMPTY.sqlite().await?.site(site)?;
    site.create_tables().await?;
    Ok(site)
}

fn order(lines: &Value) -> Value {
    json!({"customer": "Ada", "lines": lines})
}

#[quintet::test]
async fn an_order_is_stored_with_its_lines() -> Result<(), StartupError> {
    let site = start().await?;
    let client = site.client().await;
    let lines = json!([{"product": "tea", "quantity": 2}, {"product": "milk", "quantity": 1}]);
    let stored = json!({"id": 1, "customer": "Ada", "lines": lines});
    let response = client.post("/api/orders/").json(&order(&lines)).await;
    assert_eq!((response.status(), response.json()), (201, stored.clone()));
    let response = site.assert_num_queries(2, async || client.get("/api/orders/").await).await;
    assert_eq!(response.json(), json!([stored]));
    Ok(())
}

#[quintet::test]
async fn lines_are_replaced_if_they_are_sent() -> Result<(), StartupError> {
    let site = start().await?;
    let client = site.client().await;
    let (tea, milk) =
        (json!({"product": "tea", "quantity": 2}), json!({"product": "milk", "quantity": 1}));
    client.post("/api/orders/").json(&order(&json!([tea]))).await;
    let response = client.patch("/api/orders/1/").json(&json!({"customer": "Bob"})).await;
    assert_eq!(response.json(), json!({"id": 1, "customer": "Bob", "lines": [tea]}));
    let response = client.put("/api/orders/1/").json(&order(&json!([milk]))).await;
    assert_eq!(response.json(), json!({"id": 1, "customer": "Ada", "lines": [milk]}));
    Ok(())
}

#[quintet::test]
async fn a_wrong_line_is_named_and_nothing_is_stored() -> Result<(), StartupError> {
    let site = start().await?;
    let client = site.client().await;
    let lines = json!([{"product": "tea", "quantity": 0}]);
    let response = client.post("/api/orders/").json(&order(&lines)).await;
    let message = "Ensure this value is greater than or equal to 1.";
    let messages = json!({"lines": {"0": {"quantity": [message]}}});
    assert_eq!((response.status(), response.json()), (400, messages));
    assert_eq!(client.get("/api/orders/").await.json(), json!([]));
    Ok(())
}
