//! What an administrator says about a user.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;

use crate::body::Metadata;
use crate::secret::expose_some;

/// What is said; what is `None` is not sent.
#[derive(Clone, Default, Serialize)]
struct Attributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose_some")]
    password: Option<SecretString>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose_some")]
    password_hash: Option<SecretString>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_confirm: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_confirm: Option<bool>,
    #[serde(skip_serializing_if = "Metadata::is_none")]
    user_metadata: Metadata,
    #[serde(skip_serializing_if = "Metadata::is_none")]
    app_metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    ban_duration: Option<String>,
}

/// A user to be created. A user has an email address, a phone number, or both.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-admin-createuser>
///
/// ```
/// use gotrue_rs::NewUser;
/// let user = NewUser::email("ada@example.com").password("secret-enough").user_metadata(serde_json::json!({ "name": "Ada" }));
/// ```
#[derive(Clone, Serialize)]
#[must_use]
pub struct NewUser(Attributes);

/// What to change about a user. What is not said stays as it is.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-admin-updateuserbyid>
///
/// ```
/// use gotrue_rs::UserChanges;
/// let changes = UserChanges::new().email("ada@example.org").app_metadata(serde_json::json!({ "plan": "trial" }));
/// ```
#[derive(Clone, Default, Serialize)]
#[must_use]
pub struct UserChanges(Attributes);

impl NewUser {
    /// A user with an email address.
    pub fn email(email: impl Into<String>) -> Self {
        Self(Attributes { email: Some(email.into()), ..Attributes::default() })
    }

    /// A user with a phone number, in the international form.
    pub fn phone(phone: impl Into<String>) -> Self {
        Self(Attributes { phone: Some(phone.into()), ..Attributes::default() })
    }

    /// A user with an email address and a phone number, in the international form.
    pub fn email_and_phone(email: impl Into<String>, phone: impl Into<String>) -> Self {
        Self(Attributes { email: Some(email.into()), phone: Some(phone.into()), ..Attributes::default() })
    }

    /// The id, a UUID, for example of a user who comes from another system; a new one if not given.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.0.id = Some(id.into());
        self
    }

    /// For whom the user's tokens are meant: `authenticated` if not given.
    pub fn aud(mut self, audience: impl Into<String>) -> Self {
        self.0.aud = Some(audience.into());
        self
    }
}

impl UserChanges {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the user another email address. It holds at once, and nothing is sent.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.0.email = Some(email.into());
        self
    }

    /// Gives the user another phone number, in the international form. It holds at once, and nothing is sent.
    pub fn phone(mut self, phone: impl Into<String>) -> Self {
        self.0.phone = Some(phone.into());
        self
    }

    /// Ends the ban of the user.
    pub fn unban(mut self) -> Self {
        self.0.ban_duration = Some("none".to_owned());
        self
    }
}

/// What is said of new users and of others alike.
macro_rules! attributes {
    ($type:ident) => {
        impl $type {
            /// The password. For a user who exists, all sessions end.
            pub fn password(mut self, password: impl Into<SecretString>) -> Self {
                self.0.password = Some(password.into());
                self
            }

            /// The password as its hash, by bcrypt, Argon2 or the scrypt of Firebase: so users keep their passwords when
            /// they come from another system.
            pub fn password_hash(mut self, hash: impl Into<SecretString>) -> Self {
                self.0.password_hash = Some(hash.into());
                self
            }

            /// Whether the email address counts as confirmed; nothing is sent.
            pub fn email_confirm(mut self, confirmed: bool) -> Self {
                self.0.email_confirm = Some(confirmed);
                self
            }

            /// Whether the phone number counts as confirmed; nothing is sent.
            pub fn phone_confirm(mut self, confirmed: bool) -> Self {
                self.0.phone_confirm = Some(confirmed);
                self
            }

            /// What the user may read and write: a map or struct. It is added to what is there; null removes an entry.
            pub fn user_metadata(mut self, data: impl Serialize) -> Self {
                self.0.user_metadata = Metadata::of(data);
                self
            }

            /// What the user may read and only a server write: a map or struct. It is added to what is there; null removes an
            /// entry.
            pub fn app_metadata(mut self, data: impl Serialize) -> Self {
                self.0.app_metadata = Metadata::of(data);
                self
            }

            /// The role in the database: `authenticated` if nothing is said.
            pub fn role(mut self, role: impl Into<String>) -> Self {
                self.0.role = Some(role.into());
                self
            }

            /// Keeps the user from signing in and from refreshing a session for so long, to the second.
            pub fn ban_for(mut self, duration: Duration) -> Self {
                self.0.ban_duration = Some(format!("{}s", duration.as_secs()));
                self
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type)).field("id", &self.0.id).finish_non_exhaustive()
            }
        }
    };
}

attributes!(NewUser);
attributes!(UserChanges);
