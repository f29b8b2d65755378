//! `cargo xtask faults`: every kind of call under every fault. The work is done by `crates/faults`, which is a program of its own,
//! so that xtask is built without the clients.

use crate::Outcome;
use crate::run::{cargo, step};

/// Builds and runs the program, which prints its table.
pub(crate) async fn run(jobs: Option<u32>, only: Option<String>) -> Outcome {
    let mut program = cargo(&["run", "--quiet", "--package", "faults", "--"]);
    if let Some(jobs) = jobs {
        program.args(["--jobs", &jobs.to_string()]);
    }
    if let Some(only) = only {
        program.args(["--only", &only]);
    }
    step("Every kind of call under every fault", program).await
}
