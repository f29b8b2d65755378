//! `cargo xtask demo`: a real stack, and a program that uses it.

use std::process::Stdio;

use crate::Outcome;
use crate::run::{cargo, step};
use crate::stack::{self, DataDir, Options, PortChoice};

/// Builds a program of `examples`, starts the embedded stack, runs the program on it, and stops the stack again.
pub(crate) async fn run(example: &str, arguments: &[String]) -> Outcome {
    let program = ["--package", "supabase-examples", "--example", example];
    step(&format!("Building examples/{example}.rs"), cargo(&[&["build"][..], &program].concat())).await?;

    eprintln!("\n── Starting a Supabase stack on this machine");
    let options = Options { reset: false, data: DataDir::Development, port: PortChoice::Preferred54321 };
    let mut stack = stack::start(options).await?;

    let mut command = cargo(&[&["run", "--quiet"][..], &program].concat());
    // Some ask their user.
    command.arg("--").args(arguments).envs(stack.env()).stdin(Stdio::inherit());
    let title = format!("Running examples/{example}.rs on it");
    let outcome = tokio::select! {
        outcome = step(&title, command) => outcome,
        failure = stack.exited() => Err(failure.into()),
    };
    if stack.is_own() {
        eprintln!("\n── Stopping the stack");
    }
    stack.stop().await;
    outcome?;
    eprintln!(
        "\nThe program is examples/{example}.rs. To try things yourself: `cargo xtask stack` in another terminal."
    );
    Ok(())
}
