//! The session of a request's client.

use super::Context;
use crate::db::Error;
use crate::exceptions::Result;
use crate::sessions::Session;
use crate::signing::Keys;

impl Context {
    /// The client's session (`request.session`), loaded on first use: one statement, or none if the
    /// client sends no cookie. Changes are stored with the response, which from now on varies by
    /// `Cookie`.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn session(&mut self) -> Result<&mut Session> {
        self.load_session().await?;
        Ok(self.session.get_or_insert_default())
    }

    /// Loads the session, unless it is loaded already.
    async fn load_session(&mut self) -> Result<(), Error> {
        self.vary_on("Cookie");
        if self.session.is_none() {
            let settings = &self.shared.settings;
            let session = match self.session_cookie() {
                Some(key) => Session::load(&self.conn, &key, Keys::of(settings)).await?,
                None => Session::new(),
            };
            self.session = Some(Box::new(session));
        }
        Ok(())
    }

    /// The session, unless the site keeps none: then the cookie belongs to another site, as on a
    /// machine where several sites are tried out.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn session_if_kept(&mut self) -> Result<Option<&mut Session>> {
        match self.load_session().await {
            Ok(()) => Ok(self.session.as_deref_mut()),
            Err(error) if error.is_missing_table("django_session") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there may be a session: if there is neither a session nor its cookie, nothing needs
    /// to be loaded.
    pub(crate) fn may_have_session(&self) -> bool {
        self.session.is_some() || self.session_cookie().is_some()
    }

    fn session_cookie(&self) -> Option<String> {
        self.request.cookie(&self.shared.settings.session.cookie.name)
    }
}
