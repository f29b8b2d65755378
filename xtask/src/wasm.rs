//! `cargo xtask wasm`: the services in Node.js and in a browser, on a stack of their own.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::Outcome;
use crate::run::{cargo, output, root, step};
use crate::stack::{self, DataDir, Driver, Options, PortChoice, StopSignals};
use browser::Browser;
use toolchain::Toolchain;

mod browser;
mod debian;
mod runner;
mod toolchain;

/// The bucket of the tests: a page has no key that may make one.
const BUCKET: &str = "wasm-tests";

/// How long the tests may take in one place. They take seconds.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// The oldest Node.js that has websockets, by `--experimental-websocket`.
const OLDEST_NODE: (u32, u32) = (20, 10);

/// The oldest Node.js that has them without being told to.
const NODE_WITH_WEBSOCKETS: (u32, u32) = (22, 0);

/// What is asked for on the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) node: bool,
    pub(crate) browser: bool,
    /// Debian's compiler even where rustup has the target.
    pub(crate) debian: bool,
}

/// How the tests went in one place.
struct Result {
    place: String,
    /// The runner's last line: `ok. 26 passed; 0 failed; …`.
    summary: Option<String>,
    passed: bool,
    took: Duration,
}

/// Gets what is missing, starts a stack, runs the tests in each place, stops the stack.
pub(crate) async fn run(choice: Choice) -> Outcome {
    let begun = Instant::now();
    // What cannot be had is said before anything takes long.
    let node = if choice.node { Some(node().await?) } else { None };
    let toolchain = Toolchain::find(choice.debian).await?;
    let browser = if choice.browser { Some(Browser::find().await?) } else { None };
    let runner = runner::ensure().await?;
    lint(&toolchain).await?;

    eprintln!("\n── A stack for the tests");
    let options =
        Options { reset: true, data: DataDir::Wasm, port: PortChoice::Free, driver: Driver::Pglite };
    // Who wants no more of it wants neither the stack nor the browser.
    let mut signals = StopSignals::new()?;
    let mut stack = tokio::select! {
        started = stack::start(options) => started?,
        () = signals.received() => return Err("stopped".into()),
    };
    let address = Address {
        url: stack.url.clone(),
        anon_key: stack.anon_key,
        service_role_key: stack.service_role_key,
    };
    let tests = Tests { toolchain, runner, address };
    let outcome = tokio::select! {
        outcome = on_stack(&tests, node, browser) => outcome,
        failure = stack.exited() => Err(failure.into()),
        () = signals.received() => Err("stopped".into()),
    };
    let outcome = match outcome {
        Ok(results) => report(&results, begun.elapsed()),
        Err(error) => Err(error),
    };
    stack.stop().await;
    outcome
}

/// How the tests are built and run.
struct Tests {
    toolchain: Toolchain,
    runner: PathBuf,
    address: Address,
}

/// Where the stack is.
struct Address {
    url: String,
    anon_key: &'static str,
    service_role_key: &'static str,
}

impl Tests {
    /// `cargo test` of the program.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo_on_program("test");
        command.args(arguments);
        self.toolchain.set(&mut command);
        command
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &self.runner)
            .env("SUPABASE_URL", &self.address.url)
            .env("SUPABASE_ANON_KEY", self.address.anon_key);
        command
    }
}

/// A command of cargo on the program, compiled for the browser's machine.
fn cargo_on_program(command: &str) -> Command {
    let mut command = cargo(&[command, "--package", "wasm-tests", "--test", "services"]);
    command.args(["--target", toolchain::TARGET, "--target-dir", "target/wasm"]);
    // Lines of sources in a page's backtraces would make the program twice as large.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_TEST_DEBUG", "0");
    command
}

/// The lints of the program and of the crates that it stands on. What these have for this target alone is seen by no other command.
async fn lint(toolchain: &Toolchain) -> Outcome {
    match toolchain {
        Toolchain::Own => {
            let mut clippy = cargo_on_program("clippy");
            clippy.args(["--", "--deny", "warnings"]);
            step("Lints", clippy).await
        }
        Toolchain::Debian { .. } => {
            eprintln!("\n── Lints are left out: {} has none", toolchain.name());
            Ok(())
        }
    }
}

async fn on_stack(
    tests: &Tests,
    node: Option<Node>,
    browser: Option<Browser>,
) -> std::result::Result<Vec<Result>, Box<dyn std::error::Error>> {
    make_bucket(&tests.address).await?;
    let title = format!("Building the tests with {}", tests.toolchain.name());
    step(&title, tests.cargo(&["--no-run"])).await?;
    let mut results = Vec::new();
    if let Some(node) = node {
        let mut command = tests.cargo(&[]);
        command.env("NODE_ARGS", node.arguments);
        results.push(in_place(node.name, command).await?);
    }
    if let Some(browser) = browser {
        let mut command = tests.cargo(&[]);
        browser.set(&mut command)?;
        let result = in_place(browser.name().to_owned(), command).await;
        browser.forget();
        results.push(result?);
    }
    Ok(results)
}

async fn make_bucket(stack: &Address) -> Outcome {
    let answer = reqwest::Client::new()
        .post(format!("{}/storage/v1/bucket", stack.url))
        .header("apikey", stack.service_role_key)
        .json(&json!({ "id": BUCKET, "name": BUCKET }))
        .send()
        .await?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(format!("the bucket of the tests cannot be made: {}", answer.text().await?).into())
}

/// Runs the tests, and passes on what they print.
async fn in_place(
    place: String,
    mut command: Command,
) -> std::result::Result<Result, Box<dyn std::error::Error>> {
    eprintln!("\n── Tests in {place}");
    let begun = Instant::now();
    // Cargo starts the runner, and this one the browser: in one group, they can be ended together.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    // Dropped before its work is done on time-out, on signals, and when the stack ends by itself.
    let mut group = Group(child.id());
    let stdout = child.stdout.take().ok_or("the tests have no output")?;
    let work = async {
        let (mut lines, mut summary) = (BufReader::new(stdout).lines(), None);
        while let Some(line) = lines.next_line().await? {
            eprintln!("{line}");
            if let Some((_, result)) = line.split_once("test result: ") {
                summary = Some(result.to_owned());
            }
        }
        Ok::<_, std::io::Error>((child.wait().await?, summary))
    };
    let Ok(done) = timeout(LIMIT, work).await else {
        return Err(format!("the tests in {place} did not end within {} s", LIMIT.as_secs()).into());
    };
    let (status, summary) = done?;
    group.0 = None;
    // A runner that ran nothing has nothing to say.
    let passed = status.success() && summary.as_deref().is_some_and(|summary| summary.starts_with("ok"));
    Ok(Result { place, summary, passed, took: begun.elapsed() })
}

/// A command, and all that it started, which end with this: killing the command alone would leave a browser.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0.filter(|_| cfg!(unix)) {
            let group = format!("-{leader}");
            let _ = std::process::Command::new("kill").args(["-s", "TERM", "--", &group]).status();
        }
    }
}

/// Prints the table.
///
/// # Errors
/// A test failed.
fn report(results: &[Result], took: Duration) -> Outcome {
    let width = results.iter().map(|result| result.place.len()).max().unwrap_or_default();
    eprintln!("\n{:width$}  tests", "place");
    for Result { place, summary, took, .. } in results {
        let summary = summary.as_deref().unwrap_or("did not come to their end");
        let summary = summary.split("; 0 ignored").next().unwrap_or(summary);
        eprintln!("{place:width$}  {summary}  ({:.0} s)", took.as_secs_f32());
    }
    let failed: Vec<_> =
        results.iter().filter(|result| !result.passed).map(|result| result.place.as_str()).collect();
    if !failed.is_empty() {
        return Err(format!("tests failed in {}", failed.join(" and in ")).into());
    }
    eprintln!("\nAll passed after {:.0} s.", took.as_secs_f32());
    Ok(())
}

/// A Node.js.
struct Node {
    name: String,
    arguments: &'static str,
}

async fn node() -> std::result::Result<Node, String> {
    let mut command = Command::new("node");
    command.arg("--version").stdin(Stdio::null());
    let (major, minor) = OLDEST_NODE;
    let needed = format!("The tests need Node.js {major}.{minor} or newer, from https://nodejs.org");
    let version = match output(command).await {
        Ok((true, version)) => version.trim().to_owned(),
        Ok((false, said)) => return Err(format!("`node --version` fails: {said}. {needed}.")),
        Err(error) => return Err(format!("{error}. {needed}.")),
    };
    match node_arguments(&version) {
        Some(arguments) => Ok(Node { name: format!("Node.js {version}"), arguments }),
        None => Err(format!("Node.js {version} is too old. {needed}.")),
    }
}

/// What a Node.js of this version is told; nothing if it is too old.
fn node_arguments(version: &str) -> Option<&'static str> {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next()?.ok()?, numbers.next()?.ok()?) {
        version if version >= NODE_WITH_WEBSOCKETS => Some(""),
        version if version >= OLDEST_NODE => Some("--experimental-websocket"),
        _ => None,
    }
}

/// Where everything lies that is got for these tests: not a part of the repository, and not of the machine.
fn home() -> std::result::Result<PathBuf, String> {
    let home = root().join(".stack").join("wasm");
    fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    Ok(home)
}

/// The program of this name that a shell would run.
fn on_path(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_without_websockets_is_too_old() {
        for version in ["v18.20.4", "v20.9.0", "", "nonsense"] {
            assert_eq!(node_arguments(version), None, "{version}");
        }
        for version in ["v20.10.0", "v20.20.2", "v21.0.0"] {
            assert_eq!(node_arguments(version), Some("--experimental-websocket"), "{version}");
        }
        assert_eq!(node_arguments("v22.0.0"), Some(""));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_a_command_started_ends_with_it() {
        use tokio::io::AsyncReadExt as _;
        let mut shell = Command::new("/bin/sh");
        // The output ends when the last who has it ends: the shell, and what it started.
        shell.args(["-c", "sleep 60 & echo started; wait"]).stdout(Stdio::piped()).process_group(0);
        let mut shell = shell.spawn().unwrap();
        let (group, mut stdout) = (Group(shell.id()), shell.stdout.take().unwrap());
        assert_eq!(stdout.read_u8().await.unwrap(), b's');
        drop(group);
        let mut rest = String::new();
        timeout(Duration::from_secs(20), stdout.read_to_string(&mut rest)).await.unwrap().unwrap();
        assert_eq!(rest, "tarted\n");
        assert!(!shell.wait().await.unwrap().success());
    }
}
