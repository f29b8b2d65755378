//! The measured program: `bench-client <workload> <ours|raw> <operations> <address>`.
//!
//! It does that many operations of one kind and prints what it can know about itself. Instructions and heap calls are
//! counted from outside, by valgrind. Where the side is `both`, and with `rates` and `rates-64`, it alternates between both
//! within one process; operations are then pairs of blocks, of which each prints a line of nanoseconds.

mod bodies;
mod broadcasts;
mod claims;
mod functions;
mod ours;
mod rates;
mod raw;
mod token;

use std::env;
use std::error::Error;
use std::fs;

use serde::Deserialize;

/// What everything here ends with.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A publishable key, and a token as long as Supabase Auth makes them.
const KEY: &str = "sb_publishable_0123456789abcdefghijkl_01234567";
const TOKEN: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjAxOWE1ZDBlLTExMTEtNzIyMiIsInR5cCI6IkpXVCJ9.\
    eyJzdWIiOiIwMTlhNWQwZS0xMTExLTcyMjItODMzMy00NDQ0NTU1NTY2NjYiLCJyb2xlIjoiYXV0aGVudGljYXRlZCIsImF1ZCI6\
    ImF1dGhlbnRpY2F0ZWQiLCJleHAiOjE4MDAwMDAwMDAsImlhdCI6MTc5OTk5NjQwMCwiZW1haWwiOiJhZGFAZXhhbXBsZS5jb20ifQ.\
    c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXI";

/// A row of the canned answers.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct Planet {
    id: i64,
    name: String,
    galaxy: String,
    radius: f64,
    inhabited: bool,
    discovered_at: String,
    note: Option<String>,
}

/// What the query of twelve filters looks for: known when the program runs, as in any real one.
struct Wanted {
    galaxy: &'static str,
    not_named: &'static str,
    after: i64,
    moons: i32,
    radius: f64,
    mass: i64,
    code: &'static str,
    note: &'static str,
    classes: [&'static str; 3],
    tags: [&'static str; 2],
    inhabited: bool,
}

fn wanted() -> Wanted {
    std::hint::black_box(Wanted {
        galaxy: "Milky Way",
        not_named: "Vulcan",
        after: 100,
        moons: 2,
        radius: 70_000.5,
        mass: 1_898,
        code: "SOL-%",
        note: "%water & ice%",
        classes: ["gas", "ice", "rock"],
        tags: ["ringed", "cold"],
        inhabited: true,
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [workload, who, operations, address] = arguments.as_slice() else {
        return Err("write: bench-client <workload> <ours|raw> <operations> <address>".into());
    };
    let operations = operations.parse()?;
    match workload.as_str() {
        "rates" => return rates::sequential(operations, address).await,
        "rates-64" => return rates::concurrent(operations, address).await,
        "token-64" => return token::concurrent(operations, address).await,
        "token" => return token::run(who, operations, address).await,
        _ => {}
    }
    if let Some(algorithm) = workload.strip_prefix("claims-") {
        return claims::run(algorithm, who, operations, address).await;
    }
    if let Some(workload) = workload.strip_prefix("broadcasts-") {
        return broadcasts::run(workload, who, operations, address).await;
    }
    if let Some(what) = workload.strip_prefix("storage-") {
        return bodies::run(what, who, operations, address).await;
    }
    if let Some(what) = workload.strip_prefix("functions-") {
        return functions::run(what, who, operations, address).await;
    }
    match who.as_str() {
        "ours" => ours::run(workload, operations, address).await?,
        "raw" => raw::run(workload, operations, address).await?,
        _ => return Err(format!("`{who}` is neither `ours` nor `raw`").into()),
    }
    println!("{}", peak_kilobytes().unwrap_or_default());
    Ok(())
}

/// Fails if an answer has not the rows that it should have, so that nothing is measured that does not work.
fn expect(rows: &[Planet], count: usize) -> Outcome {
    if rows.len() == count { Ok(()) } else { Err(format!("{} rows, and not {count}", rows.len()).into()) }
}

/// The most memory that this process had at once, as Linux knows it.
fn peak_kilobytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
