//! The connection and its task.

pub(crate) mod heartbeat;
