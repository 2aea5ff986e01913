//! Tenants, soft deletion and audit columns: each is an abstract model, and what it does is written
//! once for every model that inherits it.
//!
//! Agents see the tickets of their company. A deleted ticket is marked, and is gone for everybody. Rows
//! know who wrote them. No view has to remember any of this.
//!
//! ```text
//! cargo run -p snippets -- tenants createsuperuser
//! cargo run -p snippets -- tenants
//! curl -u ada:… -d title=Printer http://127.0.0.1:8000/api/tickets/
//! {"id":1,"title":"Printer","modified_by":"ada","notes":[]}
//! curl -u ada:… -d ticket=2 -d text=Odd http://127.0.0.1:8000/api/notes/
//! {"ticket":["Invalid pk \"2\" - object does not exist."]}
//! ```

use std::sync::Arc;

use quintet::auth::UserModel;
use quintet::authentication::BasicAuthentication;
use quintet::db::Conn;
use quintet::db::hooks::Saving;
use quintet::prelude::*;

#[model(app = "desk")]
pub struct Agent {
    pub id: i64,
    #[field(max_length = 150, unique)]
    pub username: String,
    #[field(max_length = 128)]
    pub password: String,
    #[field(default = 1)]
    pub company_id: i64,
}

impl UserModel for Agent {}

/// Rows of one company each: that of the agent who makes them, and who sees them.
#[model(abstract, objects = of_company, before_save = enter_company)]
pub struct Tenant {
    pub company_id: i64,
}

fn of_company<M: Tenant>(rows: QuerySet<M>, conn: &Conn) -> Result<QuerySet<M>> {
    let agent = conn.user_as::<Agent>().ok_or(ApiException::NotAuthenticated(None))?;
    Ok(rows.filter_by(M::COMPANY_ID.exact(agent.company_id)))
}

async fn enter_company<M: Tenant>(saving: &mut Saving<'_, M>) -> Result<()> {
    if let (true, Some(agent)) = (saving.is_new(), saving.conn().user_as::<Agent>()) {
        saving.set(M::COMPANY_ID, agent.company_id);
    }
    Ok(())
}

/// When a row was made and changed, and by whom.
#[model(abstract, before_save = sign)]
pub struct Audit {
    #[field(auto_now_add)]
    pub created: DateTime,
    #[field(auto_now)]
    pub modified: DateTime,
    #[field(foreign_key = Agent, on_delete = set_null)]
    pub created_by_id: Option<i64>,
    #[field(foreign_key = Agent, on_delete = set_null)]
    pub modified_by_id: Option<i64>,
}

async fn sign<M: Audit>(saving: &mut Saving<'_, M>) -> Result<()> {
    let agent = saving.conn().user_as::<Agent>().map(|agent| agent.id);
    if saving.is_new() {
        saving.set(M::CREATED_BY_ID, agent);
    }
    saving.set(M::MODIFIED_BY_ID, agent);
    Ok(())
}

/// Rows that are marked when they are deleted.
#[model(abstract, objects = alive)]
pub struct SoftDelete {
    pub deleted: Option<DateTime>,
}

fn alive<M: SoftDelete>(rows: QuerySet<M>) -> QuerySet<M> {
    rows.filter_by(M::DELETED.isnull(true))
}

async fn mark_deleted<M: SoftDelete>(row: &M, cx: &Context) -> Result<()> {
    cx.save(Changes::of(row).set(M::DELETED, DateTime::now())).await?;
    Ok(())
}

#[model(app = "desk", inherit(Tenant, Audit, SoftDelete), ordering(id))]
pub struct Ticket {
    pub id: i64,
    #[field(max_length = 100)]
    pub title: String,
}

#[model(app = "desk", inherit(Tenant, SoftDelete), ordering(id))]
pub struct Note {
    pub id: i64,
    #[field(foreign_key = Ticket, related_name = notes)]
    pub ticket_id: i64,
    pub text: String,
}

#[derive(Serializer)]
#[serializer(model = Ticket)]
pub struct TicketSerializer {
    id: i64,
    title: String,
    #[field(source = modified_by.username)]
    modified_by: Option<String>,
    #[field(nested)]
    notes: Vec<NoteSerializer>,
}

#[derive(Serializer)]
#[serializer(model = Note)]
pub struct NoteSerializer {
    id: i64,
    ticket: PrimaryKeyRelated<Ticket>,
    text: String,
}

pub struct TicketViewSet;

impl ViewSet for TicketViewSet {
    type Base = ModelViewSet;
    type Serializer = TicketSerializer;

    async fn perform_destroy(&self, ticket: Ticket, cx: &mut Context) -> Result<()> {
        mark_deleted(&ticket, cx).await
    }
}

pub struct NoteViewSet;

impl ViewSet for NoteViewSet {
    type Base = ModelViewSet;
    type Serializer = NoteSerializer;

    async fn perform_destroy(&self, note: Note, cx: &mut Context) -> Result<()> {
        mark_deleted(&note, cx).await
    }
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    let router =
        Router::new().register("tickets", TicketViewSet).register("notes", NoteViewSet).at("/api/");
    let site = Site::builder(settings, database)
        .user_model::<Agent>()
        .authentication(BasicAuthentication::new())
        .permissions(IsAuthenticated)
        .mount(router)
        .openapi(OpenApi::new("Tickets", "1.0.0"))
        .build()?;
    Ok(site)
}
