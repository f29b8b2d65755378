//! How long before its end a token is no longer used.

mod common;

use std::time::Duration;

use common::{Server, session, store_with};
use secrecy::ExposeSecret;

#[tokio::test]
async fn a_token_is_refreshed_as_long_before_its_end_as_was_said() {
    for (margin, expected) in [(10, "access-ada-0"), (120, "access-ada-1")] {
        let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
        // It is good for another minute.
        let store = store_with("ada", 60);
        let client = server.builder_with(&store).refresh_margin(Duration::from_secs(margin)).build().unwrap();
        let token = client.access_token().await.unwrap().unwrap();
        assert_eq!(token.expose_secret(), expected, "with a margin of {margin} s");
    }
}
