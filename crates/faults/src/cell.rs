//! One cell of the matrix: a call, and a fault that strikes once or for good.

use std::error::Error as StdError;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use supabase::auth::{FileStore, SavedSession, SessionStore};
use supabase::realtime::Backoff;
use supabase::{Client, Error};
use tokio::runtime::Handle;

use crate::call::{Call, Good, LIMIT, UPLOADED};
use crate::clock::{JUMP, clock, jump};
use crate::fault::Fault;
use crate::leaks;
use crate::secrets::Secrets;
use crate::site::Site;

/// Whoever takes longer hangs.
const HANGS: Duration = Duration::from_secs(20);

/// How long a cell with a wrong clock is watched for refreshes that nobody asked for.
const WATCHED: Duration = Duration::from_millis(2_500);

/// The first and the longest pause before a repetition.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(50));

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Times {
    Once,
    ForGood,
}

/// A call under a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    pub(crate) call: Call,
    pub(crate) fault: Fault,
    pub(crate) times: Times,
}

/// What was seen of a cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// In the words of `expected.md`.
    pub(crate) outcome: String,
    pub(crate) effects: usize,
    pub(crate) took: Duration,
    /// What must hold of every cell, and did not.
    pub(crate) wrong: Vec<String>,
    /// The same of what a machine that is busy can do to a cell by itself.
    pub(crate) late: Vec<String>,
    /// The message of the error, for whoever reads the table.
    pub(crate) message: String,
}

impl Times {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::ForGood => "for good",
        }
    }
}

impl Cell {
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for call in Call::ALL {
            for fault in Fault::ALL {
                for times in [Times::Once, Times::ForGood] {
                    all.push(Self { call, fault: *fault, times });
                }
            }
        }
        all
    }

    pub(crate) fn name(self) -> String {
        format!("{}, {}, {}", self.call.name(), self.fault.name(), self.times.name())
    }

    /// How often the call is made. A channel is joined again by itself.
    fn calls(self) -> usize {
        if self.call == Call::Join { 1 } else { self.times_wanted() }
    }

    /// How often it is to come to its end.
    fn times_wanted(self) -> usize {
        if self.fault == Fault::ResetAfter { 2 } else { 1 }
    }

    /// Runs it, on this thread alone. `servers` is where its servers run.
    ///
    /// # Errors
    /// The cell could not be set up.
    pub(crate) fn run(self, secrets: &Secrets, servers: &Handle) -> Result<Seen, Box<dyn StdError>> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join(UPLOADED), secrets.private.repeat(4))?;
        let good = self.call.good(secrets);
        let site = Site::start(self, &good, secrets, servers)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut seen = runtime.block_on(self.call_and_look(secrets, &good, &site, folder.path()))?;
        drop(runtime);
        jump(0);
        let answered = seen.outcome.starts_with("answers");
        let left = leaks::files_left(folder.path(), self.call, answered);
        if !left.is_empty() {
            seen.wrong.push(format!("left files: {}", left.join(", ")));
        }
        if site.was_followed_elsewhere() {
            seen.wrong.push("went to another origin".to_owned());
        }
        Ok(seen)
    }

    async fn call_and_look(
        self,
        secrets: &Secrets,
        good: &Good,
        site: &Site,
        folder: &Path,
    ) -> Result<Seen, Box<dyn StdError>> {
        let mut seen = Seen::default();
        let sessions = folder.join("sessions");
        if self.call != Call::SignIn {
            let saved = SavedSession::from(secrets.session().to_string());
            if !FileStore::new(&sessions).swap("session", None, Some(&saved)).await.map_err(told)? {
                return Err("the folder of the sessions is not empty".into());
            }
        }
        let wrong_by = self.fault.clock().map_or(0, |sign| sign * JUMP);
        if self.times == Times::ForGood {
            jump(wrong_by);
        }
        let client = client(secrets, site, &sessions)?;
        if self.times == Times::Once {
            // The session is known before anything goes wrong.
            client.auth().access_token().await?;
            jump(wrong_by);
        }

        let expected = match (self.fault.content(self.call), self.call) {
            (Some(content), _) => content.to_vec(),
            (None, Call::Join) => {
                let heard = (1..=self.times_wanted()).map(|nth| json!({ "nth": nth }));
                heard.collect::<Value>().to_string().into_bytes()
            }
            (None, _) => good.answers.clone(),
        };
        let mut outcome = String::new();
        for nth in 0..self.calls() {
            if nth > 0 {
                // The reset has arrived by then.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let begun = Instant::now();
            let call = self.call.make(&client, secrets, folder, site.realtime.as_ref(), self.times_wanted());
            let ended = tokio::time::timeout(HANGS, call).await;
            seen.took = seen.took.max(begun.elapsed());
            outcome = match ended {
                Err(_) => "hangs".to_owned(),
                Ok(Ok(answered)) if answered == expected => "answers".to_owned(),
                Ok(Ok(_)) => "answers something else".to_owned(),
                Ok(Err(error)) => self.failed(&error, &mut seen),
            };
            if outcome != "answers" {
                break;
            }
        }
        if seen.took > self.call.longest() {
            seen.late.push(format!("took longer than {:?}", self.call.longest()));
        }
        if self.fault.clock().is_some() {
            tokio::time::sleep(WATCHED).await;
        }

        // The kind, then how often, then whether again.
        let attempts = site.attempts();
        seen.outcome = match outcome.strip_suffix(", again") {
            Some(kind) => format!("{kind}, {attempts}, again"),
            None => format!("{outcome}, {attempts}"),
        };
        seen.effects = site.effects();
        if !self.call.is_idempotent() && seen.effects > self.calls() {
            seen.wrong.push(format!("was done {} times", seen.effects));
        }
        if self.call.acts() && outcome == "answers" && seen.effects < self.calls() {
            seen.wrong.push("was not done".to_owned());
        }
        let saved = FileStore::new(&sessions).load("session").await.map_err(told)?;
        let is_kept = saved.is_some_and(|saved| saved.session().is_ok());
        if !is_kept && (self.call != Call::SignIn || outcome == "answers") {
            seen.wrong.push("the session is gone".to_owned());
        }
        drop(client);
        let left = leaks::tasks_left().await;
        if left > 0 {
            seen.late.push(format!("left {left} tasks"));
        }
        Ok(seen)
    }

    /// What an error says, in the words of the tables.
    fn failed(self, error: &Error, seen: &mut Seen) -> String {
        let mut said = format!("{error} {error:?} {error:#?}");
        let mut source = error.source();
        while let Some(inner) = source {
            said.push_str(&format!(" {inner} {inner:?}"));
            source = inner.source();
        }
        if said.contains("neverbeseen") {
            seen.wrong.push(format!("its error shows what must not be seen: {said}"));
        }
        seen.message = error.message().to_owned();
        let status = error.status().filter(|status| *status >= 300);
        let status = status.map(|status| format!(" {status}")).unwrap_or_default();
        let again = if error.is_retryable() { ", again" } else { "" };
        format!("{:?}{status}{again}", error.kind())
    }
}

/// The client of a cell: everything as a program would have it, in a shorter time.
fn client(secrets: &Secrets, site: &Site, sessions: &Path) -> Result<Client, Error> {
    let names = site.names.clone();
    let sessions = FileStore::new(sessions);
    Client::builder(format!("http://project.test:{}", site.port), secrets.key.clone())
        .configure_http(move |http| without_certificates(http.no_proxy().dns_resolver(names.clone())))
        .timeout(LIMIT)
        .retry_pauses(PAUSES.0, PAUSES.1)
        .configure_auth(move |auth| auth.session_store(sessions).storage_key("session").clock(clock))
        .configure_realtime(|realtime| {
            realtime
                .clock(clock)
                .connect_timeout(Duration::from_millis(400))
                .join_timeout(Duration::from_millis(400))
                .subscribe_timeout(LIMIT * 2)
                .reconnect(Backoff::exponential(PAUSES.0, PAUSES.1).at_most(3))
        })
        .build()
}

#[cfg(feature = "tls")]
fn without_certificates(http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    http.tls_certs_only([])
}

#[cfg(not(feature = "tls"))]
fn without_certificates(http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    http
}

fn told(error: Box<dyn StdError + Send + Sync>) -> Box<dyn StdError> {
    error
}
