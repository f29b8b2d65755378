//! Calls and streams from code that is not async.
#![cfg(feature = "blocking")]

use realtime_rs::Client;
use realtime_rs::blocking::{Wait, WaitNext};
use serde_json::{Value, json};
use supabase_mock::realtime::Server;

#[test]
fn a_program_without_async_joins_sends_and_hears() {
    let server = Server::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let url = runtime.block_on(server.bind()).unwrap();
    let realtime = Client::new(format!("{url}/realtime/v1"), server.anon_key()).unwrap();
    let mut room = realtime.channel("room").receive_own_broadcasts();
    let mut heard = room.on_broadcast::<Value>("greeting").messages();
    let room = room.subscribe().wait().unwrap();
    room.send_broadcast("greeting", &json!({ "n": 1 })).wait().unwrap();
    assert_eq!(heard.wait_next().unwrap().unwrap().payload, json!({ "n": 1 }));
    realtime.broadcast("room", "greeting", &json!({ "n": 2 })).wait().unwrap();
    assert_eq!(heard.wait_next().unwrap().unwrap().payload, json!({ "n": 2 }));
    room.unsubscribe().wait().unwrap();
    assert!(heard.wait_next().is_none());
}
