//! What came from outside of the protocol: the database, and whoever operates the server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use supabase_mock::realtime::{Access, Change, Limit, Limits, Row, Server, Table};

use crate::transcript::{Frame, Line, Scenario, What};

/// Who closed before the answer to the last frame could come.
const CLOSES_AT_ONCE: &[&str] = &["realtime/py/postgres_changes", "realtime/py/private_set_auth_http_send"];

/// The columns of the recorded tables.
const TODOS: &[(&str, &str)] = &[
    ("id", "int8"),
    ("task", "text"),
    ("done", "bool"),
    ("n", "numeric"),
    ("f", "float8"),
    ("big", "int8"),
    ("ts", "timestamptz"),
    ("js", "jsonb"),
    ("arr", "_int4"),
    ("tags", "_text"),
    ("u", "uuid"),
    ("owner", "uuid"),
];

/// A server with the tables, policies and settings of the recorded one.
pub(crate) fn server(scenario: &str, starts_at: Duration) -> Server {
    let table = |name: &str, columns: &[(&str, &str)]| {
        columns.iter().fold(Table::new("public", name), |table, (column, kind)| match *column {
            "id" => table.key(*column, *kind),
            _ => table.column(*column, *kind),
        })
    };
    let policed = table("rls_t", &[("id", "int4"), ("owner", "uuid"), ("v", "text")])
        .rows_visible(|claims, row| row["owner"] == claims.sub());
    let policed = match scenario {
        "realtime/extra/rls_replica_identity_full" => policed.replica_identity_full(),
        _ => policed,
    };
    let builder = Server::builder()
        .jwt_secret("the secret of the recorded server")
        .starts_at(starts_at)
        .error_backoff(Duration::from_millis(500))
        .table(table("todos", TODOS))
        .table(
            table("full_ident", &[("id", "int4"), ("v", "text"), ("secret", "text")]).replica_identity_full(),
        )
        .table(policed)
        .table(table("nosel", &[("id", "int4"), ("a", "text")]).grant("anon", []))
        .table(table("nopk", &[("a", "text")]))
        .table(table("colsel", &[("id", "int4"), ("a", "text"), ("b", "text")]).grant("anon", ["id", "a"]))
        .authorize(|claims, topic| match claims.role() {
            "service_role" => Access::READ_WRITE,
            "authenticated" if topic.starts_with("priv:ro") => Access::READ,
            "authenticated" if topic.starts_with("priv:") => Access::READ_WRITE,
            _ => Access::NONE,
        });
    let mut limits = Limits::default();
    let builder = match scenario {
        "realtime/limits/private_only_tenant" => builder.private_only(),
        "realtime/limits/tenant_presence_enabled_overrides_client" => builder.always_presence(),
        _ => builder,
    };
    match scenario {
        "realtime/limits/max_concurrent_users_1" => limits.connections = 1,
        "realtime/limits/payload_over_1kb_broadcast_then_presence" => limits.payload = 1_500,
        _ => {}
    }
    builder.limits(limits).build()
}

/// Does what is to be done, where its first effect was recorded.
pub(crate) struct Outside<'a> {
    scenario: &'a Scenario,
    server: &'a Server,
    /// Changes that the database has told.
    told: BTreeSet<String>,
    /// What a scenario has to see done.
    done: BTreeSet<&'static str>,
}

impl<'a> Outside<'a> {
    pub(crate) fn new(scenario: &'a Scenario, server: &'a Server) -> Self {
        if scenario.name.ends_with("private_replay") {
            let topic = if scenario.name.contains("v1") { "priv:replay-v1" } else { "priv:replay-v2" };
            for i in 0..3 {
                server.broadcast_from_database(topic, true, "rp", json!({ "i": i }));
            }
        }
        Self { scenario, server, told: BTreeSet::new(), done: BTreeSet::new() }
    }

    pub(crate) fn closes_at_once(&self) -> bool {
        CLOSES_AT_ONCE.contains(&self.scenario.name.as_str())
    }

    /// Called before each line.
    pub(crate) fn before(&mut self, line: &Line) {
        let name = self.scenario.name.as_str();
        let text = match &line.what {
            What::Server(Frame::Text(text)) => text.as_str(),
            What::Server(Frame::Binary(bytes)) => {
                if String::from_utf8_lossy(bytes).contains("dbevent") {
                    self.database_sends();
                }
                return;
            }
            What::Refused { status, body, .. } => return self.refuse(*status, body),
            _ => return,
        };
        if text.contains("\"postgres_changes\"") && text.contains("\"commit_timestamp\"") {
            self.change(text);
        } else if text.contains("\"dbevent\"") {
            self.database_sends();
        } else if name.ends_with("max_events_per_second_5_sustained") && text.contains("Too many messages") {
            self.once("messages", |server| server.exceed("ev", Limit::Messages));
        } else if name.ends_with("tenant_reload_server_disconnect") && text.contains("Server requested") {
            self.once("restart", Server::restart);
        } else if name.ends_with("max_joins_per_second_2_sustained") && text.contains("j16x1") {
            // The next but one is refused for another reason.
            self.once("joins", |server| {
                server.refuse_joins("ClientJoinRateLimitReached: Too many joins per second")
            });
        }
    }

    /// Frames that are too long have no close line: the connection just ended.
    pub(crate) fn after(&self, closed: Option<u16>) -> Result<(), String> {
        match (self.scenario.name.ends_with("frame_over_5MB"), closed) {
            (true, Some(1006)) | (false, _) => Ok(()),
            (true, other) => Err(format!("the connection should have been dropped: {other:?}")),
        }
    }

    /// Whether everything was done that the recording needs.
    pub(crate) fn is_done(&self) -> Result<(), String> {
        let needs = ["max_events_per_second_5_sustained", "tenant_reload", "2_sustained", "dbsend"];
        match needs.iter().any(|needed| self.scenario.name.contains(needed)) && self.done.is_empty() {
            true => Err("nothing was done from outside".into()),
            false => Ok(()),
        }
    }

    fn once(&mut self, what: &'static str, action: impl FnOnce(&Server)) {
        if self.done.insert(what) {
            action(self.server);
        }
    }

    fn database_sends(&mut self) {
        let topic = if self.scenario.name.contains("/v1/") { "priv:1-v1" } else { "priv:1-v2" };
        self.once("dbevent", |server| {
            server.broadcast_from_database(topic, true, "dbevent", json!({ "db": 1 }))
        });
    }

    /// Refusals that depend on what a project is, or on what it has done in the last minute.
    fn refuse(&mut self, status: u16, body: &str) {
        let error =
            ["Too many joins per second", "Realtime was disabled for this tenant", "Tenant not found"];
        if let Some(error) = error.into_iter().find(|error| body.contains(error)) {
            self.server.refuse_next_connections(1, status, error);
        }
    }

    /// Changes a row so that the recorded message is due, and others so that none is.
    fn change(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).expect("servers send JSON");
        let payload = if message.is_array() { &message[4] } else { &message["payload"] };
        let data = &payload["data"];
        let key = &data["record"]["id"].as_i64().or(data["old_record"]["id"].as_i64());
        let (table, kind) =
            (data["table"].as_str().expect("a table"), data["type"].as_str().expect("a type"));
        // Several channels, and several subscriptions of one, are told of one change.
        if !self.told.insert(format!("{table} {kind} {key:?} {}", data["commit_timestamp"])) {
            return;
        }
        self.decoys(table, kind);
        let record = raw_row(text, "record");
        let old = raw_row(text, "old_record");
        let record = match (&data["errors"][0], table) {
            (Value::String(error), _) if error.contains("413") => {
                let large = format!("\"{}\"", "x".repeat(2_000_000));
                with(&[("task", &large), ("n", "null"), ("owner", "null")], &record)
            }
            (_, "nosel") => r#"{"id": 1, "a": "a"}"#.parse().expect("a row"),
            (_, "nopk") => r#"{"a": "a"}"#.parse().expect("a row"),
            (_, "colsel") => with(&[("b", "\"hidden\"")], &record),
            _ => complete(table, &record),
        };
        // The old row is whole, and what is not told of it must not show.
        let change = match kind {
            "INSERT" => Change::insert("public", table, record),
            "UPDATE" => Change::update("public", table, record, complete(table, &old)),
            _ => Change::delete("public", table, complete(table, &old)),
        };
        let change = match data["commit_timestamp"].as_str() {
            Some(timestamp) => change.committed_at(timestamp),
            None => change,
        };
        self.server.push_change(&change);
    }

    fn insert(&self, table: &str, row: &str) {
        self.server.push_change(&Change::insert("public", table, row.parse::<Row>().expect("a row")));
    }

    /// Changes that nobody is told of: rows of other users, and rows that no filter passes.
    fn decoys(&self, table: &str, kind: &str) {
        let insert = |table: &str, row: &str| self.insert(table, row);
        let name = self.scenario.name.as_str();
        match (table, kind) {
            ("rls_t", "INSERT" | "UPDATE") => {
                insert("rls_t", r#"{"id": 2, "owner": "someone else", "v": "theirs"}"#)
            }
            ("todos", _) if name.ends_with("filter_gte") => insert("todos", r#"{"id": 0, "task": "below"}"#),
            ("todos", _) if name.ends_with("filter_and") => {
                insert("todos", r#"{"id": 90, "task": "op1", "done": true}"#);
                insert("todos", r#"{"id": 91, "task": "op2", "done": false}"#);
            }
            ("todos", _) if name.ends_with("filter_bool") => insert("todos", r#"{"id": 92, "done": true}"#),
            ("todos", _) if name.ends_with("filter_in") => insert("todos", r#"{"id": 93, "task": "op"}"#),
            _ => {}
        }
        insert("unknown_table", r#"{"id": 1}"#);
    }
}

fn raw_row(text: &str, part: &str) -> Row {
    #[derive(serde::Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        data: BTreeMap<String, &'a RawValue>,
    }
    #[derive(serde::Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        payload: Payload<'a>,
    }
    type Array<'a> = (Value, Value, Value, Value, Payload<'a>);
    let payload = match text.starts_with('[') {
        true => serde_json::from_str::<Array<'_>>(text).map(|(.., payload)| payload),
        false => serde_json::from_str::<Object<'_>>(text).map(|object| object.payload),
    };
    let data = payload.expect("servers send JSON").data;
    data.get(part).map_or_else(|| Ok(Row::default()), |row| row.get().parse()).expect("a row")
}

/// The row with the columns that were not told.
fn complete(table: &str, row: &Row) -> Row {
    match table {
        "todos" => with(&[("task", "\"not told\""), ("n", "7"), ("done", "true")], row),
        "rls_t" => with(&[("owner", "\"someone\""), ("v", "\"not told\"")], row),
        _ => row.clone(),
    }
}

fn with(more: &[(&str, &str)], row: &Row) -> Row {
    let known: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&row.to_string()).expect("a row");
    let mut all: BTreeMap<String, Box<RawValue>> = BTreeMap::new();
    for (column, value) in more {
        all.insert((*column).to_owned(), RawValue::from_string((*value).to_owned()).expect("JSON"));
    }
    all.extend(known);
    serde_json::to_string(&all).and_then(|text| text.parse()).expect("a row")
}
