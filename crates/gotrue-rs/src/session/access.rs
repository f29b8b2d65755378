//! The session, as callers of the client see it.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use supabase_core::Method;

use crate::call::Call;
use crate::client::Client;
use crate::clock::seconds_left;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::jwt::unverified;
use crate::session::event::{AuthEvent, SignOutReason};
use crate::session::flight::Reason;
use crate::session::listeners::AuthEvents;
use crate::session::machine::Kept;
use crate::session::{Session, Wire};
use crate::user::User;

impl Client {
    /// The session of the user who is signed in, with an access token that has not expired; `None` if nobody is.
    ///
    /// A token that is about to expire is refreshed first, once for all who ask. If that fails for a reason that says
    /// nothing about the session, as without a network, the old token is answered with while it is good, and the session
    /// stays.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-getsession>
    ///
    /// # Errors
    /// The token has expired and cannot be refreshed, or the store cannot be read. If the server has refused the session
    /// for good, it has ended, and the next call answers with `None`.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// if let Some(session) = auth.get_session().await? {
    ///     println!("{} until {}", session.user.id, session.expires_at);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getSession")]
    pub fn get_session(&self) -> Call<Option<Arc<Session>>> {
        let client = self.clone();
        Call::new(move |_| async move { client.sessions().fresh().await })
    }

    /// The access token of the user who is signed in; `None` if nobody is. As [`get_session`](Self::get_session), without
    /// anything that a request on its way would have to wait for.
    ///
    /// # Errors
    /// As [`get_session`](Self::get_session). A request must fail then, and not go on as nobody.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let token = auth.access_token().await?;
    /// # Ok(()) }
    /// ```
    pub async fn access_token(&self) -> Result<Option<SecretString>> {
        let session = match self.sessions().at_once() {
            Some(session) => session,
            // In a box, as it is large and seldom needed.
            None => Box::pin(self.sessions().fresh()).await?,
        };
        Ok(session.map(|session| session.access_token.clone()))
    }

    /// What happens to the session: sign-ins, refreshes, sign-outs, beginning with who is signed in.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-onauthstatechange>
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) {
    /// use gotrue_rs::AuthEvent;
    /// let mut events = auth.events();
    /// while let Some(event) = events.next().await {
    ///     if let AuthEvent::SignedOut(reason) = event {
    ///         println!("signed out: {reason:?}");
    ///     }
    /// }
    /// # }
    /// ```
    #[doc(alias = "on_auth_state_change")]
    #[doc(alias = "onAuthStateChange")]
    pub fn events(&self) -> AuthEvents {
        self.sessions().events()
    }

    /// Gets new tokens now, whether they are needed or not. The server reads the user anew, so roles and metadata that
    /// have changed are in them.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-refreshsession>
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in. If the server refuses the
    /// session for good, it has ended; after any other error it stays.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let session = auth.refresh_session().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "refreshSession")]
    pub fn refresh_session(&self) -> Call<Arc<Session>> {
        let client = self.clone();
        Call::new(move |_| async move { client.sessions().refresh(Reason::Asked).await })
    }

    /// Signs in by tokens that came from elsewhere, for example from a program that was signed in before.
    ///
    /// An access token that is still good is shown to the server, which tells whose it is; one that has expired, or that the
    /// server refuses, is refreshed.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-setsession>
    ///
    /// # Errors
    /// [`ErrorKind::InvalidJwt`](crate::ErrorKind::InvalidJwt) if the access token is no JWT; what the server says if it does
    /// not accept the tokens. Whoever was signed in stays so then.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, access: String, refresh: String) -> gotrue_rs::Result<()> {
    /// let session = auth.set_session(access, refresh).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "setSession")]
    pub fn set_session(
        &self,
        access_token: impl Into<SecretString>,
        refresh_token: impl Into<SecretString>,
    ) -> Call<Arc<Session>> {
        let (client, access, refresh) = (self.clone(), access_token.into(), refresh_token.into());
        Call::new(move |_| async move {
            client.sessions().permit()?;
            let kept = client.session_of(access, refresh).await?;
            client.signed_in(kept, None).await
        })
    }

    /// Forgets who is signed in, without a word to the server: for a device that must be cleared while there is no
    /// network. A sign-out ends the session on the server too.
    ///
    /// # Errors
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the store still has the session. Here, nobody is signed in then either;
    /// erasing is tried again while the client lives, and by this call.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// auth.forget_session().await?;
    /// # Ok(()) }
    /// ```
    pub fn forget_session(&self) -> Call<()> {
        let client = self.clone();
        Call::new(move |_| async move {
            client.sessions().permit()?;
            client.sessions().sign_out(|machine| machine.sign_out(SignOutReason::User)).await
        })
    }

    /// The session of the user who is signed in, with a good token, for a call that makes no sense without.
    pub(crate) async fn require_session(&self) -> Result<Arc<Session>> {
        self.sessions().fresh().await?.ok_or_else(Error::session_missing)
    }

    /// The token of the user who is signed in, for a call that makes no sense without.
    pub(crate) async fn require_token(&self) -> Result<SecretString> {
        Ok(self.require_session().await?.access_token.clone())
    }

    /// Somebody has signed in. `also` is what is told beside it.
    pub(crate) async fn signed_in(&self, kept: Kept, also: Option<AuthEvent>) -> Result<Arc<Session>> {
        let session = Arc::clone(&kept.session);
        self.sessions()
            .commit(|machine| {
                machine.sign_in(kept);
                if let Some(event) = also {
                    machine.tell(event);
                }
            })
            .await;
        Ok(session)
    }

    /// A call of the user who is signed in has answered with another session of theirs, told as `event`.
    ///
    /// # Errors
    /// Somebody else is signed in by now, or nobody.
    pub(crate) async fn adopt(
        &self,
        wire: Wire,
        event: impl FnOnce(Arc<Session>) -> AuthEvent,
    ) -> Result<Arc<Session>> {
        let kept = self.sessions().received(wire);
        let session = Arc::clone(&kept.session);
        let event = event(Arc::clone(&session));
        if self.sessions().commit(|machine| machine.replace(kept, event)).await {
            Ok(session)
        } else {
            Err(Error::of_kind(
                crate::error::ErrorKind::SessionMissing,
                None,
                "the user has signed out while the call was on its way, or somebody else has signed in",
            ))
        }
    }

    /// The session that two tokens stand for.
    pub(crate) async fn session_of(&self, access: SecretString, refresh: SecretString) -> Result<Kept> {
        // Not believed: the server says below whether it is good.
        let exp = unverified(access.expose_secret())?.exp;
        if refresh.expose_secret().is_empty() {
            return Err(Error::invalid("the refresh token is empty: a session is both tokens"));
        }
        let left = exp.as_unix_seconds().saturating_sub(self.sessions().now().unix_seconds());
        if left <= 0 {
            return self.sessions().exchange(&refresh).await;
        }
        let request = self.request("auth.get_user", Method::GET, &["user"]).bearer(access.clone());
        let reply = match request.send().await {
            // By the server's clock, which alone counts, it has expired.
            Err(error) if error.code() == Some(&Code::BadJwt) => {
                return self.sessions().exchange(&refresh).await;
            }
            reply => reply?,
        };
        let user: User = reply.json().map_err(Error::from_failure)?;
        let now = self.sessions().now();
        let left = seconds_left(exp.as_unix_seconds(), reply.header("date"), now);
        let session = Session {
            access_token: access,
            token_type: "bearer".to_owned(),
            expires_in: u64::try_from(left).unwrap_or(0),
            expires_at: exp,
            refresh_token: refresh,
            user,
            provider_token: None,
            provider_refresh_token: None,
            weak_password: None,
        };
        Ok(Kept::new(session, now))
    }
}
