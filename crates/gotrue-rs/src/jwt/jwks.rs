//! The project's public keys, kept as long as they may be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Shared, WeakShared, abortable};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use supabase_core::{BoxFuture, Instant, Method, Reply, Transport, limited, spawn};

use crate::api::Api;
use crate::error::{Error, Result};

/// How long keys are fresh, if the server does not say; and between which limits it may.
const FRESH: Duration = Duration::from_secs(600);
const FRESH_LIMITS: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// How long keys that are not fresh any more can still be used, while new ones are asked for beside.
const STALE: Duration = Duration::from_secs(3600);

/// How long after its keys have come the server is not asked again because of one that is not among them: everybody can
/// make up tokens, and so ids of keys.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);

/// How long a failure is everybody's answer.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// How long a request is waited for. It has a limit of its own, but what drives it may be a runtime that nothing drives.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A public key of the project.
pub(super) struct Key {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

pub(super) type Keys = Arc<[Arc<Key>]>;
type Flight = BoxFuture<'static, Result<Keys>>;

/// The project's public keys. There is one for all clones of a client.
pub(crate) struct Jwks {
    transport: Transport,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When the server was last asked, whatever came of it.
    asked: Option<Instant>,
    failed: Option<(Instant, Error)>,
    /// The one request that all wait for.
    flight: Option<WeakShared<Flight>>,
    /// What brings it to its end, whoever waits.
    driver: Option<AbortHandle>,
}

struct Held {
    keys: Keys,
    came: Instant,
    fresh_until: Instant,
}

impl Held {
    fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid == kid)
    }
}

impl Jwks {
    pub(crate) fn new(transport: Transport) -> Arc<Self> {
        Arc::new(Self { transport, state: Mutex::default() })
    }

    /// The project's keys, with those of this id: several where a project brings its own, none if it has none.
    ///
    /// # Errors
    /// The keys could not be had, or not anew, so that nobody knows whether there is this one by now.
    pub(super) async fn keys(self: &Arc<Self>, kid: &str) -> Result<Keys> {
        let flight = {
            let now = Instant::now();
            let mut state = self.state();
            match &state.held {
                Some(held) if now < held.fresh_until + STALE => {
                    let keys = Arc::clone(&held.keys);
                    if held.has(kid) {
                        if now >= held.fresh_until {
                            self.renew(&mut state, now);
                        }
                        return Ok(keys);
                    }
                    // Only what has come says so: not a request that is on its way, nor one that failed.
                    if now < held.came + UNKNOWN_KEY_PAUSE {
                        return Ok(keys);
                    }
                }
                _ => {}
            }
            match &state.failed {
                Some((at, error)) if now < *at + FAILURE_PAUSE => return Err(error.clone()),
                _ => self.join(&mut state, now),
            }
        };
        limited(LONGEST_WAIT, flight).await.unwrap_or_else(|| Err(Error::timeout(LONGEST_WAIT)))
    }

    /// The request that is on its way, or a new one. No lock is held while it is.
    fn join(self: &Arc<Self>, state: &mut State, now: Instant) -> Shared<Flight> {
        let is_young = state.asked.is_some_and(|asked| now < asked + LONGEST_WAIT);
        if let Some(flight) = state.flight.as_ref().filter(|_| is_young).and_then(WeakShared::upgrade) {
            return flight;
        }
        let (transport, jwks) = (self.transport.clone(), Arc::downgrade(self));
        let flight: Flight = Box::pin(async move {
            let outcome = fetch(&transport).await;
            let now = Instant::now();
            let outcome = outcome.map(|(keys, fresh)| Held { keys, came: now, fresh_until: now + fresh });
            Self::landed(&jwks, outcome, now)
        });
        let flight = flight.shared();
        state.asked = Some(now);
        state.flight = flight.downgrade();
        // It comes to its end though all who wait may give up: who asks by made-up tokens and goes away would otherwise have
        // a request sent each time. Where nothing can run it, it is theirs alone.
        let (task, handle) = abortable(flight.clone().map(drop));
        if spawn(task.map(drop)).is_ok() {
            state.driver = Some(handle);
        }
        flight
    }

    fn landed(jwks: &Weak<Self>, outcome: Result<Held>, now: Instant) -> Result<Keys> {
        let jwks = jwks.upgrade();
        let mut state = jwks.as_ref().map(|jwks| jwks.state());
        if let Some(state) = &mut state {
            state.flight = None;
        }
        match outcome {
            Ok(held) => {
                let keys = Arc::clone(&held.keys);
                if let Some(state) = &mut state {
                    (state.held, state.failed) = (Some(held), None);
                }
                Ok(keys)
            }
            Err(error) => {
                if let Some(state) = &mut state {
                    state.failed = Some((now, error.clone()));
                }
                Err(error)
            }
        }
    }

    /// Asks for new keys beside their use, not more often than for an unknown one.
    fn renew(self: &Arc<Self>, state: &mut State, now: Instant) {
        if state.asked.is_some_and(|asked| now < asked + UNKNOWN_KEY_PAUSE) {
            return;
        }
        // Where nothing can run it, it is gone at once, and the keys are asked for when they cannot be used any more.
        drop(self.join(state, now));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Jwks {
    fn drop(&mut self) {
        if let Some(driver) = self.state().driver.take() {
            driver.abort();
        }
    }
}

async fn fetch(transport: &Transport) -> Result<(Keys, Duration)> {
    let path = [".well-known", "jwks.json"];
    let reply = Api::new(transport, "auth.jwks", Method::GET, &path).send().await;
    let reply = reply.map_err(Error::or_unverified)?;
    Ok((read(&reply)?, freshness(&reply)))
}

fn read(reply: &Reply) -> Result<Keys> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = reply.json().map_err(Error::from_failure)?;
    // A key of a kind that is not known here does not hide the others.
    Ok(set
        .keys
        .into_iter()
        .filter_map(|key| usable(&serde_json::from_value(key).ok()?))
        .map(Arc::new)
        .collect())
}

/// The key, if it is a public one that verifies what the service signs.
fn usable(jwk: &Jwk) -> Option<Key> {
    let algorithm = match (&jwk.algorithm, jwk.common.key_algorithm) {
        (AlgorithmParameters::RSA(_), None | Some(KeyAlgorithm::RS256)) => Algorithm::RS256,
        (AlgorithmParameters::EllipticCurve(key), None | Some(KeyAlgorithm::ES256))
            if key.curve == EllipticCurve::P256 =>
        {
            Algorithm::ES256
        }
        (AlgorithmParameters::OctetKeyPair(key), None | Some(KeyAlgorithm::EdDSA))
            if key.curve == EllipticCurve::Ed25519 =>
        {
            Algorithm::EdDSA
        }
        // A symmetric key above all: what everybody can read is no secret.
        _ => return None,
    };
    let is_for_signatures = !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
    let verifies = jwk
        .common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    if !is_for_signatures || !verifies {
        return None;
    }
    Some(Key { kid: jwk.common.key_id.clone()?, algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
}

fn freshness(reply: &Reply) -> Duration {
    let said = reply.header("cache-control").and_then(|header| {
        header.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
    });
    said.map_or(FRESH, Duration::from_secs).clamp(FRESH_LIMITS.0, FRESH_LIMITS.1)
}
