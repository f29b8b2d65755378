//! The handshake of a websocket, by the HTTP client that carries everything else: with the same proxies, certificates
//! and limits, and with the server's own words where it says no.

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};

use crate::failure::Failure;
use crate::reply::Reply;
use crate::transport::Transport;

/// A connection that speaks no HTTP any more.
pub use reqwest::Upgraded;

const CONNECTION: HeaderName = HeaderName::from_static("connection");
const UPGRADE: HeaderName = HeaderName::from_static("upgrade");

impl Transport {
    /// Sends one `GET` that asks for a websocket, and answers with the headers of the answer and the connection. It is
    /// not repeated, and no redirect is followed. `headers` are those of the protocol; the client's own are added, but
    /// for the access token: that is sent inside of the connection.
    ///
    /// # Errors
    /// No connection, or any other answer than `101`.
    pub async fn upgrade(
        &self,
        operation: &'static str,
        url: url::Url,
        headers: HeaderMap,
    ) -> Result<(HeaderMap, Upgraded), Failure> {
        let mut message = reqwest::Request::new(Method::GET, url);
        let all = message.headers_mut();
        *all = self.client_headers().clone();
        all.extend(headers);
        all.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        all.insert(UPGRADE, HeaderValue::from_static("websocket"));
        let http = self.websocket_client()?;
        tracing::debug!(operation, server.address = message.url().host_str(), "opening a websocket");
        let mut response =
            http.execute(message).await.map_err(|error| Failure::from_transport(error, true))?;
        let status = response.status();
        if status.is_redirection() {
            let message = format!("the server redirects a websocket with {}: not followed", status.as_u16());
            return Err(Failure::redirect(message, status));
        }
        if status.is_success() {
            let reply = Reply::new(status, std::mem::take(response.headers_mut()), Bytes::new());
            let message = format!(
                "the server answered {} and opened no websocket: does the URL point to the service itself?",
                status.as_u16()
            );
            return Err(Failure::decode(message, &reply, None));
        }
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(crate::read::refused(response, self.timeout().map(|limit| limit / 2), true).await);
        }
        let headers = response.headers().clone();
        let connection = response.upgrade().await.map_err(|error| Failure::from_transport(error, true))?;
        Ok((headers, connection))
    }
}
