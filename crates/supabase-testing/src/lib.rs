#![doc = include_str!("../README.md")]

pub mod auth;
pub mod corpus;
pub mod hang_up;
pub mod http;
pub mod jwt;
pub mod live;
pub mod logs;
pub mod raw;
pub mod recordings;
pub mod replay;
pub mod sent;
pub mod totp;
