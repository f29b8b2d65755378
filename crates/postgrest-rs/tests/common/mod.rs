//! A server that keeps what it is sent.

use std::sync::{Arc, Mutex};

use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use postgrest_rs::Client;

/// A request, as a test compares it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Sent {
    /// All values of a parameter.
    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        self.query.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    /// All values of a header.
    #[allow(dead_code, reason = "not every test file looks at headers")]
    pub(crate) fn header(&self, key: &str) -> Vec<&str> {
        self.headers.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }
}

/// A server that keeps what it is sent and answers with no rows.
pub(crate) struct Listener {
    server: MockServer,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Listener {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start_async().await;
        let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let log = Arc::clone(&sent);
        server
            .mock_async(move |when, then| {
                when.any_request();
                then.respond_with(move |request: &HttpMockRequest| {
                    log.lock().unwrap().push(Sent {
                        method: request.method_str().to_owned(),
                        query: request.query_params(),
                        headers: request.headers_vec().clone(),
                        body: request.body_string(),
                    });
                    HttpMockResponse::builder().status(200).header("content-range", "*/0").body("[]").build()
                });
            })
            .await;
        Self { server, sent }
    }

    pub(crate) fn client(&self) -> Client {
        Client::builder(self.server.base_url(), "sb_publishable_test")
            .http_client(supabase_testing::http::client())
            .build()
            .unwrap()
    }

    /// Where it listens.
    #[allow(dead_code, reason = "not every test file builds a client of its own")]
    pub(crate) fn url(&self) -> String {
        self.server.base_url()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Sent {
        self.sent.lock().unwrap().last().cloned().expect("something was sent")
    }

    pub(crate) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}
