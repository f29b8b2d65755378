//! A way of signing in that is linked to a user.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::blank_as_none;
use crate::timestamp::Timestamp;

/// A way of signing in that is linked to a user: their email address, phone number, or account with a provider.
///
/// Source: <https://supabase.com/docs/guides/auth/identities>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// The id of the link, a UUID: the one to unlink by.
    #[serde(default)]
    pub identity_id: String,
    /// The id of the user with the provider.
    #[serde(default)]
    pub id: String,
    /// The id of the user.
    #[serde(default)]
    pub user_id: String,
    /// What the provider tells about the user; `None` once the user was deleted softly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_data: Option<Map<String, Value>>,
    /// The provider: `email`, `phone`, `github`, …
    #[serde(default)]
    pub provider: String,
    /// The email address with the provider.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When the user last signed in this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in_at: Option<Timestamp>,
    /// When it was linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
