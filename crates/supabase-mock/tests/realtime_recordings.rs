//! Every recorded frame of a client, sent to our server, gets the recorded answers.
//!
//! A scenario is what was recorded of one case. It is replayed in the order and at the times of the recording, on a
//! clock that is paused, over websockets without sockets. What came from outside of the protocol (changes of rows,
//! messages of the database, limits that are averaged, operators of the server) is done where its first effect was
//! recorded: see `realtime_recordings/outside.rs`. Then each connection's frames are compared with the recorded ones.
//!
//! What is random in a recording is compared by where it first occurs on the connection: `phx_ref`, ids of messages, ids
//! of subscriptions. The order within `ids` is none. Answers and other messages of a channel's process come in order,
//! and so do messages for everybody on a topic; between the two there is no order. Rate headers are only there.

#[path = "realtime_recordings/compare.rs"]
mod compare;
#[path = "realtime_recordings/outside.rs"]
mod outside;
#[path = "realtime_recordings/replay.rs"]
mod replay;
#[path = "realtime_recordings/transcript.rs"]
mod transcript;

use std::collections::BTreeSet;

use transcript::{Scenario, scenarios};

/// Cases that are not replayed, and why.
const NOT_REPLAYED: &[(&str, &str)] =
    &[("realtime/limits/max_joins_in_channel", "of its 107 joins, the recording has 7")];

fn run(scenario: &Scenario) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(replay::replay(scenario)).map_err(|error| format!("{}: {error}", scenario.name))
}

#[test]
fn recorded_client_frames_get_the_recorded_answers() {
    let scenarios = scenarios();
    let excluded: BTreeSet<&str> = NOT_REPLAYED.iter().map(|(name, _)| *name).collect();
    let (mut frames, mut failures, mut passed_although_excluded) = (0, Vec::new(), Vec::new());
    for scenario in &scenarios {
        let result = run(scenario);
        match (result, excluded.contains(scenario.name.as_str())) {
            (Ok(()), false) => frames += scenario.server_frames(),
            (Err(failure), false) => failures.push(failure),
            (Ok(()), true) => passed_although_excluded.push(scenario.name.clone()),
            (Err(_), true) => {}
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} scenarios fail:\n{}",
        failures.len(),
        scenarios.len(),
        failures.join("\n")
    );
    assert!(passed_although_excluded.is_empty(), "no longer excluded: {passed_although_excluded:?}");
    let known: BTreeSet<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    let unknown: Vec<_> = excluded.difference(&known).collect();
    assert!(unknown.is_empty(), "excluded, but not recorded: {unknown:?}");
    println!("{} scenarios, {frames} frames of the server", scenarios.len() - excluded.len());
}
