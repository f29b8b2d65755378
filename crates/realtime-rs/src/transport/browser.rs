//! The default transport in a browser, and wherever else JavaScript has a `WebSocket`.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State, WebSocketError};
use supabase_core::BoxFuture;

use super::{Connection, Handshake, Transport};
use crate::error::{Error, Result};
use crate::protocol::Frame;

/// Opens websockets by the platform. It sends no headers, and tells nothing of an answer that is no websocket.
#[derive(Debug)]
pub(crate) struct Browser;

impl Transport for Browser {
    fn connect(&self, handshake: Handshake) -> BoxFuture<'static, Result<Connection>> {
        Box::pin(async move {
            let socket = WebSocket::open(handshake.url())
                .map_err(|_| Error::invalid("this address cannot be opened as a websocket"))?;
            let mut socket = Socket(Some(socket));
            poll_fn(|context| socket.poll_open(context)).await?;
            Ok(Connection::browser(socket))
        })
    }
}

/// A websocket of the platform. Dropping it closes it.
pub(crate) struct Socket(Option<WebSocket>);

impl Socket {
    /// Ready when the websocket is open, or cannot be.
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Some(socket) = &mut self.0 else { return Poll::Ready(Err(gone())) };
        // A failure comes by the stream; whoever waits to send is not told of it.
        if let Poll::Ready(failed) = Pin::new(&mut *socket).poll_next(context) {
            return Poll::Ready(Err(match failed {
                Some(Err(error)) => Error::unreachable(error),
                _ => gone(),
            }));
        }
        let ready = Pin::new(&mut *socket).poll_ready(context);
        match (ready, socket.state()) {
            (Poll::Pending, _) => Poll::Pending,
            (Poll::Ready(Ok(())), State::Open) => Poll::Ready(Ok(())),
            (Poll::Ready(_), _) => Poll::Ready(Err(gone())),
        }
    }
}

impl Stream for Socket {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(socket) = &mut self.0 else { return Poll::Ready(None) };
        Pin::new(socket).poll_next(context).map(|item| {
            Some(match item? {
                Ok(Message::Text(text)) => Ok(Frame::Text(Bytes::from(text))),
                Ok(Message::Bytes(bytes)) => Ok(Frame::Binary(Bytes::from(bytes))),
                // The platform's word for a connection that broke without a goodbye.
                Err(WebSocketError::ConnectionClose(event)) if event.code != 1006 => {
                    Ok(Frame::Close(Some(event.code), event.reason))
                }
                Err(_) => Err(Error::interrupted("the connection broke")),
            })
        })
    }
}

impl Sink<Frame> for Socket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.0 {
            Some(socket) => Pin::new(socket).poll_ready(context).map_err(|_| gone()),
            None => Poll::Ready(Err(gone())),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<()> {
        let message = match frame {
            Frame::Text(text) => Message::Text(
                String::from_utf8(text.into()).map_err(|_| Error::invalid("a text frame is not UTF-8"))?,
            ),
            Frame::Binary(bytes) => Message::Bytes(bytes.into()),
            Frame::Close(code, reason) => {
                if let Some(socket) = self.0.take() {
                    // It refuses codes that only servers may send; then dropping it closes it without one.
                    let _ = socket.close(code, Some(&reason));
                }
                return Ok(());
            }
        };
        match &mut self.0 {
            Some(socket) => Pin::new(socket).start_send(message).map_err(|_| gone()),
            None => Err(gone()),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        // What is sent is the platform's business from then on.
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}

fn gone() -> Error {
    Error::interrupted("the connection is closed")
}
