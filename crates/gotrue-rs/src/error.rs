//! Why a request failed.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use supabase_core::{BoxError, Failure, error_face, error_kinds, object_or_default};

use crate::code::Code;
use crate::weak_password::{WeakPassword, WeakPasswordReason};

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request failed. [`kind`](Self::kind) says what a caller can do about it, [`code`](Self::code) what the server
/// calls it.
///
/// Printed, an error shows kind, status, code, and the message, but no key, token, query or body. Clones share it, as
/// several callers can wait for the same thing.
///
/// Source: <https://supabase.com/docs/guides/auth/debugging/error-codes>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> Result<(), Box<dyn std::error::Error>> {
/// # async fn sign_in(_: &gotrue_rs::Client) -> gotrue_rs::Result<()> { Ok(()) }
/// use gotrue_rs::{Code, ErrorKind};
/// match sign_in(&auth).await {
///     Err(error) if error.code() == Some(&Code::InvalidCredentials) => println!("no user has this password"),
///     Err(error) if error.kind() == ErrorKind::Connect => println!("no network: {error}"),
///     outcome => outcome?,
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    failure: Failure,
    said: Said,
}

/// The server's own words, whichever form they came in.
#[derive(Debug, Default)]
struct Said {
    code: Option<Code>,
    message: Option<String>,
    weak_password: Vec<WeakPasswordReason>,
}

error_kinds! {
    /// Nothing was sent, as nobody is signed in, or not any more: sign in.
    SessionMissing,
    /// The JWT is not to be believed: it is malformed, forged, expired, or meant for somebody else.
    InvalidJwt,
    /// Whether the JWT is to be believed could not be found out, as the server refused to say: it says nothing about the
    /// token. Try again, and sign nobody out.
    Unverified,
    /// The store of sessions cannot be read or written: look at the error underneath.
    Store,
}

error_face!(
    "The service's own code; OAuth's, where an OAuth or OpenID token was refused; the database's, where it was that which refused."
);

impl Error {
    /// The call is wrong, and was not sent.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::from_failure(Failure::invalid(message))
    }

    /// Nobody is signed in, so nothing was sent.
    pub(crate) fn session_missing() -> Self {
        Self::of_kind(ErrorKind::SessionMissing, None, "nobody is signed in")
    }

    /// The JWT is not to be believed. The server has the same code for all reasons.
    pub(crate) fn invalid_jwt(message: impl Into<Cow<'static, str>>) -> Self {
        Self::of_kind(ErrorKind::InvalidJwt, Some(Code::BadJwt), message)
    }

    /// The same failure, where it was a refusal that says nothing about the token that was to be verified.
    pub(crate) fn or_unverified(mut self) -> Self {
        // Of an error that was just made, there are no clones.
        if let Some(inner) = Arc::get_mut(&mut self.0).filter(|inner| inner.kind == ErrorKind::Rejected) {
            inner.kind = ErrorKind::Unverified;
        }
        self
    }

    /// Whether it answers to a request whose first answer was lost, and which the server may have fulfilled.
    pub(crate) fn is_repeated(&self) -> bool {
        self.0.failure.is_repeated()
    }

    /// Whether the service, in its own words, does not take the access token that it was shown, or not any more. A gateway
    /// has other words, some of them in a form that a service could have.
    pub(crate) fn is_of_the_session(&self) -> bool {
        matches!(
            self.code(),
            Some(
                Code::BadJwt
                    | Code::NoAuthorization
                    | Code::SessionNotFound
                    | Code::SessionExpired
                    | Code::UserNotFound
                    | Code::UserBanned
            )
        )
    }

    /// A claim does not fit the type that it is read into.
    pub(crate) fn claim(name: &str) -> Self {
        Self::of_kind(
            ErrorKind::Decode,
            None,
            format!("the claim `{}` does not fit the type asked for", name.escape_debug()),
        )
    }

    /// Time ran out.
    pub(crate) fn timeout(limit: Duration) -> Self {
        Self::of_kind(ErrorKind::Timeout, None, format!("no answer within {limit:?}"))
    }

    /// The store of sessions has failed.
    pub(crate) fn store(source: BoxError) -> Self {
        let failure = Failure::invalid_because("the session store failed", source);
        Self(Arc::new(Inner { kind: ErrorKind::Store, failure, said: Said::default() }))
    }

    /// An error that no failed request stands behind.
    pub(crate) fn of_kind(
        kind: ErrorKind,
        code: Option<Code>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let said = Said { code, ..Said::default() };
        Self(Arc::new(Inner { kind, failure: Failure::invalid(message), said }))
    }

    /// Why the password is too weak, where the code is [`Code::WeakPassword`]; otherwise empty.
    pub fn weak_password_reasons(&self) -> &[WeakPasswordReason] {
        &self.0.said.weak_password
    }

    /// Gives a failure this crate's words. Not `From`: a trait's implementation would be public, and the type of the
    /// machinery is not.
    pub(crate) fn from_failure(mut failure: Failure) -> Self {
        let kind = ErrorKind::of(&failure);
        let said = match kind {
            ErrorKind::Rejected => Said::read(&failure),
            _ => Said::default(),
        };
        // Refused before anything was done: a limit, or another request that holds the session's lock.
        let untouched = match failure.status() {
            Some(429) => true,
            Some(409) => said.code == Some(Code::Conflict),
            _ => false,
        };
        if untouched {
            failure = failure.into_retryable();
        }
        if failure.status() == Some(429) {
            failure = failure.with_wait(said.wait());
        }
        Self(Arc::new(Inner { kind, failure: failure.shrink(), said }))
    }
}

impl Said {
    fn read(failure: &Failure) -> Self {
        let body: Body = object_or_default(failure.body());
        // In the oldest form, `code` is the status as a number, and `error_code` the code.
        let own = [body.code, body.error_code].into_iter().flatten().find(|code| !code.is_empty());
        // A gateway's `error` is a sentence; OAuth's is a code, and the sentence stands beside it.
        let is_oauth =
            |error: &&str| body.error_description.is_some() || !error.contains(char::is_whitespace);
        let of_oauth = || Some(Code::of_oauth(body.error.as_deref().filter(is_oauth)?));
        let in_header = || failure.header("x-sb-error-code").filter(|code| !code.is_empty()).map(Code::from);
        let code = own.map(|code| Code::from(code.as_str())).or_else(of_oauth).or_else(in_header);
        let message = [body.msg, body.message, body.error_description, body.error, body.detail]
            .into_iter()
            .flatten()
            .find(|message| !message.is_empty());
        Self { code, message, weak_password: body.weak_password.reasons }
    }

    /// How long to wait, where messages to one address come too fast: the sentence alone says it.
    fn wait(&self) -> Option<Duration> {
        let (_, rest) = self.message.as_deref()?.split_once("only request this after ")?;
        rest.split_once(" second")?.0.parse().ok().map(Duration::from_secs)
    }
}

/// All forms of an error at once: the initial one, that of 2024-01-01, OAuth's, the database's, SCIM's.
#[derive(Debug, Default, Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "lenient")]
    code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    error_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    msg: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    message: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    error_description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    error: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    detail: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    weak_password: WeakPassword,
}

/// What has another type is left out, as it must not hide the rest of the error.
fn lenient<'de, D: serde::Deserializer<'de>, T: Default + serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

#[cfg(test)]
mod tests;
