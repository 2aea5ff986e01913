use actix_web::App;
use actix_web::test::{TestRequest, call_and_read_body, init_service};
use quintet::db::StartupError;
use snippets::actix_app::{services, site};

#[quintet::test]
async fn the_app_handles_its_own_routes_and_the_site_all_others() -> Result<(), StartupError> {
    let site = crate::EMPTY.sqlite().await?.site(site)?;
    site.create_tables().await?;
    let app = init_service(App::new().configure(services(site.site().clone()))).await;
    for (path, body) in
        [("/hello/Ada", "Hello, Ada!"), ("/api/status/", r#"{"status":"up"}"#), ("/api/", "{}")]
    {
        let request = TestRequest::get().uri(path).insert_header(("Host", "testserver"));
        assert_eq!(call_and_read_body(&app, request.to_request()).await, body, "{path}");
    }
    Ok(())
}
