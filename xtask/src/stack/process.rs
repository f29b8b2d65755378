//! The child process that is the stack.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::{ANON_KEY, Failure, JWT_SECRET, Options, Paths, SERVICE_ROLE_KEY};

/// How long the child may take to end by itself. It gives its own requests two seconds.
const STOP_PATIENCE: Duration = Duration::from_secs(8);

/// What the child sees of our environment: what Windows programs need to start at all. Everything else
/// stays here, so that no token in it reaches an Edge Function.
const INHERITED: [&str; 3] = ["SystemRoot", "TEMP", "TMP"];

/// The functions that ask for a token before they are called. The others are as with `verify_jwt = false`.
const PROTECTED_FUNCTIONS: [&str; 1] = ["protected"];

/// A started child.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Never written to: the child serves until this closes, which also our death does.
    stdin: Option<ChildStdin>,
    log: PathBuf,
}

impl Process {
    /// Starts the stack's program.
    pub(super) fn spawn(
        deno: &Path,
        paths: &Paths,
        options: Options,
        url: &str,
        changes_port: u16,
        server: Option<Value>,
    ) -> Result<Self, Failure> {
        let log = File::create(&paths.log).map_err(|error| Failure::file("write", &paths.log, error))?;
        let log_too = log.try_clone().map_err(|error| Failure::file("write", &paths.log, error))?;

        let mut child = Command::new(deno)
            .arg("run")
            .args(["--no-prompt", "--no-remote", "--no-lock", "--allow-net=127.0.0.1"])
            .arg(permission("--allow-read=", &[&paths.program, &paths.functions, &paths.home]))
            .arg(permission("--allow-write=", &[&paths.data, &paths.state]))
            // The environment is emptied below, so this opens nothing.
            .arg("--allow-env")
            .arg("--config")
            .arg(paths.program.join("deno.json"))
            .arg(paths.program.join("main.ts"))
            .arg(settings(paths, options, url, changes_port, server))
            .env_clear()
            .envs(INHERITED.iter().filter_map(|name| Some((name, env::var_os(name)?))))
            .env("DENO_DIR", paths.home.join("deno-cache"))
            .env("DENO_NO_UPDATE_CHECK", "1")
            .env("DO_NOT_TRACK", "1")
            .env("LITE_NON_INTERACTIVE", "1")
            .env("LITE_TELEMETRY", "0")
            .env("NO_COLOR", "1")
            .current_dir(&paths.home)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(log_too)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::file("run", deno, error))?;
        // Taken out because waiting for a child closes the input that it still has.
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, log: paths.log.clone() })
    }

    /// The child's process number, until it has ended.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Fails if the child has ended.
    pub(super) fn check(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(self.ended(status)),
            Ok(None) => Ok(()),
            Err(error) => Err(Failure::new(format!("Cannot watch the stack's process: {error}."))),
        }
    }

    /// Resolves when the child ends without having been asked to.
    pub(super) async fn exited(&mut self) -> Failure {
        match self.child.wait().await {
            Ok(status) => self.ended(status),
            Err(error) => Failure::new(format!("Cannot watch the stack's process: {error}.")),
        }
    }

    /// Asks the child to end, and kills it if it does not.
    pub(super) async fn stop(mut self) {
        drop(self.stdin.take());
        if timeout(STOP_PATIENCE, self.child.wait()).await.is_err() {
            eprintln!("The stack does not stop by itself, so it is killed.");
            let _ = self.child.kill().await;
        }
    }

    /// A failure that names the child's log.
    pub(super) fn failure(&self, message: &str) -> Failure {
        Failure::with_log(message, &self.log)
    }

    fn ended(&self, status: ExitStatus) -> Failure {
        Failure::with_log(format!("The stack ended by itself ({status})."), &self.log)
    }
}

/// One permission flag of Deno with the paths it covers.
fn permission(flag: &str, paths: &[&PathBuf]) -> OsString {
    let mut argument = OsString::from(flag);
    for (index, path) in paths.iter().enumerate() {
        if index > 0 {
            argument.push(",");
        }
        argument.push(path);
    }
    argument
}

/// The child's settings; `settings.ts` describes them.
fn settings(paths: &Paths, options: Options, url: &str, changes_port: u16, server: Option<Value>) -> String {
    let mut settings = json!({
        "url": url,
        "changesPort": changes_port,
        "reset": options.reset,
        "dataDir": paths.data,
        "stateFile": paths.state,
        "schemaDir": paths.program.join("supabase"),
        "functionsDir": paths.functions,
        "protectedFunctions": PROTECTED_FUNCTIONS,
        "packageLock": paths.package_lock(),
        "anonKey": ANON_KEY,
        "serviceRoleKey": SERVICE_ROLE_KEY,
        "jwtSecret": JWT_SECRET,
    });
    if let Some(server) = server {
        settings["server"] = server;
    }
    settings.to_string()
}
