//! Which keys may administer users.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Whether the server will take `key` for an administrator's. The server decides in the end; this saves the way.
pub(crate) fn may_administer(key: &SecretString) -> bool {
    let key = key.expose_secret();
    key.starts_with("sb_secret_") || matches!(role(key).as_deref(), Some("service_role" | "supabase_admin"))
}

/// The role of a legacy key, which is a JWT.
fn role(key: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        role: String,
    }
    let claims = URL_SAFE_NO_PAD.decode(key.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok().map(|claims| claims.role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secret_and_service_role_keys_may() {
        let jwt = |claims: &str| format!("eyJhbGciOiJIUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        for (key, may) in [
            ("sb_secret_abc".to_owned(), true),
            (jwt(r#"{"role":"service_role"}"#), true),
            (jwt(r#"{"role":"supabase_admin"}"#), true),
            ("sb_publishable_abc".to_owned(), false),
            (jwt(r#"{"role":"anon"}"#), false),
            (jwt(r#"{"role":"authenticated"}"#), false),
            (jwt("[]"), false),
            ("gateway-key".to_owned(), false),
            ("a.b.c".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(may_administer(&key.clone().into()), may, "{key}");
        }
    }
}
