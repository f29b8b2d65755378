//! What goes wrong on request.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use http::{Method, Response};
use http_body::{Body as _, Frame};

use super::body::Body;
use super::call::BodyError;
use super::problem::Problem;

/// Something that goes wrong with one request to a [`Server`](super::Server).
///
/// ```
/// # async fn demo() -> std::io::Result<()> {
/// use supabase_mock::storage::{Fault, Server};
///
/// let server = Server::start().await?;
/// server.inject(Fault::answer(503, "SlowDown"));
/// server.inject(Fault::break_upload(6 * 1024 * 1024 + 1).on("PATCH"));
/// assert_eq!(server.faults_left(), 2);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(demo()).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Fault {
    pub(super) kind: Kind,
    method: Option<Method>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Answer(u16, String),
    Hang,
    BreakUpload(u64),
    BreakDownload(u64),
    LoseAnswer,
}

impl Fault {
    fn of(kind: Kind) -> Self {
        Self { kind, method: None }
    }

    /// An error instead of the answer, with this status and code. Nothing is done.
    pub fn answer(status: u16, code: impl Into<String>) -> Self {
        Self::of(Kind::Answer(status, code.into()))
    }

    /// No answer ever, and nothing is done. The connection stays open until the client or the server gives up.
    pub fn hang() -> Self {
        Self::of(Kind::Hang)
    }

    /// The connection ends once this many bytes of the request's body were received. An object is not stored then; a
    /// resumable upload keeps these bytes. A shorter body comes through.
    pub fn break_upload(bytes: u64) -> Self {
        Self::of(Kind::BreakUpload(bytes))
    }

    /// The connection ends once this many bytes of the answer's body were sent. A shorter body comes through.
    pub fn break_download(bytes: u64) -> Self {
        Self::of(Kind::BreakDownload(bytes))
    }

    /// All that was asked for is done, and the connection ends instead of an answer.
    pub fn lose_answer() -> Self {
        Self::of(Kind::LoseAnswer)
    }

    /// Only of a request with this method, such as `PATCH`; those with others pass.
    ///
    /// A text that is no method is that of no request.
    pub fn on(mut self, method: &str) -> Self {
        self.method = Some(Method::from_bytes(method.as_bytes()).unwrap_or(Method::CONNECT));
        self
    }
}

/// What waits for its request, in order.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    pub(super) fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    pub(super) fn left(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The first one that a request of this method meets.
    pub(super) fn take(&self, method: &Method) -> Option<Kind> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = faults.iter().position(|fault| fault.method.as_ref().is_none_or(|own| own == method))?;
        faults.remove(at).map(|fault| fault.kind)
    }
}

/// An error instead of an answer.
pub(super) fn refusal(status: u16, code: String) -> Response<Body> {
    Problem::coded(status, code, "This fault was asked for").made_honest().into_response()
}

/// A body that breaks after a number of bytes, if it has as many.
#[derive(Debug)]
pub(super) struct Cut<B> {
    body: B,
    left: u64,
    flushed: bool,
    broken: Arc<AtomicBool>,
}

impl<B: http_body::Body> Cut<B> {
    pub(super) fn new(body: B, bytes: u64, broken: Arc<AtomicBool>) -> Self {
        // Where there is no body at all, nothing can break.
        let left = if body.is_end_stream() { u64::MAX } else { bytes };
        Self { body, left, flushed: false, broken }
    }
}

impl<B> http_body::Body for Cut<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BodyError>> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.left == 0 {
            // What was sent before is still in a buffer: it goes out when a body has nothing to give for once.
            if !std::mem::replace(&mut self.flushed, true) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.broken.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset).into())));
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        let Some(frame) = frame else { return Poll::Ready(None) };
        let frame = frame.map_err(Into::into)?;
        let Ok(mut data) = frame.into_data() else { return Poll::Ready(None) };
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        data.truncate(most);
        self.left -= data.remaining() as u64;
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}

impl Body {
    /// The same, broken after a number of bytes.
    pub(super) fn cut(self, bytes: u64) -> Self {
        // An empty one is not looked into, and cannot break.
        if self.is_end_stream() { self } else { Self::boxed(Cut::new(self, bytes, Arc::default())) }
    }
}
