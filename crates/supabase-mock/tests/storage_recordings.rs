//! Every recorded exchange with a real storage server is repeated here, in its order, against this one: the status, the
//! headers and the body must be those that were recorded. What chance decides (ids, times, tokens) must be of the same
//! shape, and stay the same where it did.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};
use supabase_mock::storage::{Access, Action, Server};

use self::wire::{Answer, send};

#[path = "common/wire.rs"]
mod wire;

const RECORDING: &str = include_str!("../../supabase-testing/fixtures/storage.jsonl");
const TOKENS: &str = include_str!("../../supabase-testing/fixtures/storage.jwts.json");
const DIFFERENT: &str = include_str!("storage_recordings/different.txt");

/// The headers that must be as recorded, and not there if they were not.
const HEADERS: [&str; 25] = [
    "accept-ranges",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-max-age",
    "cache-control",
    "content-disposition",
    "content-length",
    "content-range",
    "content-type",
    "etag",
    "expires",
    "last-modified",
    "location",
    "tus-complete",
    "tus-extension",
    "tus-max-size",
    "tus-resumable",
    "tus-version",
    "upload-defer-length",
    "upload-expires",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "x-robots-tag",
    "x-transformations",
];

/// Requests that were sent between the recorded ones, and left traces in what was answered later: before which number,
/// and method, path, headers and body.
type Unrecorded = (u64, &'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);
const UNRECORDED: [Unrecorded; 7] = [
    (79, "POST", "/object/b1/up.txt", &[("content-type", "text/plain")], "raw dotdot_raw"),
    (82, "POST", "/object/b1/raw/a@b:c;d,e$!*.txt", &[("content-type", "text/plain")], "raw at_colon"),
    (
        328,
        "POST",
        "/object/jsb/s.txt",
        &[("content-type", "text/plain;charset=UTF-8"), ("cache-control", "max-age=3600")],
        "just a string",
    ),
    (
        332,
        "POST",
        "/object/jsb/hdr.txt",
        &[("content-type", "text/plain"), ("cache-control", "max-age=3600"), ("x-robots-tag", "noindex")],
        "h",
    ),
    (373, "POST", "/object/b1/rt/a%2Bb.txt", &[("content-type", "text/plain")], "x"),
    (391, "POST", "/object/b1/rt/a%3Db.txt", &[("content-type", "text/plain")], "x"),
    (409, "POST", "/object/b1/rt/a%3Ab.txt", &[("content-type", "text/plain")], "x"),
];

/// The policies of the server that was recorded.
fn policies(access: &Access<'_>) -> bool {
    match (access.object, access.bucket) {
        (None, _) => access.role == "authenticated" && access.action == Action::Select,
        (Some(_), "anon-rw") => true,
        (Some(_), "rls-test") => access.user.is_some() && access.folder() == access.user,
        _ => false,
    }
}

#[tokio::test]
async fn every_recorded_exchange_is_repeated() {
    let exchanges = exchanges();
    let (late, main): (Vec<_>, Vec<_>) =
        exchanges.iter().partition(|exchange| exchange.case.starts_with("storage/tus_expiry"));
    assert_eq!((main.len(), late.len()), (428, 5));

    let builder = || {
        Server::builder()
            .allow(policies)
            .cdn(false)
            .vectors(false)
            .analytics(false)
            .standard_upload_limit(20 * 1024 * 1024)
            .upload_url_expiry(Duration::from_secs(120))
    };
    let mut differences = Vec::new();
    let server = builder().resumable_expiry(None).start().await.expect("a server starts");
    let mut replay = Replay::new(&server);
    for exchange in main {
        for (_, method, path, headers, body) in UNRECORDED.iter().filter(|(seq, ..)| *seq == exchange.seq - 1)
        {
            replay.unrecorded(method, path, headers, body).await;
        }
        if let Err(difference) = replay.repeat(exchange).await {
            differences.push((exchange, difference));
        }
    }

    // These were recorded with a server whose uploads expire. Here its clock is moved.
    let expiry = Duration::from_secs(600);
    let server = builder().resumable_expiry(expiry).start().await.expect("a server starts");
    let mut replay = Replay::new(&server);
    replay.unrecorded("POST", "/bucket", &[("content-type", "application/json")], r#"{"name":"b1"}"#).await;
    for exchange in late {
        if exchange.case.ends_with("/head_expired") {
            server.advance(expiry);
        }
        if let Err(difference) = replay.repeat(exchange).await {
            differences.push((exchange, difference));
        }
    }
    compare_with_list(&differences);
}

/// What differs must be listed with the reason, and what is listed must differ.
fn compare_with_list(differences: &[(&Exchange, String)]) {
    let listed: BTreeMap<&str, &str> = DIFFERENT
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(" : ").expect("a line is a case and a reason"))
        .collect();
    let names: BTreeSet<String> = differences.iter().map(|(exchange, _)| exchange.name()).collect();
    let unlisted: Vec<_> = differences
        .iter()
        .filter(|(exchange, _)| !listed.contains_key(exchange.name().as_str()))
        .map(|(exchange, difference)| format!("{}: {difference}", exchange.name()))
        .collect();
    let equal: Vec<_> = listed.keys().filter(|name| !names.contains(**name)).collect();
    assert!(
        unlisted.is_empty() && equal.is_empty(),
        "{} different and not listed:\n{}\nlisted and not different: {equal:?}",
        unlisted.len(),
        unlisted.join("\n")
    );
}

/// One recorded request and its answer.
struct Exchange {
    seq: u64,
    case: String,
    request: Value,
    response: Value,
}

impl Exchange {
    fn name(&self) -> String {
        format!("{} {}", self.seq, self.case)
    }
}

fn exchanges() -> Vec<Exchange> {
    let mut exchanges: Vec<_> = RECORDING
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("a recording is JSON");
            Exchange {
                seq: line["seq"].as_u64().expect("a number"),
                case: line["case"].as_str().expect("a case").to_owned(),
                request: line["request"].clone(),
                response: line["response"].clone(),
            }
        })
        .collect();
    exchanges.sort_by_key(|exchange| exchange.seq);
    exchanges
}

/// What was recorded by name or chance, and what stands for it here.
struct Replay<'a> {
    server: &'a Server,
    claims: Value,
    /// Tokens and ids of the recording, and ours.
    known: HashMap<String, String>,
}

impl<'a> Replay<'a> {
    fn new(server: &'a Server) -> Self {
        let claims = serde_json::from_str(TOKENS).expect("tokens are JSON");
        Self { server, claims, known: HashMap::new() }
    }

    async fn unrecorded(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) {
        let mut all =
            vec![("authorization".to_owned(), format!("Bearer {}", self.server.service_role_key()))];
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let answer = send(self.server.address(), method, path, &all, body.as_bytes().to_vec()).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    }

    async fn repeat(&mut self, exchange: &Exchange) -> Result<(), String> {
        let request = &exchange.request;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let path = self.ours(&text(&request["path"]));
        let headers: Vec<_> = request["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), self.ours(value.as_str().unwrap_or_default())))
            .collect();
        let body = sent_body(request);
        let announced =
            request["content_length"].as_str().map(|length| length.parse::<usize>().expect("a number"));
        if let Some(announced) = announced {
            assert_eq!(body.len(), announced, "the body of {} was not rebuilt", exchange.name());
        }
        let answer = send(self.server.address(), &text(&request["method"]), &path, &headers, body).await;
        self.compare(exchange, &answer)
    }

    /// The recorded text with our tokens and ids in it.
    fn ours(&mut self, recorded: &str) -> String {
        let mut text = recorded.to_owned();
        for name in token_names(recorded) {
            let token = match self.known.get(&name) {
                Some(token) => token.clone(),
                None => self.mint(&name),
            };
            text = text.replace(&name, &token);
        }
        match text.rsplit_once("/upload/resumable/") {
            Some((before, id)) => {
                let (sign, id) = id.strip_prefix("sign/").map_or(("", id), |id| ("sign/", id));
                let id = self.known.get(id).map_or(id, String::as_str);
                format!("{before}/upload/resumable/{sign}{id}")
            }
            None => text,
        }
    }

    /// A token that the recording names, and no recorded answer has brought: what it says, at our time.
    fn mint(&self, name: &str) -> String {
        let mut claims = self.claims[name]["claims"].clone();
        assert!(claims.is_object(), "the recording does not tell what {name} says");
        if claims.get("url").is_some() {
            let (iat, exp) =
                (claims["iat"].as_u64().expect("a time"), claims["exp"].as_u64().expect("a time"));
            let now =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
            claims["iat"] = json!(now);
            claims["exp"] = json!(now + exp - iat);
        }
        self.server.token(&claims)
    }

    fn compare(&mut self, exchange: &Exchange, answer: &Answer) -> Result<(), String> {
        let recorded = &exchange.response;
        let status = recorded["status"].as_u64().expect("a status");
        if u64::from(answer.status) != status {
            return Err(format!("{} instead of {status}: {}", answer.status, answer.text()));
        }
        // There was no renderer either: it answered everything with the same picture, which is not ours.
        let rendered = exchange.request["path"].as_str().is_some_and(|path| path.contains("/render/image/"))
            && status == 200;
        for name in HEADERS {
            if rendered && ["content-type", "content-length"].contains(&name) {
                continue;
            }
            let theirs = recorded["headers"].get(name).and_then(Value::as_str);
            let ours = answer.header(name);
            match (theirs, ours) {
                (Some(theirs), Some(ours)) => {
                    self.same_header(exchange, name, theirs, ours)
                        .map_err(|difference| format!("header {name}: {difference}"))?;
                }
                (None, None) => {}
                // Whether an empty answer says so is the HTTP library's business.
                (None, Some("0")) | (Some("0"), None) if name == "content-length" => {}
                other => return Err(format!("header {name}: {other:?}")),
            }
        }
        match &recorded["body"] {
            _ if rendered => Ok(()),
            Value::Null if answer.body.is_empty() => Ok(()),
            Value::Null => Err(format!("a body where none was: {}", answer.text())),
            Value::Object(body) if body.contains_key("json") => {
                let mut ours: Value = serde_json::from_slice(&answer.body)
                    .map_err(|_| format!("no JSON: {}", answer.text()))?;
                if is_unknown(exchange) {
                    ours["etag"] = body["json"]["etag"].clone();
                }
                self.same(&body["json"], &ours, "")
            }
            Value::Object(body) if body.contains_key("bytes") => {
                let same = body["bytes"].as_u64() == Some(answer.body.len() as u64);
                same.then_some(()).ok_or_else(|| format!("{} bytes", answer.body.len()))
            }
            body => {
                let theirs = bytes(body).expect("a body is text or bytes");
                (theirs == answer.body).then_some(()).ok_or_else(|| format!("the body {:?}", answer.text()))
            }
        }
    }

    fn same_header(
        &mut self,
        exchange: &Exchange,
        name: &str,
        theirs: &str,
        ours: &str,
    ) -> Result<(), String> {
        let is_date = |text: &str| text.len() == 29 && text.ends_with(" GMT");
        let same = match name {
            "expires" | "last-modified" | "upload-expires" => is_date(theirs) && is_date(ours),
            "etag" if is_unknown(exchange) => ours.len() == 34,
            "location" => {
                let id =
                    |text: &str| text.rsplit_once('/').map(|(before, id)| (before.to_owned(), id.to_owned()));
                let (Some(theirs), Some(ours)) = (id(theirs), id(ours)) else { return Err(ours.to_owned()) };
                let path = |url: &str| url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
                let decoded = |id: &str| {
                    let name = BASE64URL_NOPAD.decode(id.as_ref()).expect("an id is base64");
                    String::from_utf8(name)
                        .expect("an id is text")
                        .rsplit_once('/')
                        .map(|(name, _)| name.to_owned())
                };
                self.known.insert(theirs.1.clone(), ours.1.clone());
                path(&theirs.0) == path(&ours.0)
                    && ours.0.starts_with(&self.server.storage_url())
                    && decoded(&theirs.1) == decoded(&ours.1)
            }
            _ => theirs == ours,
        };
        same.then_some(()).ok_or_else(|| format!("{ours:?} instead of {theirs:?}"))
    }

    /// Whether two values are the same but for what chance decides.
    fn same(&mut self, theirs: &Value, ours: &Value, at: &str) -> Result<(), String> {
        match (theirs, ours) {
            (Value::Object(theirs), Value::Object(ours)) => {
                let keys = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
                if keys(theirs) != keys(ours) {
                    return Err(format!("{at} has {:?} instead of {:?}", keys(ours), keys(theirs)));
                }
                theirs
                    .iter()
                    .try_for_each(|(key, theirs)| self.same(theirs, &ours[key], &format!("{at}/{key}")))
            }
            (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
                let pairs = theirs.iter().zip(ours).enumerate();
                pairs
                    .into_iter()
                    .try_for_each(|(index, (theirs, ours))| self.same(theirs, ours, &format!("{at}/{index}")))
            }
            (Value::String(theirs), Value::String(ours)) => self.same_text(theirs, ours, at),
            (theirs, ours) if theirs == ours => Ok(()),
            (theirs, ours) => Err(format!("{at} is {ours} instead of {theirs}")),
        }
    }

    fn same_text(&mut self, theirs: &str, ours: &str, at: &str) -> Result<(), String> {
        let wrong = || Err(format!("{at} is {ours:?} instead of {theirs:?}"));
        if theirs == ours {
            return Ok(());
        }
        if is_moment(theirs) && is_moment(ours) {
            return Ok(());
        }
        if at.ends_with("/nextCursor") {
            let decoded = |text: &str| {
                BASE64.decode(text.as_bytes()).ok().and_then(|text| String::from_utf8(text).ok())
            };
            let fields = |text: &str| {
                let text = decoded(text)?;
                Some(
                    text.lines()
                        .map(|line| line.split("a:20").next().unwrap_or("a").to_owned())
                        .collect::<Vec<_>>(),
                )
            };
            return if fields(theirs).is_some() && fields(theirs) == fields(ours) { Ok(()) } else { wrong() };
        }
        if let [name] = token_names(theirs).as_slice() {
            let (before, after) = theirs.split_once(name.as_str()).expect("the name is in it");
            let token = ours.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            let Some(token) = token else { return wrong() };
            self.same_claims(name, token)?;
            self.known.insert(name.clone(), token.to_owned());
            return Ok(());
        }
        // A message may repeat a path with ids in it.
        if self.known.iter().fold(theirs.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
            == ours
        {
            return Ok(());
        }
        // Ids: ours for theirs, always the same.
        let (their_ids, our_ids) = (ids(theirs), ids(ours));
        if !their_ids.is_empty() && their_ids.len() == our_ids.len() {
            let mut text = theirs.to_owned();
            for (theirs, ours) in their_ids.iter().zip(&our_ids) {
                let known = self.known.entry(theirs.clone()).or_insert_with(|| ours.clone());
                if known != ours && !at.is_empty() && !theirs.is_empty() {
                    return Err(format!("{at} is the id {ours}, and was {known} before"));
                }
                text = text.replace(theirs, ours);
            }
            if text == ours {
                return Ok(());
            }
        }
        wrong()
    }

    /// A signed token says what the recorded one said, at another time.
    fn same_claims(&self, name: &str, token: &str) -> Result<(), String> {
        let part = |index: usize| -> Value {
            let part = token.split('.').nth(index).unwrap_or_default();
            let bytes = BASE64URL_NOPAD.decode(part.as_ref()).expect("a token is base64");
            serde_json::from_slice(&bytes).expect("a token is JSON")
        };
        let (theirs, mut ours) = (&self.claims[name], json!({ "header": part(0), "claims": part(1) }));
        let seconds =
            |claims: &Value| claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp - iat);
        if seconds(&theirs["claims"]) != seconds(&ours["claims"]) {
            return Err(format!("{name} is valid for {:?} s", seconds(&ours["claims"])));
        }
        ours["claims"]["iat"] = theirs["claims"]["iat"].clone();
        ours["claims"]["exp"] = theirs["claims"]["exp"].clone();
        if *theirs == ours { Ok(()) } else { Err(format!("{name} says {ours} instead of {theirs}")) }
    }
}

/// The bytes of this object were random and not kept, so that nobody knows what its entity tag is made of.
fn is_unknown(exchange: &Exchange) -> bool {
    exchange.request["path"].as_str().is_some_and(|path| path.ends_with("/tus/big%20file.bin"))
}

/// The names of tokens in a text, such as `jwt-storage-4-other`.
fn token_names(text: &str) -> Vec<String> {
    text.match_indices("jwt-storage-")
        .map(|(at, _)| {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
            text[at..].chars().take_while(|letter| is_name(*letter)).collect()
        })
        .collect()
}

/// The random ids in a text. Those of users are not random.
fn ids(text: &str) -> Vec<String> {
    let shape = [8, 4, 4, 4, 12];
    let is_id = |word: &str| {
        let parts: Vec<_> = word.split('-').collect();
        parts.iter().map(|part| part.len()).eq(shape)
            && word.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-')
            && !word.contains("-4111-")
    };
    text.split(['/', ' ']).filter(|word| is_id(word)).map(str::to_owned).collect()
}

fn is_moment(text: &str) -> bool {
    text.len() == 24 && text.starts_with("20") && text.ends_with('Z') && text.as_bytes()[19] == b'.'
}

/// The bytes of a recorded body, if they were kept.
fn bytes(body: &Value) -> Option<Vec<u8>> {
    if let Some(text) = body["text"].as_str() {
        return Some(text.as_bytes().to_vec());
    }
    body["base64"].as_str().map(|text| BASE64.decode(text.as_bytes()).expect("base64"))
}

/// A recorded request's body. Long ones were kept by their beginning; what followed was filling.
fn sent_body(request: &Value) -> Vec<u8> {
    let body = &request["body"];
    if body.is_null() {
        return Vec::new();
    }
    if let Some(bytes) = bytes(body) {
        return bytes;
    }
    if let Some(length) = body["bytes"].as_u64() {
        let length = usize::try_from(length).expect("a length");
        let mut bytes =
            BASE64.decode(body["first_base64"].as_str().expect("a beginning").as_bytes()).expect("base64");
        let end = request["headers"]["content-type"].as_str().and_then(|kind| kind.split_once("boundary="));
        let end = end.map(|(_, boundary)| format!("\r\n--{boundary}--\r\n")).unwrap_or_default();
        bytes.resize(length - end.len(), b'x');
        bytes.extend_from_slice(end.as_bytes());
        return bytes;
    }
    // White space is not kept, but its amount.
    let mut text = body["raw"].as_str().map_or_else(|| body["json"].to_string(), str::to_owned);
    let announced = request["content_length"].as_str().and_then(|length| length.parse::<usize>().ok());
    if let Some(missing) = announced.and_then(|length| length.checked_sub(text.len())) {
        text.push_str(&" ".repeat(missing));
    }
    text.into_bytes()
}
