//! Policies in which nothing is left to inherit, and those that one request has instead.

use std::sync::Arc;

use actix_web::http::header::HeaderValue;

use super::{ExceptionHandler, Policies, ViewInfo};
use crate::authentication::AuthenticationList;
use crate::caching::Caching;
use crate::exceptions::Result;
use crate::metadata::DynMetadata;
use crate::negotiation::{ContentNegotiation, Offer};
use crate::permissions::PermissionList;
use crate::renderers::{self, Renderer};
use crate::request::{Context, Equipment};
use crate::throttling::{self, DynThrottle};
use crate::versioning::Versioning;

/// Policies in which nothing is left to inherit.
pub(super) struct Settled {
    pub(super) authentication: AuthenticationList,
    pub(super) permissions: Arc<PermissionList>,
    pub(super) throttles: Vec<Arc<dyn DynThrottle>>,
    pub(super) renderers: Vec<Chosen>,
    pub(super) offers: Vec<Option<Offer<'static>>>,
    pub(super) equipment: Arc<Equipment>,
    pub(super) versioning: Option<Arc<dyn Versioning>>,
    pub(super) negotiation: Option<Arc<dyn ContentNegotiation>>,
    pub(super) metadata: Option<Arc<dyn DynMetadata>>,
    pub(super) caching: Option<Caching>,
    pub(super) exception_handler: Option<Arc<dyn ExceptionHandler>>,
}

/// A renderer and the header that it sets.
#[derive(Clone)]
pub(super) struct Chosen {
    pub(super) renderer: Arc<dyn Renderer>,
    pub(super) content_type: Option<HeaderValue>,
}

impl Settled {
    pub(super) fn new(policies: Policies, info: &ViewInfo) -> Self {
        let authentication = AuthenticationList::new(policies.authentication.unwrap_or_default());
        let permissions = Arc::new(PermissionList::new(policies.permissions.unwrap_or_default()));
        let renderers = chosen(policies.renderers.unwrap_or_default());
        let negotiation = policies.content_negotiation.flatten();
        let equipment = Arc::new(Equipment {
            view: Arc::clone(&info.context),
            parsers: policies.parsers.unwrap_or_default(),
            negotiation: negotiation.clone(),
            guard: permissions.clone(),
            has_authenticators: !authentication.is_empty(),
            throttle_scope: policies.throttle_scope,
        });
        Self {
            offers: renderers.iter().map(|c| renderers::offer(&*c.renderer)).collect(),
            authentication,
            permissions,
            throttles: policies.throttles.unwrap_or_default(),
            renderers,
            equipment,
            versioning: policies.versioning.flatten(),
            negotiation,
            metadata: policies.metadata.flatten(),
            caching: policies.caching,
            exception_handler: policies.exception_handler,
        }
    }
    /// These policies with the authenticators, renderers and parsers that one request has instead.
    pub(super) fn for_request(&self, own: Policies) -> Self {
        let authentication =
            own.authentication.map_or_else(|| self.authentication.clone(), AuthenticationList::new);
        let renderers = own.renderers.map_or_else(|| self.renderers.clone(), chosen);
        let mut equipment = (*self.equipment).clone();
        equipment.has_authenticators = !authentication.is_empty();
        if let Some(parsers) = own.parsers {
            equipment.parsers = parsers;
        }
        Self {
            offers: renderers.iter().map(|c| renderers::offer(&*c.renderer)).collect(),
            authentication,
            permissions: Arc::clone(&self.permissions),
            throttles: self.throttles.clone(),
            renderers,
            equipment: Arc::new(equipment),
            versioning: self.versioning.clone(),
            negotiation: self.negotiation.clone(),
            metadata: self.metadata.clone(),
            caching: self.caching.clone(),
            exception_handler: self.exception_handler.clone(),
        }
    }

    /// Asks the permissions that a request has, its own or the usual ones (`check_permissions`).
    pub(super) async fn check_permissions(
        &self,
        own: Option<Policies>,
        cx: &mut Context,
    ) -> Result<()> {
        match own.and_then(|own| own.permissions) {
            Some(list) => PermissionList::new(list).check_request(cx).await,
            None => self.permissions.check_request(cx).await,
        }
    }

    /// Checks a request against the permissions and throttles that it has instead of the usual ones.
    pub(super) async fn check_access(&self, own: Policies, cx: &mut Context) -> Result<()> {
        let permissions = match own.permissions {
            Some(list) => Arc::new(PermissionList::new(list)),
            None => Arc::clone(&self.permissions),
        };
        if let Some(equipment) = &cx.equipment {
            let guard = Arc::clone(&permissions) as _;
            cx.equipment = Some(Arc::new(Equipment { guard, ..(**equipment).clone() }));
        }
        permissions.check_request(cx).await?;
        throttling::check(own.throttles.as_ref().unwrap_or(&self.throttles), cx).await
    }
}

fn chosen(renderers: Vec<Arc<dyn Renderer>>) -> Vec<Chosen> {
    let with_type = |renderer: Arc<dyn Renderer>| Chosen {
        content_type: HeaderValue::from_str(&renderer.content_type()).ok(),
        renderer,
    };
    renderers.into_iter().map(with_type).collect()
}
