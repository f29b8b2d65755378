//! Who is present on a topic.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::hub::ConnectionId;

/// Everybody who is tracked on one topic, by key.
#[derive(Debug, Default)]
pub(crate) struct Presences {
    by_key: BTreeMap<String, Vec<Meta>>,
}

/// One presence below a key.
#[derive(Clone, Debug)]
struct Meta {
    owner: ConnectionId,
    reference: String,
    payload: Map<String, Value>,
    /// `payload` with the references, as it is sent.
    sent: Value,
}

/// What a change of presences means for those who watch.
#[derive(Debug, PartialEq)]
pub(crate) struct Diff {
    joins: Value,
    leaves: Value,
}

impl Diff {
    pub(crate) fn to_value(&self) -> Value {
        json!({ "joins": self.joins, "leaves": self.leaves })
    }
}

impl Presences {
    /// Tracks the owner under the key, or changes what is tracked. Nothing changes for an equal payload.
    pub(crate) fn track(
        &mut self,
        owner: ConnectionId,
        key: &str,
        payload: Map<String, Value>,
        reference: String,
    ) -> Option<Diff> {
        let metas = self.by_key.entry(key.to_owned()).or_default();
        let old = metas.iter().position(|meta| meta.owner == owner);
        let old = match old {
            Some(at) if metas.get(at).is_some_and(|meta| meta.payload == payload) => return None,
            Some(at) => Some(metas.remove(at)),
            None => None,
        };
        let mut sent = payload.clone();
        sent.insert("phx_ref".into(), json!(reference));
        if let Some(old) = &old {
            sent.insert("phx_ref_prev".into(), json!(old.reference));
        }
        let sent = Value::Object(sent);
        metas.push(Meta { owner, reference, payload, sent: sent.clone() });
        Some(Diff {
            joins: entry(key, [sent]),
            leaves: old.map_or_else(|| json!({}), |old| entry(key, [old.sent])),
        })
    }

    /// Forgets what the owner tracks under the key.
    pub(crate) fn untrack(&mut self, owner: ConnectionId, key: &str) -> Option<Diff> {
        let metas = self.by_key.get_mut(key)?;
        let at = metas.iter().position(|meta| meta.owner == owner)?;
        let old = metas.remove(at);
        if metas.is_empty() {
            self.by_key.remove(key);
        }
        Some(Diff { joins: json!({}), leaves: entry(key, [old.sent]) })
    }

    /// Everybody, as a client gets it once after its join.
    pub(crate) fn state(&self) -> Value {
        let entries = self.by_key.iter().map(|(key, metas)| {
            let metas: Vec<&Value> = metas.iter().map(|meta| &meta.sent).collect();
            (key.clone(), json!({ "metas": metas }))
        });
        Value::Object(entries.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

fn entry(key: &str, metas: [Value; 1]) -> Value {
    json!({ key: { "metas": metas } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(n: u64) -> Map<String, Value> {
        json!({ "n": n }).as_object().cloned().unwrap()
    }

    #[test]
    fn an_update_joins_and_leaves_in_one_message() {
        let (mut presences, owner) = (Presences::default(), ConnectionId::new(1));
        presences.track(owner, "k", payload(1), "r1".into()).expect("it is new");
        assert_eq!(presences.track(owner, "k", payload(1), "r2".into()), None, "nothing has changed");
        let diff = presences.track(owner, "k", payload(2), "r3".into()).expect("it has changed");
        assert_eq!(
            diff.to_value(),
            json!({
                "joins": { "k": { "metas": [{ "n": 2, "phx_ref": "r3", "phx_ref_prev": "r1" }] } },
                "leaves": { "k": { "metas": [{ "n": 1, "phx_ref": "r1" }] } },
            })
        );
    }

    #[test]
    fn two_owners_of_a_key_stay_two() {
        let (mut presences, one, two) = (Presences::default(), ConnectionId::new(1), ConnectionId::new(2));
        presences.track(one, "k", payload(1), "r1".into());
        presences.track(two, "k", payload(2), "r2".into());
        presences.untrack(one, "k");
        assert_eq!(presences.state(), json!({ "k": { "metas": [{ "n": 2, "phx_ref": "r2" }] } }));
        presences.untrack(two, "k");
        assert!(presences.is_empty());
    }
}
