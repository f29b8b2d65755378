//! Sessions for tests.

use std::sync::Arc;

use serde_json::json;

use crate::session::{Session, Wire};

/// A session of `user`, whose tokens are told apart by `nth` and expire so many seconds after a fixed moment.
pub(crate) fn session(user: &str, nth: i64) -> Arc<Session> {
    let wire: Wire = serde_json::from_value(json!({
        "access_token": format!("access-{user}-{nth}"),
        "refresh_token": format!("refresh-{user}-{nth}"),
        "token_type": "bearer",
        "expires_in": 3600,
        "expires_at": 1_800_000_000 + nth,
        "user": { "id": user },
    }))
    .unwrap();
    Arc::new(wire.into_session(0))
}
