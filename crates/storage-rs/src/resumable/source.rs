//! The content of a resumable upload, a chunk at a time.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use futures_util::StreamExt;
use supabase_core::{Bytes, Content, MaybeSend, MaybeSync, Pieces};

use crate::body;
use crate::error::{Error, Result};
#[cfg(not(target_family = "wasm"))]
use crate::file::Version;

/// Told the number of bytes of each piece that is handed to the connection.
#[cfg(not(target_family = "wasm"))]
pub(super) type Watcher = Arc<dyn Fn(usize) + Send + Sync>;
#[cfg(target_family = "wasm")]
pub(super) type Watcher = Arc<dyn Fn(usize)>;

/// The content of a resumable upload.
pub(super) enum Source {
    /// In memory: any chunk can be had, as often as it must.
    Bytes(Bytes),
    /// A file: any chunk can be had, as often as it must, as long as the file stays as it is.
    #[cfg(not(target_family = "wasm"))]
    File(Version),
    /// What can be read once: the present chunk is kept, so that it can be sent again.
    Once(Box<Window>),
}

/// A part of the content.
pub(super) struct Chunk {
    pub(super) content: Content,
    /// Where it ends in the whole.
    pub(super) end: u64,
    /// Whether the whole ends there.
    pub(super) is_last: bool,
}

impl Source {
    /// # Errors
    /// The file cannot be read.
    pub(super) async fn new(body: body::Source) -> Result<Self> {
        Ok(match body {
            body::Source::Bytes(bytes) => Self::Bytes(bytes),
            #[cfg(not(target_family = "wasm"))]
            body::Source::File(path) => Self::File(Version::of(path).await?),
            body::Source::Once { pieces, length } => Self::Once(Box::new(Window::new(pieces, length))),
        })
    }

    /// How many bytes there are, if that is known.
    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            #[cfg(not(target_family = "wasm"))]
            Self::File(version) => Some(version.length()),
            Self::Once(window) => window.total(),
        }
    }

    /// From where on it can still be read.
    pub(super) fn kept_from(&self) -> u64 {
        match self {
            Self::Once(window) => window.start,
            _ => 0,
        }
    }

    /// What tells this content from another one; `None` if nothing does.
    pub(super) fn identity(&self) -> Option<String> {
        match self {
            #[cfg(not(target_family = "wasm"))]
            Self::File(version) => Some(version.identity()),
            _ => None,
        }
    }

    /// Reads ahead as far as the first chunk goes, where that may tell how many bytes there are; and looks whether what
    /// should be empty is so, as no chunk of it is ever read.
    ///
    /// # Errors
    /// The content cannot be read, or is not as long as announced.
    pub(super) async fn prepare(&mut self, size: u64) -> Result<()> {
        match self {
            Self::Once(window) if window.total().is_none_or(|total| total == 0) => window.fill(size).await,
            #[cfg(not(target_family = "wasm"))]
            Self::File(version) if version.length() == 0 => version.clone().stays_empty().await,
            _ => Ok(()),
        }
    }

    /// The chunk of at most `size` bytes that begins at `offset`.
    ///
    /// # Errors
    /// The content cannot be read, or is not as long as announced.
    pub(super) async fn chunk(&mut self, offset: u64, size: u64, watcher: Watcher) -> Result<Chunk> {
        if let Self::Once(window) = self {
            window.move_to(offset).await?;
            window.fill(size).await?;
            let (pieces, length) = window.first(size);
            let end = offset + length;
            let pieces = move || pieces.clone().into_iter().map(Ok);
            return Ok(Chunk {
                content: content(length, watcher, move || stream(pieces())),
                end,
                is_last: window.total() == Some(end),
            });
        }
        let total = self.total().unwrap_or_default();
        let end = total.min(offset.saturating_add(size));
        let (length, is_last) = (end.saturating_sub(offset), end == total);
        let content = match self {
            Self::Bytes(bytes) => {
                let part = usize::try_from(offset).ok().zip(usize::try_from(end).ok());
                let part = part.filter(|(offset, end)| offset <= end && *end <= bytes.len());
                let part = part.map_or_else(Bytes::new, |(offset, end)| bytes.slice(offset..end));
                content(length, watcher, move || stream(pieces(part.clone())))
            }
            #[cfg(not(target_family = "wasm"))]
            Self::File(version) => {
                let version = version.clone();
                let open = move || version.clone().read(offset, length, is_last);
                Content::again(Some(length), move || {
                    let (opening, watcher) = (open(), Arc::clone(&watcher));
                    async move { Ok(watched(opening.await?, watcher)) }
                })
            }
            Self::Once(_) => return Err(Error::invalid("the content can be read only once")),
        };
        Ok(Chunk { content, end, is_last })
    }
}

/// Bytes in pieces, so that it shows whether they move.
fn pieces(mut bytes: Bytes) -> impl Iterator<Item = io::Result<Bytes>> {
    const PIECE: usize = 256 * 1024;
    std::iter::from_fn(move || {
        let piece = bytes.split_to(bytes.len().min(PIECE));
        (!piece.is_empty()).then_some(Ok(piece))
    })
}

fn stream(pieces: impl Iterator<Item = io::Result<Bytes>> + MaybeSend + 'static) -> Pieces {
    Box::pin(futures_util::stream::iter(pieces))
}

fn content(
    length: u64,
    watcher: Watcher,
    open: impl Fn() -> Pieces + MaybeSend + MaybeSync + 'static,
) -> Content {
    Content::again(Some(length), move || std::future::ready(Ok(watched(open(), Arc::clone(&watcher)))))
}

fn watched(pieces: Pieces, watcher: Watcher) -> Pieces {
    Box::pin(pieces.inspect(move |piece| {
        if let Ok(piece) = piece {
            watcher(piece.len());
        }
    }))
}

/// A part of what can be read once.
pub(super) struct Window {
    rest: Option<Pieces>,
    /// What was read and is kept: from `start` on.
    kept: VecDeque<Bytes>,
    start: u64,
    length: u64,
    announced: Option<u64>,
}

impl Window {
    fn new(pieces: Pieces, announced: Option<u64>) -> Self {
        Self { rest: Some(pieces), kept: VecDeque::new(), start: 0, length: 0, announced }
    }

    fn total(&self) -> Option<u64> {
        match self.rest {
            None => Some(self.start + self.length),
            Some(_) => self.announced,
        }
    }

    /// Reads until more than `size` bytes are kept, or the end is reached: so the last chunk is known as such.
    async fn fill(&mut self, size: u64) -> Result<()> {
        while self.length <= size && self.read().await? {}
        Ok(())
    }

    /// Reads a piece; `false` at the end.
    async fn read(&mut self) -> Result<bool> {
        let Some(rest) = &mut self.rest else { return Ok(false) };
        let piece = rest.next().await;
        let piece = piece
            .transpose()
            .map_err(|error| Error::content("the content to be sent cannot be read", error))?;
        let Some(piece) = piece else {
            self.rest = None;
            let read = self.start + self.length;
            return match self.announced.filter(|announced| *announced != read) {
                Some(announced) => Err(unequal(format!("ended after {read} of {announced} bytes"))),
                None => Ok(false),
            };
        };
        self.length += piece.len() as u64;
        self.kept.push_back(piece);
        match self.announced.filter(|announced| self.start + self.length > *announced) {
            Some(announced) => Err(unequal(format!("is longer than the {announced} bytes announced"))),
            None => Ok(true),
        }
    }

    /// Drops everything before `offset`.
    async fn move_to(&mut self, offset: u64) -> Result<()> {
        while self.start < offset {
            let Some(mut piece) = self.kept.pop_front() else {
                if !self.read().await? {
                    return Err(unequal(format!(
                        "ended after {} bytes, and the service has {offset}",
                        self.start
                    )));
                }
                continue;
            };
            let wanted = usize::try_from(offset - self.start).unwrap_or(usize::MAX).min(piece.len());
            let rest = piece.split_off(wanted);
            self.start += wanted as u64;
            self.length -= wanted as u64;
            if !rest.is_empty() {
                self.kept.push_front(rest);
            }
        }
        Ok(())
    }

    /// The first bytes that are kept, at most `size` of them, and how many these are.
    fn first(&self, size: u64) -> (Vec<Bytes>, u64) {
        let (mut pieces, mut length) = (Vec::new(), 0);
        for piece in &self.kept {
            let wanted = usize::try_from(size - length).unwrap_or(usize::MAX).min(piece.len());
            if wanted > 0 {
                pieces.push(piece.slice(..wanted));
                length += wanted as u64;
            }
        }
        (pieces, length)
    }
}

/// The content is not as long as announced.
fn unequal(what: String) -> Error {
    Error::unequal(format!("the content to be sent {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the pieces are, and wherever it goes on, the chunks are those of the whole.
        #[test]
        fn a_window_gives_every_chunk_of_the_whole(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 0..9),
            size in 1u64..12,
            accepted in proptest::collection::vec(1u64..12, 0..40),
        ) {
            let whole = pieces.concat();
            let stream = futures_util::stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece))));
            let mut window = Window::new(Box::pin(stream), None);
            let (mut offset, mut accepted) = (0, accepted.into_iter());
            futures_util::future::FutureExt::now_or_never(async {
                loop {
                    window.move_to(offset).await.unwrap();
                    window.fill(size).await.unwrap();
                    let (pieces, length) = window.first(size);
                    let expected = &whole[offset as usize..whole.len().min((offset + size) as usize)];
                    assert_eq!(pieces.concat(), expected);
                    assert_eq!(length, expected.len() as u64);
                    let is_last = window.total() == Some(offset + length);
                    assert_eq!(is_last, offset + length == whole.len() as u64);
                    if length == 0 {
                        break;
                    }
                    // The service may have taken only a part of it.
                    offset += accepted.next().unwrap_or(size).min(length);
                }
            }).unwrap();
            prop_assert_eq!(offset, whole.len() as u64);
        }
    }
}
