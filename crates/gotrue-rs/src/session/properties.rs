//! Sign-ins, refreshes, lost answers, sign-outs and another process, in any order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use secrecy::ExposeSecret;
use supabase_core::Instant;

use crate::clock::Now;
use crate::session::event::{AuthEvent, SignOutReason};
use crate::session::flight::{Answer, Flight, Input, Reason, Save, Step};
use crate::session::machine::{Kept, Machine, Unsaved};
use crate::session::saved::SavedSession;
use crate::session::{Session, Wire};
use crate::timestamp::Timestamp;

const MARGIN: Duration = Duration::from_secs(30);
const LIFETIME: u64 = 3600;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    Load(usize),
    SignIn(usize, u8),
    SignOut(usize),
    UpdateUser(usize),
    BeginRefresh(usize, Reason),
    /// A task of a process does its next step, and this goes wrong.
    Step(usize, usize, Fault),
    /// The server ends all sessions of a user.
    Revoke(u8),
    Time(u16),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Store,
    Network,
    LostAnswer,
    /// Who waits for the task drops it.
    Dropped,
}

fn event() -> impl Strategy<Value = Event> {
    let process = 0..2usize;
    let fault = prop_oneof![
        12 => Just(Fault::None),
        1 => Just(Fault::Store),
        1 => Just(Fault::Network),
        1 => Just(Fault::LostAnswer),
        1 => Just(Fault::Dropped),
    ];
    prop_oneof![
        1 => process.clone().prop_map(Event::Load),
        2 => (process.clone(), 0..2u8).prop_map(|(process, user)| Event::SignIn(process, user)),
        1 => process.clone().prop_map(Event::SignOut),
        1 => process.clone().prop_map(Event::UpdateUser),
        3 => process.clone().prop_map(|process| Event::BeginRefresh(process, Reason::Stale)),
        1 => process.clone().prop_map(|process| Event::BeginRefresh(process, Reason::Asked)),
        20 => (process, 0..3usize, fault).prop_map(|(process, task, fault)| Event::Step(process, task, fault)),
        1 => (0..2u8).prop_map(Event::Revoke),
        1 => (0..8_000u16).prop_map(Event::Time),
    ]
}

/// The server, as it treats refresh tokens: the active one and its parent are good, an older one ends the family.
#[derive(Default)]
struct Server {
    families: Vec<Family>,
}

struct Family {
    user: u8,
    active: u32,
    is_over: bool,
}

/// Which token a refresh token is.
fn token(session: &Session) -> (usize, u32) {
    let text = session.refresh_token.expose_secret();
    let (family, nth) = text.split_once('-').unwrap();
    (family.parse().unwrap(), nth.parse().unwrap())
}

impl Server {
    fn sign_in(&mut self, user: u8, now: Now) -> Kept {
        self.families.push(Family { user, active: 0, is_over: false });
        self.issue(self.families.len() - 1, now)
    }

    fn issue(&self, family: usize, now: Now) -> Kept {
        let Family { user, active, .. } = &self.families[family];
        let wire: Wire = serde_json::from_value(serde_json::json!({
            "access_token": format!("{user}-{family}-{active}"),
            "refresh_token": format!("{family}-{active}"),
            "expires_in": LIFETIME,
            "expires_at": now.unix_seconds() + LIFETIME as i64,
            "user": { "id": user.to_string() },
        }))
        .unwrap();
        Kept::new(wire.into_session(0), now)
    }

    fn refresh(&mut self, session: &Session, now: Now) -> Answer {
        let (number, nth) = token(session);
        let family = &mut self.families[number];
        if family.is_over {
            return Answer::Refused;
        }
        match family.active - nth {
            0 => family.active += 1,
            1 => {}
            _ => {
                family.is_over = true;
                return Answer::Refused;
            }
        }
        Answer::New(self.issue(number, now))
    }
}

enum Task {
    Flight(Flight, Step),
    Save(Save, Step),
}

struct Process {
    machine: Machine,
    tasks: Vec<Task>,
    /// The newest token of each family that was held here.
    newest: HashMap<usize, u32>,
    /// When the user was last changed, as far as it was known here, in each family.
    changed: HashMap<usize, Option<Timestamp>>,
    /// Who was last said to be signed in.
    told: Option<String>,
}

struct World {
    server: Server,
    store: Option<SavedSession>,
    processes: [Process; 2],
    now: Now,
    /// Families that a user of a process has ended.
    ended: HashSet<usize>,
    has_ended_any: bool,
}

impl World {
    fn new() -> Self {
        let process = || Process {
            machine: Machine::new(),
            tasks: Vec::new(),
            newest: HashMap::new(),
            changed: HashMap::new(),
            told: None,
        };
        Self {
            server: Server::default(),
            store: None,
            processes: [process(), process()],
            now: Now { at: Instant::now(), unix_ms: 1_800_000_000_000 },
            ended: HashSet::new(),
            has_ended_any: false,
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now.at += Duration::from_secs(seconds);
        self.now.unix_ms += i64::try_from(seconds).unwrap() * 1000;
    }

    fn happen(&mut self, event: &Event) {
        let now = self.now;
        match *event {
            Event::Load(at) => {
                let store = self.store.clone();
                self.processes[at].machine.loaded(store, now);
            }
            Event::SignIn(at, user) => {
                let kept = self.server.sign_in(user, now);
                self.processes[at].machine.sign_in(kept);
                self.save(at);
            }
            Event::SignOut(at) => {
                if let Some(kept) = self.processes[at].machine.kept() {
                    let (family, _) = token(&kept.session);
                    self.server.families[family].is_over = true;
                    self.ended.insert(family);
                }
                self.has_ended_any = true;
                self.processes[at].machine.sign_out(SignOutReason::User);
                self.save(at);
            }
            Event::UpdateUser(at) => {
                let Some(kept) = self.processes[at].machine.kept() else { return };
                let mut user = kept.session.user.clone();
                user.updated_at = Some(Timestamp::from_unix_seconds(now.unix_seconds()));
                self.processes[at].machine.update_user(&user);
                self.save(at);
            }
            Event::BeginRefresh(at, reason) => self.fly(at, reason),
            Event::Step(at, task, fault) => self.step(at, task, fault),
            Event::Revoke(user) => {
                for family in self.server.families.iter_mut().filter(|family| family.user == user) {
                    family.is_over = true;
                }
            }
            Event::Time(seconds) => self.pass(u64::from(seconds)),
        }
        // The server's clock has whole seconds; so that two tokens are told apart, one passes.
        self.pass(1);
    }

    fn save(&mut self, at: usize) {
        let process = &mut self.processes[at];
        let (save, step) = Save::begin(&mut process.machine);
        process.tasks.push(Task::Save(save, step));
    }

    fn fly(&mut self, at: usize, reason: Reason) {
        let process = &mut self.processes[at];
        let is_flying = process.tasks.iter().any(|task| matches!(task, Task::Flight(..)));
        if process.machine.kept().is_some() && !is_flying {
            let (flight, step) = Flight::begin(&process.machine, MARGIN, reason);
            process.tasks.push(Task::Flight(flight, step));
        }
    }

    fn step(&mut self, at: usize, task: usize, fault: Fault) {
        let count = self.processes[at].tasks.len();
        if count == 0 {
            return;
        }
        let task = self.processes[at].tasks.remove(task % count);
        if fault == Fault::Dropped {
            return;
        }
        let (Task::Flight(_, step) | Task::Save(_, step)) = &task;
        let input = match step {
            Step::Done(_) => {
                if self.processes[at].machine.is_unsaved() && matches!(task, Task::Flight(..)) {
                    self.save(at);
                }
                return;
            }
            Step::Ask(kept) => Input::Answered(match fault {
                Fault::Network => Answer::Trouble(None),
                Fault::LostAnswer => {
                    self.server.refresh(&kept.session, self.now);
                    Answer::Trouble(None)
                }
                _ => self.server.refresh(&kept.session, self.now),
            }),
            _ if fault == Fault::Store => {
                self.processes[at].machine.store_failed();
                Input::StoreFailed
            }
            Step::Load => Input::Loaded(self.store.clone()),
            Step::Swap { expected, new } => {
                let is_expected = self.store == *expected;
                if is_expected {
                    if matches!(task, Task::Save(..)) {
                        self.check_writing(at, new.as_ref());
                    }
                    self.store.clone_from(new);
                }
                Input::Swapped(is_expected)
            }
        };
        let process = &mut self.processes[at];
        let next = match task {
            Task::Flight(mut flight, _) => {
                let step = flight.step(&mut process.machine, input, self.now);
                Task::Flight(flight, step)
            }
            Task::Save(mut save, _) => {
                let step = save.step(&mut process.machine, input, self.now);
                Task::Save(save, step)
            }
        };
        process.tasks.push(next);
    }

    /// To forget a session that the server has refused takes no newer one out of the store.
    fn check_writing(&self, at: usize, new: Option<&SavedSession>) {
        let machine = &self.processes[at].machine;
        let (None, Some(Unsaved::Refused(refused))) = (new, &machine.unsaved) else { return };
        let before = self.store.as_ref().and_then(|text| text.restore(self.now));
        if let Some(before) = before.filter(|before| before.session.expires_at > refused.session.expires_at) {
            let (family, _) = token(&before.session);
            assert!(self.server.families[family].is_over, "a session of another process was erased");
        }
    }

    /// What must hold after everything that happens.
    fn check(&mut self) {
        for process in &mut self.processes {
            for event in process.machine.take_events() {
                match event {
                    AuthEvent::InitialSession(session) => {
                        process.told = session.map(|session| session.user.id.clone());
                    }
                    AuthEvent::SignedIn(session) => process.told = Some(session.user.id.clone()),
                    AuthEvent::TokenRefreshed(session) | AuthEvent::UserUpdated(session) => {
                        assert_eq!(
                            process.told.as_ref(),
                            Some(&session.user.id),
                            "another user came with a refresh"
                        );
                    }
                    AuthEvent::SignedOut(reason) => {
                        assert!(process.told.take().is_some(), "signed out while nobody was signed in");
                        if reason == SignOutReason::Expired {
                            self.has_ended_any = true;
                            let over = self.server.families.iter().any(|family| family.is_over);
                            assert!(over, "a good session was taken for one that has expired");
                        }
                        assert!(
                            reason != SignOutReason::Missing || self.has_ended_any,
                            "a session went missing that nobody has ended"
                        );
                    }
                    other => panic!("{other:?}"),
                }
            }
            let held = process.machine.kept();
            assert_eq!(
                held.map(|kept| &kept.session.user.id),
                process.told.as_ref(),
                "listeners believe something else"
            );
            if let Some(kept) = held {
                let session = &kept.session;
                let (family, nth) = token(session);
                let issued = format!("{}-{family}-{nth}", session.user.id);
                assert_eq!(session.access_token.expose_secret(), issued, "two sessions were mixed");
                assert_eq!(self.server.families[family].user.to_string(), session.user.id);
                let newest = process.newest.entry(family).or_default();
                assert!(nth >= *newest, "an old token came after a newer one");
                *newest = nth;
                let changed = process.changed.entry(family).or_default();
                assert!(session.user.updated_at >= *changed, "a change of the user was undone");
                changed.clone_from(&session.user.updated_at);
            }
        }
    }

    /// Lets everything come to its end, without faults.
    fn settle(&mut self) {
        for at in 0..2 {
            for _ in 0..200 {
                self.step(at, 0, Fault::None);
                self.check();
            }
            assert!(self.processes[at].tasks.is_empty(), "a task does not end");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nobody_is_mixed_up_lost_or_set_back(events in prop::collection::vec(event(), 1..120)) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
            world.check();
        }

        // A task that was dropped leaves what it had not written to the next one.
        world.settle();
        for at in [0, 1, 0, 1] {
            world.save(at);
            world.settle();
            world.fly(at, Reason::Stale);
            world.settle();
            let machine = &world.processes[at].machine;
            prop_assert!(!machine.is_unsaved(), "the store was forgotten");
            if let Some(kept) = machine.kept() {
                let text = SavedSession::of_kept(kept);
                prop_assert!(world.store.as_ref() == Some(&text), "the store holds something else");
                let (family, _) = token(&kept.session);
                prop_assert!(!world.ended.contains(&family), "who signed out is signed in");
            }
        }
        if let Some(kept) = world.store.as_ref().and_then(|text| text.restore(world.now)) {
            let (family, _) = token(&kept.session);
            prop_assert!(!world.ended.contains(&family), "who signed out is signed in");
        }
    }

    /// A user who is signed in and does nothing stays so, whatever the network does, while the server knows them.
    #[test]
    fn trouble_alone_ends_no_session(faults in prop::collection::vec(0..4u8, 1..60)) {
        let mut world = World::new();
        world.happen(&Event::Load(0));
        world.happen(&Event::SignIn(0, 0));
        world.settle();
        let family = world.processes[0].machine.kept().map(|kept| token(&kept.session).0);
        for fault in faults {
            world.fly(0, Reason::Stale);
            let fault = [Fault::None, Fault::Network, Fault::LostAnswer, Fault::Store][usize::from(fault)];
            for _ in 0..6 {
                world.step(0, 0, fault);
                world.check();
            }
            world.settle();
            world.pass(LIFETIME / 2);
            let held = world.processes[0].machine.kept().map(|kept| token(&kept.session).0);
            prop_assert_eq!(held, family);
        }
    }
}

#[test]
fn pauses_grow_to_half_a_minute_and_end_with_a_success() {
    let mut world = World::new();
    world.happen(&Event::Load(0));
    world.happen(&Event::SignIn(0, 0));
    let machine = &mut world.processes[0].machine;
    let mut pauses = Vec::new();
    for _ in 0..7 {
        machine.failed(world.now, None);
        let pause = machine.due_in(world.now, Duration::from_secs(LIFETIME)).unwrap();
        pauses.push(pause.max(Duration::from_secs(1)).as_secs());
        assert!(machine.is_pausing(world.now));
    }
    // A token that is still good is not refreshed before it needs to be.
    assert!(pauses.iter().all(|pause| *pause >= 1));
    let after = |seconds| Now { at: world.now.at + Duration::from_secs(seconds), ..world.now };
    assert!(!machine.is_pausing(after(31)));
    // What the server asks for counts where it is more, and within reason.
    machine.failed(world.now, Some(Duration::from_secs(300)));
    assert!(machine.is_pausing(after(299)) && !machine.is_pausing(after(301)));
    machine.failed(world.now, Some(Duration::from_secs(1)));
    assert!(machine.is_pausing(after(29)) && !machine.is_pausing(after(31)));
    machine.failed(world.now, Some(Duration::MAX));
    assert!(!machine.is_pausing(after(3601)));
    machine.failed(world.now, None);
    let kept = machine.kept().cloned().unwrap();
    assert!(machine.replace(kept, AuthEvent::MfaVerified(Arc::clone(&machine.kept().unwrap().session))));
    assert!(!machine.is_pausing(world.now));
}
