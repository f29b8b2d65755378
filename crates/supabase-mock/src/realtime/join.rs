//! What a client asks for when it joins.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// How many messages a replay has at most, and without a limit of its own.
const MOST_REPLAYED: usize = 25;

/// The payload of a `phx_join`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Join {
    pub(crate) ack: bool,
    pub(crate) receives_own: bool,
    pub(crate) replay: Option<Replay>,
    pub(crate) replication_ready: bool,
    pub(crate) presence_key: String,
    pub(crate) presence: bool,
    pub(crate) changes: Vec<Map<String, Value>>,
    pub(crate) private: bool,
    pub(crate) token: Option<String>,
}

/// A wish for messages that were sent before the join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Messages after a moment since 1970, and how many at most.
    Since(Duration, usize),
    Invalid,
}

/// Reads the payload of a join of the topic `name`, which has lost its prefix. Values of wrong types count as not given.
pub(crate) fn parse(name: &str, payload: &Value) -> Result<Join, String> {
    let token = ["access_token", "user_token"]
        .into_iter()
        .find_map(|key| payload.get(key).and_then(Value::as_str))
        .map(str::to_owned);
    let config = match payload.get("config") {
        None => return Ok(Join { changes: vec![legacy_change(name)], token, ..Join::default() }),
        Some(Value::Object(config)) => config,
        Some(_) => return Err("UnknownErrorOnChannel: no function clause matching in Access.get/3".into()),
    };
    let part = |name: &str| config.get(name).cloned().unwrap_or_default();
    let (broadcast, presence) = (part("broadcast"), part("presence"));
    let changes = match config.get("postgres_changes") {
        Some(Value::Array(changes)) => changes.iter().filter_map(Value::as_object).cloned().collect(),
        _ => Vec::new(),
    };
    Ok(Join {
        ack: truth(broadcast.get("ack")),
        receives_own: truth(broadcast.get("self")),
        replay: broadcast.get("replay").and_then(Value::as_object).map(replay),
        replication_ready: truth(broadcast.get("replication_ready")),
        presence_key: presence.get("key").and_then(Value::as_str).unwrap_or_default().to_owned(),
        presence: truth(presence.get("enabled")),
        changes,
        private: truth(config.get("private")),
        token,
    })
}

/// Booleans may come as text.
fn truth(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

fn replay(wish: &Map<String, Value>) -> Replay {
    let since = wish.get("since").and_then(Value::as_u64);
    let limit = match wish.get("limit") {
        None | Some(Value::Null) => Some(MOST_REPLAYED),
        Some(limit) => limit.as_u64().and_then(|limit| usize::try_from(limit).ok()),
    };
    match (since, limit) {
        (Some(since), Some(limit @ 1..=MOST_REPLAYED)) => Replay::Since(Duration::from_millis(since), limit),
        _ => Replay::Invalid,
    }
}

/// Before there was a `config`, a topic named a schema, a table and a filter.
fn legacy_change(name: &str) -> Map<String, Value> {
    let mut parts = name.splitn(3, ':');
    let mut change = Map::new();
    for key in ["schema", "table", "filter"] {
        if let Some(part) = parts.next() {
            change.insert(key.to_owned(), json!(part));
        }
    }
    change
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_read() {
        let payload = json!({
            "config": {
                "broadcast": { "ack": true, "self": "True", "replay": { "since": 5, "limit": 2 } },
                "presence": { "key": "k", "enabled": true },
                "postgres_changes": [{ "event": "*" }],
                "private": true,
            },
            "access_token": "t",
        });
        let join = parse("room", &payload).expect("it is a join");
        assert!(join.ack && join.receives_own && join.presence && join.private && !join.replication_ready);
        assert_eq!(join.replay, Some(Replay::Since(Duration::from_millis(5), 2)));
        assert_eq!((join.presence_key.as_str(), join.token.as_deref()), ("k", Some("t")));
        assert_eq!(join.changes.len(), 1);
    }

    #[test]
    fn wrong_types_count_as_not_given_but_for_the_whole() {
        let join = parse(
            "room",
            &json!({ "config": { "broadcast": { "self": "maybe", "ack": 1 }, "presence": 3 } }),
        );
        assert_eq!(join, Ok(Join::default()));
        assert!(parse("room", &json!({ "config": "x" })).is_err());
    }

    #[test]
    fn without_config_the_topic_is_a_table() {
        let join = parse("public:todos:id=eq.1", &json!({})).expect("it is a join");
        let change = Value::Object(join.changes[0].clone());
        assert_eq!(change, json!({ "schema": "public", "table": "todos", "filter": "id=eq.1" }));
    }

    #[test]
    fn a_replay_has_one_to_25_messages() {
        for (limit, valid) in [(json!(0), false), (json!(25), true), (json!(26), false), (json!("2"), false)]
        {
            let wish = json!({ "since": 1, "limit": limit });
            assert_eq!(replay(wish.as_object().unwrap()) != Replay::Invalid, valid, "{wish}");
        }
    }
}
