//! The statements of a database, recorded for tests.

use std::cell::RefCell;
use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

thread_local! {
    /// What records the statements that diesel sends on this thread.
    static LISTENS: RefCell<Option<Arc<Captured>>> = const { RefCell::new(None) };
}

/// The texts of the statements that were sent while somebody listened.
#[derive(Debug, Default)]
pub(crate) struct Captured(Mutex<Texts>);

#[derive(Debug, Default)]
struct Texts {
    listeners: usize,
    texts: Vec<String>,
}

impl Captured {
    fn with<T>(&self, work: impl FnOnce(&mut Texts) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Records a statement.
    pub(crate) fn note(&self, text: &dyn Display) {
        self.with(|log| {
            if log.listeners > 0 {
                log.texts.push(text.to_string());
            }
        });
    }

    /// Begins to listen; returns how many statements others have heard before.
    pub(crate) fn listen(&self) -> usize {
        self.with(|log| {
            log.listeners += 1;
            log.texts.len()
        })
    }

    /// The statements from a number on.
    pub(crate) fn since(&self, first: usize) -> Vec<String> {
        self.with(|log| log.texts.get(first..).unwrap_or_default().to_vec())
    }

    /// Ends what [`listen`](Self::listen) began; the last one to leave clears the list.
    pub(crate) fn leave(&self) {
        self.with(|log| {
            log.listeners = log.listeners.saturating_sub(1);
            if log.listeners == 0 {
                log.texts.clear();
            }
        });
    }

    /// Runs a statement of diesel's, whose text its own instrumentation tells
    /// ([`told_by_diesel`]).
    pub(crate) async fn hearing<T>(self: &Arc<Self>, statement: impl Future<Output = T>) -> T {
        let mut statement = pin!(statement);
        poll_fn(|cx| {
            let _hears = Hears(LISTENS.replace(Some(Arc::clone(self))));
            statement.as_mut().poll(cx)
        })
        .await
    }
}

/// Restores the previous listener, also after a panic.
struct Hears(Option<Arc<Captured>>);

impl Drop for Hears {
    fn drop(&mut self) {
        LISTENS.set(self.0.take());
    }
}

/// Records a statement that diesel sends, except BEGIN.
pub(crate) fn told_by_diesel(text: &dyn Display) {
    LISTENS.with_borrow(|listens| {
        if let Some(listens) = listens
            && text.to_string() != "BEGIN"
        {
            listens.note(text);
        }
    });
}
