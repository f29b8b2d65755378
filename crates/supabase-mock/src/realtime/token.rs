//! Access tokens: reading, checking and making them.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// What an access token says about who has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    claims: Map<String, Value>,
}

impl Claims {
    /// The Postgres role, such as `anon` or `authenticated`.
    pub fn role(&self) -> &str {
        self.text("role")
    }

    /// The user's id; empty for tokens that belong to no user.
    #[doc(alias = "user_id")]
    pub fn sub(&self) -> &str {
        self.text("sub")
    }

    /// One claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    fn text(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// When the token stops to be valid, since 1970. [`check`] has made sure that it says so.
    pub(crate) fn expires(&self) -> Duration {
        self.claims.get("exp").and_then(seconds).unwrap_or_default()
    }
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    Malformed,
    MissingClaims,
    Signature,
    /// It was valid until that many seconds ago.
    Expired(u64),
}

impl TokenError {
    /// The reason as a refused join has it.
    pub(crate) fn join_reason(self) -> String {
        let code = match self {
            Self::Malformed => "MalformedJWT",
            Self::MissingClaims | Self::Expired(_) => "InvalidJWTToken",
            Self::Signature => "JwtSignatureError",
        };
        format!("{code}: {}", self.message())
    }

    /// The reason as a channel has it that was joined.
    pub(crate) fn message(self) -> String {
        match self {
            Self::Malformed => "The token provided is not a valid JWT".into(),
            Self::MissingClaims => "Fields `role` and `exp` are required in JWT".into(),
            Self::Signature => "Failed to validate JWT signature".into(),
            Self::Expired(seconds) => format!("Token has expired {seconds} seconds ago"),
        }
    }

    /// The reason as a refused connection has it.
    pub(crate) fn connect_message(self) -> String {
        match self {
            Self::Expired(_) => "Token has expired".into(),
            other => other.message(),
        }
    }
}

/// Reads a token and checks it as of `now`. Without a secret, any signature is a good one.
pub(crate) fn check(token: &str, secret: Option<&[u8]>, now: Duration) -> Result<Claims, TokenError> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    read_object(header).ok_or(TokenError::Malformed)?;
    let claims = read_object(claims).ok_or(TokenError::Malformed)?;
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| TokenError::Malformed)?;
    if let Some(secret) = secret {
        let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
        let mut mac = keyed(secret).ok_or(TokenError::Signature)?;
        mac.update(signed.as_bytes());
        mac.verify_slice(&signature).map_err(|_| TokenError::Signature)?;
    }
    let has_role = claims.get("role").is_some_and(Value::is_string);
    let expires = claims.get("exp").and_then(seconds);
    let (true, Some(expires)) = (has_role, expires) else { return Err(TokenError::MissingClaims) };
    match now.checked_sub(expires) {
        Some(ago) => Err(TokenError::Expired(ago.as_secs())),
        None => Ok(Claims { claims }),
    }
}

/// A token with these claims, signed with HMAC and SHA-256 as Supabase's own keys are.
pub(crate) fn sign(claims: &Value, secret: &[u8]) -> String {
    let header = BASE64URL_NOPAD.encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string().as_bytes());
    let claims = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    let signed = format!("{header}.{claims}");
    let signature = keyed(secret).map(|mut mac| {
        mac.update(signed.as_bytes());
        mac.finalize().into_bytes()
    });
    format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_deref().unwrap_or_default()))
}

fn keyed(secret: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(secret).ok()
}

fn read_object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok()
}

fn seconds(value: &Value) -> Option<Duration> {
    Some(Duration::from_secs(value.as_u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a secret of at least thirty-two characters";
    const NOW: Duration = Duration::from_secs(1_000);

    #[test]
    fn a_signed_token_is_read_back() {
        let token = sign(&json!({ "role": "authenticated", "sub": "u1", "exp": 1_001 }), SECRET);
        let claims = check(&token, Some(SECRET), NOW).expect("it is valid");
        assert_eq!((claims.role(), claims.sub()), ("authenticated", "u1"));
        assert_eq!(claims.expires(), Duration::from_secs(1_001));
    }

    #[test]
    fn each_fault_has_its_reason() {
        let signed = |claims: Value| sign(&claims, SECRET);
        let cases = [
            ("abc".to_owned(), "MalformedJWT: The token provided is not a valid JWT"),
            ("a.b.c".to_owned(), "MalformedJWT: The token provided is not a valid JWT"),
            (
                signed(json!({ "role": "anon" })),
                "InvalidJWTToken: Fields `role` and `exp` are required in JWT",
            ),
            (
                signed(json!({ "role": "anon", "exp": 990 })),
                "InvalidJWTToken: Token has expired 10 seconds ago",
            ),
            (
                sign(&json!({ "role": "anon", "exp": 1_001 }), b"another secret"),
                "JwtSignatureError: Failed to validate JWT signature",
            ),
        ];
        for (token, reason) in cases {
            assert_eq!(
                check(&token, Some(SECRET), NOW).map_err(TokenError::join_reason),
                Err(reason.to_owned())
            );
        }
    }

    #[test]
    fn without_a_secret_any_signature_is_good() {
        let token = sign(&json!({ "role": "anon", "exp": 1_001 }), b"whatever");
        assert!(check(&token, None, NOW).is_ok());
    }
}
