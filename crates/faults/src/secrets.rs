//! What must never be seen, in each cell another one, so that it shows whose it was.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use supabase_mock::realtime::Server;

/// All of it. Each text has the word of its cell in it.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    pub(crate) word: String,
    /// The API key.
    pub(crate) key: String,
    pub(crate) password: String,
    /// The token of the session that is stored, and the one that follows.
    pub(crate) token: String,
    pub(crate) next_token: String,
    /// What the user reads and writes.
    pub(crate) private: String,
}

/// How long an access token lives, in seconds.
const LIFE: u64 = 3_600;

impl Secrets {
    pub(crate) fn of(number: usize) -> Self {
        // Letters and digits alone, so that no encoding changes it.
        let word = format!("neverbeseen{number:04}");
        let server = Server::new();
        let token = |nth: u8| {
            let token = server.token("authenticated", &format!("user-{nth}"), Duration::from_secs(LIFE));
            // Nobody checks the signature here, so it can carry the word; with it, it has a length that base64 can have.
            let unsigned = token.rsplit_once('.').map_or(token.as_str(), |(unsigned, _)| unsigned);
            format!("{unsigned}.{word}x000{nth}")
        };
        Self {
            key: format!("sb_publishable_{word}"),
            password: format!("password-{word}"),
            token: token(0),
            next_token: token(1),
            private: format!("private-{word}-"),
            word,
        }
    }

    /// The session that is stored before the call.
    pub(crate) fn session(&self) -> Value {
        self.session_of(&self.token, 0)
    }

    /// The one that a sign-in or a refresh brings.
    pub(crate) fn next_session(&self) -> Value {
        self.session_of(&self.next_token, 1)
    }

    fn session_of(&self, token: &str, nth: u8) -> Value {
        // By the server's clock, which is right.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        json!({
            "access_token": token,
            "token_type": "bearer",
            "expires_in": LIFE,
            "expires_at": now + LIFE,
            "refresh_token": format!("refresh-{}-{nth}", self.word),
            "user": { "id": "11111111-1111-4111-8111-111111111111", "aud": "authenticated", "role": "authenticated" },
        })
    }
}
