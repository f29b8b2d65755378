//! Which HTTP client carries the requests.

use std::fmt;

use reqwest::{Client, ClientBuilder};

use crate::failure::Failure;

/// A change to the HTTP client, before it is built.
#[cfg(not(target_family = "wasm"))]
pub type Configure = Box<dyn FnOnce(ClientBuilder) -> ClientBuilder + Send>;
/// A change to the HTTP client, before it is built.
#[cfg(target_family = "wasm")]
pub type Configure = Box<dyn FnOnce(ClientBuilder) -> ClientBuilder>;

/// An HTTP client: one to be built here, with the caller's changes, or one that the caller built.
#[derive(Default)]
pub struct HttpChoice {
    changes: Vec<Configure>,
    given: Option<Client>,
}

impl HttpChoice {
    /// Changes the client that will be built.
    pub fn configure(&mut self, change: Configure) {
        self.changes.push(change);
    }

    /// Uses a client that the caller built.
    pub fn give(&mut self, client: Client) {
        self.given = Some(client);
    }

    /// The client.
    ///
    /// # Errors
    /// It cannot be built, or was both given and to be changed.
    pub fn build(self) -> Result<Client, Failure> {
        if let Some(client) = self.given {
            if self.changes.is_empty() {
                return Ok(client);
            }
            return Err(Failure::invalid(
                "configure_http has no effect on a client given with http_client: use one",
            ));
        }
        let builder = self.changes.into_iter().fold(ClientBuilder::new(), |builder, change| change(builder));
        // Last, so that no change can undo it: redirects are decided in `redirect.rs`.
        #[cfg(not(target_family = "wasm"))]
        let builder = builder.redirect(reqwest::redirect::Policy::none());
        builder.build().map_err(|error| Failure::invalid_because("the HTTP client cannot be built", error))
    }
}

impl fmt::Debug for HttpChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpChoice")
            .field("changes", &self.changes.len())
            .field("given", &self.given.is_some())
            .finish()
    }
}
