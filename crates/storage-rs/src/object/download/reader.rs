//! Reading the content of an object, across broken connections.

use std::time::Duration;

use supabase_core::header::RANGE;
use supabase_core::{
    Bytes, Failure, FailureKind, OpenReply, Reply, Request, RetryPolicy, Transport, limited, sleep,
};

use super::range::{ByteRange, ContentRange};
use crate::code::Code;
use crate::draft::Draft;
use crate::error::{Error, Result};

/// The content of an object, or a range of it, on its way.
pub(crate) struct Reader {
    transport: Transport,
    request: Request,
    retry: RetryPolicy,
    /// How long nothing may come.
    patience: Option<Duration>,
    head: Reply,
    /// The answer that is being read; `None` after it broke, and at the end.
    reply: Option<OpenReply>,
    /// Where the first byte stands in the object.
    first: u64,
    /// How many bytes are to come in all, if that is known.
    length: Option<u64>,
    /// How many came.
    received: u64,
    /// How many will have come at the end of the present answer, if that is known: it may hold less than was asked for.
    until: Option<u64>,
    /// How many bytes of the present answer came before.
    skip: u64,
    /// Whether the present answer goes on behind the range that was asked for, as it is the whole object.
    is_cut: bool,
    /// Whether a range is likely to be decompressed on its way, so that what comes is not what stands at its place.
    is_decoded: bool,
    /// How often it broke since the last byte.
    breaks: u32,
    is_done: bool,
}

impl Reader {
    /// Sends the request and reads the head of the answer.
    pub(crate) async fn open(draft: Draft, range: Option<ByteRange>) -> Result<Self> {
        let retry = draft.retry();
        let (transport, request) = draft.finish()?;
        let patience = request.timeout.or_else(|| transport.timeout());
        let reply = transport.open(&request).await.map_err(Error::from_failure)?;
        let head = reply.head();
        if range.is_some() && has_encoding(&head) {
            return Err(compressed(&head));
        }
        let (first, until, length) = match range {
            None if head.status() == 206 => {
                let length = whole_of(&head)?;
                (0, Some(length), Some(length))
            }
            None => {
                let length = length_of(&head);
                (0, length, length)
            }
            Some(range) => match part_of(&head)? {
                Some(part) => (part.first, Some(part.length()), Some(wanted(range, part, &head)?)),
                // Where the length is not known, the place matters to nobody.
                None => (0, None, None),
            },
        };
        let is_decoded = range.is_some() && is_decoded(&head);
        Ok(Self {
            transport,
            request,
            retry,
            patience,
            head,
            reply: Some(reply),
            first,
            length,
            received: 0,
            until,
            skip: 0,
            is_cut: false,
            is_decoded,
            breaks: 0,
            is_done: false,
        })
    }

    /// Status and headers of the first answer.
    pub(crate) fn head(&self) -> &Reply {
        &self.head
    }

    /// How many bytes are to come in all, if that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// How many bytes the object has, where only a range of it was asked for.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn total(&self) -> Option<u64> {
        ContentRange::read(self.head.header("content-range")?)?.total
    }

    /// The tag by which the same content is known again.
    pub(crate) fn tag(&self) -> Option<&str> {
        strong_tag(&self.head)
    }

    /// Whether the bytes of this range are likely to be others than those at its place.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn is_decoded(&self) -> bool {
        self.is_decoded
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        while !self.is_done {
            let Some(reply) = &mut self.reply else {
                self.resume().await?;
                continue;
            };
            let piece = match self.patience {
                None => reply.chunk().await,
                Some(patience) => match limited(patience, reply.chunk()).await {
                    Some(piece) => piece,
                    None => Err(Failure::timeout(patience, true)),
                },
            };
            match piece {
                Ok(Some(piece)) => {
                    let piece = self.beyond_what_came(piece);
                    let piece = self.within_the_range(piece);
                    if piece.is_empty() {
                        continue;
                    }
                    self.received += piece.len() as u64;
                    if self.until.is_some_and(|until| self.received > until) {
                        if self.is_decoded {
                            return Err(compressed(&self.head));
                        }
                        return Err(Error::corrupt("more bytes came than were announced", &self.head));
                    }
                    self.breaks = 0;
                    return Ok(Some(piece));
                }
                Ok(None) => match self.length.filter(|length| self.received < *length) {
                    None => self.is_done = true,
                    // The answer is complete, and less than was asked for.
                    Some(_) if self.until == Some(self.received) && self.tag().is_some() => self.reply = None,
                    // What has no length of its own ends where it says so.
                    Some(_) if self.is_decoded => return Err(compressed(&self.head)),
                    Some(length) => {
                        let message = format!("{} of {length} bytes came", self.received);
                        self.broke(Error::corrupt(message, &self.head)).await?;
                    }
                },
                Err(failure) => {
                    let goes_on = matches!(
                        failure.kind(),
                        FailureKind::Interrupted | FailureKind::Timeout | FailureKind::Connect
                    );
                    // A part of what is compressed ends too early for the one who decompresses it, as if it had broken off.
                    let is_cut = matches!(failure.kind(), FailureKind::Decode | FailureKind::Interrupted);
                    if self.is_decoded && is_cut {
                        return Err(compressed(&self.head));
                    }
                    let error = Error::from_failure(failure);
                    if !goes_on {
                        return Err(error);
                    }
                    self.broke(error).await?;
                }
            }
        }
        Ok(None)
    }

    /// Everything, in memory.
    pub(crate) async fn whole(mut self, limit: usize) -> Result<Bytes> {
        let too_large = |head: &Reply| Error::from_failure(Failure::too_large(limit, head.clone()));
        let length = self.length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if length.is_some_and(|length| length > limit) {
            return Err(too_large(&self.head));
        }
        let Some(first) = self.next().await? else { return Ok(Bytes::new()) };
        if first.len() > limit {
            return Err(too_large(&self.head));
        }
        // A body of one piece, as small ones are, is not copied.
        let Some(second) = self.next().await? else { return Ok(first) };
        // What was announced is believed only so far.
        let mut whole = Vec::with_capacity(length.unwrap_or_default().min(64 * 1024 * 1024));
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
            if whole.len() > limit {
                return Err(too_large(&self.head));
            }
        }
        if whole.len() > limit {
            return Err(too_large(&self.head));
        }
        Ok(whole.into())
    }

    /// What is still wanted of a piece. With the last of it, the rest of the object need not come.
    fn within_the_range(&mut self, mut piece: Bytes) -> Bytes {
        let Some(length) = self.length.filter(|_| self.is_cut) else { return piece };
        let left = usize::try_from(length.saturating_sub(self.received)).unwrap_or(usize::MAX);
        if piece.len() >= left {
            piece.truncate(left);
            self.reply = None;
            self.is_done = true;
        }
        piece
    }

    fn beyond_what_came(&mut self, mut piece: Bytes) -> Bytes {
        let came_before = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
        self.skip -= came_before as u64;
        piece.split_off(came_before)
    }

    /// The answer broke off: waits a little before the rest is asked for.
    ///
    /// # Errors
    /// What broke it, if the rest cannot be asked for, or was in vain too often.
    async fn broke(&mut self, error: Error) -> Result<()> {
        self.reply = None;
        let pause = self.retry.pauses().nth(self.breaks as usize);
        let (Some(pause), Some(_), Some(_)) = (pause, self.tag(), self.length) else {
            self.is_done = true;
            return Err(error);
        };
        self.breaks += 1;
        sleep(pause).await;
        Ok(())
    }

    /// Asks for the rest.
    async fn resume(&mut self) -> Result<()> {
        let place = self.first + self.received;
        let last = self.length.map(|length| self.first + length.saturating_sub(1));
        let mut request = self.request.clone();
        request.headers.retain(|(name, _)| *name != RANGE);
        let range = ByteRange::Span { first: place, last };
        let header = range.header().parse().map_err(|_| Error::invalid("the range cannot be sent"))?;
        request.headers.push((RANGE, header));
        let reply = match self.transport.open(&request).await {
            Ok(reply) => reply,
            Err(failure) => {
                self.is_done = true;
                let error = Error::from_failure(failure);
                // The object is shorter than it was.
                return Err(match error.code() {
                    Some(Code::InvalidRange) => Error::changed(&self.head),
                    _ => error,
                });
            }
        };
        let head = reply.head();
        if strong_tag(&head) != self.tag() {
            self.is_done = true;
            return Err(Error::changed(&self.head));
        }
        // A server that does not know ranges sends everything once more.
        (self.until, self.skip, self.is_cut) = match head.status() {
            206 => {
                let until = match part_of(&head)? {
                    Some(part) => {
                        wanted(range, part, &head).inspect_err(|_| self.is_done = true)?;
                        Some(self.received.saturating_add(part.length()))
                    }
                    None => None,
                };
                (until, 0, false)
            }
            _ => (self.length, place, self.request.headers.iter().any(|(name, _)| *name == RANGE)),
        };
        self.reply = Some(reply);
        Ok(())
    }
}

/// How many bytes an answer announces. There is no such header if they are decompressed on their way.
#[cfg(not(target_family = "wasm"))]
fn length_of(head: &Reply) -> Option<u64> {
    head.header("content-length")?.parse().ok()
}

/// `None`: the platform decompresses what comes and leaves the header as it was, and a page is not told of the one that says
/// whether it did. That less came than was announced, the platform notices by itself.
#[cfg(target_family = "wasm")]
fn length_of(_: &Reply) -> Option<u64> {
    None
}

/// Which part of the object an answer holds; `None` for a page that is not told.
fn part_of(head: &Reply) -> Result<Option<ContentRange>> {
    let is_hidden = cfg!(target_family = "wasm") && head.header("content-range").is_none();
    match head.header("content-range").and_then(ContentRange::read) {
        Some(part) if head.status() == 206 => Ok(Some(part)),
        None if is_hidden && head.status() == 206 => Ok(None),
        _ => Err(Error::corrupt("the server did not send the range that was asked for", head)),
    }
}

/// Whether what is stored is encoded, and comes as it is.
fn has_encoding(head: &Reply) -> bool {
    head.header("content-encoding").is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
}

/// Whether a range is likely to be decompressed on its way: the HTTP client then takes the encoding and the length out of the
/// head. In a page nothing tells.
fn is_decoded(head: &Reply) -> bool {
    let is_missing = |name| head.header(name).is_none();
    cfg!(not(target_family = "wasm")) && is_missing("content-length") && is_missing("transfer-encoding")
}

/// A range was asked for of what is stored with an encoding.
fn compressed(head: &Reply) -> Error {
    let message = "no range of an object that is stored compressed, with a `content-encoding`, can be read: download it whole";
    Error::corrupt(message, head)
}

/// How many bytes are to come where a range was asked for, of which an answer holds the beginning.
fn wanted(range: ByteRange, part: ContentRange, head: &Reply) -> Result<u64> {
    range.wanted(part).ok_or_else(|| Error::corrupt("the server sent other bytes than were asked for", head))
}

/// How many bytes an object has, of which an answer holds a part that nobody asked for, if that is all of it.
fn whole_of(head: &Reply) -> Result<u64> {
    let all = ByteRange::Span { first: 0, last: None };
    part_of(head)?
        .filter(|part| all.wanted(*part) == Some(part.length()))
        .map(ContentRange::length)
        .ok_or_else(|| Error::corrupt("the server sent a part, and all was asked for", head))
}

/// A tag that says that every byte is the same: one that begins with `W/` does not.
fn strong_tag(head: &Reply) -> Option<&str> {
    head.header("etag").filter(|tag| !tag.starts_with("W/") && tag.len() > 2)
}
