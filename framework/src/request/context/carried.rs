//! What is carried of a request for the work that writes its body.

use std::any::Any;
use std::sync::Arc;

use super::{Context, Equipment, Request, Shared};
use crate::auth::Account;
use crate::db::Conn;
use crate::negotiation::Accepted;
use crate::request::Action;

/// The parts of a context that may change threads.
pub(crate) struct Carried {
    request: Box<Request>,
    equipment: Option<Arc<Equipment>>,
    action: Option<Action>,
    accepted: Option<Accepted>,
    user: Option<Account>,
    extensions: Vec<Box<dyn Any + Send>>,
}

impl Context {
    /// Keeps what work after the view needs.
    pub(crate) fn carry(self) -> Carried {
        let Self { request, equipment, action, accepted, user, extensions, .. } = self;
        Carried { request, equipment, action, accepted, user, extensions }
    }

    /// The context of the same request, on another connection.
    pub(crate) fn again(carried: Carried, conn: Conn, shared: Arc<Shared>) -> Self {
        let Carried { request, equipment, action, accepted, user, extensions } = carried;
        Self { equipment, action, accepted, user, extensions, ..Self::new(request, conn, shared) }
    }
}
