//! What a client says about itself to the server, and the channels that it takes away.

mod common;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{builder, client, frames, item, soon};
use realtime_rs::{
    Backoff, Client, Connection, ConnectionState, Error, ErrorKind, Handshake, Result, Transport,
};
use serde_json::{Value, json};
use supabase_mock::realtime::Server;

#[tokio::test(start_paused = true)]
async fn a_channel_is_removed_by_its_handle_and_the_others_stay() {
    let server = Server::new();
    let client = client(&server);
    let mut builder = client.channel("leaves");
    let mut ends = builder.on_broadcast::<Value>("e");
    let leaves = soon(builder.subscribe()).await.unwrap();
    let mut builder = client.channel("stays");
    let mut goes_on = builder.on_broadcast::<Value>("e");
    let _stays = soon(builder.subscribe()).await.unwrap();
    soon(client.remove_channel(&leaves)).await.unwrap();
    assert_eq!(frames(&server, "leaves", "phx_leave").len(), 1);
    assert!(item(&mut ends).await.is_none(), "its streams end");
    let names: Vec<_> = client.get_channels().iter().map(|channel| channel.name().to_owned()).collect();
    assert_eq!(names, ["stays"]);
    server.broadcast("stays", "e", &json!(1));
    assert_eq!(common::message(&mut goes_on).await.payload, 1);
}

/// Opens nothing, and keeps what it was to open it with.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<(String, String)>>>);

impl Transport for Kept {
    fn connect(&self, handshake: Handshake) -> Pin<Box<dyn Future<Output = Result<Connection>> + Send>> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        self.0.lock().unwrap().extend(handshake.headers().map(owned));
        Box::pin(async { Err(Error::refused(403, "no")) })
    }
}

#[tokio::test]
async fn a_transport_is_told_the_headers_of_its_client() {
    let kept = Kept::default();
    let client = Client::builder(common::URL, "sb_publishable_test")
        .header("x-tenant", "acme")
        .transport(kept.clone())
        .build()
        .unwrap();
    client.connect().await.unwrap_err();
    let headers = kept.0.lock().unwrap();
    assert!(headers.contains(&("x-tenant".to_owned(), "acme".to_owned())), "{headers:?}");
    assert!(headers.iter().any(|(name, _)| name == "x-client-info"), "{headers:?}");
    assert!(headers.iter().all(|(_, value)| value != "sb_publishable_test"), "{headers:?}");
}

#[tokio::test(start_paused = true)]
async fn the_server_is_told_how_much_to_log() {
    for level in ["info", "warning", "error"] {
        let server = Server::new();
        let client = builder(&server).log_level(level).build().unwrap();
        soon(client.connect()).await.unwrap();
        let [handshake] = server.handshakes().try_into().unwrap();
        assert_eq!(handshake.parameter("log_level"), Some(level));
    }
    let refused = Client::builder(common::URL, "sb_publishable_test").log_level("loud").build().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn times_without_end_are_waited_for_and_break_nothing() {
    let server = Server::new();
    let client = builder(&server)
        .heartbeat_interval(Duration::MAX)
        .heartbeat_timeout(Duration::MAX)
        .connect_timeout(Duration::MAX)
        .join_timeout(Duration::MAX)
        .push_timeout(Duration::MAX)
        .subscribe_timeout(Duration::MAX)
        .disconnect_after(Duration::MAX)
        .reconnect(Backoff::custom(|_| Some(Duration::MAX)))
        .build()
        .unwrap();
    let mut builder = client.channel("room").timeout(Duration::MAX).acknowledge();
    let mut greetings = builder.on_broadcast::<Value>("greeting");
    let room = soon(builder.subscribe()).await.unwrap();
    soon(room.send_broadcast("other", &json!(1))).await.unwrap();
    server.broadcast("room", "greeting", &json!(2));
    assert_eq!(common::message(&mut greetings).await.payload, 2);
    soon(room.unsubscribe()).await.unwrap();
    // Nobody needs the connection, and it stays: for longer than if nothing were said, and until the server, which is
    // asked for nothing, closes it after a minute.
    common::pass(55).await;
    assert!(matches!(client.connection_state(), ConnectionState::Connected));

    let _room = soon(client.channel("room").subscribe()).await.unwrap();
    let mut states = client.connection_states();
    server.drop_all();
    while !matches!(soon(states.next()).await, Some(ConnectionState::Waiting { .. })) {}
    soon(client.disconnect()).await.unwrap();
    soon(client.connect()).await.unwrap();
}
