//! A compiler for the browser's machine: rustup's where it has the target, or Debian's.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::debian::{self, Debian};
use super::home;
use crate::run::{output, root};

/// What is built for.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// How long rustup may try to get it.
const PATIENCE: Duration = Duration::from_secs(3 * 60);

/// The folder in which Debian's compiler is unpacked.
const FOLDER: &str = "rust";

/// The compiler.
pub(super) enum Toolchain {
    /// The one that builds everything else.
    Own,
    /// Debian's, which has the sources of its standard library: that is built as well, by rustup's cargo and linker.
    Debian { rustc: PathBuf, rustdoc: PathBuf, linker: PathBuf },
}

impl Toolchain {
    /// Finds one, or gets it.
    ///
    /// # Errors
    /// There is none to be had.
    pub(super) async fn find(debian: bool) -> Result<Self, String> {
        if debian {
            return Self::debian().await;
        }
        if has_target().await? {
            return Ok(Self::Own);
        }
        if home()?.join(FOLDER).is_dir() {
            return Self::debian().await;
        }
        let Err(by_rustup) = add_target().await else { return Ok(Self::Own) };
        eprintln!("{by_rustup}; trying Debian's packages");
        Self::debian().await.map_err(|by_debian| {
            format!("The target {TARGET} cannot be had: {by_rustup}, and {by_debian}. Try `rustup target add {TARGET}`.")
        })
    }

    async fn debian() -> Result<Self, String> {
        // Newer than the compiler of Debian's other packages: browsers of its old releases need it.
        let unpacked = Debian::new()?.unpacked(FOLDER, &["rustc-web", "rust-web-src"]).await?;
        // Of the sources, only those of the standard library are needed: a third of a gigabyte is not.
        for sources in debian::files_in(&unpacked.join("usr/src"))? {
            for folder in debian::files_in(&sources)?.iter().filter(|path| path.is_dir()) {
                if !folder.ends_with("library") {
                    debian::remove(folder)?;
                }
            }
        }
        let sysroot: PathBuf = rustc(&["--print", "sysroot"]).await?.into();
        let host = rustc(&["--print", "host-tuple"]).await?;
        let linker = sysroot.join("lib").join("rustlib").join(host).join("bin").join("rust-lld");
        if !linker.is_file() {
            return Err(format!("there is no linker at {}", linker.display()));
        }
        let script =
            |program: &str| debian::script(&unpacked, &Path::new("usr/bin").join(program).to_string_lossy());
        Ok(Self::Debian { rustc: script("rustc")?, rustdoc: script("rustdoc")?, linker })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Own => "the compiler of this workspace",
            Self::Debian { .. } => "Debian's compiler",
        }
    }

    /// Has cargo use it.
    pub(super) fn set(&self, command: &mut Command) {
        if let Self::Debian { rustc, rustdoc, linker } = self {
            command
                .arg("-Zbuild-std=std,panic_abort")
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTC", rustc)
                .env("RUSTDOC", rustdoc)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
    }
}

/// Whether the compiler of this workspace has a standard library for the target.
async fn has_target() -> Result<bool, String> {
    let folder = rustc(&["--print", "target-libdir", "--target", TARGET]).await?;
    Ok(Path::new(&folder).is_dir())
}

async fn add_target() -> Result<(), String> {
    eprintln!("\n── rustup target add {TARGET}");
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(root()).stdin(Stdio::null()).kill_on_drop(true);
    match timeout(PATIENCE, output(rustup)).await {
        Err(_) => Err(format!("rustup did not get it within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => Err(error),
        Ok(Ok((true, _))) if has_target().await? => Ok(()),
        Ok(Ok((_, said))) => {
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
            Err(format!("rustup does not have it ({})", last.trim()))
        }
    }
}

/// What the compiler of this workspace answers.
async fn rustc(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    match output(command).await? {
        (true, said) => Ok(said.trim().to_owned()),
        (false, said) => Err(format!("rustc {} fails: {said}", arguments.join(" "))),
    }
}
