//! Proof of who began a sign-in: the verifier that only its client knows, and flows that wait for their end.
//!
//! Source: <https://datatracker.ietf.org/doc/html/rfc7636>

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use supabase_core::Url;

use crate::api::Api;
use crate::body::Body;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::random;

/// How many flows can wait for their end at once. The oldest one makes room.
const SLOTS: usize = 5;

/// The parameter of a redirect that says which flow it belongs to.
pub(crate) const FLOW_ID: &str = "flow_id";

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
    /// Which mail brings the code, if one does.
    mail: Option<(&'static str, String)>,
    /// The newest one is last. The others are of mails before, until it is known that this one was sent.
    flows: Vec<PendingFlow>,
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

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Slot>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a flow, if this client has flows.
    pub(crate) fn begin(&self, start: Start<'_>) -> Result<Option<PendingFlow>> {
        if self.flow_type == FlowType::Implicit {
            return Ok(None);
        }
        let flow = PendingFlow::begin(start.purpose())?;
        let mut waiting = self.waiting();
        let mut slot = Slot { mail: start.mail(), flows: Vec::new() };
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

    /// Ends a flow whose beginning the server has refused, so that it stands in no other's way. One that has begun takes the
    /// place of those of the same mail: the server knows only the newest challenge.
    pub(crate) fn began<T>(&self, flow: Option<&PendingFlow>, outcome: Result<T>) -> Result<T> {
        let Some(flow) = flow else { return outcome };
        let has_acted = outcome.as_ref().err().is_none_or(|error| {
            matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Interrupted | ErrorKind::Decode)
        });
        self.waiting().retain_mut(|slot| {
            if let Some(at) = slot.flows.iter().position(|other| other.id == flow.id) {
                slot.flows.drain(if has_acted { 0..at } else { at..at + 1 });
            }
            !slot.flows.is_empty()
        });
        outcome
    }

    /// The flow called `id`, or the only one there is. Never another one: a code exchanged with a foreign verifier would
    /// fail, and one's own would be lost.
    pub(crate) fn find(&self, id: Option<&str>) -> Result<PendingFlow> {
        let waiting = self.waiting();
        let flow = match (id, waiting.len()) {
            (Some(id), _) => waiting.iter().flat_map(|slot| &slot.flows).find(|flow| flow.id == id).ok_or(
                "this flow did not begin here, was ended, or was followed by five others: begin again, or give the \
                 `PendingFlow` itself",
            ),
            (None, 0) => Err("no flow has begun here: give the `PendingFlow` that the code belongs to"),
            (None, 1) => waiting.front().and_then(|slot| slot.flows.last()).ok_or("no flow has begun here"),
            (None, _) => Err("several flows have begun here: say which one the code belongs to"),
        };
        flow.cloned().map_err(Error::invalid)
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
    /// link leads to `redirect_to` in the end.
    pub(crate) async fn send_mail<T: DeserializeOwned>(
        &self,
        start: Option<Start<'_>>,
        redirect_to: Option<&str>,
        request: Api,
        body: Body,
    ) -> Result<(T, Option<PendingFlow>)> {
        let flow = match start {
            Some(start) => self.flows().begin(start)?,
            None => None,
        };
        let redirect = self.flows().redirect(redirect_to, flow.as_ref());
        let request = request.query_opt("redirect_to", redirect.as_deref());
        let outcome = request.json(&body.challenge(flow.as_ref())).fetch().await;
        Ok((self.flows().began(flow.as_ref(), outcome)?, flow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let flow = PendingFlow {
            id: "x".to_owned(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
            purpose: Purpose::SignIn,
        };
        assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_has_the_length_and_characters_that_servers_accept_and_is_never_the_same() {
        let flow = PendingFlow::begin(Purpose::SignIn).unwrap();
        let verifier = flow.verifier.expose_secret();
        assert!((43..=128).contains(&verifier.len()));
        assert!(verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)));
        assert_ne!(verifier, PendingFlow::begin(Purpose::SignIn).unwrap().verifier.expose_secret());
        assert!(!format!("{flow:?}").contains(verifier));
    }

    #[test]
    fn a_flow_is_found_by_its_own_id_and_no_other() {
        let flows = Flows::new(FlowType::Pkce, false);
        assert!(flows.find(None).is_err());
        let first = flows.begin(Start::Browser).unwrap().unwrap();
        assert_eq!(flows.find(None).unwrap().id, first.id);
        let second = flows.begin(Start::Recovery("a@example.com")).unwrap().unwrap();
        assert!(flows.find(None).unwrap_err().message().contains("which one"));
        assert_eq!(flows.find(Some(&second.id)).unwrap().purpose, Purpose::Recovery);
        assert!(flows.find(Some("other")).is_err());
        flows.end(&first.id);
        assert!(flows.find(Some(&first.id)).is_err());
        assert_eq!(flows.find(None).unwrap().id, second.id);
    }

    #[test]
    fn the_sixth_flow_takes_the_place_of_the_first() {
        let flows = Flows::new(FlowType::Pkce, false);
        let begun: Vec<_> = (0..6).map(|_| flows.begin(Start::Browser).unwrap().unwrap()).collect();
        assert!(flows.find(Some(begun[0].id())).is_err());
        for flow in &begun[1..] {
            let found = flows.find(Some(flow.id())).unwrap();
            assert_eq!(found.verifier.expose_secret(), flow.verifier.expose_secret());
        }
    }

    #[test]
    fn a_mail_that_is_sent_again_takes_the_place_of_the_one_before() {
        let flows = Flows::new(FlowType::Pkce, false);
        let begin = |start| {
            let flow = flows.begin(start).unwrap();
            flows.began(flow.as_ref(), Ok(())).unwrap();
            flow.unwrap().id
        };
        let first = begin(Start::Mail("otp", "a@example.com"));
        let second = begin(Start::Mail("otp", "A@example.com"));
        assert_eq!(flows.find(None).unwrap().id, second);
        assert!(flows.find(Some(&first)).is_err());
        begin(Start::Mail("otp", "b@example.com"));
        begin(Start::Recovery("a@example.com"));
        assert!(flows.find(Some(&second)).is_ok());
    }

    #[test]
    fn a_flow_that_the_server_refused_stands_in_nobodys_way() {
        let flows = Flows::new(FlowType::Pkce, false);
        let flow = flows.begin(Start::Browser).unwrap();
        let refused: Result<()> = Err(Error::of_kind(ErrorKind::Rejected, None, "no"));
        assert!(flows.began(flow.as_ref(), refused).is_err());
        assert!(flows.find(None).is_err());
        // Here, the server may have acted.
        let flow = flows.begin(Start::Browser).unwrap();
        let lost: Result<()> = Err(Error::of_kind(ErrorKind::Timeout, None, "no answer"));
        assert!(flows.began(flow.as_ref(), lost).is_err());
        assert!(flows.find(None).is_ok());
    }

    #[test]
    fn a_mail_that_was_not_sent_leaves_the_one_before() {
        let flows = Flows::new(FlowType::Pkce, false);
        let begin = || flows.begin(Start::Mail("otp", "a@example.com")).unwrap().unwrap();
        let refused = |flow| {
            flows
                .began::<()>(Some(flow), Err(Error::of_kind(ErrorKind::Rejected, None, "too early")))
                .is_err()
        };
        let (first, second, third) = (begin(), begin(), begin());
        assert_eq!(flows.find(None).unwrap().id, third.id);
        assert!(refused(&second) && refused(&third));
        assert_eq!(flows.find(None).unwrap().id, first.id);
        let (fourth, fifth) = (begin(), begin());
        // Whichever answer comes first, the newest mail that was sent is the one.
        flows.began(Some(&fifth), Ok(())).unwrap();
        flows.began(Some(&fourth), Ok(())).unwrap();
        assert_eq!(flows.find(None).unwrap().id, fifth.id);
        assert!(flows.find(Some(&first.id)).is_err());
        flows.end(&fifth.id);
        assert!(flows.find(None).is_err());
    }

    #[test]
    fn a_flow_survives_as_a_text() {
        let flow = PendingFlow::begin(Purpose::Recovery).unwrap();
        let again = PendingFlow::from_secret(&flow.to_secret()).unwrap();
        assert_eq!((again.id(), again.purpose), (flow.id(), Purpose::Recovery));
        assert_eq!(again.challenge(), flow.challenge());
        assert!(PendingFlow::from_secret(&"{}".into()).is_err());
    }
}
