//! Where the access token of a request comes from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::api_key::bearer_header;
use crate::failure::{BoxError, Failure};
use crate::maybe_send::{BoxFuture, MaybeSend, MaybeSync};

type Answer = Result<Option<SecretString>, BoxError>;

#[cfg(not(target_family = "wasm"))]
type Ask = dyn Fn() -> BoxFuture<'static, Answer> + Send + Sync;
#[cfg(target_family = "wasm")]
type Ask = dyn Fn() -> BoxFuture<'static, Answer>;

/// Gives the access token of each attempt, right before it is sent.
#[derive(Clone)]
pub struct TokenSource(Source);

#[derive(Clone)]
enum Source {
    Anonymous,
    Fixed(Arc<Bearer>),
    // A token that no header can carry: told when a request is sent, as a setter cannot fail.
    Unusable(Arc<str>),
    Asked(Arc<Asked>),
}

/// A token beside its header, so that the header is built once a token and not once a request.
struct Bearer {
    token: SecretString,
    header: HeaderValue,
}

struct Asked {
    ask: Box<Ask>,
    last: Mutex<Option<Bearer>>,
}

/// What is wrong with a token, if it is none. A gateway or a server may pass over one of these and take the API key
/// instead: the call would act as somebody else.
pub fn token_fault(token: &SecretString) -> Option<&'static str> {
    match token.expose_secret() {
        "" => Some("the access token is empty"),
        token if token.starts_with("sb_") => Some("this is an API key: an access token is a JWT"),
        _ => None,
    }
}

impl TokenSource {
    /// Nobody is signed in: the API key speaks.
    pub fn anonymous() -> Self {
        Self(Source::Anonymous)
    }

    /// Always the same token.
    pub fn fixed(token: SecretString) -> Self {
        match Bearer::new(token) {
            Ok(bearer) => Self(Source::Fixed(Arc::new(bearer))),
            Err(failure) => Self(Source::Unusable(failure.message().into())),
        }
    }

    /// Asks `ask` before each attempt. `None` means that nobody is signed in.
    pub fn from_fn<F, Fut>(ask: F) -> Self
    where
        F: Fn() -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = Answer> + MaybeSend + 'static,
    {
        let ask = Box::new(move || -> BoxFuture<'static, Answer> { Box::pin(ask()) });
        Self(Source::Asked(Arc::new(Asked { ask, last: Mutex::new(None) })))
    }

    /// The token of this moment; `None` means anonymous.
    ///
    /// # Errors
    /// The source failed, or its token cannot be sent.
    pub(crate) async fn token(&self) -> Result<Option<SecretString>, Failure> {
        match &self.0 {
            Source::Anonymous => Ok(None),
            Source::Fixed(bearer) => Ok(Some(bearer.token.clone())),
            Source::Unusable(message) => Err(Failure::credentials(message, None)),
            Source::Asked(asked) => match (asked.ask)().await {
                Ok(token) => match token.as_ref().and_then(token_fault) {
                    Some(fault) => Err(Failure::credentials(fault, None)),
                    None => Ok(token),
                },
                Err(error) => Err(Failure::credentials("the access token could not be had", Some(error))),
            },
        }
    }

    /// Whether the source may give another token the next time.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self.0, Source::Asked(_))
    }

    /// The `Authorization` header of the next attempt; `None` means anonymous.
    ///
    /// # Errors
    /// The source failed. The request must fail then: sending it as the anonymous role would answer with other rows.
    pub(crate) async fn bearer(&self) -> Result<Option<HeaderValue>, Failure> {
        match &self.0 {
            Source::Anonymous => Ok(None),
            Source::Fixed(bearer) => Ok(Some(bearer.header.clone())),
            Source::Unusable(message) => Err(Failure::credentials(message, None)),
            Source::Asked(asked) => match (asked.ask)().await {
                Ok(None) => Ok(None),
                Ok(Some(token)) => asked.header(token).map(Some),
                Err(error) => Err(Failure::credentials("the access token could not be had", Some(error))),
            },
        }
    }
}

impl Bearer {
    fn new(token: SecretString) -> Result<Self, Failure> {
        if let Some(fault) = token_fault(&token) {
            return Err(Failure::credentials(fault, None));
        }
        let header = bearer_header(token.expose_secret())
            .map_err(|failure| Failure::credentials(failure.message(), None))?;
        Ok(Self { token, header })
    }
}

impl Asked {
    fn header(&self, token: SecretString) -> Result<HeaderValue, Failure> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(bearer) if bearer.token.expose_secret() == token.expose_secret() => {
                Ok(bearer.header.clone())
            }
            _ => {
                let bearer = Bearer::new(token)?;
                let header = bearer.header.clone();
                *last = Some(bearer);
                Ok(header)
            }
        }
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Source::Anonymous => "Anonymous",
            Source::Fixed(_) => "Fixed",
            Source::Unusable(_) => "Unusable",
            Source::Asked(_) => "Asked",
        })
    }
}
