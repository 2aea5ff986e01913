//! A nested serializer that is read and written: an order with its lines.
//!
//! One POST stores the order and its lines, in one transaction. A PUT replaces the lines, and a PATCH
//! does so if it mentions them. Messages say which line they are about.
//!
//! ```text
//! cargo run -p snippets -- nested
//! curl -H 'Content-Type: application/json' -d '{"customer": "Ada", "lines": [{"product": "tea", "quantity": 2}]}' http://127.0.0.1:8000/api/orders/
//! {"id":1,"customer":"Ada","lines":[{"product":"tea","quantity":2}]}
//! curl -H 'Content-Type: application/json' -d '{"customer": "Ada", "lines": [{"product": "tea", "quantity": 0}]}' http://127.0.0.1:8000/api/orders/
//! {"lines":{"0":{"quantity":["Ensure this value is greater than or equal to 1."]}}}
//! ```

use std::sync::Arc;

use quintet::prelude::*;

#[model(app = "shop", ordering(id))]
pub struct Order {
    pub id: i64,
    #[field(max_length = 100)]
    pub customer: String,
}

#[model(app = "shop", ordering(id))]
pub struct Line {
    pub id: i64,
    #[field(foreign_key = Order, related_name = lines)]
    pub order_id: i64,
    #[field(max_length = 100)]
    pub product: String,
    #[field(min_value = 1)]
    pub quantity: i32,
}

#[derive(Serializer)]
#[serializer(model = Line)]
pub struct LineSerializer {
    product: String,
    quantity: i32,
}

#[derive(Serializer)]
#[serializer(model = Order)]
pub struct OrderSerializer {
    id: i64,
    customer: String,
    #[field(nested, writable, refuse_empty, max_length = 50)]
    lines: Vec<LineSerializer>,
}

pub struct OrderViewSet;

impl ViewSet for OrderViewSet {
    type Base = ModelViewSet;
    type Serializer = OrderSerializer;

    async fn perform_create(&self, mut new: Changes<Order>, cx: &mut Context) -> Result<Order> {
        let lines = new.take_nested("lines").unwrap_or_default();
        let order = cx.save(new).await?;
        self.write_lines(&order, lines, cx).await?;
        Ok(order)
    }

    async fn perform_update(&self, mut changes: Changes<Order>, cx: &mut Context) -> Result<Order> {
        let lines = changes.take_nested("lines");
        let order = cx.save(changes).await?;
        if let Some(lines) = lines {
            Line::objects().filter(line::order_id.eq(order.id)).delete(cx).await?;
            self.write_lines(&order, lines, cx).await?;
        }
        Ok(order)
    }
}

impl OrderViewSet {
    async fn write_lines(
        &self,
        order: &Order,
        lines: Vec<Changes<Line>>,
        cx: &Context,
    ) -> Result<()> {
        let lines = lines.into_iter().map(|line| line.set(line::order_id, order.id));
        Line::objects().bulk_create(lines, cx).await?;
        Ok(())
    }
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    let router = Router::new().register("orders", OrderViewSet);
    Ok(Site::builder(settings, database)
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Orders", "1.0.0"))
        .build()?)
}
