//! Exchanges of official clients with real servers.
//!
//! | file | server | client |
//! |---|---|---|
//! | `rest.jsonl` | PostgREST 14.10 | supabase-py 2.34.1 and raw requests |
//! | `rest-js.jsonl` | PostgREST 14.10 | supabase-js 2.109.0 |
//! | `rest-extra.jsonl` | PostgREST 14.10 as it is configured by default, and with its database down | raw requests |
//! | `rest-12.jsonl` | PostgREST 12.2.12: the cases of `rest.jsonl` that it answers otherwise | as `rest.jsonl` |
//! | `auth.jsonl` | GoTrue 2.196.0, configured in three ways: `a` with HS256 and confirmations, `b` with ES256 and without confirmations, `c` with most features off | supabase-py 2.34.1, supabase-js 2.119.1 and raw requests |
//! | `storage.jsonl` | storage-api 1.70.6, files on disk | supabase-py 2.34.1, supabase-js 2.119.1 and raw requests |
//! | `realtime.jsonl` | Realtime 2.129.8 | supabase-py 2.34.1, supabase-js 2.119.1 and raw frames; its lines have another shape, so tests read them with [`realtime`] |
//! | `embedded.jsonl` | `@supabase/lite` 0.10.0 on PGlite | supabase-py 2.34.1 |

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// One request and its answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    /// Where the exchange belongs, for example `rest/filters/eq`.
    pub case: String,
    /// Which of several servers answered, where there were several.
    pub instance: Option<String>,
    /// What the official client sent.
    pub request: Request,
    /// What the server answered.
    pub response: Response,
}

/// A recorded request.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Option<Body>,
}

/// A recorded answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Option<Body>,
}

/// A recorded body: JSON, text, or bytes.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Body {
    /// As JSON.
    pub json: Option<Value>,
    /// As it was written, where `json` lost the spacing.
    pub raw: Option<String>,
    /// As text.
    pub text: Option<String>,
    /// As bytes.
    pub base64: Option<String>,
    /// The length of a body of which only the beginning was kept.
    #[serde(rename = "bytes")]
    pub length: Option<usize>,
    /// The beginning of such a body.
    pub first_base64: Option<String>,
}

impl Body {
    /// The bytes of the body, also of one that is neither JSON nor text; `None` if only its beginning was kept.
    pub fn whole(&self) -> Option<Vec<u8>> {
        self.bytes().or_else(|| self.base64.as_deref().map(decoded))
    }

    /// The beginning of a body that was not kept whole.
    pub fn beginning(&self) -> Option<Vec<u8>> {
        self.first_base64.as_deref().map(decoded)
    }

    /// The text of the body, if it was kept.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self { raw: Some(raw), .. } => Some(raw.clone().into_bytes()),
            Self { text: Some(text), .. } => Some(text.clone().into_bytes()),
            Self { json: Some(json), .. } => Some(json.to_string().into_bytes()),
            _ => None,
        }
    }
}

fn decoded(base64: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(base64).expect("a recorded body is base64")
}

/// All exchanges of one file, by case. A case may have several.
pub type Recording = HashMap<String, Vec<Exchange>>;

/// What PostgREST 14.10 answered.
pub fn rest() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| parse(include_str!("../fixtures/rest.jsonl")))
}

/// What PostgREST 14.10 answered supabase-js.
pub fn rest_js() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| parse(include_str!("../fixtures/rest-js.jsonl")))
}

/// What PostgREST 14.10 answered with its default configuration: a row limit, no plans, no aggregates, no anonymous
/// role; and with its database down.
pub fn rest_extra() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| parse(include_str!("../fixtures/rest-extra.jsonl")))
}

/// What PostgREST 12.2.12 answered, where that is not what 14.10 did.
pub fn rest_12() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| parse(include_str!("../fixtures/rest-12.jsonl")))
}

/// What GoTrue 2.196.0 answered.
pub fn auth() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| parse(include_str!("../fixtures/auth.jsonl")))
}

/// The claims of a JWT in [`auth`], where each is written as a name such as `jwt-auth-2-authenticated`; its header under
/// `header`, its claims under `claims`.
///
/// # Panics
/// No JWT has this name.
pub fn auth_jwt(name: &str) -> &'static Value {
    static TOKENS: OnceLock<HashMap<String, Value>> = OnceLock::new();
    TOKENS
        .get_or_init(|| {
            serde_json::from_str(include_str!("../fixtures/auth.jwts.json")).expect("the tokens are readable")
        })
        .get(name)
        .unwrap_or_else(|| panic!("no JWT {name} was recorded"))
}

/// What storage-api 1.70.6 answered.
pub fn storage() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| parse(include_str!("../fixtures/storage.jsonl")))
}

/// What the embedded stack's database answered.
pub fn embedded() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| parse(include_str!("../fixtures/embedded.jsonl")))
}

/// What Realtime 2.129.8 and its clients sent each other, one JSON object a line in order: websockets opened, the frames
/// of both sides, closes, and HTTP calls.
pub fn realtime() -> &'static str {
    include_str!("../fixtures/realtime.jsonl")
}

/// The header and the claims of each token that [`realtime`] names, as JSON by name.
pub fn realtime_tokens() -> &'static str {
    include_str!("../fixtures/realtime.jwts.json")
}

/// The only exchange of a case.
///
/// # Panics
/// The case does not exist, or has several exchanges.
pub fn case(recording: &'static Recording, name: &str) -> &'static Exchange {
    match recording.get(name).map(Vec::as_slice) {
        Some([exchange]) => exchange,
        Some(several) => panic!("the case {name} has {} exchanges", several.len()),
        None => panic!("no case {name} was recorded"),
    }
}

fn parse(lines: &str) -> Recording {
    let mut recording = Recording::new();
    for line in lines.lines() {
        let exchange: Exchange = serde_json::from_str(line).expect("a recording is readable");
        recording.entry(exchange.case.clone()).or_default().push(exchange);
    }
    recording
}
