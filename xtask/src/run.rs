//! Running cargo, and saying what is run.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use tokio::process::Command;

use crate::Outcome;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let package =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().unwrap_or(&package).to_owned()
}

/// `cargo`, in the folder of the workspace. A stack that the environment names is hidden from it, so that only the
/// tests that are meant to speak to one do.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()).stdin(Stdio::null()).kill_on_drop(true);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("SUPABASE_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end, with a line before and a line after.
pub(crate) async fn step(title: &str, mut command: Command) -> Outcome {
    eprintln!("\n── {title}");
    let begun = Instant::now();
    let status = command.status().await.map_err(|error| format!("{title}: cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("{title} failed").into());
    }
    eprintln!("── {title}: ok after {:.0} s", begun.elapsed().as_secs_f32());
    Ok(())
}

/// Runs a command to its end and answers with what it printed, whether it succeeded or not.
pub(crate) async fn output(mut command: Command) -> Result<(bool, String), String> {
    let output = command.output().await.map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), text))
}

/// The crates in the tree of a package, itself included, each with its version. `cargo` says where.
pub(crate) async fn tree(mut cargo: Command, package: &str) -> Result<BTreeSet<String>, String> {
    cargo.args(["tree", "--package", package, "--edges", "normal", "--prefix", "none"]);
    let (ok, text) = output(cargo).await?;
    if !ok {
        return Err(format!("the tree of {package} cannot be read:\n{text}"));
    }
    let lines = text.lines().filter(|line| line.contains(" v"));
    Ok(lines.map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect())
}

/// All files below `folder` with this ending, sorted; what git ignores is left out by its names.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | ".git" | ".stack" | "node_modules") {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
