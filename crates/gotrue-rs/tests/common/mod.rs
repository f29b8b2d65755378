//! A server that answers as a test says, and keeps what it is sent.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use gotrue_rs::{Client, ClientBuilder, MemoryStore, SavedSession, SessionStore};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use serde_json::{Value, json};

/// A request, as a test compares it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Sent {
    /// The only value of a parameter.
    pub(crate) fn query(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The first value of a header.
    pub(crate) fn header(&self, key: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// The grant that is asked for.
    pub(crate) fn grant(&self) -> &str {
        self.query("grant_type").unwrap_or_default()
    }
}

/// A client of the server at `url`, which repeats nothing.
pub(crate) fn at(url: impl AsRef<str>) -> ClientBuilder {
    Client::builder(url, "sb_publishable_test").http_client(supabase_testing::http::client()).max_retries(0)
}

/// A server that answers as a test says.
pub(crate) struct Server {
    server: MockServer,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Server {
    /// Starts a server whose answers are status and JSON; a text is sent as HTML.
    pub(crate) async fn start(answer: impl Fn(&Sent) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let server = MockServer::start_async().await;
        let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let log = Arc::clone(&sent);
        server
            .mock_async(move |when, then| {
                when.any_request();
                then.respond_with(move |request: &HttpMockRequest| {
                    let sent = Sent {
                        method: request.method_str().to_owned(),
                        path: request.uri().path().to_owned(),
                        query: request.query_params(),
                        headers: request.headers_vec().clone(),
                        body: serde_json::from_str(&request.body_string()).unwrap_or_default(),
                    };
                    let (status, body) = answer(&sent);
                    log.lock().unwrap().push(sent);
                    let (kind, body) = match body {
                        Value::String(text) => ("text/html", text),
                        Value::Null => ("application/json", String::new()),
                        body => ("application/json", body.to_string()),
                    };
                    HttpMockResponse::builder().status(status).header("content-type", kind).body(body).build()
                });
            })
            .await;
        Self { server, sent }
    }

    pub(crate) fn url(&self) -> String {
        self.server.base_url()
    }

    /// A client that repeats nothing and does nothing in the background.
    pub(crate) fn builder(&self) -> ClientBuilder {
        at(self.url()).auto_refresh_token(false)
    }

    /// The same, whose session is kept in `store`.
    pub(crate) fn builder_with(&self, store: &Arc<MemoryStore>) -> ClientBuilder {
        self.builder().session_store(Arc::clone(store)).storage_key("key")
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Sent {
        self.sent().pop().expect("something was sent")
    }

    /// How many refreshes were asked for.
    pub(crate) fn refreshes(&self) -> usize {
        self.sent().iter().filter(|sent| sent.grant() == "refresh_token").count()
    }
}

/// The time of day, in seconds.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A session as the server writes it. Its tokens expire in so many seconds.
pub(crate) fn session(user: &str, nth: u32, left: i64) -> Value {
    json!({
        "access_token": format!("access-{user}-{nth}"),
        "token_type": "bearer",
        "expires_in": 3600,
        "expires_at": now() + left,
        "refresh_token": format!("refresh-{user}-{nth}"),
        "user": { "id": user, "aud": "authenticated", "role": "authenticated", "email": "", "phone": "" },
    })
}

/// The same, as a store keeps it.
pub(crate) fn saved(user: &str, nth: u32, left: i64) -> SavedSession {
    // Read and written, as texts of stores are compared as a whole.
    let session = SavedSession::from(session(user, nth, left).to_string()).session().unwrap();
    SavedSession::of(&session)
}

/// A store with a session of this user, whose token expires in so many seconds.
pub(crate) fn store_with(user: &str, left: i64) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let swapped = store.swap("key", None, Some(&saved(user, 0, left))).now_or_never();
    assert!(swapped.unwrap().unwrap());
    store
}

/// An error, as the server writes it.
pub(crate) fn error(code: &str) -> Value {
    json!({ "code": code, "message": "as the test says" })
}
