//! A call that nobody waits for any more is cancelled.

use std::time::Duration;

use postgrest_rs::Client;
use serde_json::Value;
use supabase_testing::hang_up::never_answering;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_call_closes_its_connection() {
    let (url, came, closed) = never_answering();
    let client = Client::builder(url, "key").http_client(supabase_testing::http::client()).build().unwrap();
    let call = tokio::spawn(client.from("planets").select::<Value>("*").execute());
    came.recv_timeout(Duration::from_secs(20)).unwrap();
    call.abort();
    closed.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(call.await.unwrap_err().is_cancelled());
}
