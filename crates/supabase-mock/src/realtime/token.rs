//! Access tokens: reading, checking and making them.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use crate::jwt::Signer;

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

/// Reads a token and checks it as of `now`. Without a signer, any signature is a good one.
pub(crate) fn check(token: &str, signer: Option<&Signer>, now: Duration) -> Result<Claims, TokenError> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    read_object(header).ok_or(TokenError::Malformed)?;
    let claims = read_object(claims).ok_or(TokenError::Malformed)?;
    BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| TokenError::Malformed)?;
    if signer.is_some_and(|signer| !signer.has_signed(token)) {
        return Err(TokenError::Signature);
    }
    let has_role = claims.get("role").is_some_and(Value::is_string);
    let expires = claims.get("exp").and_then(seconds);
    let (true, Some(expires)) = (has_role, expires) else { return Err(TokenError::MissingClaims) };
    match now.checked_sub(expires) {
        Some(ago) => Err(TokenError::Expired(ago.as_secs())),
        None => Ok(Claims { claims }),
    }
}

fn read_object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok()
}

fn seconds(value: &Value) -> Option<Duration> {
    Some(Duration::from_secs(value.as_u64()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn signer() -> Signer {
        Signer::new("a secret of at least thirty-two characters")
    }

    #[test]
    fn a_signed_token_is_read_back() {
        let token = signer().sign(true, &json!({ "role": "authenticated", "sub": "u1", "exp": 1_001 }));
        let claims = check(&token, Some(&signer()), NOW).expect("it is valid");
        assert_eq!((claims.role(), claims.sub()), ("authenticated", "u1"));
        assert_eq!(claims.expires(), Duration::from_secs(1_001));
    }

    #[test]
    fn each_fault_has_its_reason() {
        let signed = |claims: Value| signer().sign(true, &claims);
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
                Signer::new("another secret").sign(true, &json!({ "role": "anon", "exp": 1_001 })),
                "JwtSignatureError: Failed to validate JWT signature",
            ),
        ];
        for (token, reason) in cases {
            let error = check(&token, Some(&signer()), NOW).map_err(TokenError::join_reason);
            assert_eq!(error, Err(reason.to_owned()));
        }
    }

    #[test]
    fn without_a_signer_any_signature_is_good() {
        let token = Signer::new("whatever").sign(true, &json!({ "role": "anon", "exp": 1_001 }));
        assert!(check(&token, None, NOW).is_ok());
    }
}
