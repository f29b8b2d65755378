//! Signing out.

use supabase_core::Method;

use crate::call::Call;
use crate::client::Client;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::session::event::SignOutReason;

/// Which of the user's sessions end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignOutScope {
    /// All of them, on all devices.
    #[default]
    Global,
    /// This one.
    Local,
    /// All but this one.
    Others,
}

impl SignOutScope {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Local => "local",
            Self::Others => "others",
        }
    }
}

impl Client {
    /// Signs the user out. Their refresh tokens end at once; access tokens are still accepted by services other than auth
    /// until they expire.
    ///
    /// A session that the server no longer knows counts as signed out with [`SignOutScope::Local`]. Other sessions cannot be
    /// ended by it: with [`SignOutScope::Global`] it ends here, and the call fails with what the server says, as it does with
    /// [`SignOutScope::Others`]. The user must sign in once more to end them. supabase-js says nothing of that. Where the
    /// sign-out was sent again, as its first answer was lost, it is what has ended the session.
    ///
    /// If the server cannot be reached, the session stays, so that the call can be made again;
    /// [`forget_session`](Self::forget_session) does without the server.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-signout>
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). That nobody is signed in is none. [`ErrorKind::Store`](crate::ErrorKind::Store) if
    /// the session has ended, and the store still has it: erasing is tried again while the client lives, and by this call.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::SignOutScope;
    /// auth.sign_out(SignOutScope::Local).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "signOut")]
    #[doc(alias = "logout")]
    pub fn sign_out(&self, scope: SignOutScope) -> Call<()> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let session = match client.sessions().fresh().await {
                Ok(Some(session)) => session,
                // The store may not have followed the sign-out before.
                Ok(None) => return client.sessions().save().await,
                // The server has just refused the session, and so it has ended.
                Err(error) if client.sessions().held().await?.is_none() => {
                    client.sessions().save().await?;
                    return had_ended(scope, error);
                }
                Err(error) => return Err(error),
            };
            let outcome = client
                .request("auth.sign_out", Method::POST, &["logout"])
                .query("scope", scope.as_str())
                .bearer(session.access_token.clone())
                // A session that has ended cannot end otherwise.
                .idempotent()
                .settings(settings)
                .done()
                .await;
            let outcome = match outcome {
                outcome if scope == SignOutScope::Others => return outcome,
                // Its first answer was lost: it is what has ended the session, and the others with it.
                Err(error) if error.code() == Some(&Code::SessionNotFound) && error.is_repeated() => Ok(()),
                Err(error) if is_gone(&error) => had_ended(scope, error),
                Err(error) => return Err(error),
                Ok(()) => Ok(()),
            };
            let user = session.user.id.as_str();
            client.sessions().sign_out(|machine| machine.sign_out_user(user, SignOutReason::User)).await?;
            outcome
        })
    }
}

/// What it means for a sign-out that the session had ended before, as `error` says.
fn had_ended(scope: SignOutScope, error: Error) -> Result<()> {
    let has_others = error.code() != Some(&Code::UserNotFound);
    if scope != SignOutScope::Local && has_others {
        return Err(error);
    }
    tracing::debug!(%error, "the session had ended before the sign-out");
    Ok(())
}

/// Whether the server says that there is no such session any more. What a gateway says is about something else.
fn is_gone(error: &Error) -> bool {
    matches!(error.status(), Some(401 | 403 | 404)) && error.is_of_the_session()
}
