//! A second factor of a user.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use supabase_core::open_enum;

use crate::lenient::blank_as_none;
use crate::timestamp::Timestamp;

open_enum! {
    /// What kind of factor it is. The enum is open: a kind without a name of its own is [`Other`](Self::Other).
    pub enum FactorType {
        /// An authenticator app.
        Totp = "totp",
        /// A phone that gets a code.
        Phone = "phone",
        /// A security key or a passkey as a second factor.
        WebAuthn = "webauthn",
    }
}

open_enum! {
    /// Whether the user has proven to hold a factor. The enum is open.
    pub enum FactorStatus {
        /// It was proven, so a sign-in must be completed by it to reach the higher level.
        Verified = "verified",
        /// It was not proven yet, and has no effect.
        Unverified = "unverified",
    }
}

/// A second factor of a user.
///
/// Source: <https://supabase.com/docs/guides/auth/auth-mfa>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Factor {
    /// The id, a UUID.
    pub id: String,
    /// What kind it is.
    #[serde(default = "unknown_type")]
    pub factor_type: FactorType,
    /// Whether it was proven.
    #[serde(default = "unverified")]
    pub status: FactorStatus,
    /// What the user calls it.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// The phone number, without a plus sign.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When it was last asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_challenged_at: Option<Timestamp>,
    /// When it was enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

fn unknown_type() -> FactorType {
    FactorType::from("")
}

fn unverified() -> FactorStatus {
    FactorStatus::Unverified
}
