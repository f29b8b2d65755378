//! A session: the tokens of a user who is signed in.

pub(crate) mod access;
pub(crate) mod event;
pub(crate) mod flight;
mod keeper;
pub(crate) mod listeners;
pub(crate) mod machine;
#[cfg(test)]
mod properties;
mod refresh;
pub(crate) mod saved;
pub(crate) mod sessions;
pub(crate) mod store;
#[cfg(test)]
pub(crate) mod testing;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::lenient::null_as_default;
use crate::timestamp::Timestamp;
use crate::user::User;
use crate::weak_password::WeakPassword;

/// A session: the tokens of a user who is signed in, and who that is.
///
/// It has no serde of its own, so that tokens are not written where nobody thought of them; a
/// [`SavedSession`](crate::SavedSession) is what stores keep.
///
/// Source: <https://supabase.com/docs/guides/auth/sessions>
#[derive(Clone)]
#[non_exhaustive]
pub struct Session {
    /// The JWT that the other services ask for.
    pub access_token: SecretString,
    /// What [`access_token`](Self::access_token) is, always `bearer`.
    pub token_type: String,
    /// How many seconds the access token lived when it was issued.
    pub expires_in: u64,
    /// When the access token expires, by the server's clock.
    pub expires_at: Timestamp,
    /// What the next access token is asked for with. It changes each time.
    pub refresh_token: SecretString,
    /// Who is signed in.
    pub user: User,
    /// The token of the OAuth provider, right after a sign-in with one. It is not renewed.
    pub provider_token: Option<SecretString>,
    /// The refresh token of the OAuth provider, if it gives one.
    pub provider_refresh_token: Option<SecretString>,
    /// What is weak about the password that the user signed in with.
    pub weak_password: Option<WeakPassword>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user.id)
            .field("expires_at", &self.expires_at)
            .field("has_provider_token", &self.provider_token.is_some())
            .finish_non_exhaustive()
    }
}

/// A session as the server, a redirect, and a store write it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Wire {
    #[serde(deserialize_with = "filled")]
    pub(crate) access_token: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) token_type: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) expires_in: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<i64>,
    #[serde(deserialize_with = "filled")]
    pub(crate) refresh_token: String,
    pub(crate) user: User,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider_refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) weak_password: Option<WeakPassword>,
    /// What a store keeps beside it; the server sends none.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) kept: Map<String, Value>,
}

/// A token. Without one, there is no session: an empty one would take the place of a good one.
fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let token = String::deserialize(deserializer)?;
    if token.is_empty() { Err(D::Error::custom("a token is empty")) } else { Ok(token) }
}

impl Wire {
    /// The session; `now` is the time of day in seconds, for a server that does not tell when the token expires.
    pub(crate) fn into_session(self, now: i64) -> Session {
        let lifetime = i64::try_from(self.expires_in).unwrap_or(i64::MAX);
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty()).map(SecretString::from);
        Session {
            access_token: self.access_token.into(),
            token_type: if self.token_type.is_empty() { "bearer".to_owned() } else { self.token_type },
            expires_in: self.expires_in,
            expires_at: Timestamp::from_unix_seconds(
                self.expires_at.unwrap_or_else(|| now.saturating_add(lifetime)),
            ),
            refresh_token: self.refresh_token.into(),
            user: self.user,
            provider_token: filled(self.provider_token),
            provider_refresh_token: filled(self.provider_refresh_token),
            weak_password: self.weak_password,
        }
    }

    pub(crate) fn of(session: &Session) -> Self {
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        Self {
            access_token: text(&session.access_token),
            token_type: session.token_type.clone(),
            expires_in: session.expires_in,
            expires_at: Some(session.expires_at.as_unix_seconds()),
            refresh_token: text(&session.refresh_token),
            user: session.user.clone(),
            provider_token: session.provider_token.as_ref().map(text),
            provider_refresh_token: session.provider_refresh_token.as_ref().map(text),
            weak_password: session.weak_password.clone(),
            kept: Map::new(),
        }
    }
}
