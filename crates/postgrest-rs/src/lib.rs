#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod body;
mod builder;
mod client;
mod code;
mod column;
mod error;
mod fields;
mod filter;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod literal;
mod numeric;
#[cfg(test)]
mod properties;
pub mod query;
#[cfg(any(test, fuzzing))]
mod reader;
mod response;
mod rpc;
mod text;

pub use builder::ClientBuilder;
pub use client::Client;
pub use code::Code;
pub use column::{Column, col};
pub use error::{Error, ErrorKind, Result};
pub use filter::{Filter, Is, TextSearch, and, not, or};
pub use literal::Json;
pub use numeric::{Numeric, NumericError};
pub use query::Query;
pub use query::explain::{Explain, Plan, PlanNode};
pub use query::many::Chunked;
pub use query::order::Order;
pub use query::prefer::Count;
pub use query::referenced::ReferencedTable;
pub use response::{Completeness, Response};

// Their types stand in this crate's signatures.
pub use reqwest;
pub use secrecy;
