//! What a verified access token says.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use supabase_core::open_enum;

use crate::error::{Error, Result};
use crate::lenient::{blank_as_none, null_as_default};
use crate::timestamp::Timestamp;
use crate::user::Audience;

open_enum! {
    /// How sure it is that a user is who they say (the authenticator assurance level). The enum is open.
    ///
    /// Source: <https://supabase.com/docs/guides/auth/auth-mfa>
    pub enum AssuranceLevel {
        /// One proof: a password, a code, a provider.
        Aal1 = "aal1",
        /// Also a second factor.
        Aal2 = "aal2",
    }
}

open_enum! {
    /// How a user proved who they are. The enum is open.
    ///
    /// Source: <https://supabase.com/docs/guides/auth/jwt-fields>
    pub enum AuthMethod {
        /// At an OAuth provider.
        OAuth = "oauth",
        /// By a password.
        Password = "password",
        /// By a code that was sent.
        Otp = "otp",
        /// By an authenticator app, as a second factor.
        Totp = "totp",
        /// By a link or code for a forgotten password.
        Recovery = "recovery",
        /// By an invitation.
        Invite = "invite",
        /// At an identity provider of their company.
        Sso = "sso/saml",
        /// By a magic link.
        MagicLink = "magiclink",
        /// By confirming an email address after signing up.
        EmailSignup = "email/signup",
        /// By confirming a new email address.
        EmailChange = "email_change",
        /// By an earlier session, which was renewed.
        TokenRefresh = "token_refresh",
        /// Not at all: a guest.
        Anonymous = "anonymous",
        /// By a code sent to a phone, as a second factor.
        MfaPhone = "mfa/phone",
        /// By a security key, as a second factor.
        MfaWebAuthn = "mfa/webauthn",
        /// By a web3 wallet.
        Web3 = "web3",
        /// By the user's consent, given to another program.
        OAuthProvider = "oauth_provider/authorization_code",
        /// By a passkey.
        Passkey = "passkey",
    }
}

/// One proof of who a user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthenticationMethod {
    /// How it was proven.
    pub method: AuthMethod,
    /// When.
    pub timestamp: Option<Timestamp>,
    /// At which provider.
    pub provider: Option<String>,
}

/// What a verified access token says: who its user is, and what the token is good for.
///
/// A claim without a field of its own is in [`extra`](Self::extra); [`get`](Self::get) reads it into a type of yours. Where
/// a hook of the project gave a claim another type, a number reads as a text, a list of texts as one with spaces, anything
/// else in the place of a text as its JSON, and what is no proof or no map is left out. `sub`, `role`, `aud`, `iss`, `exp`,
/// `nbf`, `iat` and `is_anonymous` are what they are, or the token is refused.
///
/// Source: <https://supabase.com/docs/guides/auth/jwt-fields>
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The id of the user, a UUID.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sub: String,
    /// The role in the database: mostly `authenticated`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub role: String,
    /// For whom the token is meant: mostly `authenticated`.
    #[serde(default)]
    pub aud: Audience,
    /// Who issued the token: the address of the auth server.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub iss: Option<String>,
    /// When the token expires.
    #[serde(deserialize_with = "seconds")]
    pub exp: Timestamp,
    /// When the token was issued.
    #[serde(default, deserialize_with = "maybe_seconds")]
    pub iat: Option<Timestamp>,
    /// From when on the token is valid.
    #[serde(default, deserialize_with = "maybe_seconds")]
    pub nbf: Option<Timestamp>,
    /// The email address of the user.
    #[serde(default, deserialize_with = "as_text")]
    pub email: Option<String>,
    /// The phone number of the user, without a plus sign.
    #[serde(default, deserialize_with = "as_text")]
    pub phone: Option<String>,
    /// What only a server may write about the user.
    #[serde(default, deserialize_with = "odd_as_default")]
    pub app_metadata: Map<String, Value>,
    /// What the user may write: do not decide by it what they may do.
    #[serde(default, deserialize_with = "odd_as_default")]
    pub user_metadata: Map<String, Value>,
    /// How sure it is that the user is who they say.
    #[serde(default, deserialize_with = "odd_as_default")]
    pub aal: Option<AssuranceLevel>,
    /// How the user proved it, the latest proof first.
    #[serde(default, deserialize_with = "methods")]
    pub amr: Vec<AuthenticationMethod>,
    /// The id of the session, a UUID.
    #[serde(default, deserialize_with = "as_text")]
    pub session_id: Option<String>,
    /// Whether the user is a guest.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_anonymous: bool,
    /// The OAuth client that acts for the user, if the token was issued to one.
    #[serde(default, deserialize_with = "as_text")]
    pub client_id: Option<String>,
    /// What the user granted to that client, separated by spaces.
    #[serde(default, deserialize_with = "as_text")]
    pub scope: Option<String>,
    /// All other claims, for example those that a hook of the project adds.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Claims {
    /// Reads a claim that has no field of its own; `None` if the token lacks it.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the claim does not fit the type.
    ///
    /// ```no_run
    /// # async fn run(verifier: gotrue_rs::JwtVerifier, token: &str) -> gotrue_rs::Result<()> {
    /// let claims = verifier.verify(token).await?;
    /// let plan: Option<String> = claims.get("plan")?;
    /// # Ok(()) }
    /// ```
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let Some(claim) = self.extra.get(name) else { return Ok(None) };
        // The parser's own words would quote the claim.
        T::deserialize(claim).map(Some).map_err(|_| Error::claim(name))
    }
}

/// One proof, as the server writes it; a hook of the project may write only its method.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireMethod {
    Full {
        method: AuthMethod,
        #[serde(default, deserialize_with = "maybe_seconds")]
        timestamp: Option<Timestamp>,
        #[serde(default, deserialize_with = "blank_as_none")]
        provider: Option<String>,
    },
    Name(AuthMethod),
}

impl<'de> Deserialize<'de> for AuthenticationMethod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match WireMethod::deserialize(deserializer)? {
            WireMethod::Full { method, timestamp, provider } => Self { method, timestamp, provider },
            WireMethod::Name(method) => Self { method, timestamp: None, provider: None },
        })
    }
}

/// What a hook may have given another type. That it is there is not hidden: no `client_id` says that nobody acts for the
/// user.
fn as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        Value::Array(list) if list.iter().all(Value::is_string) => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// What has another type says nothing here, and does not hide the rest.
fn odd_as_default<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(T::deserialize(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// The proofs among them.
fn methods<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AuthenticationMethod>, D::Error> {
    let Value::Array(list) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(list.into_iter().filter_map(|proof| AuthenticationMethod::deserialize(proof).ok()).collect())
}

/// Seconds since 1970, which a JWT may write with a fraction.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    f64::deserialize(deserializer).map(from_seconds)
}

fn maybe_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.map(from_seconds))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a moment beyond what can be written is the last one that can"
)]
fn from_seconds(seconds: f64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds as i64)
}
