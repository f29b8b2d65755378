//! The parts of a JWT, and what must hold for it to be believed. Nothing here sends or waits.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
#[cfg(not(target_family = "wasm"))]
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
// The other one is written in C, which has no way into the browser.
#[cfg(target_family = "wasm")]
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::claims::Claims;
use crate::error::{Error, Result};

/// The longest token that is looked at, in bytes. A server takes no longer head of a request.
const LONGEST: usize = 64 * 1024;

/// A JWT, taken apart and not yet verified.
pub(super) struct Token<'a> {
    /// What is signed.
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// How it says that it is signed.
    pub(super) algorithm: Algorithm,
    /// The key that it says it is signed with.
    pub(super) kid: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow, default)]
    kid: Option<Cow<'a, str>>,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// It is no JWT, or signed in a way in which the service does not sign, as `none` is.
    pub(super) fn parse(text: &'a str) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(Error::invalid_jwt("the token is longer than any access token"));
        }
        if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
            return Err(Error::invalid_jwt("give the token without `Bearer` in front of it"));
        }
        let malformed = || Error::invalid_jwt("this is not a JWT");
        let (message, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
        if payload.contains('.') {
            return Err(malformed());
        }
        let header = decode(header)?;
        let header: Header<'_> = serde_json::from_slice(&header).map_err(|_| malformed())?;
        let algorithm = match header.alg.as_ref() {
            "ES256" => Algorithm::ES256,
            "RS256" => Algorithm::RS256,
            "EdDSA" => Algorithm::EdDSA,
            "HS256" => Algorithm::HS256,
            _ => return Err(Error::invalid_jwt("the token is not signed by ES256, RS256, EdDSA or HS256")),
        };
        if header.crit.is_some() {
            return Err(Error::invalid_jwt("the token asks for an extension that is not known here"));
        }
        Ok(Self { message, payload, signature, algorithm, kid: header.kid.map(|kid| kid.as_ref().into()) })
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// It is not that of the key, or the key is for another algorithm.
    pub(super) fn check_signature(&self, key: &DecodingKey) -> Result<()> {
        let forged = || Error::invalid_jwt("the token's signature does not hold");
        let signature = decode(self.signature)?;
        // Not the default of the process: another crate of the program may have set it, or left two to choose from, where
        // asking for it panics.
        let verifier = (DEFAULT_PROVIDER.verifier_factory)(&self.algorithm, key).map_err(|_| forged())?;
        verifier.verify(self.message.as_bytes(), &signature).map_err(|_| forged())
    }

    /// Reads the claims.
    ///
    /// # Errors
    /// They are not those of an access token.
    pub(super) fn claims(&self) -> Result<Claims> {
        let payload = decode(self.payload)?;
        serde_json::from_slice(&payload)
            .map_err(|_| Error::invalid_jwt("the token's claims are not those of an access token"))
    }
}

fn decode(part: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Error::invalid_jwt("this is not a JWT"))
}

/// What must hold of the claims.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) issuers: Vec<String>,
    pub(super) audiences: Vec<String>,
    /// By how many seconds clocks may differ.
    pub(super) leeway: i64,
}

impl Rules {
    /// Checks the claims at the time `now`, in seconds since 1970.
    ///
    /// # Errors
    /// One of them does not hold.
    pub(super) fn check(&self, claims: &Claims, now: i64) -> Result<()> {
        if claims.exp.as_unix_seconds().saturating_add(self.leeway) <= now {
            return Err(Error::invalid_jwt("the token has expired"));
        }
        if claims.nbf.is_some_and(|nbf| nbf.as_unix_seconds().saturating_sub(self.leeway) > now) {
            return Err(Error::invalid_jwt("the token is not valid yet"));
        }
        if claims.sub.is_empty() {
            return Err(Error::invalid_jwt(
                "the token names no user: it is an API key, or not an access token",
            ));
        }
        if claims.role.is_empty() {
            // The service signs ID tokens for OAuth clients with the same key.
            return Err(Error::invalid_jwt("the token names no role: it is not an access token"));
        }
        if !self.issuers.is_empty() && !claims.iss.as_ref().is_some_and(|iss| self.issuers.contains(iss)) {
            return Err(Error::invalid_jwt("the token was issued by another server"));
        }
        if !self.audiences.is_empty() && !self.audiences.iter().any(|name| claims.aud.contains(name)) {
            return Err(Error::invalid_jwt("the token is meant for another audience"));
        }
        Ok(())
    }
}

/// The claims of a token that needs no proof, as it came from the server itself.
///
/// # Errors
/// It is no access token.
pub(crate) fn unverified(token: &str) -> Result<Claims> {
    Token::parse(token)?.claims()
}
