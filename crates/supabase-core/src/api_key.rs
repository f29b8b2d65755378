//! Which header an API key may go into.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::failure::Failure;

/// What an API key is, as its text shows it.
///
/// Source: <https://supabase.com/docs/guides/api/api-keys>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// `sb_publishable_…`: may be shown to the world; goes only into `apikey`.
    Publishable,
    /// `sb_secret_…`: bypasses row level security; goes only into `apikey`.
    Secret,
    /// A JWT (`anon` or `service_role`): goes into `apikey`, and is the bearer while nobody is signed in.
    Jwt,
    /// Anything else, for example the key of a self-hosted gateway: goes only into `apikey`.
    Other,
}

/// An API key, checked once and ready to be sent.
#[derive(Clone)]
pub struct ApiKey {
    kind: KeyKind,
    apikey: HeaderValue,
    bearer: Option<HeaderValue>,
}

impl ApiKey {
    /// Checks `key` and prepares its headers.
    ///
    /// # Errors
    /// The key is empty, or holds a character that no header can carry.
    pub fn new(key: &SecretString) -> Result<Self, Failure> {
        let text = key.expose_secret();
        if text.is_empty() {
            return Err(Failure::invalid("the API key is empty"));
        }
        if text.contains(['\n', '\r']) {
            return Err(Failure::invalid(
                "the API key contains a line break: trim it, if it was read from a file",
            ));
        }
        if text.chars().any(char::is_whitespace) {
            return Err(Failure::invalid("the API key contains white space"));
        }
        let kind = kind_of(text);
        let bearer = match kind {
            KeyKind::Jwt => Some(bearer_header(text)?),
            _ => None,
        };
        Ok(Self { kind, apikey: sensitive(text)?, bearer })
    }

    /// What the key is.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The value of the `apikey` header.
    pub(crate) fn apikey(&self) -> &HeaderValue {
        &self.apikey
    }

    /// The value of the `Authorization` header while nobody is signed in.
    pub(crate) fn bearer(&self) -> Option<&HeaderValue> {
        self.bearer.as_ref()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn kind_of(key: &str) -> KeyKind {
    if key.starts_with("sb_publishable_") {
        KeyKind::Publishable
    } else if key.starts_with("sb_secret_") {
        KeyKind::Secret
    } else if key.starts_with("eyJ") && key.split('.').count() == 3 {
        KeyKind::Jwt
    } else {
        KeyKind::Other
    }
}

/// `Bearer <token>` as a header that is never printed.
pub(crate) fn bearer_header(token: &str) -> Result<HeaderValue, Failure> {
    sensitive(&format!("Bearer {token}"))
}

fn sensitive(text: &str) -> Result<HeaderValue, Failure> {
    // The error of the conversion is dropped on purpose: it says nothing, and must not quote the secret.
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Failure::invalid("the API key or token contains a character that no header can carry")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<ApiKey, Failure> {
        ApiKey::new(&SecretString::from(text))
    }

    #[test]
    fn new_keys_go_only_into_apikey_and_a_jwt_is_also_the_bearer() {
        for (text, kind, bearer) in [
            ("sb_publishable_abc", KeyKind::Publishable, false),
            ("sb_secret_abc", KeyKind::Secret, false),
            ("eyJhbGciOiJIUzI1NiJ9.e30.sig", KeyKind::Jwt, true),
            ("sb_temp_abc", KeyKind::Other, false),
            ("gateway-key", KeyKind::Other, false),
        ] {
            let key = key(text).unwrap();
            assert_eq!((key.kind(), key.bearer().is_some()), (kind, bearer), "{text}");
            assert!(key.apikey().is_sensitive());
        }
    }

    #[test]
    fn a_bad_key_is_named_without_being_shown() {
        for (text, says) in [
            ("", "empty"),
            ("sb_secret_abc\n", "line break"),
            ("sb_secret abc", "white space"),
            ("sb_secret_\u{1}", "no header can carry"),
        ] {
            let message = key(text).unwrap_err().message().to_owned();
            assert!(message.contains(says), "{message}");
            assert!(!message.contains("sb_secret"), "{message}");
        }
    }

    #[test]
    fn debug_shows_the_kind_and_not_the_key() {
        assert_eq!(format!("{:?}", key("sb_secret_abc").unwrap()), "ApiKey { kind: Secret, .. }");
    }
}
