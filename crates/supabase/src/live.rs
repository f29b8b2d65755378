//! Rows that stay up to date.

mod key;
mod state;
