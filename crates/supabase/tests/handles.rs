//! What is left once the last handle is gone: nothing. And handles go wherever threads are.

#[path = "../../realtime-rs/tests/common/mod.rs"]
mod common;

use std::time::Duration;

use common::Memory;
use futures_util::StreamExt;
use httpmock::MockServer;
use serde_json::{Value, json};
use supabase::Client;
use supabase::auth::{Password, SignUp};
use supabase_mock::realtime::{Server, Table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;

async fn project() -> (Server, MockServer) {
    let table = Table::new("public", "todos").key("id", "int8");
    let server = Server::builder().table(table).build();
    let rest = MockServer::start_async().await;
    let token = server.token("authenticated", "ada", Duration::from_secs(3_600));
    let session = json!({
        "access_token": token, "token_type": "bearer", "expires_in": 3600, "refresh_token": "refresh",
        "user": {
            "id": "ada", "aud": "authenticated", "role": "authenticated", "app_metadata": {}, "user_metadata": {},
            "created_at": "2026-11-25T08:00:00Z",
        },
    });
    rest.mock_async(|when, then| {
        when.path_prefix("/auth/");
        then.status(200).json_body(session);
    })
    .await;
    rest.mock_async(|when, then| {
        when.path_prefix("/rest/");
        then.status(200).json_body(json!([]));
    })
    .await;
    (server, rest)
}

fn client(server: &Server, rest: &MockServer) -> Client {
    let server = server.clone();
    Client::builder(rest.base_url(), server.anon_key())
        .http_client(supabase_testing::http::client())
        .configure_realtime(move |realtime| realtime.transport(Memory(server)))
        .build()
        .unwrap()
}

/// Waits until this runtime runs no more tasks than `before`.
async fn assert_tasks(before: usize) {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let done = async {
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), done).await;
    assert!(in_time.is_ok(), "{} tasks are left, and there were {before}", tasks());
}

/// Auth gives realtime its tokens, realtime listens to auth, and live queries hold both: none of them keeps itself alive.
#[tokio::test]
async fn with_the_last_handle_every_task_and_connection_ends() {
    let (server, rest) = project().await;
    let before = Handle::current().metrics().num_alive_tasks();
    for last in ["client", "channel", "live query", "user"] {
        let supabase = client(&server, &rest);
        let mut events = supabase.auth().events();
        supabase.auth().sign_in(Password::email("ada@example.com", "secret")).await.unwrap();
        let room = supabase.channel("room").subscribe().await.unwrap();
        let live = supabase.live::<Value>("todos", ["id"]).subscribe().await.unwrap();
        let user = supabase.as_user(server.token("authenticated", "ben", Duration::from_secs(3_600)));
        let of_user = user.channel("room").subscribe().await.unwrap();
        assert_eq!(server.connections().len(), 2, "a user has a connection of their own");
        match last {
            "client" => drop((room, live, user, of_user, supabase)),
            "channel" => drop((supabase, live, user, of_user, room)),
            "live query" => drop((supabase, room, user, of_user, live)),
            _ => drop((supabase, room, live, user, of_user)),
        }
        let gone = server.until(|server| server.connections().is_empty());
        assert!(tokio::time::timeout(Duration::from_secs(10), gone).await.is_ok(), "{last}");
        assert_tasks(before).await;
        let ended = async { while events.next().await.is_some() {} };
        assert!(tokio::time::timeout(Duration::from_secs(10), ended).await.is_ok(), "{last}");
    }
}

/// A call that is dropped half way leaves nothing behind either.
#[tokio::test]
async fn calls_that_are_dropped_leave_nothing() {
    let (server, rest) = project().await;
    let before = Handle::current().metrics().num_alive_tasks();
    let moment = Duration::from_millis(1);
    for _ in 0..5 {
        let supabase = client(&server, &rest);
        server.ignore_joins();
        let join = supabase.channel("room").subscribe();
        assert!(tokio::time::timeout(Duration::from_millis(50), join).await.is_err());
        let live = supabase.live::<Value>("todos", ["id"]).subscribe();
        assert!(tokio::time::timeout(Duration::from_millis(50), live).await.is_err());
        server.accept_joins();
        let sign_in = supabase.auth().sign_in(Password::email("ada@example.com", "secret")).into_future();
        let _ = tokio::time::timeout(moment, sign_in).await;
        let _ = tokio::time::timeout(moment, supabase.from("todos").select::<Value>("*").into_future()).await;
        drop(supabase);
        let gone = server.until(|server| server.connections().is_empty());
        assert!(tokio::time::timeout(Duration::from_secs(10), gone).await.is_ok());
        assert_tasks(before).await;
    }
}

/// The connections of HTTP are closed with the last handle, whichever that is.
#[tokio::test]
async fn with_the_last_handle_idle_connections_are_closed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let supabase = Client::builder(url, "sb_publishable_test")
        .configure_http(|http| http.no_proxy().pool_idle_timeout(None))
        .build()
        .unwrap();
    let user = supabase.as_user("token");
    let call = tokio::spawn(user.from("t").select::<Value>("*").into_future());
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut head = [0; 4096];
    assert!(connection.read(&mut head).await.unwrap() > 0);
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await.unwrap();
    assert_eq!(call.await.unwrap().unwrap(), [json!(null); 0]);
    drop(supabase);
    drop(user);
    let end = tokio::time::timeout(Duration::from_secs(10), connection.read(&mut head)).await;
    assert_eq!(end.expect("the connection is closed").unwrap(), 0);
}

/// Everything can be held and awaited by tasks of a runtime of several threads.
#[test]
fn everything_can_be_sent_to_another_thread() {
    fn sent<T: Send + 'static>(_: T) {}
    fn shared<T: Send + Sync + Clone + 'static>(value: T) -> T {
        value
    }
    fn goes<T: Send + Sync + 'static>() {}
    goes::<supabase::Error>();
    goes::<supabase::ClientError>();
    goes::<supabase::live::Condition>();
    goes::<supabase::live::LiveQuery<Value>>();
    goes::<supabase::live::LiveChange<Value>>();
    shared(supabase::ErrorKind::Other);
    sent(Client::builder("http://127.0.0.1:9", "sb_publishable_test"));
    let supabase = shared(Client::new("http://127.0.0.1:9", "sb_publishable_test").unwrap());
    let user = shared(supabase.as_user("token"));
    sent(user.from("t").select::<Value>("*").into_future());
    sent(supabase.rpc::<Value>("f", json!({})).into_future());
    sent(supabase.auth().sign_in(Password::email("a", "b")).into_future());
    sent(supabase.auth().sign_up(SignUp::email("a", "b")).into_future());
    sent(supabase.auth().events());
    sent(supabase.storage().from("b").upload("a", "b").into_future());
    sent(supabase.functions().invoke("f").into_future());
    sent(supabase.channel("room"));
    sent(supabase.channel("room").subscribe());
    sent(supabase.live::<Value>("t", ["id"]).subscribe());
    sent(async move {
        let mut live = supabase.live::<Value>("t", ["id"]).eq("a", 1).subscribe().await?;
        while let Some(changes) = live.next().await {
            sent(changes?);
        }
        let mut snapshots = Box::pin(live.snapshots());
        while let Some(rows) = snapshots.next().await {
            sent(rows?);
        }
        supabase.functions().invoke("f").await?;
        Ok::<_, supabase::Error>(())
    });
}

/// Every kind of every service has its name here.
#[test]
fn no_kind_of_a_service_is_left_without_a_name() {
    let here = include_str!("../src/error.rs");
    for (service, text) in [
        ("gotrue_rs", include_str!("../../gotrue-rs/src/error.rs")),
        ("postgrest_rs", include_str!("../../postgrest-rs/src/error.rs")),
        ("storage_rs", include_str!("../../storage-rs/src/error.rs")),
        ("functions_rs", include_str!("../../functions-rs/src/error.rs")),
        ("realtime_rs", include_str!("../../realtime-rs/src/error.rs")),
    ] {
        let (_, kinds) = text.split_once("error_kinds! {\n").unwrap();
        let kinds = kinds.split_once("\n}").unwrap().0.lines().filter(|line| !line.trim().starts_with("//"));
        let kinds: Vec<_> = kinds.map(|line| line.trim().trim_end_matches(',')).collect();
        assert!(!kinds.is_empty(), "{service}");
        let (_, named) = here.split_once(&format!("kind!({service}, error, ")).unwrap();
        let named: Vec<_> = named.split_once(')').unwrap().0.split(", ").collect();
        assert_eq!(named, kinds, "{service}");
    }
}
