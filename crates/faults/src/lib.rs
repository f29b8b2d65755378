//! Every kind of call under every fault, on real sockets: what it ends with, how often it was tried, how long that took, and
//! what it left behind. What is expected stands in `expected.md`.
//!
//! Each cell has a server, a client, a runtime and a folder of its own, and runs on a thread of its own, beside others.

mod call;
mod cell;
mod clock;
mod expected;
mod fault;
mod leaks;
mod line;
mod names;
mod run;
mod secrets;
mod site;

pub use run::{Options, Report, run};
