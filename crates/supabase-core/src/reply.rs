//! One answer, read whole.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;

use crate::failure::{BoxError, Failure};
use crate::headers::text;
use crate::incoming::{Incoming, incoming};
use crate::read::what_is_said;

/// An answer with a status of success.
// Boxed, as it goes through many hands, each of which would otherwise copy what it is made of.
#[derive(Clone)]
pub struct Reply(Box<Parts>);

/// What an answer is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self(Box::new(Parts { status, headers, body }))
    }

    pub(crate) fn into_parts(self) -> Parts {
        *self.0
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status.as_u16()
    }

    /// A header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.0.headers, name)
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// The body is an HTML page (a proxy or a wrong address answered, and not the service), is not JSON, or does not
    /// fit `T`; then the path of the value that does not fit is named.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        decode_json(&self.0.body).map_err(|fault| self.undecodable(fault))
    }

    // Not for each type anew.
    fn undecodable(&self, (message, source): (String, Option<BoxError>)) -> Failure {
        // A page is no JSON, so it is looked for only here.
        self.refuse_html().err().unwrap_or_else(|| Failure::decode(message, self, source))
    }

    /// Reads the body as text.
    ///
    /// # Errors
    /// The body is an HTML page, or not UTF-8.
    pub fn text(&self) -> Result<String, Failure> {
        self.refuse_html()?;
        self.utf8()
    }

    /// Reads the body as text, whatever it is, where a page may well be what was asked for.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn utf8(&self) -> Result<String, Failure> {
        String::from_utf8(self.0.body.to_vec())
            .map_err(|error| Failure::decode("the answer is not UTF-8", self, Some(error.into())))
    }

    /// Refuses an HTML page.
    ///
    /// # Errors
    /// The body is one: a proxy or a wrong address answered, and not the service.
    pub fn refuse_html(&self) -> Result<(), Failure> {
        if self
            .0
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|media_type| media_type.as_bytes().starts_with(b"text/html"))
        {
            let message = format!(
                "the server answered {} with an HTML page: does the URL point to the service itself?",
                self.0.status.as_u16()
            );
            return Err(Failure::decode(message, self, None));
        }
        Ok(())
    }
}

/// An answer with a status of success, whose body is still to come.
pub struct OpenReply {
    response: Incoming,
    idempotent: bool,
}

impl OpenReply {
    pub(crate) fn new(response: reqwest::Response, idempotent: bool) -> Self {
        Self { response: incoming(response), idempotent }
    }

    /// Status and headers, without the body.
    pub fn head(&self) -> Reply {
        Reply::new(self.response.status(), self.response.headers().clone(), Bytes::new())
    }

    /// The answer, with as much of its body as says what went wrong and comes in time: for an answer that turns out to be no
    /// success.
    pub async fn into_refusal(self, within: Option<Duration>) -> Reply {
        what_is_said(self.response, within).await
    }

    /// The next piece of the body; `None` at its end. Dropping the answer closes the connection.
    ///
    /// # Errors
    /// The connection broke, or the body cannot be decompressed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match self.response.chunk().await {
            Ok(chunk) => Ok(chunk),
            Err(error) => Err(Failure::from_body(error, self.head(), self.idempotent)),
        }
    }
}

impl std::fmt::Debug for OpenReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenReply").field("status", &self.response.status()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.0.status)
            .field("body_bytes", &self.0.body.len())
            .finish_non_exhaustive()
    }
}

/// Reads JSON into the caller's type.
///
/// # Errors
/// A sentence that names the path of the value that does not fit, and, where the JSON itself is broken, the error of
/// the parser. Neither quotes the JSON: it may hold secrets.
pub fn decode_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, (String, Option<BoxError>)> {
    serde_json::from_slice(body).map_err(|error| unfit(body, error, with_path::<T>))
}

type WithPath = serde_path_to_error::Error<serde_json::Error>;

/// Reads a body that has failed once more, as the fast way does not know the path.
fn with_path<T: DeserializeOwned>(body: &[u8]) -> Option<WithPath> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize::<_, T>(&mut reader).err()
}

/// Says what is wrong with a body: once, and not for each type anew.
fn unfit(
    body: &[u8],
    error: serde_json::Error,
    with_path: fn(&[u8]) -> Option<WithPath>,
) -> (String, Option<BoxError>) {
    if !error.is_data() {
        let message = if body.is_empty() { "the answer is empty" } else { "the answer is not valid JSON" };
        return (message.to_owned(), Some(error.into()));
    }
    let path = match with_path(body) {
        Some(error) if error.path().iter().next().is_some() => format!(", at `{}`", error.path()),
        _ => String::new(),
    };
    let message =
        format!("the answer does not fit the type asked for{path}: {}", without_value(&error.to_string()));
    (message, None)
}

/// What the parser says about a value, without the value.
fn without_value(message: &str) -> String {
    if ["missing field ", "duplicate field "].iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    let (place, message) = match message.rfind(" at line ") {
        Some(at) => (message.get(at..).unwrap_or_default(), message.get(..at).unwrap_or_default()),
        None => ("", message),
    };
    let expected = message.rfind(", expected ").and_then(|at| message.get(at..)).unwrap_or_default();
    // `invalid type: string "…"`, `invalid value: integer `300``: the word after the colon is the kind of the value.
    let found = ["invalid type: ", "invalid value: ", "invalid length "].iter().find_map(|start| {
        let kind = message.strip_prefix(start)?.split([' ', ',']).next()?;
        kind.chars().all(char::is_alphanumeric).then(|| format!("{start}{kind}"))
    });
    match found {
        Some(found) => format!("{found}{expected}{place}"),
        None if message.starts_with("unknown ") && !expected.is_empty() => {
            format!("an unknown name{expected}{place}")
        }
        None => format!("the type refused the value{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    struct Row {
        id: u8,
        status: Option<Status>,
    }

    #[derive(Debug, Deserialize)]
    enum Status {
        Open,
    }

    #[test]
    fn what_does_not_fit_is_described_without_the_value() {
        for (json, says) in [
            (r#"[{"id":"secret"}]"#, "at `[0].id`: invalid type: string, expected u8 at line 1"),
            (r#"[{"id":300}]"#, "at `[0].id`: invalid value: integer, expected u8 at line 1"),
            (r#"[{"id":null}]"#, "at `[0].id`: invalid type: null, expected u8"),
            (r#"[{}]"#, "at `[0]`: missing field `id`"),
            (r#"[{"id":1,"status":"secret"}]"#, "at `[0].status`: an unknown name, expected `Open`"),
            (r#"{"secret":1}"#, "asked for: invalid type: map, expected a sequence"),
        ] {
            let (message, source) = decode_json::<Vec<Row>>(json.as_bytes()).unwrap_err();
            assert!(message.contains(says) && !message.contains("secret"), "{message}");
            assert!(source.is_none());
        }
    }

    #[test]
    fn a_message_of_a_users_own_type_is_left_out() {
        assert_eq!(
            without_value("secret is no uuid at line 3 column 4"),
            "the type refused the value at line 3 column 4"
        );
        assert_eq!(
            without_value("invalid type: string \", expected x, \", expected y"),
            "invalid type: string, expected y"
        );
    }
}
