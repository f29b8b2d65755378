//! `cargo xtask demo`: a real stack, and a program that uses it.

use crate::run::{cargo, step};
use crate::stack::{self, DataDir, Options, PortChoice};
use crate::{Outcome, run};

/// Builds the quickstart, starts the embedded stack, runs the quickstart on it, and stops the stack again.
pub(crate) async fn run() -> Outcome {
    let quickstart = ["--package", "supabase-examples", "--example", "quickstart"];
    step("Building the quickstart", cargo(&[&["build"][..], &quickstart].concat())).await?;

    eprintln!("\n── Starting a Supabase stack on this machine");
    let options = Options { reset: false, data: DataDir::Development, port: PortChoice::Preferred54321 };
    let mut stack = stack::start(options).await?;

    let mut program = cargo(&[&["run", "--quiet"][..], &quickstart].concat());
    program.envs(stack.env());
    let outcome = tokio::select! {
        outcome = run::step("Running examples/quickstart.rs on it", program) => outcome,
        failure = stack.exited() => Err(failure.into()),
    };
    if stack.is_own() {
        eprintln!("\n── Stopping the stack");
    }
    stack.stop().await;
    outcome?;
    eprintln!(
        "\nThe program is examples/quickstart.rs. To try things yourself: `cargo xtask stack` in another terminal."
    );
    Ok(())
}
