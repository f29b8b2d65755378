//! The embedded Supabase stack: starts it, finds one that runs, waits until it serves, stops it.
//!
//! Database, auth and functions are a Deno program in `xtask/stack`. This module installs its packages with npm,
//! runs it as a child process and makes sure that the child never outlives this process. Storage and
//! Realtime run in this process, which has the stack's one address and passes everything else on to the program.

use std::io::{self, Write as _};
use std::time::Instant;

pub(crate) use self::failure::Failure;
use self::front::Front;
pub(crate) use self::full::{Full, Runtime, run_foreground as run_full_foreground};
use self::lock::Lock;
use self::paths::Paths;
use self::postgres::Server;
use self::process::Process;
use self::ready::{Probe, State};
use self::realtime::Realtime;
pub(crate) use self::signals::StopSignals;

mod cors;
mod failure;
mod front;
mod full;
mod install;
mod lock;
mod paths;
mod postgres;
mod process;
mod ready;
mod realtime;
mod signals;
mod storage;

/// The port a developer's stack has if nobody else does: the one of Supabase's own local stack.
const PREFERRED_PORT: u16 = 54321;

// Fixed and public on purpose: they only ever open a database on this machine's loopback address, and what
// is fixed can be written into examples and `.env` files once.
const ANON_KEY: &str = "sb_publishable_local_dev_key_not_secret";
const SERVICE_ROLE_KEY: &str = "sb_secret_local_dev_key_not_secret";
const JWT_SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";

/// What the embedded stack does not have: the tests that need it are skipped there, and must stand in
/// `xtask/stack/skips.txt`.
const EMBEDDED_LACKS: &str = "explain,grammar,dry-run,\
    mail-links,phones,anonymous,auth-admin,mfa,passkeys,oauth-server,manual-linking,sso-providers,web3,signing-keys";

/// How to start a stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Makes the database anew, with nothing in it but the migrations' rows.
    pub(crate) reset: bool,
    /// Which database to use. At most one stack runs on each.
    pub(crate) data: DataDir,
    /// Where to listen on 127.0.0.1.
    pub(crate) port: PortChoice,
    /// What the database is.
    pub(crate) driver: Driver,
}

/// What a stack's database is. Each kind has data of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Driver {
    /// PostgreSQL compiled to WebAssembly, which needs nothing.
    Pglite,
    /// A PostgreSQL server, of the programs that this machine has.
    Postgres,
}

/// The databases that exist side by side, each in a folder of its own under `.stack`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataDir {
    /// The developer's own, kept from one start to the next.
    Development,
    /// The one of the live tests, which may run while a developer's stack does.
    Test,
    /// The one of the tests in Node.js and in a browser, which may run while both others do.
    Wasm,
}

/// Which port a stack takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortChoice {
    /// 54321, or a free one if that is in use.
    Preferred54321,
    /// Any free one.
    Free,
}

/// A stack that serves.
#[derive(Debug)]
pub(crate) struct Stack {
    /// Where all services are, such as `http://127.0.0.1:54321`.
    pub(crate) url: String,
    /// The key that clients may know.
    pub(crate) anon_key: &'static str,
    /// The key that passes every row-level policy.
    pub(crate) service_role_key: &'static str,
    /// Signs the access tokens (HS256).
    pub(crate) jwt_secret: &'static str,
    /// Lists the captured mails as JSON.
    pub(crate) mail_url: String,
    state: State,
    probe: Probe,
    /// Only there if this process started the stack.
    own: Option<Own>,
}

/// What belongs to the process that started a stack.
#[derive(Debug)]
struct Own {
    process: Process,
    /// Only there if the database is not PGlite.
    server: Option<Server>,
    /// Has the stack's address.
    _front: Front,
    /// Held as long as the stack runs: tells other starts that there is one.
    _lock: Lock,
}

/// Starts a stack and waits until all its services answer; or finds the one that another process started on
/// the same database. What it has to say about its progress goes to stderr.
pub(crate) async fn start(options: Options) -> Result<Stack, Failure> {
    let begun = Instant::now();
    let paths = Paths::new(options.data, options.driver);
    paths.create()?;
    let probe = Probe::new()?;

    let lock = match ready::lock_or_find(&paths, &probe).await? {
        ready::Claim::Lock(lock) => lock,
        ready::Claim::Found(state) if options.reset => {
            return Err(Failure::new(format!(
                "A stack runs at {} (process {}); stop it before its database is made anew.",
                state.url, state.pid
            )));
        }
        ready::Claim::Found(state) => return Ok(Stack::new(state, probe, None)),
    };

    let deno = install::ensure(&paths).await?;
    eprintln!("Starting the stack …");
    let realtime = Realtime::start().await?;
    let changes_port = realtime.port();
    let front = Front::start(options.port, storage::open(&paths, options.reset)?, realtime).await?;
    let server = match options.driver {
        Driver::Pglite => None,
        Driver::Postgres => Some(Server::start(&paths).await?),
    };
    let settings = server.as_ref().map(Server::settings);
    let mut process = Process::spawn(&deno, &paths, options, &front.url(), changes_port, settings)?;
    let state = match ready::wait(&mut process, &paths, &probe, &front).await {
        Ok(state) => state,
        Err(failure) => {
            process.stop().await;
            if let Some(server) = server {
                server.stop().await;
            }
            return Err(failure);
        }
    };

    if let Some(reason) = &state.created {
        eprintln!("Made a new database: {reason}.");
    }
    if options.port == PortChoice::Preferred54321 && !state.url.ends_with(&format!(":{PREFERRED_PORT}")) {
        eprintln!("Port {PREFERRED_PORT} is in use, so the stack took a free one.");
    }
    eprintln!("The stack is ready at {} after {:.1} s.", state.url, begun.elapsed().as_secs_f32());
    Ok(Stack::new(state, probe, Some(Own { process, server, _front: front, _lock: lock })))
}

/// The whole of `cargo xtask stack`: prints the stack's settings as `NAME=value` lines on stdout and serves
/// until Ctrl-C, SIGTERM or the end of the child. Ends at once if such a stack runs already.
pub(crate) async fn run_foreground(options: Options) -> Result<(), Failure> {
    let mut signals = StopSignals::new()?;
    let mut stack = tokio::select! {
        started = start(options) => started?,
        () = signals.received() => return Ok(()),
    };
    if !stack.is_own() {
        eprintln!("A stack already runs at {} (process {}).", stack.url, stack.state.pid);
    }
    print_env(&stack.env());
    if !stack.is_own() {
        return Ok(());
    }
    eprintln!("Press Ctrl-C to stop it.");
    tokio::select! {
        () = signals.received() => {
            eprintln!("Stopping the stack …");
            stack.stop().await;
            Ok(())
        }
        failure = stack.exited() => Err(failure),
    }
}

impl Stack {
    fn new(state: State, probe: Probe, own: Option<Own>) -> Self {
        Self {
            url: state.url.clone(),
            anon_key: ANON_KEY,
            service_role_key: SERVICE_ROLE_KEY,
            jwt_secret: JWT_SECRET,
            mail_url: format!("{}/__mail", state.url),
            state,
            probe,
            own,
        }
    }

    /// The stack's settings as environment variables. No value needs quoting in a shell or a `.env` file.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SUPABASE_URL", self.url.clone()),
            ("SUPABASE_ANON_KEY", self.anon_key.to_owned()),
            ("SUPABASE_SERVICE_ROLE_KEY", self.service_role_key.to_owned()),
            ("SUPABASE_JWT_SECRET", self.jwt_secret.to_owned()),
            ("SUPABASE_MAIL_URL", self.mail_url.clone()),
            // A shell that has read these lines runs the live tests on this stack.
            ("SUPABASE_LACKS", EMBEDDED_LACKS.to_owned()),
        ]
    }

    /// Whether this process started the stack, and not one that was found.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Stops the stack and waits until its process has ended. One that was found keeps running.
    pub(crate) async fn stop(self) {
        if let Some(own) = self.own {
            own.process.stop().await;
            if let Some(server) = own.server {
                server.stop().await;
            }
        }
    }

    /// Resolves when the stack ends by itself, with what can be said about that.
    pub(crate) async fn exited(&mut self) -> Failure {
        match &mut self.own {
            Some(own) => own.process.exited().await,
            None => {
                self.probe.until_gone(&self.state).await;
                Failure::new(format!("The stack at {} was stopped.", self.url))
            }
        }
    }
}

/// Prints settings as lines that a shell can read. A closed stdout is no reason to stop serving.
fn print_env(variables: &[(&'static str, String)]) {
    let mut out = io::stdout().lock();
    for (name, value) in variables {
        if writeln!(out, "{name}={value}").is_err() {
            return;
        }
    }
    let _ = out.flush();
}
