//! Finding out whether a stack runs and whether it serves.

use std::fs;
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use tokio::time::sleep;

use super::{ANON_KEY, Failure, Front, Lock, Paths, Process};

/// Making a database takes seconds, on a loaded machine many of them.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// Another start may first have to install the packages.
const OTHER_START_PATIENCE: Duration = Duration::from_secs(300);

const PAUSE: Duration = Duration::from_millis(100);

/// What a stack tells about itself, in its state file and at `GET /__stack`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct State {
    stack: String,
    pub(super) url: String,
    /// Where the program itself listens.
    port: u16,
    pub(super) pid: u32,
    data: String,
    /// Why the database had to be made, if it had.
    pub(super) created: Option<String>,
}

/// Who may start a stack: we, or nobody because there is one.
#[derive(Debug)]
pub(super) enum Claim {
    Lock(Lock),
    Found(State),
}

/// Takes the right to start a stack, or finds the stack of the process that has it.
pub(super) async fn lock_or_find(paths: &Paths, probe: &Probe) -> Result<Claim, Failure> {
    let begun = Instant::now();
    let mut told = false;
    loop {
        // The lock is asked for first: without an owner, a stack that still answers is about to end.
        if let Some(lock) = Lock::try_take(&paths.lock)? {
            return Ok(Claim::Lock(lock));
        }
        if let Some(state) = read_state(paths)
            && probe.answers_as(&state).await
            && probe.all_services_answer(&state.url).await
        {
            return Ok(Claim::Found(state));
        }
        if begun.elapsed() > OTHER_START_PATIENCE {
            return Err(Failure::new(format!(
                "Another process has been starting a stack for {} s without success (it holds {}).",
                begun.elapsed().as_secs(),
                paths.lock.display()
            )));
        }
        if !told {
            eprintln!("Another process starts or stops this stack; waiting for it …");
            told = true;
        }
        sleep(PAUSE).await;
    }
}

/// Waits until our child serves everything.
pub(super) async fn wait(
    process: &mut Process,
    paths: &Paths,
    probe: &Probe,
    front: &Front,
) -> Result<State, Failure> {
    let begun = Instant::now();
    loop {
        process.check()?;
        if let Some(state) = read_state(paths)
            && process.id() == Some(state.pid)
        {
            front.found_program(state.port);
            if probe.all_services_answer(&state.url).await {
                return Ok(state);
            }
        }
        if begun.elapsed() > START_PATIENCE {
            return Err(process.failure("The stack started, but not all of its services answer."));
        }
        sleep(PAUSE).await;
    }
}

/// The state file may be missing, or left behind by a stack that was killed.
fn read_state(paths: &Paths) -> Option<State> {
    serde_json::from_slice(&fs::read(&paths.state).ok()?).ok()
}

/// Asks stacks over HTTP.
#[derive(Debug)]
pub(super) struct Probe {
    http: Client,
}

impl Probe {
    /// A probe that talks to this machine directly, whatever proxy is set up.
    pub(super) fn new() -> Result<Self, Failure> {
        let http = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| Failure::new(format!("Cannot create an HTTP client: {error}.")))?;
        Ok(Self { http })
    }

    /// Whether the stack that this state describes is the one at its address.
    async fn answers_as(&self, state: &State) -> bool {
        let request = self.http.get(format!("{}/__stack", state.url));
        let Ok(response) = request.send().await else { return false };
        response.json::<State>().await.is_ok_and(|found| found == *state && found.stack == "supabase-rs")
    }

    /// Whether a table can be read, auth, storage and Realtime answer, and a function runs.
    async fn all_services_answer(&self, url: &str) -> bool {
        let rest = self.http.get(format!("{url}/rest/v1/planets?select=id&limit=1"));
        let auth = self.http.get(format!("{url}/auth/v1/settings"));
        let functions = self
            .http
            .post(format!("{url}/functions/v1/hello-world"))
            .json(&serde_json::json!({ "name": "stack" }));
        let storage = self.http.get(format!("{url}/storage/v1/status"));
        let realtime = self.http.get(format!("{url}/realtime/v1/api/ping"));
        succeeds(storage).await
            && succeeds(realtime).await
            && succeeds(rest).await
            && succeeds(auth).await
            && succeeds(functions).await
    }

    /// Resolves when the described stack no longer answers.
    pub(super) async fn until_gone(&self, state: &State) {
        while self.answers_as(state).await {
            sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn succeeds(request: RequestBuilder) -> bool {
    request.header("apikey", ANON_KEY).send().await.is_ok_and(|response| response.status().is_success())
}
