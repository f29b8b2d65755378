//! The commands of this workspace: `cargo xtask demo`, `test`, `stack`, `docs`, `api`, `capabilities`,
//! `bench`, `check`.

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod api;
mod bench;
mod capabilities;
mod check;
mod demo;
mod docs;
mod run;
mod stack;
mod test;

/// What a command ends with.
type Outcome = Result<(), Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The commands of this workspace.", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts the embedded stack, runs a program of `examples` on it, and stops it.
    Demo {
        /// Which one; see examples/README.md.
        #[arg(default_value = "quickstart")]
        example: String,
        /// What the program is given.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs format, lints and all tests, the live ones on a stack of their own.
    Test,
    /// Serves the embedded stack until Ctrl-C, and prints its URL and keys.
    Stack {
        /// Makes the database anew.
        #[arg(long)]
        reset: bool,
    },
    /// Writes docs/reference.md from the reference examples.
    Docs {
        /// Only says whether it is current.
        #[arg(long)]
        check: bool,
    },
    /// Writes the public API of each crate into docs/api.
    Api {
        /// Only says whether it is current.
        #[arg(long)]
        check: bool,
        /// The crates; all if none is named.
        crates: Vec<String>,
    },
    /// Checks sdk-compliance.yaml against Supabase's SDK capability matrix, docs/api, and the tests.
    Capabilities,
    /// Measures what the crates cost beyond reqwest and serde_json by hand; valgrind counts instructions and heap calls.
    Bench {
        /// Writes the figures to this file, too.
        #[arg(long)]
        json: Option<std::path::PathBuf>,
        /// Moves 5 GiB both ways, too.
        #[arg(long)]
        large: bool,
    },
    /// Proves what the crates promise: each alone, small trees, packages that build, no private type in public.
    Check,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo { example, arguments } => demo::run(&example, &arguments).await,
        Command::Test => test::run().await,
        Command::Stack { reset } => {
            let options = stack::Options {
                reset,
                data: stack::DataDir::Development,
                port: stack::PortChoice::Preferred54321,
            };
            stack::run_foreground(options).await.map_err(Into::into)
        }
        Command::Docs { check } => docs::run(check),
        Command::Api { check, crates } => api::run(check, &crates).await,
        Command::Capabilities => capabilities::run(),
        Command::Bench { json, large } => bench::run(json, large).await,
        Command::Check => check::run().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
