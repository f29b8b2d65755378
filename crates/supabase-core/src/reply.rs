//! One answer, read whole.

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;

use crate::failure::{BoxError, Failure};

/// An answer with a status of success.
#[derive(Clone)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// A header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// The body is an HTML page (a proxy or a wrong address answered, and not the service), is not JSON, or does not
    /// fit `T`; then the path of the value that does not fit is named.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        self.refuse_html()?;
        decode_json(&self.body)
            .map_err(|(message, source)| Failure::decode(message, self.clone(), Some(source)))
    }

    /// Reads the body as text.
    ///
    /// # Errors
    /// The body is an HTML page, or not UTF-8.
    pub fn text(&self) -> Result<String, Failure> {
        self.refuse_html()?;
        String::from_utf8(self.body.to_vec())
            .map_err(|error| Failure::decode("the answer is not UTF-8", self.clone(), Some(error.into())))
    }

    fn refuse_html(&self) -> Result<(), Failure> {
        if self.header(CONTENT_TYPE.as_str()).is_some_and(|media_type| media_type.starts_with("text/html")) {
            let message = format!(
                "the server answered {} with an HTML page: does the URL point to the service itself?",
                self.status.as_u16()
            );
            return Err(Failure::decode(message, self.clone(), None));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Reads JSON into the caller's type.
///
/// # Errors
/// A sentence that names the path of the value that does not fit, and the error of the parser. Neither quotes the
/// JSON beyond the one value.
pub fn decode_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, (String, BoxError)> {
    let first = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if first.is_syntax() || first.is_eof() {
        let message = if body.is_empty() { "the answer is empty" } else { "the answer is not valid JSON" };
        return Err((message.to_owned(), first.into()));
    }
    // The fast way does not know the path, so the body is read a second time, now that it has failed.
    let mut reader = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) if error.path().iter().next().is_some() => {
            let message = format!(
                "the answer does not fit the type asked for, at `{}`: {}",
                error.path(),
                error.inner()
            );
            Err((message, error.into_inner().into()))
        }
        _ => Err((format!("the answer does not fit the type asked for: {first}"), first.into())),
    }
}
