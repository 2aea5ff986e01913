include!("../models.rs");

#[model(table = "label", annotations(sizes: Option<String> = |label| label.parts().name()))]
pub struct Label {
    pub id: i64,
}

#[model(table = "part")]
pub struct Part {
    pub id: i64,
    pub name: String,
    #[field(foreign_key = Label, related_name = parts)]
    pub label_id: i64,
}

fn main() {}
