//! What is traced. Alone in its process: a span that another thread meets first, while nobody listens, is not traced for
//! a moment.

mod common;

use common::{KEY, TOKEN, get, post, signed_in};
use httpmock::MockServer;
use supabase_testing::logs;
use supabase_testing::raw::{Answer, Raw};

#[tokio::test(flavor = "current_thread")]
async fn no_secret_is_traced_or_printed() {
    let (subscriber, traced) = logs::watch();
    let _watching = tracing::subscriber::set_default(subscriber);
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("GET");
            then.status(503).header("retry-after", "0").body("busy");
        })
        .await;
    server
        .mock_async(|when, then| {
            when.method("POST");
            then.status(200).body("[]");
        })
        .await;
    let transport = signed_in(&server.base_url());
    let failure = transport.send(&get(&server.base_url())).await.unwrap_err();
    transport.send(&post(&server.base_url())).await.unwrap();

    traced.assert_without(&[KEY, TOKEN, "never-be-seen", "private"]);
    let shown = format!("{transport:?} {failure} {failure:?}");
    assert!(!shown.contains("never-be-seen") && !shown.contains("private"), "{shown}");
    for field in [
        "supabase.request",
        "operation=\"test.get\"",
        "http.request.method=GET",
        "server.address=\"127.0.0.1\"",
        "url.path=\"/rows\"",
        "http.response.status_code=503",
        "http.request.resend_count=3",
        "error.type=\"status\"",
        "http.response.status_code=200",
    ] {
        assert!(traced.text().contains(field), "{field} is missing in:\n{}", traced.text());
    }

    let before = traced.text().len();
    let busy = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = Raw::start([Answer::Bytes(busy.to_vec()), Raw::json("200 OK", 2, "[]")]);
    signed_in(&server.url()).send(&get(&server.url())).await.unwrap();
    let text = traced.text();
    let call = text.get(before..).unwrap();
    assert!(call.contains("http.request.resend_count=1") && !call.contains("error.type"), "{call}");
}
