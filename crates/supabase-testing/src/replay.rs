//! A server that answers as recorded, and the comparison of what was sent with what was recorded.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};

use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use serde_json::Value;
use url::Url;

use crate::recordings::{Exchange, Request, Response};

/// A server that answers every request as one exchange was answered, and keeps what it was sent.
pub struct Replay {
    server: MockServer,
    seen: Arc<Mutex<Vec<(Sent, Wire)>>>,
}

/// A request, reduced to what must be equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The HTTP method.
    pub method: String,
    /// The decoded path, below the service's own.
    pub path: String,
    /// The decoded query, in no order: PostgREST reads each parameter by its name.
    pub query: Vec<(String, String)>,
    /// The headers that change the answer.
    pub headers: BTreeMap<String, String>,
    /// The body, as JSON.
    pub body: Option<Value>,
}

impl Replay {
    /// Starts a server that answers as `exchange` was answered.
    pub async fn start(exchange: &Exchange) -> Self {
        Self::in_order(&[exchange]).await
    }

    /// Starts a server that answers the first request as the first of `exchanges` was answered, the second as the second,
    /// and all that follow as the last.
    pub async fn in_order(exchanges: &[&Exchange]) -> Self {
        let server = MockServer::start_async().await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<_> = exchanges.iter().map(|exchange| exchange.response.clone()).collect();
        let log = Arc::clone(&seen);
        server
            .mock_async(move |when, then| {
                when.any_request();
                then.respond_with(move |request: &HttpMockRequest| {
                    let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
                    let mut log = log.lock().expect("no test panicked");
                    let answer = answers.get(log.len()).or(answers.last());
                    log.push((Sent::from_wire(request), Wire::from_wire(request, target)));
                    answered(answer.expect("there is an exchange"))
                });
            })
            .await;
        Self { server, seen }
    }

    /// The server's address, in the place of a project's.
    pub fn url(&self) -> String {
        self.server.base_url()
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.seen.lock().expect("no test panicked").iter().map(|(sent, _)| sent.clone()).collect()
    }

    /// What was sent so far, to the letter.
    pub fn wires(&self) -> Vec<Wire> {
        self.seen.lock().expect("no test panicked").iter().map(|(_, wire)| wire.clone()).collect()
    }

    /// The one request that was sent.
    ///
    /// # Panics
    /// None was sent, or several.
    pub fn only(&self) -> Sent {
        match self.sent().as_slice() {
            [sent] => sent.clone(),
            several => panic!("one request was expected, and these were sent: {several:#?}"),
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("url", &self.url()).field("sent", &self.sent()).finish()
    }
}

/// The recorded answer.
fn answered(answer: &Response) -> HttpMockResponse {
    let mut response = HttpMockResponse::builder().status(answer.status);
    for (name, value) in &answer.headers {
        // The server writes these itself.
        if !matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection" | "date") {
            response = response.header(name, value);
        }
    }
    if let Some(body) = answer.body.as_ref().and_then(|body| body.whole()) {
        response = response.body(body);
    }
    response.build()
}

/// A server that answers many exchanges, each at an address of its own, and keeps what it was sent to the letter.
pub struct ReplayMany {
    server: MockServer,
    seen: Arc<Mutex<HashMap<usize, Vec<Wire>>>>,
}

/// A request as it travelled.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// The HTTP method.
    pub method: String,
    /// Path and query, encoded, below the service's own path.
    pub target: String,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; empty if there was none.
    pub body: Vec<u8>,
}

impl ReplayMany {
    /// Starts a server that answers below `/0` as the first of `exchanges` was answered, below `/1` as the second.
    pub async fn start(exchanges: &[&Exchange]) -> Self {
        let server = MockServer::start_async().await;
        let seen = Arc::new(Mutex::new(HashMap::<usize, Vec<Wire>>::new()));
        let answers: Vec<_> = exchanges.iter().map(|exchange| exchange.response.clone()).collect();
        let log = Arc::clone(&seen);
        server
            .mock_async(move |when, then| {
                when.any_request();
                then.respond_with(move |request: &HttpMockRequest| {
                    let whole = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
                    let end = whole.get(1..).and_then(|rest| rest.find('/')).map_or(whole.len(), |at| at + 1);
                    let (place, target) = whole.split_at(end);
                    let place = place.trim_start_matches('/').parse().expect("a request names its exchange");
                    let wire = Wire::from_wire(request, target.to_owned());
                    log.lock().expect("no test panicked").entry(place).or_default().push(wire);
                    answered(answers.get(place).expect("a request names an exchange"))
                });
            })
            .await;
        Self { server, seen }
    }

    /// The address of one exchange, in the place of a service's.
    pub fn url(&self, place: usize) -> String {
        format!("{}/{place}", self.server.base_url())
    }

    /// What was sent to one exchange.
    pub fn sent(&self, place: usize) -> Vec<Wire> {
        self.seen.lock().expect("no test panicked").get(&place).cloned().unwrap_or_default()
    }
}

impl fmt::Debug for ReplayMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayMany").field("url", &self.server.base_url()).finish_non_exhaustive()
    }
}

impl Wire {
    /// What the official client sent; `None` if the recording kept only a part of its body.
    pub fn recorded(request: &Request) -> Option<Self> {
        let body = match &request.body {
            None => Vec::new(),
            Some(body) => body.bytes()?,
        };
        Some(Self {
            method: request.method.clone(),
            target: request.path.clone(),
            headers: request.headers.clone(),
            body,
        })
    }

    fn from_wire(request: &HttpMockRequest, target: String) -> Self {
        let headers =
            request.headers_vec().iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        Self { method: request.method_str().to_owned(), target, headers, body: request.body_ref().to_vec() }
    }
}

impl Sent {
    /// What the official client sent, with the texts in `instead` exchanged: where an example asks for other values
    /// than the recorded case did.
    ///
    /// # Panics
    /// A text to be exchanged does not occur.
    pub fn recorded(request: &Request, instead: &[(&str, &str)]) -> Self {
        let body = request.body.as_ref().and_then(|body| body.json.clone());
        let mut sent = Self::reduced(&request.method, &request.path, request.headers.clone(), body);
        for (from, to) in instead {
            sent = sent.exchange(from, to);
        }
        sent
    }

    fn from_wire(request: &HttpMockRequest) -> Self {
        let headers =
            request.headers_vec().iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        let body = request.body_ref();
        let body = (!body.is_empty()).then(|| serde_json::from_slice(body).expect("a body is JSON"));
        let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        Self::reduced(request.method_str(), &path, headers, body)
    }

    fn reduced(method: &str, path: &str, headers: BTreeMap<String, String>, body: Option<Value>) -> Self {
        let path = path.strip_prefix("/rest/v1").unwrap_or(path);
        let url = Url::parse("http://server").and_then(|base| base.join(path)).expect("a path is readable");
        let mut query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        for (key, value) in &mut query {
            *value = canonical(key, value);
        }
        query.sort();
        Self {
            method: method.to_owned(),
            path: percent_decoded(url.path()),
            query,
            headers: headers.into_iter().filter_map(|(name, value)| matters(&name, &value)).collect(),
            // The official client sends an empty object with a DELETE, which says nothing.
            body: body.filter(|body| !(method == "DELETE" && *body == Value::Object(Default::default()))),
        }
    }

    fn exchange(&self, from: &str, to: &str) -> Self {
        let mut hits = 0;
        let mut swap = |text: &str| {
            hits += text.matches(from).count();
            text.replace(from, to)
        };
        let path = swap(&self.path);
        let mut query: Vec<_> = self.query.iter().map(|(key, value)| (swap(key), swap(value))).collect();
        query.sort();
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), swap(value))).collect();
        let body = self.body.as_ref().map(|body| {
            serde_json::from_str(&swap(&body.to_string())).expect("the exchanged body is still JSON")
        });
        assert!(hits > 0, "{from:?} does not occur in {self:#?}");
        Self { method: self.method.clone(), path, query, headers, body }
    }
}

/// The headers that change an answer, in one spelling.
fn matters(name: &str, value: &str) -> Option<(String, String)> {
    let value = match name {
        // Everything is JSON unless something else is asked for.
        "accept" if value == "*/*" || value == "application/json" => return None,
        // What is explained is the JSON answer, whether it is said or not; a closing semicolon says nothing.
        "accept" => value.replace("for=\"application/json\"; ", "").trim_end_matches(';').to_owned(),
        // `public` is the schema that a server looks in first.
        "accept-profile" | "content-profile" if value == "public" => return None,
        // The official client sends both, and the server reads the one that goes with the method.
        "accept-profile" | "content-profile" => return Some(("profile".to_owned(), value.to_owned())),
        "prefer" => {
            let mut parts: Vec<_> = value.split(',').map(str::trim).collect();
            parts.sort_unstable();
            parts.join(",")
        }
        _ => return None,
    };
    Some((name.to_owned(), value))
}

/// A value whose spelling is free, in one spelling.
fn canonical(key: &str, value: &str) -> String {
    if key == "columns" {
        // A set.
        let mut columns: Vec<_> = value.split(',').collect();
        columns.sort_unstable();
        return columns.join(",");
    }
    // Containment of JSON: white space in it is free.
    match value.split_once('.') {
        Some((operator @ ("cs" | "cd"), json)) if json.starts_with('{') => {
            match serde_json::from_str::<Value>(json) {
                Ok(json) => format!("{operator}.{json}"),
                Err(_) => value.to_owned(),
            }
        }
        _ => value.to_owned(),
    }
}

fn percent_decoded(path: &str) -> String {
    // A form decodes `%XX` as a path does, and a `+` in a path must stay one.
    let form = format!("x={}", path.replace('+', "%2B"));
    url::form_urlencoded::parse(form.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
