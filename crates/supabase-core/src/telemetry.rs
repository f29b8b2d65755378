//! One span a request, and the header that says which client sent it.

use reqwest::header::{HeaderName, HeaderValue};
use tracing::Span;
use tracing::field::Empty;

use crate::failure::{Failure, FailureKind};
use crate::request::Request;

/// The header that says which client sent a request.
pub const CLIENT_INFO: HeaderName = HeaderName::from_static("x-client-info");

/// The span of a request, with the field names of OpenTelemetry's HTTP conventions. The query is left out: it holds
/// filter values.
pub(crate) fn span(request: &Request) -> Span {
    tracing::info_span!(
        "supabase.request",
        otel.kind = "client",
        operation = request.operation,
        http.request.method = %request.method,
        server.address = request.url.host_str(),
        server.port = request.url.port_or_known_default(),
        url.path = request.url.path(),
        http.response.status_code = Empty,
        http.request.resend_count = Empty,
        error.r#type = Empty,
    )
}

/// Writes the outcome of an attempt into its span.
pub(crate) fn record(span: &Span, attempt: u32, status: Option<u16>, failure: Option<&Failure>) {
    if attempt > 0 {
        span.record("http.request.resend_count", attempt);
    }
    if let Some(status) = status {
        span.record("http.response.status_code", status);
    }
    if let Some(failure) = failure {
        span.record("error.type", name(failure.kind()));
    }
}

/// The value of [`CLIENT_INFO`]: which client, which version, on what.
pub fn client_info(name: &str, version: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}/{version}; platform={}; runtime=rust", std::env::consts::OS)).ok()
}

fn name(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Invalid => "invalid",
        FailureKind::Credentials => "credentials",
        FailureKind::Connect => "connect",
        FailureKind::Timeout => "timeout",
        FailureKind::Interrupted => "interrupted",
        FailureKind::Redirect => "redirect",
        FailureKind::Status => "status",
        FailureKind::Decode => "decode",
        FailureKind::TooLong => "too_long",
        FailureKind::TooLarge => "too_large",
        FailureKind::Content => "content",
    }
}
