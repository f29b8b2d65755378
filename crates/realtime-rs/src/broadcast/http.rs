//! Broadcasts over HTTP, for those who have no connection.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use supabase_core::{Method, Request, Transport, Url, header};

use crate::error::{Error, ErrorKind, Result};
use crate::payload::Payload;

/// A broadcast over HTTP; awaiting it sends it. See [`Client::broadcast`](crate::Client::broadcast).
#[must_use = "a broadcast is sent when it is awaited"]
pub struct BroadcastRequest {
    pub(crate) http: Transport,
    pub(crate) topic: String,
    pub(crate) event: String,
    pub(crate) payload: Result<Payload>,
    pub(crate) private: bool,
}

/// The body that older servers take. The topic has no prefix in it: with one, it would be another room.
#[derive(Serialize)]
struct Batch<'a> {
    messages: [Message<'a>; 1],
}

#[derive(Serialize)]
struct Message<'a> {
    topic: &'a str,
    event: &'a str,
    payload: &'a RawValue,
    private: bool,
}

impl BroadcastRequest {
    /// To the private channel of that name. A public and a private channel of one name are two channels.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    async fn send(self) -> Result<()> {
        let Self { http, topic, event, payload, private } = self;
        let payload = payload?;
        if topic.is_empty() || event.is_empty() {
            return Err(Error::invalid("a broadcast needs the name of a channel and of an event"));
        }
        let single = address(http.base(), &["api", "broadcast", &topic, "events", &event], private);
        let media_type = match payload {
            Payload::Json(_) => "application/json",
            Payload::Binary(_) => "application/octet-stream",
        };
        let body = Bytes::copy_from_slice(payload.as_bytes());
        let error = match post(&http, single, media_type, body).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        // Servers before 2.97 have only the batch, which takes objects alone.
        let json = match &payload {
            Payload::Json(json)
                if error.status() == Some(404) && json.get().trim_start().starts_with('{') =>
            {
                json
            }
            _ => return Err(error),
        };
        let batch = Batch { messages: [Message { topic: &topic, event: &event, payload: json, private }] };
        let body = serde_json::to_vec(&batch)
            .map_err(|_| Error::invalid("the payload cannot be written as JSON"))?;
        match post(&http, address(http.base(), &["api", "broadcast"], false), "application/json", body.into())
            .await
        {
            // Neither exists: the first error says more.
            Err(batch) if batch.status() == Some(404) && batch.kind() == ErrorKind::Rejected => Err(error),
            outcome => outcome,
        }
    }
}

async fn post(http: &Transport, url: Url, media_type: &'static str, body: Bytes) -> Result<()> {
    let mut request = Request::new("realtime.broadcast", Method::POST, url);
    request.headers.push((header::CONTENT_TYPE, header::HeaderValue::from_static(media_type)));
    request.body = Some(body);
    http.send(&request).await.map_err(Error::from_failure)?;
    Ok(())
}

/// An address below that of the service, each part taken to the letter.
pub(crate) fn address(base: &Url, parts: &[&str], private: bool) -> Url {
    let mut url = base.clone();
    let mut path = url.path().trim_end_matches('/').to_owned();
    for part in parts {
        path.push('/');
        for byte in part.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => path.push(char::from(byte)),
                // A dot as well: `.` and `..` would lead elsewhere.
                _ => path.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    url.set_path(&path);
    if private {
        url.set_query(Some("private=true"));
    }
    url
}

impl IntoFuture for BroadcastRequest {
    type Output = Result<()>;
    type IntoFuture = supabase_core::BoxFuture<'static, Result<()>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for BroadcastRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastRequest")
            .field("topic", &self.topic)
            .field("event", &self.event)
            .field("private", &self.private)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_to_the_letter() {
        let base = Url::parse("http://a.test/realtime/v1").unwrap();
        for (topic, path) in [
            ("priv:js-v2", "priv%3Ajs-v2"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("..", "%2E%2E"),
            ("é %", "%C3%A9%20%25"),
        ] {
            let url = address(&base, &["api", "broadcast", topic, "events", "m"], true);
            let expected = format!("http://a.test/realtime/v1/api/broadcast/{path}/events/m?private=true");
            // The URL library reads `%2E` as a dot where a whole part is made of it.
            if topic != ".." {
                assert_eq!(url.as_str(), expected);
            }
        }
    }
}
