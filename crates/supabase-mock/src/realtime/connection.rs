//! One connection: HTTP until it becomes a websocket, then frames both ways.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Version;
use super::codec::Frame;
use super::http::{ReadError, Request, Response, UNCACHED, read_request};
use super::hub::{ConnectionId, Output};
use super::record::Handshake;
use super::shared::Shared;

/// How long a client may take to answer that the connection is closed.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// The head of a text frame of 1,024 bytes, and the first of them.
const CUT_FRAME: &[u8] = b"\x81\x7e\x04\x00[null,null,\"realtime:";

/// Serves what a client asks for on a stream, until it ends.
pub(crate) async fn serve<S>(shared: &Arc<Shared>, mut io: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    loop {
        let request = match read_request(&mut io, &mut buffer).await {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(ReadError::Refused(status)) => {
                return io.write_all(&Response::empty(status).to_bytes()).await;
            }
            Err(ReadError::Io(error)) => return Err(error),
        };
        if is_websocket_path(&request.path) {
            return upgrade(shared, io, buffer, &request).await;
        }
        let stays = !request.lists("connection", "close");
        let response = shared.with(|hub| hub.answer(&request));
        io.write_all(&response.to_bytes()).await?;
        io.flush().await?;
        if !stays {
            return io.shutdown().await;
        }
    }
}

/// The path on a project, and that of the server itself.
fn is_websocket_path(path: &str) -> bool {
    matches!(path, "/realtime/v1/websocket" | "/socket/websocket")
}

async fn upgrade<S>(shared: &Arc<Shared>, mut io: S, rest: Vec<u8>, request: &Request) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let key = match websocket_key(request) {
        Ok(key) => key,
        Err(message) => {
            let headers = vec![("cache-control", UNCACHED.to_owned())];
            let response = Response { status: 400, headers, body: message.into_bytes() };
            io.write_all(&response.to_bytes()).await?;
            return io.shutdown().await;
        }
    };
    let (id, mut outputs) = match shared.open(handshake(shared, request)) {
        Ok(opened) => opened,
        Err(refusal) => {
            sleep(refusal.delay).await;
            let mut response = match refusal.error {
                Some(error) => Response::json(refusal.status, &serde_json::json!({ "error": error })),
                None => Response::empty(refusal.status),
            };
            response.headers.push(("cache-control", UNCACHED.to_owned()));
            io.write_all(&response.to_bytes()).await?;
            return io.shutdown().await;
        }
    };
    // From here on the connection has to be forgotten, however this ends.
    let _open = Open { shared, id };
    let response = Response {
        status: 101,
        headers: vec![
            ("upgrade", "websocket".into()),
            ("connection", "Upgrade".into()),
            ("sec-websocket-accept", derive_accept_key(key.as_bytes())),
        ],
        body: Vec::new(),
    };
    io.write_all(&response.to_bytes()).await?;
    io.flush().await?;

    let limit = Some(shared.with(|hub| hub.config.limits.frame));
    let config = WebSocketConfig::default().max_frame_size(limit).max_message_size(limit);
    let socket = WebSocketStream::from_partially_read(io, rest, Role::Server, Some(config)).await;
    exchange(shared, id, socket, &mut outputs).await
}

fn websocket_key(request: &Request) -> Result<&str, String> {
    if !request.lists("connection", "upgrade") {
        let found = request.header("connection").map_or_else(String::new, |found| format!("\"{found}\""));
        return Err(format!("'connection' header must contain 'upgrade', got [{found}]"));
    }
    if !request.lists("upgrade", "websocket") {
        let found = request.header("upgrade").map_or_else(String::new, |found| format!("\"{found}\""));
        return Err(format!("'upgrade' header must contain 'websocket', got [{found}]"));
    }
    request.header("sec-websocket-key").ok_or_else(|| "'sec-websocket-key' header is absent".into())
}

fn handshake(shared: &Shared, request: &Request) -> Handshake {
    let version = match request.parameter("vsn") {
        None | Some("1.0.0") => Some(Version::V1),
        Some("2.0.0") => Some(Version::V2),
        Some(_) => None,
    };
    Handshake {
        connection: None,
        at: shared.now(),
        version,
        query: request.query.clone(),
        headers: request.headers.clone(),
    }
}

/// Forgets a connection when it ends.
struct Open<'a> {
    shared: &'a Shared,
    id: ConnectionId,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.shared.closed(self.id);
    }
}

enum Event {
    Received(Message),
    Output(Output),
    Due,
    /// Everything is written that came before this.
    Written(Output),
    Ended,
}

/// Reads and writes at the same time: a client that does not read must not keep us from reading.
async fn exchange<S>(
    shared: &Shared,
    id: ConnectionId,
    mut socket: WebSocketStream<S>,
    outputs: &mut UnboundedReceiver<Output>,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut queue = VecDeque::new();
    let mut dirty = false;
    loop {
        let deadline = shared.deadline(id);
        let due = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending::<()>().await,
            }
        };
        let mut due = std::pin::pin!(due);
        let event = poll_fn(|cx| {
            match poll_write(&mut socket, &mut queue, &mut dirty, cx) {
                Poll::Ready(Ok(last)) => return Poll::Ready(Event::Written(last)),
                Poll::Ready(Err(_)) => return Poll::Ready(Event::Ended),
                Poll::Pending => {}
            }
            match socket.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) => return Poll::Ready(Event::Received(message)),
                // Among the errors is a frame that is too long: the real server drops the connection, too.
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Event::Ended),
                Poll::Pending => {}
            }
            if let Poll::Ready(Some(output)) = outputs.poll_recv(cx) {
                return Poll::Ready(Event::Output(output));
            }
            due.as_mut().poll(cx).map(|()| Event::Due)
        })
        .await;
        match event {
            Event::Received(Message::Text(text)) => shared.with(|hub| hub.receive(id, Frame::Text(text))),
            Event::Received(Message::Binary(bytes)) => {
                shared.with(|hub| hub.receive(id, Frame::Binary(bytes)))
            }
            // Pings are answered by the socket itself, and after a close it ends.
            Event::Received(_) => {}
            Event::Output(Output::Wake) => {}
            Event::Output(output) => queue.push_back(output),
            Event::Due => shared.with(|hub| hub.tick(id)),
            Event::Written(Output::Close(code, reason)) => return close(socket, code, reason).await,
            Event::Written(Output::Cut) => return socket.get_mut().write_all(CUT_FRAME).await,
            Event::Written(_) | Event::Ended => return Ok(()),
        }
    }
}

/// Writes what can be written; ready with what ends the connection once all before it is written.
fn poll_write<S>(
    socket: &mut WebSocketStream<S>,
    queue: &mut VecDeque<Output>,
    dirty: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Result<Output, Error>>
where
    S: AsyncRead + AsyncWrite + Unpin,
    WebSocketStream<S>: Sink<Message, Error = Error>,
{
    loop {
        match queue.front() {
            Some(Output::Frame(_) | Output::Wake) => {
                ready!(socket.poll_ready_unpin(cx))?;
                match queue.pop_front() {
                    Some(Output::Frame(Frame::Text(text))) => socket.start_send_unpin(Message::Text(text))?,
                    Some(Output::Frame(Frame::Binary(bytes))) => {
                        socket.start_send_unpin(Message::Binary(bytes))?
                    }
                    _ => {}
                }
                *dirty = true;
            }
            last => {
                if *dirty {
                    ready!(socket.poll_flush_unpin(cx))?;
                    *dirty = false;
                }
                return match last {
                    Some(_) => queue.pop_front().map_or(Poll::Pending, |last| Poll::Ready(Ok(last))),
                    None => Poll::Pending,
                };
            }
        }
    }
}

async fn close<S>(mut socket: WebSocketStream<S>, code: u16, reason: String) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
    let closed = async {
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    // A client that never answers is no reason to stay.
    let _ = timeout(CLOSE_PATIENCE, closed).await;
    Ok(())
}
