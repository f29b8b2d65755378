//! Bodies that are sent as they come, and never held whole.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;

use crate::failure::Failure;
use crate::maybe_send::{BoxFuture, BoxStream, MaybeSend, MaybeSync};
use crate::time::Instant;

/// Pieces of a body, as they come.
pub type Pieces = BoxStream<'static, io::Result<Bytes>>;

#[cfg(not(target_family = "wasm"))]
type Open = dyn Fn() -> BoxFuture<'static, io::Result<Pieces>> + Send + Sync;
#[cfg(target_family = "wasm")]
type Open = dyn Fn() -> BoxFuture<'static, io::Result<Pieces>>;

/// A body that is sent as it comes. Clones are the same body.
///
/// It is read only while it is sent. If it is longer or shorter than was announced, the request is broken off before its
/// last byte, so that no server takes a part for the whole.
#[derive(Clone)]
pub struct Content(Arc<Inner>);

struct Inner {
    length: Option<u64>,
    supply: Supply,
    /// When the last piece was handed over: what stands still for too long has stalled.
    moved: Mutex<Option<Instant>>,
    fault: Mutex<Option<Fault>>,
}

enum Supply {
    /// It can be read once, so that a request whose body has begun is not sent again.
    Once(Mutex<Option<Pieces>>),
    /// It can be read as often as it must.
    Again(Box<Open>),
}

/// Why a body could not be sent to its end.
#[derive(Debug)]
enum Fault {
    Unread(io::Error),
    Shorter { announced: u64, read: u64 },
    Longer { announced: u64 },
    Spent,
}

impl Content {
    /// A body that can be read once, with its length in bytes if that is known.
    pub fn once(
        length: Option<u64>,
        pieces: impl Stream<Item = io::Result<Bytes>> + MaybeSend + 'static,
    ) -> Self {
        Self::new(length, Supply::Once(Mutex::new(Some(Box::pin(pieces)))))
    }

    /// A body that `open` begins anew each time it is sent, with its length in bytes if that is known.
    pub fn again<F, Fut>(length: Option<u64>, open: F) -> Self
    where
        F: Fn() -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = io::Result<Pieces>> + MaybeSend + 'static,
    {
        Self::new(length, Supply::Again(Box::new(move || Box::pin(open()))))
    }

    /// Bytes that are handed over in pieces, so that it shows whether they move.
    pub fn bytes(bytes: Bytes) -> Self {
        const PIECE: usize = 256 * 1024;
        let length = bytes.len() as u64;
        Self::again(Some(length), move || {
            let mut rest = bytes.clone();
            let pieces = std::iter::from_fn(move || {
                let piece = rest.split_to(rest.len().min(PIECE));
                (!piece.is_empty()).then_some(Ok(piece))
            });
            let pieces: Pieces = Box::pin(futures_util::stream::iter(pieces));
            std::future::ready(Ok(pieces))
        })
    }

    fn new(length: Option<u64>, supply: Supply) -> Self {
        Self(Arc::new(Inner { length, supply, moved: Mutex::new(None), fault: Mutex::new(None) }))
    }

    /// The announced length in bytes.
    pub fn length(&self) -> Option<u64> {
        self.0.length
    }

    /// Whether it can be sent from its beginning.
    pub fn is_whole(&self) -> bool {
        match &self.0.supply {
            Supply::Once(pieces) => pieces.lock().unwrap_or_else(PoisonError::into_inner).is_some(),
            Supply::Again(_) => true,
        }
    }

    /// When the last piece was handed over.
    pub(crate) fn moved(&self) -> Option<Instant> {
        *self.0.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the last try could not be sent to its end, if that was the body's own fault.
    pub(crate) fn fault(&self) -> Option<Failure> {
        let fault = self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(match fault {
            Fault::Unread(error) => {
                Failure::content("the content to be sent cannot be read", Some(error.into()))
            }
            Fault::Shorter { announced, read } => Failure::content(
                format!("the content to be sent ended after {read} of {announced} bytes"),
                None,
            ),
            Fault::Longer { announced } => Failure::content(
                format!("the content to be sent is longer than the {announced} bytes announced"),
                None,
            ),
            Fault::Spent => Failure::content(
                "the content can be read only once, and the request would have to be sent a second time",
                None,
            ),
        })
    }

    /// The pieces, from the beginning, checked against the announced length.
    pub(crate) fn pieces(&self) -> Checked {
        Checked { content: self.clone(), stage: Stage::New, read: 0, last: None }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("length", &self.0.length)
            .field("once", &matches!(self.0.supply, Supply::Once(_)))
            .finish_non_exhaustive()
    }
}

/// The pieces of a body on their way.
pub(crate) struct Checked {
    content: Content,
    stage: Stage,
    read: u64,
    /// The piece that makes the announced length full: it waits until the body has ended there.
    last: Option<Bytes>,
}

enum Stage {
    New,
    Opening(BoxFuture<'static, io::Result<Pieces>>),
    Open(Pieces),
    Done,
}

impl Checked {
    fn fail(&mut self, fault: Fault) -> Poll<Option<io::Result<Bytes>>> {
        self.stage = Stage::Done;
        *self.content.0.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        // The transport looks for the fault itself.
        Poll::Ready(Some(Err(io::Error::other("the content could not be sent to its end"))))
    }

    fn hand_over(&self, piece: Bytes) -> Poll<Option<io::Result<Bytes>>> {
        *self.content.0.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Poll::Ready(Some(Ok(piece)))
    }
}

impl Stream for Checked {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let announced = self.content.0.length;
        loop {
            match &mut self.stage {
                Stage::New => {
                    let pieces = match &self.content.0.supply {
                        Supply::Again(open) => Err(open()),
                        Supply::Once(pieces) => {
                            Ok(pieces.lock().unwrap_or_else(PoisonError::into_inner).take())
                        }
                    };
                    self.stage = match pieces {
                        Ok(Some(pieces)) => Stage::Open(pieces),
                        Ok(None) => return self.fail(Fault::Spent),
                        Err(opening) => Stage::Opening(opening),
                    };
                }
                Stage::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                    Ok(pieces) => self.stage = Stage::Open(pieces),
                    Err(error) => return self.fail(Fault::Unread(error)),
                },
                Stage::Open(pieces) => match ready!(pieces.as_mut().poll_next(context)) {
                    Some(Ok(piece)) if piece.is_empty() => {}
                    Some(Ok(piece)) => {
                        self.read += piece.len() as u64;
                        match announced {
                            Some(announced) if self.read > announced => {
                                return self.fail(Fault::Longer { announced });
                            }
                            Some(announced) if self.read == announced => self.last = Some(piece),
                            _ => return self.hand_over(piece),
                        }
                    }
                    Some(Err(error)) => return self.fail(Fault::Unread(error)),
                    None => {
                        self.stage = Stage::Done;
                        if let Some(announced) = announced.filter(|announced| self.read < *announced) {
                            let read = self.read;
                            return self.fail(Fault::Shorter { announced, read });
                        }
                        if let Some(last) = self.last.take() {
                            return self.hand_over(last);
                        }
                    }
                },
                Stage::Done => return Poll::Ready(None),
            }
        }
    }
}
