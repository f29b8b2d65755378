//! How long the head of a request may be: its address and headers.
//!
//! Servers cut long requests off, each at a length of its own and in words that tell nobody why. So a request that is
//! too long is refused before it is sent, with the parameter that makes it so.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use url::Url;

use crate::failure::{Failure, FailureKind};

/// How many bytes the head may have if nothing else is said. PostgREST refuses about 51,000.
pub(crate) const DEFAULT_LIMIT: usize = 48 * 1024;

/// From here on, a refusal in no service's words is taken for one of length. No server refuses less.
const LONG: usize = 4 * 1024;

/// The bytes of the head, of which its headers take so many.
pub(crate) fn length(method: &Method, url: &Url, headers: usize) -> usize {
    let address = url.path().len() + url.query().map_or(0, |query| query.len() + 1);
    // `GET … HTTP/1.1`, with its line end.
    method.as_str().len() + address + 12 + headers
}

/// Refuses a head that is too long.
pub(crate) fn check(length: usize, limit: usize, url: &Url) -> Result<(), Failure> {
    if length <= limit {
        return Ok(());
    }
    Err(Failure::too_long(format!(
        "the request's head has {length} bytes, and {limit} are allowed{}",
        longest(url)
    )))
}

/// What a failure to a request of this length is: one of length, if nothing else explains it.
pub(crate) fn explain(failure: Failure, length: usize, method: &Method, url: &Url) -> Failure {
    if length < LONG || failure.kind() != FailureKind::Status {
        return failure;
    }
    let refused = match failure.status().map(StatusCode::from_u16) {
        Some(Ok(StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)) => true,
        // PostgREST's own server, and some proxies.
        Some(Ok(StatusCode::BAD_REQUEST)) => says_nothing(&failure, method),
        _ => false,
    };
    if !refused {
        return failure;
    }
    failure
        .into_too_long(format!("the server refused a request whose head has {length} bytes{}", longest(url)))
}

/// Whether a refusal has no words of a service, which explains itself, as a function does in plain text. What a server
/// says before it knows the service is the status once more, or a page for a browser; to HEAD it is nothing.
fn says_nothing(failure: &Failure, method: &Method) -> bool {
    let is_json = failure.header(CONTENT_TYPE.as_str()).is_some_and(|media_type| media_type.contains("json"));
    match failure.body().trim_ascii() {
        // Its type is told all the same.
        [] => method == Method::HEAD && !is_json,
        body if body.starts_with(b"<") => true,
        body => !is_json && body.eq_ignore_ascii_case(b"bad request"),
    }
}

/// Names the longest parameter, without its value.
fn longest(url: &Url) -> String {
    let name_and_length = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = url::form_urlencoded::parse(name.as_bytes()).next().map(|(name, _)| name.into_owned());
        (name.unwrap_or_default(), pair.len())
    };
    match url.query().unwrap_or_default().split('&').max_by_key(|pair| pair.len()) {
        Some(pair) if !pair.is_empty() => {
            let (name, length) = name_and_length(pair);
            format!("; the longest filter is `{name}`, with {length} bytes")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_parameter_is_named_without_its_value() {
        let url = Url::parse(&format!("http://a/t?select=*&na%20me=in.({})", "secret,".repeat(100))).unwrap();
        let length = length(&Method::GET, &url, 0);
        let failure = check(length, 100, &url).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::TooLong);
        assert!(failure.message().contains("`na me`, with 7"), "{}", failure.message());
        assert!(!failure.message().contains("secret"));
        assert!(check(length, length, &url).is_ok());
    }

    #[test]
    fn the_length_is_that_of_the_wire() {
        let url = Url::parse("http://host/path?a=b").unwrap();
        let headers = "content-type: x/y\r\n";
        assert_eq!(
            length(&Method::GET, &url, headers.len()),
            format!("GET /path?a=b HTTP/1.1\r\n{headers}").len()
        );
    }
}
