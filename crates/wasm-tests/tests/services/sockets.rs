//! What the platform's websocket holds of what it was given: it takes everything, so this is limited here.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use gloo_timers::future::sleep;
use js_sys::{Array, Function};
use serde_json::{Value, json};
use supabase::realtime::{ErrorKind, Sent};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{client, fresh, soon};

/// How many bytes may wait in the platform.
const LIMIT: u32 = 1024 * 1024;

/// Websockets of the platform that are real but for what they say of what waits in them.
struct Sockets(Function);

impl Sockets {
    /// Those that are opened from now on.
    fn replace() -> Self {
        let replace = Function::new_no_args(
            "const Platform = globalThis.WebSocket;
            const opened = [], frames = [];
            let waiting = 0;
            globalThis.WebSocket = class extends Platform {
                constructor(...given) { super(...given); opened.push(this); }
                get bufferedAmount() { return waiting; }
                send(frame) { frames.push(frame); super.send(frame); }
            };
            return (what, bytes) => {
                if (what === 'restore') globalThis.WebSocket = Platform;
                if (what === 'wait') waiting = bytes;
                if (what === 'close') opened.forEach(socket => socket.close());
                return frames;
            };",
        );
        Self(replace.call0(&js_sys::global()).unwrap().into())
    }

    fn ask(&self, what: &str, bytes: u32) -> u32 {
        let frames = self.0.call2(&js_sys::global(), &what.into(), &bytes.into()).unwrap();
        Array::from(&frames).length()
    }

    /// From now on they say that so many bytes wait.
    fn wait(&self, bytes: u32) {
        self.ask("wait", bytes);
    }

    /// How many frames they were given so far.
    fn frames(&self) -> u32 {
        self.ask("count", 0)
    }

    fn close(&self) {
        self.ask("close", 0);
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        self.ask("restore", 0);
    }
}

#[wasm_bindgen_test]
async fn what_the_platform_has_not_sent_yet_is_limited_and_what_comes_behind_waits() {
    let (ada, ben, room) = (client(), client(), fresh("room"));
    let mut there = ben.channel(&room);
    let mut heard = there.on_broadcast::<Value>("greeting").messages();
    let there = soon(there.subscribe()).await.unwrap();
    let sockets = Sockets::replace();
    let mut here = ada.channel(&room);
    let mut answers = here.on_broadcast::<Value>("answer").messages();
    let here = soon(here.subscribe()).await.unwrap();

    let before = sockets.frames();
    assert!(before > 0, "the join went through them");
    sockets.wait(LIMIT + 1);
    let greetings = join_all((0..5).map(|n| here.send_broadcast("greeting", &json!(n)).into_future()));
    let Either::Right((_, greetings)) = select(greetings, pin!(sleep(Duration::from_millis(300)))).await
    else {
        panic!("they were said to be written")
    };
    assert_eq!(sockets.frames(), before);
    // Nobody who reads is held up by that.
    soon(there.send_broadcast("answer", &json!("I hear nothing")).into_future()).await.unwrap();
    assert_eq!(soon(answers.next()).await.unwrap().unwrap().payload, json!("I hear nothing"));
    assert_eq!(sockets.frames(), before);

    sockets.wait(LIMIT);
    for written in soon(greetings).await {
        assert_eq!(written.unwrap(), Sent::Written);
    }
    for n in 0..5 {
        assert_eq!(soon(heard.next()).await.unwrap().unwrap().payload, json!(n));
    }
}

#[wasm_bindgen_test]
async fn what_waits_for_a_connection_that_closes_fails() {
    let (ada, room) = (client(), fresh("room"));
    let sockets = Sockets::replace();
    let here = soon(ada.channel(&room).subscribe()).await.unwrap();
    sockets.wait(LIMIT + 1);
    let greeting = pin!(here.send_broadcast("greeting", &json!(1)).into_future());
    let Either::Right((_, greeting)) = select(greeting, pin!(sleep(Duration::from_millis(100)))).await else {
        panic!("it was said to be written")
    };
    let before = sockets.frames();
    sockets.close();
    let error = soon(greeting).await.unwrap_err();
    assert_eq!((error.kind(), sockets.frames()), (ErrorKind::Interrupted, before), "{error:?}");
}
