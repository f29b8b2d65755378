//! The default transport in a browser, and wherever else JavaScript has a `WebSocket`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use supabase_core::{BoxFuture, sleep};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::{Connection, Handshake, Transport};
use crate::error::{Error, Result};
use crate::protocol::Frame;

/// Opens websockets by the platform. It sends no headers, and is told nothing of an answer that is no websocket.
#[derive(Debug)]
pub(crate) struct Browser;

impl Transport for Browser {
    fn connect(&self, handshake: Handshake) -> BoxFuture<'static, Result<Connection>> {
        Box::pin(async move {
            let mut socket = Socket::new(handshake.url())?;
            match socket.events.recv().await {
                Some(Event::Open) => Ok(Connection::browser(socket)),
                _ => Err(Error::unreachable(io::Error::other(
                    "the websocket was not opened; the platform tells no program why",
                ))),
            }
        })
    }
}

/// A websocket of the platform. Dropping it closes it.
pub(crate) struct Socket {
    socket: WebSocket,
    /// What the platform told. It cannot be asked to wait, so nothing limits how many there are.
    events: UnboundedReceiver<Event>,
    /// Until the platform is asked again how much it holds.
    pause: Option<BoxFuture<'static, ()>>,
    /// Called by the platform for as long as the socket has them.
    _callbacks: Callbacks,
}

/// What the platform tells of a websocket.
enum Event {
    Open,
    Message(Frame),
    /// It ended: the code and the reason that the other side gave.
    Closed(u16, String),
    /// It ended, or was not opened. Where that is told by an event of its own, what else is told comes too late.
    Failed,
}

struct Callbacks {
    open: Closure<dyn FnMut()>,
    message: Closure<dyn FnMut(MessageEvent)>,
    close: Closure<dyn FnMut(CloseEvent)>,
    error: Closure<dyn FnMut()>,
}

/// How many bytes may wait in the platform, which takes whatever it is given: what is sent then waits here, where it is
/// limited.
const MOST_WAITING: u32 = 1024 * 1024;

/// How long until it is asked again. It tells nobody when it has sent something.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The platform's word for a connection that broke without a goodbye.
const NO_GOODBYE: u16 = 1006;

/// The platform's word for a goodbye without a code.
const NO_CODE: u16 = 1005;

impl Socket {
    /// Begins to open a websocket.
    fn new(url: &str) -> Result<Self> {
        // The reason that the platform gives may hold the address, and that the key.
        let socket = WebSocket::new(url).map_err(|_| {
            let is_there = Reflect::has(&js_sys::global(), &"WebSocket".into()).unwrap_or(false);
            Error::invalid(match is_there {
                true => "this address cannot be opened as a websocket",
                false => {
                    "there is no WebSocket here: Node.js has it from version 22 on, and with --experimental-websocket before"
                }
            })
        })?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let (sender, events) = unbounded_channel();
        let callbacks = Callbacks::new(&sender);
        socket.set_onopen(Some(callbacks.open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(callbacks.message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(callbacks.close.as_ref().unchecked_ref()));
        socket.set_onerror(Some(callbacks.error.as_ref().unchecked_ref()));
        Ok(Self { socket, events, pause: None, _callbacks: callbacks })
    }

    fn check_open(&self) -> Result<()> {
        // What is sent to one that closes is thrown away without a word.
        if self.socket.ready_state() == WebSocket::OPEN { Ok(()) } else { Err(gone()) }
    }
}

impl Callbacks {
    fn new(sender: &UnboundedSender<Event>) -> Self {
        // Whoever listened may be gone; then nobody misses it.
        let tell = || {
            let sender = sender.clone();
            move |event: Event| drop(sender.send(event))
        };
        let (open, message, close, error) = (tell(), tell(), tell(), tell());
        Self {
            open: Closure::new(move || open(Event::Open)),
            message: Closure::new(move |event: MessageEvent| {
                // Nothing else is sent by a server.
                if let Some(frame) = frame(&event) {
                    message(Event::Message(frame));
                }
            }),
            close: Closure::new(move |event: CloseEvent| close(Event::Closed(event.code(), event.reason()))),
            error: Closure::new(move || error(Event::Failed)),
        }
    }
}

fn frame(event: &MessageEvent) -> Option<Frame> {
    let data = event.data();
    if let Some(text) = data.as_string() {
        return Some(Frame::Text(Bytes::from(text)));
    }
    let buffer = data.dyn_into::<ArrayBuffer>().ok()?;
    Some(Frame::Binary(Bytes::from(Uint8Array::new(&buffer).to_vec())))
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The platform calls whatever it still has.
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.socket.set_onerror(None);
        let _ = self.socket.close();
    }
}

impl Stream for Socket {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let next = match ready!(self.events.poll_recv(context)) {
                // Told already, to whoever opened it.
                Some(Event::Open) => continue,
                Some(Event::Message(frame)) => Ok(frame),
                Some(Event::Closed(NO_GOODBYE, _) | Event::Failed) => {
                    Err(Error::interrupted("the connection broke"))
                }
                Some(Event::Closed(NO_CODE, reason)) => Ok(Frame::Close(None, reason)),
                Some(Event::Closed(code, reason)) => Ok(Frame::Close(Some(code), reason)),
                None => return Poll::Ready(None),
            };
            return Poll::Ready(Some(next));
        }
    }
}

impl Sink<Frame> for Socket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            if let Err(error) = self.check_open() {
                return Poll::Ready(Err(error));
            }
            if self.socket.buffered_amount() <= MOST_WAITING {
                self.pause = None;
                return Poll::Ready(Ok(()));
            }
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(LOOK_AGAIN)));
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<()> {
        let sent = match frame {
            Frame::Text(text) => {
                let text =
                    std::str::from_utf8(&text).map_err(|_| Error::invalid("a text frame is not UTF-8"))?;
                self.socket.send_with_str(text)
            }
            Frame::Binary(bytes) => self.socket.send_with_u8_array(&bytes),
            Frame::Close(code, reason) => {
                let closed = match code {
                    Some(code) => self.socket.close_with_code_and_reason(code, &reason),
                    None => self.socket.close(),
                };
                // It refuses codes that only servers may send, and long reasons; without these it closes as well.
                closed.or_else(|_| self.socket.close())
            }
        };
        sent.map_err(|_| gone())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        // What is sent is the platform's business from then on; how much of it waits there, `poll_ready` sees to.
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        // What was sent goes out before the goodbye.
        let _ = self.socket.close();
        Poll::Ready(Ok(()))
    }
}

fn gone() -> Error {
    Error::interrupted("the connection is closed")
}
