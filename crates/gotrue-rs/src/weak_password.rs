//! Why a password is too weak.

use serde::{Deserialize, Serialize};
use supabase_core::open_enum;

open_enum! {
    /// Why a password is too weak. The enum is open: a reason without a name of its own is [`Other`](Self::Other).
    ///
    /// Source: <https://supabase.com/docs/guides/auth/password-security>
    pub enum WeakPasswordReason {
        /// It is too short.
        Length = "length",
        /// It lacks characters of a kind that the project asks for.
        Characters = "characters",
        /// It is known from a leak.
        Pwned = "pwned",
    }
}

/// What is weak about a password. It stands beside an error where the password was refused, and beside a session where
/// the user could sign in with it, but should choose another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WeakPassword {
    /// In a sentence.
    #[serde(default)]
    pub message: Option<String>,
    /// Why, one by one.
    #[serde(default, deserialize_with = "list")]
    pub reasons: Vec<WeakPasswordReason>,
}

/// Go writes an empty list as `null`.
fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<WeakPasswordReason>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
