//! The end of a sign-in that went through a browser or an email.

use std::sync::Arc;

use secrecy::SecretString;
use supabase_core::Method;

use crate::body::Body;
use crate::call::{Call, Settings};
use crate::client::Client;
use crate::clock::{Deadline, seconds_left};
use crate::code::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::pkce::{FlowType, PendingFlow, Purpose};
use crate::redirect::{self, Redirect, Tokens};
use crate::session::event::AuthEvent;
use crate::session::machine::Kept;
use crate::session::{Session, Wire};
use crate::user::User;
use crate::verify::Verified;

/// A code that a redirect has brought, and the flow that it belongs to.
///
/// A text alone is a code of one of the flows that wait here: they are tried, the newest first. That is enough for one user. A
/// server that begins flows for several says which one each code belongs to, so that nobody ends the sign-in of another.
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthCode {
    code: SecretString,
    flow: Which,
}

/// Which flow a code belongs to.
#[derive(Clone, Debug)]
enum Which {
    Unknown,
    Id(String),
    Given(PendingFlow),
}

impl AuthCode {
    /// A code.
    pub fn new(code: impl Into<SecretString>) -> Self {
        Self { code: code.into(), flow: Which::Unknown }
    }

    /// Of this flow, wherever it has begun.
    pub fn flow(mut self, flow: &PendingFlow) -> Self {
        self.flow = Which::Given(flow.clone());
        self
    }

    /// Of the flow of this id, which has begun here.
    pub fn flow_id(mut self, id: impl Into<String>) -> Self {
        self.flow = Which::Id(id.into());
        self
    }
}

impl From<&str> for AuthCode {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

impl From<String> for AuthCode {
    fn from(code: String) -> Self {
        Self::new(code)
    }
}

impl Client {
    /// Signs in by the code that a redirect has brought, at the end of what [`sign_in`](Self::sign_in),
    /// [`sign_up`](Self::sign_up) and others have begun.
    ///
    /// A code lives for five minutes from when its flow has begun, and is good once.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-exchangecodeforsession>
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if no flow has begun here, or not the one that is named;
    /// [`Code::BadCodeVerifier`] if the code belongs to none of them; [`Code::FlowStateExpired`] and its like; see
    /// [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, code: String) -> gotrue_rs::Result<()> {
    /// let session = auth.exchange_code_for_session(code).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "exchangeCodeForSession")]
    pub fn exchange_code_for_session(&self, code: impl Into<AuthCode>) -> Call<Arc<Session>> {
        let (client, code) = (self.clone(), code.into());
        Call::new(move |settings| async move { client.exchange_code(code, settings).await })
    }

    /// Signs in by the address that a redirect has led to: a code is exchanged, tokens are taken over.
    ///
    /// A client of [`FlowType::Pkce`] takes no tokens: it has not asked for them, so they are somebody else's.
    ///
    /// # Errors
    /// As [`Redirect::parse`] and [`exchange_code_for_session`](Self::exchange_code_for_session).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, came_back: String) -> gotrue_rs::Result<()> {
    /// if let Some(session) = auth.session_from_url(came_back).await?.session() {
    ///     println!("hello {}", session.user.id);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "detectSessionInUrl")]
    #[doc(alias = "get_session_from_url")]
    pub fn session_from_url(&self, url: impl Into<String>) -> Call<Verified> {
        let (client, url) = (self.clone(), url.into());
        Call::new(move |settings| async move {
            let redirect = Redirect::parse(&url).inspect_err(|error| {
                // An address that does not name its flow may be that of another one, of yesterday.
                if error.kind() == ErrorKind::Rejected
                    && client.flows().is_told()
                    && let Some(id) = redirect::flow_of(&url)
                {
                    client.flows().end(&id);
                }
            });
            match redirect? {
                Redirect::Code { code, flow_id } => {
                    let flow_id = flow_id.filter(|_| client.flows().is_told());
                    let flow = flow_id.map_or(Which::Unknown, Which::Id);
                    let session = client.exchange_code(AuthCode { code, flow }, settings).await?;
                    Ok(Verified::SignedIn(session))
                }
                Redirect::Tokens(tokens) => {
                    Ok(Verified::SignedIn(client.take_tokens(*tokens, settings).await?))
                }
                Redirect::Message(message) => Ok(Verified::OtherAddressNext { message }),
            }
        })
    }

    async fn exchange_code(&self, code: AuthCode, settings: Settings) -> Result<Arc<Session>> {
        let (flows, is_named) = match code.flow {
            Which::Given(flow) => (vec![flow], true),
            Which::Id(id) => (vec![self.flows().find(&id)?], true),
            Which::Unknown => (self.flows().newest()?, false),
        };
        let mut refused = Error::invalid("no flow has begun here");
        for flow in flows {
            let body = Body::new().secret("auth_code", &code.code).secret("code_verifier", flow.verifier());
            let outcome = self.grant("auth.exchange_code_for_session", "pkce", &body, settings).await;
            let error = match outcome {
                Ok(wire) => return self.exchanged(&flow, wire).await,
                Err(error) => error,
            };
            match error.code() {
                // The code outlives it. One that belongs to none of the flows was never asked for here, and is of no use.
                Some(Code::BadCodeVerifier) => refused = error,
                // Of a flow that was not named, a code of yesterday says nothing.
                Some(Code::FlowStateExpired | Code::FlowStateNotFound) if is_named => {
                    self.flows().end(flow.id());
                    return Err(error);
                }
                _ => return Err(error),
            }
        }
        Err(refused)
    }

    async fn exchanged(&self, flow: &PendingFlow, wire: Wire) -> Result<Arc<Session>> {
        self.flows().end(flow.id());
        let kept = self.sessions().received(wire);
        let is_recovery = flow.purpose() == Purpose::Recovery;
        let also = is_recovery.then(|| AuthEvent::PasswordRecovery(Arc::clone(&kept.session)));
        self.signed_in(kept, also).await
    }

    /// Takes over tokens from an address. Whose they are, the server says.
    async fn take_tokens(&self, tokens: Tokens, settings: Settings) -> Result<Arc<Session>> {
        if self.flows().flow_type() == FlowType::Pkce {
            return Err(Error::invalid(
                "the address brings tokens, and this client has asked for a code: they are somebody else's, or another \
                 client's with `FlowType::Implicit`",
            ));
        }
        let request = self.request("auth.get_user", Method::GET, &["user"]);
        let request = request.bearer(tokens.access_token.clone()).settings(settings);
        let reply = request.send().await?;
        let user: User = reply.json().map_err(Error::from_failure)?;
        let now = self.sessions().now();
        let lifetime = i64::try_from(tokens.expires_in).unwrap_or(i64::MAX);
        let expires_at = tokens.expires_at.unwrap_or_else(|| now.unix_seconds().saturating_add(lifetime));
        let session = Session {
            access_token: tokens.access_token,
            token_type: "bearer".to_owned(),
            expires_in: tokens.expires_in,
            expires_at: crate::timestamp::Timestamp::from_unix_seconds(expires_at),
            refresh_token: tokens.refresh_token,
            user,
            provider_token: tokens.provider_token,
            provider_refresh_token: tokens.provider_refresh_token,
            weak_password: None,
        };
        // The address may have been opened long after the tokens were issued.
        let left = u64::try_from(seconds_left(expires_at, reply.header("date"), now)).unwrap_or(0);
        let deadline = Deadline::issued(now, left, expires_at);
        let kept = Kept { session: Arc::new(session), deadline };
        let also = tokens.is_recovery.then(|| AuthEvent::PasswordRecovery(Arc::clone(&kept.session)));
        self.signed_in(kept, also).await
    }
}
