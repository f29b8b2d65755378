//! Proving a factor.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use supabase_core::Method;

use super::Mfa;
use crate::api::Api;
use crate::call::{Call, Settings};
use crate::channel::Channel;
use crate::client::Client;
use crate::factor::FactorType;
use crate::passkeys::unix_seconds;
use crate::session::Session;
use crate::session::event::AuthEvent;
use crate::timestamp::Timestamp;
use crate::webauthn::{CreationOptions, CredentialProof, NewCredential, RequestOptions};

/// A question whether the user has a factor.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Challenge {
    /// The id of the challenge, a UUID.
    pub id: String,
    /// What kind of factor is asked for.
    #[serde(rename = "type")]
    pub factor_type: FactorType,
    /// Until when it can be answered.
    #[serde(deserialize_with = "unix_seconds")]
    pub expires_at: Timestamp,
    /// What to show the prompt of a security key with.
    #[serde(default)]
    pub webauthn: Option<WebAuthnChallenge>,
}

/// What to show the prompt of a security key with.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WebAuthnChallenge {
    /// The key is to make a credential: the factor was just enrolled.
    Create(Box<CreationOptions>),
    /// The key is to prove a credential that it has.
    Request(Box<RequestOptions>),
}

impl<'de> Deserialize<'de> for WebAuthnChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Nested<O> {
            public_key: O,
        }
        #[derive(Deserialize)]
        #[serde(tag = "type", content = "credential_options", rename_all = "lowercase")]
        enum Wire {
            Create(Nested<Box<CreationOptions>>),
            Request(Nested<Box<RequestOptions>>),
        }
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Create(options) => Self::Create(options.public_key),
            Wire::Request(options) => Self::Request(options.public_key),
        })
    }
}

/// Which factor to ask for, and how. An id will do; for a phone, also the way of the code can be said.
///
/// ```
/// use gotrue_rs::{ChallengeRequest, Channel};
/// let request = ChallengeRequest::factor("34e770dd-9ff9-416c-87fa-43b31d7ef225").channel(Channel::WhatsApp);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ChallengeRequest {
    factor_id: String,
    channel: Option<Channel>,
}

impl ChallengeRequest {
    /// The factor of this id.
    pub fn factor(id: impl Into<String>) -> Self {
        Self { factor_id: id.into(), channel: None }
    }

    /// By which way a phone gets its code: SMS if not given.
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channel = Some(channel);
        self
    }
}

impl From<&str> for ChallengeRequest {
    fn from(id: &str) -> Self {
        Self::factor(id)
    }
}

impl From<&String> for ChallengeRequest {
    fn from(id: &String) -> Self {
        Self::factor(id)
    }
}

impl From<String> for ChallengeRequest {
    fn from(id: String) -> Self {
        Self::factor(id)
    }
}

/// What proves a factor: a code, or what a security key answers.
#[derive(Clone)]
#[non_exhaustive]
pub enum FactorProof {
    /// A code from an app or a message.
    Code(String),
    /// A credential that a security key has just made, the answer to [`WebAuthnChallenge::Create`].
    Created(Box<NewCredential>),
    /// A proof by a security key, the answer to [`WebAuthnChallenge::Request`].
    Proven(Box<CredentialProof>),
}

/// The code is not shown.
impl std::fmt::Debug for FactorProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code(…)",
            Self::Created(_) => "Created(…)",
            Self::Proven(_) => "Proven(…)",
        })
    }
}

impl From<&str> for FactorProof {
    fn from(code: &str) -> Self {
        Self::Code(code.to_owned())
    }
}

impl From<&String> for FactorProof {
    fn from(code: &String) -> Self {
        Self::Code(code.clone())
    }
}

impl From<String> for FactorProof {
    fn from(code: String) -> Self {
        Self::Code(code)
    }
}

impl From<NewCredential> for FactorProof {
    fn from(credential: NewCredential) -> Self {
        Self::Created(Box::new(credential))
    }
}

impl From<CredentialProof> for FactorProof {
    fn from(proof: CredentialProof) -> Self {
        Self::Proven(Box::new(proof))
    }
}

impl FactorProof {
    fn body(&self, challenge_id: &str) -> Value {
        match self {
            Self::Code(code) => json!({ "challenge_id": challenge_id, "code": code }),
            Self::Created(credential) => webauthn(challenge_id, "create", credential),
            Self::Proven(proof) => webauthn(challenge_id, "request", proof),
        }
    }
}

fn webauthn(challenge_id: &str, kind: &str, credential: &impl Serialize) -> Value {
    json!({ "challenge_id": challenge_id, "webauthn": { "type": kind, "credential_response": credential } })
}

impl Mfa {
    /// Asks for a factor: a phone gets a code, a security key something to sign; an app has its code already.
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in;
    /// [`Code::MfaFactorNotFound`](crate::Code::MfaFactorNotFound) if the user has no such factor; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, code: &str) -> gotrue_rs::Result<()> {
    /// let factor = "34e770dd-9ff9-416c-87fa-43b31d7ef225";
    /// let challenge = auth.mfa().challenge(factor).await?;
    /// let session = auth.mfa().verify(factor, &challenge.id, code).await?;
    /// # Ok(()) }
    /// ```
    pub fn challenge(&self, factor: impl Into<ChallengeRequest>) -> Call<Challenge> {
        let client = self.client.clone();
        let request = challenge(&client, &factor.into());
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }

    /// Proves a factor by the answer to a challenge. The session reaches the higher level, and the user's other sessions
    /// that did not are ended.
    ///
    /// # Errors
    /// [`Code::MfaVerificationFailed`](crate::Code::MfaVerificationFailed) if the code is wrong;
    /// [`Code::MfaChallengeExpired`](crate::Code::MfaChallengeExpired) if it comes too late;
    /// [`Code::MfaIpAddressMismatch`](crate::Code::MfaIpAddressMismatch) also if the challenge was answered before; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, factor: &str, challenge: &str) -> gotrue_rs::Result<()> {
    /// let session = auth.mfa().verify(factor, challenge, "123456").await?;
    /// # Ok(()) }
    /// ```
    pub fn verify(
        &self,
        factor_id: &str,
        challenge_id: &str,
        proof: impl Into<FactorProof>,
    ) -> Call<Arc<Session>> {
        let client = self.client.clone();
        let request = verification(&client, factor_id, challenge_id, &proof.into());
        Call::new(move |settings| async move {
            let request = client.as_user(request).await?.settings(settings);
            client.adopt(request.fetch().await?, AuthEvent::MfaVerified).await
        })
    }

    /// Asks for a factor and proves it in one call, for what needs no asking: the code of an app.
    ///
    /// # Errors
    /// As [`challenge`](Self::challenge) and [`verify`](Self::verify).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, factor: &str) -> gotrue_rs::Result<()> {
    /// let session = auth.mfa().challenge_and_verify(factor, "123456").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "challengeAndVerify")]
    pub fn challenge_and_verify(&self, factor_id: &str, code: &str) -> Call<Arc<Session>> {
        let mfa = self.clone();
        let (factor, proof) = (factor_id.to_owned(), FactorProof::from(code));
        Call::new(move |settings: Settings| async move {
            let asked = challenge(&mfa.client, &ChallengeRequest::factor(&factor));
            let asked: Challenge = mfa.client.as_user(asked).await?.settings(settings).fetch().await?;
            let request = verification(&mfa.client, &factor, &asked.id, &proof);
            let request = mfa.client.as_user(request).await?.settings(settings);
            mfa.client.adopt(request.fetch().await?, AuthEvent::MfaVerified).await
        })
    }
}

fn challenge(client: &Client, request: &ChallengeRequest) -> Api {
    // A phone and a key need a body, if only an empty one.
    let channel = request.channel.as_ref().map(|channel| ("channel".to_owned(), json!(channel)));
    let body: Map<String, Value> = channel.into_iter().collect();
    let path = ["factors", request.factor_id.as_str(), "challenge"];
    client.request("auth.mfa.challenge", Method::POST, &path).json(&body)
}

fn verification(client: &Client, factor_id: &str, challenge_id: &str, proof: &FactorProof) -> Api {
    let path = ["factors", factor_id, "verify"];
    client.request("auth.mfa.verify", Method::POST, &path).json(&proof.body(challenge_id))
}
