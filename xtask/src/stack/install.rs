//! Installs the stack's packages, among them Deno, with npm.

use std::env::consts::{ARCH, OS};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::time::{interval, sleep};

use super::{Failure, Lock, Paths};

/// The oldest Node.js whose npm reads our lock.
const OLDEST_NODE: u32 = 18;

pub(super) const NPM_REMEDY: &str =
    "Install Node.js 18 or newer, which brings npm, from https://nodejs.org and try again.";

/// On Windows npm is a script, which has to be named in full.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// How often to say that npm is still at work.
const PROGRESS: Duration = Duration::from_secs(3);

/// Makes sure that exactly the packages of the repository's lock are installed, and returns where Deno is.
pub(super) async fn ensure(paths: &Paths) -> Result<PathBuf, Failure> {
    let deno = paths.home.join("node_modules").join("@deno").join(platform()?).join(deno_name());
    let source = paths.package_lock();
    let wanted = fs::read(&source).map_err(|error| Failure::file("read", &source, error))?;
    // A copy of the lock, written when npm succeeded: tells what is installed, and that it is complete.
    let mark = paths.home.join("installed-lock.json");
    let installed = || deno.exists() && fs::read(&mark).is_ok_and(|found| found == wanted);
    if installed() {
        return Ok(deno);
    }

    let _lock = wait_for_lock(&paths.home.join("install.lock")).await?;
    if !installed() {
        check_node().await?;
        remove(&mark)?;
        copy(&paths.program.join("package.json"), &paths.home.join("package.json"))?;
        copy(&source, &paths.home.join("package-lock.json"))?;
        npm_ci(&paths.home).await?;
        fs::write(&mark, &wanted).map_err(|error| Failure::file("write", &mark, error))?;
    }
    if !deno.exists() {
        return Err(Failure::new(format!(
            "npm installed no Deno for this machine: there is no {}.",
            deno.display()
        )));
    }
    Ok(deno)
}

/// The name of Deno's npm package for this machine.
fn platform() -> Result<&'static str, Failure> {
    match (OS, ARCH) {
        ("linux", "x86_64") => Ok("linux-x64-glibc"),
        ("linux", "aarch64") => Ok("linux-arm64-glibc"),
        ("macos", "x86_64") => Ok("darwin-x64"),
        ("macos", "aarch64") => Ok("darwin-arm64"),
        ("windows", "x86_64") => Ok("win32-x64"),
        ("windows", "aarch64") => Ok("win32-arm64"),
        _ => Err(Failure::new(format!("The stack needs Deno, which does not exist for {OS} on {ARCH}."))),
    }
}

/// The binary itself: the script beside it would stay between us and the process we have to end.
fn deno_name() -> &'static str {
    if cfg!(windows) { "deno.exe" } else { "deno" }
}

async fn wait_for_lock(path: &Path) -> Result<Lock, Failure> {
    let mut told = false;
    loop {
        if let Some(lock) = Lock::try_take(path)? {
            return Ok(lock);
        }
        if !told {
            eprintln!("Another process installs the stack's packages; waiting for it …");
            told = true;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Fails unless Node.js is new enough and npm is there.
async fn check_node() -> Result<(), Failure> {
    let node = version("node").await?;
    let major = node.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST_NODE) {
        return Err(Failure::new(format!("Node.js {node} is too old for the stack. {NPM_REMEDY}")));
    }
    version(NPM).await?;
    Ok(())
}

/// What a program says to `--version`.
pub(super) async fn version(program: &str) -> Result<String, Failure> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().await;
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(output) => {
            Err(Failure::new(format!("`{program} --version` fails ({}). {NPM_REMEDY}", output.status)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failure::new(format!("The stack needs npm, but `{program}` was not found. {NPM_REMEDY}")))
        }
        Err(error) => Err(Failure::new(format!("`{program}` does not run: {error}. {NPM_REMEDY}"))),
    }
}

/// Installs what the lock in `home` names, and says every few seconds that it still does.
async fn npm_ci(home: &Path) -> Result<(), Failure> {
    let begun = Instant::now();
    let log_path = home.join("npm.log");
    let log = File::create(&log_path).map_err(|error| Failure::file("write", &log_path, error))?;
    let log_too = log.try_clone().map_err(|error| Failure::file("write", &log_path, error))?;
    eprintln!("Installing the stack's packages with npm (needed once, about 240 MB) …");
    let mut npm = Command::new(NPM)
        .args(["ci", "--ignore-scripts", "--no-fund", "--no-audit"])
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(log_too)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Failure::new(format!("`{NPM}` does not run: {error}. {NPM_REMEDY}")))?;

    let mut progress = interval(PROGRESS);
    progress.tick().await;
    let status = loop {
        tokio::select! {
            status = npm.wait() => break status,
            _ = progress.tick() => eprintln!("  npm has been at work for {} s …", begun.elapsed().as_secs()),
        }
    };
    match status {
        Ok(status) if status.success() => {
            eprintln!("npm finished after {:.1} s.", begun.elapsed().as_secs_f32());
            Ok(())
        }
        Ok(status) => {
            Err(Failure::with_log(format!("npm could not install the packages ({status})."), &log_path))
        }
        Err(error) => Err(Failure::new(format!("Cannot wait for npm: {error}."))),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).map_err(|error| Failure::file("copy", from, error))
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::file("remove", path, error)),
        _ => Ok(()),
    }
}
