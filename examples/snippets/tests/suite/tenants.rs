use quintet::auth::NewUser;
use quintet::db::StartupError;
use quintet::prelude::*;
use quintet::test::{ApiClient, TestSite};
use serde_json::json;
use snippets::tenants::{Agent, Ticket, agent, site, ticket};

/// The site, and clients of ada and bob, who work for the first company, and of eve of the second.
async fn start() -> Result<(TestSite, [ApiClient; 3]), StartupError> {
    let database = crate::EMPTY.sqlite().await?;
    let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
    let site = fast.site(site)?;
    site.create_tables().await?;
    for (name, company) in [("ada", 1), ("bob", 1), ("eve", 2)] {
        let new = NewUser::new(name).password("secret").set(agent::company_id, company);
        crate::user(&site, new).await?;
    }
    let clients = [site.client().await, site.client().await, site.client().await];
    for (client, key) in
        clients.iter().zip(["YWRhOnNlY3JldA==", "Ym9iOnNlY3JldA==", "ZXZlOnNlY3JldA=="])
    {
        client.credentials("Authorization", &format!("Basic {key}"));
    }
    Ok((site, clients))
}

#[quintet::test]
async fn a_company_has_its_own_tickets_whatever_the_client_names() -> Result<(), StartupError> {
    let (site, [ada, bob, eve]) = start().await?;
    let new = json!({"title": "Printer", "company_id": 2, "company": 2});
    let printer = json!({"id": 1, "title": "Printer", "modified_by": "ada", "notes": []});
    let response = ada.post("/api/tickets/").json(&new).await;
    assert_eq!((response.status(), response.json()), (201, printer.clone()));
    assert_eq!(bob.get("/api/tickets/").await.json(), json!([printer]));
    assert_eq!(eve.get("/api/tickets/").await.json(), json!([]));
    let missing = json!({"detail": "No Ticket matches the given query."});
    let path = "/api/tickets/1/";
    for response in [
        eve.get(path).await,
        eve.patch(path).json(&json!({"title": "Mine"})).await,
        eve.delete(path).await,
    ] {
        assert_eq!((response.status(), response.json()), (404, missing.clone()));
    }
    let note = |ticket: i64| json!({"ticket": ticket, "text": "It smokes."});
    let refused = eve.post("/api/notes/").json(&note(1)).await;
    let message = json!({"ticket": ["Invalid pk \"1\" - object does not exist."]});
    assert_eq!((refused.status(), refused.json()), (400, message));
    assert_eq!(bob.post("/api/notes/").json(&note(1)).await.status(), 201);
    let notes = json!([{"id": 1, "ticket": 1, "text": "It smokes."}]);
    assert_eq!(ada.get("/api/tickets/1/").await.json()["notes"], notes);
    assert_eq!(site.client().await.get("/api/tickets/").await.status(), 401);
    Ok(())
}

#[quintet::test]
async fn a_deleted_row_is_kept_and_nobody_sees_it() -> Result<(), StartupError> {
    let (site, [ada, bob, _]) = start().await?;
    ada.post("/api/tickets/").json(&json!({"title": "Printer"})).await;
    for text in ["It smokes.", "It burns."] {
        ada.post("/api/notes/").json(&json!({"ticket": 1, "text": text})).await;
    }
    assert_eq!(bob.delete("/api/notes/1/").await.status(), 204);
    let notes = bob.get("/api/tickets/1/").await.json()["notes"].clone();
    assert_eq!(notes, json!([{"id": 2, "ticket": 1, "text": "It burns."}]));
    assert_eq!(bob.delete("/api/tickets/1/").await.status(), 204);
    assert_eq!(bob.delete("/api/tickets/1/").await.status(), 404);
    assert_eq!(ada.get("/api/tickets/").await.json(), json!([]));
    let refused = ada.post("/api/notes/").json(&json!({"ticket": 1, "text": "Out."})).await;
    assert_eq!(refused.status(), 400);
    let stored = site
        .with_context(false, |cx| Box::pin(async move { Ticket::all_objects().get(&cx).await }));
    let stored = stored.await??;
    assert_eq!((stored.company_id, stored.deleted.is_some()), (1, true));
    Ok(())
}

#[quintet::test]
async fn rows_know_who_made_and_who_changed_them() -> Result<(), StartupError> {
    let (site, [ada, bob, _]) = start().await?;
    ada.post("/api/tickets/").json(&json!({"title": "Printer"})).await;
    let response = bob.patch("/api/tickets/1/").json(&json!({"title": "Press"})).await;
    assert_eq!((response.status(), &response.json()["modified_by"]), (200, &json!("bob")));
    let stored = site.with_context(false, |cx| {
        Box::pin(async move {
            let ticket = Ticket::all_objects().filter(ticket::title.eq("Press")).get(&cx).await?;
            let names =
                Agent::objects().then_by(agent::id).values(agent::username).all(&cx).await?;
            Ok::<_, StartupError>((ticket, names))
        })
    });
    let (ticket, names) = stored.await??;
    assert_eq!(names, ["ada", "bob", "eve"]);
    assert_eq!((ticket.created_by_id, ticket.modified_by_id), (Some(1), Some(2)));
    assert!(ticket.created < ticket.modified);
    Ok(())
}
