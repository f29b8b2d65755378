//! The token of a request: asked of a session that is held, beside a copy of a token that is at hand.

use std::hint::black_box;

use gotrue_rs::secrecy::SecretString;
use gotrue_rs::{Client, MemoryStore, SavedSession, SessionStore};

use crate::rates::{alternate, joined};
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
    let auth = client(address).await?;
    look_up(&auth, operations).await.map_err(Into::into)
}

async fn client(address: &str) -> Outcome<Client> {
    let store = MemoryStore::new();
    if !store.swap("key", None, Some(&saved())).await.map_err(|error| error.to_string())? {
        return Err("the store is not empty".into());
    }
    Ok(Client::builder(format!("http://{address}/auth/v1"), KEY)
        .session_store(store)
        .storage_key("key")
        .build()?)
}

async fn look_up(auth: &Client, times: usize) -> Result<(), String> {
    for _ in 0..times {
        if black_box(auth.access_token().await.map_err(|error| error.to_string())?).is_none() {
            return Err("nobody is signed in".to_owned());
        }
    }
    Ok(())
}

/// The same number of look-ups by many tasks, and by one in the place of raw.
pub(crate) async fn concurrent(pairs: usize, address: &str) -> Outcome {
    const TASKS: usize = 64;
    const PER_TASK: usize = 512;
    let auth = client(address).await?;
    let by = async |tasks: usize| {
        let each = TASKS * PER_TASK / tasks;
        let tasks = (0..tasks).map(|_| {
            let auth = auth.clone();
            tokio::spawn(async move { look_up(&auth, each).await })
        });
        joined(tasks.collect()).await
    };
    alternate(pairs, TASKS * PER_TASK, async || by(TASKS).await, async || by(1).await).await
}

fn raw(operations: usize) {
    let token = SecretString::from(TOKEN);
    for _ in 0..operations {
        black_box(black_box(&token).clone());
    }
}
