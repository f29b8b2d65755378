//! On a real stack: what clients, the database and HTTP tell each other.

use std::time::Duration;

use realtime_rs::{Action, Broadcast, Changes, Client, Code, Listener, PresenceEvent, ProtocolVersion};
use serde::Deserialize;
use serde_json::{Value, json};
use supabase_testing::live::{Need, Stack, stack};

#[derive(Debug, Deserialize, PartialEq)]
struct Country {
    id: i64,
    name: String,
}

/// An id that nobody else uses.
const ID: i64 = 9_100_000;

fn realtime(stack: &Stack, key: &str) -> Client {
    Client::new(format!("{}/realtime/v1", stack.url), key.to_owned()).unwrap()
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("in time")
}

/// Asks the database's API, as the role that may do everything.
async fn rest(stack: &Stack, method: &str, path: &str, body: &Value) {
    let answer = supabase_testing::http::client()
        .request(method.parse().unwrap(), format!("{}/rest/v1/{path}", stack.url))
        .header("apikey", &stack.service_role_key)
        .header("authorization", format!("Bearer {}", stack.service_role_key))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await.unwrap());
}

async fn heard(stream: &mut Listener<Broadcast<Value>>) -> Value {
    soon(stream.next()).await.unwrap().unwrap().message().unwrap().payload
}

#[tokio::test]
async fn broadcasts_reach_both_versions_and_come_over_http() {
    let Some(stack) = stack("broadcasts_reach_both_versions_and_come_over_http", &[Need::Realtime]) else {
        return;
    };
    let (new, url) = (realtime(&stack, &stack.anon_key), format!("{}/realtime/v1", stack.url));
    let old = Client::builder(url, stack.anon_key.clone()).protocol(ProtocolVersion::V1).build().unwrap();
    let mut here = new.channel("live-broadcasts").acknowledge();
    let mut heard_here = here.on_broadcast::<Value>("greeting");
    let mut bytes = here.on_binary_broadcast("frame");
    let here = soon(here.subscribe()).await.unwrap();
    let mut there = old.channel("live-broadcasts");
    let mut heard_there = there.on_broadcast::<Value>("greeting");
    let there = soon(there.subscribe()).await.unwrap();
    soon(here.send_broadcast("greeting", &json!({ "from": "here" }))).await.unwrap();
    assert_eq!(heard(&mut heard_there).await, json!({ "from": "here" }));
    soon(there.send_broadcast("greeting", &json!({ "from": "there" }))).await.unwrap();
    assert_eq!(heard(&mut heard_here).await, json!({ "from": "there" }));
    soon(new.broadcast("live-broadcasts", "greeting", &json!({ "by": "http" })).into_future()).await.unwrap();
    assert_eq!(heard(&mut heard_here).await, json!({ "by": "http" }));
    assert_eq!(heard(&mut heard_there).await, json!({ "by": "http" }));
    soon(new.broadcast_binary("live-broadcasts", "frame", vec![0, 1, 255]).into_future()).await.unwrap();
    assert_eq!(soon(bytes.next()).await.unwrap().unwrap().message().unwrap().payload, vec![0, 1, 255]);
}

#[tokio::test]
async fn presences_are_told() {
    let Some(stack) = stack("presences_are_told", &[Need::Realtime]) else { return };
    let (ada, bob) = (realtime(&stack, &stack.anon_key), realtime(&stack, &stack.anon_key));
    let mut room = ada.channel("live-presence").presence_key("ada");
    let mut presences = room.on_presence::<Value>().messages();
    let room = soon(room.subscribe()).await.unwrap();
    let other = soon(bob.channel("live-presence").presence_key("bob").subscribe()).await.unwrap();
    soon(other.track(&json!({ "mood": "good" }))).await.unwrap();
    loop {
        if let PresenceEvent::Join { key, new, .. } = soon(presences.next()).await.unwrap().unwrap() {
            assert_eq!((key.as_str(), &new[0].payload), ("bob", &json!({ "mood": "good" })));
            break;
        }
    }
    assert!(room.presence_state::<Value>().unwrap().contains_key("bob"));
    drop((other, bob));
    loop {
        if let PresenceEvent::Leave { key, .. } = soon(presences.next()).await.unwrap().unwrap() {
            assert_eq!(key, "bob");
            break;
        }
    }
}

#[tokio::test]
async fn changes_of_the_database_are_told() {
    let Some(stack) = stack("changes_of_the_database_are_told", &[Need::Realtime]) else { return };
    let row = format!("countries?id=eq.{ID}");
    rest(&stack, "DELETE", &row, &json!({})).await;
    let realtime = realtime(&stack, &stack.anon_key);
    let mut room = realtime.channel("live-changes");
    let mut changes =
        room.on_postgres_changes::<Country>(Changes::all().table("countries").eq("id", ID)).messages();
    let _room = soon(room.subscribe()).await.unwrap();
    rest(&stack, "POST", "countries", &json!({ "id": ID, "name": "Live" })).await;
    rest(&stack, "PATCH", &row, &json!({ "name": "Livelier" })).await;
    rest(&stack, "DELETE", &row, &json!({})).await;
    for (action, name) in
        [(Action::Insert, Some("Live")), (Action::Update, Some("Livelier")), (Action::Delete, None)]
    {
        let change = soon(changes.next()).await.unwrap().unwrap();
        assert_eq!(change.action, action);
        assert_eq!(change.record.as_ref().map(|country| country.name.as_str()), name);
        assert!(change.commit_timestamp.is_some() && change.errors.is_empty());
        if action == Action::Delete {
            assert_eq!(change.old_record.unwrap().decode::<Value>().unwrap()["id"], json!(ID));
        }
    }
}

#[tokio::test]
async fn private_channels_let_in_whom_they_may() {
    let Some(stack) = stack("private_channels_let_in_whom_they_may", &[Need::Realtime]) else { return };
    let error = soon(realtime(&stack, &stack.anon_key).channel("live-private").private().subscribe())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(&Code::Unauthorized));
    let service = realtime(&stack, &stack.service_role_key);
    let mut room = service.channel("live-private").private();
    let mut news = room.on_broadcast::<Value>("news");
    let _room = soon(room.subscribe()).await.unwrap();
    // The database tells as well.
    let said = json!({ "topic": "live-private", "event": "news", "payload": { "n": 1 }, "private": true });
    rest(&stack, "POST", "rpc/announce", &said).await;
    assert_eq!(heard(&mut news).await["n"], json!(1));
}
