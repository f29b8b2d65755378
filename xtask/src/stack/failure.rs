//! Why a stack could not be started or kept.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// How much of a log is worth showing below a message.
const TAIL_LINES: usize = 15;

/// One sentence for the user, where a log helps followed by its end.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    log_tail: String,
}

impl Failure {
    /// A failure that the sentence explains in full.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), log_tail: String::new() }
    }

    /// A failure that a log explains: names it and keeps its end, now.
    pub(super) fn with_log(message: impl Display, log: &Path) -> Self {
        let text = std::fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let tail = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        Self { message: format!("{message} The log is {}.", log.display()), log_tail: tail.join("\n") }
    }

    /// A file or folder that cannot be used.
    pub(super) fn file(action: &str, path: &Path, error: impl Display) -> Self {
        Self::new(format!("Cannot {action} {}: {error}.", path.display()))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.log_tail.is_empty() {
            write!(f, " It ends with:\n{}", self.log_tail)?;
        }
        Ok(())
    }
}

impl Error for Failure {}
