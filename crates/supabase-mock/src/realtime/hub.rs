//! The server without sockets and clock: what comes in changes its state, and what goes out is collected.
//!
//! Whoever drives it sets the time, hands over frames, takes what is to be sent, and calls [`Hub::tick`] at
//! [`Hub::deadline`].

mod api;
mod broadcast;
mod changes;
mod channel;
mod join;
mod presence;
mod script;
mod token;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use self::broadcast::Stored;
use self::channel::Channel;
use self::script::Script;
use super::codec::{Frame, Push, ServerMessage, decode};
use super::config::Config;
use super::presence::Presences;
use super::record::{Handshake, Received, Record};
use super::{Version, token as jwt};

/// One connection of a server, counted from 1 in the order in which they were opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

impl ConnectionId {
    #[cfg(test)]
    pub(crate) fn new(number: u64) -> Self {
        Self(number)
    }
}

/// What is to be done on a connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    Frame(Frame),
    /// Close with this code, after what was sent before.
    Close(u16, String),
    /// End the stream without a word.
    Drop,
    /// Begin a frame, and end the stream before it is whole.
    Cut,
    /// Nothing, but ask for the deadline again.
    Wake,
}

/// A name with or without a policy on it; a private room and a public one of the same name are two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Room {
    name: String,
    private: bool,
}

/// Why a handshake is refused: status and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// `None` for an empty body.
    pub(crate) error: Option<String>,
    /// How long the server waits before it says so.
    pub(crate) delay: Duration,
}

#[derive(Debug)]
struct Connection {
    version: Version,
    api_key: String,
    channels: HashMap<String, Channel>,
    /// What came and what goes out while a refused join makes the connection wait, in order.
    waiting: VecDeque<Waiting>,
    busy_until: Option<Duration>,
    /// What is sent later, by its time.
    held: BTreeMap<(Duration, u64), Output>,
    last_frame: Duration,
    /// No token of a channel ends before; asking all channels each time would be slow.
    tokens_end: Option<Duration>,
}

#[derive(Debug)]
enum Waiting {
    Push(Push),
    Output(Output),
}

/// The state of a server.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) config: Config,
    /// Since 1970.
    pub(crate) now: Duration,
    pub(crate) record: Record,
    connections: BTreeMap<ConnectionId, Connection>,
    presences: HashMap<Room, Presences>,
    stored: HashMap<Room, VecDeque<Stored>>,
    script: Script,
    output: Vec<(ConnectionId, Output)>,
    last_connection: u64,
    /// Numbers everything that needs a number of its own.
    sequence: u64,
}

impl Hub {
    pub(crate) fn new(config: Config, now: Duration) -> Self {
        Self {
            config,
            now,
            record: Record::default(),
            connections: BTreeMap::new(),
            presences: HashMap::new(),
            stored: HashMap::new(),
            script: Script::default(),
            output: Vec::new(),
            last_connection: 0,
            sequence: 0,
        }
    }

    /// What has to be sent, in order.
    pub(crate) fn take_output(&mut self) -> Vec<(ConnectionId, Output)> {
        std::mem::take(&mut self.output)
    }

    /// A client asks for a websocket.
    pub(crate) fn open(&mut self, mut handshake: Handshake) -> Result<ConnectionId, Refusal> {
        let admitted = self.admit(&handshake);
        if let Ok((version, api_key)) = &admitted {
            self.last_connection += 1;
            let id = ConnectionId(self.last_connection);
            let connection = Connection {
                version: *version,
                api_key: api_key.clone(),
                channels: HashMap::new(),
                waiting: VecDeque::new(),
                busy_until: None,
                held: BTreeMap::new(),
                last_frame: self.now,
                tokens_end: None,
            };
            self.connections.insert(id, connection);
            handshake.connection = Some(id);
        }
        let id = handshake.connection;
        self.record.handshake(handshake, self.config.kept_frames);
        match (admitted, id) {
            (Err(refusal), _) => Err(refusal),
            (Ok(_), Some(id)) => Ok(id),
            (Ok(_), None) => Err(self.refusal(500, "Error connecting to Realtime")),
        }
    }

    fn admit(&mut self, handshake: &Handshake) -> Result<(Version, String), Refusal> {
        if let Some(refusal) = self.script.next_refusal() {
            return Err(refusal);
        }
        let Some(version) = handshake.version else {
            return Err(Refusal { status: 403, error: None, delay: Duration::ZERO });
        };
        let Some(key) = handshake.header("x-api-key").or(handshake.parameter("apikey")) else {
            return Err(self.refusal(401, "API key is missing"));
        };
        let key = self.config.token(key);
        if let Err(error) = self.check_token(key) {
            return Err(self.refusal(401, &error.connect_message()));
        }
        if self.connections.len() >= self.config.limits.connections {
            return Err(self.refusal(429, "Too many connected users"));
        }
        Ok((version, key.to_owned()))
    }

    fn refusal(&self, status: u16, error: &str) -> Refusal {
        Refusal { status, error: Some(error.to_owned()), delay: self.config.handshake_backoff }
    }

    fn check_token(&self, token: &str) -> Result<super::Claims, jwt::TokenError> {
        jwt::check(token, self.config.signer.as_ref(), self.now)
    }

    /// A frame has come.
    pub(crate) fn receive(&mut self, id: ConnectionId, frame: Frame) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.last_frame = self.now;
        let push = decode(connection.version, &frame);
        if let Some(push) = &push {
            connection.waiting.push_back(Waiting::Push(push.clone()));
        }
        let received = Received { connection: id, at: self.now, frame, push };
        self.record.frame(received, self.config.kept_frames);
        self.work_off(id);
    }

    /// The connection is gone, or is to be forgotten.
    pub(crate) fn disconnect(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.remove(&id) else { return };
        for (_, channel) in connection.channels {
            self.forget_presence(id, &channel);
        }
    }

    /// When [`Hub::tick`] has something to do on the connection.
    pub(crate) fn deadline(&self, id: ConnectionId) -> Option<Duration> {
        let connection = self.connections.get(&id)?;
        let held = connection.held.keys().next().map(|(due, _)| *due);
        let idle = connection.last_frame + self.config.idle_timeout;
        [connection.busy_until, held, connection.tokens_end, Some(idle)].into_iter().flatten().min()
    }

    /// Does what is due on a connection.
    pub(crate) fn tick(&mut self, id: ConnectionId) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        while let Some(entry) = connection.held.first_entry().filter(|entry| entry.key().0 <= now) {
            let output = entry.remove();
            self.output.push((id, output));
        }
        if connection.busy_until.is_some_and(|until| until <= now) {
            connection.busy_until = None;
            self.work_off(id);
        }
        self.expire_tokens(id);
        let idle_since = self.connections.get(&id).map(|connection| connection.last_frame);
        if idle_since.is_some_and(|since| since + self.config.idle_timeout <= now) {
            self.close(id, 1000, "");
        }
    }

    /// Closes a connection with a code.
    pub(crate) fn close(&mut self, id: ConnectionId, code: u16, reason: &str) {
        self.end(id, Output::Close(code, reason.to_owned()));
    }

    fn end(&mut self, id: ConnectionId, how: Output) {
        if self.connections.contains_key(&id) {
            self.disconnect(id);
            self.output.push((id, how));
        }
    }

    /// Handles what has come, until the connection has to wait.
    fn work_off(&mut self, id: ConnectionId) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            if connection.busy_until.is_some() {
                return;
            }
            match connection.waiting.pop_front() {
                Some(Waiting::Push(push)) => self.handle(id, push),
                Some(Waiting::Output(output)) => self.output.push((id, output)),
                None => return,
            }
        }
    }

    fn handle(&mut self, id: ConnectionId, push: Push) {
        if self.script.silent {
            return;
        }
        if push.topic == "phoenix" && push.event == "heartbeat" {
            if self.script.answers_heartbeats {
                self.reply(id, &push, "ok", &json!({}));
            }
            return;
        }
        if push.event == "phx_join" && push.topic.starts_with("realtime:") {
            self.join(id, push);
            return;
        }
        if !self.connection(id).is_some_and(|connection| connection.channels.contains_key(&push.topic)) {
            self.reply(id, &push, "error", &json!({ "reason": "unmatched topic" }));
            return;
        }
        match push.event.as_str() {
            "phx_leave" => self.leave(id, &push),
            "broadcast" => self.broadcast(id, &push),
            "presence" => self.presence(id, &push),
            "access_token" => self.access_token(id, &push),
            // The real server logs what it does not know, and is silent.
            _ => {}
        }
    }

    fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    fn channel(&self, id: ConnectionId, topic: &str) -> Option<&Channel> {
        self.connections.get(&id)?.channels.get(topic)
    }

    fn channel_mut(&mut self, id: ConnectionId, topic: &str) -> Option<&mut Channel> {
        self.connections.get_mut(&id)?.channels.get_mut(topic)
    }

    /// Answers a push.
    fn reply(&mut self, id: ConnectionId, push: &Push, status: &'static str, response: &Value) {
        let message = reply_message(push, status, response);
        match self.script.reply_delay {
            delay if delay.is_zero() => self.post(id, &message),
            delay => self.post_later(id, &message, delay),
        }
    }

    /// Sends a message, behind those that wait.
    fn post(&mut self, id: ConnectionId, message: &ServerMessage) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(frame) = message.encode(connection.version) else { return };
        let output = Output::Frame(frame);
        match connection.busy_until {
            Some(_) => connection.waiting.push_back(Waiting::Output(output)),
            None => self.output.push((id, output)),
        }
    }

    fn post_later(&mut self, id: ConnectionId, message: &ServerMessage, delay: Duration) {
        self.sequence += 1;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(frame) = message.encode(connection.version) else { return };
        connection.held.insert((self.now + delay, self.sequence), Output::Frame(frame));
        self.output.push((id, Output::Wake));
    }

    /// Sends a message of the channel's process.
    fn push_to(&mut self, id: ConnectionId, channel: &Channel, event: &'static str, payload: &Value) {
        let message = ServerMessage::Push {
            join_ref: channel.join_ref.clone(),
            topic: channel.topic.clone(),
            event,
            payload: raw(payload),
        };
        self.post(id, &message);
    }

    /// Sends a message to everybody in the room who is wanted. It is written once for each version.
    fn tell_everybody(
        &mut self,
        room: &Room,
        wanted: impl Fn(ConnectionId, &Channel) -> bool,
        message: impl Fn(&str) -> ServerMessage,
    ) {
        let topic = room.topic();
        let mut written: [Option<Option<Frame>>; 2] = [None, None];
        for (id, connection) in &mut self.connections {
            let Some(channel) = connection.channels.get(&topic) else { continue };
            if channel.private != room.private || !wanted(*id, channel) {
                continue;
            }
            let version = connection.version;
            let [first, second] = &mut written;
            let frame = match version {
                Version::V1 => first,
                Version::V2 => second,
            };
            let Some(frame) = frame.get_or_insert_with(|| message(&topic).encode(version)).clone() else {
                continue;
            };
            match connection.busy_until {
                Some(_) => connection.waiting.push_back(Waiting::Output(Output::Frame(frame))),
                None => self.output.push((*id, Output::Frame(frame))),
            }
        }
    }

    fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

impl Room {
    fn topic(&self) -> String {
        format!("realtime:{}", self.name)
    }
}

fn reply_message(push: &Push, status: &'static str, response: &Value) -> ServerMessage {
    ServerMessage::Reply {
        join_ref: push.join_ref.clone(),
        reference: push.reference.clone(),
        topic: push.topic.clone(),
        status,
        response: raw(response),
    }
}

/// A value as JSON text. Values that we make can be written.
fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
