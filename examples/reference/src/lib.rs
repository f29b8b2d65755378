//! The examples of Supabase's client reference, in Rust.
//!
//! Each function is one example and bears its id, with `_` for `.`: `db.select.1` is [`db_select_1`]. The reference
//! shows their bodies; the tests replay them against recorded answers, and run them on a live stack.

pub mod auth;
pub mod db;
pub mod functions;
pub mod init;
pub mod realtime;
pub mod rows;
pub mod storage;

pub use auth::*;
pub use db::*;
pub use functions::*;
pub use init::*;
pub use realtime::*;
pub use rows::*;
pub use storage::*;
