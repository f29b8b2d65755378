//! The recording, by scenario.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use supabase_testing::recordings::realtime;

/// What was recorded of one case. The HTTP cases share two connections, and are one.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Line {
    /// The connection, as numbered in the scenario's recording.
    pub(crate) connection: u64,
    /// Seconds since 1970, if they were recorded.
    pub(crate) at: Option<f64>,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Open { path: String },
    Refused { path: String, status: u16, body: String, content_type: Option<String> },
    Client(Frame),
    Server(Frame),
    Closed { by_server: bool, code: u16 },
    Http { request: Value, response: Value },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Frame {
    Text(String),
    Binary(Vec<u8>),
}

#[derive(Deserialize)]
struct Raw {
    seq: u64,
    case: String,
    ws: Option<String>,
    path: Option<String>,
    t: Option<f64>,
    text: Option<String>,
    base64: Option<String>,
    text_truncated: Option<Truncated>,
    status: Option<u16>,
    body: Option<Value>,
    #[serde(default)]
    response_headers: BTreeMap<String, String>,
    by: Option<String>,
    server_code: Option<u16>,
    request: Option<Value>,
    response: Option<Value>,
}

#[derive(Deserialize)]
struct Truncated {
    full_length: usize,
    tail: String,
}

impl Scenario {
    pub(crate) fn server_frames(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.what, What::Server(_))).count()
    }
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    // A connection that stays open while the next case begins still belongs to the case that opened it.
    let mut opened_in: BTreeMap<u64, String> = BTreeMap::new();
    for line in realtime().lines() {
        let raw: Raw = serde_json::from_str(line).expect("a recording is readable");
        let name = match &raw.case {
            case if case.starts_with("realtime/rest/") => "realtime/rest".to_owned(),
            case if raw.ws.as_deref() == Some("open") => case.clone(),
            case => match opened_in.get(&raw.seq).filter(|_| raw.ws.as_deref() == Some("close")) {
                Some(opener) => opener.clone(),
                None => case.clone(),
            },
        };
        if raw.ws.as_deref() == Some("open") {
            opened_in.insert(raw.seq, name.clone());
        }
        let scenario = match scenarios.iter().position(|scenario| scenario.name == name) {
            Some(at) => &mut scenarios[at],
            None => {
                scenarios.push(Scenario { name, lines: Vec::new() });
                scenarios.last_mut().expect("it was just added")
            }
        };
        scenario.lines.push(read(raw));
    }
    scenarios
}

fn read(raw: Raw) -> Line {
    let text = |value: Option<String>| value.unwrap_or_default();
    let what = match raw.ws.as_deref() {
        None => What::Http {
            request: raw.request.expect("a request"),
            response: raw.response.expect("a response"),
        },
        Some("open") => What::Open { path: text(raw.path) },
        Some("handshake_error") => What::Refused {
            path: text(raw.path),
            status: raw.status.expect("a status"),
            body: raw.body.and_then(|body| body["text"].as_str().map(str::to_owned)).unwrap_or_default(),
            content_type: raw.response_headers.get("content-type").cloned(),
        },
        Some("close") => What::Closed {
            by_server: raw.by.as_deref() == Some("server"),
            code: raw.server_code.unwrap_or_default(),
        },
        Some(side) => {
            let frame = match (raw.text, raw.base64, raw.text_truncated) {
                (Some(head), _, Some(truncated)) => Frame::Text(whole(&head, &truncated)),
                (Some(text), _, None) => Frame::Text(text),
                (None, Some(base64), _) => Frame::Binary(
                    data_encoding::BASE64.decode(base64.as_bytes()).expect("a recording is readable"),
                ),
                (None, None, _) => panic!("a frame without content"),
            };
            match side {
                "client" => What::Client(frame),
                "server" => What::Server(frame),
                other => panic!("an unknown side: {other}"),
            }
        }
    };
    Line { connection: raw.seq, at: raw.t, what }
}

/// A long text of which head and tail were recorded; between them stands the same letter.
fn whole(head: &str, truncated: &Truncated) -> String {
    let letter = head.chars().next_back().expect("a head");
    let missing = truncated.full_length - head.chars().count() - truncated.tail.chars().count();
    [head, &letter.to_string().repeat(missing), &truncated.tail].concat()
}
