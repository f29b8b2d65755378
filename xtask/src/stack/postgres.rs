//! A PostgreSQL server of the stack's own, of the programs that this machine has: made in the stack's data folder, on a port of
//! the loopback address, and ended with the stack.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{sleep, timeout};

use super::{Failure, Paths};

/// The oldest version that takes the migrations: they have `create or replace trigger`.
const OLDEST: u32 = 14;

/// The programs that a server needs.
const PROGRAMS: [&str; 2] = ["initdb", "postgres"];

/// How long the server may take to begin to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server has no eye on us, so a shell has: it interrupts the server when its own input ends, however that happens.
const WATCH: &str =
    r#"exec 3<&0; "$@" & server=$!; (cat <&3 >/dev/null; kill -INT $server 2>/dev/null) & wait $server"#;

/// What a database that may be lost needs not wait for, and who may come in.
const SETTINGS: [&str; 6] = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "timezone=UTC",
];

/// A server that answers.
#[derive(Debug)]
pub(super) struct Server {
    watch: Child,
    /// Never written to: its end is the server's.
    stdin: Option<ChildStdin>,
    port: u16,
    password: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Makes a cluster if there is none, and starts it.
    pub(super) async fn start(paths: &Paths) -> Result<Self, Failure> {
        if cfg!(windows) {
            return Err(Failure::new("A PostgreSQL server of the stack's own needs Linux or macOS."));
        }
        let programs = programs()?;
        let owner = Owner::find().await?;
        let version = version(&programs).await?;
        let (cluster, password) = (paths.data.join("cluster"), paths.data.join("password"));
        let log = paths.data.join("postgres.log");
        if !cluster.join("PG_VERSION").exists() || !password.exists() {
            create(&programs, owner, &cluster, &password, &log).await?;
        }
        same_version(&version, &cluster)?;

        let port = free_port()?;
        let output = File::create(&log).map_err(|error| Failure::file("write", &log, error))?;
        let errors = output.try_clone().map_err(|error| Failure::file("write", &log, error))?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", WATCH, "sh"]).arg(programs.join("postgres"));
        command.arg("-D").arg(&cluster).args(["-p", &port.to_string()]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // In a group of its own, so that Ctrl-C in a terminal reaches those first who use the server.
        #[cfg(unix)]
        command.process_group(0);
        owner.apply(&mut command);
        let mut watch = command
            .current_dir(&paths.data)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|error| {
                Failure::new(format!("PostgreSQL cannot be started: {error}.{}", owner.hint(&paths.data)))
            })?;
        let stdin = watch.stdin.take();
        let mut server = Self { watch, stdin, port, password, log };
        server.answers(&cluster).await?;
        Ok(server)
    }

    /// What the program is told; `settings.ts` describes it.
    pub(super) fn settings(&self) -> Value {
        json!({ "port": self.port, "passwordFile": self.password })
    }

    /// Ends the server, and waits for that.
    pub(super) async fn stop(mut self) {
        drop(self.stdin.take());
        if timeout(PATIENCE, self.watch.wait()).await.is_err() {
            eprintln!("PostgreSQL does not stop: see {}.", self.log.display());
        }
    }

    /// Waits until the server says that it is ready: in its own file, as its port listens before.
    async fn answers(&mut self, cluster: &Path) -> Result<(), Failure> {
        let begun = Instant::now();
        let file = cluster.join("postmaster.pid");
        loop {
            if let Ok(Some(status)) = self.watch.try_wait() {
                return Err(Failure::with_log(format!("PostgreSQL does not start ({status})."), &self.log));
            }
            let told = fs::read_to_string(&file).unwrap_or_default();
            let lines: Vec<_> = told.lines().map(str::trim).collect();
            let port = self.port.to_string();
            if let [_, _, _, told_port, _, _, _, "ready", ..] = lines.as_slice()
                && *told_port == port
            {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(Failure::with_log("PostgreSQL starts, but does not answer.", &self.log));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// As whom the server runs: it refuses to be root.
#[derive(Debug, Clone, Copy)]
struct Owner {
    /// Only set if we are root.
    other: Option<Account>,
}

#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(unix), allow(dead_code, reason = "there are no such numbers"))]
struct Account {
    user: u32,
    group: u32,
}

impl Owner {
    async fn find() -> Result<Self, Failure> {
        if id(&["-u"]).await? != Some(0) {
            return Ok(Self { other: None });
        }
        let (user, group) = (id(&["-u", "postgres"]).await?, id(&["-g", "postgres"]).await?);
        let (Some(user), Some(group)) = (user, group) else {
            return Err(Failure::new(
                "PostgreSQL refuses to run as root, and this machine has no user `postgres` that it could run as. \
                 Run this as another user than root.",
            ));
        };
        Ok(Self { other: Some(Account { user, group }) })
    }

    /// Lets a command run as the owner, without the groups that we are in.
    fn apply(self, command: &mut Command) {
        #[cfg(unix)]
        if let Some(Account { user, group }) = self.other {
            command.uid(user).gid(group);
        }
        #[cfg(not(unix))]
        let _ = command;
    }

    /// Gives a file or folder to the owner.
    fn give(self, path: &Path) -> Result<(), Failure> {
        #[cfg(unix)]
        if let Some(Account { user, .. }) = self.other {
            return std::os::unix::fs::chown(path, Some(user), None)
                .map_err(|error| Failure::file("give away", path, error));
        }
        let _ = path;
        Ok(())
    }

    /// What stands behind a failure if it may be that of another user: a program that is started enters its folder as
    /// that user, so that even the start fails.
    fn hint(self, folder: &Path) -> String {
        if self.other.is_none() {
            return String::new();
        }
        format!(
            " It runs as the user `postgres`, who has to reach {}: run this as another user than root, or elsewhere.",
            folder.display()
        )
    }
}

/// The number of a user or a group, as `id` tells it; nothing if there is no such user.
async fn id(arguments: &[&str]) -> Result<Option<u32>, Failure> {
    let output = Command::new("id").args(arguments).stdin(Stdio::null()).output().await;
    let output = output.map_err(|error| Failure::new(format!("`id` does not run: {error}.")))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

/// The folder of the programs: one that `PATH` names, or the newest version where packages put them.
fn programs() -> Result<PathBuf, Failure> {
    let has_all = |folder: &PathBuf| PROGRAMS.iter().all(|program| folder.join(program).is_file());
    let path = env::var_os("PATH").unwrap_or_default();
    if let Some(found) = env::split_paths(&path).find(|folder| has_all(folder)) {
        return Ok(found);
    }
    let mut found = Vec::new();
    for (folder, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(prefix)?.parse::<u32>().ok());
            let programs = entry.path().join("bin");
            if let Some(version) = version.filter(|_| has_all(&programs)) {
                found.push((version, programs));
            }
        }
    }
    found.into_iter().max().map(|(_, programs)| programs).ok_or_else(|| {
        Failure::new(
            "This machine has no PostgreSQL server: `initdb` and `postgres` were not found. Install one, such as \
             the package `postgresql`, or put the folder of its programs into PATH. Without `--driver postgres`, the \
             stack needs none.",
        )
    })
}

/// Makes a cluster whose superuser has a password that is new, and in a file that nobody else reads.
async fn create(
    programs: &Path,
    owner: Owner,
    cluster: &Path,
    password: &Path,
    log: &Path,
) -> Result<(), Failure> {
    eprintln!("Making a PostgreSQL cluster …");
    for path in [cluster, password] {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::file("remove", path, error));
            }
            _ => {}
        }
    }
    fs::create_dir_all(cluster).map_err(|error| Failure::file("create", cluster, error))?;
    owner.give(cluster)?;
    write_secret(password)?;
    owner.give(password)?;

    let mut command = Command::new(programs.join("initdb"));
    command.arg("-D").arg(cluster).arg("--pwfile").arg(password);
    command.args([
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    let ctype = if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" };
    command.arg(format!("--lc-ctype={ctype}"));
    owner.apply(&mut command);
    let folder = cluster.parent().unwrap_or(cluster);
    let output = command.current_dir(folder).stdin(Stdio::null()).output().await;
    let output = output.map_err(|error| {
        let program = programs.join("initdb");
        Failure::new(format!("Cannot run {}: {error}.{}", program.display(), owner.hint(folder)))
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    fs::write(log, said).map_err(|error| Failure::file("write", log, error))?;
    // A half-made cluster would be taken for one.
    let _ = fs::remove_dir_all(cluster);
    Err(Failure::with_log(format!("initdb fails in {}.{}", cluster.display(), owner.hint(folder)), log))
}

fn write_secret(path: &Path) -> Result<(), Failure> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let secret = uuid::Uuid::new_v4().simple().to_string();
    let written = options.open(path).and_then(|mut file| writeln!(file, "{secret}"));
    written.map_err(|error| Failure::file("write", path, error))
}

/// What the server says of its version, such as `postgres (PostgreSQL) 15.6`; an error if it is too old.
async fn version(programs: &Path) -> Result<String, Failure> {
    let postgres = programs.join("postgres");
    let output = Command::new(&postgres).arg("--version").stdin(Stdio::null()).output().await;
    let output = output.map_err(|error| Failure::file("run", &postgres, error))?;
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    new_enough(&told)?;
    eprintln!("The database is {told}.");
    Ok(told)
}

fn new_enough(told: &str) -> Result<(), Failure> {
    match major(told) {
        Some(OLDEST..) => Ok(()),
        _ => Err(Failure::new(format!(
            "The stack needs PostgreSQL {OLDEST} or newer, and this machine has {told}. Put the folder of a newer one's \
             programs into PATH."
        ))),
    }
}

/// The number that counts in what a server says of its version, which may be a beta's: `postgres (PostgreSQL) 18beta1`.
fn major(told: &str) -> Option<u32> {
    let version = told.split(' ').find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    version.split(|digit: char| !digit.is_ascii_digit()).next()?.parse().ok()
}

/// A cluster of another version cannot be opened; the error says what to do.
fn same_version(told: &str, cluster: &Path) -> Result<(), Failure> {
    let made = fs::read_to_string(cluster.join("PG_VERSION")).unwrap_or_default();
    let made = made.trim();
    if major(told).is_some_and(|version| version.to_string() == made) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} was made by PostgreSQL {made}, and this machine has {told}. Remove that folder.",
        cluster.display(),
    )))
}

/// A port that was free just now.
fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener
        .map(|address| address.port())
        .map_err(|error| Failure::new(format!("Cannot listen on 127.0.0.1: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_is_refused() {
        for told in [
            "postgres (PostgreSQL) 14.0",
            "postgres (PostgreSQL) 15.6 (Debian 15.6-1)",
            "postgres (PostgreSQL) 18beta1",
        ] {
            assert!(new_enough(told).is_ok(), "{told}");
        }
        for told in ["postgres (PostgreSQL) 13.22", "postgres (PostgreSQL) 9.6.24", ""] {
            let error = new_enough(told).unwrap_err().to_string();
            assert!(error.starts_with("The stack needs PostgreSQL 14 or newer"), "{error}");
        }
    }
}
