//! The commands of this workspace: `cargo xtask demo`, `test`, `stack`, `docs`, `api`, `capabilities`,
//! `bench`, `faults`, `wasm`, `check`.

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod api;
mod bench;
mod capabilities;
mod check;
mod demo;
mod docs;
mod faults;
mod links;
mod packages;
mod run;
mod stack;
mod test;
mod wasm;

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
    Test {
        #[command(flatten)]
        kind: Kind,
    },
    /// Serves a stack until Ctrl-C, and prints its URL and keys.
    Stack {
        /// Makes the database anew.
        #[arg(long)]
        reset: bool,
        #[command(flatten)]
        kind: Kind,
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
    /// Measures what the crates cost beyond reqwest and serde_json by hand, and writes docs/benchmarks.md; valgrind counts
    /// instructions and heap calls.
    Bench(bench::Options),
    /// Makes every kind of call under every fault, and compares with crates/faults/expected.md; 16 seconds.
    Faults {
        /// How many run side by side; with 1, a socket that stays open is blamed on its call.
        #[arg(long)]
        jobs: Option<u32>,
        /// Only those whose names have this part, for example `download, stall`.
        #[arg(long)]
        only: Option<String>,
    },
    /// Runs the tests in Node.js and in a headless browser, compiled for it, on a stack of their own.
    Wasm {
        /// In Node.js alone.
        #[arg(long, conflicts_with = "browser_only")]
        node_only: bool,
        /// In the browser alone.
        #[arg(long)]
        browser_only: bool,
        /// Compiles with Debian's compiler, also where rustup has the target.
        #[arg(long)]
        debian: bool,
    },
    /// Proves what the crates promise: each alone, small trees, packages that build, no private type in public.
    Check,
}

/// Which stack.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Kind {
    /// The embedded one, or Supabase's own by its command line, which downloads its services [default: embedded].
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// What the embedded stack's database is [default: pglite].
    #[arg(long, value_enum)]
    driver: Option<stack::Driver>,
    /// What Supabase's own stack runs in [default: auto].
    #[arg(long, value_enum)]
    runtime: Option<stack::Runtime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Profile {
    /// Starts in seconds, and needs Node.js alone.
    Embedded,
    /// The services that a hosted project has.
    Full,
}

/// A stack, with what was said of it.
pub(crate) enum Chosen {
    Embedded(stack::Driver),
    Full(stack::Runtime),
}

impl Kind {
    /// Whether anything was said of it.
    pub(crate) fn is_said(self) -> bool {
        self.profile.is_some() || self.driver.is_some() || self.runtime.is_some()
    }

    pub(crate) fn chosen(self) -> Result<Chosen, String> {
        match (self.profile.unwrap_or(Profile::Embedded), self.driver, self.runtime) {
            (Profile::Embedded, driver, None) => {
                Ok(Chosen::Embedded(driver.unwrap_or(stack::Driver::Pglite)))
            }
            (Profile::Full, None, runtime) => Ok(Chosen::Full(runtime.unwrap_or(stack::Runtime::Auto))),
            (Profile::Embedded, ..) => Err("`--runtime` is for `--profile full`".to_owned()),
            (Profile::Full, ..) => {
                Err("`--driver` is for the embedded stack, not for `--profile full`".to_owned())
            }
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo { example, arguments } => demo::run(&example, &arguments).await,
        Command::Test { kind } => test::run(kind).await,
        Command::Stack { reset, kind } => serve(reset, kind).await,
        Command::Docs { check } => docs::run(check),
        Command::Api { check, crates } => api::run(check, &crates).await,
        Command::Capabilities => capabilities::run(),
        Command::Bench(options) => bench::run(options).await,
        Command::Faults { jobs, only } => faults::run(jobs, only).await,
        Command::Wasm { node_only, browser_only, debian } => {
            wasm::run(wasm::Choice { node: !browser_only, browser: !node_only, debian }).await
        }
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

async fn serve(reset: bool, kind: Kind) -> Outcome {
    match kind.chosen()? {
        Chosen::Embedded(driver) => {
            let options = stack::Options {
                reset,
                data: stack::DataDir::Development,
                port: stack::PortChoice::Preferred54321,
                driver,
            };
            Ok(stack::run_foreground(options).await?)
        }
        Chosen::Full(runtime) => Ok(stack::run_full_foreground(&run::root(), runtime, reset).await?),
    }
}
