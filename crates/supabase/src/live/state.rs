//! What is known of the rows, without I/O and without a clock.
//!
//! A change is taken as a hint that the row of a key may be another one now, and the row is read again: so the database
//! itself decides, by the filters and policies that hold, whether and how it is there. An answer is not believed for a
//! row that has changed since it was asked for; that row is asked for again. After a gap, everything is read anew.

use std::collections::{BTreeMap, BTreeSet};

use super::key::Key;

/// The rows, and what has to be read.
#[derive(Debug)]
pub(crate) struct State<R> {
    rows: BTreeMap<Key, R>,
    /// Rows that may have changed since they were read.
    touched: BTreeSet<Key>,
    /// Nothing that was read before can be relied on.
    all: bool,
    /// What was asked for and has not come yet.
    flight: Option<Fetch>,
}

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    /// All rows.
    All,
    /// The rows of these keys.
    Keys(BTreeSet<Key>),
}

/// What has become of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<R> {
    Added(R),
    Changed { old: R, new: R },
    Removed(R),
}

impl<R: Clone + PartialEq> State<R> {
    /// Nothing is known, so all rows must be read.
    pub(crate) fn new() -> Self {
        Self { rows: BTreeMap::new(), touched: BTreeSet::new(), all: true, flight: None }
    }

    /// The rows, in the order of their keys.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &R> {
        self.rows.values()
    }

    /// The row of this key was added, changed or removed.
    pub(crate) fn touch(&mut self, key: Key) {
        self.touched.insert(key);
    }

    /// Changes were missed, or another user looks now.
    pub(crate) fn doubt_all(&mut self) {
        self.all = true;
    }

    /// What is to be read now, at most `limit` keys; `None` if nothing is, or something is on its way. It must be
    /// followed by [`fetched`](Self::fetched) or [`failed`](Self::failed).
    pub(crate) fn next_fetch(&mut self, limit: usize) -> Option<Fetch> {
        if self.flight.is_some() {
            return None;
        }
        let fetch = if std::mem::take(&mut self.all) {
            // What is read from now on has all that was hinted at before.
            self.touched.clear();
            Fetch::All
        } else {
            let keys: BTreeSet<_> = std::iter::from_fn(|| self.touched.pop_first()).take(limit).collect();
            if keys.is_empty() {
                return None;
            }
            Fetch::Keys(keys)
        };
        self.flight = Some(fetch.clone());
        Some(fetch)
    }

    /// What was asked for could not be read: it is asked for again.
    pub(crate) fn failed(&mut self) {
        match self.flight.take() {
            Some(Fetch::All) => self.all = true,
            Some(Fetch::Keys(keys)) => self.touched.extend(keys),
            None => {}
        }
    }

    /// What was asked for has come: the rows that are there. Answers with what has become of the rows known before.
    pub(crate) fn fetched(&mut self, found: impl IntoIterator<Item = (Key, R)>) -> Vec<Step<R>> {
        let mut found: BTreeMap<_, _> = found.into_iter().collect();
        let asked: BTreeSet<Key> = match self.flight.take() {
            // A key may be written in more than one way, and then comes back in another one.
            Some(Fetch::Keys(keys)) => keys.into_iter().chain(found.keys().cloned()).collect(),
            Some(Fetch::All) => self.rows.keys().chain(found.keys()).cloned().collect(),
            None => return Vec::new(),
        };
        let mut steps = Vec::new();
        // A row that was touched meanwhile may be older in this answer than it is; it is read again anyway.
        for key in asked.into_iter().filter(|key| !self.touched.contains(key)) {
            let old = self.rows.remove(&key);
            let new = found.remove(&key);
            if let Some(new) = &new {
                self.rows.insert(key, new.clone());
            }
            match (old, new) {
                (None, Some(new)) => steps.push(Step::Added(new)),
                (Some(old), None) => steps.push(Step::Removed(old)),
                (Some(old), Some(new)) if old != new => steps.push(Step::Changed { old, new }),
                _ => {}
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn key(id: u8) -> Key {
        Key::of(&json!({ "id": id }).to_string(), &["id".to_owned()]).unwrap()
    }

    /// What the filter of the query lets through.
    fn matches(value: u8) -> bool {
        value.is_multiple_of(2)
    }

    /// A database with its changes, and one query on it, step by step.
    struct World {
        table: BTreeMap<u8, u8>,
        hints: VecDeque<Vec<u8>>,
        is_connected: bool,
        state: State<u8>,
        asked: Option<Fetch>,
        /// What has come of the answer, and whether that is all of it.
        answer: BTreeMap<u8, u8>,
        is_whole: bool,
        /// The rows as a reader knows them who follows the steps alone.
        seen: Vec<u8>,
    }

    #[derive(Clone, Debug)]
    enum Move {
        /// Adds a row or changes its value.
        Write(u8, u8),
        Delete(u8),
        /// Gives a row another key.
        Rename(u8, u8),
        /// The next change arrives.
        Hear,
        /// The connection breaks, and all changes until it is back are lost.
        Lose,
        Reconnect,
        Ask,
        /// The database answers what was asked, as it is now: keys at once, all rows page by page.
        Answer,
        Receive,
        Fail,
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let id = 0..5_u8;
        let one = prop_oneof![
            4 => (id.clone(), any::<u8>()).prop_map(|(id, value)| Move::Write(id, value)),
            2 => id.clone().prop_map(Move::Delete),
            1 => (id.clone(), id).prop_map(|(from, to)| Move::Rename(from, to)),
            4 => Just(Move::Hear),
            1 => Just(Move::Lose),
            2 => Just(Move::Reconnect),
            4 => Just(Move::Ask),
            4 => Just(Move::Answer),
            4 => Just(Move::Receive),
            1 => Just(Move::Fail),
        ];
        prop::collection::vec(one, 0..120)
    }

    impl World {
        fn new() -> Self {
            Self {
                table: BTreeMap::from([(0, 2), (1, 3), (2, 4)]),
                hints: VecDeque::new(),
                is_connected: true,
                state: State::new(),
                asked: None,
                answer: BTreeMap::new(),
                is_whole: false,
                seen: Vec::new(),
            }
        }

        fn tell(&mut self, keys: Vec<u8>) {
            if self.is_connected {
                self.hints.push_back(keys);
            }
        }

        fn make(&mut self, what: Move) {
            match what {
                Move::Write(id, value) => {
                    let is_new = self.table.insert(id, value).is_none();
                    // The server filters what was added, and tells of every change.
                    if !is_new || matches(value) {
                        self.tell(vec![id]);
                    }
                }
                Move::Delete(id) => {
                    if self.table.remove(&id).is_some() {
                        self.tell(vec![id]);
                    }
                }
                Move::Rename(from, to) => {
                    if from != to
                        && !self.table.contains_key(&to)
                        && let Some(value) = self.table.remove(&from)
                    {
                        self.table.insert(to, value);
                        self.tell(vec![from, to]);
                    }
                }
                Move::Hear => {
                    for id in self.hints.pop_front().unwrap_or_default() {
                        self.state.touch(key(id));
                    }
                }
                Move::Lose => {
                    self.is_connected = false;
                    self.hints.clear();
                }
                Move::Reconnect => {
                    if !self.is_connected {
                        self.is_connected = true;
                        self.state.doubt_all();
                    }
                }
                Move::Ask => {
                    if let Some(fetch) = self.state.next_fetch(2) {
                        self.asked = Some(fetch);
                        self.answer.clear();
                        self.is_whole = false;
                    }
                }
                Move::Answer => self.answer(),
                Move::Receive => {
                    if std::mem::take(&mut self.is_whole) {
                        self.asked = None;
                        let answer = std::mem::take(&mut self.answer);
                        self.follow(answer.into_iter().map(|(id, value)| (key(id), value)).collect());
                    }
                }
                Move::Fail => {
                    if self.asked.take().is_some() {
                        self.is_whole = false;
                        self.state.failed();
                    }
                }
            }
        }

        fn answer(&mut self) {
            let rows = self.table.iter().filter(|(_, value)| matches(**value));
            match &self.asked {
                None => {}
                Some(Fetch::Keys(keys)) => {
                    let wanted = rows.filter(|(id, _)| keys.contains(&key(**id)));
                    self.answer = wanted.map(|(id, value)| (*id, *value)).collect();
                    self.is_whole = true;
                }
                Some(Fetch::All) if self.is_whole => {}
                Some(Fetch::All) => {
                    let last = self.answer.keys().next_back().copied();
                    let beyond = rows.filter(|(id, _)| last.is_none_or(|last| **id > last));
                    let page: Vec<_> = beyond.take(2).map(|(id, value)| (*id, *value)).collect();
                    self.is_whole = page.is_empty();
                    self.answer.extend(page);
                }
            }
        }

        fn follow(&mut self, answer: Vec<(Key, u8)>) {
            for step in self.state.fetched(answer) {
                let mut forget = |value: u8| {
                    let at = self.seen.iter().position(|seen| *seen == value).expect("what goes was there");
                    self.seen.swap_remove(at);
                };
                match step {
                    Step::Added(new) => self.seen.push(new),
                    Step::Removed(old) => forget(old),
                    Step::Changed { old, new } => {
                        assert_ne!(old, new);
                        forget(old);
                        self.seen.push(new);
                    }
                }
            }
        }

        fn settle(&mut self) {
            self.make(Move::Reconnect);
            while !self.hints.is_empty() {
                self.make(Move::Hear);
            }
            loop {
                while self.asked.is_some() && !self.is_whole {
                    self.make(Move::Answer);
                }
                self.make(Move::Receive);
                self.make(Move::Ask);
                if self.asked.is_none() {
                    break;
                }
            }
        }
    }

    proptest! {
        /// Whatever the order of changes, losses, questions and answers: in the end, the rows are those of the table, and
        /// whoever followed the steps has the same.
        #[test]
        fn the_rows_end_as_those_of_the_table(moves in moves()) {
            let mut world = World::new();
            for what in moves {
                world.make(what);
            }
            world.settle();
            let table: Vec<u8> = world.table.values().copied().filter(|value| matches(*value)).collect();
            let rows: Vec<u8> = world.state.rows().copied().collect();
            prop_assert_eq!(&rows, &table);
            world.seen.sort_unstable();
            let mut table = table;
            table.sort_unstable();
            prop_assert_eq!(&world.seen, &table);
        }
    }

    #[test]
    fn an_answer_is_not_believed_for_a_row_that_changed_since_it_was_asked_for() {
        let mut state = State::new();
        assert_eq!(state.next_fetch(9), Some(Fetch::All));
        state.touch(key(1));
        assert_eq!(state.fetched([(key(1), 10), (key(2), 20)]), [Step::Added(20)]);
        assert_eq!(state.next_fetch(9), Some(Fetch::Keys([key(1)].into())));
        assert_eq!(state.next_fetch(9), None, "one question at a time");
        assert_eq!(state.fetched([]), []);
        assert_eq!(state.rows().copied().collect::<Vec<_>>(), [20]);
    }

    #[test]
    fn a_row_that_comes_back_under_another_key_is_not_lost() {
        let mut state = State::new();
        state.next_fetch(9);
        state.fetched([]);
        state.touch(key(1));
        state.next_fetch(9);
        assert_eq!(state.fetched([(key(2), 20)]), [Step::Added(20)]);
    }

    #[test]
    fn a_row_that_no_longer_matches_leaves() {
        let mut state = State::new();
        state.next_fetch(9);
        state.fetched([(key(1), 10)]);
        state.touch(key(1));
        state.next_fetch(9);
        assert_eq!(state.fetched([]), [Step::Removed(10)]);
    }

    #[test]
    fn a_change_that_changes_nothing_is_not_told() {
        let mut state = State::new();
        state.next_fetch(9);
        state.fetched([(key(1), 10)]);
        state.touch(key(1));
        state.next_fetch(9);
        assert_eq!(state.fetched([(key(1), 10)]), []);
    }
}
