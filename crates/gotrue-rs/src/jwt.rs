//! Verifying access tokens.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod jwks;
mod token;
mod verifier;

pub(crate) use jwks::Jwks;
pub(crate) use token::unverified;
pub use verifier::JwtVerifier;
