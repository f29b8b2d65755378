//! An open websocket and what waits to be written to it.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use crate::broadcast::Sent;
use crate::error::{Error, Result};
use crate::protocol::Frame;
use crate::socket::ReplySent;
use crate::transport::Connection;

/// How many frames may wait before no more commands are taken.
const BUSY: usize = 64;

/// The connection. Writing never holds up reading.
pub(crate) struct Wire {
    connection: Connection,
    outbox: VecDeque<(Frame, Option<ReplySent>)>,
    /// Those whose frames were handed over and are not flushed.
    unflushed: Vec<ReplySent>,
    is_dirty: bool,
}

impl Wire {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, outbox: VecDeque::new(), unflushed: Vec::new(), is_dirty: false }
    }

    /// Writes a frame as soon as that is possible.
    pub(crate) fn send(&mut self, frame: Frame) {
        self.outbox.push_back((frame, None));
    }

    /// The same before everything else that waits.
    pub(crate) fn send_first(&mut self, frame: Frame) {
        self.outbox.push_front((frame, None));
    }

    /// Tells `done` when what was sent last is written.
    pub(crate) fn done(&mut self, reply: ReplySent) {
        match self.outbox.back_mut() {
            Some((_, done @ None)) => *done = Some(reply),
            _ => self.unflushed.push(reply),
        }
    }

    /// Whether enough waits.
    pub(crate) fn is_busy(&self) -> bool {
        self.outbox.len() >= BUSY
    }

    /// Writes what can be written.
    ///
    /// # Errors
    /// The connection broke.
    pub(crate) fn poll_write(&mut self, context: &mut Context<'_>) -> Result<()> {
        let mut outgoing = self.connection.outgoing();
        while !self.outbox.is_empty() {
            match outgoing.as_mut().poll_ready(context) {
                Poll::Pending => break,
                Poll::Ready(ready) => ready.map_err(Error::broken)?,
            }
            let Some((frame, done)) = self.outbox.pop_front() else { break };
            if let Err(error) = outgoing.as_mut().start_send(frame).map_err(Error::broken) {
                if let Some(done) = done {
                    done.tell(Err(error.clone()));
                }
                return Err(error);
            }
            self.unflushed.extend(done);
            self.is_dirty = true;
        }
        if self.is_dirty
            && let Poll::Ready(flushed) = outgoing.as_mut().poll_flush(context)
        {
            flushed.map_err(Error::broken)?;
            self.is_dirty = false;
            for done in self.unflushed.drain(..) {
                done.tell(Ok(Sent::Written));
            }
        }
        Ok(())
    }

    /// The next frame; `None` where the connection ended.
    pub(crate) fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame>>> {
        self.connection.incoming().poll_next(context).map_err(Error::broken)
    }

    /// It broke: tells everybody who waits.
    pub(crate) fn fail(self, error: &Error) {
        let waiting = self.outbox.into_iter().filter_map(|(_, done)| done);
        for done in self.unflushed.into_iter().chain(waiting) {
            done.tell(Err(error.clone()));
        }
    }

    /// Says goodbye: writes what waits and a close frame. The caller limits how long that takes.
    pub(crate) async fn close(mut self) {
        self.outbox.push_back((Frame::Close(Some(1000), String::new()), None));
        let written = std::future::poll_fn(|context| match self.poll_write(context) {
            Ok(()) if self.outbox.is_empty() && !self.is_dirty => Poll::Ready(Ok(())),
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        });
        // A sink that has failed must not be asked for anything again: some panic then.
        if written.await.is_ok() {
            // Whether the other side hears it is all one now.
            let _ = std::future::poll_fn(|context| self.connection.outgoing().poll_close(context)).await;
        }
    }
}
