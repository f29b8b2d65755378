//! The programs of `crates/bench`: building, starting and reading them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::run::{cargo, step};

/// Where everything is.
pub(super) struct Programs {
    /// For what the measuring leaves behind.
    pub(super) folder: PathBuf,
    pub(super) server: PathBuf,
    client: PathBuf,
    pub(super) select_ours: PathBuf,
    pub(super) select_raw: PathBuf,
}

impl Programs {
    /// Builds all of them, as a release is built.
    pub(super) async fn build() -> Result<Self, Box<dyn std::error::Error>> {
        let measured =
            ["build", "--release", "--package", "bench", "--bin", "bench-server", "--bin", "bench-client"];
        step("Build", cargo(&measured)).await?;
        for program in ["select-ours", "select-raw"] {
            // Stripped by the linker of this program alone, so that nothing else is built again.
            let stripped = ["--", "-C", "strip=symbols"];
            let mut arguments = vec!["rustc", "--release", "--package", "bench", "--bin", program];
            // With no more than they ask for themselves.
            arguments.push("--no-default-features");
            arguments.extend(stripped);
            step(&format!("Build of {program}, stripped"), cargo(&arguments)).await?;
        }
        let metadata = printed(cargo(&["metadata", "--no-deps", "--format-version", "1"])).await?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
        let target = metadata.get("target_directory").and_then(|target| target.as_str());
        let target = PathBuf::from(target.ok_or("cargo does not say where it builds")?);
        let folder = target.join("bench");
        std::fs::create_dir_all(&folder)?;
        let program =
            |name: &str| target.join("release").join(name).with_extension(std::env::consts::EXE_EXTENSION);
        Ok(Self {
            folder,
            server: program("bench-server"),
            client: program("bench-client"),
            select_ours: program("select-ours"),
            select_raw: program("select-raw"),
        })
    }

    /// The measured program, not yet started.
    pub(super) fn client(&self, workload: &str, who: &str, operations: usize, server: &Server) -> Command {
        command(&self.client, &[workload, who, &operations.to_string()], server)
    }
}

/// A program that measures at a server, not yet started.
pub(super) fn command(program: &Path, arguments: &[&str], server: &Server) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(&server.address).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The canned server. It ends when this is dropped.
pub(super) struct Server {
    address: String,
    _process: Child,
}

impl Server {
    pub(super) async fn start(program: &Path) -> Result<Self, String> {
        let fault = |error: std::io::Error| format!("{}: {error}", program.display());
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(fault)?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let address = BufReader::new(output).lines().next_line().await.map_err(fault)?;
        let address = address.ok_or("the server ended without saying its address")?;
        Ok(Self { address, _process: process })
    }
}

/// Runs a command to its end and answers with what it printed.
pub(super) async fn printed(mut command: Command) -> Result<String, String> {
    let output = command.output().await.map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{command:?}: {error}"))
}
