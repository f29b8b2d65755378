//! An invocation that nobody waits for any more is cancelled.

use std::time::Duration;

use functions_rs::Client;
use serde_json::json;
use supabase_testing::hang_up::never_answering;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_an_invocation_closes_its_connection() {
    let (url, came, closed) = never_answering();
    let client = Client::builder(url, "key").http_client(supabase_testing::http::client()).build().unwrap();
    let call = tokio::spawn(client.invoke("slow").json(json!({ "n": 1 })).into_future());
    came.recv_timeout(Duration::from_secs(20)).unwrap();
    call.abort();
    closed.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(call.await.unwrap_err().is_cancelled());
}
