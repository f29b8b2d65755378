//! What a broadcast carries.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use supabase_core::decode_json;

use crate::error::{Error, Result};

/// What a broadcast carries: JSON or bytes.
#[derive(Clone)]
#[non_exhaustive]
pub enum Payload {
    /// JSON, as it came.
    Json(Box<RawValue>),
    /// Bytes. They travel only in version 2.0.0 of the protocol.
    Binary(Bytes),
}

impl Payload {
    /// JSON from a value.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the value cannot be written as JSON.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Self> {
        serde_json::value::to_raw_value(value)
            .map(Self::Json)
            .map_err(|error| Error::invalid(format!("the payload cannot be written as JSON: {error}")))
    }

    /// Reads JSON as a value.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if these are bytes, or if they do not fit `T`.
    ///
    /// ```
    /// # fn main() -> realtime_rs::Result<()> {
    /// let payload = realtime_rs::Payload::json(&[1, 2])?;
    /// assert_eq!(payload.decode::<(u8, u8)>()?, (1, 2));
    /// # Ok(()) }
    /// ```
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        match self {
            Self::Json(json) => from_json(json.get().as_bytes()),
            Self::Binary(_) => Err(bytes_came()),
        }
    }

    /// The bytes, or the text of the JSON.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Json(json) => json.get().as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Self::Json)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The content is the user's data, and may be large.
        match self {
            Self::Json(json) => write!(f, "Json({} bytes)", json.get().len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
        }
    }
}

/// Reads JSON, with an error that names the place and not the value.
pub(crate) fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T> {
    decode_json(json).map_err(|(message, source)| {
        Error::unreadable(message.replacen("the answer", "the message", 1), source)
    })
}

/// The error of a stream of JSON for which bytes came.
pub(crate) fn bytes_came() -> Error {
    Error::unreadable("the broadcast carries bytes, and no JSON: listen by on_binary_broadcast", None)
}
