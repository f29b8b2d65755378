//! A channel: how it is described, joined, and used.

pub(crate) mod state;
