//! The ways in which this process is asked to end.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

use super::Failure;

/// From its creation on, the signals below no longer end the process but are received here.
#[derive(Debug)]
pub(crate) struct StopSignals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    hang_up: Signal,
    #[cfg(windows)]
    interrupt: CtrlC,
    #[cfg(windows)]
    terminate: CtrlBreak,
    #[cfg(windows)]
    hang_up: CtrlClose,
}

impl StopSignals {
    /// Begins to listen.
    pub(crate) fn new() -> Result<Self, Failure> {
        let failure = |error| Failure::new(format!("Cannot listen for Ctrl-C: {error}."));
        #[cfg(unix)]
        return Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failure)?,
            terminate: signal(SignalKind::terminate()).map_err(failure)?,
            hang_up: signal(SignalKind::hangup()).map_err(failure)?,
        });
        #[cfg(windows)]
        return Ok(Self {
            interrupt: ctrl_c().map_err(failure)?,
            terminate: ctrl_break().map_err(failure)?,
            hang_up: ctrl_close().map_err(failure)?,
        });
    }

    /// Resolves at the next signal: Ctrl-C, a request to terminate, or the end of the terminal.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
