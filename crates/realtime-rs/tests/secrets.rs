//! Neither keys nor tokens nor what is sent are shown anywhere.

mod common;

use std::time::Duration;

use common::{client, message, soon};
use realtime_rs::{Changes, Client};
use serde_json::{Value, json};
use supabase_mock::realtime::Server;
use supabase_testing::logs;

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_logged_or_printed() {
    let (subscriber, traced) = logs::watch();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::new();
    let client = client(&server);
    let token = server.token("authenticated", "ada", Duration::from_secs(60));
    let key = server.anon_key();
    client.set_auth(Some(token.clone().into())).await.unwrap();
    let mut builder = client.channel("room");
    let mut heard = builder.on_broadcast::<Value>("e");
    let printed = format!("{builder:?} {heard:?} {:?}", Changes::all().table("t").eq("a", "the payload"));
    let room = soon(builder.subscribe()).await.unwrap();
    server.broadcast("room", "e", &json!("the payload"));
    let broadcast = message(&mut heard).await;
    soon(room.track(&json!({ "p": "the payload" }))).await.unwrap();
    server.send_text(server.connections()[0], "no message: the payload");
    server.expire_tokens();
    let error = common::item(&mut heard).await.unwrap().unwrap_err();
    server.refuse_connections(401, "no");
    server.drop_all();
    let last = common::item(&mut heard).await.unwrap().unwrap_err();
    let printed = format!(
        "{printed} {client:?} {room:?} {error:?} {error} {last:?} {last} {:?}",
        client.connection_state()
    );
    for secret in [token.as_str(), key.as_str(), "the payload"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert_eq!(broadcast.payload, "the payload");
    traced.assert_without(&[&token, &key, "the payload", "apikey"]);
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_told_without_its_query() {
    let (subscriber, traced) = logs::watch();
    let _guard = tracing::subscriber::set_default(subscriber);
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let client =
        Client::new(format!("http://127.0.0.1:{port}/realtime/v1"), "sb_publishable_hidden").unwrap();
    let error = client.connect().await.unwrap_err();
    let mut shown = format!("{error:?} {error}");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        shown.push_str(&format!("{inner} {inner:?}"));
        source = inner.source();
    }
    assert!(!shown.contains("hidden") && !shown.contains("apikey"), "{shown}");
    traced.assert_without(&["sb_publishable_hidden", "apikey"]);
}
