//! The services, as a program in JavaScript's world has them: `fetch`, its websocket, its timers, no threads, no tokio.
//!
//! `cargo xtask wasm` starts a stack, and runs the same program in Node.js and in a browser. Where the stack is has to be
//! known when this is compiled: a page has no environment.

#![cfg(target_family = "wasm")]
// A page has one thread; what is told here is what went wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod files;
mod functions;
mod limits;
mod live;
mod rows;
mod session;
mod sockets;

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use gloo_timers::future::sleep;
use supabase::Client;
use supabase::auth::SignUp;

const URL: Option<&str> = option_env!("SUPABASE_URL");
const ANON_KEY: Option<&str> = option_env!("SUPABASE_ANON_KEY");

const PASSWORD: &str = "correct horse battery";

fn set(variable: Option<&'static str>) -> &'static str {
    variable.expect("this program was compiled without a stack: run `cargo xtask wasm`")
}

/// A client that nobody has signed in to.
fn client() -> Client {
    Client::new(set(URL), set(ANON_KEY)).unwrap()
}

/// A client of a user who has just signed up, and their address.
async fn new_user() -> (Client, String) {
    let (client, address) = (client(), format!("{}@example.com", fresh("user")));
    let signed_up = client.auth().sign_up(SignUp::email(&address, PASSWORD)).await.unwrap();
    assert!(signed_up.session.is_some(), "this stack asks for no confirmation");
    (client, address)
}

/// A name that nobody else has.
fn fresh(what: &str) -> String {
    format!("{what}-{}", number())
}

/// A number that nobody else has, and that every kind of number can hold.
fn number() -> i64 {
    // Ids of this size are nobody else's.
    10_000_000_000 + (js_sys::Math::random() * 1e15) as i64
}

/// What comes before anybody would give up.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    match select(pin!(work), pin!(sleep(Duration::from_secs(20)))).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => panic!("it took longer than 20 s"),
    }
}
