//! What crosses on its way, what was given up half-way, and what a call that failed leaves behind.

mod common;

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use common::{Memory, URL, builder, client, frames, item, join_tokens, message, pass, soon};
use futures_util::FutureExt;
use realtime_rs::{
    Backoff, Broadcast, Changes, Channel, ChannelStatus, Client, Code, Connection, ConnectionState, Delivery,
    Error, ErrorKind, Handshake, Listener, ProtocolVersion, Result, Timestamp, Transport, WhileAway,
};
use serde_json::{Value, json};
use supabase_mock::realtime::{Access, Server, Table};
use tokio::time::Instant;

const DAY: u64 = 24 * 3_600;

type Greetings = Listener<Broadcast<Value>>;

/// A channel that hears greetings.
async fn room(client: &Client) -> (Channel, Greetings) {
    let mut room = client.channel("room");
    let greetings = room.on_broadcast("greeting");
    (soon(room.subscribe()).await.expect("the channel can be joined"), greetings)
}

/// The stream is told of a gap.
async fn is_told_of_a_gap<T: std::fmt::Debug>(stream: &mut Listener<T>) {
    let told = tokio::time::timeout(Duration::from_secs(60), stream.next()).await;
    assert!(matches!(told, Ok(Some(Ok(Delivery::Gap(_))))), "a gap was to come, and no {told:?}");
}

/// The stream is told nothing for a minute.
async fn is_told_nothing<T: std::fmt::Debug>(stream: &mut Listener<T>) {
    let told = tokio::time::timeout(Duration::from_secs(60), stream.next()).await;
    assert!(told.is_err(), "nothing was to come, and no {told:?}");
}

/// A token of ada's; another number makes another one.
fn token(server: &Server, n: u64) -> String {
    server.sign(&json!({ "role": "authenticated", "sub": "ada", "exp": 4_000_000_000_u64 + n }))
}

fn todos() -> Server {
    Server::builder().table(Table::new("public", "todos").key("id", "int8")).build()
}

#[tokio::test(start_paused = true)]
async fn an_api_key_is_never_taken_for_the_token_of_a_user() {
    let server = Server::new();
    // What a join without a token would act as.
    let service = server.token("service_role", "", Duration::from_secs(DAY));
    let builder = || Client::builder(URL, service.clone()).transport(Memory(server.clone()));
    for token in ["sb_secret_x", "sb_anything", ""] {
        let clients = [
            builder().build().unwrap().with_access_token(token),
            builder().access_token(token).build().unwrap(),
            builder().access_token_with(move || async move { Ok(Some(token.into())) }).build().unwrap(),
        ];
        for client in clients {
            let error = soon(client.channel("room").private().subscribe()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials, "{token:?}: {error}");
            assert!(token.is_empty() || !error.to_string().contains(token), "{error}");
        }
    }
    let client = builder().build().unwrap();
    let error = client.set_auth(Some(String::new().into())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(server.joins("room").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_answers_with_a_key_later_on_changes_nothing() {
    let server = Server::new();
    let first = token(&server, 0);
    let now = Arc::new(Mutex::new(first.clone()));
    let source = Arc::clone(&now);
    let client = builder(&server)
        .access_token_with(move || {
            let token = source.lock().unwrap().clone();
            async move { Ok(Some(token.into())) }
        })
        .build()
        .unwrap();
    let (room, mut greetings) = room(&client).await;
    "sb_secret_x".clone_into(&mut now.lock().unwrap());
    pass(600).await;
    assert!(frames(&server, "room", "access_token").is_empty());
    server.drop_all();
    pass(600).await;
    assert!(matches!(room.status(), ChannelStatus::Interrupted(_)), "{:?}", room.status());
    now.lock().unwrap().clone_from(&first);
    is_told_of_a_gap(&mut greetings).await;
    assert_eq!(join_tokens(&server, "room"), [Some(first.clone()), Some(first)]);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_was_given_up_at_once_leaves_nothing_behind() {
    let server = Server::new();
    let client = client(&server);
    for is_up in [false, true] {
        assert!(client.channel("room").subscribe().now_or_never().is_none());
        pass(60).await;
        assert!(client.get_channel("room").is_none());
        assert!(server.joins("room").is_empty(), "connected before: {is_up}");
        client.connect().await.unwrap();
    }
    // A stream that is kept is reason enough to join it.
    let mut builder = client.channel("room");
    let mut greetings = builder.on_broadcast::<Value>("greeting");
    assert!(builder.subscribe().now_or_never().is_none());
    pass(60).await;
    server.broadcast("room", "greeting", &json!(1));
    assert_eq!(message(&mut greetings).await.payload, json!(1));
    drop(greetings);
    pass(60).await;
    assert_eq!((server.joins("room").len(), frames(&server, "room", "phx_leave").len()), (1, 1));
    soon(client.channel("room").subscribe()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_while_an_older_one_is_being_refused_joins() {
    let server = Server::new();
    let client = client(&server);
    client.set_auth(Some(token(&server, 0).into())).await.unwrap();
    let (room, mut greetings) = room(&client).await;
    server.delay_replies(Duration::from_secs(5));
    server.refuse_next_join("room", "InvalidJWTToken: Token has expired 3 seconds ago");
    server.drop_all();
    soon(server.until(|server| server.joins("room").len() == 2)).await;
    client.set_auth(Some(token(&server, 1).into())).await.unwrap();
    is_told_of_a_gap(&mut greetings).await;
    assert!(matches!(room.status(), ChannelStatus::Subscribed));
    let tokens = [token(&server, 0), token(&server, 0), token(&server, 1)].map(Some);
    assert_eq!(join_tokens(&server, "room"), tokens);
}

#[tokio::test(start_paused = true)]
async fn who_signs_in_while_the_server_refuses_nobody_is_let_in() {
    let server = Server::builder().error_backoff(Duration::from_secs(5)).build();
    let client = client(&server);
    client.set_auth(Some(token(&server, 0).into())).await.unwrap();
    let mut room = client.channel("room").private();
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let room = soon(room.subscribe()).await.unwrap();
    client.set_auth(None).await.unwrap();
    soon(server.until(|server| server.joins("room").len() == 2)).await;
    client.set_auth(Some(token(&server, 1).into())).await.unwrap();
    is_told_of_a_gap(&mut greetings).await;
    assert!(matches!(room.status(), ChannelStatus::Subscribed));
    let tokens = [Some(token(&server, 0)), None, Some(token(&server, 1))];
    assert_eq!(join_tokens(&server, "room"), tokens);

    // Also the first time, when whoever subscribes waits; and a refusal of the token of now is the last word.
    let client = common::client(&server);
    let signing_in = async {
        soon(server.until(|server| !server.joins("first").is_empty())).await;
        client.set_auth(Some(token(&server, 2).into())).await.unwrap();
    };
    let first = client.channel("first").private().subscribe();
    let (first, ()) = soon(async { tokio::join!(first, signing_in) }).await;
    first.unwrap();
    server.refuse_next_join("second", "Unauthorized: no");
    let error = soon(client.channel("second").private().subscribe()).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::Unauthorized));
    assert_eq!((server.joins("first").len(), server.joins("second").len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_source_whose_next_token_comes_while_the_last_one_is_being_refused_joins() {
    let server = Server::new();
    let now = Arc::new(Mutex::new(token(&server, 0)));
    let (tell, told) = tokio::sync::watch::channel(());
    let source = Arc::clone(&now);
    let client = builder(&server)
        .access_token_with(move || {
            let token = source.lock().unwrap().clone();
            async move { Ok(Some(token.into())) }
        })
        .access_token_changes(move || {
            futures_util::stream::unfold(told.clone(), |mut told| async {
                told.changed().await.ok()?;
                Some(((), told))
            })
        })
        .build()
        .unwrap();
    // Also the first time, when whoever subscribes waits.
    server.delay_replies(Duration::from_secs(5));
    for n in [1, 2] {
        server.refuse_next_join("room", "InvalidJWTToken: Token has expired 3 seconds ago");
        let joins = server.joins("room").len();
        let other = async {
            soon(server.until(|server| server.joins("room").len() == joins + 1)).await;
            *now.lock().unwrap() = token(&server, n);
            tell.send(()).unwrap();
        };
        let (joined, ()) = soon(async { tokio::join!(client.channel("room").subscribe(), other) }).await;
        joined.unwrap();
        assert_eq!(join_tokens(&server, "room").last(), Some(&Some(token(&server, n))));
        pass(60).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_meets_the_end_of_the_one_before_it_is_tried_once() {
    let server = Server::new();
    let client = client(&server);
    client.set_auth(Some(token(&server, 0).into())).await.unwrap();
    let (room, mut greetings) = room(&client).await;
    server.expire_tokens();
    client.set_auth(Some(token(&server, 1).into())).await.unwrap();
    is_told_of_a_gap(&mut greetings).await;
    assert_eq!(join_tokens(&server, "room"), [Some(token(&server, 0)), Some(token(&server, 1))]);
    assert!(matches!(room.status(), ChannelStatus::Subscribed));

    // Once: if that is refused as well, another one is waited for.
    server.refuse_joins("InvalidJWTToken: Token has expired 3 seconds ago");
    server.expire_tokens();
    client.set_auth(Some(token(&server, 2).into())).await.unwrap();
    pass(DAY).await;
    assert!(matches!(room.status(), ChannelStatus::NeedsToken(_)), "{:?}", room.status());
    assert_eq!(server.joins("room").len(), 3);
}

type Once = Box<dyn FnOnce() + Send>;

/// Runs something of the test right after the next connection is opened, before anything is done with it.
struct Opening {
    memory: Memory,
    then: Arc<Mutex<Option<Once>>>,
}

impl Transport for Opening {
    fn connect(&self, handshake: Handshake) -> Pin<Box<dyn Future<Output = Result<Connection>> + Send>> {
        let (opened, then) = (self.memory.connect(handshake), Arc::clone(&self.then));
        Box::pin(async move {
            let opened = opened.await;
            if let Some(then) = then.lock().unwrap().take() {
                then();
            }
            opened
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_that_was_told_last_is_the_one_that_joins() {
    let server = Server::new();
    let then = Arc::new(Mutex::new(None));
    let client = builder(&server)
        .transport(Opening { memory: Memory(server.clone()), then: Arc::clone(&then) })
        .build()
        .unwrap();
    client.set_auth(Some(token(&server, 0).into())).await.unwrap();
    // It is told while the one before it is taken for a join.
    let (last, telling) = (token(&server, 1), client.clone());
    *then.lock().unwrap() = Some(Box::new(move || {
        assert!(telling.set_auth(Some(last.into())).now_or_never().is_none());
    }));
    let (_room, mut greetings) = room(&client).await;
    server.drop_all();
    is_told_of_a_gap(&mut greetings).await;
    assert_eq!(join_tokens(&server, "room"), [Some(token(&server, 1)), Some(token(&server, 1))]);
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_over_a_connection_that_has_failed_leaves_the_client_well() {
    let server = Server::new();
    let client = client(&server);
    let (room, mut greetings) = room(&client).await;
    server.drop_all();
    client.disconnect().await.unwrap();
    pass(10).await;
    assert!(matches!(room.status(), ChannelStatus::Interrupted(_)));
    client.connect().await.unwrap();
    is_told_of_a_gap(&mut greetings).await;
    assert!(matches!(room.status(), ChannelStatus::Subscribed));
}

#[test]
fn what_a_runtime_that_ends_had_is_over_and_says_so() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, first) = (Server::new(), runtime());
    let client = client(&server);
    let (room, mut greetings) = first.block_on(room(&client));
    let mut statuses = room.statuses();
    drop(first);
    assert!(matches!(room.status(), ChannelStatus::Closed(Some(_))), "{:?}", room.status());
    assert!(matches!(client.connection_state(), ConnectionState::Disconnected(Some(_))));
    assert!(client.get_channels().is_empty());
    runtime().block_on(async {
        let error = item(&mut greetings).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert!(item(&mut greetings).await.is_none());
        while soon(statuses.next()).await.is_some() {}
        let error = room.send_broadcast("greeting", &1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        // The client goes on in another one, by a task of its own.
        soon(client.channel("room").subscribe()).await.unwrap();
    });
}

#[test]
fn a_token_that_was_told_holds_in_the_next_runtime_as_well() {
    let server = Server::new();
    let client = client(&server);
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            if server.joins("room").is_empty() {
                client.set_auth(Some(token(&server, 0).into())).await.unwrap();
            }
            soon(client.channel("room").subscribe()).await.unwrap();
        });
    }
    let tokens = [Some(token(&server, 0)), Some(token(&server, 0))];
    assert_eq!(join_tokens(&server, "room"), tokens, "and not as nobody");
}

#[tokio::test(start_paused = true)]
async fn changes_that_flow_again_have_a_gap_before_them() {
    let server = todos();
    let client = client(&server);
    client.set_auth(Some(token(&server, 0).into())).await.unwrap();
    let mut room = client.channel("room");
    let mut todos = room.on_postgres_changes::<Value>(Changes::all().table("todos"));
    let mut events = room.events([]);
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let _room = soon(room.subscribe()).await.unwrap();
    is_told_nothing(&mut todos).await;
    let mut is_gap = false;
    // The server lost the replication, and says so only by this.
    server.send_system("room", "postgres_changes", "ok", "Subscribed to PostgreSQL");
    is_told_of_a_gap(&mut todos).await;
    while let Some(event) = events.next().now_or_never() {
        is_gap |= matches!(event, Some(Ok(Delivery::Gap(_))));
    }
    assert!(is_gap, "a stream of everything is told as well");
    // It said that it tries again.
    server.send_system("room", "postgres_changes", "error", "%DBConnection.ConnectionError{}");
    assert!(item(&mut todos).await.unwrap().is_err());
    is_told_nothing(&mut todos).await;
    server.send_system("room", "postgres_changes", "ok", "Subscribed to PostgreSQL");
    is_told_of_a_gap(&mut todos).await;
    is_told_nothing(&mut todos).await;
    // A token that is refreshed makes the server subscribe anew, with its claims: one gap.
    client.set_auth(Some(token(&server, 1).into())).await.unwrap();
    is_told_of_a_gap(&mut todos).await;
    client.set_auth(Some(token(&server, 1).into())).await.unwrap();
    is_told_nothing(&mut todos).await;
    is_told_nothing(&mut greetings).await;
    // One, and not two, after an interruption.
    server.drop_all();
    is_told_of_a_gap(&mut todos).await;
    is_told_nothing(&mut todos).await;
}

#[tokio::test(start_paused = true)]
async fn a_first_subscription_that_takes_its_time_has_no_gap() {
    let server = todos();
    let client = client(&server);
    server.withhold_subscriptions(true);
    let mut room = client.channel("room");
    let mut todos = room.on_postgres_changes::<Value>(Changes::all().table("todos"));
    let mut messages = room.on_system();
    let subscribing = tokio::spawn(room.subscribe());
    soon(server.until(|server| !server.members("room").is_empty())).await;
    server.send_system("room", "postgres_changes", "error", "%DBConnection.ConnectionError{}");
    message(&mut messages).await;
    server.send_system("room", "postgres_changes", "ok", "Subscribed to PostgreSQL");
    let _room = soon(subscribing).await.unwrap().unwrap();
    assert!(item(&mut todos).await.unwrap().is_err(), "that it takes its time");
    is_told_nothing(&mut todos).await;
}

static SECONDS: AtomicU64 = AtomicU64::new(1_800_000_000);

#[tokio::test(start_paused = true)]
async fn a_channel_that_comes_back_late_has_replayed_all_that_it_missed() {
    let server = Server::new();
    let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(SECONDS.load(Ordering::Relaxed));
    let client = builder(&server).clock(clock).build().unwrap();
    client.set_auth(Some(token(&server, 0).into())).await.unwrap();
    let since: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut room = client.channel("room").private().replay_since(since);
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let _room = soon(room.subscribe()).await.unwrap();
    let asked = || {
        let since = |join: &supabase_mock::realtime::Received| {
            join.payload()["config"]["broadcast"]["replay"]["since"].as_i64()
        };
        server.joins("room").iter().map(since).collect::<Vec<_>>()
    };
    SECONDS.fetch_add(100, Ordering::Relaxed);
    pass(60).await;
    // It is refused for long, and the connection breaks meanwhile.
    server.refuse_joins("DatabaseLackOfConnections: none left");
    server.close_channel("room");
    for n in 0..20 {
        SECONDS.fetch_add(30, Ordering::Relaxed);
        pass(30).await;
        if n == 10 {
            server.drop_all();
        }
    }
    server.accept_joins();
    is_told_of_a_gap(&mut greetings).await;
    let again = asked();
    assert!(again.len() > 5, "{again:?}");
    // A little before the moment at which it was heard last.
    assert!(again[1..].iter().all(|since| *since == Some(1_800_000_090_000)), "{again:?}");
    // The next time, it begins with the next time.
    SECONDS.fetch_add(3_600, Ordering::Relaxed);
    pass(60).await;
    server.drop_all();
    is_told_of_a_gap(&mut greetings).await;
    assert_eq!(asked().last(), Some(&Some(1_800_004_290_000)));
}

static BEGUN: OnceLock<Instant> = OnceLock::new();

#[tokio::test(start_paused = true)]
async fn what_is_replayed_and_lost_with_the_connection_is_replayed_again() {
    let since_1970 = Duration::from_secs(1_800_000_000);
    let server = Server::builder().starts_at(since_1970).build();
    BEGUN.get_or_init(Instant::now);
    let client = builder(&server)
        .clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + BEGUN.wait().elapsed())
        .build()
        .unwrap();
    client.set_auth(Some(token(&server, 0).into())).await.unwrap();
    let mut room = client.channel("room").private().replay_since(Timestamp::from_unix_seconds(1_800_000_000));
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let room = soon(room.subscribe()).await.unwrap();
    pass(120).await;
    let greet = |id: &str| server.broadcast_from_database("room", true, "greeting", json!({ "id": id }));
    greet("one");
    assert_eq!(message(&mut greetings).await.payload["id"], "one");
    server.refuse_next_connections(1, 503, "no");
    server.ignore_next_join("room");
    server.drop_all();
    let mut states = client.connection_states();
    while !matches!(soon(states.next()).await, Some(ConnectionState::Waiting { .. })) {}
    greet("two");
    // The server confirms the join, and its connection breaks before any message comes.
    soon(server.until(|server| server.joins("room").len() == 2)).await;
    let join = server.joins("room").pop().and_then(|join| join.reference().map(str::to_owned)).unwrap();
    let answer = json!({ "status": "ok", "response": { "postgres_changes": [] } });
    let answer = json!([join, join, "realtime:room", "phx_reply", answer]);
    server.send_text(server.connections()[0], &answer.to_string());
    is_told_of_a_gap(&mut greetings).await;
    assert!(matches!(room.status(), ChannelStatus::Subscribed));
    pass(30).await;
    server.drop_all();
    is_told_of_a_gap(&mut greetings).await;
    assert_eq!(message(&mut greetings).await.payload["id"], "two");
    // What came already does not come again.
    is_told_nothing(&mut greetings).await;
}

#[tokio::test]
async fn a_broadcast_that_may_have_arrived_is_not_sent_again_over_http() {
    let server = Server::new();
    let url = format!("{}/realtime/v1", server.bind().await.unwrap());
    let client = Client::builder(&url, server.anon_key())
        .transport(Memory(server.clone()))
        .configure_http(|http| http.no_proxy())
        .reconnect(Backoff::custom(|_| Some(Duration::from_secs(3_600))))
        .build()
        .unwrap();
    let other = common::client(&server);
    let mut hearing = other.channel("room");
    let mut orders = hearing.on_broadcast::<Value>("order");
    let _hearing = hearing.subscribe().await.unwrap();
    let room = client.channel("room").acknowledge().while_away(WhileAway::Http).subscribe().await.unwrap();
    let connection = server.members("room").into_iter().max().unwrap();
    // It arrives, and what confirms it is lost with the connection.
    server.delay_replies(Duration::from_secs(60));
    let sent = tokio::spawn({
        let room = room.clone();
        async move { room.send_broadcast("order", &json!({ "n": 1 })).await }
    });
    assert_eq!(message(&mut orders).await.payload, json!({ "n": 1 }));
    server.drop_connection(connection);
    let error = sent.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Interrupted, false), "{error:?}");
    // What is sent while it is away goes over HTTP, and is the next one that is heard.
    assert_eq!(room.send_broadcast("order", &json!({ "n": 2 })).await.unwrap(), realtime_rs::Sent::OverHttp);
    assert_eq!(message(&mut orders).await.payload, json!({ "n": 2 }));
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_to_a_channel_that_is_being_left_is_refused() {
    for choice in [WhileAway::Refuse, WhileAway::Queue(9)] {
        let server = Server::new();
        let client = client(&server);
        let room = soon(client.channel("room").while_away(choice).subscribe()).await.unwrap();
        server.delay_replies(Duration::from_secs(5));
        let sending = async {
            soon(server.wait_for(|frame| frame.event() == "phx_leave")).await;
            let sent = [
                room.send_broadcast("greeting", &1).await.map(drop),
                room.track(&json!({ "n": 1 })).await,
                room.untrack().await,
            ];
            sent.map(|sent| sent.map_err(|error| error.kind()))
        };
        let (left, sent) = soon(async { tokio::join!(room.unsubscribe(), sending) }).await;
        left.unwrap();
        assert_eq!(sent, [Err(ErrorKind::Closed); 3], "{choice:?}");
        assert!(frames(&server, "room", "presence").is_empty());
    }
}

#[tokio::test]
async fn a_broadcast_over_http_is_that_of_the_user_who_was_told_last() {
    let server = Server::new();
    let url = format!("{}/realtime/v1", server.bind().await.unwrap());
    let builder = || {
        let client = Client::builder(&url, server.anon_key()).configure_http(|http| http.no_proxy());
        client.transport(Memory(server.clone()))
    };
    for client in [builder().build().unwrap(), builder().access_token(token(&server, 1)).build().unwrap()] {
        client.set_auth(Some(token(&server, 0).into())).await.unwrap();
        let room = client.channel("room").private().while_away(WhileAway::Http).subscribe().await.unwrap();
        client.disconnect().await.unwrap();
        let public = || client.broadcast("room", "greeting", &1);
        // Private channels let only users in.
        assert_eq!(room.send_broadcast("greeting", &1).await.unwrap(), realtime_rs::Sent::OverHttp);
        public().private().await.unwrap();
        client.set_auth(None).await.unwrap();
        let refused = [room.send_broadcast("greeting", &1).await.map(drop), public().private().await];
        assert!(refused.iter().all(|sent| sent.as_ref().is_err_and(|error| error.status() == Some(403))));
        public().await.unwrap();
    }
    // A source of tokens is asked, whatever was told meanwhile.
    let asking = builder().access_token_with(|| async { Ok(None) }).build().unwrap();
    asking.set_auth(Some(token(&server, 0).into())).await.unwrap();
    let error = asking.broadcast("room", "greeting", &1).private().await.unwrap_err();
    assert_eq!(error.status(), Some(403));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_the_server_would_not_take_is_not_sent() {
    let server = Server::new();
    let client = client(&server);
    let (_other, mut greetings) = room(&client).await;
    let large = json!({ "text": "x".repeat(6_000_000) });
    let plain = soon(client.channel("plain").subscribe()).await.unwrap();
    let asking = soon(client.channel("asking").acknowledge().subscribe()).await.unwrap();
    let queueing = client.channel("queueing").while_away(WhileAway::Queue(9)).subscribe();
    let queueing = soon(queueing).await.unwrap();
    soon(plain.track(&json!({ "n": 1 }))).await.unwrap();
    let refused = |error: Error| assert_eq!(error.kind(), ErrorKind::TooLong, "{error}");
    for room in [&plain, &asking] {
        refused(soon(room.send_broadcast("e", &large)).await.unwrap_err());
        refused(soon(room.send_binary_broadcast("e", vec![0; 5_000_000])).await.unwrap_err());
        refused(soon(room.track(&large)).await.unwrap_err());
    }
    is_told_nothing(&mut greetings).await;
    server.refuse_next_connections(1, 503, "no");
    server.drop_all();
    let mut states = client.connection_states();
    while !matches!(soon(states.next()).await, Some(ConnectionState::Waiting { .. })) {}
    refused(plain.track(&large).await.unwrap_err());
    refused(queueing.send_broadcast("e", &large).await.unwrap_err());
    is_told_of_a_gap(&mut greetings).await;
    is_told_nothing(&mut greetings).await;
    assert_eq!(server.handshakes().len(), 3, "one, one that was refused, and one");
    // What was tracked before is what is tracked again.
    let tracked: Vec<_> =
        frames(&server, "plain", "presence").iter().map(|frame| frame.payload()["payload"].clone()).collect();
    assert_eq!(tracked, [json!({ "n": 1 }), json!({ "n": 1 })]);
    // What just fits is sent.
    let head = "[\"1\",\"10\",\"realtime:plain\",\"broadcast\",]".len() + 100;
    soon(plain.send_binary_broadcast("e", vec![0; 5_000_000 - head])).await.unwrap();
    is_told_nothing(&mut greetings).await;
}

#[tokio::test(start_paused = true)]
async fn a_presence_that_the_server_refused_is_not_tracked_again() {
    let server = Server::builder().authorize(|_, _| Access::READ).build();
    let client = client(&server);
    let mut room = client.channel("room").private();
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let room = soon(room.subscribe()).await.unwrap();
    let error = soon(room.track(&json!({ "n": 1 }))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    server.drop_all();
    is_told_of_a_gap(&mut greetings).await;
    is_told_nothing(&mut greetings).await;
    assert_eq!(frames(&server, "room", "presence").len(), 1);
    // Said while it was away, it is refused when it is back, and told there: once.
    server.refuse_next_connections(1, 503, "no");
    server.drop_all();
    let mut states = client.connection_states();
    while !matches!(soon(states.next()).await, Some(ConnectionState::Waiting { .. })) {}
    room.track(&json!({ "n": 2 })).await.unwrap();
    is_told_of_a_gap(&mut greetings).await;
    assert_eq!(item(&mut greetings).await.unwrap().unwrap_err().kind(), ErrorKind::Rejected);
    server.drop_all();
    is_told_of_a_gap(&mut greetings).await;
    is_told_nothing(&mut greetings).await;
    assert_eq!(frames(&server, "room", "presence").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_says_to_an_older_join_confirms_none_that_it_has_not_answered() {
    let server = todos();
    let client = builder(&server).protocol(ProtocolVersion::V1).build().unwrap();
    server.withhold_subscriptions(true);
    let mut first = client.channel("room").wait_for_changes(false);
    let _todos = first.on_postgres_changes::<Value>(Changes::all().table("todos"));
    let first = soon(first.subscribe()).await.unwrap();
    soon(first.unsubscribe()).await.unwrap();
    server.delay_replies(Duration::from_secs(3));
    let mut second = client.channel("room");
    let _todos = second.on_postgres_changes::<Value>(Changes::all().table("todos"));
    server.refuse_next_join("room", "Unauthorized: no");
    let late = async {
        soon(server.until(|server| server.joins("room").len() == 2)).await;
        let payload = json!({
            "channel": "room", "extension": "postgres_changes", "status": "ok",
            "message": "Subscribed to PostgreSQL",
        });
        let late = json!({ "topic": "realtime:room", "event": "system", "ref": null, "payload": payload });
        server.send_text(server.connections()[0], &late.to_string());
    };
    let (outcome, ()) = soon(async { tokio::join!(second.subscribe(), late) }).await;
    assert_eq!(outcome.unwrap_err().message(), "no");
}

#[tokio::test(start_paused = true)]
async fn who_subscribes_when_the_client_is_told_to_disconnect_is_told_so_at_once() {
    let server = Server::new();
    server.ignore_joins();
    let client = client(&server);
    let begun = Instant::now();
    let told = async {
        soon(server.until(|server| !server.joins("room").is_empty())).await;
        client.disconnect().await.unwrap();
    };
    let (outcome, ()) = soon(async { tokio::join!(client.channel("room").subscribe(), told) }).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), begun.elapsed()), (ErrorKind::Closed, Duration::ZERO));
    assert!(error.message().contains("disconnect"), "{error}");
    assert!(client.get_channels().is_empty());
    // The name is free.
    server.accept_joins();
    soon(client.channel("room").subscribe()).await.unwrap();
}
