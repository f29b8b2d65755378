//! What runs a test program for the browser's machine: `wasm-bindgen-test-runner`.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use crate::run::{cargo, output, root, step};

/// Makes sure that it is there, and returns where. It must be of exactly the version that the tests are compiled with.
///
/// # Errors
/// It cannot be built.
pub(super) async fn ensure() -> Result<PathBuf, String> {
    let wanted = version()?;
    let tools = root().join("target").join("wasm-tools");
    let runner = tools.join("bin").join(format!("wasm-bindgen-test-runner{EXE_SUFFIX}"));
    if runner.is_file() && installed(&tools).await.as_deref() == Some(wanted.as_str()) {
        return Ok(runner);
    }
    // Without `--locked`: a version in its lock may be gone from the registry or not be there yet, and then nothing could be
    // built. Optimised, it would take four times as long to build, and save no second.
    let mut install = cargo(&["install", "wasm-bindgen-cli", "--version", &wanted, "--debug", "--force"]);
    install.args(["--config", "profile.dev.debug=0", "--root"]).arg(&tools);
    let built = tools.join("build");
    install.arg("--target-dir").arg(&built);
    let title = format!("Building wasm-bindgen-cli {wanted} (needed once, a minute or two)");
    step(&title, install).await.map_err(|error| error.to_string())?;
    // Half a gigabyte that nobody needs any more.
    let _ = fs::remove_dir_all(built);
    Ok(runner)
}

/// Which version of `wasm-bindgen` the lock has.
fn version() -> Result<String, String> {
    let path = root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"wasm-bindgen\"").skip(1);
    let version = lines.next().and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).ok_or_else(|| format!("{} has no wasm-bindgen", path.display()))
}

/// Which version is installed.
async fn installed(tools: &std::path::Path) -> Option<String> {
    let mut command = Command::new(tools.join("bin").join(format!("wasm-bindgen{EXE_SUFFIX}")));
    command.arg("--version").stdin(Stdio::null());
    let (_, said) = output(command).await.ok()?;
    said.trim().strip_prefix("wasm-bindgen ").map(str::to_owned)
}
