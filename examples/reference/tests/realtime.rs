//! Each example of Realtime against the scripted server: what is asked for equals what the official client asks for, and
//! what happens is heard.

use std::time::Duration;

use reference_examples as examples;
use serde_json::{Value, json};
use supabase::Client;
use supabase::realtime::{Action, Delivery};
use supabase_mock::realtime::{Change, Server, Table};

async fn project() -> (Server, Client) {
    let table = || Table::new("public", "countries").key("id", "int8").column("name", "text");
    let server = Server::builder().table(table()).build();
    let url = server.bind().await.unwrap();
    let supabase = examples::realtime_acreate_client_1(&url, &server.anon_key()).unwrap();
    (server, supabase)
}

/// What the last join of the room asked the database for.
fn asked(server: &Server) -> Value {
    server.joins("room1").last().unwrap().payload()["config"]["postgres_changes"].clone()
}

/// What must happen soon.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("it happens soon")
}

fn country(id: u32, name: &str) -> Value {
    json!({ "id": id, "name": name })
}

#[tokio::test]
async fn broadcasts_are_sent_and_heard() {
    let (server, supabase) = project().await;
    let (room, mut positions) = soon(examples::realtime_subscribe_1(&supabase)).await.unwrap();
    let sent = soon(server.wait_for(|frame| frame.bytes().ends_with(br#"{"x":0.4,"y":0.7}"#))).await;
    assert_eq!(sent.topic(), "realtime:room1");
    server.broadcast("room1", "cursor-pos", &json!({ "x": 1 }));
    assert_eq!(soon(positions.next()).await.unwrap().unwrap().payload, json!({ "x": 1 }));
    assert_eq!(examples::realtime_get_channels_1(&supabase).len(), 1);
    soon(examples::realtime_remove_channel_1(&supabase, &room)).await.unwrap();
    assert!(examples::realtime_get_channels_1(&supabase).is_empty());
    assert!(soon(positions.next()).await.is_none());

    soon(examples::realtime_send_broadcast_1(&supabase)).await.unwrap();
    soon(examples::realtime_remove_all_channels_1(&supabase)).await.unwrap();
    soon(server.until(|server| server.members("room1").is_empty())).await;
}

#[tokio::test]
async fn presences_come_and_go() {
    let (server, supabase) = project().await;
    let online = json!({ "online_at": "2026-11-25T12:00:00Z" });
    let (room, _presences) = soon(examples::realtime_subscribe_2(&supabase)).await.unwrap();
    let state = room.presence_state::<Value>().unwrap();
    assert_eq!(state.values().flatten().map(|presence| &presence.payload).collect::<Vec<_>>(), [&online]);
    assert_eq!(server.joins("room1")[0].payload()["config"]["presence"]["enabled"], json!(true));
    soon(room.unsubscribe()).await.unwrap();
    let (_server, other) = project().await;
    assert_eq!(soon(examples::realtime_subscribe_3(&other)).await.unwrap(), std::slice::from_ref(&online));
    let (_server, other) = project().await;
    assert_eq!(soon(examples::realtime_subscribe_4(&other)).await.unwrap(), [online]);
}

#[tokio::test]
async fn changes_are_asked_for_as_the_official_client_does_and_heard() {
    let (server, supabase) = project().await;
    let insert = |id| Change::insert("public", "countries", country(id, "Togo"));
    let update = |id| Change::update("public", "countries", country(id, "Peru"), country(id, "Togo"));
    let delete = |id| Change::delete("public", "countries", json!({ "id": id }));

    let (room, mut changes) = soon(examples::realtime_subscribe_5(&supabase)).await.unwrap();
    assert_eq!(asked(&server), json!([{ "event": "*", "schema": "*" }]));
    server.push_change(&insert(1));
    let change = soon(changes.next()).await.unwrap().unwrap();
    assert_eq!(change.record.unwrap().decode::<Value>().unwrap(), country(1, "Togo"));
    soon(room.unsubscribe()).await.unwrap();

    let (room, mut changes) = soon(examples::realtime_subscribe_6(&supabase)).await.unwrap();
    assert_eq!(asked(&server), json!([{ "event": "*", "schema": "public", "table": "countries" }]));
    server.push_change(&update(2));
    let Some(Ok(Delivery::Message(change))) = soon(changes.next()).await else {
        panic!("a change was to come")
    };
    assert_eq!((change.action, change.record.unwrap().id), (Action::Update, 2));
    soon(room.unsubscribe()).await.unwrap();

    let (room, mut inserts) = soon(examples::realtime_subscribe_7(&supabase)).await.unwrap();
    assert_eq!(asked(&server), json!([{ "event": "INSERT", "schema": "public", "table": "countries" }]));
    server.push_change(&delete(3));
    server.push_change(&insert(4));
    assert_eq!(soon(inserts.next()).await.unwrap().unwrap().record.unwrap().id, 4);
    soon(room.unsubscribe()).await.unwrap();

    let (room, mut updates) = soon(examples::realtime_subscribe_8(&supabase)).await.unwrap();
    assert_eq!(asked(&server), json!([{ "event": "UPDATE", "schema": "public", "table": "countries" }]));
    server.push_change(&update(5));
    assert_eq!(soon(updates.next()).await.unwrap().unwrap().record.unwrap().name, "Peru");
    soon(room.unsubscribe()).await.unwrap();

    let (room, mut deletes) = soon(examples::realtime_subscribe_9(&supabase)).await.unwrap();
    assert_eq!(asked(&server), json!([{ "event": "DELETE", "schema": "public", "table": "countries" }]));
    server.push_change(&delete(6));
    let old = soon(deletes.next()).await.unwrap().unwrap().old_record.unwrap();
    assert_eq!(old.decode::<Value>().unwrap(), json!({ "id": 6 }));
    soon(room.unsubscribe()).await.unwrap();

    let (room, [mut inserts, mut deletes]) = soon(examples::realtime_subscribe_10(&supabase)).await.unwrap();
    let both = json!([{ "event": "INSERT", "schema": "public", "table": "countries" },
        { "event": "DELETE", "schema": "public", "table": "countries" }]);
    assert_eq!(asked(&server), both);
    server.push_change(&delete(7));
    server.push_change(&insert(8));
    assert_eq!(soon(deletes.next()).await.unwrap().unwrap().action, Action::Delete);
    assert_eq!(soon(inserts.next()).await.unwrap().unwrap().record.unwrap().id, 8);
    soon(room.unsubscribe()).await.unwrap();

    let (_room, mut updates) = soon(examples::realtime_subscribe_11(&supabase)).await.unwrap();
    let one = json!([{ "event": "UPDATE", "schema": "public", "table": "countries", "filter": "id=eq.200" }]);
    assert_eq!(asked(&server), one);
    server.push_change(&update(199));
    server.push_change(&update(200));
    assert_eq!(soon(updates.next()).await.unwrap().unwrap().record.unwrap().id, 200);
}
