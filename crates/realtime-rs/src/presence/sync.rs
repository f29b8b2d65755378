//! Merging what the server tells into a state. Pure: no I/O, no clock.
//!
//! The server tells the whole state once after a join, and differences from then on. A difference may arrive before the
//! state that it belongs after; it waits for that. What is compared is the reference of a presence, never its key: a
//! presence that is tracked anew joins with a new reference and leaves with the old one, under one key.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::Meta;
use crate::fields::{Fields, push_text};

/// How many differences wait for the state. The server sends it right after the join.
const WAITING_LIMIT: usize = 1_000;

type Metas = BTreeMap<String, Vec<Meta>>;

/// What a merge did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    Sync,
    Join { key: String, current: Vec<Meta>, new: Vec<Meta> },
    Leave { key: String, current: Vec<Meta>, left: Vec<Meta> },
}

impl Note {
    /// How long all is that it tells.
    pub(crate) fn bytes(&self) -> usize {
        let (Self::Join { key, current, new: moved } | Self::Leave { key, current, left: moved }) = self
        else {
            return 0;
        };
        let metas = current.iter().chain(moved);
        key.len()
            + metas.map(|meta| size_of::<Meta>() + meta.reference.len() + meta.json.len()).sum::<usize>()
    }
}

/// The presences of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presences {
    state: Metas,
    /// Differences that came before the state of this join; `None` once it has come, or if none will come.
    waiting: Option<Vec<Diff>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Diff {
    #[serde(default)]
    joins: Keys,
    #[serde(default)]
    leaves: Keys,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
struct Keys(BTreeMap<String, Entry>);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Entry {
    metas: Vec<Meta>,
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields(fields) = Fields::deserialize(deserializer)?;
        let (mut reference, mut json) = (None, String::from("{"));
        for (name, value) in fields {
            match name.as_ref() {
                "phx_ref" => reference = serde_json::from_str::<String>(value.get()).ok(),
                "phx_ref_prev" => {}
                _ => {
                    if json.len() > 1 {
                        json.push(',');
                    }
                    push_text(&mut json, &name);
                    json.push(':');
                    json.push_str(value.get());
                }
            }
        }
        json.push('}');
        let reference = reference.ok_or_else(|| D::Error::custom("a presence has no reference"))?;
        Ok(Self { reference: reference.into(), json: json.into() })
    }
}

impl Presences {
    /// A new join: if `expects_state`, the server will send the state, and differences before it wait.
    pub(crate) fn joined(&mut self, expects_state: bool) {
        self.waiting = expects_state.then(Vec::new);
    }

    /// All presences, by key.
    pub(crate) fn state(&self) -> &Metas {
        &self.state
    }

    /// The whole state came. `None` if it cannot be read.
    pub(crate) fn sync_state(&mut self, json: &[u8]) -> Option<Vec<Note>> {
        let Keys(new) = serde_json::from_slice(json).ok()?;
        let mut diff = Diff::default();
        for (key, metas) in &self.state {
            let there = new.get(key).map(|entry| entry.metas.as_slice()).unwrap_or_default();
            let left = without(metas, there);
            if !left.is_empty() {
                diff.leaves.0.insert(key.clone(), Entry { metas: left });
            }
        }
        for (key, entry) in new {
            let here = self.state.get(&key).map(Vec::as_slice).unwrap_or_default();
            let joined = without(&entry.metas, here);
            if !joined.is_empty() {
                diff.joins.0.insert(key, Entry { metas: joined });
            }
        }
        let mut notes = Vec::new();
        self.merge(diff, &mut notes);
        for diff in self.waiting.take().unwrap_or_default() {
            self.merge(diff, &mut notes);
        }
        notes.push(Note::Sync);
        Some(notes)
    }

    /// A difference came. `None` if it cannot be read; nothing is noted if it waits for the state.
    pub(crate) fn sync_diff(&mut self, json: &[u8]) -> Option<Vec<Note>> {
        let diff: Diff = serde_json::from_slice(json).ok()?;
        if let Some(waiting) = &mut self.waiting {
            if waiting.len() < WAITING_LIMIT {
                waiting.push(diff);
            }
            return Some(Vec::new());
        }
        let mut notes = Vec::new();
        self.merge(diff, &mut notes);
        notes.push(Note::Sync);
        Some(notes)
    }

    fn merge(&mut self, diff: Diff, notes: &mut Vec<Note>) {
        // A key without presences is nobody, who neither comes nor goes.
        for (key, Entry { metas: new }) in
            diff.joins.0.into_iter().filter(|(_, entry)| !entry.metas.is_empty())
        {
            let current = self.state.get(&key).cloned().unwrap_or_default();
            // Those that were there and were not tracked anew stay, before those that came.
            let mut all = without(&current, &new);
            all.extend(new.iter().cloned());
            self.state.insert(key.clone(), all);
            notes.push(Note::Join { key, current, new });
        }
        for (key, Entry { metas: left }) in
            diff.leaves.0.into_iter().filter(|(_, entry)| !entry.metas.is_empty())
        {
            let Some(here) = self.state.get_mut(&key) else { continue };
            here.retain(|meta| !left.iter().any(|gone| gone.reference == meta.reference));
            let current = here.clone();
            if current.is_empty() {
                self.state.remove(&key);
            }
            notes.push(Note::Leave { key, current, left });
        }
    }
}

/// Those of `metas` whose reference is not among `others`.
fn without(metas: &[Meta], others: &[Meta]) -> Vec<Meta> {
    let is_other = |meta: &Meta| others.iter().any(|other| other.reference == meta.reference);
    metas.iter().filter(|meta| !is_other(meta)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refs(presences: &Presences) -> Vec<(String, Vec<String>)> {
        let refs = |metas: &Vec<Meta>| metas.iter().map(|meta| meta.reference.to_string()).collect();
        presences.state().iter().map(|(key, metas)| (key.to_string(), refs(metas))).collect()
    }

    #[test]
    fn a_presence_that_is_tracked_anew_stays() {
        let mut presences = Presences::default();
        presences.sync_state(br#"{"u1":{"metas":[{"phx_ref":"a","x":1.50}]}}"#).unwrap();
        let update = br#"{"joins":{"u1":{"metas":[{"phx_ref":"b","phx_ref_prev":"a","x":2}]}},
            "leaves":{"u1":{"metas":[{"phx_ref":"a","x":1.50}]}}}"#;
        let notes = presences.sync_diff(update).unwrap();
        assert_eq!(refs(&presences), [("u1".to_owned(), vec!["b".to_owned()])]);
        let [Note::Join { current, new, .. }, Note::Leave { current: rest, left, .. }, Note::Sync] =
            notes.as_slice()
        else {
            panic!("{notes:?}")
        };
        assert_eq!(current.first().unwrap().json.as_ref(), r#"{"x":1.50}"#);
        assert_eq!(new.first().unwrap().json.as_ref(), r#"{"x":2}"#);
        assert_eq!((rest.len(), left.len()), (1, 1));
    }

    #[test]
    fn a_difference_before_the_state_waits_for_it() {
        let mut presences = Presences::default();
        presences.joined(true);
        let diff =
            br#"{"joins":{"u2":{"metas":[{"phx_ref":"b"}]}},"leaves":{"u1":{"metas":[{"phx_ref":"a"}]}}}"#;
        assert!(presences.sync_diff(diff).unwrap().is_empty());
        assert!(presences.state().is_empty());
        presences.sync_state(br#"{"u1":{"metas":[{"phx_ref":"a"}]}}"#).unwrap();
        assert_eq!(refs(&presences), [("u2".to_owned(), vec!["b".to_owned()])]);
    }

    #[test]
    fn a_state_after_a_gap_tells_who_came_and_left_meanwhile() {
        let mut presences = Presences::default();
        presences
            .sync_state(
                br#"{"u1":{"metas":[{"phx_ref":"a"},{"phx_ref":"b"}]},"u2":{"metas":[{"phx_ref":"c"}]}}"#,
            )
            .unwrap();
        presences.joined(true);
        let notes = presences.sync_state(br#"{"u1":{"metas":[{"phx_ref":"b"},{"phx_ref":"d"}]}}"#).unwrap();
        assert_eq!(refs(&presences), [("u1".to_owned(), vec!["b".to_owned(), "d".to_owned()])]);
        assert_eq!(notes.len(), 4, "{notes:?}");
    }

    #[test]
    fn a_key_without_presences_is_nobody() {
        let mut presences = Presences::default();
        presences.sync_state(br#"{"u1":{"metas":[{"phx_ref":"a"}]},"u2":{"metas":[]}}"#).unwrap();
        let before = presences.clone();
        let diff = br#"{"joins":{"u3":{"metas":[]}},"leaves":{"u1":{"metas":[]}}}"#;
        assert_eq!(presences.sync_diff(diff), Some(vec![Note::Sync]));
        assert_eq!(presences, before);
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let mut presences = Presences::default();
        presences.sync_state(br#"{"u1":{"metas":[{"phx_ref":"a"}]}}"#).unwrap();
        let before = presences.clone();
        for json in [&b""[..], b"[]", b"{\"u\":1}", b"{\"u\":{\"metas\":[{}]}}", b"\xff"] {
            assert!(presences.sync_state(json).is_none());
        }
        assert!(presences.sync_diff(br#"{"joins":{"u":{"metas":[{"phx_ref":1}]}}}"#).is_none());
        assert_eq!(presences, before);
    }

    fn json(state: &BTreeMap<u8, Vec<u16>>) -> String {
        let keys: Vec<_> = state
            .iter()
            .map(|(key, refs)| {
                let metas: Vec<_> = refs.iter().map(|n| format!(r#"{{"phx_ref":"{n}"}}"#)).collect();
                format!(r#""{key}":{{"metas":[{}]}}"#, metas.join(","))
            })
            .collect();
        format!("{{{}}}", keys.join(","))
    }

    proptest! {
        /// A server that tracks and untracks at random, and a client that is told: by differences, and, after each gap,
        /// by the state, with differences of before and after.
        #[test]
        fn the_state_is_the_servers(steps in prop::collection::vec((0..4_u8, 0..3_u8), 1..60)) {
            let (mut server, mut client) = (BTreeMap::<u8, Vec<u16>>::new(), Presences::default());
            let mut next = 0;
            for (what, key) in steps {
                match what {
                    0 | 1 => {
                        next += 1;
                        // Tracked anew: the last one of the key leaves in the same difference.
                        let left = if what == 1 { server.get_mut(&key).and_then(Vec::pop) } else { None };
                        server.entry(key).or_default().push(next);
                        let joins = json(&BTreeMap::from([(key, vec![next])]));
                        let leaves = json(&left.map(|n| (key, vec![n])).into_iter().collect());
                        client.sync_diff(format!(r#"{{"joins":{joins},"leaves":{leaves}}}"#).as_bytes()).unwrap();
                    }
                    2 => {
                        if let Some(n) = server.get_mut(&key).and_then(Vec::pop) {
                            let leaves = json(&BTreeMap::from([(key, vec![n])]));
                            client.sync_diff(format!(r#"{{"joins":{{}},"leaves":{leaves}}}"#).as_bytes()).unwrap();
                        }
                    }
                    _ => {
                        // A gap in which somebody came.
                        next += 1;
                        server.entry(key).or_default().push(next);
                        client.joined(true);
                        client.sync_state(json(&server).as_bytes()).unwrap();
                    }
                }
                server.retain(|_, refs| !refs.is_empty());
                let told: BTreeMap<u8, Vec<u16>> = refs(&client).into_iter()
                    .map(|(key, refs)| (key.parse().unwrap(), refs.iter().map(|n| n.parse().unwrap()).collect()))
                    .collect();
                prop_assert_eq!(&told, &server);
            }
        }
    }
}
