//! Auth: signing up, in and out, users, their factors, and what administrators do.

pub mod admin;
pub mod identities;
pub mod mfa;
pub mod otp;
pub mod session;
pub mod sign_in;
pub mod sign_up;
pub mod user;

pub use admin::*;
pub use identities::*;
pub use mfa::*;
pub use otp::*;
pub use session::*;
pub use sign_in::*;
pub use sign_up::*;
pub use user::*;
