//! The token of a request: asked of a session that is held, beside a copy of a token that is at hand.

use std::hint::black_box;

use gotrue_rs::secrecy::SecretString;
use gotrue_rs::{Client, MemoryStore, SavedSession, SessionStore};

use crate::{KEY, Outcome, TOKEN};

/// A session whose token is good for as long as anybody measures.
fn saved() -> SavedSession {
    let session = serde_json::json!({
        "access_token": TOKEN, "refresh_token": "tumxev6o7tsb", "token_type": "bearer", "expires_in": 3600,
        "expires_at": 4_102_444_800_i64, "user": { "id": "b735958d-6fcb-43fc-8340-24b616e3beee" },
    });
    SavedSession::from(session.to_string())
}

pub(crate) async fn run(who: &str, operations: usize, address: &str) -> Outcome {
    match who {
        "ours" => ours(operations, address).await,
        "raw" => {
            raw(operations);
            Ok(())
        }
        _ => Err(format!("`{who}` is neither `ours` nor `raw`").into()),
    }
}

async fn ours(operations: usize, address: &str) -> Outcome {
    let store = MemoryStore::new();
    if !store.swap("key", None, Some(&saved())).await.map_err(|error| error.to_string())? {
        return Err("the store is not empty".into());
    }
    let auth = Client::builder(format!("http://{address}/auth/v1"), KEY)
        .session_store(store)
        .storage_key("key")
        .build()?;
    for _ in 0..operations {
        if black_box(auth.access_token().await?).is_none() {
            return Err("nobody is signed in".into());
        }
    }
    Ok(())
}

fn raw(operations: usize) {
    let token = SecretString::from(TOKEN);
    for _ in 0..operations {
        black_box(black_box(&token).clone());
    }
}
