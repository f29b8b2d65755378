//! The end of a sign-in in a browser, for programs without a site: one address of this machine that listens once.

use std::fmt;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use supabase_core::{Failure, limited};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::error::{Error, Result};
use crate::random;

/// How much of a request is read: its first line holds all that matters.
const LONGEST_HEAD: usize = 16 * 1024;

/// How long one connection may take, so that one that says nothing does not wait for ever.
const CONNECTION_LIMIT: Duration = Duration::from_secs(5);

/// How many connections may be open at once.
const CONNECTIONS: usize = 16;

/// What the user's browser shows in the end.
const PAGE: &str = "<!doctype html><meta charset=\"utf-8\"><title>Done</title><p>You can close this window.";

/// An address of this machine, for a sign-in in a browser to come back to.
///
/// It listens only for this machine, takes one answer, and only one that knows the random path of its address: whatever
/// else connects is turned away. It needs a client of [`FlowType::Pkce`](crate::FlowType::Pkce), as browsers tell no
/// server what stands behind a `#`. Supabase allows redirects to loopback addresses without further ado.
///
/// Source: <https://datatracker.ietf.org/doc/html/rfc8252#section-7.3>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
/// use gotrue_rs::{Loopback, OAuth};
/// use std::time::Duration;
/// let loopback = Loopback::bind().await?;
/// let start = auth.sign_in(OAuth::provider("github").redirect_to(loopback.redirect_to())).await?;
/// println!("open {}", start.url);
/// let came_back = loopback.receive(Duration::from_secs(300)).await?;
/// let session = auth.session_from_url(came_back).await?;
/// # Ok(()) }
/// ```
pub struct Loopback {
    listener: TcpListener,
    origin: String,
    path: String,
    redirect_to: String,
    page: String,
}

impl Loopback {
    /// Listens on a port that is free.
    ///
    /// # Errors
    /// No port is free, or there is no tokio runtime with I/O.
    pub async fn bind() -> Result<Self> {
        Self::bind_to(0).await
    }

    /// Listens on this port.
    ///
    /// # Errors
    /// The port is not free, or there is no tokio runtime with I/O.
    pub async fn bind_to(port: u16) -> Result<Self> {
        let fault = |error: std::io::Error| {
            Error::from_failure(Failure::invalid_because(
                "no address of this machine can be listened on",
                error,
            ))
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(fault)?;
        let port = listener.local_addr().map_err(fault)?.port();
        let origin = format!("http://127.0.0.1:{port}");
        let path = format!("/callback/{}", URL_SAFE_NO_PAD.encode(random::bytes::<16>()?));
        let redirect_to = format!("{origin}{path}");
        Ok(Self { listener, origin, path, redirect_to, page: PAGE.to_owned() })
    }

    /// The address, for [`OAuth::redirect_to`](crate::OAuth::redirect_to) and its like.
    pub fn redirect_to(&self) -> &str {
        &self.redirect_to
    }

    /// The HTML that the browser shows in the end; a sentence if not given.
    #[must_use]
    pub fn page(mut self, html: impl Into<String>) -> Self {
        self.page = html.into();
        self
    }

    /// Waits until the browser comes back, and answers with the address that it came with, for
    /// [`session_from_url`](crate::Client::session_from_url). Then, and when the future is dropped, nothing listens any
    /// more.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) if nobody came within `limit`.
    pub async fn receive(self, limit: Duration) -> Result<String> {
        match limited(limit, self.first_answer()).await {
            Some(target) => Ok(format!("{}{target}", self.origin)),
            None => Err(Error::timeout(limit)),
        }
    }

    /// The target of the first request that knows the path.
    async fn first_answer(&self) -> String {
        let mut open = FuturesUnordered::new();
        loop {
            if open.len() >= CONNECTIONS {
                if let Some(Some(target)) = open.next().await {
                    return target;
                }
                continue;
            }
            let step = {
                let accept = pin!(self.listener.accept());
                if open.is_empty() {
                    Either::Left(accept.await)
                } else {
                    match select(accept, open.next()).await {
                        Either::Left((accepted, _)) => Either::Left(accepted),
                        Either::Right((answered, _)) => Either::Right(answered),
                    }
                }
            };
            match step {
                Either::Left(Ok((connection, _))) => open.push(self.answer(connection)),
                Either::Left(Err(error)) => {
                    tracing::debug!(%error, "a connection broke before it began");
                    supabase_core::sleep(Duration::from_millis(10)).await;
                }
                Either::Right(Some(Some(target))) => return target,
                Either::Right(_) => {}
            }
        }
    }

    /// Answers one connection; the target of its request, if that knows the path.
    async fn answer(&self, mut connection: TcpStream) -> Option<String> {
        limited(CONNECTION_LIMIT, async {
            let target = read_target(&mut connection).await;
            let (path, _) = target.as_deref().map(|target| target.split_once('?').unwrap_or((target, "")))?;
            let is_ours = path == self.path;
            let (status, page) = match is_ours {
                true => ("200 OK", self.page.as_str()),
                false => ("404 Not Found", ""),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
                 cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{page}",
                page.len()
            );
            // Whether the browser still wants to read it does not matter.
            let _ = connection.write_all(answer.as_bytes()).await;
            let _ = connection.shutdown().await;
            is_ours.then_some(target).flatten()
        })
        .await
        .flatten()
    }
}

/// The target of a GET, once its head has come.
async fn read_target(connection: &mut TcpStream) -> Option<String> {
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = connection.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        head.extend_from_slice(buffer.get(..read)?);
        if head.len() > LONGEST_HEAD {
            return None;
        }
    }
    let head = std::str::from_utf8(&head).ok()?;
    let mut words = head.lines().next()?.split(' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("GET"), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) => Some(target.to_owned()),
        _ => None,
    }
}

impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the path: who knows it may answer.
        f.debug_struct("Loopback").field("origin", &self.origin).finish_non_exhaustive()
    }
}
