use proptest::prelude::*;

use super::*;

const LIMIT: Duration = Duration::from_secs(10);

fn pause(failed: u32) -> Option<Duration> {
    Some(Duration::from_secs(u64::from(failed.min(10))))
}

/// What may happen to a channel.
#[derive(Clone, Copy, Debug)]
enum Event {
    Online,
    Offline,
    /// The task looks at the channel, and sends a join if one is due.
    Turn,
    Tick(u8),
    /// The server answers the join that was sent so many joins ago.
    Confirm(u8),
    Refuse(u8, Verdict),
    Close(u8),
    Token,
}

fn event() -> impl Strategy<Value = Event> {
    let verdict = prop_oneof![3 => Just(Verdict::Later), 1 => Just(Verdict::OtherToken)];
    prop_oneof![
        2 => Just(Event::Online),
        1 => Just(Event::Offline),
        6 => Just(Event::Turn),
        3 => (0..12_u8).prop_map(Event::Tick),
        4 => (0..3_u8).prop_map(Event::Confirm),
        2 => (0..3_u8, verdict).prop_map(|(ago, verdict)| Event::Refuse(ago, verdict)),
        2 => (0..3_u8).prop_map(Event::Close),
        1 => Just(Event::Token),
    ]
}

/// A channel, and the server's view of it.
struct World {
    machine: Machine,
    now: Instant,
    next: Ref,
    /// Joins without an answer, oldest first, on this connection.
    in_flight: Vec<Ref>,
    sent: Vec<Ref>,
    confirmed: Option<Ref>,
}

impl World {
    fn new() -> Self {
        Self {
            machine: Machine::new(),
            now: Instant::now(),
            next: 0,
            in_flight: Vec::new(),
            sent: Vec::new(),
            confirmed: None,
        }
    }

    fn turn(&mut self) {
        if let Some((join, _)) = self.machine.timed_out(self.now, pause) {
            // The task leaves that join.
            self.in_flight.retain(|reference| *reference != join);
        }
        if self.machine.is_due(self.now) {
            self.next += 1;
            self.machine.sent(self.next, self.now + LIMIT);
            self.in_flight.push(self.next);
            self.sent.push(self.next);
        }
    }

    fn ago(&self, ago: u8) -> Option<Ref> {
        self.sent.iter().rev().nth(ago.into()).copied()
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Online => self.machine.online(self.now),
            Event::Offline => {
                self.machine.offline(self.now);
                self.in_flight.clear();
                self.confirmed = None;
            }
            Event::Turn => self.turn(),
            Event::Tick(seconds) => self.now += Duration::from_secs(seconds.into()),
            Event::Confirm(ago) => {
                if let Some(join) = self.ago(ago) {
                    let counts = self.machine.confirmed(join, self.now);
                    if counts {
                        assert!(self.in_flight.contains(&join), "confirmed what was not asked");
                        self.confirmed = Some(join);
                    }
                    self.in_flight.retain(|reference| *reference != join);
                }
            }
            Event::Refuse(ago, verdict) => {
                if let Some(join) = self.ago(ago) {
                    let was = self.machine.join();
                    let next = self.machine.failed(join, verdict, self.now, pause);
                    assert_eq!(next == Next::Stale, was != Some(join));
                    self.in_flight.retain(|reference| *reference != join);
                }
            }
            Event::Close(ago) => {
                if let Some(join) = self.ago(ago) {
                    self.machine.failed(join, Verdict::Later, self.now, pause);
                    self.in_flight.retain(|reference| *reference != join);
                }
            }
            Event::Token => self.machine.another_token(self.now),
        }
        assert!(self.in_flight.len() <= 1, "two joins in flight");
        if let Some(join) = self.machine.joined() {
            assert_eq!(self.confirmed, Some(join), "joined without the server's word");
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_it_is_joined_in_the_end_and_only_by_the_servers_word(
        events in prop::collection::vec(event(), 0..200),
    ) {
        let mut world = World::new();
        for event in events {
            world.step(event);
        }
        // From now on the server lets it.
        world.step(Event::Online);
        world.step(Event::Token);
        for _ in 0..4 {
            world.step(Event::Turn);
            if world.machine.joined().is_some() {
                break;
            }
            if world.in_flight.is_empty() {
                let at = world.machine.deadline().expect("it waits for something");
                world.now = world.now.max(at);
            } else {
                world.step(Event::Confirm(0));
            }
        }
        prop_assert!(world.machine.joined().is_some(), "{:?}", world.machine);
    }
}

fn joined() -> (Machine, Instant) {
    let now = Instant::now();
    let mut machine = Machine::new();
    machine.online(now);
    assert!(machine.is_due(now));
    machine.sent(1, now + LIMIT);
    assert!(machine.confirmed(1, now));
    (machine, now)
}

#[test]
fn the_end_of_an_older_join_is_none_of_this_one() {
    let (mut machine, now) = joined();
    machine.failed(1, Verdict::Later, now, pause);
    let now = now + LIMIT;
    machine.sent(2, now + LIMIT);
    assert_eq!(machine.failed(1, Verdict::Later, now, pause), Next::Stale);
    assert!(machine.confirmed(2, now));
    assert_eq!(machine.failed(1, Verdict::Never, now, pause), Next::Stale);
    assert_eq!(machine.joined(), Some(2));
}

#[test]
fn a_late_confirmation_of_a_join_that_timed_out_counts_for_nothing() {
    let now = Instant::now();
    let mut machine = Machine::new();
    machine.online(now);
    machine.sent(1, now + LIMIT);
    assert_eq!(machine.timed_out(now, pause), None);
    assert_eq!(machine.timed_out(now + LIMIT, pause), Some((1, Next::Again)));
    assert!(!machine.confirmed(1, now + LIMIT));
    assert_eq!(machine.phase(), Phase::Waiting { at: now + LIMIT + Duration::from_secs(1) });
}

#[test]
fn a_dead_token_sends_nothing_until_there_is_another() {
    let (mut machine, now) = joined();
    assert_eq!(machine.failed(1, Verdict::OtherToken, now, pause), Next::NeedsToken);
    assert_eq!((machine.deadline(), machine.is_due(now + LIMIT * 100)), (None, false));
    machine.online(now);
    assert_eq!(machine.phase(), Phase::NeedsToken);
    machine.another_token(now);
    assert!(machine.is_due(now));
}

#[test]
fn a_server_that_accepts_and_kills_at_once_is_asked_ever_less_often() {
    let (mut machine, mut now) = joined();
    for failed in 1..5 {
        machine.failed(machine.join().unwrap(), Verdict::Later, now, pause);
        assert_eq!(machine.phase(), Phase::Waiting { at: now + Duration::from_secs(failed) });
        now += Duration::from_secs(failed);
        machine.sent(failed + 1, now + LIMIT);
        assert!(machine.confirmed(failed + 1, now));
    }
    // One that lasted is well again.
    now += WELL;
    machine.failed(5, Verdict::Later, now, pause);
    assert_eq!(machine.phase(), Phase::Waiting { at: now + Duration::from_secs(1) });
}

#[test]
fn it_gives_up_where_there_is_no_use() {
    let (mut machine, now) = joined();
    assert_eq!(machine.clone().failed(1, Verdict::Later, now, |_| None), Next::Ended);
    assert_eq!(machine.failed(1, Verdict::Never, now, pause), Next::Ended);
    machine.online(now);
    machine.another_token(now);
    assert_eq!((machine.phase(), machine.deadline()), (Phase::Ended, None));
}

#[test]
fn leaving_ends_with_the_answer_or_without_it() {
    let (mut machine, now) = joined();
    assert_eq!(machine.leave(), Some(1));
    machine.leaving(2, now + LIMIT);
    let mut silent = machine.clone();
    assert!(!machine.left(Some(1), now));
    assert!(machine.left(Some(2), now));
    assert!(!silent.left(None, now));
    assert!(silent.left(None, now + LIMIT));
    // A connection that breaks ends it as well, and one that was never joined needs no leave.
    let (mut broken, now) = joined();
    broken.leave();
    broken.leaving(2, now + LIMIT);
    broken.offline(now);
    assert_eq!(broken.phase(), Phase::Ended);
    let mut never = Machine::new();
    assert_eq!((never.leave(), never.phase()), (None, Phase::Ended));
}
