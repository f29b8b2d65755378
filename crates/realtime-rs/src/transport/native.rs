//! The default transport: the handshake by the HTTP client, the frames by tungstenite.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use supabase_core::{BoxFuture, Url, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use super::{Connection, Handshake, Transport};
use crate::error::{Error, Result};
use crate::protocol::Frame;

/// How large a message may be. The server itself sends at most 5 MB.
const LARGEST: usize = 16 * 1024 * 1024;

/// How much is read at once. A message that a reader keeps holds on to the whole buffer that it came in, so this is small.
const READ_BUFFER: usize = 8 * 1024;

/// Opens websockets by the HTTP client.
#[derive(Debug)]
pub(crate) struct Native {
    pub(crate) http: supabase_core::Transport,
}

impl Transport for Native {
    fn connect(&self, handshake: Handshake) -> BoxFuture<'static, Result<Connection>> {
        let http = self.http.clone();
        Box::pin(async move {
            // The HTTP client knows no `ws`.
            let url = handshake.url.replacen("ws", "http", 1);
            let url = Url::parse(&url).map_err(|_| Error::invalid("the address cannot be read"))?;
            let key = generate_key();
            let mut headers = header::HeaderMap::new();
            headers.insert(header::SEC_WEBSOCKET_VERSION, header::HeaderValue::from_static("13"));
            let value = header::HeaderValue::from_str(&key);
            headers.insert(header::SEC_WEBSOCKET_KEY, value.map_err(Error::unreachable)?);
            let opened = http.upgrade("realtime.connect", url, headers).await;
            let (headers, stream) = opened.map_err(Error::from_failure)?;
            let accepted = headers.get(header::SEC_WEBSOCKET_ACCEPT).map(header::HeaderValue::as_bytes);
            if accepted != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
                return Err(Error::invalid("something between here and the server opened another websocket"));
            }
            Ok(Connection::native(Socket::new(stream).await))
        })
    }
}

/// A websocket over any stream of bytes.
pub(crate) struct Socket<S>(WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(crate) async fn new(stream: S) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(READ_BUFFER)
            .max_message_size(Some(LARGEST))
            .max_frame_size(Some(LARGEST));
        Self(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Socket<S> {
    type Item = Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return match Pin::new(&mut self.0).poll_next(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(Ok(message))) => match message {
                    Message::Text(text) => Poll::Ready(Some(Ok(Frame::Text(Bytes::from(text))))),
                    Message::Binary(bytes) => Poll::Ready(Some(Ok(Frame::Binary(bytes)))),
                    Message::Close(frame) => {
                        let (code, reason) = match frame {
                            Some(frame) => (Some(frame.code.into()), frame.reason.as_str().to_owned()),
                            None => (None, String::new()),
                        };
                        Poll::Ready(Some(Ok(Frame::Close(code, reason))))
                    }
                    // Answered by tungstenite itself.
                    Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
                },
                Poll::Ready(Some(Err(WsError::ConnectionClosed | WsError::AlreadyClosed)) | None) => {
                    Poll::Ready(None)
                }
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(broken(&error)))),
            };
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Frame> for Socket<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_ready(context).map_err(|error| broken(&error))
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<()> {
        let message = match frame {
            Frame::Text(text) => {
                Message::Text(text.try_into().map_err(|_| Error::invalid("a text frame is not UTF-8"))?)
            }
            Frame::Binary(bytes) => Message::Binary(bytes),
            Frame::Close(code, reason) => {
                Message::Close(code.map(|code| CloseFrame { code: code.into(), reason: reason.into() }))
            }
        };
        Pin::new(&mut self.0).start_send(message).map_err(|error| broken(&error))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_flush(context).map_err(|error| broken(&error))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_close(context).map_err(|error| broken(&error))
    }
}

/// What broke, without what was in it.
fn broken(error: &WsError) -> Error {
    Error::interrupted(match error {
        WsError::Io(error) => format!("the connection broke: {}", error.kind()),
        WsError::Capacity(_) => "the server sent a message that is larger than 16 MiB".to_owned(),
        WsError::Protocol(error) => format!("the connection broke: {error}"),
        _ => "the connection broke".to_owned(),
    })
}
