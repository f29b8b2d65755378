//! W3C trace context: which trace of the caller's a request belongs to.
//!
//! Source: <https://www.w3.org/TR/trace-context/>

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::maybe_send::{MaybeSend, MaybeSync};

/// What a source may set. Anything else would be a way to headers that have ways of their own.
const PARENT: &str = "traceparent";
const ALLOWED: [&str; 3] = [PARENT, "tracestate", "baggage"];

#[cfg(not(target_family = "wasm"))]
type Write = dyn Fn(&mut HeaderMap) + Send + Sync;
#[cfg(target_family = "wasm")]
type Write = dyn Fn(&mut HeaderMap);

/// Gives the trace context of each attempt, within the span of its request.
#[derive(Clone)]
pub struct TraceSource(Arc<Write>);

impl TraceSource {
    /// Asks `ask` before each attempt. An empty answer adds nothing.
    pub fn from_fn(ask: impl Fn() -> HashMap<String, String> + MaybeSend + MaybeSync + 'static) -> Self {
        Self(Arc::new(move |headers| write(&ask(), headers)))
    }

    /// Adds the context to the headers of a request, which keeps what the caller set by hand.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        (self.0)(headers);
    }
}

fn write(context: &HashMap<String, String>, headers: &mut HeaderMap) {
    // Without a parent, the rest belongs to no trace.
    let has_parent =
        context.iter().any(|(name, value)| name.eq_ignore_ascii_case(PARENT) && is_parent(value));
    if !has_parent || headers.contains_key(PARENT) {
        return;
    }
    // A propagator without a state writes an empty one, which the standard would rather not see sent.
    for (name, value) in context.iter().filter(|(_, value)| !value.trim().is_empty()) {
        let allowed = ALLOWED.iter().find(|allowed| name.eq_ignore_ascii_case(allowed));
        // What no header can carry is left out: a broken context must not break the request.
        if let (Some(allowed), Ok(value)) = (allowed, HeaderValue::from_str(value)) {
            headers.insert(HeaderName::from_static(allowed), value);
        }
    }
}

/// Whether a text is `version-trace-parent-flags`, in lower hexadecimal digits, and names a trace and a parent.
fn is_parent(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [version, trace, parent, flags, ..] = parts.as_slice() else { return false };
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let named = |part: &str, length| hex(part, length) && part.bytes().any(|b| b != b'0');
    hex(version, 2)
        && *version != "ff"
        && (*version != "00" || parts.len() == 4)
        && named(trace, 32)
        && named(parent, 16)
        && hex(flags, 2)
}

impl fmt::Debug for TraceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TraceSource")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn written(context: &[(&str, &str)], before: &[(&'static str, &str)]) -> Vec<(String, String)> {
        let context: HashMap<_, _> =
            context.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in before {
            headers.insert(*name, value.parse().unwrap());
        }
        TraceSource::from_fn(move || context.clone()).write(&mut headers);
        let mut written: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        written.sort();
        written
    }

    #[test]
    fn a_context_is_written_whole_and_nothing_else_is() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            written(
                &[
                    ("Traceparent", PARENT),
                    ("tracestate", "a=1"),
                    ("baggage", "k=v"),
                    ("authorization", "Bearer x")
                ],
                &[]
            ),
            [pair("baggage", "k=v"), pair("traceparent", PARENT), pair("tracestate", "a=1")]
        );
        let own = PARENT.replace("-01", "-00");
        assert_eq!(
            written(&[("traceparent", PARENT)], &[("traceparent", &own)]),
            [pair("traceparent", &own)]
        );
        assert_eq!(
            written(&[("traceparent", PARENT), ("baggage", "a\nb")], &[]),
            [pair("traceparent", PARENT)]
        );
    }

    #[test]
    fn a_state_that_says_nothing_is_not_sent() {
        let context = [("traceparent", PARENT), ("tracestate", ""), ("baggage", " ")];
        assert_eq!(written(&context, &[]), [("traceparent".to_owned(), PARENT.to_owned())]);
    }

    #[test]
    fn what_names_no_trace_is_left_out() {
        let zeros = PARENT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32));
        for parent in
            ["", "00", &zeros, &PARENT.to_uppercase(), &format!("{PARENT}-x"), &PARENT.replace("00-", "ff-")]
        {
            assert!(written(&[("traceparent", parent), ("tracestate", "a=1")], &[]).is_empty(), "{parent}");
        }
        let later = PARENT.replacen("00-", "01-", 1) + "-more";
        assert_eq!(written(&[("traceparent", &later)], &[]).len(), 1);
        assert!(written(&[("tracestate", "a=1")], &[]).is_empty());
    }
}
