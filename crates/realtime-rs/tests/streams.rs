//! Streams, handles and what they hold.

mod common;

use std::time::Duration;

use common::{builder, client, frames, item, message, pass, soon};
use futures_util::StreamExt;
use realtime_rs::{
    Action, Changes, ChannelStatus, Client, ConnectionState, Delivery, ErrorKind, Event, Overflow,
    PresenceEvent, Sent,
};
use serde::Deserialize;
use serde_json::{Value, json};
use supabase_mock::realtime::{Change, Server, Table};

#[tokio::test(start_paused = true)]
async fn one_slow_reader_costs_the_fast_one_nothing() {
    let server = Server::new();
    let client = client(&server);
    let mut room = client.channel("room").buffer(8, Overflow::DropOldest);
    let mut slow = room.on_broadcast::<usize>("n");
    let mut blocked = room.buffer(8, Overflow::Block);
    let mut still = blocked.on_broadcast::<usize>("n");
    let mut failing = blocked.buffer(8, Overflow::Fail);
    let mut fails = failing.on_broadcast::<usize>("n");
    let mut room = failing.buffer(100_000, Overflow::Fail);
    let mut fast = room.on_broadcast::<usize>("n");
    let _room = soon(room.subscribe()).await.unwrap();
    for n in 0..5_000 {
        server.broadcast("room", "n", &json!(n));
        if n % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    for n in 0..5_000 {
        assert_eq!(message(&mut fast).await.payload, n);
    }
    assert!(matches!(item(&mut slow).await, Some(Ok(Delivery::Missed(4_992)))));
    assert_eq!(message(&mut slow).await.payload, 4_992);
    for n in 0..8 {
        assert_eq!(message(&mut still).await.payload, n);
        assert_eq!(message(&mut fails).await.payload, n);
    }
    assert!(matches!(item(&mut still).await, Some(Ok(Delivery::Missed(4_992)))));
    assert_eq!(item(&mut fails).await.unwrap().unwrap_err().kind(), ErrorKind::TooSlow);
    assert!(item(&mut fails).await.is_none());
    assert_eq!(server.handshakes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads_stops_neither_heartbeats_nor_other_channels() {
    let server = Server::new();
    let client = client(&server);
    let mut deaf = client.channel("deaf").buffer(4, Overflow::Block);
    let _never_read = deaf.on_broadcast::<Value>("*");
    let _deaf = soon(deaf.subscribe()).await.unwrap();
    let mut room = client.channel("room");
    let mut heard = room.on_broadcast::<u64>("n");
    let _room = soon(room.subscribe()).await.unwrap();
    for minute in 0..60 {
        for _ in 0..50 {
            server.broadcast("deaf", "noise", &json!("x".repeat(1_000)));
        }
        server.broadcast("room", "n", &json!(minute));
        pass(60).await;
        assert_eq!(message(&mut heard).await.payload, minute);
    }
    assert_eq!(server.handshakes().len(), 1, "the connection was kept by heartbeats");
}

#[tokio::test(start_paused = true)]
async fn the_merged_stream_has_everything() {
    let server = Server::builder().table(Table::new("public", "todos").key("id", "int8")).build();
    let client = client(&server);
    let mut room = client.channel("room").presence_key("ada");
    let mut events = room.events([Changes::all().table("todos")]);
    let room = soon(room.subscribe()).await.unwrap();
    server.broadcast("room", "greeting", &json!({ "n": 1 }));
    server.push_change(&Change::insert("public", "todos", json!({ "id": 1 })));
    soon(room.track(&json!({ "mood": "good" }))).await.unwrap();
    let (mut broadcasts, mut changes, mut joins, mut system) = (0, 0, 0, 0);
    while broadcasts + changes + joins + system < 4 {
        match message(&mut events).await {
            Event::Broadcast(broadcast) => {
                assert_eq!(broadcast.payload.decode::<Value>().unwrap(), json!({ "n": 1 }));
                broadcasts += 1;
            }
            Event::Change(change) => {
                assert_eq!(change.action, Action::Insert);
                assert_eq!(change.record.unwrap().decode::<Value>().unwrap(), json!({ "id": 1 }));
                changes += 1;
            }
            Event::Presence(PresenceEvent::Join { key, new, .. }) => {
                assert_eq!(key, "ada");
                assert_eq!(new[0].payload.decode::<Value>().unwrap(), json!({ "mood": "good" }));
                joins += 1;
            }
            Event::System(message) => {
                assert_eq!(message.message, "Subscribed to PostgreSQL");
                system += 1;
            }
            _ => {}
        }
    }
    assert_eq!((broadcasts, changes, joins, system), (1, 1, 1, 1));
    server.drop_all();
    while !matches!(item(&mut events).await, Some(Ok(Delivery::Gap(_)))) {}
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_fit_is_an_error_and_the_stream_goes_on() {
    #[derive(Debug, Deserialize)]
    struct Cursor {
        x: i32,
    }
    let server = Server::new();
    let client = client(&server);
    let mut room = client.channel("room");
    let mut cursors = room.on_broadcast::<Cursor>("cursor");
    let mut others = room.on_broadcast::<Value>("other");
    let _room = soon(room.subscribe()).await.unwrap();
    server.broadcast("room", "cursor", &json!({ "x": "secret" }));
    server.broadcast_bytes("room", false, "cursor", &[1, 2]);
    server.broadcast("room", "other", &json!(1));
    server.broadcast("room", "cursor", &json!({ "x": 7 }));
    let error = item(&mut cursors).await.unwrap().unwrap_err();
    assert!(error.message().contains("at `x`") && !error.to_string().contains("secret"), "{error}");
    let error = item(&mut cursors).await.unwrap().unwrap_err();
    assert!(error.message().contains("on_binary_broadcast"), "{error}");
    assert_eq!(message(&mut cursors).await.payload.x, 7);
    assert_eq!(message(&mut others).await.payload, json!(1));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_leaves_the_channel_and_closes_the_socket() {
    let server = Server::new();
    let client = client(&server);
    let mut builder = client.channel("room");
    let mut greetings = builder.on_broadcast::<Value>("greeting");
    let room = soon(builder.subscribe()).await.unwrap();
    let other = soon(client.channel("other").subscribe()).await.unwrap();
    // The stream alone keeps its channel, and the connection.
    drop(room);
    server.broadcast("room", "greeting", &json!(1));
    assert_eq!(message(&mut greetings).await.payload, json!(1));
    drop(greetings);
    soon(server.wait_for(|frame| frame.event() == "phx_leave" && frame.topic() == "realtime:room")).await;
    assert_eq!(client.get_channels().len(), 1);
    drop(client);
    assert_eq!(soon(other.send_broadcast("e", &1)).await.unwrap(), Sent::Written);
    drop(other);
    soon(server.until(|server| server.connections().is_empty())).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_let_go_can_be_had_again_at_once() {
    let server = Server::new();
    let client = client(&server);
    for n in 0..20 {
        let mut room = client.channel("room");
        let mut greetings = room.on_broadcast::<Value>("greeting");
        let room = soon(room.subscribe()).await.unwrap();
        server.broadcast("room", "greeting", &json!(n));
        assert_eq!(message(&mut greetings).await.payload, json!(n));
        drop((room, greetings));
    }
    assert_eq!(server.joins("room").len(), 20);
}

#[tokio::test(start_paused = true)]
async fn two_subscriptions_of_one_name_do_not_kill_each_other() {
    let server = Server::new();
    let client = client(&server);
    let mut first = client.channel("room");
    let mut greetings = first.on_broadcast::<Value>("greeting");
    let first = soon(first.subscribe()).await.unwrap();
    let error = soon(client.channel("room").subscribe()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("get_channel"), "{error}");
    let shared = client.get_channel("room").unwrap();
    drop(first);
    soon(shared.send_broadcast("greeting", &1)).await.unwrap();
    server.broadcast("room", "greeting", &json!(2));
    assert_eq!(message(&mut greetings).await.payload, json!(2));
    assert_eq!(server.joins("room").len(), 1);
    assert!(client.get_channel("other").is_none());
}

#[tokio::test(start_paused = true)]
async fn all_channels_are_left_at_once_and_the_socket_closes_a_while_later() {
    let server = Server::new();
    let client = builder(&server).disconnect_after(Duration::from_secs(50)).build().unwrap();
    let mut streams = Vec::new();
    for name in ["a", "b", "c"] {
        let mut channel = client.channel(name);
        streams.push(channel.on_broadcast::<Value>("*"));
        soon(channel.subscribe()).await.unwrap();
    }
    assert_eq!(
        client.get_channels().iter().map(|c| c.name().to_owned()).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    client.remove_all_channels().await.unwrap();
    for stream in &mut streams {
        assert!(item(stream).await.is_none());
    }
    assert!(client.get_channels().is_empty());
    pass(40).await;
    assert_eq!(server.connections().len(), 1, "the next channel would find it open");
    pass(20).await;
    assert!(server.connections().is_empty());
    assert!(matches!(client.connection_state(), ConnectionState::Disconnected(None)));
    soon(client.channel("a").subscribe()).await.unwrap();
    assert_eq!(server.handshakes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_connection_can_be_opened_kept_closed_and_opened_again() {
    let server = Server::new();
    let client = client(&server);
    let mut states = client.connection_states();
    client.connect().await.unwrap();
    pass(3_600).await;
    assert_eq!(server.connections().len(), 1, "kept without a channel");
    let mut room = client.channel("room");
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let room = soon(room.subscribe()).await.unwrap();
    client.disconnect().await.unwrap();
    soon(server.until(|server| server.connections().is_empty())).await;
    assert!(matches!(room.status(), ChannelStatus::Interrupted(_)));
    pass(3_600).await;
    assert_eq!(server.handshakes().len(), 1, "it stays closed");
    client.connect().await.unwrap();
    assert!(matches!(item(&mut greetings).await, Some(Ok(Delivery::Gap(_)))));
    let mut seen = Vec::new();
    while seen.len() < 6 {
        seen.push(match soon(states.next()).await.unwrap() {
            ConnectionState::Disconnected(None) => "disconnected",
            ConnectionState::Connecting => "connecting",
            ConnectionState::Connected => "connected",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["disconnected", "connecting", "connected", "disconnected", "connecting", "connected"]);
}

#[tokio::test(start_paused = true)]
async fn connecting_tells_why_it_cannot() {
    let server = Server::new();
    server.refuse_connections(403, "Realtime was disabled for this tenant");
    let client = client(&server);
    let error = client.connect().await.unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(403), "Realtime was disabled for this tenant"));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_dropped_half_way_is_left() {
    let server = Server::new();
    server.delay_replies(Duration::from_secs(3));
    let client = client(&server);
    let subscribing = client.channel("room").subscribe();
    assert!(tokio::time::timeout(Duration::from_secs(1), subscribing).await.is_err());
    soon(server.wait_for(|frame| frame.event() == "phx_leave")).await;
    assert!(client.get_channels().is_empty());
}

#[tokio::test(start_paused = true)]
async fn replayed_messages_come_once_and_are_asked_for_again_after_an_interruption() {
    let server = Server::new();
    let client = client(&server);
    client
        .set_auth(Some(server.token("authenticated", "ada", Duration::from_secs(3_600)).into()))
        .await
        .unwrap();
    server.broadcast_from_database("room", true, "e", json!({ "n": 1 }));
    let since = "2020-01-01T00:00:00Z".parse().unwrap();
    let mut room = client.channel("room").private().replay_since(since).replay_limit(10);
    let mut heard = room.on_broadcast::<Value>("e");
    let _room = soon(room.subscribe()).await.unwrap();
    let first = message(&mut heard).await;
    assert!(first.replayed && first.id.is_some(), "{first:?}");
    server.drop_all();
    server.broadcast_from_database("room", true, "e", json!({ "n": 2 }));
    assert!(matches!(item(&mut heard).await, Some(Ok(Delivery::Gap(_)))));
    let second = message(&mut heard).await;
    assert_eq!(second.payload["n"], json!(2));
    server.broadcast_from_database("room", true, "e", json!({ "n": 3 }));
    assert_eq!(message(&mut heard).await.payload["n"], json!(3));
    let asked: Vec<_> = server
        .joins("room")
        .iter()
        .map(|join| join.payload()["config"]["broadcast"]["replay"].clone())
        .collect();
    // So soon after the first join, not all of it may have come.
    assert_eq!(asked, [json!({ "since": 1_577_836_800_000_i64, "limit": 10 }), asked[0].clone()]);
    let error = client.channel("public").replay_since(since).subscribe().await.unwrap_err();
    assert!(error.message().contains("private"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn broadcasts_of_the_database_can_be_waited_for() {
    let server = Server::new();
    let client = client(&server);
    client
        .set_auth(Some(server.token("authenticated", "ada", Duration::from_secs(3_600)).into()))
        .await
        .unwrap();
    let room = client.channel("room").private().wait_for_database_broadcasts();
    let _room = soon(room.subscribe()).await.unwrap();
    assert_eq!(server.joins("room")[0].payload()["config"]["broadcast"]["replication_ready"], json!(true));
}

#[tokio::test(start_paused = true)]
async fn streams_are_streams() {
    let server = Server::new();
    let client = client(&server);
    let mut room = client.channel("room");
    let greetings = room.on_broadcast::<u8>("greeting").messages();
    let room = soon(room.subscribe()).await.unwrap();
    for n in 0..3 {
        server.broadcast("room", "greeting", &json!(n));
    }
    server.drop_all();
    tokio::time::sleep(Duration::from_secs(30)).await;
    server.broadcast("room", "greeting", &json!(3));
    let all: Vec<_> = greetings.take(4).map(|item| item.unwrap().payload).collect().await;
    assert_eq!(all, [0, 1, 2, 3], "gaps are passed over");
    drop(room);
}

#[test]
fn without_a_runtime_it_says_so() {
    let server = Server::new();
    let client = client(&server);
    let call = client.connect();
    let error = futures_util::FutureExt::now_or_never(call).unwrap().unwrap_err();
    assert!(error.message().contains("tokio runtime"), "{error}");
}

#[test]
fn everything_can_be_sent_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_sync<T: Send + Sync>() {}
    is_sync::<Client>();
    is_sync::<realtime_rs::Channel>();
    is_sync::<realtime_rs::Error>();
    let client = Client::new(common::URL, "key").unwrap();
    let mut room = client.channel("room");
    is_send(&room.on_broadcast::<Value>("*"));
    is_send(&room.subscribe());
    is_send(&client.connect());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_channels_share_one_socket() {
    let mut limits = supabase_mock::realtime::Limits::default();
    limits.channels = 1_000;
    let server = Server::builder().limits(limits).build();
    let client = client(&server);
    let joins = (0..1_000).map(|n| client.channel(format!("room{n}")).subscribe());
    let channels: Vec<_> =
        soon(futures_util::future::join_all(joins)).await.into_iter().map(Result::unwrap).collect();
    assert_eq!((client.get_channels().len(), server.handshakes().len()), (1_000, 1));
    server.drop_all();
    soon(
        server
            .until(|server| server.members("realtime:room999").len() + server.members("room999").len() == 1),
    )
    .await;
    assert!(frames(&server, "room500", "phx_join").len() == 2);
    drop(channels);
}
