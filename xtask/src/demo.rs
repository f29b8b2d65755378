//! `cargo xtask demo`: a real stack, and a program that uses it.

use std::process::Stdio;

use crate::Outcome;
use crate::run::{cargo, root, step};
use crate::stack::{self, DataDir, Driver, Options, PortChoice};

/// Builds a program of `examples`, starts the embedded stack, runs the program on it, and stops the stack again.
pub(crate) async fn run(example: &str, arguments: &[String]) -> Outcome {
    let (shown, program) = program(example);
    let program: Vec<_> = program.iter().map(String::as_str).collect();
    step(&format!("Building {shown}"), cargo(&[&["build"], &program[..]].concat())).await?;

    eprintln!("\n── Starting a Supabase stack on this machine");
    let options = Options {
        reset: false,
        data: DataDir::Development,
        port: PortChoice::Preferred54321,
        driver: Driver::Pglite,
    };
    let mut stack = stack::start(options).await?;

    let mut command = cargo(&[&["run", "--quiet"], &program[..]].concat());
    // Some ask their user.
    command.arg("--").args(arguments).envs(stack.env()).stdin(Stdio::inherit());
    let title = format!("Running {shown} on it");
    let outcome = tokio::select! {
        outcome = step(&title, command) => outcome,
        failure = stack.exited() => Err(failure.into()),
    };
    if stack.is_own() {
        eprintln!("\n── Stopping the stack");
    }
    stack.stop().await;
    outcome?;
    eprintln!("\nThe program is {shown}. To try things yourself: `cargo xtask stack` in another terminal.");
    Ok(())
}

/// Where the program is, and what cargo is told to find it: some have a workspace of their own.
fn program(example: &str) -> (String, Vec<String>) {
    let manifest = format!("examples/{example}/Cargo.toml");
    if root().join(&manifest).exists() {
        return (
            format!("examples/{example}/src/main.rs"),
            vec!["--locked".into(), "--manifest-path".into(), manifest],
        );
    }
    let named = ["--package", "supabase-examples", "--example", example];
    (format!("examples/{example}.rs"), named.map(str::to_owned).into())
}
