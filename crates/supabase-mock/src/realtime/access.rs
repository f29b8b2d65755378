//! What a token may do on a private channel.

/// What someone may do on a private channel, as the policies on `realtime.messages` say it on a real project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Access {
    /// Not even join.
    pub const NONE: Self = Self { read: false, write: false };
    /// Join and receive; what is sent disappears without an answer, and presence cannot be tracked.
    pub const READ: Self = Self { read: true, write: false };
    /// Everything.
    pub const READ_WRITE: Self = Self { read: true, write: true };
}
