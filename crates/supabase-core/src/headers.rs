//! The headers of a request: those of the client, the bearer, and those of the request itself.

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::request::Request;
use crate::trace::TraceSource;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const RETRY_COUNT: HeaderName = HeaderName::from_static("x-retry-count");

/// The headers that every request of a client has.
pub(crate) struct ClientHeaders {
    #[cfg(not(target_family = "wasm"))]
    all: HeaderMap,
    /// All of them, with a place for each header that nearly every request has: to fill a place of a copy costs less than
    /// to make room in it.
    with_places: HeaderMap,
    /// Whether these places are filled already.
    has_authorization: bool,
    has_accept: bool,
    /// How many bytes all places take on the wire, empty ones too.
    bytes: usize,
    trace: Option<TraceSource>,
}

impl ClientHeaders {
    /// `bearer` is that of the API key: a header of the caller's own says who is meant, and the key speaks only where
    /// nobody does. `accept` is for requests that name no media type, whatever the caller's own headers say.
    pub(crate) fn new(
        all: HeaderMap,
        accept: Option<HeaderValue>,
        bearer: Option<&HeaderValue>,
        trace: Option<TraceSource>,
    ) -> Self {
        let mut with_places = all.clone();
        if let Some(bearer) = bearer {
            with_places.entry(AUTHORIZATION).or_insert_with(|| bearer.clone());
        }
        let [has_authorization, has_accept] =
            [(AUTHORIZATION, None), (ACCEPT, accept)].map(|(name, value)| {
                let is_filled = value.is_some() || with_places.contains_key(&name);
                let place = with_places.entry(name).or_insert(HeaderValue::from_static(""));
                if let Some(value) = value {
                    *place = value;
                }
                is_filled
            });
        Self {
            #[cfg(not(target_family = "wasm"))]
            all,
            bytes: bytes_of(&with_places),
            with_places,
            has_authorization,
            has_accept,
            trace,
        }
    }

    /// The headers of the client alone.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn all(&self) -> &HeaderMap {
        &self.all
    }

    /// The headers of a request, the bearer being that of its user, and how many bytes they take on the wire.
    pub(crate) fn with(
        &self,
        request: &Request,
        bearer: Option<&HeaderValue>,
        attempt: u32,
    ) -> (HeaderMap, usize) {
        let mut headers = self.with_places.clone();
        // Kept up with what changes: adding all up would cost more than to find the headers.
        let mut bytes = self.bytes;
        let mut set = |headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue| {
            bytes += value.len();
            match put(headers, name, value) {
                // Preferences of the client hold beside those of the call, but not instead: of two that contradict each
                // other, a server takes the first.
                Some(old) if *name == PREFER => {
                    bytes += line(name);
                    headers.append(name, old);
                }
                Some(old) => bytes -= old.len(),
                None => bytes += line(name),
            }
        };
        let (mut authorization, mut accept) = (self.has_authorization, self.has_accept);
        if let Some(bearer) = bearer {
            set(&mut headers, &AUTHORIZATION, bearer);
            authorization = true;
        }
        for (name, value) in &request.headers {
            accept |= *name == ACCEPT;
            authorization |= *name == AUTHORIZATION;
            set(&mut headers, name, value);
        }
        // A page may only send the headers that it is allowed to, and functions allow those of Supabase's documentation: with
        // this one, no try but the first would get through.
        if attempt > 0 && cfg!(not(target_family = "wasm")) {
            set(&mut headers, &RETRY_COUNT, &HeaderValue::from(attempt));
        }
        for (name, is_filled) in [(AUTHORIZATION, authorization), (ACCEPT, accept)] {
            if !is_filled {
                bytes -= line(&name);
                headers.remove(name);
            }
        }
        if let Some(trace) = &self.trace {
            trace.write(&mut headers);
            bytes = bytes_of(&headers);
        }
        (headers, bytes)
    }
}

/// Sets a header, and answers with what it was.
pub(crate) fn put(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) -> Option<HeaderValue> {
    headers.insert(name, value.clone())
}

/// The value of a header, if it is there and is text.
// Compared with each: a map that is asked by a text first makes a name of it, and an answer has few headers.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known.as_str().eq_ignore_ascii_case(name))?;
    value.to_str().ok()
}

/// How many bytes headers take on the wire.
fn bytes_of(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| line(name) + value.len()).sum()
}

/// How many bytes a line takes beside its value: `name: …`, with its line end.
fn line(name: &HeaderName) -> usize {
    name.as_str().len() + 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;
    use url::Url;

    fn sent(
        client: &[(HeaderName, &'static str)],
        key: Option<&'static str>,
        request: &[(HeaderName, &'static str)],
        bearer: Option<&'static str>,
    ) -> Vec<String> {
        let of = |headers: &[(HeaderName, &'static str)]| -> Vec<_> {
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
        };
        let (key, bearer) = (key.map(HeaderValue::from_static), bearer.map(HeaderValue::from_static));
        let headers = ClientHeaders::new(of(client).into_iter().collect(), None, key.as_ref(), None);
        let mut message = Request::new("test", Method::GET, Url::parse("http://a/").unwrap());
        message.headers = of(request);
        let (sent, bytes) = headers.with(&message, bearer.as_ref(), 0);
        assert_eq!(bytes, bytes_of(&sent));
        let mut lines: Vec<_> =
            sent.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_place_that_is_not_filled_is_not_sent() {
        assert!(sent(&[], None, &[], None).is_empty());
        assert_eq!(sent(&[], None, &[(ACCEPT, "a")], None), ["accept: a"]);
        assert_eq!(sent(&[], None, &[], Some("b")), ["authorization: b"]);
    }

    #[test]
    fn the_user_speaks_before_the_client_and_the_client_before_the_key() {
        let client = [(AUTHORIZATION, "client"), (ACCEPT, "client")];
        assert_eq!(sent(&[], Some("key"), &[], None), ["authorization: key"]);
        assert_eq!(sent(&client, Some("key"), &[], None), ["accept: client", "authorization: client"]);
        assert_eq!(sent(&client, Some("key"), &[], Some("user")), ["accept: client", "authorization: user"]);
        let call = [(AUTHORIZATION, "call"), (ACCEPT, "call")];
        assert_eq!(sent(&client, Some("key"), &call, Some("user")), ["accept: call", "authorization: call"]);
    }

    #[test]
    fn the_services_media_type_stands_where_the_call_names_none() {
        let client = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("client"))]);
        let headers = ClientHeaders::new(client, Some(HeaderValue::from_static("service")), None, None);
        let mut message = Request::new("test", Method::GET, Url::parse("http://a/").unwrap());
        for accept in ["service", "call"] {
            let (sent, bytes) = headers.with(&message, None, 0);
            assert_eq!(
                (sent.get(ACCEPT).unwrap().to_str().unwrap(), sent.len(), bytes),
                (accept, 1, bytes_of(&sent))
            );
            message.headers = vec![(ACCEPT, HeaderValue::from_static("call"))];
        }
    }

    #[test]
    fn the_number_of_the_attempt_is_told_and_counted() {
        let headers = ClientHeaders::new(HeaderMap::new(), None, None, None);
        let message = Request::new("test", Method::GET, Url::parse("http://a/").unwrap());
        let (sent, bytes) = headers.with(&message, None, 2);
        assert_eq!((sent.get(RETRY_COUNT).unwrap().to_str().unwrap(), sent.len()), ("2", 1));
        assert_eq!(bytes, "x-retry-count: 2\r\n".len());
    }

    #[test]
    fn preferences_of_the_client_hold_beside_those_of_the_call() {
        assert_eq!(sent(&[(PREFER, "a=b")], None, &[(PREFER, "c=d")], None), ["prefer: a=b", "prefer: c=d"]);
    }
}
