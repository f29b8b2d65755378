//! A channel before joining: what it is, and what is to be heard.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::config::{Config, Replay};
use super::entry::{Binding, Hears, Plan};
use super::{Channel, ChannelShared};
use crate::broadcast::Broadcast;
use crate::changes::{Change, Changes};
use crate::client::Client;
use crate::delivery::{Overflow, Room};
use crate::error::{Error, Result};
use crate::listener::{self, Event, Listener, Raw};
use crate::mailbox::mailbox;
use crate::presence::PresenceEvent;
use crate::socket::{Command, Lease};
use crate::system::SystemMessage;
use crate::timestamp::Timestamp;

/// What happens to a broadcast that is sent while the channel is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhileAway {
    /// It is refused, and nothing is sent. This is the default.
    #[default]
    Refuse,
    /// It waits until the channel is back, at most so many of them; what is beyond is refused.
    Queue(usize),
    /// It goes over HTTP.
    Http,
}

/// A channel that is not joined yet: say what it is, bind streams, then [`subscribe`](Self::subscribe).
///
/// Streams are bound before joining, so that nothing is missed that comes right after it.
///
/// ```no_run
/// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
/// use realtime_rs::Changes;
/// #[derive(Debug, serde::Deserialize)]
/// struct Country { id: i64, name: String }
///
/// let mut room = realtime.channel("room1").presence_key("ada");
/// let mut countries = room.on_postgres_changes::<Country>(Changes::insert().table("countries"));
/// let room = room.subscribe().await?;
/// while let Some(item) = countries.next().await {
///     println!("{:?}", item?);
/// }
/// # Ok(()) }
/// ```
#[must_use = "a channel is joined by `subscribe`"]
pub struct ChannelBuilder {
    client: Client,
    lease: Arc<Lease>,
    name: String,
    config: Config,
    bindings: Vec<Binding>,
    room: Room,
    while_away: WhileAway,
    waits_for_changes: bool,
    timeout: Option<Duration>,
    fault: Option<Error>,
}

impl ChannelBuilder {
    pub(crate) fn new(client: Client, name: String) -> Self {
        let lease = client.lease();
        let (room, timeout) = (client.settings().room, client.settings().subscribe_timeout);
        Self {
            client,
            lease,
            name,
            config: Config::default(),
            bindings: Vec::new(),
            room,
            while_away: WhileAway::default(),
            waits_for_changes: true,
            timeout,
            fault: None,
        }
    }

    /// Only for those whom the project's policies let in.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/authorization>
    pub fn private(mut self) -> Self {
        self.config.private = true;
        self
    }

    /// Broadcasts of this client come back to it.
    #[doc(alias = "self")]
    pub fn receive_own_broadcasts(mut self) -> Self {
        self.config.broadcast.to_self = true;
        self
    }

    /// The server confirms each broadcast: sending one is done when it has.
    #[doc(alias = "ack")]
    pub fn acknowledge(mut self) -> Self {
        self.config.broadcast.ack = true;
        self
    }

    /// Messages since that moment that the database keeps are sent again after the join, at most 25, the oldest first;
    /// and after an interruption, those since it. For private channels alone.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/broadcast#broadcast-replay>
    pub fn replay_since(mut self, since: Timestamp) -> Self {
        let limit = self.config.broadcast.replay.and_then(|replay| replay.limit);
        self.config.broadcast.replay = Some(Replay { since: since.as_unix_millis(), limit });
        self
    }

    /// At most so many messages are replayed, from 1 to 25. See [`replay_since`](Self::replay_since).
    pub fn replay_limit(mut self, messages: u8) -> Self {
        if !(1..=25).contains(&messages) {
            self.blame(Error::invalid("between 1 and 25 messages can be replayed"));
        }
        match &mut self.config.broadcast.replay {
            Some(replay) => replay.limit = Some(messages),
            None => {
                self.blame(Error::invalid("say since when messages are replayed: `replay_since` comes first"))
            }
        }
        self
    }

    /// The channel is subscribed only when broadcasts that the database sends arrive as well.
    #[doc(alias = "replication_ready")]
    pub fn wait_for_database_broadcasts(mut self) -> Self {
        self.config.broadcast.replication_ready = true;
        self
    }

    /// Whether the channel is subscribed only when changes of the database arrive, where some are bound: yes if not given.
    /// Changes that are made between the join and that moment are not told.
    #[doc(alias = "wait")]
    pub fn wait_for_changes(mut self, waits: bool) -> Self {
        self.waits_for_changes = waits;
        self
    }

    /// The key under which this client is present: the connections of one user share it. The server makes one up for each
    /// channel if not given.
    pub fn presence_key(mut self, key: impl Into<String>) -> Self {
        self.config.presence.key = key.into();
        self.config.presence.enabled = true;
        self
    }

    /// What happens to broadcasts that are sent while the channel is away.
    pub fn while_away(mut self, choice: WhileAway) -> Self {
        self.while_away = choice;
        self
    }

    /// How many messages each stream bound from here on holds for a reader that is slow, and what happens then; 1,024 and
    /// [`Overflow::DropOldest`] if not given. Whatever is given, a stream holds at most 16 MiB.
    pub fn buffer(mut self, messages: usize, overflow: Overflow) -> Self {
        self.room = Room { messages, overflow, ..self.room };
        self
    }

    /// How long [`subscribe`](Self::subscribe) may take in all; 30 seconds if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Broadcasts named `event`, or all by `*`, their payload read as `T`.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/broadcast>
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Cursor { x: f64, y: f64 }
    ///
    /// let mut room = realtime.channel("room1");
    /// let mut cursors = room.on_broadcast::<Cursor>("cursor-pos").messages();
    /// let room = room.subscribe().await?;
    /// if let Some(cursor) = cursors.next().await {
    ///     println!("{}", cursor?.payload.x);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn on_broadcast<T: DeserializeOwned>(&mut self, event: impl AsRef<str>) -> Listener<Broadcast<T>> {
        self.bind(hears_broadcast(event.as_ref()), listener::broadcast)
    }

    /// Broadcasts of bytes named `event`, or all by `*`.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// let mut room = realtime.channel("room1");
    /// let mut frames = room.on_binary_broadcast("frame").messages();
    /// let room = room.subscribe().await?;
    /// while let Some(frame) = frames.next().await {
    ///     println!("{} bytes", frame?.payload.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn on_binary_broadcast(&mut self, event: impl AsRef<str>) -> Listener<Broadcast<Bytes>> {
        self.bind(hears_broadcast(event.as_ref()), listener::binary_broadcast)
    }

    /// Who comes and who leaves, what they tracked read as `T`.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/presence>
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// use realtime_rs::PresenceEvent;
    /// let mut room = realtime.channel("room1");
    /// let mut presences = room.on_presence::<serde_json::Value>().messages();
    /// let room = room.subscribe().await?;
    /// while let Some(event) = presences.next().await {
    ///     if let PresenceEvent::Join { key, .. } = event? {
    ///         println!("{key} came");
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn on_presence<T: DeserializeOwned>(&mut self) -> Listener<PresenceEvent<T>> {
        self.config.presence.enabled = true;
        self.bind(Hears::Presence, listener::presence)
    }

    /// Changes of the database, their rows read as `T`.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/postgres-changes>
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// use realtime_rs::Changes;
    /// #[derive(serde::Deserialize)]
    /// struct Country { id: i64, name: String }
    ///
    /// let mut room = realtime.channel("room1");
    /// let mut countries = room.on_postgres_changes::<Country>(Changes::update().table("countries").eq("id", 200));
    /// let room = room.subscribe().await?;
    /// # Ok(()) }
    /// ```
    pub fn on_postgres_changes<T: DeserializeOwned>(&mut self, changes: Changes) -> Listener<Change<T>> {
        let hears = self.changes(&changes).map(Hears::Change);
        self.bind(hears.unwrap_or(Hears::Nothing), listener::change)
    }

    /// What the server says about the channel itself.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// let mut room = realtime.channel("room1");
    /// let mut system = room.on_system().messages();
    /// let room = room.subscribe().await?;
    /// while let Some(message) = system.next().await {
    ///     println!("{}", message?.message);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn on_system(&mut self) -> Listener<SystemMessage> {
        self.bind(Hears::System, listener::system)
    }

    /// One stream of everything: all broadcasts, presences, system messages, these changes of the database, and those
    /// that are bound beside it.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// use realtime_rs::{Changes, Delivery, Event};
    /// let mut room = realtime.channel("room1");
    /// let mut events = room.events([Changes::insert().table("countries")]);
    /// let room = room.subscribe().await?;
    /// while let Some(item) = events.next().await {
    ///     match item? {
    ///         Delivery::Message(Event::Broadcast(broadcast)) => println!("{}", broadcast.event),
    ///         Delivery::Message(Event::Change(change)) => println!("{:?} of {}", change.action, change.table),
    ///         other => println!("{other:?}"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn events(&mut self, changes: impl IntoIterator<Item = Changes>) -> Listener<Event> {
        for changes in changes {
            self.changes(&changes);
        }
        self.config.presence.enabled = true;
        self.bind(Hears::Everything, listener::event)
    }

    /// Joins the channel. It is done when the server has confirmed the join, and changes of the database flow, where some
    /// are bound.
    ///
    /// From then on the channel is joined again by itself after every interruption, with the access token of that moment.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) with the server's reason;
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) if it is not confirmed in time, also where there is no network;
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for the first setting that cannot be, for a channel that this
    /// client has joined already (get it by [`Client::get_channel`]), and outside of a tokio runtime;
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) if the client is told to disconnect meanwhile;
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) if no access token could be had, or an API key in its place.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// let room = realtime.channel("room1").subscribe().await?;
    /// # Ok(()) }
    /// ```
    pub async fn subscribe(self) -> Result<Channel> {
        let Self {
            client, lease, name, config, bindings, while_away, waits_for_changes, timeout, fault, ..
        } = self;
        if let Some(fault) = fault {
            return Err(fault);
        }
        if name.is_empty() {
            return Err(Error::invalid("the channel has no name"));
        }
        if config.broadcast.replay.is_some() && !config.private {
            return Err(Error::invalid("only private channels replay messages: add `private`"));
        }
        let shared = Arc::new(ChannelShared::new(name, config.private, while_away));
        let channel = Channel { shared: Arc::clone(&shared), lease: Arc::clone(&lease) };
        let plan = Box::new(Plan {
            id: lease.id(),
            shared,
            lease: Arc::downgrade(&lease),
            config,
            bindings,
            waits_for_changes,
            timeout,
        });
        client.ask(|reply| Command::Subscribe { plan, reply }).await?;
        Ok(channel)
    }

    /// The place of a subscription among those that are sent. Equal ones are sent once.
    fn changes(&mut self, changes: &Changes) -> Option<usize> {
        let subscription = match changes.subscription() {
            Ok(subscription) => subscription,
            Err(error) => {
                self.blame(error);
                return None;
            }
        };
        let all = &mut self.config.postgres_changes;
        let place = all.iter().position(|other| *other == subscription);
        Some(place.unwrap_or_else(|| {
            all.push(subscription);
            all.len() - 1
        }))
    }

    fn bind<T>(&mut self, hears: Hears, read: fn(Raw) -> Result<T>) -> Listener<T> {
        let (sender, receiver) = mailbox(self.room);
        self.bindings.push(Binding { hears, sender });
        Listener::new(receiver, read, Arc::clone(&self.lease))
    }

    fn blame(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }
}

fn hears_broadcast(event: &str) -> Hears {
    Hears::Broadcast((event != "*").then(|| event.into()))
}

impl fmt::Debug for ChannelBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelBuilder")
            .field("name", &self.name)
            .field("private", &self.config.private)
            .field("bindings", &self.bindings.len())
            .finish_non_exhaustive()
    }
}
