//! A session as a text, for stores.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::clock::{Deadline, Now};
use crate::error::{Error, ErrorKind, Result};
use crate::session::machine::Kept;
use crate::session::{Session, Wire};

/// Where the difference of the clocks is kept beside a session.
const SKEW: &str = "clock_skew_ms";

/// A session as a text that a store keeps. It holds the tokens: keep it as you keep a password.
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
/// use gotrue_rs::SavedSession;
/// if let Some(session) = auth.get_session().await? {
///     let text = SavedSession::of(&session).expose_secret().to_owned();
///     let again = SavedSession::from(text).session()?;
///     assert_eq!(again.user, session.user);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SavedSession(SecretString);

impl SavedSession {
    /// The session as a text.
    pub fn of(session: &Session) -> Self {
        Self::write(&Wire::of(session))
    }

    /// The text, to be kept where only its user can read it.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// The session that the text stands for.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if the text is none of this crate's. It is not quoted.
    pub fn session(&self) -> Result<Session> {
        Ok(self.wire()?.into_session(0))
    }

    /// The session, with the difference of the clocks.
    pub(crate) fn of_kept(kept: &Kept) -> Self {
        let mut wire = Wire::of(&kept.session);
        if kept.deadline.skew_ms != 0 {
            wire.kept.insert(SKEW.to_owned(), kept.deadline.skew_ms.into());
        }
        Self::write(&wire)
    }

    /// The session, as it stands now.
    pub(crate) fn restore(&self, now: Now) -> Option<Kept> {
        let wire = self.wire().ok()?;
        let skew_ms = wire.kept.get(SKEW).and_then(Value::as_i64).unwrap_or(0);
        let session = wire.into_session(0);
        let deadline =
            Deadline::stored(now, session.expires_in, session.expires_at.as_unix_seconds(), skew_ms);
        Some(Kept { session: session.into(), deadline })
    }

    fn write(wire: &Wire) -> Self {
        // Texts and numbers can always be written.
        Self(serde_json::to_string(wire).unwrap_or_default().into())
    }

    fn wire(&self) -> Result<Wire> {
        serde_json::from_str(self.expose_secret()).map_err(|_| {
            Error::of_kind(ErrorKind::Decode, None, "the text is no session that this crate has saved")
        })
    }
}

impl From<String> for SavedSession {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// Whether they are the same text.
impl PartialEq for SavedSession {
    fn eq(&self, other: &Self) -> bool {
        self.expose_secret() == other.expose_secret()
    }
}

impl Eq for SavedSession {}

impl fmt::Debug for SavedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SavedSession(…)")
    }
}
