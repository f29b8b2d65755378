//! JSON Web Tokens signed with HS256: what a project's keys and users' tokens are, and what signs URLs.
//!
//! The messages of the refusals are those of the library that Supabase Storage uses, as clients see them.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
#[cfg(feature = "storage")]
use serde_json::Value;
use sha2::Sha256;

/// Why a token is refused.
#[cfg(feature = "storage")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not three parts.
    NotCompact,
    /// The first part is no JSON object.
    Header,
    /// Signed with something else than HS256.
    Algorithm,
    /// Signed with another secret.
    Signature,
    /// The second part is no JSON object.
    Claims,
    /// It was valid once.
    Expired,
    /// It will be valid later.
    NotYet,
}

#[cfg(feature = "storage")]
impl Refusal {
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::NotCompact => "Invalid Compact JWS",
            Self::Header => "JWS Protected Header is invalid",
            Self::Algorithm => "\"alg\" (Algorithm) Header Parameter value not allowed",
            Self::Signature => "signature verification failed",
            Self::Claims => "JWT Claims Set must be a top-level JSON object",
            Self::Expired => "\"exp\" claim timestamp check failed",
            Self::NotYet => "\"nbf\" claim timestamp check failed",
        }
    }
}

/// Signs and reads tokens.
#[derive(Clone)]
pub(crate) struct Signer {
    key: Hmac<Sha256>,
}

impl Signer {
    /// Any text is a secret.
    pub(crate) fn new(secret: &str) -> Self {
        // HMAC takes keys of any length, so that this constructor never fails; an empty key stands for what cannot be.
        let key = Hmac::new_from_slice(secret.as_bytes()).unwrap_or_else(|_| Hmac::new(&Default::default()));
        Self { key }
    }

    /// A token that says this. The header may have a `typ`, as the tokens of users do, or none, as those of URLs.
    pub(crate) fn sign(&self, typed: bool, claims: &impl Serialize) -> String {
        let header = if typed { r#"{"alg":"HS256","typ":"JWT"}"# } else { r#"{"alg":"HS256"}"# };
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        let text = format!(
            "{}.{}",
            BASE64URL_NOPAD.encode(header.as_ref()),
            BASE64URL_NOPAD.encode(claims.as_ref())
        );
        let signature = self.key.clone().chain_update(&text).finalize().into_bytes();
        format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    /// Whether we have signed a token, whatever it says.
    pub(crate) fn has_signed(&self, token: &str) -> bool {
        let Some((signed, signature)) = token.rsplit_once('.') else { return false };
        let signature = BASE64URL_NOPAD.decode(signature.as_ref());
        signature.is_ok_and(|tag| self.key.clone().chain_update(signed).verify_slice(&tag).is_ok())
    }

    /// What a token says, if it is ours and valid at this second.
    #[cfg(feature = "storage")]
    pub(crate) fn read(&self, token: &str, now: u64) -> Result<Value, Refusal> {
        let parts: Vec<_> = token.split('.').collect();
        let [header, claims, _] = parts.as_slice() else { return Err(Refusal::NotCompact) };
        let decode = |part: &str| -> Option<Value> {
            let bytes = BASE64URL_NOPAD.decode(part.as_ref()).ok()?;
            serde_json::from_slice(&bytes).ok().filter(Value::is_object)
        };
        let algorithm = decode(header).ok_or(Refusal::Header)?;
        if algorithm.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(Refusal::Algorithm);
        }
        if !self.has_signed(token) {
            return Err(Refusal::Signature);
        }

        let claims = decode(claims).ok_or(Refusal::Claims)?;
        let seconds = |name: &str| claims.get(name).and_then(Value::as_f64);
        if seconds("exp").is_some_and(|exp| exp <= now as f64) {
            return Err(Refusal::Expired);
        }
        if seconds("nbf").is_some_and(|nbf| nbf > now as f64) {
            return Err(Refusal::NotYet);
        }
        Ok(claims)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Signer")
    }
}

#[cfg(all(test, feature = "storage"))]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_read_by_who_signed_it_and_until_it_expires() {
        let signer = Signer::new("a secret");
        let token = signer.sign(true, &json!({ "role": "anon", "exp": 100 }));

        assert_eq!(signer.read(&token, 99), Ok(json!({ "role": "anon", "exp": 100 })));
        assert_eq!(signer.read(&token, 100), Err(Refusal::Expired));
        assert_eq!(Signer::new("another").read(&token, 99), Err(Refusal::Signature));
        let later = signer.sign(false, &json!({ "nbf": 100 }));
        assert_eq!(signer.read(&later, 99), Err(Refusal::NotYet));
    }

    #[test]
    fn what_is_no_token_is_told_by_its_first_fault() {
        let signer = Signer::new("a secret");
        assert_eq!(signer.read("garbage", 0), Err(Refusal::NotCompact));
        assert_eq!(signer.read("not.a.jwt", 0), Err(Refusal::Header));
        let other = BASE64URL_NOPAD.encode(r#"{"alg":"none"}"#.as_ref());
        assert_eq!(signer.read(&format!("{other}.e30."), 0), Err(Refusal::Algorithm));
    }

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The first example of RFC 7515 has another header, so that this one is from its algorithm alone: HMAC with
        // SHA-256 of RFC 4231, test case 2.
        let signer = Signer::new("Jefe");
        let tag = signer.key.clone().chain_update("what do ya want for nothing?").finalize().into_bytes();
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
