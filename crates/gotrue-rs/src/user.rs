//! A user, as the server describes it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::factor::Factor;
use crate::identity::Identity;
use crate::lenient::{blank_as_none, null_as_default};
use crate::timestamp::Timestamp;

/// A user.
///
/// What the server leaves out or leaves empty is `None`, or empty. What it adds in the future is in
/// [`extra`](Self::extra).
///
/// Source: <https://supabase.com/docs/guides/auth/users>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// The id, a UUID: the `sub` of the user's tokens, and `auth.uid()` in policies.
    pub id: String,
    /// For whom the user's tokens are meant: mostly `authenticated`.
    #[serde(default)]
    pub aud: Audience,
    /// The role in the database; `None` where the server hides whether the user exists.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The email address, in lower case. That of a user who was deleted softly is a hash.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number, without a plus sign.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When the email address was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_confirmed_at: Option<Timestamp>,
    /// When the phone number was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_confirmed_at: Option<Timestamp>,
    /// When the first of both was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// When the user was invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_at: Option<Timestamp>,
    /// When the confirmation was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation_sent_at: Option<Timestamp>,
    /// When a magic link or a recovery was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_sent_at: Option<Timestamp>,
    /// When a nonce was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reauthentication_sent_at: Option<Timestamp>,
    /// The address that is to become the user's once it is confirmed.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub new_email: Option<String>,
    /// When its confirmation was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_change_sent_at: Option<Timestamp>,
    /// The number that is to become the user's once it is confirmed.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub new_phone: Option<String>,
    /// When its confirmation was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_change_sent_at: Option<Timestamp>,
    /// When the user last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in_at: Option<Timestamp>,
    /// What only a server may write: providers, roles, and what admins add.
    #[serde(default, deserialize_with = "null_as_default")]
    pub app_metadata: Map<String, Value>,
    /// What the user may write.
    #[serde(default, deserialize_with = "null_as_default")]
    pub user_metadata: Map<String, Value>,
    /// The identities linked to the user; empty in lists, where the server does not tell them.
    #[serde(default, deserialize_with = "null_as_default")]
    pub identities: Vec<Identity>,
    /// The factors of multi-factor authentication.
    #[serde(default, deserialize_with = "null_as_default")]
    pub factors: Vec<Factor>,
    /// When the user was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When the user was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Until when the user cannot sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banned_until: Option<Timestamp>,
    /// When the user was deleted softly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Whether the user has signed in as a guest.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_anonymous: bool,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// For whom a token is meant: one name, or a list. The server writes either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Audience(Vec<String>);

impl Audience {
    /// The names.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether `name` is among them.
    ///
    /// ```
    /// # fn main() -> Result<(), serde_json::Error> {
    /// let audience: gotrue_rs::Audience = serde_json::from_str("\"authenticated\"")?;
    /// assert!(audience.contains("authenticated"));
    /// # Ok(()) }
    /// ```
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|own| own == name)
    }
}

impl Serialize for Audience {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [name] => serializer.serialize_str(name),
            names => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            None(()),
            One(String),
            Many(Vec<String>),
        }
        Ok(Self(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::None(()) => Vec::new(),
            OneOrMany::One(name) if name.is_empty() => Vec::new(),
            OneOrMany::One(name) => vec![name],
            OneOrMany::Many(names) => names,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_null_empty_or_missing_reads_as_nothing() {
        let user: User = serde_json::from_value(json!({
            "id": "u", "aud": null, "role": "", "email": "", "phone": null,
            "app_metadata": null, "user_metadata": null, "identities": null, "is_anonymous": null,
        }))
        .unwrap();
        assert_eq!((user.role, user.email, user.phone), (None, None, None));
        assert!(user.aud.names().is_empty() && user.user_metadata.is_empty() && user.identities.is_empty());
        assert!(user.factors.is_empty() && !user.is_anonymous);
    }

    #[test]
    fn what_is_unknown_is_kept() {
        let user: User = serde_json::from_value(json!({
            "id": "u", "aud": ["a", "b"], "moon": 3, "factors": [{ "id": "f", "status": "sleeping", "x": 1 }],
        }))
        .unwrap();
        assert_eq!(user.extra["moon"], 3);
        assert!(user.aud.contains("b"));
        assert_eq!(user.factors[0].status.as_str(), "sleeping");
        assert_eq!(user.factors[0].extra["x"], 1);
        let again: User = serde_json::from_value(serde_json::to_value(&user).unwrap()).unwrap();
        assert_eq!(again, user);
    }

    #[test]
    fn an_identity_of_a_user_who_was_deleted_softly_has_no_data() {
        let user: User = serde_json::from_value(json!({
            "id": "u", "deleted_at": "2026-11-23T04:51:29.91Z",
            "identities": [{ "identity_id": "i", "id": "hash", "user_id": "u", "provider": "email" }],
        }))
        .unwrap();
        assert_eq!(user.identities[0].identity_data, None);
        assert!(user.deleted_at.is_some());
    }
}
