include!("../models.rs");

#[model(abstract)]
pub struct SoftDelete {
    pub deleted: Option<DateTime>,
}

fn alive<M: SoftDelete>() -> QuerySet<M> {
    QuerySet::new().filter_by(M::DELETED.isnull(true))
}

fn main() {
    let _ = alive::<Artist>();
}
