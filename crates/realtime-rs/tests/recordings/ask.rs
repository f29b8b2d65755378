//! Asking of the client what a recorded client asked, and comparing what goes out.

use std::collections::HashMap;

use realtime_rs::{
    Broadcast, Change, Changes, Channel, Client, Delivery, Error, Filter, Frame, Is, Listener, PresenceEvent,
    ProtocolVersion, Record, SystemMessage, Timestamp, col, not,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::wire::Wire;

/// A message, whichever frame it came in.
#[derive(Clone, Debug, PartialEq)]
struct Message {
    join_ref: Option<String>,
    reference: Option<String>,
    topic: String,
    event: String,
    payload: Value,
}

/// What the streams of a channel are to hear.
#[derive(Default)]
struct Expected {
    broadcasts: usize,
    changes: usize,
    presences: usize,
    system: usize,
}

struct Room {
    joining: Option<JoinHandle<Result<Channel, Error>>>,
    channel: Option<Channel>,
    broadcasts: Listener<Broadcast<Value>>,
    changes: Vec<Listener<Change<Record>>>,
    presences: Option<Listener<PresenceEvent<Value>>>,
    system: Listener<SystemMessage>,
    expected: Expected,
}

pub(crate) struct Asker {
    client: Client,
    wire: Wire,
    version: ProtocolVersion,
    /// Our numbers by the recorded ones.
    refs: HashMap<String, String>,
    rooms: HashMap<String, Room>,
    ended: Vec<Room>,
}

impl Asker {
    pub(crate) fn new(client: Client, wire: Wire, version: ProtocolVersion) -> Self {
        Self { client, wire, version, refs: HashMap::new(), rooms: HashMap::new(), ended: Vec::new() }
    }

    /// Does what the recorded client did, and compares what goes out.
    pub(crate) async fn ask(&mut self, frame: &Frame) -> Result<(), String> {
        let recorded = self.read(frame)?;
        let name = recorded.topic.trim_start_matches("realtime:").to_owned();
        let payload = &recorded.payload;
        if recorded.event == "heartbeat" && recorded.reference.is_none() {
            // The Python client's, which has no number: its answer is none to ours.
            return Ok(());
        }
        match recorded.event.as_str() {
            "phx_join" => self.join(&name, payload).await?,
            "heartbeat" => self.client.connect().await.map_err(|error| error.to_string())?,
            event => {
                let channel = self.channel(&name).await?;
                match event {
                    "phx_leave" => drop(tokio::spawn(channel.unsubscribe())),
                    "access_token" => {
                        let token =
                            payload["access_token"].as_str().ok_or("a token that is none")?.to_owned();
                        self.client.set_auth(Some(token.into())).await.map_err(|error| error.to_string())?;
                    }
                    "presence" if payload["event"] == "track" => {
                        drop(tokio::spawn(channel.track(&payload["payload"])))
                    }
                    "presence" => drop(tokio::spawn(channel.untrack())),
                    "broadcast" => {
                        let event = payload["event"].as_str().ok_or("a broadcast without a name")?;
                        let call = match payload.get("bytes") {
                            Some(bytes) => {
                                let bytes: Vec<u8> = serde_json::from_value(bytes.clone()).unwrap();
                                channel.send_binary_broadcast(event, bytes)
                            }
                            None => channel.send_broadcast(event, &payload["payload"]),
                        };
                        drop(tokio::spawn(call));
                    }
                    other => return Err(format!("`{other}` cannot be asked for")),
                }
            }
        }
        let ours = self.read(&self.wire.sent().await)?;
        if let (Some(recorded), Some(ours)) = (&recorded.reference, &ours.reference) {
            self.refs.insert(recorded.clone(), ours.clone());
        }
        let same =
            |recorded: &Option<String>| recorded.as_ref().map(|r| self.refs.get(r).unwrap_or(r).clone());
        let expected = Message {
            reference: ours.reference.clone(),
            // Old clients leave it out of some pushes.
            join_ref: same(&recorded.join_ref).or_else(|| ours.join_ref.clone()),
            payload: normalized(&recorded.event, &recorded.payload),
            ..recorded.clone()
        };
        let ours = Message { payload: normalized(&ours.event, &ours.payload), ..ours };
        if ours == expected { Ok(()) } else { Err(format!("\n  ours     {ours:?}\n  recorded {expected:?}")) }
    }

    /// Gives the client what the recorded server sent.
    pub(crate) fn answer(&mut self, frame: &Frame) -> Result<(), String> {
        let Frame::Text(text) = frame else {
            let message = self.read(frame)?;
            self.expect(&message);
            self.wire.answer(frame.clone());
            return Ok(());
        };
        let mut json: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let message = self.read(frame)?;
        let ours = |recorded: &Value| match recorded.as_str() {
            Some(text) => json!(self.refs.get(text).cloned().unwrap_or_else(|| text.to_owned())),
            None => recorded.clone(),
        };
        match &mut json {
            Value::Array(parts) => {
                parts[0] = ours(&parts[0]);
                parts[1] = ours(&parts[1]);
            }
            Value::Object(parts) => {
                let reference = ours(&parts["ref"]);
                parts.insert("ref".into(), reference);
            }
            _ => return Err("a frame that is no message".into()),
        }
        self.expect(&message);
        // As text, so that numbers keep all their digits: only the references were exchanged.
        self.wire.answer(Frame::Text(reworded(text, &json).into()));
        Ok(())
    }

    fn expect(&mut self, message: &Message) {
        let Some(room) = self.rooms.get_mut(&message.topic) else { return };
        match message.event.as_str() {
            "broadcast" if message.payload.get("bytes").is_none() => room.expected.broadcasts += 1,
            "postgres_changes" => room.expected.changes += 1,
            "presence_state" | "presence_diff" if room.presences.is_some() => room.expected.presences += 1,
            "system" => room.expected.system += 1,
            _ => {}
        }
    }

    /// Whether the streams heard what was sent.
    pub(crate) fn heard_everything(&mut self) -> Result<(), String> {
        let rooms = self.rooms.drain().map(|(_, room)| room);
        for mut room in rooms.chain(self.ended.drain(..)) {
            let expected = &room.expected;
            let broadcasts = drain(&mut room.broadcasts, |_| true)?;
            let changes: usize = if room.changes.is_empty() {
                expected.changes
            } else {
                // A change goes to each stream whose subscription it names: to one of them at the least.
                let counts: Result<Vec<_>, _> =
                    room.changes.iter_mut().map(|stream| drain(stream, |_| true)).collect();
                counts?.into_iter().sum()
            };
            let presences = match &mut room.presences {
                Some(stream) => drain(stream, |event| matches!(event, PresenceEvent::Sync))?,
                None => expected.presences,
            };
            let system = drain(&mut room.system, |_| true)?;
            let is_right = broadcasts == expected.broadcasts
                && changes >= expected.changes
                && presences == expected.presences
                && system == expected.system;
            if !is_right {
                return Err(format!(
                    "heard {broadcasts} broadcasts of {}, {changes} changes of {}, {presences} presences of {}, {system} system messages of {}",
                    expected.broadcasts, expected.changes, expected.presences, expected.system
                ));
            }
        }
        Ok(())
    }

    /// The channel, which the server must have confirmed by now.
    async fn channel(&mut self, name: &str) -> Result<Channel, String> {
        let room = self
            .rooms
            .get_mut(&format!("realtime:{name}"))
            .ok_or("a push to a channel that was never joined")?;
        if let Some(joining) = room.joining.take() {
            let joined = joining.await.map_err(|error| error.to_string())?;
            room.channel = Some(joined.map_err(|error| format!("it was not joined: {error}"))?);
        }
        room.channel.clone().ok_or_else(|| "the channel is over".to_owned())
    }

    async fn join(&mut self, name: &str, payload: &Value) -> Result<(), String> {
        let token = payload["access_token"].as_str().map(|token| token.to_owned().into());
        self.client.set_auth(token).await.map_err(|error| error.to_string())?;
        let config =
            payload.get("config").filter(|config| config.is_object()).ok_or("a join without a config")?;
        let truth = |value: &Value| value == true;
        let mut room = self.client.channel(name).wait_for_changes(false);
        if truth(&config["private"]) {
            room = room.private();
        }
        if truth(&config["broadcast"]["ack"]) {
            room = room.acknowledge();
        }
        if truth(&config["broadcast"]["self"]) {
            room = room.receive_own_broadcasts();
        }
        if truth(&config["broadcast"]["replication_ready"]) {
            room = room.wait_for_database_broadcasts();
        }
        if let Some(since) = config["broadcast"]["replay"]["since"].as_i64() {
            room = room.replay_since(moment(since));
            if let Some(limit) = config["broadcast"]["replay"]["limit"].as_u64() {
                room = room.replay_limit(u8::try_from(limit).map_err(|error| error.to_string())?);
            }
        }
        let key = config["presence"]["key"].as_str().unwrap_or_default();
        let is_present = truth(&config["presence"]["enabled"]);
        if !key.is_empty() {
            if !is_present {
                return Err("a key of a presence that is not asked for".into());
            }
            room = room.presence_key(key);
        }
        let broadcasts = room.on_broadcast("*");
        let system = room.on_system();
        let presences = is_present.then(|| room.on_presence());
        let mut changes = Vec::new();
        for wanted in config["postgres_changes"].as_array().into_iter().flatten() {
            changes.push(room.on_postgres_changes(wanted_changes(wanted)?));
        }
        let room = Room {
            joining: Some(tokio::spawn(room.subscribe())),
            channel: None,
            broadcasts,
            changes,
            presences,
            system,
            expected: Expected::default(),
        };
        self.ended.extend(self.rooms.insert(format!("realtime:{name}"), room));
        Ok(())
    }

    fn read(&self, frame: &Frame) -> Result<Message, String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match frame {
            Frame::Text(bytes) => {
                let json: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
                let field = |name: &str, at: usize| match self.version {
                    ProtocolVersion::V1 => json.get(name).cloned().unwrap_or_default(),
                    _ => json.get(at).cloned().unwrap_or_default(),
                };
                Ok(Message {
                    join_ref: text(&field("join_ref", 0)),
                    reference: text(&field("ref", 1)),
                    topic: text(&field("topic", 2)).ok_or("a message without a topic")?,
                    event: text(&field("event", 3)).ok_or("a message without an event")?,
                    payload: field("payload", 4),
                })
            }
            Frame::Binary(bytes) => {
                binary(bytes).ok_or_else(|| "a binary frame that cannot be read".to_owned())
            }
            _ => Err("a frame that is no message".into()),
        }
    }
}

/// A broadcast in a binary frame, of a client or of the server.
fn binary(bytes: &[u8]) -> Option<Message> {
    let (kind, rest) = bytes.split_first()?;
    let (count, has_refs) = if *kind == 3 { (6, true) } else { (4, false) };
    let (lengths, mut rest) = rest.split_at_checked(count)?;
    let mut take = |length: u8| {
        let (part, after) = rest.split_at_checked(length.into())?;
        rest = after;
        String::from_utf8(part.to_vec()).ok()
    };
    let (mut join_ref, mut reference) = (None, None);
    let mut at = 0;
    if has_refs {
        join_ref = Some(take(lengths[0])?);
        reference = Some(take(lengths[1])?);
        at = 2;
    }
    let (topic, event, _meta) = (take(lengths[at])?, take(lengths[at + 1])?, take(lengths[at + 2])?);
    let payload = if lengths[at + 3] == 1 {
        json!({ "type": "broadcast", "event": event, "payload": serde_json::from_slice::<Value>(rest).ok()? })
    } else {
        json!({ "type": "broadcast", "event": event, "bytes": rest })
    };
    Some(Message { join_ref, reference, topic, event: "broadcast".into(), payload })
}

/// The changes that a recorded join asked for, by typed calls.
fn wanted_changes(wanted: &Value) -> Result<Changes, String> {
    let mut changes = match wanted["event"].as_str() {
        Some("*") => Changes::all(),
        Some("INSERT") => Changes::insert(),
        Some("UPDATE") => Changes::update(),
        Some("DELETE") => Changes::delete(),
        other => return Err(format!("changes by {other:?}")),
    };
    changes = changes.schema(wanted["schema"].as_str().ok_or("changes without a schema")?);
    if let Some(table) = wanted["table"].as_str() {
        changes = changes.table(table);
    }
    if let Some(columns) = wanted["select"].as_array() {
        changes = changes.select(columns.iter().filter_map(Value::as_str));
    }
    for condition in wanted["filter"].as_str().map(split).unwrap_or_default() {
        changes = changes.filter(filter(&condition)?);
    }
    Ok(changes)
}

fn split(filters: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in filters.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

fn filter(condition: &str) -> Result<Filter, String> {
    let (column, rest) = condition.split_once('=').ok_or("a filter that is none")?;
    let (negated, rest) = match rest.strip_prefix("not.") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (operator, value) = rest.split_once('.').ok_or("a filter that is none")?;
    let column = col(column);
    let filter = match operator {
        "eq" => column.eq(value),
        "neq" => column.neq(value),
        "gt" => column.gt(value),
        "gte" => column.gte(value),
        "lt" => column.lt(value),
        "lte" => column.lte(value),
        "like" => column.like(value),
        "ilike" => column.ilike(value),
        "match" => column.match_(value),
        "imatch" => column.imatch(value),
        "isdistinct" => column.is_distinct(value),
        "is" => column.is(Is::Null),
        "in" => column.in_(value.trim_matches(['(', ')']).split(',').map(|value| value.trim_matches('"'))),
        other => return Err(format!("a filter by `{other}`")),
    };
    Ok(if negated { not(filter) } else { filter })
}

fn moment(millis: i64) -> Timestamp {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(u64::try_from(millis).unwrap());
    Timestamp::try_from(time).unwrap()
}

/// What is the same to the server is the same here: what is left out of a config is `false` or empty.
fn normalized(event: &str, payload: &Value) -> Value {
    let mut payload = payload.clone();
    if event == "presence" {
        payload["type"] = json!("presence");
        // The Python client says with nothing that it says nothing.
        if let Some(payload) =
            payload.as_object_mut().filter(|payload| payload.get("payload") == Some(&json!({})))
        {
            payload.remove("payload");
        }
    }
    if event == "phx_join" {
        let config = &mut payload["config"];
        for (group, name, default) in [
            ("broadcast", "ack", json!(false)),
            ("broadcast", "self", json!(false)),
            ("presence", "key", json!("")),
            ("presence", "enabled", json!(false)),
        ] {
            if config[group][name].is_null() {
                config[group][name] = default;
            }
        }
        for (name, default) in [("private", json!(false)), ("postgres_changes", json!([]))] {
            if config[name].is_null() {
                config[name] = default;
            }
        }
        // Equal subscriptions are sent once by this client.
        let mut distinct: Vec<Value> = Vec::new();
        for wanted in config["postgres_changes"].as_array().cloned().unwrap_or_default() {
            if !distinct.contains(&wanted) {
                distinct.push(wanted);
            }
        }
        config["postgres_changes"] = Value::Array(distinct);
    }
    payload
}

/// The recorded frame with other references.
fn reworded(text: &[u8], json: &Value) -> String {
    let text = String::from_utf8(text.to_vec()).unwrap();
    match json {
        Value::Array(parts) => {
            // The payload begins after the fourth comma outside of texts: names have no quotes in the recording.
            let payload = text.match_indices(',').nth(3).map(|(at, _)| &text[at + 1..]).unwrap();
            format!("[{},{},{},{},{payload}", parts[0], parts[1], parts[2], parts[3])
        }
        _ => {
            let reference = serde_json::from_str::<Value>(&text).unwrap()["ref"].clone();
            let (from, to) = (format!("\"ref\":{reference}"), format!("\"ref\":{}", json["ref"]));
            text.replace(&from, &to)
        }
    }
}

/// The messages of a stream that count.
fn drain<T>(stream: &mut Listener<T>, counts: impl Fn(&T) -> bool) -> Result<usize, String> {
    let mut count = 0;
    while let Some(Some(item)) = futures_util::FutureExt::now_or_never(stream.next()) {
        match item {
            Ok(Delivery::Message(message)) => count += usize::from(counts(&message)),
            Ok(_) => {}
            // Bytes on a stream of JSON, and the end of a channel, which have tests of their own.
            Err(_) => {}
        }
    }
    Ok(count)
}
