//! What is carried of a request for the work that writes its body.

use std::any::Any;
use std::sync::Arc;

use super::{Context, Equipment, Request, Shared, Versioned};
use crate::auth::Account;
use crate::db::Conn;
use crate::negotiation::{Accepted, Offer};
use crate::request::Action;

/// The parts of a context that may change threads.
pub(crate) struct Carried {
    request: Box<Request>,
    equipment: Option<Arc<Equipment>>,
    action: Option<Action>,
    accepted: Option<Accepted>,
    accepted_renderer: Option<Offer<'static>>,
    versioned: Option<Box<Versioned>>,
    user: Option<Account>,
    extensions: Vec<Box<dyn Any + Send>>,
}

impl Context {
    /// Keeps what work after the view needs.
    pub(crate) fn carry(mut self) -> Carried {
        let extensions = self.conn.take_extensions();
        let Self {
            request, equipment, action, accepted, accepted_renderer, versioned, user, ..
        } = self;
        Carried {
            request,
            equipment,
            action,
            accepted,
            accepted_renderer,
            versioned,
            user,
            extensions,
        }
    }

    /// The context of the same request, on another connection.
    pub(crate) fn again(carried: Carried, conn: Conn, shared: Arc<Shared>) -> Self {
        let Carried { request, equipment, action, accepted, user, extensions, .. } = carried;
        let Carried { accepted_renderer, versioned, .. } = carried;
        let mut conn = conn;
        conn.set_extensions(extensions);
        conn.set_user(user.as_ref().map(Account::row));
        Self {
            equipment,
            action,
            accepted,
            accepted_renderer,
            versioned,
            user,
            ..Self::new(request, conn, shared)
        }
    }
}
