//! Programs from Debian's packages, unpacked into a folder of this workspace: nothing is installed, and nobody has to be root.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::{home, on_path};
use crate::run::output;

/// The packages of the system's own sources.
pub(super) struct Debian {
    folder: PathBuf,
}

impl Debian {
    /// # Errors
    /// This is not a Debian.
    pub(super) fn new() -> Result<Self, String> {
        for program in ["apt-get", "dpkg"] {
            if on_path(program).is_none() {
                return Err(format!("there is no {program} that would get it from Debian's packages"));
            }
        }
        Ok(Self { folder: home()?.join("apt") })
    }

    /// Unpacks packages, with those of their dependencies that the system lacks, and answers with the folder. What was
    /// unpacked by an earlier run is used as it is.
    ///
    /// # Errors
    /// They cannot be had.
    pub(super) async fn unpacked(&self, name: &str, packages: &[&str]) -> Result<PathBuf, String> {
        let target = home()?.join(name);
        if target.is_dir() {
            return Ok(target);
        }
        eprintln!("\n── {} from Debian's packages, into {}", packages.join(", "), target.display());
        let downloads = self.folder.join("downloads");
        // What an earlier run left unfinished.
        let unfinished = target.with_extension("unfinished");
        for folder in [&downloads, &unfinished] {
            remove(folder)?;
            create(folder)?;
        }
        let all = self.needed(packages).await?;
        eprintln!("{} packages …", all.len());
        let mut download = self.apt(&["download"]);
        download.args(&all).current_dir(&downloads);
        run(download, "packages cannot be downloaded").await?;
        for file in files_in(&downloads)? {
            let mut unpack = Command::new("dpkg");
            unpack.arg("--extract").arg(&file).arg(&unfinished);
            run(unpack, "a package cannot be unpacked").await?;
        }
        remove(&downloads)?;
        fs::rename(&unfinished, &target).map_err(|error| format!("{}: {error}", target.display()))?;
        Ok(target)
    }

    /// Which packages have to be had for these: themselves, and what the system lacks.
    async fn needed(&self, packages: &[&str]) -> Result<Vec<String>, String> {
        for folder in ["state/lists/partial", "cache/archives/partial"] {
            create(&self.folder.join(folder))?;
        }
        // Lists of our own: the system's may be old, and then name files that are gone.
        run(self.apt(&["update"]), "the lists of Debian's packages cannot be had").await?;
        let mut plan = self.apt(&["--print-uris", "--yes", "--no-install-recommends", "install"]);
        plan.args(packages);
        let plan = run(plan, "Debian does not have these packages").await?;
        let files =
            plan.lines().filter(|line| line.starts_with('\'')).filter_map(|line| line.split(' ').nth(1));
        let names: Vec<_> = files.filter_map(|file| file.split('_').next()).map(str::to_owned).collect();
        let missing: Vec<_> =
            packages.iter().filter(|package| !names.iter().any(|name| name == *package)).collect();
        if missing.is_empty() {
            Ok(names)
        } else {
            Err(format!("apt-get has no plan for {missing:?}: {plan}"))
        }
    }

    fn apt(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("apt-get");
        for (name, path) in [
            ("Dir::State", self.folder.join("state")),
            ("Dir::State::status", "/var/lib/dpkg/status".into()),
            ("Dir::Cache", self.folder.join("cache")),
        ] {
            command.arg("-o").arg(format!("{name}={}", path.display()));
        }
        // Root would hand the download to a user who may not write here.
        command.args(["-o", "APT::Sandbox::User=root", "-q", "-q"]).args(arguments);
        command
    }
}

/// Writes a script that runs a program of unpacked packages, and answers with its path.
///
/// # Errors
/// It cannot be written.
pub(super) fn script(unpacked: &Path, program: &str) -> Result<PathBuf, String> {
    let path = unpacked.join(program);
    let name = path.file_name().ok_or_else(|| format!("{program} is no program"))?;
    let folder = unpacked.join("scripts");
    create(&folder)?;
    let script = folder.join(name);
    let libraries: Vec<_> = libraries(unpacked).iter().map(|folder| folder.display().to_string()).collect();
    let text = format!(
        "#!/bin/sh\nexport LD_LIBRARY_PATH={}\nexec {} \"$@\"\n",
        quoted(&libraries.join(":")),
        quoted(&path.display().to_string())
    );
    fs::write(&script, text).map_err(|error| format!("{}: {error}", script.display()))?;
    make_executable(&script).map_err(|error| format!("{}: {error}", script.display()))?;
    Ok(script)
}

#[cfg(unix)]
fn make_executable(script: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(script, fs::Permissions::from_mode(0o755))
}

/// There is no Debian where there are no such permissions.
#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The folders of libraries: those of the architecture, and the ones below that some programs have for themselves.
fn libraries(unpacked: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> =
        ["usr/lib", "lib"].map(|lib| unpacked.join(lib).join(format!("{ARCH}-linux-gnu"))).into();
    let below: Vec<_> = folders.iter().filter_map(|folder| files_in(folder).ok()).flatten().collect();
    let has_libraries = |folder: &PathBuf| {
        let files = files_in(folder).unwrap_or_default();
        files.iter().any(|file| file.to_string_lossy().contains(".so"))
    };
    folders.extend(below.into_iter().filter(|path| path.is_dir()).filter(has_libraries));
    folders
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub(super) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(|error| error.to_string())).collect()
}

fn create(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

pub(super) fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

async fn run(mut command: Command, failure: &str) -> Result<String, String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    match output(command).await? {
        (true, said) => Ok(said),
        (false, said) => Err(format!("{failure}: {}", said.trim())),
    }
}
