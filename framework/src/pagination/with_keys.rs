//! A pagination whose pages have other keys.

use std::sync::Arc;

use super::{Envelope, EnvelopeField, EnvelopeKeys, Pagination, Plan};
use crate::db::OrderTerm;
use crate::exceptions::Result;
use crate::filters::QueryParameter;
use crate::request::Request;

/// Another pagination with its pages under keys of your own: [`Pagination::with_keys`] makes it.
#[derive(Debug, Clone)]
pub struct WithKeys<P> {
    pages: P,
    keys: EnvelopeKeys,
}

impl<P> WithKeys<P> {
    pub(super) fn new(pages: P, keys: EnvelopeKeys) -> Self {
        Self { pages, keys }
    }
}

impl<P: Pagination> Pagination for WithKeys<P> {
    fn plan(&self, request: &Request, ordering: Option<&[OrderTerm]>) -> Result<Option<Plan>> {
        self.pages.plan(request, ordering)
    }

    fn finish(
        &self,
        request: &Request,
        plan: &Plan,
        count: Option<i64>,
        rows_read: usize,
        position_of: &dyn Fn(usize) -> String,
    ) -> Result<Envelope> {
        let envelope = self.pages.finish(request, plan, count, rows_read, position_of)?;
        Ok(Envelope { keys: self.keys.clone(), ..envelope })
    }

    fn query_parameters(&self) -> Vec<QueryParameter> {
        self.pages.query_parameters()
    }

    fn envelope(&self) -> Vec<EnvelopeField> {
        let fields = self.pages.envelope().into_iter();
        fields.filter_map(|field| self.keys.rename(field)).collect()
    }

    fn results_key(&self) -> &str {
        self.keys.results_key()
    }

    fn may_miss(&self) -> bool {
        self.pages.may_miss()
    }

    fn replaced_by(&self, site: &Arc<dyn Pagination>) -> Option<Arc<dyn Pagination>> {
        let pages = self.pages.replaced_by(site)?;
        Some(Arc::new(WithKeys::new(pages, self.keys.clone())))
    }
}
