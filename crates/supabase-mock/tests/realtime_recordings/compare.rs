//! Comparing what was received with what was recorded.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::transcript::Frame;

/// The names of random values, by where they first occur.
#[derive(Default)]
struct Names {
    seen: HashMap<String, String>,
}

impl Names {
    fn name(&mut self, value: &str) -> Value {
        let next = format!("#{}", self.seen.len() + 1);
        json!(self.seen.entry(value.to_owned()).or_insert(next))
    }
}

/// Compares the frames of one connection.
pub(crate) fn same(recorded: &[Frame], received: &[Frame]) -> Result<(), String> {
    let recorded = normalised(recorded);
    let mut received = normalised(received);
    for (at, wanted) in recorded.iter().enumerate() {
        let found = received.iter().position(|frame| frame == wanted);
        // What comes before it has to be of the other kind: there is no order between the two.
        let in_order =
            found.filter(|found| received[..*found].iter().all(|other| kind(other) != kind(wanted)));
        match in_order {
            Some(found) => drop(received.remove(found)),
            None => {
                return Err(format!(
                    "answer {at} should be\n  {wanted}\nbut these are left:\n  {}",
                    list(&received)
                ));
            }
        }
    }
    match received.is_empty() {
        true => Ok(()),
        false => Err(format!("these were not recorded:\n  {}", list(&received))),
    }
}

fn list(frames: &[Value]) -> String {
    let frames: Vec<String> = frames.iter().take(5).map(Value::to_string).collect();
    frames.join("\n  ")
}

/// Who sends a frame: the connection itself, the process of a channel, or a topic to everybody on it.
fn kind(frame: &Value) -> u8 {
    let topic = match &frame["frame"] {
        Value::Array(parts) => &parts[2],
        object => &object["topic"],
    };
    match (topic.as_str(), frame["event"].as_str()) {
        (Some("phoenix"), _) => 0,
        (_, Some("broadcast" | "presence_diff" | "postgres_changes")) => 2,
        _ => 1,
    }
}

fn normalised(frames: &[Frame]) -> Vec<Value> {
    let mut names = Names::default();
    frames.iter().map(|frame| normalise(frame, &mut names)).collect()
}

fn normalise(frame: &Frame, names: &mut Names) -> Value {
    match frame {
        Frame::Text(text) => {
            let mut value: Value = serde_json::from_str(text).expect("servers send JSON");
            let event = match &value {
                Value::Array(parts) => parts[3].clone(),
                object => object["event"].clone(),
            };
            let digits = exact_record(text);
            let payload = match &mut value {
                Value::Array(parts) => &mut parts[4],
                object => &mut object["payload"],
            };
            rename(payload, names);
            json!({ "event": event, "frame": value, "digits": digits })
        }
        Frame::Binary(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            // The ids of a message of the database, in its metadata and its payload. Between them nothing may differ.
            let mut frame = text.into_owned();
            for id in uuids(&frame) {
                let name = names.name(&id);
                frame = frame.replace(&id, name.as_str().unwrap_or_default());
            }
            json!({ "event": "broadcast", "frame": frame.replace("\": ", "\":").replace(", \"", ",\"") })
        }
    }
}

/// Replaces what is random.
fn rename(value: &mut Value, names: &mut Names) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                match (key.as_str(), &*value) {
                    ("phx_ref" | "phx_ref_prev", Value::String(found)) => *value = names.name(found),
                    ("id", Value::String(found)) if !uuids(found).is_empty() => *value = names.name(found),
                    _ => rename(value, names),
                }
            }
            // Subscriptions in the answer to a join, and their ids in changes.
            if let Some(Value::Array(bindings)) = object.get_mut("postgres_changes") {
                for binding in bindings {
                    binding["id"] = names.name(&binding["id"].to_string());
                }
            }
            if let Some(Value::Array(ids)) = object.get_mut("ids") {
                for id in ids.iter_mut() {
                    *id = names.name(&id.to_string());
                }
                ids.sort_by_key(Value::to_string);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        _ => {}
    }
}

/// The values of a changed row as they are written, as numbers lose digits when they are read.
fn exact_record(text: &str) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        data: Option<Data<'a>>,
    }
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        record: Option<BTreeMap<String, &'a RawValue>>,
    }
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        payload: &'a RawValue,
    }
    type Array<'a> = (Value, Value, Value, Value, &'a RawValue);
    let payload = match text.starts_with('[') {
        true => serde_json::from_str::<Array<'_>>(text).ok().map(|(.., payload)| payload),
        false => serde_json::from_str::<Object<'_>>(text).ok().map(|object| object.payload),
    };
    let record = payload
        .and_then(|payload| serde_json::from_str::<Payload<'_>>(payload.get()).ok())
        .and_then(|payload| payload.data?.record)
        .unwrap_or_default();
    record.into_iter().map(|(column, value)| (column, value.get().replace(' ', ""))).collect()
}

fn uuids(text: &str) -> Vec<String> {
    let is_uuid = |candidate: &str| {
        candidate.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let mut found: Vec<String> = Vec::new();
    for at in 0..text.len().saturating_sub(35) {
        match text.get(at..at + 36) {
            Some(candidate) if is_uuid(candidate) => found.push(candidate.to_owned()),
            _ => {}
        }
    }
    found.dedup();
    found
}
