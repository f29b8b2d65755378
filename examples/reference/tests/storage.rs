//! The examples of storage, on the server that users test their own programs with.

#[allow(dead_code, reason = "rows belong to the database")]
mod common;
#[path = "common/storage.rs"]
mod storage;

use supabase::Client;
use supabase_mock::storage::Server;

#[tokio::test]
async fn every_example_of_storage_does_what_it_says() {
    let server = Server::start().await.unwrap();
    let client = |key: String| {
        Client::builder(server.url(), key).http_client(supabase_testing::http::client()).build().unwrap()
    };
    storage::every_example(&client(server.service_role_key()), &client(server.anon_key())).await;
}
