//! Which redirects are followed.
//!
//! The HTTP client would strip `Authorization` on a hop to another origin, but not `apikey`; and it turns a redirected
//! `POST` into a `GET`, so that a write would look done. It cannot be told otherwise, as its policy sees no method. So
//! it follows none, and this rule decides.

use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use url::Url;

use crate::failure::Failure;
use crate::request::Request;

/// How many redirects of one request are followed.
pub(crate) const LIMIT: usize = 10;

/// Where to send a request that was answered with `status` and `location`; `None` if that is no redirect.
///
/// # Errors
/// The redirect leads to another origin, or would drop the body of a write or the query that says what is meant, or says
/// not where to.
pub(crate) fn target(
    request: &Request,
    from: &Url,
    status: StatusCode,
    location: Option<&HeaderValue>,
) -> Result<Option<Url>, Failure> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let code = status.as_u16();
    let to = location
        .and_then(|location| location.to_str().ok())
        .and_then(|location| from.join(location).ok())
        .ok_or_else(|| {
            Failure::redirect(format!("the server answered {code} and did not say where to"), status)
        })?;
    if to.origin() != from.origin() {
        let (here, there) = (from.origin().ascii_serialization(), to.origin().ascii_serialization());
        let message = format!(
            "the server redirects ({code}) from {here} to {there}: not followed, as key and token belong to {here} alone"
        );
        return Err(Failure::redirect(message, status));
    }
    let keeps_method = matches!(code, 307 | 308);
    let method = &request.method;
    let dropped = if !keeps_method && !matches!(*method, Method::GET | Method::HEAD) {
        "body"
    } else if request.keeps_query && from.query().is_some() && to.query().is_none_or(str::is_empty) {
        "query"
    } else {
        return Ok(Some(to));
    };
    let message = format!(
        "the server redirects a {method} with {code}: not followed, as that would drop its {dropped}"
    );
    Err(Failure::redirect(message, status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(method: Method, status: u16, location: &str) -> Result<Option<String>, String> {
        let from = Url::parse("http://a.test:8000/rest/v1/t?select=*").unwrap();
        let location = HeaderValue::from_str(location).unwrap();
        target(
            &Request::new("test", method, from.clone()),
            &from,
            StatusCode::from_u16(status).unwrap(),
            Some(&location),
        )
        .map(|to| to.map(String::from))
        .map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn the_same_origin_is_followed() {
        for status in [301, 302, 303, 307, 308] {
            assert_eq!(decide(Method::GET, status, "/x?y=1"), Ok(Some("http://a.test:8000/x?y=1".into())));
        }
        for status in [307, 308] {
            assert_eq!(decide(Method::POST, status, "u"), Ok(Some("http://a.test:8000/rest/v1/u".into())));
        }
        assert_eq!(decide(Method::GET, 300, "/x"), Ok(None));
        assert_eq!(decide(Method::GET, 304, "/x"), Ok(None));
    }

    #[test]
    fn another_port_host_or_scheme_is_refused_by_name() {
        for status in [301, 302, 303, 307, 308] {
            for (to, named) in [
                ("http://a.test:9000/x", "http://a.test:9000"),
                ("http://b.test:8000/x", "http://b.test:8000"),
                ("https://a.test:8000/x", "https://a.test:8000"),
                ("//b.test/x", "http://b.test"),
            ] {
                let message = decide(Method::GET, status, to).unwrap_err();
                assert!(message.contains(named) && !message.contains("select"), "{message}");
            }
        }
    }

    #[test]
    fn a_write_never_becomes_a_read() {
        for status in [301, 302, 303] {
            for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
                assert!(decide(method, status, "/x").unwrap_err().contains("drop its body"));
            }
        }
    }

    #[test]
    fn a_query_that_says_what_is_meant_is_not_dropped() {
        let from = Url::parse("http://a.test/t?id=eq.1").unwrap();
        let request = Request { keeps_query: true, ..Request::new("test", Method::DELETE, from.clone()) };
        let decide = |from: &Url, location: &'static str| {
            target(&request, from, StatusCode::PERMANENT_REDIRECT, Some(&HeaderValue::from_static(location)))
        };
        for location in ["/u", "/u?", "u#x"] {
            assert!(decide(&from, location).unwrap_err().message().contains("drop its query"));
        }
        assert!(decide(&from, "/u?id=eq.1").is_ok());
        assert!(decide(&Url::parse("http://a.test/t").unwrap(), "/u").is_ok());
    }
}
