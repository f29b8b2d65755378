//! What a page of another origin may do, as the gateway of a project lets it: call every service with any header, and see of
//! the answers' headers what the services themselves expose.
//!
//! Functions are left alone: each has to let pages in by itself, there as here.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN,
};
use hyper::{Method, Request, Response, StatusCode};

/// The services, and which headers their answers expose beyond those that every page sees. Nothing here is there for the
/// clients' sake: what a project hides from pages has to be hidden from tests.
const EXPOSED: [(&str, &str); 5] = [
    (
        "/rest/v1/",
        "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit",
    ),
    ("/auth/v1/", "X-Total-Count, Link, X-Supabase-Api-Version"),
    (
        "/storage/v1/upload/",
        "Location, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Concat, Upload-Defer-Length, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset",
    ),
    ("/storage/v1/", ""),
    ("/realtime/v1/", ""),
];

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// The gateway in front of a service, for a request of a page.
pub(super) struct Gateway {
    exposed: &'static str,
}

impl Gateway {
    /// `None` if no page asks, or asks something that lets pages in by itself or does not let them in.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        request.headers().get(ORIGIN)?;
        let path = request.uri().path();
        let (_, exposed) = EXPOSED.into_iter().find(|(prefix, _)| path.starts_with(prefix))?;
        Some(Self { exposed })
    }

    /// The answer, if a browser only asks whether the page may do what it is about to do.
    pub(super) fn preflight<B>(&self, request: &Request<B>) -> Option<Response<Empty<Bytes>>> {
        let headers = request.headers();
        if request.method() != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let mut answer = Response::new(Empty::new());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let told = answer.headers_mut();
        told.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            told.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        told.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        told.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        Some(answer)
    }

    /// Lets the page read an answer.
    pub(super) fn allow(&self, answer: &mut HeaderMap) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(self.exposed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, path: &str, headers: &[(&'static str, &'static str)]) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        request
    }

    const PAGE: (&str, &str) = ("origin", "http://127.0.0.1:8000");

    #[test]
    fn a_page_may_send_what_it_asks_to_send() {
        let asked = ("access-control-request-headers", "apikey,prefer");
        let headers = [PAGE, ("access-control-request-method", "PATCH"), asked];
        let request = request(Method::OPTIONS, "/rest/v1/planets", &headers);
        let answer = Gateway::of(&request).and_then(|gateway| gateway.preflight(&request)).unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["access-control-allow-origin"]),
            (StatusCode::NO_CONTENT, &HeaderValue::from_static("*"))
        );
        assert_eq!(answer.headers()["access-control-allow-headers"], "apikey,prefer");
    }

    #[test]
    fn what_only_looks_like_a_question_reaches_the_service() {
        // TUS has a use of its own for the method.
        let request = request(Method::OPTIONS, "/storage/v1/upload/resumable", &[PAGE]);
        assert!(Gateway::of(&request).unwrap().preflight(&request).is_none());
    }

    #[test]
    fn what_a_service_does_not_expose_stays_hidden() {
        let exposed = |path: &str| {
            let mut answer = HeaderMap::new();
            Gateway::of(&request(Method::GET, path, &[PAGE])).unwrap().allow(&mut answer);
            answer["access-control-expose-headers"].to_str().unwrap().to_ascii_lowercase()
        };
        assert!(exposed("/rest/v1/planets").contains("content-range"));
        assert!(!exposed("/rest/v1/planets").contains("preference-applied"));
        assert!(exposed("/storage/v1/upload/resumable").contains("upload-offset"));
        assert!(!exposed("/storage/v1/object/b/a.txt").contains("upload-offset"));
    }

    #[test]
    fn functions_and_other_programs_are_left_alone() {
        assert!(Gateway::of(&request(Method::OPTIONS, "/functions/v1/cors", &[PAGE])).is_none());
        assert!(Gateway::of(&request(Method::GET, "/rest/v1/planets", &[])).is_none());
    }
}
