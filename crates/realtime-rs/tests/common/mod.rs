//! A client over memory, to the scripted server, in a runtime whose clock is paused.
#![allow(dead_code, unreachable_pub, reason = "each file of tests uses a part of it")]

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use realtime_rs::{
    Backoff, Client, ClientBuilder, Connection, Delivery, Error, Frame, Handshake, Listener, Result,
    Transport,
};
use serde_json::Value;
use supabase_mock::realtime::{Received, Server};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// The address that the clients of these tests are told.
pub const URL: &str = "http://test/realtime/v1";

/// Opens connections in memory.
pub struct Memory(pub Server);

impl Transport for Memory {
    fn connect(&self, handshake: Handshake) -> Pin<Box<dyn Future<Output = Result<Connection>> + Send>> {
        Box::pin(open(handshake, self.0.connect()))
    }
}

/// Opens a websocket on a stream.
pub async fn open<S>(handshake: Handshake, stream: S) -> Result<Connection>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let socket = match client_async(handshake.url(), stream).await {
        Ok((socket, _)) => socket,
        Err(WsError::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            return Err(Error::refused(response.status().as_u16(), body));
        }
        Err(error) => return Err(Error::unreachable(error)),
    };
    let (outgoing, incoming) = socket.split();
    let incoming = incoming.filter_map(|message| async {
        match message {
            Ok(Message::Text(text)) => Some(Ok(Frame::Text(Bytes::from(text)))),
            Ok(Message::Binary(bytes)) => Some(Ok(Frame::Binary(bytes))),
            Ok(Message::Close(frame)) => {
                let code = frame.as_ref().map(|frame| frame.code.into());
                let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                Some(Ok(Frame::Close(code, reason)))
            }
            Ok(_) => None,
            Err(error) => Some(Err(Error::unreachable(error))),
        }
    });
    let outgoing = outgoing.sink_map_err(Error::unreachable).with(|frame| async {
        Ok(match frame {
            Frame::Text(text) => Message::text(String::from_utf8(text.into()).expect("frames are UTF-8")),
            Frame::Binary(bytes) => Message::Binary(bytes),
            Frame::Close(code, reason) => {
                Message::Close(code.map(|code| CloseFrame { code: code.into(), reason: reason.into() }))
            }
            _ => unreachable!("there are three kinds of frames"),
        })
    });
    Ok(Connection::from_parts(incoming, outgoing))
}

/// A client of this server, whose key is the one that anybody has.
pub fn builder(server: &Server) -> ClientBuilder {
    Client::builder(URL, server.anon_key())
        .transport(Memory(server.clone()))
        .reconnect(Backoff::custom(|failed| Some(Duration::from_secs(u64::from(failed.min(10))))))
}

pub fn client(server: &Server) -> Client {
    builder(server).build().expect("the client can be built")
}

/// The next item of a stream, which must come within an hour of the paused clock.
pub async fn item<T>(listener: &mut Listener<T>) -> Option<Result<Delivery<T>>> {
    soon(listener.next()).await
}

/// The next message of a stream.
pub async fn message<T: std::fmt::Debug>(listener: &mut Listener<T>) -> T {
    match item(listener).await {
        Some(Ok(Delivery::Message(message))) => message,
        other => panic!("a message was to come, and no {other:?}"),
    }
}

/// What happens within an hour of the paused clock.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(3_600), work).await.expect("it happens within an hour")
}

/// Lets so much time pass.
pub async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// The tokens of the joins of a topic so far.
pub fn join_tokens(server: &Server, topic: &str) -> Vec<Option<String>> {
    server.joins(topic).iter().map(token_of).collect()
}

pub fn token_of(frame: &Received) -> Option<String> {
    frame.payload().get("access_token").and_then(Value::as_str).map(str::to_owned)
}

/// Frames of one event on one topic.
pub fn frames(server: &Server, topic: &str, event: &str) -> Vec<Received> {
    let topic = format!("realtime:{topic}");
    server.received().into_iter().filter(|frame| frame.topic() == topic && frame.event() == event).collect()
}
