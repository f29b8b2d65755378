//! The door to the network: what opens a websocket.

#[cfg(target_family = "wasm")]
pub(crate) mod browser;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod native;

use std::fmt;
use std::pin::Pin;

use futures_util::{Sink, Stream};
use supabase_core::{BoxFuture, MaybeSend, MaybeSync};

use crate::error::{Error, Result};
use crate::protocol::Frame;

/// Opens websockets. The default one goes through the HTTP client of this crate, with its proxies and certificates, or, in a
/// browser, is the browser's; give another by [`ClientBuilder::transport`](crate::ClientBuilder::transport) for a runtime that has a websocket of its own.
///
/// A transport is asked for one connection at a time. Time limits and repetitions are not its business.
///
/// ```
/// use std::pin::Pin;
/// use futures_util::{SinkExt, StreamExt};
/// use realtime_rs::{Connection, Error, Frame, Handshake, Result, Transport};
///
/// /// A server that says nothing and closes.
/// struct Silent;
///
/// impl Transport for Silent {
///     fn connect(&self, _: Handshake) -> Pin<Box<dyn Future<Output = Result<Connection>> + Send>> {
///         Box::pin(async {
///             let incoming = futures_util::stream::iter([Ok(Frame::Close(Some(1000), String::new()))]);
///             let outgoing = futures_util::sink::drain().sink_map_err(|error| match error {});
///             Ok(Connection::from_parts(incoming, outgoing))
///         })
///     }
/// }
/// ```
pub trait Transport: MaybeSend + MaybeSync + 'static {
    /// Opens a websocket.
    ///
    /// # Errors
    /// [`Error::unreachable`] where there is no connection, and [`Error::refused`] where the server answered by anything
    /// else than a websocket; by [`Error::refused_with_headers`], the server can ask to be left alone for a while.
    fn connect(&self, handshake: Handshake) -> BoxFuture<'static, Result<Connection>>;
}

/// What a websocket is opened with. Printed, it shows no secret.
#[derive(Clone)]
pub struct Handshake {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Handshake {
    /// The address, by `ws` or `wss`. **It holds the API key**: do not log it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers of this client: those that it was told to send, and what it is. The API key stands in the address. A
    /// browser cannot send any.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let without_query = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("Handshake").field("url", &without_query).finish_non_exhaustive()
    }
}

#[cfg(not(target_family = "wasm"))]
type Incoming = Pin<Box<dyn Stream<Item = Result<Frame>> + Send>>;
#[cfg(target_family = "wasm")]
type Incoming = Pin<Box<dyn Stream<Item = Result<Frame>>>>;
#[cfg(not(target_family = "wasm"))]
type Outgoing = Pin<Box<dyn Sink<Frame, Error = Error> + Send>>;
#[cfg(target_family = "wasm")]
type Outgoing = Pin<Box<dyn Sink<Frame, Error = Error>>>;

/// An open websocket: frames in, frames out. Pings are the transport's business.
pub struct Connection(Kind);

enum Kind {
    Parts(Incoming, Outgoing),
    #[cfg(not(target_family = "wasm"))]
    Native(Box<native::Socket<supabase_core::Upgraded>>),
    #[cfg(target_family = "wasm")]
    Browser(browser::Socket),
}

impl Connection {
    /// A websocket from its two directions. The end of `incoming` without a close frame is a broken connection.
    pub fn from_parts(
        incoming: impl Stream<Item = Result<Frame>> + MaybeSend + 'static,
        outgoing: impl Sink<Frame, Error = Error> + MaybeSend + 'static,
    ) -> Self {
        Self(Kind::Parts(Box::pin(incoming), Box::pin(outgoing)))
    }

    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn native(socket: native::Socket<supabase_core::Upgraded>) -> Self {
        Self(Kind::Native(Box::new(socket)))
    }

    #[cfg(target_family = "wasm")]
    pub(crate) fn browser(socket: browser::Socket) -> Self {
        Self(Kind::Browser(socket))
    }

    pub(crate) fn incoming(&mut self) -> Pin<&mut (dyn Stream<Item = Result<Frame>> + '_)> {
        match &mut self.0 {
            Kind::Parts(incoming, _) => incoming.as_mut(),
            #[cfg(not(target_family = "wasm"))]
            Kind::Native(socket) => Pin::<&mut native::Socket<_>>::new(socket),
            #[cfg(target_family = "wasm")]
            Kind::Browser(socket) => Pin::<&mut browser::Socket>::new(socket),
        }
    }

    pub(crate) fn outgoing(&mut self) -> Pin<&mut (dyn Sink<Frame, Error = Error> + '_)> {
        match &mut self.0 {
            Kind::Parts(_, outgoing) => outgoing.as_mut(),
            #[cfg(not(target_family = "wasm"))]
            Kind::Native(socket) => Pin::<&mut native::Socket<_>>::new(socket),
            #[cfg(target_family = "wasm")]
            Kind::Browser(socket) => Pin::<&mut browser::Socket>::new(socket),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
