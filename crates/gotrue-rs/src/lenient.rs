//! Reading what the server writes in more than one way.

use serde::{Deserialize, Deserializer};

/// Null reads as nothing: Go writes an empty list or map that way.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An empty text reads as none: the server writes one where there is no email address or phone number.
pub(crate) fn blank_as_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}
