//! Two hundred channels and ten thousand interruptions, in virtual time.

mod common;

use std::time::Duration;

use common::{builder, soon};
use realtime_rs::{Backoff, Delivery, Overflow};
use serde_json::json;
use supabase_mock::realtime::{Limits, Server};

const CHANNELS: usize = 200;
/// They are spread over so many clients.
const CLIENTS: usize = 10;
const INTERRUPTIONS: usize = 10_000;

/// The same numbers each time, so that a failure can be seen again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// The memory of this process, where Linux tells it.
fn kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

#[tokio::test(start_paused = true)]
async fn nothing_that_was_sent_after_a_confirmed_join_is_lost_and_memory_stays() {
    let mut limits = Limits::default();
    limits.channels = CHANNELS;
    let server = Server::builder().limits(limits).kept_frames(1_000).build();
    let client = || {
        builder(&server)
            .reconnect(Backoff::exponential(Duration::from_millis(10), Duration::from_millis(100)))
            .buffer(100_000, Overflow::Fail)
            .build()
            .unwrap()
    };
    let clients: Vec<_> = (0..CLIENTS).map(|_| client()).collect();
    let mut rooms = Vec::new();
    for n in 0..CHANNELS {
        let mut room = clients[n % CLIENTS].channel(format!("room{n}"));
        let heard = room.on_broadcast::<usize>("n");
        rooms.push((soon(room.subscribe()).await.unwrap(), heard));
    }
    let mut numbers = Numbers(7);
    let (mut sent, mut memory) = (vec![0_usize; CHANNELS], None);
    let (mut interruptions, mut round) = (0, 0);
    while interruptions < INTERRUPTIONS {
        round += 1;
        // Whoever is joined at this moment is told, and must hear it.
        for _ in 0..3 {
            let n = numbers.below(CHANNELS);
            let topic = format!("room{n}");
            if !server.members(&topic).is_empty() {
                server.broadcast(&topic, "n", &json!(sent[n]));
                sent[n] += 1;
            }
        }
        // What is on its way arrives before the connection ends; what is lost with a connection is a gap.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let connections = server.connections();
        if let Some(connection) = connections.get(numbers.below(CLIENTS)) {
            match numbers.below(3) {
                0 => server.drop_connection(*connection),
                1 => server.close(*connection, 1012, "restart"),
                _ => server.close(*connection, 1000, ""),
            }
            interruptions += 1;
        }
        match numbers.below(8) {
            0 => server.crash_channel(&format!("room{}", numbers.below(CHANNELS))),
            1 => server.close_channel(&format!("room{}", numbers.below(CHANNELS))),
            _ => {}
        }
        let pause = numbers.below(60);
        tokio::time::sleep(Duration::from_millis(pause as u64)).await;
        if interruptions > INTERRUPTIONS / 5 && memory.is_none() {
            memory = kilobytes();
        }
        if round % 500 == 0 {
            drain(&mut rooms, &sent).await;
        }
    }
    drain(&mut rooms, &sent).await;
    assert!(sent.iter().sum::<usize>() > INTERRUPTIONS, "the rooms were joined often enough to be told");
    if let (Some(before), Some(after)) = (memory, kilobytes()) {
        assert!(after < before + 20_000, "{before} kB became {after} kB");
    }
}

type Room = (realtime_rs::Channel, realtime_rs::Listener<realtime_rs::Broadcast<usize>>);

/// Reads everything that is there: every number that was sent, in order, and gaps.
async fn drain(rooms: &mut [Room], sent: &[usize]) {
    thread_local! {
        static HEARD: std::cell::RefCell<Vec<usize>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    for (n, (_, heard)) in rooms.iter_mut().enumerate() {
        while let Ok(item) = tokio::time::timeout(Duration::from_millis(1), heard.next()).await {
            match item {
                Some(Ok(Delivery::Message(broadcast))) => HEARD.with_borrow_mut(|all| {
                    all.resize(sent.len(), 0);
                    assert_eq!(broadcast.payload, all[n], "room{n}");
                    all[n] += 1;
                }),
                Some(Ok(Delivery::Gap(_))) => {}
                other => panic!("room{n}: {other:?}"),
            }
        }
        HEARD.with_borrow_mut(|all| {
            all.resize(sent.len(), 0);
            assert_eq!(all[n], sent[n], "room{n} heard less than it was told");
        });
    }
}
