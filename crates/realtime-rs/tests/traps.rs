//! The traps that other clients fell into, each by its name, in the order in which the contract lists them.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{builder, client, frames, item, join_tokens, message, pass, soon};
use realtime_rs::{
    Action, Changes, Client, Delivery, Error, ErrorKind, Frame, PresenceEvent, ProtocolVersion, Sent,
};
use serde::Deserialize;
use serde_json::{Value, json};
use supabase_mock::realtime::{Access, Change, Server, Table};

fn todos() -> Server {
    let table =
        Table::new("public", "todos").key("id", "int8").column("task", "text").column("price", "numeric");
    Server::builder().table(table).build()
}

#[tokio::test(start_paused = true)]
async fn trap_1_the_end_of_an_older_join_does_not_kill_the_new_channel() {
    let server = Server::new();
    let client = client(&server);
    let room = soon(client.channel("room").subscribe()).await.unwrap();
    let connection = *server.connections().first().unwrap();
    let join = server.joins("room").first().unwrap().reference().unwrap().to_owned();
    // Left and joined again at once: the server's `phx_close` of the first join comes after the second join.
    let left = room.unsubscribe();
    let mut again = client.channel("room");
    let mut greetings = again.on_broadcast::<Value>("greeting");
    let (left, again) = soon(async { tokio::join!(left, again.subscribe()) }).await;
    left.unwrap();
    let _again = again.unwrap();
    let old = json!([join, join, "realtime:room", "phx_close", {}]).to_string();
    server.send_text(connection, &old);
    let old = json!([join, join, "realtime:room", "phx_error", {}]).to_string();
    server.send_text(connection, &old);
    server.broadcast("room", "greeting", &json!(1));
    assert_eq!(message(&mut greetings).await.payload, json!(1));
    assert_eq!(server.joins("room").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn trap_2_subscribed_means_that_changes_flow_and_their_errors_are_told() {
    let server = todos();
    server.withhold_subscriptions(true);
    let client = client(&server);
    let mut room = client.channel("room");
    let mut rows = room.on_postgres_changes::<Value>(Changes::all().table("todos"));
    let mut subscribing = std::pin::pin!(room.subscribe());
    assert!(
        tokio::time::timeout(Duration::from_secs(10), subscribing.as_mut()).await.is_err(),
        "joined is not enough"
    );
    server.withhold_subscriptions(false);
    let _room = soon(subscribing).await.unwrap();
    server.push_change(&Change::insert("public", "todos", json!({ "id": 1 })));
    assert_eq!(message(&mut rows).await.action, Action::Insert);

    // What is wrong for good is told by a system message alone.
    let mut wrong = client.channel("wrong");
    let _rows = wrong.on_postgres_changes::<Value>(Changes::all().table("nothing"));
    let error = soon(wrong.subscribe()).await.unwrap_err();
    assert!(error.message().starts_with("Unable to subscribe to changes"), "{error}");
    assert_eq!(frames(&server, "wrong", "phx_leave").len(), 1);

    // Whoever does not want to wait is told by the stream.
    let mut wrong = client.channel("wrong").wait_for_changes(false);
    let mut rows = wrong.on_postgres_changes::<Value>(Changes::all().table("nothing"));
    let _wrong = soon(wrong.subscribe()).await.unwrap();
    let error = item(&mut rows).await.unwrap().unwrap_err();
    assert!(error.message().starts_with("Unable to subscribe to changes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn trap_3_a_join_waits_longer_than_the_server_thinks_and_is_not_repeated_at_once() {
    let server = Server::builder().error_backoff(Duration::from_secs(5)).build();
    let client = client(&server);
    server.refuse_next_join("room", "Unauthorized: no");
    let error = soon(client.channel("room").subscribe()).await.unwrap_err();
    assert_eq!(error.message(), "no");

    let room = soon(client.channel("room").subscribe()).await.unwrap();
    server.refuse_joins("DatabaseLackOfConnections: none left");
    server.drop_all();
    pass(120).await;
    let joins = server.joins("room");
    assert!(joins.len() < 18, "{} joins in two minutes", joins.len());
    let gaps = joins.windows(2).skip(2).map(|pair| pair[1].at() - pair[0].at());
    assert!(gaps.min().unwrap() >= Duration::from_secs(5));
    drop(room);
}

#[tokio::test(start_paused = true)]
async fn trap_4_not_every_broadcast_is_answered_and_an_error_may_be_a_bare_text() {
    let mut limits = supabase_mock::realtime::Limits::default();
    limits.payload = 1_000;
    let server = Server::builder()
        .limits(limits)
        .authorize(|_, topic| if topic == "read" { Access::READ } else { Access::READ_WRITE })
        .build();
    let client = client(&server);
    let room = soon(client.channel("room").subscribe()).await.unwrap();
    assert_eq!(soon(room.send_broadcast("e", &1)).await.unwrap(), Sent::Written);

    let asking = soon(client.channel("asking").acknowledge().subscribe()).await.unwrap();
    let error = soon(asking.send_broadcast("e", &"x".repeat(10_000))).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Rejected, "payload_size_exceeded"));

    // Without the right to write, there is no answer at all.
    let read = soon(client.channel("read").private().acknowledge().subscribe()).await.unwrap();
    assert!(soon(read.send_broadcast("e", &1)).await.unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn trap_5_broadcasts_come_as_text_and_as_bytes_and_lengths_count_bytes() {
    let server = Server::new();
    let old = builder(&server).protocol(ProtocolVersion::V1).build().unwrap();
    let new = client(&server);
    let sender = soon(old.channel("ròom").subscribe()).await.unwrap();
    let binary = soon(new.channel("ròom").subscribe()).await.unwrap();
    let other = client(&server);
    let mut hearing = other.channel("ròom");
    let mut greetings = hearing.on_broadcast::<Value>("gruß");
    let mut frames = hearing.on_binary_broadcast("frame");
    let _hearing = soon(hearing.subscribe()).await.unwrap();
    soon(sender.send_broadcast("gruß", &"as text")).await.unwrap();
    assert_eq!(message(&mut greetings).await.payload, "as text");
    soon(binary.send_broadcast("gruß", &"as bytes")).await.unwrap();
    assert_eq!(message(&mut greetings).await.payload, "as bytes");
    soon(binary.send_binary_broadcast("frame", vec![0, 255])).await.unwrap();
    assert_eq!(message(&mut frames).await.payload, vec![0, 255]);
    let error = soon(sender.send_binary_broadcast("frame", vec![0])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let sent = server.received();
    let push = sent.iter().find(|frame| frame.text().is_none()).unwrap();
    assert_eq!(push.bytes().get(3..5), Some(&[14, 5][..]), "bytes, and not characters");
}

#[tokio::test(start_paused = true)]
async fn trap_6_a_join_has_a_config_no_null_and_asks_for_presence_where_it_is_wanted() {
    let server = todos();
    let client = client(&server);
    let mut room = client.channel("room");
    let _rows = room.on_postgres_changes::<Value>(Changes::all().table("todos"));
    let mut presences = room.on_presence::<Value>();
    let _room = soon(room.subscribe()).await.unwrap();
    let _plain = soon(client.channel("plain").subscribe()).await.unwrap();
    for topic in ["room", "plain"] {
        let join = server.joins(topic).first().unwrap().payload();
        assert!(
            join.get("config").is_some_and(Value::is_object) && !join.to_string().contains("null"),
            "{join}"
        );
        assert_eq!(join["config"]["presence"]["enabled"], json!(topic == "room"));
    }
    assert!(matches!(message(&mut presences).await, PresenceEvent::Sync), "the state came");
}

#[derive(Debug, Deserialize)]
struct Todo {
    id: i64,
    price: Box<serde_json::value::RawValue>,
}

#[tokio::test(start_paused = true)]
async fn trap_7_changes_are_told_by_the_id_of_their_subscription_with_exact_numbers_and_absent_keys() {
    let server = todos();
    let client = client(&server);
    let mut room = client.channel("room");
    let mut expensive = room.on_postgres_changes::<Todo>(Changes::insert().table("todos").gt("id", 5));
    let mut removed = room.on_postgres_changes::<Todo>(Changes::delete().table("todos"));
    let mut twice = room.on_postgres_changes::<Todo>(Changes::delete().table("todos"));
    let _room = soon(room.subscribe()).await.unwrap();
    let asked = server.joins("room").first().unwrap().payload()["config"]["postgres_changes"].clone();
    assert_eq!(asked.as_array().map(Vec::len), Some(2), "equal subscriptions are sent once");
    let row = r#"{"id":9007199254740993,"task":"a","price":1.50}"#;
    let small: supabase_mock::realtime::Row = r#"{"id":3,"task":"a","price":1.0}"#.parse().unwrap();
    server.push_change(&Change::insert("public", "todos", small));
    let large: supabase_mock::realtime::Row = row.parse().unwrap();
    server.push_change(&Change::insert("public", "todos", large));
    let change = message(&mut expensive).await;
    let todo = change.record.unwrap();
    assert_eq!((todo.id, todo.price.get()), (9_007_199_254_740_993, "1.50"));
    assert!(change.old_record.is_none() && change.commit_timestamp.is_some());
    server.push_change(&Change::delete("public", "todos", json!({ "id": 3 })));
    for stream in [&mut removed, &mut twice] {
        let change = message(stream).await;
        assert!(change.record.is_none());
        assert_eq!(change.old_record.unwrap().decode::<Value>().unwrap(), json!({ "id": 3 }));
    }
}

#[tokio::test(start_paused = true)]
async fn trap_8_a_presence_that_is_tracked_anew_joins_and_leaves_and_stays() {
    let server = Server::new();
    let client = client(&server);
    let mut room = client.channel("room").presence_key("ada");
    let mut presences = room.on_presence::<Value>();
    let room = soon(room.subscribe()).await.unwrap();
    assert!(matches!(message(&mut presences).await, PresenceEvent::Sync));
    soon(room.track(&json!({ "n": 1 }))).await.unwrap();
    assert!(matches!(message(&mut presences).await, PresenceEvent::Join { .. }));
    assert!(matches!(message(&mut presences).await, PresenceEvent::Sync));
    soon(room.track(&json!({ "n": 2 }))).await.unwrap();
    let PresenceEvent::Join { current, new, .. } = message(&mut presences).await else {
        panic!("a join comes first")
    };
    assert_eq!((current[0].payload["n"].clone(), new[0].payload["n"].clone()), (json!(1), json!(2)));
    let PresenceEvent::Leave { key, current, left } = message(&mut presences).await else {
        panic!("then a leave")
    };
    assert_eq!(
        (key.as_str(), &current[0].payload["n"], &left[0].payload["n"]),
        ("ada", &json!(2), &json!(1))
    );
    assert!(matches!(message(&mut presences).await, PresenceEvent::Sync));
    let state = room.presence_state::<Value>().unwrap();
    assert_eq!(state["ada"].len(), 1);
    assert_eq!(state["ada"][0].payload, json!({ "n": 2 }));
}

#[tokio::test(start_paused = true)]
async fn trap_9_presence_is_tracked_again_after_a_rejoin_and_too_much_of_it_is_survived() {
    let server = Server::new();
    let client = client(&server);
    let mut room = client.channel("room");
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let room = soon(room.subscribe()).await.unwrap();
    let mut outcomes = Vec::new();
    for n in 0..6 {
        outcomes.push(soon(room.track(&json!({ "n": n }))).await.is_ok());
    }
    assert!(outcomes.iter().take(5).all(|ok| *ok), "{outcomes:?}");
    assert!(matches!(item(&mut greetings).await, Some(Ok(Delivery::Gap(_)))), "it was closed, and is back");
    soon(
        server.until(|server| {
            server.presence("room", false).as_object().is_some_and(|state| !state.is_empty())
        }),
    )
    .await;
    let state = server.presence("room", false).to_string();
    assert!(state.contains("\"n\":5"), "{state}");
}

#[tokio::test(start_paused = true)]
async fn trap_10_a_token_goes_only_to_joined_channels_into_every_later_join_and_is_never_a_key() {
    let server = Server::builder().keys("sb_publishable_key", "sb_secret_key").build();
    let client = Client::builder(common::URL, "sb_publishable_key")
        .transport(common::Memory(server.clone()))
        .build()
        .unwrap();
    let token = server.token("authenticated", "ada", Duration::from_secs(3_600));
    client.set_auth(Some(token.clone().into())).await.unwrap();
    let _room = soon(client.channel("room").subscribe()).await.unwrap();
    assert!(frames(&server, "room", "access_token").is_empty(), "the join carried it");
    assert_eq!(join_tokens(&server, "room"), [Some(token)]);
    // Whatever a source says.
    let client = Client::builder(common::URL, "sb_publishable_key")
        .transport(common::Memory(server.clone()))
        .access_token("sb_publishable_key")
        .build()
        .unwrap();
    let error = soon(client.channel("other").subscribe()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(server.joins("other").is_empty());
}

#[tokio::test(start_paused = true)]
async fn trap_11_heartbeats_go_to_their_own_topic_with_a_number_and_no_join() {
    let server = Server::new();
    for version in [ProtocolVersion::V1, ProtocolVersion::V2] {
        let client = builder(&server).protocol(version).build().unwrap();
        client.connect().await.unwrap();
        let mut heartbeats = client.heartbeats();
        soon(heartbeats.next()).await;
        assert!(matches!(soon(heartbeats.next()).await, Some(realtime_rs::Heartbeat::Answered { .. })));
    }
    let beats: Vec<_> = server.received().into_iter().filter(|frame| frame.event() == "heartbeat").collect();
    assert_eq!(beats.len(), 2);
    assert!(beats.iter().all(|beat| {
        beat.topic() == "phoenix"
            && beat.join_ref().is_none()
            && beat.reference().is_some()
            && beat.payload() == json!({})
    }));
}

#[tokio::test]
async fn trap_12_over_http_the_topic_has_no_prefix_and_a_private_room_is_another_one() {
    let server = Server::new();
    let url = format!("{}/realtime/v1", server.bind().await.unwrap());
    let token = server.token("authenticated", "ada", Duration::from_secs(3_600));
    let client = Client::builder(&url, server.anon_key()).access_token(token).build().unwrap();
    let mut public = client.channel("a:b/c");
    let mut heard = public.on_broadcast::<Value>("e");
    let _public = public.subscribe().await.unwrap();
    client.broadcast("a:b/c", "e", &json!({ "n": 1 })).private().await.unwrap();
    client.broadcast("a:b/c", "e", &json!({ "n": 2 })).await.unwrap();
    client.broadcast("a:b/c", "e", &json!([3])).await.unwrap();
    assert_eq!(message(&mut heard).await.payload, json!({ "n": 2 }));
    assert_eq!(message(&mut heard).await.payload, json!({ "_json": [3] }));
    let mut private = client
        .with_access_token(server.token("authenticated", "bob", Duration::from_secs(60)))
        .channel("p")
        .private();
    let mut bytes = private.on_binary_broadcast("*");
    let _private = private.subscribe().await.unwrap();
    client.broadcast_binary("p", "e", vec![1, 2]).private().await.unwrap();
    assert_eq!(message(&mut bytes).await.payload, vec![1, 2]);
    let anonymous = Client::new(&url, server.anon_key()).unwrap();
    let error = anonymous.broadcast("p", "e", &json!({})).private().await.unwrap_err();
    assert_eq!(error.status(), Some(403));
}

#[tokio::test(start_paused = true)]
async fn trap_13_a_handshake_is_tried_again_where_that_may_help() {
    for (status, again) in
        [(401, false), (403, false), (404, false), (429, true), (500, true), (502, true), (503, true)]
    {
        let server = Server::new();
        server.refuse_next_connections(2, status, "no");
        let client = client(&server);
        let outcome = soon(client.channel("room").subscribe()).await;
        assert_eq!(outcome.is_ok(), again, "{status}");
        assert_eq!(server.handshakes().len(), if again { 3 } else { 1 }, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn trap_14_a_channel_that_an_expired_token_ended_is_not_joined_with_it_again() {
    let server = Server::new();
    let token = Arc::new(Mutex::new(server.token("authenticated", "ada", Duration::from_secs(90))));
    let asked = Arc::clone(&token);
    let client = builder(&server)
        .access_token_with(move || {
            let token = asked.lock().unwrap().clone();
            async move { Ok(Some(token.into())) }
        })
        .build()
        .unwrap();
    let _room = soon(client.channel("room").subscribe()).await.unwrap();
    let first = token.lock().unwrap().clone();
    pass(3_600).await;
    assert_eq!(join_tokens(&server, "room"), [Some(first.clone())]);
    let second = server.token("authenticated", "ada", Duration::from_secs(7_200));
    token.lock().unwrap().clone_from(&second);
    pass(60).await;
    assert_eq!(join_tokens(&server, "room"), [Some(first), Some(second)]);
}

#[tokio::test(start_paused = true)]
async fn trap_15_a_mismatch_of_subscriptions_leaves_the_channel() {
    let server = todos();
    server.ignore_next_join("room");
    let client = client(&server);
    let mut room = client.channel("room");
    let _rows = room.on_postgres_changes::<Value>(Changes::all().table("todos"));
    let answer = async {
        let join = server.wait_for(|frame| frame.event() == "phx_join").await;
        let (join_ref, connection) = (join.reference().unwrap().to_owned(), join.connection());
        let response =
            json!({ "postgres_changes": [{ "id": 1, "event": "*", "schema": "public", "table": "other" }] });
        let reply = json!([join_ref, join_ref, "realtime:room", "phx_reply", { "status": "ok", "response": response }]);
        server.send_text(connection, &reply.to_string());
    };
    let (outcome, ()) = soon(async { tokio::join!(room.subscribe(), answer) }).await;
    let error: Error = outcome.unwrap_err();
    assert!(error.message().starts_with("mismatch between server and client bindings"), "{error}");
    soon(server.wait_for(|frame| frame.event() == "phx_leave")).await;
    assert!(client.get_channels().is_empty());
}

#[test]
fn frames_of_a_transport_are_not_printed() {
    assert_eq!(format!("{:?}", Frame::Text("secret".into())), "Text(6 bytes)");
}
