//! Passkeys: signing in by a credential that stays on the user's devices.
//!
//! Each ceremony is two calls. The first gives options that a browser or a platform's library shows the user a prompt
//! with; what that answers goes into the second.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use supabase_core::{BoxFuture, Method};

use crate::body::Body;
use crate::call::{Call, Settings};
use crate::client::Client;
use crate::error::Result;
use crate::lenient::blank_as_none;
use crate::session::Session;
use crate::timestamp::Timestamp;
use crate::webauthn::{CreationOptions, CredentialProof, NewCredential, RequestOptions};

/// A passkey of a user.
///
/// Source: <https://supabase.com/docs/guides/auth/passkeys>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Passkey {
    /// The id, a UUID.
    pub id: String,
    /// What the user calls it.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// When it was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The beginning of a ceremony: what to show a prompt with.
///
/// It can be written and read as JSON, for a server that hands it to a browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PasskeyChallenge<O> {
    /// The id of the challenge, for the second call. It is good for one try.
    pub challenge_id: String,
    /// The options.
    pub options: O,
    /// Until when the challenge is good.
    #[serde(deserialize_with = "unix_seconds", serialize_with = "as_unix_seconds")]
    pub expires_at: Timestamp,
}

/// Passkeys. It comes from [`Client::passkeys`].
#[derive(Clone, Debug)]
pub struct Passkeys {
    client: Client,
}

impl Client {
    /// Passkeys: registering them, signing in by them, and those that the user has.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let passkeys = auth.passkeys().list().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "passkey")]
    pub fn passkeys(&self) -> Passkeys {
        Passkeys { client: self.clone() }
    }
}

impl Passkeys {
    /// Begins to register a passkey for the user who is signed in.
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is;
    /// [`Code::PasskeyDisabled`](crate::Code::PasskeyDisabled) where the project has switched passkeys off;
    /// [`Code::TooManyPasskeys`](crate::Code::TooManyPasskeys); see [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # use gotrue_rs::webauthn::{CreationOptions, NewCredential};
    /// # async fn prompt(_: &CreationOptions) -> NewCredential { unimplemented!() }
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let begun = auth.passkeys().start_registration().await?;
    /// let credential = prompt(&begun.options).await;
    /// let passkey = auth.passkeys().verify_registration(&begun.challenge_id, &credential).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias("startRegistration", "registerPasskey"))]
    pub fn start_registration(&self) -> Call<PasskeyChallenge<CreationOptions>> {
        let path = ["passkeys", "registration", "options"];
        let client = self.client.clone();
        let request =
            client.request("auth.passkeys.start_registration", Method::POST, &path).json(&json!({}));
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }

    /// Registers the passkey that the authenticator has made.
    ///
    /// # Errors
    /// [`Code::WebAuthnChallengeNotFound`](crate::Code::WebAuthnChallengeNotFound) if the challenge was used before, also
    /// in vain: begin anew. [`Code::WebAuthnVerificationFailed`](crate::Code::WebAuthnVerificationFailed) if the answer
    /// does not hold; see [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # use gotrue_rs::webauthn::NewCredential;
    /// # async fn run(auth: gotrue_rs::Client, challenge: &str, credential: NewCredential) -> gotrue_rs::Result<()> {
    /// let passkey = auth.passkeys().verify_registration(challenge, &credential).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "verifyRegistration")]
    pub fn verify_registration(&self, challenge_id: &str, credential: &NewCredential) -> Call<Passkey> {
        let path = ["passkeys", "registration", "verify"];
        let client = self.client.clone();
        let request = client
            .request("auth.passkeys.verify_registration", Method::POST, &path)
            .json(&json!({ "challenge_id": challenge_id, "credential": credential }));
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }

    /// Begins to sign a user in by a passkey. Who it is, the passkey says.
    ///
    /// # Errors
    /// [`Code::PasskeyDisabled`](crate::Code::PasskeyDisabled) where the project has switched passkeys off; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # use gotrue_rs::webauthn::{CredentialProof, RequestOptions};
    /// # async fn prompt(_: &RequestOptions) -> CredentialProof { unimplemented!() }
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let begun = auth.passkeys().start_authentication().await?;
    /// let credential = prompt(&begun.options).await;
    /// let session = auth.passkeys().verify_authentication(&begun.challenge_id, &credential).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias("startAuthentication", "signInWithPasskey"))]
    pub fn start_authentication(&self) -> StartAuthentication {
        StartAuthentication {
            client: self.client.clone(),
            settings: Settings::default(),
            captcha_token: None,
        }
    }

    /// Signs the user in whose passkey has answered.
    ///
    /// # Errors
    /// As [`verify_registration`](Self::verify_registration).
    ///
    /// ```no_run
    /// # use gotrue_rs::webauthn::CredentialProof;
    /// # async fn run(auth: gotrue_rs::Client, challenge: &str, credential: CredentialProof) -> gotrue_rs::Result<()> {
    /// let session = auth.passkeys().verify_authentication(challenge, &credential).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "verifyAuthentication")]
    pub fn verify_authentication(
        &self,
        challenge_id: &str,
        credential: &CredentialProof,
    ) -> Call<Arc<Session>> {
        let path = ["passkeys", "authentication", "verify"];
        let client = self.client.clone();
        let request = client
            .request("auth.passkeys.verify_authentication", Method::POST, &path)
            .json(&json!({ "challenge_id": challenge_id, "credential": credential }));
        Call::new(move |settings| async move {
            let kept = client.sessions().received(request.settings(settings).fetch().await?);
            client.signed_in(kept, None).await
        })
    }

    /// The passkeys of the user who is signed in.
    ///
    /// # Errors
    /// As [`start_registration`](Self::start_registration).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// for passkey in auth.passkeys().list().await? {
    ///     println!("{:?}, last used {:?}", passkey.friendly_name, passkey.last_used_at);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> Call<Vec<Passkey>> {
        let client = self.client.clone();
        let request = client.request("auth.passkeys.list", Method::GET, &["passkeys"]);
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// As [`start_registration`](Self::start_registration); a status of 404 if the user has no such passkey.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, id: &str) -> gotrue_rs::Result<()> {
    /// let passkey = auth.passkeys().update(id, "Laptop").await?;
    /// # Ok(()) }
    /// ```
    pub fn update(&self, id: &str, friendly_name: &str) -> Call<Passkey> {
        let client = self.client.clone();
        let request = client
            .request("auth.passkeys.update", Method::PATCH, &["passkeys", id])
            .json(&json!({ "friendly_name": friendly_name }));
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }

    /// Deletes a passkey.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, id: &str) -> gotrue_rs::Result<()> {
    /// auth.passkeys().delete(id).await?;
    /// # Ok(()) }
    /// ```
    pub fn delete(&self, id: &str) -> Call<()> {
        let client = self.client.clone();
        let request = client.request("auth.passkeys.delete", Method::DELETE, &["passkeys", id]);
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).done().await },
        )
    }
}

/// The beginning of a sign-in by a passkey; see [`Passkeys::start_authentication`].
#[must_use = "a call does nothing before it is awaited"]
pub struct StartAuthentication {
    client: Client,
    settings: Settings,
    captcha_token: Option<SecretString>,
}

impl StartAuthentication {
    /// What the captcha gave, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha_token = Some(token.into());
        self
    }

    /// How long the call may take, repetitions included; the client's limit if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }
}

impl IntoFuture for StartAuthentication {
    type Output = Result<PasskeyChallenge<RequestOptions>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let path = ["passkeys", "authentication", "options"];
        let body = Body::new().captcha(self.captcha_token.as_ref());
        let request = self.client.request("auth.passkeys.start_authentication", Method::POST, &path);
        Box::pin(request.json(&body).settings(self.settings).fetch())
    }
}

impl fmt::Debug for StartAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartAuthentication").finish_non_exhaustive()
    }
}

/// Moments that the server writes as seconds since 1970.
pub(crate) fn unix_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    i64::deserialize(deserializer).map(Timestamp::from_unix_seconds)
}

pub(crate) fn as_unix_seconds<S: serde::Serializer>(
    moment: &Timestamp,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(moment.as_unix_seconds())
}
