#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod http;
#[cfg(any(feature = "realtime", feature = "storage"))]
mod jwt;
#[cfg(feature = "realtime")]
pub mod realtime;
#[cfg(feature = "storage")]
pub mod storage;
