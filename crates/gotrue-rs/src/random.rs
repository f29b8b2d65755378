//! Random bytes and hashes, by what carries TLS here anyway.

use crate::error::{Error, Result};

/// Bytes that nobody can guess.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::invalid("the system gives no random bytes"))?;
    Ok(bytes)
}

/// Bytes that nobody can guess.
#[cfg(target_family = "wasm")]
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::invalid("the system gives no random bytes"))?;
    Ok(bytes)
}

/// SHA-256.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn sha256(data: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref().to_vec()
}

/// SHA-256.
#[cfg(target_family = "wasm")]
pub(crate) fn sha256(data: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(data).to_vec()
}
