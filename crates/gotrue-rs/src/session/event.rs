//! What can happen to a session.

use std::sync::Arc;

use crate::error::Error;
use crate::session::Session;

/// What happened to the session.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-onauthstatechange>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AuthEvent {
    /// The first event of each stream, but for a [`StoreFailed`](Self::StoreFailed) where the store could not be read at
    /// first: who was signed in when it began; by the store, where nobody had asked it before.
    InitialSession(Option<Arc<Session>>),
    /// A user signed in, here or in another process that uses the same store.
    SignedIn(Arc<Session>),
    /// Nobody is signed in any more.
    SignedOut(SignOutReason),
    /// The session has a new access token.
    TokenRefreshed(Arc<Session>),
    /// The user was changed by a call of this client. What is changed by a code or a link is told as
    /// [`SignedIn`](Self::SignedIn), as those bring a session of their own.
    UserUpdated(Arc<Session>),
    /// The user came by a link to reset their password: ask for a new one.
    PasswordRecovery(Arc<Session>),
    /// A second factor was proven.
    MfaVerified(Arc<Session>),
    /// The store could not be read or written. The session goes on, and may not survive this process; writing it is tried
    /// again.
    StoreFailed(Error),
}

/// Why nobody is signed in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignOutReason {
    /// The user signed out.
    User,
    /// The server no longer accepts the session: it was ended elsewhere, or is too old.
    Expired,
    /// What the store held is gone, as another process signed out, or cannot be read.
    Missing,
}
