//! Proof of who began a sign-in: the verifier that only its client knows, and flows that wait for their end.
//!
//! Source: <https://datatracker.ietf.org/doc/html/rfc7636>

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use supabase_core::{Instant, Url};

use crate::api::Api;
use crate::body::Body;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::random;

/// How many flows can wait for their end at once. The oldest one makes room.
const SLOTS: usize = 5;

/// How many flows are tried for a code of which nothing says to which one it belongs.
const TRIES: usize = 8;

/// How long a flow waits for its end, which is longer than any server does: for a sign-in in a browser five minutes, if it is
/// not set otherwise, and for the link of a mail as long as the link lives, which is a day at the most.
const BROWSER_LIFE: Duration = Duration::from_secs(3600);
const MAIL_LIFE: Duration = Duration::from_secs(25 * 3600);

/// The parameter of a redirect that says which flow it belongs to. It stands among those of the program.
///
/// Source: <https://github.com/supabase/supabase-js>
pub(crate) const FLOW_ID: &str = "sb_flow_id";

/// How links in emails and redirects of providers bring the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowType {
    /// By a code that only the client that began can exchange for the session. A stolen link is of no use.
    #[default]
    Pkce,
    /// By the tokens themselves, behind the `#` of the address, where only a browser sees them. For links that are opened
    /// in another program than the one that asked for them.
    Implicit,
}

/// A sign-in that has begun and waits for the code by which it ends.
///
/// The client keeps the last five by itself. Where another process gets the code, as on a server with several of them,
/// take the flow there as a text.
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client, code: String) -> gotrue_rs::Result<()> {
/// use gotrue_rs::{AuthCode, OAuth, PendingFlow};
/// let start = auth.sign_in(OAuth::provider("github").redirect_to("https://app.example/callback")).await?;
/// if let Some(flow) = start.flow {
///     let text = flow.to_secret();
///     // … and in the process that gets the code:
///     let flow = PendingFlow::from_secret(&text)?;
///     auth.exchange_code_for_session(AuthCode::new(code).flow(&flow)).await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PendingFlow {
    id: String,
    verifier: SecretString,
    purpose: Purpose,
}

/// What a flow is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    SignIn,
    /// The user wants to reset their password.
    Recovery,
}

/// A flow as a text.
#[derive(Serialize, Deserialize)]
struct Written {
    id: String,
    verifier: String,
    purpose: Purpose,
}

impl PendingFlow {
    fn begin(purpose: Purpose) -> Result<Self> {
        let verifier = URL_SAFE_NO_PAD.encode(random::bytes::<48>()?);
        Ok(Self { id: URL_SAFE_NO_PAD.encode(random::bytes::<12>()?), verifier: verifier.into(), purpose })
    }

    /// Names the flow. It is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The flow as a text, to be kept where only this program can read it.
    pub fn to_secret(&self) -> SecretString {
        let written = Written {
            id: self.id.clone(),
            verifier: self.verifier.expose_secret().to_owned(),
            purpose: self.purpose,
        };
        serde_json::to_string(&written).unwrap_or_default().into()
    }

    /// The flow that a text stands for.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if the text is none of [`to_secret`](Self::to_secret). It is not quoted.
    pub fn from_secret(text: &SecretString) -> Result<Self> {
        let written: Written = serde_json::from_str(text.expose_secret()).map_err(|_| {
            Error::of_kind(ErrorKind::Decode, None, "the text is no flow that this crate has written")
        })?;
        Ok(Self { id: written.id, verifier: written.verifier.into(), purpose: written.purpose })
    }

    pub(crate) fn verifier(&self) -> &SecretString {
        &self.verifier
    }

    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// What the server is told: the hash of the verifier.
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(random::sha256(self.verifier.expose_secret().as_bytes()))
    }
}

impl fmt::Debug for PendingFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingFlow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The flows that wait for their end.
pub(crate) struct Flows {
    flow_type: FlowType,
    /// Whether the redirects say which flow they belong to.
    is_told: bool,
    waiting: Mutex<VecDeque<Slot>>,
}

struct Slot {
    /// When the newest of the flows has begun.
    begun: Instant,
    /// Which mail brings the code, if one does.
    mail: Option<(&'static str, String)>,
    /// The newest one is last. The others are of mails before, until it is known that this one was sent.
    flows: Vec<PendingFlow>,
}

impl Slot {
    fn is_over(&self, now: Instant) -> bool {
        let life = if self.mail.is_some() { MAIL_LIFE } else { BROWSER_LIFE };
        now.saturating_duration_since(self.begun) >= life
    }
}

/// Whether a flow has begun on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    Yes,
    No,
    /// It may have.
    Unknown,
}

impl Begun {
    fn of<T>(outcome: &Result<T>) -> Self {
        let Err(error) = outcome else { return Self::Yes };
        match error.kind() {
            ErrorKind::Timeout | ErrorKind::Interrupted | ErrorKind::Decode => Self::Unknown,
            // What has failed on the way does not say how far it had come.
            ErrorKind::Rejected if error.status().is_some_and(|status| status >= 500) => Self::Unknown,
            _ => Self::No,
        }
    }
}

/// How a flow begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a> {
    /// In a browser.
    Browser,
    /// By a mail of this kind to this address.
    Mail(&'static str, &'a str),
    /// By a mail to this address, for a user who wants to reset their password.
    Recovery(&'a str),
}

impl Start<'_> {
    fn purpose(self) -> Purpose {
        match self {
            Self::Recovery(_) => Purpose::Recovery,
            Self::Browser | Self::Mail(..) => Purpose::SignIn,
        }
    }

    fn mail(self) -> Option<(&'static str, String)> {
        match self {
            Self::Browser => None,
            // A user has one change of address at a time, whichever of both addresses is named.
            Self::Mail("email_change", _) => Some(("email_change", String::new())),
            Self::Mail(kind, address) => Some((kind, address.to_lowercase())),
            Self::Recovery(address) => Some(("recovery", address.to_lowercase())),
        }
    }
}

impl Flows {
    pub(crate) fn new(flow_type: FlowType, is_told: bool) -> Self {
        Self { flow_type, is_told, waiting: Mutex::default() }
    }

    pub(crate) fn flow_type(&self) -> FlowType {
        self.flow_type
    }

    /// Whether the redirects say which flow they belong to. If not, one that does so is none of this client's.
    pub(crate) fn is_told(&self) -> bool {
        self.is_told
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Slot>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        waiting.retain(|slot| !slot.is_over(now));
        waiting
    }

    /// Begins a flow, if this client has flows.
    pub(crate) fn begin(&self, start: Start<'_>) -> Result<Option<PendingFlow>> {
        if self.flow_type == FlowType::Implicit {
            return Ok(None);
        }
        let flow = PendingFlow::begin(start.purpose())?;
        let mut waiting = self.waiting();
        let mut slot = Slot { begun: Instant::now(), mail: start.mail(), flows: Vec::new() };
        let same = waiting.iter().position(|other| slot.mail.is_some() && other.mail == slot.mail);
        if let Some(same) = same.and_then(|same| waiting.remove(same)) {
            slot.flows = same.flows;
        }
        slot.flows.push(flow.clone());
        // Of calls that were dropped on their way, the outcome is never told.
        let too_many = slot.flows.len().saturating_sub(SLOTS);
        slot.flows.drain(..too_many);
        if waiting.len() >= SLOTS {
            waiting.pop_front();
        }
        waiting.push_back(slot);
        Ok(Some(flow))
    }

    /// Ends a flow whose beginning the server has refused, so that it stands in no other's way.
    pub(crate) fn began<T>(&self, flow: Option<&PendingFlow>, outcome: Result<T>) -> Result<T> {
        if let Some(flow) = flow {
            self.settle(flow, Begun::of(&outcome));
        }
        outcome
    }

    /// One that has begun takes the place of those of the same mail: the server knows only the newest challenge.
    fn settle(&self, flow: &PendingFlow, begun: Begun) {
        self.waiting().retain_mut(|slot| {
            if let Some(at) = slot.flows.iter().position(|other| other.id == flow.id) {
                match begun {
                    Begun::Yes => drop(slot.flows.drain(..at)),
                    Begun::No => drop(slot.flows.remove(at)),
                    Begun::Unknown => {}
                }
            }
            !slot.flows.is_empty()
        });
    }

    /// The flow called `id`. Never another one: an address that names its flow belongs to no other.
    pub(crate) fn find(&self, id: &str) -> Result<PendingFlow> {
        let waiting = self.waiting();
        let flow = waiting.iter().flat_map(|slot| &slot.flows).find(|flow| flow.id == id);
        flow.cloned().ok_or_else(|| {
            Error::invalid(
                "this flow did not begin here, was ended, or was followed by five others: begin again, or give the \
                 `PendingFlow` itself",
            )
        })
    }

    /// The flows that a code can belong to where nothing says to which one, the newest first. What nobody came back from
    /// waits among them, so that the only one is no more likely to be the right one than the newest of several.
    pub(crate) fn newest(&self) -> Result<Vec<PendingFlow>> {
        let waiting = self.waiting();
        let newest = waiting.iter().rev().filter_map(|slot| slot.flows.last());
        let before = waiting.iter().rev().flat_map(|slot| slot.flows.iter().rev().skip(1));
        let flows: Vec<_> = newest.chain(before).take(TRIES).cloned().collect();
        if flows.is_empty() {
            return Err(Error::invalid(
                "no flow has begun here: give the `PendingFlow` that the code belongs to",
            ));
        }
        Ok(flows)
    }

    /// A code of a mail of this kind, by the server's name for its verification, was taken: its link and those that it
    /// replaced lead nowhere any more.
    pub(crate) fn verified(&self, kind: &str, address: &str) {
        let ended: &[&str] = match kind {
            // Both have one token, and confirm the address.
            "recovery" | "magiclink" => &["recovery", "otp", "signup"],
            "email" | "signup" | "invite" => &["otp", "signup"],
            "email_change" => &["email_change"],
            _ => &[],
        };
        let address = if kind == "email_change" { String::new() } else { address.to_lowercase() };
        self.waiting().retain(|slot| {
            slot.mail.as_ref().is_none_or(|(mail, to)| !ended.contains(mail) || *to != address)
        });
    }

    /// Where a link leads in the end: `url`, with the id of the flow if the client is to write it there.
    pub(crate) fn redirect(&self, url: Option<&str>, flow: Option<&PendingFlow>) -> Option<String> {
        let url = url?;
        let (true, Some(flow)) = (self.is_told, flow) else { return Some(url.to_owned()) };
        // What is no address is the server's to refuse.
        let Ok(mut address) = Url::parse(url) else { return Some(url.to_owned()) };
        address.query_pairs_mut().append_pair(FLOW_ID, &flow.id);
        Some(address.into())
    }

    /// The flow has come to its end, or cannot come to it any more.
    pub(crate) fn end(&self, id: &str) {
        self.waiting().retain(|slot| slot.flows.iter().all(|flow| flow.id != id));
    }
}

impl Client {
    /// Sends a request by which the server sends a mail, and begins the flow that its link belongs to, if it begins one. The
    /// link leads to `redirect_to` in the end. `is_sent` says of the answer whether there is a mail; `None` if it cannot be
    /// told.
    pub(crate) async fn send_mail<T: DeserializeOwned>(
        &self,
        start: Option<Start<'_>>,
        redirect_to: Option<&str>,
        request: Api,
        body: Body,
        is_sent: impl FnOnce(&T) -> Option<bool>,
    ) -> Result<(T, Option<PendingFlow>)> {
        let Some(start) = start else {
            let request = request.query_opt("redirect_to", redirect_to);
            return Ok((request.json(&body).fetch().await?, None));
        };
        let flow = self.flows().begin(start)?;
        let redirect = self.flows().redirect(redirect_to, flow.as_ref());
        let request = request.query_opt("redirect_to", redirect.as_deref());
        let outcome = request.json(&body.challenge(flow.as_ref())).fetch().await;
        let begun = match outcome.as_ref().ok().map(is_sent) {
            None => Begun::of(&outcome),
            Some(None) => Begun::Unknown,
            Some(Some(true)) => Begun::Yes,
            Some(Some(false)) => Begun::No,
        };
        if let Some(flow) = &flow {
            self.flows().settle(flow, begun);
        }
        Ok((outcome?, flow.filter(|_| begun != Begun::No)))
    }
}

#[cfg(test)]
mod tests;
