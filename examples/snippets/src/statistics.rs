//! A grouped statistics endpoint: what was sold by country and month, computed by the database,
//! filtered and ordered by what is computed (`values("country").annotate(..)`).
//!
//! ```text
//! cargo run -p snippets -- statistics
//! curl 'http://127.0.0.1:8000/api/sales/by-month/?ordering=country,-total&least=10'
//! []
//! ```

use std::sync::Arc;

use quintet::db::{Count, Sum, Trunc};
use quintet::prelude::*;

#[model(app = "shop", ordering(id))]
pub struct Sale {
    pub id: i64,
    #[field(max_length = 2)]
    pub country: String,
    pub sold: DateTime,
    #[field(decimal(10, 2))]
    pub total: Decimal,
}

#[derive(Serializer)]
#[serializer(model = Sale, fields = all)]
pub struct SaleSerializer {}

/// A country in a month.
#[derive(Serializer)]
pub struct MonthSerializer {
    country: String,
    month: Option<DateTime>,
    sales: i64,
    total: Decimal,
}

pub struct SaleViewSet;

#[view_set]
impl ViewSet for SaleViewSet {
    type Base = ModelViewSet;
    type Serializer = SaleSerializer;

    const FILTERSET_FIELDS: Filters<Sale> = filter_fields![country, sold(year)];

    /// What was sold by country and month. The filters of the list choose the sales; `least` is the
    /// least total of a group, and `ordering` names `country`, `month`, `sales` and `total`.
    #[action(list, url_path = "by-month")]
    async fn by_month(&self, cx: &mut Context) -> Result<Json<Vec<MonthSerializer>>> {
        let sales = self.filter_queryset(Sale::objects(), cx).await?;
        let asked = cx.request.query_params();
        let least = asked.get("least").unwrap_or("0").parse::<Decimal>();
        let no_number = |_| ApiException::validation(Detail::field("least", ["Enter a number."]));
        let (month, total) = (|| Trunc::month(sale::sold), || Sum::of(sale::total));
        let mut groups = sales
            .group_by((sale::country, month()))
            .annotate((Count::rows(), total()))
            .filter_by(total().gte(least.map_err(no_number)?));
        for term in asked.get("ordering").unwrap_or("country,month").split(',') {
            groups = match term {
                "country" => groups.order_by(sale::country),
                "-country" => groups.order_by_desc(sale::country),
                "month" => groups.order_by(month()),
                "-month" => groups.order_by_desc(month()),
                "sales" => groups.order_by(Count::rows()),
                "-sales" => groups.order_by_desc(Count::rows()),
                "total" => groups.order_by(total()),
                "-total" => groups.order_by_desc(total()),
                _ => groups,
            };
        }
        let months = groups.slice(0, 500, cx).await?.into_iter();
        let shown = |((country, month), (sales, total)): (_, (_, Option<_>))| MonthSerializer {
            country,
            month,
            sales,
            total: total.unwrap_or_default(),
        };
        Ok(Json(months.map(shown).collect()))
    }
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    let router = Router::new().register("sales", SaleViewSet).at("/api/");
    let site = Site::builder(settings, database)
        .mount(router)
        .openapi(OpenApi::new("Sales", "1.0.0"))
        .build()?;
    Ok(site)
}
