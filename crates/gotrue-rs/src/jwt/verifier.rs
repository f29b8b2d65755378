//! A verifier of access tokens, for servers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};
use supabase_core::{Method, Transport, limited};

use super::jwks::Jwks;
use super::token::{Rules, Token};
use crate::api::Api;
use crate::call::Call;
use crate::claims::Claims;
use crate::client::Client;
use crate::clock::{Clock, Now};
use crate::error::{Error, Result};
use crate::user::User;

/// How far clocks may be apart if nothing else is said, and at the most.
const LEEWAY: Duration = Duration::from_secs(30);
const LONGEST_LEEWAY: Duration = Duration::from_secs(24 * 3600);

/// The shortest shared secret that is taken, in bytes: no shorter one is safe with HS256, and PostgREST takes none either.
///
/// Source: <https://datatracker.ietf.org/doc/html/rfc7518#section-3.2>
const SHORTEST_SECRET: usize = 32;

/// Verifies access tokens, for a server that acts for many users. Clones share the keys.
///
/// A token that is signed with one of the project's public keys is verified here, and the server is asked only for the
/// keys: once, and then in the background when they get old. A token that is signed with the project's shared secret is
/// verified here as well if the secret is [given](Self::hs256_secret); otherwise the server is asked about each one.
///
/// Signature, expiry and the claims of an access token are always checked; [`issuer`](Self::issuer) and
/// [`audience`](Self::audience) where they are given. Whether the user still exists and whether the session still lasts
/// only the server knows: that is [`get_user`](Client::get_user).
///
/// Source: <https://supabase.com/docs/guides/auth/signing-keys>
///
/// ```no_run
/// # async fn run(authorization: &str) -> gotrue_rs::Result<()> {
/// use gotrue_rs::JwtVerifier;
/// let verifier = JwtVerifier::new("https://abc.supabase.co/auth/v1", "sb_publishable_…")?.audience("authenticated");
/// let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
/// let claims = verifier.verify(token).await?;
/// println!("{} may act as {}", claims.sub, claims.role);
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct JwtVerifier(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    transport: Transport,
    jwks: Arc<Jwks>,
    secret: Option<DecodingKey>,
    /// The secret is one that anybody can guess. By an empty one, everybody signs.
    is_weak: bool,
    rules: Rules,
    clock: Clock,
    /// How far the server's clock is known to be ahead of this one.
    skew_ms: i64,
}

impl JwtVerifier {
    /// A verifier with default settings. `url` and `key` are those of [`Client::new`]; to set more, build a client and
    /// take [its verifier](Client::jwt_verifier).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if URL or key cannot be used.
    ///
    /// ```
    /// # fn main() -> gotrue_rs::Result<()> {
    /// let verifier = gotrue_rs::JwtVerifier::new("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")?;
    /// # Ok(()) }
    /// ```
    pub fn new(url: impl AsRef<str>, key: impl Into<SecretString>) -> Result<Self> {
        Client::new(url, key).map(|client| client.jwt_verifier())
    }

    pub(crate) fn of(transport: Transport, jwks: Arc<Jwks>, clock: Clock) -> Self {
        let leeway = i64::try_from(LEEWAY.as_secs()).unwrap_or_default();
        let rules = Rules { leeway, ..Rules::default() };
        Self(Arc::new(Inner { transport, jwks, secret: None, is_weak: false, rules, clock, skew_ms: 0 }))
    }

    /// The shared secret of a project that signs, or has signed, its tokens by HS256. Tokens signed in other ways are
    /// verified with the project's public keys all the same.
    ///
    /// It has at least 32 bytes. With a shorter one, as a variable of the environment that is not set gives, nothing is
    /// verified: [`verify`](Self::verify) says so.
    pub fn hs256_secret(mut self, secret: impl Into<SecretString>) -> Self {
        let secret = secret.into();
        let secret = secret.expose_secret().as_bytes();
        let inner = self.set();
        inner.secret = Some(DecodingKey::from_secret(secret));
        inner.is_weak = secret.len() < SHORTEST_SECRET;
        self
    }

    /// Accepts only tokens issued by `issuer`, on Supabase `https://<project>.supabase.co/auth/v1`. Called several times,
    /// any of them will do.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.set().rules.issuers.push(issuer.into());
        self
    }

    /// Accepts only tokens meant for `audience`, mostly `authenticated`. Called several times, any of them will do.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.set().rules.audiences.push(audience.into());
        self
    }

    /// How far this clock and the server's may be apart: 30 seconds if not given, a day at the most. So long tokens are
    /// accepted after their end and before their beginning.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.set().rules.leeway = i64::try_from(leeway.min(LONGEST_LEEWAY).as_secs()).unwrap_or_default();
        self
    }

    /// Goes by a clock that is so far ahead of this machine's.
    pub(crate) fn ahead_by(mut self, skew_ms: i64) -> Self {
        self.set().skew_ms = skew_ms;
        self
    }

    /// Verifies an access token, without `Bearer` in front of it, and says what it claims.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidJwt`](crate::ErrorKind::InvalidJwt) if the token is not to be believed, and
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) where it was the server that said so of this token, by 401 or
    /// 403 and a code of its own: answer 401. Any other kind says that the keys could not be had, or the server not be asked, and
    /// nothing about the token: answer 503. [`ErrorKind::Unverified`](crate::ErrorKind::Unverified) is the one of a server
    /// that is down or limits requests, and [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) that of a setting.
    ///
    /// ```no_run
    /// # async fn run(verifier: gotrue_rs::JwtVerifier, token: &str) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::ErrorKind;
    /// let status = match verifier.verify(token).await {
    ///     Ok(_) => 200,
    ///     Err(error) if matches!(error.kind(), ErrorKind::InvalidJwt | ErrorKind::Rejected) => 401,
    ///     Err(_) => 503,
    /// };
    /// # Ok(()) }
    /// ```
    pub fn verify(&self, token: &str) -> Call<Claims> {
        let (inner, token) = (Arc::clone(&self.0), SecretString::from(token));
        Call::new(move |settings| async move {
            let verified = inner.verify(token.expose_secret());
            let Some(limit) = settings.timeout else { return verified.await };
            limited(limit, verified).await.unwrap_or_else(|| Err(Error::timeout(limit)))
        })
    }

    /// What the setters change: of this handle alone, and not of its clones.
    fn set(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

impl Inner {
    async fn verify(&self, token: &str) -> Result<Claims> {
        if self.is_weak {
            return Err(Error::invalid(
                "the shared secret is empty or shorter than 32 bytes: tokens that it signs prove nothing",
            ));
        }
        let parts = Token::parse(token)?;
        if parts.algorithm == Algorithm::HS256 {
            let Some(secret) = &self.secret else { return self.ask(token, &parts).await };
            parts.check_signature(secret)?;
        } else {
            let kid = parts.kid.as_deref();
            let kid =
                kid.ok_or_else(|| Error::invalid_jwt("the token does not say which key it is signed with"))?;
            let keys = self.jwks.keys(kid).await?;
            let mut named = keys.iter().filter(|key| key.kid == kid).peekable();
            if named.peek().is_none() {
                return Err(Error::invalid_jwt("the project has no key of the id that the token names"));
            }
            let mut checked = None;
            for key in named.filter(|key| key.algorithm == parts.algorithm) {
                let outcome = checked.insert(parts.check_signature(&key.key));
                if outcome.is_ok() {
                    break;
                }
            }
            let other = "the token is signed in another way than its key signs";
            checked.unwrap_or_else(|| Err(Error::invalid_jwt(other)))?;
        }
        self.believed(&parts)
    }

    /// Has the server verify a token that it alone can.
    async fn ask(&self, token: &str, parts: &Token<'_>) -> Result<Claims> {
        // What does not hold anyhow is not worth the way.
        let claims = self.believed(parts)?;
        let request = Api::new(&self.transport, "auth.get_claims", Method::GET, &["user"]);
        let user = request.bearer(token.into()).fetch().await;
        let user: User = user.map_err(|error| {
            // What a gateway says is about something else.
            let is_of_the_token = matches!(error.status(), Some(401 | 403)) && error.is_of_the_session();
            if is_of_the_token { error } else { error.or_unverified() }
        })?;
        if user.id != claims.sub {
            return Err(Error::invalid_jwt("the server knows the token as one of another user"));
        }
        Ok(claims)
    }

    fn believed(&self, parts: &Token<'_>) -> Result<Claims> {
        let claims = parts.claims()?;
        let now = Now::read(self.clock);
        let now = Now { unix_ms: now.unix_ms.saturating_add(self.skew_ms), ..now };
        self.rules.check(&claims, now.unix_seconds())?;
        Ok(claims)
    }
}

impl Client {
    /// A verifier of access tokens, for a server that acts for many users. It shares this client's connections and keys.
    ///
    /// ```
    /// # fn main() -> gotrue_rs::Result<()> {
    /// let auth = gotrue_rs::Client::new("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")?;
    /// let verifier = auth.jwt_verifier().audience("authenticated");
    /// # Ok(()) }
    /// ```
    pub fn jwt_verifier(&self) -> JwtVerifier {
        JwtVerifier::of(self.transport().clone(), Arc::clone(self.jwks()), self.sessions().clock())
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("transport", &self.0.transport)
            .field("has_secret", &self.0.secret.is_some())
            .field("rules", &self.0.rules)
            .finish_non_exhaustive()
    }
}
