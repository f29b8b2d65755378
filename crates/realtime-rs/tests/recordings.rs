//! Every recorded connection replayed against the client: what the recorded client did is done by ours, each frame that
//! goes out is compared with the recorded one, and the recorded answers come back.
//!
//! Numbers of pushes are exchanged, as each client counts its own way. What cannot be asked of this client is listed with
//! the reason in `recordings/not_expressible.txt`; the test fails for a case that is missing there, and for one that no
//! longer belongs.

#[path = "recordings/ask.rs"]
mod ask;
mod common;
#[path = "recordings/wire.rs"]
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64_free::decode;
use common::soon;
use realtime_rs::{Backoff, Client, Frame, ProtocolVersion};
use serde::Deserialize;
use wire::Wire;

/// One line of the recording.
#[derive(Deserialize)]
struct Line {
    seq: u64,
    case: String,
    #[serde(default)]
    ws: String,
    #[serde(default)]
    path: String,
    text: Option<String>,
    base64: Option<String>,
    #[serde(default)]
    text_truncated: serde_json::Value,
    #[serde(default)]
    status: u16,
    body: Option<Body>,
}

#[derive(Deserialize)]
struct Body {
    text: Option<String>,
}

/// Base64, which is not worth a dependency for twenty-two lines of a recording.
mod base64_free {
    pub(crate) fn decode(text: &str) -> Vec<u8> {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut bits = 0_u32;
        let mut bytes = Vec::new();
        for (n, letter) in text.bytes().filter(|letter| *letter != b'=').enumerate() {
            let value = LETTERS.iter().position(|other| *other == letter).unwrap();
            bits = bits << 6 | u32::try_from(value).unwrap();
            if n % 4 > 0 {
                bytes.push(u8::try_from(bits >> (6 - 2 * (n % 4)) & 0xff).unwrap());
            }
        }
        bytes
    }
}

fn lines() -> Vec<Line> {
    supabase_testing::recordings::realtime().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn frame(line: &Line) -> Frame {
    match (&line.text, &line.base64) {
        (Some(text), _) => Frame::Text(text.clone().into()),
        (_, Some(bytes)) => Frame::Binary(decode(bytes).into()),
        _ => panic!("a frame has content"),
    }
}

fn version(path: &str) -> ProtocolVersion {
    if path.contains("vsn=2.0.0") { ProtocolVersion::V2 } else { ProtocolVersion::V1 }
}

/// What is left out, with the reason: `<case>: <reason>` a line.
fn not_expressible() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("recordings/not_expressible.txt").lines();
    lines.filter_map(|line| line.split_once(": ")).collect()
}

#[tokio::test(start_paused = true)]
async fn every_recorded_handshake_that_was_refused_is_told() {
    let mut count = 0;
    for line in lines().into_iter().filter(|line| line.ws == "handshake_error") {
        let body = line.body.and_then(|body| body.text).unwrap_or_default();
        let expected = serde_json::from_str::<BTreeMap<String, String>>(&body)
            .ok()
            .and_then(|mut body| body.remove("error"));
        let wire = Wire::refusing(line.status, &body);
        let error = soon(client(&wire, ProtocolVersion::V1).connect()).await.unwrap_err();
        assert_eq!(error.status(), Some(line.status), "{}", line.case);
        if let Some(expected) = expected {
            assert_eq!(error.message(), expected, "{}", line.case);
        }
        count += 1;
    }
    assert_eq!(count, 12);
}

fn client(wire: &Wire, version: ProtocolVersion) -> Client {
    Client::builder(common::URL, "sb_publishable_key")
        .transport(wire.clone())
        .protocol(version)
        .reconnect(Backoff::custom(|_| Some(Duration::from_secs(1))))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_recorded_connection_is_replayed() {
    // By connection: what each socket saw, in its order.
    let mut connections: BTreeMap<(String, u64), Vec<Line>> = BTreeMap::new();
    let mut cases: BTreeMap<u64, String> = BTreeMap::new();
    for line in lines() {
        match line.ws.as_str() {
            "open" => {
                cases.insert(line.seq, line.case.clone());
                connections.insert((line.case.clone(), line.seq), vec![line]);
            }
            "client" | "server" => {
                // One case may go on with the connections of an earlier one.
                let opened = cases.get(&line.seq).cloned().unwrap_or_default();
                if let Some(lines) = connections.get_mut(&(opened, line.seq)) {
                    lines.push(line);
                }
            }
            _ => {}
        }
    }
    let left_out = not_expressible();
    let (mut replayed, mut frames) = (0, 0);
    let (mut faults, mut unused) = (Vec::new(), left_out.keys().copied().collect::<BTreeSet<_>>());
    for ((case, seq), lines) in connections {
        if lines.iter().any(|line| !line.text_truncated.is_null()) || left_out.contains_key(case.as_str()) {
            unused.remove(case.as_str());
            continue;
        }
        match replay(&lines).await {
            Ok(count) => {
                replayed += 1;
                frames += count;
            }
            Err(fault) => faults.push(format!("{case} ({seq}): {fault}")),
        }
    }
    assert!(faults.is_empty(), "{} connections:\n{}", faults.len(), faults.join("\n"));
    assert!(unused.is_empty(), "these can be replayed, or are gone: {unused:?}");
    assert!(replayed >= 70 && frames >= 150, "{replayed} connections with {frames} frames");
    println!("{replayed} connections with {frames} frames of clients were replayed");
}

/// Replays one connection; the number of frames that went out.
async fn replay(lines: &[Line]) -> Result<usize, String> {
    let version = version(&lines[0].path);
    let wire = Wire::open();
    let client = client(&wire, version);
    let mut asker = ask::Asker::new(client, wire.clone(), version);
    let mut count = 0;
    for line in &lines[1..] {
        let frame = frame(line);
        if line.ws == "client" {
            tokio::time::timeout(Duration::from_secs(300), asker.ask(&frame))
                .await
                .map_err(|_| format!("frame {count} did not go out: {frame:?} {:?}", line.text))??;
            count += 1;
        } else {
            asker.answer(&frame)?;
            // The client has heard it before anything else happens.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
        }
    }
    asker.heard_everything()?;
    Ok(count)
}
