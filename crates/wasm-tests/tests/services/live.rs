//! Realtime: broadcasts, changes of rows, presences, live queries.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use supabase::Client;
use supabase::live::LiveChange;
use supabase::realtime::{Action, Changes, PresenceEvent};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{client, fresh, new_user, number, soon};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Country {
    id: i64,
    name: String,
}

#[wasm_bindgen_test]
async fn a_broadcast_of_another_client_arrives() {
    let (ada, ben, room) = (client(), client(), fresh("room"));
    let mut here = ada.channel(&room).acknowledge();
    let mut greetings = here.on_broadcast::<Value>("greeting").messages();
    let mut bytes = here.on_binary_broadcast("bytes").messages();
    let here = soon(here.subscribe()).await.unwrap();
    let there = soon(ben.channel(&room).subscribe()).await.unwrap();

    soon(there.send_broadcast("greeting", &json!({ "say": "hällo" })).into_future()).await.unwrap();
    assert_eq!(soon(greetings.next()).await.unwrap().unwrap().payload, json!({ "say": "hällo" }));
    soon(there.send_binary_broadcast("bytes", vec![0, 1, 255]).into_future()).await.unwrap();
    assert_eq!(soon(bytes.next()).await.unwrap().unwrap().payload, vec![0, 1, 255]);
    // Over HTTP, without a channel.
    soon(ben.realtime().broadcast(&room, "greeting", &json!({ "by": "http" })).into_future()).await.unwrap();
    assert_eq!(soon(greetings.next()).await.unwrap().unwrap().payload, json!({ "by": "http" }));
    soon(here.unsubscribe().into_future()).await.unwrap();
    soon(there.unsubscribe().into_future()).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_private_channel_lets_the_signed_in_user_in() {
    let ((ada, _), room) = (new_user().await, fresh("private"));
    let mut here = ada.channel(&room).private().receive_own_broadcasts();
    let mut greetings = here.on_broadcast::<Value>("greeting").messages();
    let here = soon(here.subscribe()).await.unwrap();
    soon(here.send_broadcast("greeting", &json!(1)).into_future()).await.unwrap();
    assert_eq!(soon(greetings.next()).await.unwrap().unwrap().payload, json!(1));
    let refused = soon(client().channel(&room).private().subscribe()).await.unwrap_err();
    assert_eq!(refused.code(), Some(&supabase::realtime::Code::Unauthorized), "{refused:?}");
}

#[wasm_bindgen_test]
async fn who_is_there_is_told() {
    let (ada, ben, room) = (client(), client(), fresh("presence"));
    let mut here = ada.channel(&room).presence_key("ada");
    let mut presences = here.on_presence::<Value>().messages();
    let _here = soon(here.subscribe()).await.unwrap();
    let there = soon(ben.channel(&room).presence_key("ben").subscribe()).await.unwrap();
    soon(there.track(&json!({ "mood": "good" })).into_future()).await.unwrap();
    loop {
        if let PresenceEvent::Join { key, new, .. } = soon(presences.next()).await.unwrap().unwrap() {
            assert_eq!((key.as_str(), &new[0].payload), ("ben", &json!({ "mood": "good" })));
            break;
        }
    }
    // Its websocket closes with the client.
    drop((there, ben));
    loop {
        if let PresenceEvent::Leave { key, .. } = soon(presences.next()).await.unwrap().unwrap() {
            assert_eq!(key, "ben");
            break;
        }
    }
}

#[wasm_bindgen_test]
async fn changes_of_rows_are_told() {
    let (supabase, other, id) = (client(), client(), number());
    let mut room = supabase.channel(fresh("changes"));
    let mut changes =
        room.on_postgres_changes::<Country>(Changes::all().table("countries").eq("id", id)).messages();
    let _room = soon(room.subscribe()).await.unwrap();
    other.from("countries").insert(&Country { id, name: "Live".into() }).await.unwrap();
    other.from("countries").update(json!({ "name": "Livelier" })).eq("id", id).await.unwrap();
    other.from("countries").delete().eq("id", id).await.unwrap();
    for (action, name) in
        [(Action::Insert, Some("Live")), (Action::Update, Some("Livelier")), (Action::Delete, None)]
    {
        let change = soon(changes.next()).await.unwrap().unwrap();
        assert_eq!(change.action, action);
        assert_eq!(change.record.as_ref().map(|country| country.name.as_str()), name);
    }
}

#[wasm_bindgen_test]
async fn a_live_query_follows_its_table() {
    let (supabase, other, id) = (client(), client(), number());
    let named = |name: &str| Arc::new(Country { id, name: name.into() });
    let countries = |client: &Client| client.from("countries");
    let mut live = supabase.live::<Country>("countries", ["id"]).eq("id", id).subscribe().await.unwrap();
    assert_eq!(soon(live.next()).await.unwrap().unwrap(), []);
    countries(&other).insert(&*named("Live A")).await.unwrap();
    assert_eq!(soon(live.next()).await.unwrap().unwrap(), [LiveChange::Added(named("Live A"))]);
    countries(&other).update(json!({ "name": "Live B" })).eq("id", id).await.unwrap();
    let changed = LiveChange::Changed { old: named("Live A"), new: named("Live B") };
    assert_eq!(soon(live.next()).await.unwrap().unwrap(), [changed]);
    countries(&other).delete().eq("id", id).await.unwrap();
    assert_eq!(soon(live.next()).await.unwrap().unwrap(), [LiveChange::Removed(named("Live B"))]);
    assert_eq!(live.rows().count(), 0);
}
