//! On a real stack, frame by frame: what Realtime tells of the database, and that nothing is lost on the way.
//!
//! The embedded stack answers with this crate's server, a hosted one with Supabase's: both have to pass.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client as Http, Method};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use supabase_testing::live::{Stack, stack};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A project's first subscription may take that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stack, unless it is one that only speaks TLS, for which these frames have no words.
fn plain_stack(test: &str) -> Option<Stack> {
    let stack = stack(test, &[])?;
    match stack.url.starts_with("http://") {
        true => Some(stack),
        false => {
            println!("skipped {test}: the stack is reached by TLS");
            None
        }
    }
}

struct Client {
    socket: WebSocketStream<TcpStream>,
    reference: u64,
}

impl Client {
    async fn open(stack: &Stack, key: &str) -> Result<Self, Error> {
        let host = stack.url.trim_start_matches("http://");
        let stream = TcpStream::connect(host).await?;
        let url = format!("ws://{host}/realtime/v1/websocket?vsn=2.0.0&apikey={key}");
        Ok(Self { socket: client_async(url, stream).await?.0, reference: 0 })
    }

    async fn send(&mut self, topic: &str, event: &str, payload: Value) {
        self.reference += 1;
        let frame = json!(["1", self.reference.to_string(), format!("realtime:{topic}"), event, payload]);
        self.socket.send(Message::text(frame.to_string())).await.expect("the server reads");
    }

    /// The text of the next frame.
    async fn next(&mut self) -> String {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("a frame comes in time");
        let message = message.expect("the connection is open").expect("the connection is whole");
        message.into_text().expect("it is text").to_string()
    }

    /// The next frame of an event.
    async fn event(&mut self, event: &str) -> (String, Value) {
        loop {
            let text = self.next().await;
            let frame: Value = serde_json::from_str(&text).expect("it is JSON");
            if frame[3] == event {
                return (text, frame[4].clone());
            }
        }
    }

    /// Event and payload of the next binary broadcast.
    async fn broadcast(&mut self) -> (String, Vec<u8>) {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a frame comes in time");
            let Message::Binary(frame) = message.expect("the connection is open").expect("it is whole")
            else {
                continue;
            };
            let lengths: Vec<usize> = frame[1..4].iter().map(|length| usize::from(*length)).collect();
            let event = 5 + lengths[0];
            let payload = event + lengths[1] + lengths[2];
            return (
                String::from_utf8_lossy(&frame[event..event + lengths[1]]).into_owned(),
                frame[payload..].to_vec(),
            );
        }
    }

    async fn join(&mut self, topic: &str, config: Value) -> Value {
        self.send(topic, "phx_join", json!({ "config": config })).await;
        self.event("phx_reply").await.1
    }
}

/// Writes with the key that may do everything.
async fn rest(stack: &Stack, method: Method, path: &str, body: impl ToString) -> Value {
    let key = &stack.service_role_key;
    let request = Http::builder()
        .no_proxy()
        .build()
        .expect("a client")
        .request(method, format!("{}/rest/v1/{path}", stack.url));
    let request = request.header("apikey", key).header("prefer", "return=representation");
    // Keys of the older kind are tokens.
    let request = if key.starts_with("sb_") { request } else { request.bearer_auth(key) };
    let response = request
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .expect("the stack answers");
    let status = response.status();
    let text = response.text().await.expect("the answer is whole");
    assert!(status.is_success(), "{status}: {text}");
    // Functions that return nothing answer nothing.
    serde_json::from_str(&text).unwrap_or_default()
}

/// A name that no other test has.
fn unique(name: &str) -> String {
    format!("{name} {}", std::process::id())
}

/// A part of the record as it is written, with all digits.
fn written<'a>(frame: &'a str, column: &str) -> Option<&'a str> {
    #[derive(serde::Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        data: Data<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        record: std::collections::BTreeMap<String, &'a RawValue>,
    }
    type Frame<'a> = (Value, Value, Value, Value, Payload<'a>);
    let (.., payload) = serde_json::from_str::<Frame<'a>>(frame).ok()?;
    payload.data.record.get(column).map(|value| value.get())
}

#[tokio::test]
async fn changes_of_rows_are_told() {
    let Some(stack) = plain_stack("changes_of_rows_are_told") else { return };
    let mut client = Client::open(&stack, &stack.service_role_key).await.expect("the key is good");
    let name = unique("Realtime");
    let joined = client
        .join(
            "live-changes",
            json!({ "postgres_changes": [
                { "event": "*", "schema": "public", "table": "countries", "filter": format!("name=like.{name}%") },
                { "event": "DELETE", "schema": "public", "table": "countries" },
            ] }),
        )
        .await;
    let ids: Vec<&Value> = joined["response"]["postgres_changes"]
        .as_array()
        .expect("bindings")
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(client.event("system").await.1["message"], "Subscribed to PostgreSQL");

    let inserted = rest(&stack, Method::POST, "countries", json!({ "name": name })).await;
    let id = inserted[0]["id"].clone();
    let (_, change) = client.event("postgres_changes").await;
    assert_eq!(change["ids"], json!([ids[0]]));
    assert_eq!(change["data"]["type"], "INSERT");
    assert_eq!(change["data"]["record"], json!({ "id": id, "name": name }));
    let columns = json!([{ "name": "id", "type": "int8" }, { "name": "name", "type": "text" }]);
    assert_eq!(change["data"]["columns"], columns);
    assert_eq!(change["data"].get("old_record"), None);

    // Far more than a notification holds, in characters of one to four bytes.
    let long = format!("{name} {}", "aü☃🪐".repeat(10_000));
    rest(&stack, Method::PATCH, &format!("countries?id=eq.{id}"), json!({ "name": long })).await;
    let (_, change) = client.event("postgres_changes").await;
    assert_eq!(change["data"]["type"], "UPDATE");
    assert_eq!(change["data"]["record"]["name"], json!(long));
    assert_eq!(change["data"]["old_record"], json!({ "id": id }));

    rest(&stack, Method::DELETE, &format!("countries?id=eq.{id}"), json!({})).await;
    let (_, change) = client.event("postgres_changes").await;
    assert_eq!(change["ids"], json!([ids[1]]), "the filter cannot be asked of a row that is gone");
    assert_eq!(change["data"]["old_record"], json!({ "id": id }));
    assert_eq!(change["data"].get("record"), None);
}

#[tokio::test]
async fn values_keep_all_their_digits_and_types() {
    let Some(stack) = plain_stack("values_keep_all_their_digits_and_types") else { return };
    let mut client = Client::open(&stack, &stack.service_role_key).await.expect("the key is good");
    let id = 1_000_000 + std::process::id();
    let filter = format!("id=eq.{id}");
    let wish = json!({ "event": "INSERT", "schema": "public", "table": "exact", "filter": filter });
    client.join("live-exact", json!({ "postgres_changes": [wish] })).await;
    assert_eq!(client.event("system").await.1["message"], "Subscribed to PostgreSQL");
    // Written as text: a value would have lost digits before it is sent.
    let row = format!(
        r#"{{ "id": {id}, "i8": 9007199254740993, "num": 0.1000000000000000055, "b": true, "ia": [1, null],
            "ta": ["x", "y z"], "jb": {{ "k": [1, null] }}, "ts": "2026-01-31T12:34:56.123456+00:00" }}"#
    );
    rest(&stack, Method::POST, "exact", row).await;
    let (text, change) = client.event("postgres_changes").await;
    rest(&stack, Method::DELETE, &format!("exact?id=eq.{id}"), json!({})).await;
    assert_eq!(written(&text, "i8"), Some("9007199254740993"));
    assert_eq!(written(&text, "num"), Some("0.1000000000000000055"));
    let record = &change["data"]["record"];
    assert_eq!(
        (&record["b"], &record["ia"], &record["ta"]),
        (&json!(true), &json!([1, null]), &json!(["x", "y z"]))
    );
    assert_eq!((&record["jb"], &record["d"]), (&json!({ "k": [1, null] }), &Value::Null));
    assert_eq!(record["ts"], "2026-01-31T12:34:56.123456+00:00");
    let types: Vec<&str> = change["data"]["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .filter_map(|one| one["type"].as_str())
        .collect();
    assert_eq!(types[..4], ["int8", "int2", "int8", "numeric"]);
    assert!(
        types.contains(&"_int4") && types.contains(&"timestamptz") && types.contains(&"jsonb"),
        "{types:?}"
    );
}

#[tokio::test]
async fn a_full_replica_identity_tells_the_old_row() {
    let Some(stack) = plain_stack("a_full_replica_identity_tells_the_old_row") else { return };
    let mut client = Client::open(&stack, &stack.service_role_key).await.expect("the key is good");
    let id = 2_000_000 + std::process::id();
    let filter = format!("id=eq.{id}");
    let wish = json!({ "event": "*", "schema": "public", "table": "characters", "filter": filter });
    client.join("live-full", json!({ "postgres_changes": [wish] })).await;
    assert_eq!(client.event("system").await.1["message"], "Subscribed to PostgreSQL");
    rest(&stack, Method::POST, "characters", json!({ "id": id, "name": "Sam" })).await;
    rest(&stack, Method::PATCH, &format!("characters?id=eq.{id}"), json!({ "name": "Samwise" })).await;
    rest(&stack, Method::DELETE, &format!("characters?id=eq.{id}"), json!({})).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        let data = &client.event("postgres_changes").await.1["data"];
        told.push(json!([data["type"], data["old_record"], data["record"]]));
    }
    let (sam, samwise) = (json!({ "id": id, "name": "Sam" }), json!({ "id": id, "name": "Samwise" }));
    assert_eq!(
        told,
        [json!(["INSERT", null, sam]), json!(["UPDATE", sam, samwise]), json!(["DELETE", samwise, null])]
    );
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_said() {
    let Some(stack) = plain_stack("what_cannot_be_subscribed_to_is_said") else { return };
    let mut client = Client::open(&stack, &stack.anon_key).await.expect("the key is good");
    for (topic, wish, message) in [
        (
            "live-unpublished",
            json!({ "event": "*", "schema": "public", "table": "texts" }),
            "Please check Realtime is enabled",
        ),
        (
            "live-column",
            json!({ "event": "*", "schema": "public", "table": "countries", "filter": "nocol=eq.1" }),
            "invalid column for filter nocol",
        ),
        (
            "live-filter",
            json!({ "event": "*", "schema": "public", "table": "countries", "filter": "garbage" }),
            "Error parsing `filter` params",
        ),
    ] {
        client.join(topic, json!({ "postgres_changes": [wish] })).await;
        let (_, system) = client.event("system").await;
        assert_eq!(system["status"], "error");
        assert!(system["message"].as_str().is_some_and(|found| found.contains(message)), "{system}");
    }
}

#[tokio::test]
async fn rows_of_others_are_not_told() {
    let Some(stack) = plain_stack("rows_of_others_are_not_told") else { return };
    let mut stranger = Client::open(&stack, &stack.anon_key).await.expect("the key is good");
    let mut owner = Client::open(&stack, &stack.service_role_key).await.expect("the key is good");
    let wish = json!({ "postgres_changes": [{ "event": "INSERT", "schema": "public", "table": "notes" }] });
    for client in [&mut stranger, &mut owner] {
        client.join("live-notes", wish.clone()).await;
        assert_eq!(client.event("system").await.1["message"], "Subscribed to PostgreSQL");
    }
    let body = unique("private");
    let note = json!({ "owner": "11111111-1111-4111-8111-111111111111", "body": body });
    rest(&stack, Method::POST, "notes", note).await;
    assert_eq!(owner.event("postgres_changes").await.1["data"]["record"]["body"], json!(body));
    // What comes next is the answer to a heartbeat, as the row was not told.
    stranger
        .socket
        .send(Message::text(json!([null, "h", "phoenix", "heartbeat", {}]).to_string()))
        .await
        .expect("it reads");
    assert!(stranger.next().await.contains("\"h\""));
    rest(&stack, Method::DELETE, &format!("notes?body=eq.{body}"), json!({})).await;
}

#[tokio::test]
async fn many_and_large_frames_pass_in_both_directions_and_in_order() {
    let Some(stack) = plain_stack("many_and_large_frames_pass_in_both_directions_and_in_order") else {
        return;
    };
    let mut sender = Client::open(&stack, &stack.anon_key).await.expect("the key is good");
    let mut receiver = Client::open(&stack, &stack.anon_key).await.expect("the key is good");
    let topic = unique("live-room").replace(' ', "-");
    let room = json!({ "broadcast": { "ack": true } });
    assert_eq!(sender.join(&topic, room.clone()).await["status"], "ok");
    assert_eq!(receiver.join(&topic, room).await["status"], "ok");
    let padding = "x".repeat(2_000);
    for number in 0..300 {
        let payload =
            json!({ "type": "broadcast", "event": "e", "payload": { "number": number, "padding": padding } });
        sender.send(&topic, "broadcast", payload).await;
    }
    for number in 0..300 {
        assert_eq!(receiver.event("broadcast").await.1["payload"]["number"], json!(number));
        assert_eq!(sender.event("phx_reply").await.1["status"], "ok");
    }
    let large = "y".repeat(2_000_000);
    let payload = json!({ "type": "broadcast", "event": "large", "payload": { "large": large } });
    sender.send(&topic, "broadcast", payload).await;
    assert_eq!(receiver.event("broadcast").await.1["payload"]["large"], json!(large));

    let request = Http::builder().no_proxy().build().expect("a client");
    let request =
        request.post(format!("{}/realtime/v1/api/broadcast", stack.url)).header("apikey", &stack.anon_key);
    let body = json!({ "messages": [{ "topic": topic, "event": "http", "payload": { "a": 1 } }] });
    assert_eq!(request.json(&body).send().await.expect("the stack answers").status(), 202);
    assert_eq!(receiver.event("broadcast").await.1["event"], "http");
}

#[tokio::test]
async fn the_database_broadcasts_and_what_it_sent_is_replayed() {
    let Some(stack) = plain_stack("the_database_broadcasts_and_what_it_sent_is_replayed") else { return };
    let topic = unique("live-database").replace(' ', "-");
    let mut client = Client::open(&stack, &stack.service_role_key).await.expect("the key is good");
    let room = json!({ "private": true, "broadcast": { "replication_ready": true } });
    assert_eq!(client.join(&topic, room).await["status"], "ok");
    assert_eq!(client.event("system").await.1["message"], "Replication connection established");
    let before =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    let padding = "ü".repeat(10_000);
    for number in 1..=2 {
        let payload = json!({ "number": number, "padding": padding });
        let call = json!({ "topic": topic, "event": "told", "payload": payload, "private": true });
        rest(&stack, Method::POST, "rpc/announce", call).await;
    }
    for number in 1..=2 {
        let (event, payload) = client.broadcast().await;
        let payload: Value = serde_json::from_slice(&payload).expect("it is JSON");
        assert_eq!((event.as_str(), &payload["number"]), ("told", &json!(number)));
        assert_eq!(payload["padding"], json!(padding));
        assert!(payload["id"].is_string());
    }
    let call = json!({ "topic": topic, "event": "bytes", "payload": "\\x0001ff", "private": true });
    rest(&stack, Method::POST, "rpc/announce_bytes", call).await;
    assert_eq!(client.broadcast().await, ("bytes".to_owned(), vec![0, 1, 255]));

    let mut late = Client::open(&stack, &stack.service_role_key).await.expect("the key is good");
    let replay = json!({ "since": before as u64 - 1_000, "limit": 1 });
    assert_eq!(
        late.join(&topic, json!({ "private": true, "broadcast": { "replay": replay } })).await["status"],
        "ok"
    );
    let (_, replayed) = late.event("broadcast").await;
    assert_eq!(replayed["payload"]["number"], 2, "the newest");
    assert_eq!(replayed["meta"]["replayed"], true);
}

#[tokio::test]
async fn changes_can_be_broadcasts() {
    let Some(stack) = plain_stack("changes_can_be_broadcasts") else { return };
    let mut client = Client::open(&stack, &stack.service_role_key).await.expect("the key is good");
    let room = json!({ "private": true, "broadcast": { "replication_ready": true } });
    assert_eq!(client.join("teams", room).await["status"], "ok");
    assert_eq!(client.event("system").await.1["message"], "Replication connection established");
    let id = 3_000_000 + std::process::id();
    rest(&stack, Method::POST, "teams", json!({ "id": id, "name": "Red" })).await;
    rest(&stack, Method::DELETE, &format!("teams?id=eq.{id}"), json!({})).await;
    let team = json!({ "id": id, "name": "Red" });
    for (operation, record, old_record) in [("INSERT", &team, &Value::Null), ("DELETE", &Value::Null, &team)]
    {
        let (event, payload) = client.broadcast().await;
        let payload: Value = serde_json::from_slice(&payload).expect("it is JSON");
        assert_eq!((event.as_str(), &payload["operation"]), (operation, &json!(operation)));
        assert_eq!((&payload["record"], &payload["old_record"]), (record, old_record));
        assert_eq!((&payload["schema"], &payload["table"]), (&json!("public"), &json!("teams")));
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_at_once() {
    let Some(stack) = plain_stack("a_wrong_key_is_refused_at_once") else { return };
    let refused = Client::open(&stack, "sb_publishable_of_nobody").await.err();
    assert!(matches!(refused, Some(Error::Http(response)) if response.status() == 401));
}
