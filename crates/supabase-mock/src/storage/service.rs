//! The server without a socket.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use serde_json::json;

use super::access::{Caller, Rule};
use super::analytics::Analytics;
use super::body::Body;
use super::call::{BodyError, Call};
use super::clock::Clock;
use super::problem::Problem;
use super::store::Store;
use super::tus::Uploads;
use super::vectors::Vectors;
use crate::jwt::Signer;

/// What a server is set to.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) secret: String,
    pub(super) publishable_key: String,
    pub(super) secret_key: String,
    pub(super) folder: Option<PathBuf>,
    pub(super) rule: Rule,
    pub(super) file_size_limit: u64,
    pub(super) standard_limit: Option<u64>,
    pub(super) upload_url_expiry: Duration,
    pub(super) resumable_expiry: Option<Duration>,
    pub(super) cdn: bool,
    pub(super) images: bool,
    pub(super) vectors: bool,
    pub(super) analytics: bool,
}

/// The storage service, to be mounted in an HTTP server of yours.
///
/// [`Server`](super::Server) is this behind a port of its own. It is cheap to clone, and all clones are the same service.
/// Paths may begin with `/storage/v1`, as on a project, or be as the service itself knows them.
#[derive(Clone, Debug)]
pub struct Service {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) options: Options,
    pub(super) signer: Signer,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) uploads: Uploads,
    pub(super) vectors: Vectors,
    pub(super) analytics: Analytics,
}

impl Service {
    pub(super) fn open(options: Options) -> io::Result<Self> {
        let store = Store::open(options.folder.clone())?;
        let signer = Signer::new(&options.secret);
        let inner = Inner {
            options,
            signer,
            store,
            clock: Clock::default(),
            uploads: Uploads::default(),
            vectors: Vectors::default(),
            analytics: Analytics::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Answers one request. Bodies are streamed both ways.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        super::route::answer(&self.inner, Call::new(request)).await
    }

    /// Moves the clock of the server forward: signed URLs and resumable uploads expire, tokens too.
    pub fn advance(&self, duration: Duration) {
        self.inner.clock.advance(duration);
    }

    /// A token of the role `anon`, as the older keys of a project are.
    #[must_use]
    pub fn anon_key(&self) -> String {
        self.inner.role_token("anon")
    }

    /// A token of the role `service_role`, which no rule stops.
    #[must_use]
    pub fn service_role_key(&self) -> String {
        self.inner.role_token("service_role")
    }

    /// The key `sb_publishable_…`, which stands for `anon` as `apikey`.
    #[must_use]
    pub fn publishable_key(&self) -> &str {
        &self.inner.options.publishable_key
    }

    /// The key `sb_secret_…`, which stands for `service_role` as `apikey`.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.inner.options.secret_key
    }

    /// A token of a signed-in user with this id, valid for an hour.
    #[must_use]
    pub fn user_token(&self, id: &str) -> String {
        self.token(&json!({ "sub": id, "aud": "authenticated", "role": "authenticated" }))
    }

    /// A token with these claims. Without `exp` it is valid for an hour.
    #[must_use]
    pub fn token(&self, claims: &serde_json::Value) -> String {
        let now = self.inner.clock.now().seconds();
        let mut all = serde_json::Map::new();
        all.insert("iat".to_owned(), now.into());
        all.insert("exp".to_owned(), (now + 3_600).into());
        all.extend(claims.as_object().cloned().unwrap_or_default());
        self.inner.signer.sign(true, &all)
    }
}

impl Inner {
    /// A key of a project: fixed, and valid until 2035.
    fn role_token(&self, role: &str) -> String {
        let claims = json!({ "iss": "supabase", "ref": "local", "role": role, "iat": 1_735_689_600, "exp": 2_051_222_400 });
        self.signer.sign(true, &claims)
    }

    /// The role that a new key stands for. The gateway of a project exchanges them for tokens.
    fn role_of_key(&self, key: &str) -> Option<&'static str> {
        if key == self.options.secret_key {
            Some("service_role")
        } else if key == self.options.publishable_key {
            Some("anon")
        } else {
            None
        }
    }

    /// Who asks. No token at all is as bad as a wrong one.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let authorization = text("authorization").unwrap_or_default();
        let token = match authorization.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => authorization,
        };
        let role = self.role_of_key(token).or_else(|| {
            let key = text("apikey").filter(|_| token.is_empty())?;
            self.role_of_key(key)
        });
        if let Some(role) = role {
            return Ok(Caller::of_role(role));
        }
        let now = self.clock.now().seconds();
        let claims = self.signer.read(token, now).map_err(|refusal| Problem::denied(refusal.message()))?;
        Ok(Caller::of_claims(claims))
    }

    /// Who asks, on routes that do without a token but not without the header.
    pub(super) fn require_header(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let key = headers.get("apikey").and_then(|value| value.to_str().ok());
        if headers.contains_key("authorization") || key.is_some_and(|key| self.role_of_key(key).is_some()) {
            return Ok(());
        }
        Err(Problem::invalid("headers must have required property 'authorization'"))
    }

    /// Who asks, on a route that needs to know.
    pub(super) fn known_caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        self.require_header(headers)?;
        self.caller(headers)
    }

    /// The largest object that one request may bring into a bucket.
    pub(super) fn upload_limit(&self, bucket: Option<u64>) -> u64 {
        let limit = self.options.standard_limit.unwrap_or(u64::MAX).min(self.options.file_size_limit);
        bucket.map_or(limit, |bucket| bucket.min(limit))
    }
}
