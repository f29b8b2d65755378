//! What a function answered, read whole.

use std::fmt;

use serde::de::DeserializeOwned;
use supabase_core::header::HeaderMap;
use supabase_core::{Bytes, Reply};

use crate::error::{Error, Result};

/// What a function answered, with a status of success.
///
/// ```no_run
/// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
/// # #[derive(serde::Deserialize)] struct Greeting { message: String }
/// let answer = functions.invoke("hello-world").json(serde_json::json!({ "name": "Ada" })).await?;
/// println!("{} {:?}", answer.status(), answer.content_type());
/// let greeting: Greeting = answer.json()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Response(Reply);

impl Response {
    pub(crate) fn new(reply: Reply) -> Self {
        Self(reply)
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status()
    }

    /// A header, if it is there and is text.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.0.header(name.as_ref())
    }

    /// All headers that are text; a name may come several times, as `set-cookie` does.
    ///
    /// ```no_run
    /// # fn run(answer: functions_rs::Response) {
    /// for (_, cookie) in answer.headers().filter(|(name, _)| *name == "set-cookie") {
    ///     println!("{cookie}");
    /// }
    /// # }
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        texts(self.0.headers())
    }

    /// The media type of the answer, without its parameters, such as `application/json`.
    pub fn content_type(&self) -> Option<&str> {
        media_type(&self.0)
    }

    /// The answer, read as JSON. An empty one, as a 204 has, reads as `()` or as the `None` of an `Option`.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode), with the path of what does not fit.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if self.0.body().is_empty()
            && let Ok(nothing) = serde_json::from_str("null")
        {
            return Ok(nothing);
        }
        self.0.json().map_err(Error::from_failure)
    }

    /// The answer as text.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is not UTF-8.
    pub fn text(&self) -> Result<String> {
        self.0.utf8().map_err(Error::from_failure)
    }

    /// The answer as it came.
    pub fn bytes(&self) -> &[u8] {
        self.0.body()
    }

    /// The answer as it came, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0.body().clone()
    }
}

pub(crate) fn texts(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

pub(crate) fn media_type(reply: &Reply) -> Option<&str> {
    reply.header("content-type")?.split(';').next().map(str::trim)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("content_type", &self.content_type())
            .field("bytes", &self.bytes().len())
            .finish()
    }
}
