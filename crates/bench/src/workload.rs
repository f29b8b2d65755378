//! What every measured program has to do, whichever client it does it with; also those of `peers`.
#![allow(unreachable_pub, reason = "public where it is a part of a library")]

use std::error::Error;
use std::fs;

use serde::Deserialize;

/// A publishable key, and a token as long as Supabase Auth makes them.
pub const KEY: &str = "sb_publishable_0123456789abcdefghijkl_01234567";
pub const TOKEN: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjAxOWE1ZDBlLTExMTEtNzIyMiIsInR5cCI6IkpXVCJ9.\
    eyJzdWIiOiIwMTlhNWQwZS0xMTExLTcyMjItODMzMy00NDQ0NTU1NTY2NjYiLCJyb2xlIjoiYXV0aGVudGljYXRlZCIsImF1ZCI6\
    ImF1dGhlbnRpY2F0ZWQiLCJleHAiOjE4MDAwMDAwMDAsImlhdCI6MTc5OTk5NjQwMCwiZW1haWwiOiJhZGFAZXhhbXBsZS5jb20ifQ.\
    c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXI";

/// A row of the canned answers.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
pub struct Planet {
    pub id: i64,
    pub name: String,
    pub galaxy: String,
    pub radius: f64,
    pub inhabited: bool,
    pub discovered_at: String,
    pub note: Option<String>,
}

/// What the query of twelve filters looks for: known when the program runs, as in any real one.
pub struct Wanted {
    pub galaxy: &'static str,
    pub not_named: &'static str,
    pub after: i64,
    pub moons: i32,
    pub radius: f64,
    pub mass: i64,
    pub code: &'static str,
    pub note: &'static str,
    pub classes: [&'static str; 3],
    pub tags: [&'static str; 2],
    pub inhabited: bool,
}

pub fn wanted() -> Wanted {
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

/// Fails if an answer has not the rows that it should have, so that nothing is measured that does not work.
pub fn expect(rows: &[Planet], count: usize) -> Result<(), Box<dyn Error>> {
    if rows.len() == count { Ok(()) } else { Err(format!("{} rows, and not {count}", rows.len()).into()) }
}

/// The most memory that this process had at once, as Linux knows it.
pub fn peak_kilobytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
