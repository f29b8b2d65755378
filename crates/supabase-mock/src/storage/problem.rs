//! What goes wrong, and how Supabase Storage says it.

use std::borrow::Cow;
use std::io;

use http::{Response, StatusCode, header};
use serde::Serialize;

use super::body::{Body, json};

/// A refusal or failure. Each protocol writes it in its own way.
#[derive(Debug)]
pub(super) struct Problem {
    /// What the body calls `statusCode`: the status that is meant.
    pub(super) status: u16,
    pub(super) error: Cow<'static, str>,
    pub(super) message: String,
    pub(super) code: Cow<'static, str>,
    /// Whether the HTTP status is the one that is meant, and not 400.
    pub(super) honest: bool,
    /// Whether the type of the answer says nothing of its character set.
    bare: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    #[serde(rename = "statusCode")]
    status: String,
    error: &'a str,
    message: &'a str,
    code: &'a str,
}

impl Problem {
    pub(super) fn new(
        status: u16,
        error: &'static str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            error: error.into(),
            message: message.into(),
            code: code.into(),
            honest: status >= 500,
            bare: false,
        }
    }

    /// An error by a code that is known at run time only.
    pub(super) fn coded(status: u16, code: String, message: impl Into<String>) -> Self {
        let code: Cow<'static, str> = Cow::Owned(code);
        Self { error: code.clone(), code, ..Self::new(status, "", "", message) }
    }

    /// The same with the HTTP status that is meant.
    pub(super) fn made_honest(self) -> Self {
        Self { honest: true, ..self }
    }

    /// Validation of the request's parts, as `body/limit must be >= 1`.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "Error", "InvalidRequest", message)
    }

    /// A body that is no JSON at all.
    pub(super) fn unreadable(message: &'static str) -> Self {
        Self::new(400, "FastifyError", "InvalidRequest", message)
    }

    pub(super) fn request(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidRequest", "InvalidRequest", message)
    }

    pub(super) fn no_content() -> Self {
        Self::request("No content provided")
    }

    pub(super) fn parameter(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameter", "InvalidParameter", message)
    }

    pub(super) fn no_bucket() -> Self {
        Self::new(404, "Bucket not found", "NoSuchBucket", "Bucket not found")
    }

    pub(super) fn no_object() -> Self {
        Self::new(404, "not_found", "NoSuchKey", "Object not found")
    }

    pub(super) fn no_related() -> Self {
        Self::new(404, "InvalidRequest", "InvalidRequest", "The related resource does not exist")
    }

    pub(super) fn bucket_exists() -> Self {
        Self::new(409, "Duplicate", "BucketAlreadyExists", "The resource already exists")
    }

    pub(super) fn object_exists() -> Self {
        Self::new(409, "Duplicate", "KeyAlreadyExists", "The resource already exists")
    }

    pub(super) fn not_empty() -> Self {
        Self::new(409, "ResourceNotEmpty", "ResourceNotEmpty", "The bucket you tried to delete is not empty")
    }

    pub(super) fn too_large() -> Self {
        let message = "The object exceeded the maximum allowed size";
        Self::new(413, "Payload too large", "EntityTooLarge", message)
    }

    pub(super) fn mime_type(name: &str) -> Self {
        let message = format!("mime type {name} is not supported");
        Self::new(415, "invalid_mime_type", "InvalidMimeType", message)
    }

    pub(super) fn range() -> Self {
        let problem = Self::new(416, "invalid_range", "InvalidRange", "invalid range provided");
        Self { honest: true, ..problem }
    }

    pub(super) fn key(key: &str) -> Self {
        Self::new(400, "InvalidKey", "InvalidKey", format!("Invalid key: {key}"))
    }

    pub(super) fn bucket_name() -> Self {
        Self::new(400, "Invalid Input", "InvalidBucketName", "Bucket name invalid")
    }

    pub(super) fn denied(message: impl Into<String>) -> Self {
        Self::new(403, "Unauthorized", "AccessDenied", message)
    }

    /// What row-level security says of a row that may not be written.
    pub(super) fn policy() -> Self {
        Self::denied("new row violates row-level security policy")
    }

    /// The caller's role may not use a route at all.
    pub(super) fn role() -> Self {
        Self { honest: true, ..Self::denied("Access denied: Invalid role") }
    }

    pub(super) fn signature(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidSignature", "InvalidSignature", message)
    }

    pub(super) fn url_token(message: &'static str) -> Self {
        Self::new(400, "InvalidJWT", "InvalidJWT", message)
    }

    /// A failure of this machine. The real one says nothing more either.
    pub(super) fn internal() -> Self {
        Self::new(500, "Internal", "InternalError", "Internal Server Error")
    }

    /// As most routes write it: JSON, and 400 whatever is meant.
    pub(super) fn into_response(self) -> Response<Body> {
        let status = if self.honest { self.status } else { 400 };
        let body = Json {
            status: self.status.to_string(),
            error: &self.error,
            message: &self.message,
            code: &self.code,
        };
        let response = json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body);
        if self.bare { without_charset(response) } else { response }
    }

    /// As TUS writes it: text, and the status that is meant.
    pub(super) fn into_text(self) -> Response<Body> {
        let length = self.message.len();
        let mut response = Response::new(Body::from(self.message));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = http::HeaderValue::from_static("text/plain;charset=UTF-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
        response.headers_mut().insert(header::CONTENT_LENGTH, http::HeaderValue::from(length));
        response
    }
}

/// Whatever the disk says, the client learns no more than that it was not its fault.
impl From<io::Error> for Problem {
    fn from(_: io::Error) -> Self {
        Self::internal()
    }
}

/// No route: inside of a group of routes that has its own answer for that.
pub(super) fn no_route(method: &http::Method, path: &str) -> Problem {
    let message = format!("Route {method}:{path} not found");
    Problem { honest: true, bare: true, ..Problem::new(404, "Not Found", "InvalidRequest", message) }
}

#[derive(Serialize)]
struct Outside<'a> {
    message: &'a str,
    error: &'a str,
    #[serde(rename = "statusCode")]
    status: u16,
}

/// No route, outside of these groups: the status is a number and there is no code.
pub(super) fn no_route_at_all(method: &http::Method, path: &str) -> Response<Body> {
    let message = format!("Route {method}:{path} not found");
    json(StatusCode::NOT_FOUND, &Outside { message: &message, error: "Not Found", status: 404 })
}

#[derive(Serialize)]
struct BadUrl<'a> {
    error: &'a str,
    code: &'a str,
    message: String,
    #[serde(rename = "statusCode")]
    status: u16,
}

/// A path that cannot be decoded.
pub(super) fn bad_url(path: &str) -> Response<Body> {
    let message = format!("'{path}' is not a valid url component");
    let body = BadUrl { error: "Bad Request", code: "FST_ERR_BAD_URL", message, status: 400 };
    without_charset(json(StatusCode::BAD_REQUEST, &body))
}

fn without_charset(mut response: Response<Body>) -> Response<Body> {
    let kind = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
