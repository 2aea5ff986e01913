use quintet::db::StartupError;
use quintet::test::{ApiClient, TestSite};
use serde_json::{Value, json};
use snippets::statistics::site;

/// The site on each database, with sales of two countries in two months.
async fn sites() -> Result<Vec<(TestSite, ApiClient)>, StartupError> {
    let mut sites = Vec::new();
    for database in crate::EMPTY.each("QUINTET_TEST_POSTGRES").await? {
        let site = database.site(site)?;
        site.create_tables().await?;
        let client = site.client().await;
        for (country, sold, total) in [
            ("NL", "2024-03-01T00:00:00Z", "10.00"),
            ("NL", "2024-03-31T23:59:59Z", "5.50"),
            ("NL", "2024-04-01T00:00:00Z", "1.00"),
            ("DE", "2024-03-15T12:00:00Z", "20.00"),
            ("DE", "2023-12-31T23:00:00Z", "7.25"),
        ] {
            let sale = json!({"country": country, "sold": sold, "total": total});
            assert_eq!(client.post("/api/sales/").json(&sale).await.status(), 201);
        }
        sites.push((site, client));
    }
    Ok(sites)
}

fn group(country: &str, month: &str, sales: u8, total: &str) -> Value {
    let month = format!("{month}-01T00:00:00Z");
    json!({"country": country, "month": month, "sales": sales, "total": total})
}

#[quintet::test]
async fn sales_are_summed_by_country_and_month() -> Result<(), StartupError> {
    for (_site, client) in sites().await? {
        let groups = client.get("/api/sales/by-month/").await;
        let expected = json!([
            group("DE", "2023-12", 1, "7.25"),
            group("DE", "2024-03", 1, "20.00"),
            group("NL", "2024-03", 2, "15.50"),
            group("NL", "2024-04", 1, "1.00"),
        ]);
        assert_eq!((groups.status(), groups.json()), (200, expected));
    }
    Ok(())
}

#[quintet::test]
async fn groups_are_ordered_and_filtered_by_what_is_computed() -> Result<(), StartupError> {
    for (_site, client) in sites().await? {
        let get =
            async |query: &str| client.get(&format!("/api/sales/by-month/?{query}")).await.json();
        let march = [group("DE", "2024-03", 1, "20.00"), group("NL", "2024-03", 2, "15.50")];
        assert_eq!(get("ordering=-total&least=10").await, json!(march));
        let by_sales = get("ordering=-sales,country&least=7.25").await;
        let december = group("DE", "2023-12", 1, "7.25");
        let expected = [march[1].clone(), december.clone(), march[0].clone()];
        assert_eq!(by_sales[0], expected[0]);
        assert_eq!(by_sales.as_array().map(Vec::len), Some(3));
        // the filters of the list choose the sales
        assert_eq!(get("sold__year=2023").await, json!([december]));
        assert_eq!(get("country=FR").await, json!([]));
        assert_eq!(get("least=much").await, json!({"least": ["Enter a number."]}));
        assert_eq!(get("ordering=password").await.as_array().map(Vec::len), Some(4));
    }
    Ok(())
}

#[quintet::test]
async fn a_report_is_one_statement() -> Result<(), StartupError> {
    for (site, client) in sites().await? {
        let asked = async || client.get("/api/sales/by-month/?ordering=-total").await;
        assert_eq!(site.assert_num_queries(1, asked).await.status(), 200);
    }
    Ok(())
}
