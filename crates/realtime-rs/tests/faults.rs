//! What goes wrong, each fault by itself: what goes out, and what the streams are told.

mod common;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use common::{Memory, builder, client, frames, item, join_tokens, message, pass, soon, token_of};
use realtime_rs::{
    Backoff, Changes, ChannelStatus, Client, ClientBuilder, Code, Connection, ConnectionState, Delivery,
    Error, ErrorKind, Handshake, Heartbeat, Listener, Result, Sent, SignedOut, Transport, WhileAway,
};
use serde_json::{Value, json};
use supabase_mock::realtime::{Access, Change, Limit, Server, Table};
use supabase_testing::raw::{Answer, Raw};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::Instant;

type Greetings = Listener<realtime_rs::Broadcast<Value>>;

/// A client with one channel that hears greetings.
async fn room(client: &Client) -> (realtime_rs::Channel, Greetings) {
    let mut room = client.channel("room");
    let greetings = room.on_broadcast("greeting");
    (soon(room.subscribe()).await.expect("the channel can be joined"), greetings)
}

/// The stream is told of a gap, and hears again.
async fn is_back(server: &Server, greetings: &mut Greetings) {
    match item(greetings).await {
        Some(Ok(Delivery::Gap(gap))) => assert!(gap.since <= gap.until),
        other => panic!("a gap was to come, and no {other:?}"),
    }
    server.broadcast("room", "greeting", &json!({ "again": true }));
    assert_eq!(message(greetings).await.payload, json!({ "again": true }));
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_and_goes() {
    let server = Server::new();
    let client = client(&server);
    let mut room = client.channel("room").receive_own_broadcasts().acknowledge();
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let room = soon(room.subscribe()).await.unwrap();
    assert_eq!(soon(room.send_broadcast("greeting", &json!({ "x": 1 }))).await.unwrap(), Sent::Acknowledged);
    assert_eq!(message(&mut greetings).await.payload, json!({ "x": 1 }));
    soon(room.unsubscribe()).await.unwrap();
    assert!(item(&mut greetings).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn every_way_in_which_a_connection_ends_is_survived() {
    type Fault = fn(&Server);
    let faults: [(&str, Fault); 9] = [
        ("1000", |server| server.close_all(1000, "")),
        ("1001", |server| server.close_all(1001, "going away")),
        ("1006", |server| server.drop_all()),
        ("1008", |server| server.close_all(1008, "policy")),
        ("1011", |server| server.close_all(1011, "error")),
        ("1012", |server| server.close_all(1012, "restart")),
        ("mid-frame", |server| server.cut_all()),
        ("restart", |server| server.restart()),
        ("phx_error", |server| server.crash_channel("room")),
    ];
    for (name, fault) in faults {
        let server = Server::new();
        let client = client(&server);
        let (room, mut greetings) = room(&client).await;
        fault(&server);
        is_back(&server, &mut greetings).await;
        assert_eq!(server.joins("room").len(), 2, "{name}");
        assert!(matches!(room.status(), ChannelStatus::Subscribed), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_the_server_closes_or_forgets_is_joined_again() {
    let server = Server::new();
    let client = client(&server);
    let (room, mut greetings) = room(&client).await;
    server.close_channel("room");
    is_back(&server, &mut greetings).await;
    server.forget_topic("room");
    // The server says so only when it is asked something.
    let error = soon(room.track(&json!({ "here": 1 }))).await.unwrap_err();
    assert_eq!(error.message(), "unmatched topic");
    is_back(&server, &mut greetings).await;
    assert_eq!(frames(&server, "room", "presence").len(), 2, "and tracked again");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_whose_connection_broke_may_be_asked_for_again() {
    let server = Server::new();
    server.ignore_joins();
    let once = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(1)).at_most(0);
    let client = builder(&server).reconnect(once).build().unwrap();
    let room = client.channel("room");
    let subscribing = tokio::spawn(async move { room.subscribe().await.map(drop) });
    soon(server.until(|server| !server.joins("room").is_empty())).await;
    server.close_all(1011, "error");
    let error = soon(subscribing).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Interrupted, true), "{error:?}");
    // What broke it stands behind it, and says something else.
    assert_eq!(error.message(), "the connection broke before the channel was subscribed");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(!cause.contains(error.message()), "{cause}");
}

#[tokio::test(start_paused = true)]
async fn a_half_open_connection_is_found_by_heartbeats() {
    let server = Server::new();
    let client = builder(&server).heartbeat_interval(Duration::from_secs(20)).build().unwrap();
    let (_room, mut greetings) = room(&client).await;
    let mut heartbeats = client.heartbeats();
    assert_eq!(soon(heartbeats.next()).await, Some(Heartbeat::Sent));
    assert!(matches!(soon(heartbeats.next()).await, Some(Heartbeat::Answered { .. })));
    server.set_silent(true);
    assert_eq!(soon(heartbeats.next()).await, Some(Heartbeat::Sent));
    assert_eq!(soon(heartbeats.next()).await, Some(Heartbeat::TimedOut));
    server.set_silent(false);
    is_back(&server, &mut greetings).await;
    assert_eq!(server.connections().len(), 1, "the old connection is gone");
}

#[tokio::test(start_paused = true)]
async fn joins_that_are_refused_hold_up_the_connection_and_do_not_end_it() {
    let pause = Duration::from_secs(5);
    let server = Server::builder().error_backoff(pause).build();
    let client = client(&server);
    let (room, mut greetings) = room(&client).await;
    let others = ["a", "b", "c", "d", "e", "f"];
    let mut channels = Vec::new();
    for other in others {
        channels.push(soon(client.channel(other).acknowledge().subscribe()).await.unwrap());
    }
    let [acknowledging, refused @ ..] = channels.as_slice() else { panic!("there are six") };
    server.refuse_joins("DatabaseLackOfConnections: none left");
    for other in &others[1..] {
        server.close_channel(other);
    }
    pass(600).await;
    assert_eq!(server.handshakes().len(), 1, "the connection stays");
    // From the second time on, they wait for each other, so that the rest gets its turn in between; and each has its own.
    for n in 0..100 {
        let sent = Instant::now();
        server.broadcast("room", "greeting", &json!(n));
        assert_eq!(message(&mut greetings).await.payload, json!(n));
        assert!(sent.elapsed() <= pause, "{:?}", sent.elapsed());
        assert_eq!(soon(acknowledging.send_broadcast("e", &n)).await.unwrap(), Sent::Acknowledged);
        pass(n % 7).await;
    }
    let joins = others[1..].iter().map(|other| server.joins(other).len());
    assert!(joins.clone().min() >= joins.max().map(|most| most / 2), "{:?}", server.joins("f").len());
    assert_eq!((server.handshakes().len(), server.joins("room").len()), (1, 1));
    server.accept_joins();
    pass(60).await;
    assert!(refused.iter().chain([&room]).all(|room| matches!(room.status(), ChannelStatus::Subscribed)));

    // The first time, all of them are sent at once: nobody is given up who waits behind others.
    server.refuse_joins("DatabaseLackOfConnections: none left");
    for other in &others[1..] {
        server.close_channel(other);
    }
    let joins = || others[1..].iter().map(|other| server.joins(other).len()).collect::<Vec<_>>();
    let before = joins();
    pass(24).await;
    assert_eq!(joins().iter().zip(before).map(|(now, before)| now - before).collect::<Vec<_>>(), [1; 5]);
    pass(20).await;
    assert!(soon(acknowledging.send_broadcast("e", &1)).await.is_ok());
}

/// A way to the server that takes so many bytes a second.
struct Slow(Server, usize);

impl Transport for Slow {
    fn connect(&self, handshake: Handshake) -> Pin<Box<dyn Future<Output = Result<Connection>> + Send>> {
        let pause = Box::pin(tokio::time::sleep(Duration::ZERO));
        Box::pin(common::open(handshake, Trickle { stream: self.0.connect(), bytes: self.1 / 10, pause }))
    }
}

struct Trickle {
    stream: DuplexStream,
    /// How many are written at once, ten times a second.
    bytes: usize,
    pause: Pin<Box<tokio::time::Sleep>>,
}

impl AsyncRead for Trickle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Trickle {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.pause.as_mut().poll(context));
        let some = bytes.get(..self.bytes).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, some))?;
        self.pause.as_mut().reset(Instant::now() + Duration::from_millis(100));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_does_not_wait_behind_all_that_is_sent() {
    let server = Server::new();
    let client = builder(&server).transport(Slow(server.clone(), 100_000)).build().unwrap();
    let room = soon(client.channel("room").subscribe()).await.unwrap();
    let begun = Instant::now();
    let frames = (0..30).map(|_| room.send_binary_broadcast("frame", vec![7; 200_000]));
    for sent in soon(futures_util::future::join_all(frames)).await {
        assert_eq!(sent.unwrap(), Sent::Written);
    }
    assert!(begun.elapsed() > Duration::from_secs(55), "{:?}", begun.elapsed());
    assert_eq!(server.handshakes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_the_connection_for_a_day() {
    let server = Server::new();
    let client = client(&server);
    let (_room, mut greetings) = room(&client).await;
    pass(24 * 3_600).await;
    assert_eq!(server.handshakes().len(), 1);
    let beats: Vec<_> = server.received().into_iter().filter(|frame| frame.event() == "heartbeat").collect();
    assert!(
        beats
            .iter()
            .all(|beat| beat.topic() == "phoenix" && beat.join_ref().is_none() && beat.reference().is_some())
    );
    server.broadcast("room", "greeting", &json!(1));
    assert_eq!(message(&mut greetings).await.payload, json!(1));
}

static SLEPT: AtomicU64 = AtomicU64::new(0);

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_finds_out_sooner() {
    let server = Server::new();
    let started = tokio::time::Instant::now();
    let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(SLEPT.load(Ordering::Relaxed));
    let client = builder(&server).clock(clock).build().unwrap();
    let (_room, mut greetings) = room(&client).await;
    server.set_silent(true);
    SLEPT.store(3_600, Ordering::Relaxed);
    // Anything at all makes it look at the clock.
    client.connect().await.unwrap();
    let mut states = client.connection_states();
    while !matches!(soon(states.next()).await, Some(ConnectionState::Waiting { .. })) {}
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    server.set_silent(false);
    is_back(&server, &mut greetings).await;
}

#[tokio::test(start_paused = true)]
async fn names_that_cannot_be_found_for_a_while_are_tried_again() {
    let server = Server::new();
    let client = client(&server);
    let (_room, mut greetings) = room(&client).await;
    server.refuse_next_connections(3, 503, "no");
    server.drop_all();
    is_back(&server, &mut greetings).await;
    assert_eq!(server.handshakes().len(), 5, "one, three that were refused, and one");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_refused_for_good_ends_everything_and_says_why() {
    let server = Server::new();
    let client = client(&server);
    let (_room, mut greetings) = room(&client).await;
    server.refuse_connections(401, "Token has expired");
    server.drop_all();
    let error = item(&mut greetings).await.unwrap().unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(401), "Token has expired"));
    assert!(item(&mut greetings).await.is_none());
    let tries = server.handshakes().len();
    pass(3_600).await;
    assert_eq!(server.handshakes().len(), tries, "and is not tried again");
    let error = soon(client.channel("other").subscribe()).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_tries_is_kept() {
    let server = Server::new();
    let client = builder(&server)
        .reconnect(Backoff::exponential(Duration::from_secs(1), Duration::from_secs(2)).at_most(3))
        .build()
        .unwrap();
    let (_room, mut greetings) = room(&client).await;
    server.refuse_connections(503, "no");
    server.drop_all();
    let error = item(&mut greetings).await.unwrap().unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert!(item(&mut greetings).await.is_none());
    assert_eq!(server.handshakes().len(), 4);
    assert!(matches!(client.connection_state(), ConnectionState::Disconnected(Some(_))));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_tries_counts_from_the_last_time_that_all_was_well() {
    let server = Server::new();
    let thrice = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(2)).at_most(3);
    let client = builder(&server).reconnect(thrice).build().unwrap();
    let (room, mut greetings) = room(&client).await;
    // Each time that the server is made anew, it needs a moment more than it takes to connect.
    for day in 0..6 {
        server.refuse_next_join("room", "InitializingProjectConnection: try again");
        server.drop_all();
        is_back(&server, &mut greetings).await;
        pass(1_800).await;
        assert!(matches!(room.status(), ChannelStatus::Subscribed), "day {day}");
    }
    // A user who comes and goes is no failure either.
    for user in 0..6 {
        let token = server.token("authenticated", &format!("ada{user}"), Duration::from_secs(7 * 24 * 3_600));
        client.set_auth(Some(token.into())).await.unwrap();
        server.refuse_next_join("room", "DatabaseLackOfConnections: try again");
        client.set_auth(None).await.unwrap();
        is_back(&server, &mut greetings).await;
        pass(3_600).await;
    }
}

/// Refuses handshakes before they reach the server, with a `Retry-After`, as a gateway does.
#[derive(Clone)]
struct Busy {
    memory: Arc<Memory>,
    refusals: Arc<Mutex<VecDeque<(u16, String)>>>,
    /// When each handshake came, from the first one on.
    handshakes: Arc<Mutex<Vec<Instant>>>,
}

impl Busy {
    fn new(server: &Server, refusals: impl IntoIterator<Item = (u16, String)>) -> Self {
        let refusals = Arc::new(Mutex::new(refusals.into_iter().collect()));
        Self { memory: Arc::new(Memory(server.clone())), refusals, handshakes: Arc::default() }
    }

    fn for_seconds(server: &Server, seconds: u64) -> Self {
        Self::new(server, [(429, seconds.to_string())])
    }

    fn builder(&self, server: &Server) -> ClientBuilder {
        builder(server).transport(self.clone()).subscribe_timeout(Duration::from_secs(3_600))
    }

    /// How many seconds passed from each handshake to the next.
    fn pauses(&self) -> Vec<f64> {
        let handshakes = self.handshakes.lock().unwrap();
        handshakes.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect()
    }
}

impl Transport for Busy {
    fn connect(&self, handshake: Handshake) -> Pin<Box<dyn Future<Output = Result<Connection>> + Send>> {
        self.handshakes.lock().unwrap().push(Instant::now());
        match self.refusals.lock().unwrap().pop_front() {
            Some((status, after)) => {
                let refused = Error::refused_with_headers(status, [("Retry-After", after)], "busy");
                Box::pin(std::future::ready(Err(refused)))
            }
            None => self.memory.connect(handshake),
        }
    }
}

/// Waits until the connection waits.
async fn is_waiting(client: &Client) -> Duration {
    let mut states = client.connection_states();
    loop {
        if let Some(ConnectionState::Waiting { pause, .. }) = soon(states.next()).await {
            return pause;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_be_left_alone_is_left_alone_for_so_long() {
    // Dates have whole seconds, and the clock of the day goes on.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
    for (status, after, expected) in [
        (429, "120", 120.0..=150.0),
        (503, "10", 10.0..=20.0),
        (500, "20", 20.0..=40.0),
        (503, date.as_str(), 90.0..=130.0),
        // More than any server can mean.
        (429, "86400", 300.0..=330.0),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", 300.0..=330.0),
        // Nothing is asked for that the back-off does not do anyway.
        (429, "0", 1.0..=1.1),
        (503, "Tue, 24 Nov 2020 10:00:00 GMT", 1.0..=1.1),
        (503, "soon", 1.0..=1.1),
    ] {
        let server = Server::new();
        let busy = Busy::new(&server, [(status, after.to_owned())]);
        let client = busy.builder(&server).build().unwrap();
        let _room = soon(client.channel("room").subscribe()).await.unwrap();
        let pauses = busy.pauses();
        assert!(pauses.len() == 1 && expected.contains(&pauses[0]), "{status}, {after}: {pauses:?}");
        // It is over with the connection.
        server.drop_all();
        soon(server.until(|server| server.joins("room").len() == 2)).await;
        assert!(busy.pauses()[1] < 5.0, "{:?}", busy.pauses());
    }
}

#[tokio::test(start_paused = true)]
async fn the_longer_of_the_pauses_is_waited_for_and_tries_are_counted_as_ever() {
    let server = Server::new();
    let busy = Busy::for_seconds(&server, 10);
    let minute = Backoff::custom(|_| Some(Duration::from_secs(60)));
    let client = busy.builder(&server).reconnect(minute).build().unwrap();
    let _room = soon(client.channel("room").subscribe()).await.unwrap();
    let pauses = busy.pauses();
    assert!(pauses.len() == 1 && (60.0..60.1).contains(&pauses[0]), "{pauses:?}");

    let twice = |failed| (failed < 3).then_some(Duration::from_secs(1));
    for ending in [Backoff::custom(twice), Backoff::default().at_most(2)] {
        let busy = Busy::new(&server, vec![(429, "120".to_owned()); 9]);
        let client = busy.builder(&server).reconnect(ending).build().unwrap();
        let error = soon(client.channel("room").subscribe()).await.unwrap_err();
        assert_eq!(error.status(), Some(429));
        assert!(matches!(client.connection_state(), ConnectionState::Disconnected(Some(_))));
        let pauses = busy.pauses();
        assert!(pauses.len() == 2 && pauses.iter().all(|pause| *pause >= 120.0), "{pauses:?}");
        // The program decides from here on.
        let begun = Instant::now();
        let _ = tokio::time::timeout(Duration::from_secs(1), client.channel("room").subscribe()).await;
        assert_eq!(busy.handshakes.lock().unwrap()[3], begun);
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_the_connection_is_told_at_once_and_need_not_wait() {
    let server = Server::new();
    let busy = Busy::for_seconds(&server, 120);
    let client = busy.builder(&server).build().unwrap();
    let begun = Instant::now();
    let error = client.connect().await.unwrap_err();
    assert_eq!((error.status(), begun.elapsed()), (Some(429), Duration::ZERO));
    assert!(is_waiting(&client).await >= Duration::from_secs(120));
    client.connect().await.unwrap();
    assert_eq!(busy.pauses(), [0.0]);
}

#[tokio::test(start_paused = true)]
async fn time_limits_hold_while_a_server_is_left_alone_and_those_who_come_later_wait_for_the_rest() {
    let server = Server::new();
    let busy = Busy::for_seconds(&server, 120);
    let client = busy.builder(&server).subscribe_timeout(Duration::from_secs(30)).build().unwrap();
    let begun = Instant::now();
    for seconds in [30, 60, 90, 120] {
        let error = soon(client.channel("room").subscribe()).await.unwrap_err();
        assert_eq!((error.kind(), begun.elapsed().as_secs()), (ErrorKind::Timeout, seconds));
        assert!(error.message().contains("429"), "{error}");
    }
    assert_eq!(busy.handshakes.lock().unwrap().len(), 1);
    let _room = soon(client.channel("room").subscribe()).await.unwrap();
    assert!((120.0..=150.0).contains(&busy.pauses()[0]), "{:?}", busy.pauses());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_time_is_over_is_no_reason_for_what_fails_later() {
    let server = Server::new();
    let busy = Busy::for_seconds(&server, 120);
    let limits = (Duration::from_secs(30), Duration::from_secs(60));
    let client = busy.builder(&server).subscribe_timeout(limits.0).join_timeout(limits.1).build().unwrap();
    let error = soon(client.channel("room").subscribe()).await.unwrap_err();
    assert!(error.message().contains("429"), "{error}");
    pass(1_000).await;
    server.ignore_joins();
    let error = soon(client.channel("room").subscribe()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Timeout, "the channel was not subscribed in time")
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_left_alone_is_not_asked_once_nobody_wants_it() {
    let server = Server::new();
    let busy = Busy::for_seconds(&server, 120);
    let client = busy.builder(&server).build().unwrap();
    let (room, mut greetings) = room(&client).await;
    busy.refusals.lock().unwrap().push_back((503, "120".to_owned()));
    server.drop_all();
    is_waiting(&client).await;
    while busy.handshakes.lock().unwrap().len() < 3 {
        pass(1).await;
    }
    assert!(is_waiting(&client).await >= Duration::from_secs(120));
    client.disconnect().await.unwrap();
    assert!(matches!(client.connection_state(), ConnectionState::Disconnected(None)));
    pass(3_600).await;
    assert_eq!(busy.handshakes.lock().unwrap().len(), 3);
    // The channel comes back with the connection.
    client.connect().await.unwrap();
    is_back(&server, &mut greetings).await;
    assert!(matches!(room.status(), ChannelStatus::Subscribed));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_while_a_server_is_left_alone_is_the_one_that_joins() {
    let server = Server::new();
    let busy = Busy::for_seconds(&server, 120);
    let client = busy.builder(&server).build().unwrap();
    let room = client.channel("room");
    let subscribing = tokio::spawn(async move { room.subscribe().await });
    is_waiting(&client).await;
    pass(60).await;
    let token = server.token("authenticated", "ada", Duration::from_secs(3_600));
    let before = Instant::now();
    client.set_auth(Some(token.clone().into())).await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
    let _room = soon(subscribing).await.unwrap().unwrap();
    assert!(busy.pauses()[0] >= 120.0, "{:?}", busy.pauses());
    assert_eq!(join_tokens(&server, "room"), [Some(token)]);
}

#[tokio::test]
async fn what_a_server_asks_for_is_read_of_its_answer_to_a_handshake() {
    let busy = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let no = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = Raw::start([Answer::Bytes(busy.to_vec()), Answer::Bytes(no.to_vec())]);
    let client = Client::builder(format!("{}/realtime/v1", server.url()), "sb_publishable_x")
        .configure_http(|http| http.no_proxy())
        .reconnect(Backoff::custom(|_| Some(Duration::ZERO)))
        .build()
        .unwrap();
    let begun = Instant::now();
    let error = client.channel("room").subscribe().await.unwrap_err();
    assert_eq!((error.status(), server.requests().len()), (Some(401), 2));
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_join_that_is_refused_tells_the_servers_reason() {
    let server = Server::builder().authorize(|_, _| Access::NONE).build();
    let client = client(&server);
    let error = soon(client.channel("room").private().subscribe()).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::Unauthorized));
    assert!(error.message().contains("permissions to read"), "{error}");
    assert!(!error.is_retryable());
    assert!(client.get_channels().is_empty());

    server.refuse_next_join("many", "ChannelRateLimitReached: Too many channels");
    let error = soon(client.channel("many").subscribe()).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::ChannelLimit));
    assert!(error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn a_join_that_is_refused_after_an_interruption_is_tried_again_or_ends() {
    let server = Server::new();
    let client = client(&server);
    let (room, mut greetings) = room(&client).await;
    let mut statuses = room.statuses();
    server.refuse_next_join("room", "DatabaseLackOfConnections: none left");
    server.drop_all();
    is_back(&server, &mut greetings).await;
    let mut reasons = Vec::new();
    while let Some(status) = soon(statuses.next()).await {
        match status {
            ChannelStatus::Interrupted(error) => reasons.push(error.code().cloned()),
            ChannelStatus::Subscribed if !reasons.is_empty() => break,
            _ => {}
        }
    }
    assert_eq!(reasons, [None, Some(Code::DatabaseLimit)]);

    server.refuse_joins("Unauthorized: You do not have permissions to read from this Channel topic: room");
    server.drop_all();
    let error = item(&mut greetings).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some(&Code::Unauthorized));
    assert!(item(&mut greetings).await.is_none());
    assert!(matches!(room.status(), ChannelStatus::Closed(Some(_))));
}

#[tokio::test(start_paused = true)]
async fn a_join_that_is_not_answered_is_left_and_tried_again() {
    let server = Server::new();
    let client = client(&server);
    server.ignore_next_join("room");
    let (_room, mut greetings) = room(&client).await;
    assert_eq!(server.joins("room").len(), 2);
    let leaves = frames(&server, "room", "phx_leave");
    assert_eq!(leaves.len(), 1, "a late answer would join a channel that nobody knows of");
    server.broadcast("room", "greeting", &json!(1));
    assert_eq!(message(&mut greetings).await.payload, json!(1));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_confirmed_in_time_is_an_error_that_says_why() {
    let server = Server::new();
    server.refuse_connections(503, "no");
    let client = builder(&server).subscribe_timeout(Duration::from_secs(7)).build().unwrap();
    let begun = tokio::time::Instant::now();
    let error = soon(client.channel("room").subscribe()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("no"), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 7);
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_limit_holds_also_while_a_token_is_waited_for() {
    let server = Server::new();
    let client = builder(&server)
        .access_token_with(std::future::pending)
        .connect_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let begun = Instant::now();
    let room = client.channel("room").timeout(Duration::from_secs(7));
    let error = soon(room.subscribe()).await.unwrap_err();
    assert_eq!((error.kind(), begun.elapsed().as_secs()), (ErrorKind::Timeout, 7), "{error}");
}

#[tokio::test(start_paused = true)]
async fn rate_limits_close_the_channel_and_it_comes_back() {
    for limit in [Limit::Messages, Limit::PresenceMessages] {
        let server = Server::new();
        let client = client(&server);
        let (room, mut greetings) = room(&client).await;
        let mut statuses = room.statuses();
        server.exceed("room", limit);
        is_back(&server, &mut greetings).await;
        let reason = loop {
            if let Some(ChannelStatus::Interrupted(error)) = soon(statuses.next()).await {
                break error.message().to_owned();
            }
        };
        assert!(reason.starts_with("Too many"), "{reason}");
    }
}

/// A client whose token is asked for each time.
fn asking(server: &Server) -> (Client, Arc<Mutex<Option<String>>>) {
    let token = Arc::new(Mutex::new(Some(server.token("authenticated", "ada", Duration::from_secs(3_600)))));
    let source = Arc::clone(&token);
    let client = builder(server)
        .access_token_with(move || {
            let token = source.lock().unwrap().clone();
            async move { Ok(token.map(Into::into)) }
        })
        .build()
        .unwrap();
    (client, token)
}

#[tokio::test(start_paused = true)]
async fn every_join_carries_the_token_of_that_moment() {
    let server = Server::new();
    let (client, token) = asking(&server);
    let (_room, mut greetings) = room(&client).await;
    let mut expected = vec![token.lock().unwrap().clone()];
    for n in 0..5 {
        let next = server.token("authenticated", &format!("ada{n}"), Duration::from_secs(3_600));
        *token.lock().unwrap() = Some(next.clone());
        server.drop_all();
        is_back(&server, &mut greetings).await;
        expected.push(Some(next));
    }
    assert_eq!(join_tokens(&server, "room"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_tells_of_another_token_need_not_wait_for_a_heartbeat() {
    let server = Server::new();
    let token = Arc::new(Mutex::new(Some(server.token("authenticated", "ada", Duration::from_secs(3_600)))));
    let (tell, told) = tokio::sync::mpsc::unbounded_channel::<()>();
    let (source, told) = (Arc::clone(&token), Arc::new(Mutex::new(Some(told))));
    let client = builder(&server)
        .access_token_with(move || {
            let token = source.lock().unwrap().clone();
            async move { Ok(token.map(Into::into)) }
        })
        .access_token_changes(move || {
            let told = told.lock().unwrap().take();
            futures_util::stream::unfold(told, |told| async {
                let mut told = told?;
                told.recv().await.map(|()| ((), Some(told)))
            })
        })
        .build()
        .unwrap();
    let (_room, _greetings) = room(&client).await;
    let next = server.token("authenticated", "bob", Duration::from_secs(3_600));
    *token.lock().unwrap() = Some(next.clone());
    let before = tokio::time::Instant::now();
    tell.send(()).unwrap();
    let pushed = soon(server.wait_for(|frame| frame.event() == "access_token")).await;
    assert_eq!((token_of(&pushed), before.elapsed()), (Some(next), Duration::ZERO));

    // A sign-out is heard as well: the channel is joined again as nobody.
    *token.lock().unwrap() = None;
    tell.send(()).unwrap();
    soon(server.wait_for(|frame| frame.event() == "phx_join" && token_of(frame).is_none())).await;
    // A source that tells no more is asked at heartbeats, as any other.
    drop(tell);
    *token.lock().unwrap() = Some(server.token("authenticated", "eve", Duration::from_secs(3_600)));
    pass(60).await;
    assert_eq!(frames(&server, "room", "access_token").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_while_joined_is_replaced_in_time() {
    let server = Server::new();
    let (client, token) = asking(&server);
    *token.lock().unwrap() = Some(server.token("authenticated", "ada", Duration::from_secs(60)));
    let (room, mut greetings) = room(&client).await;
    let next = server.token("authenticated", "ada", Duration::from_secs(3_600));
    *token.lock().unwrap() = Some(next.clone());
    // Found at the next heartbeat, before the first one expires.
    pass(600).await;
    let pushed: Vec<_> = frames(&server, "room", "access_token").iter().map(token_of).collect();
    assert_eq!(pushed, [Some(next)]);
    assert_eq!(server.joins("room").len(), 1);
    assert!(matches!(room.status(), ChannelStatus::Subscribed));
    server.broadcast("room", "greeting", &json!(1));
    assert_eq!(message(&mut greetings).await.payload, json!(1));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_expired_is_never_sent_again_and_another_one_brings_the_channel_back() {
    let server = Server::new();
    let (client, token) = asking(&server);
    let (room, mut greetings) = room(&client).await;
    server.expire_tokens();
    let error = item(&mut greetings).await.unwrap().unwrap_err();
    assert!(error.message().starts_with("Token has expired"), "{error}");
    assert!(matches!(room.status(), ChannelStatus::NeedsToken(_)));
    pass(3_600).await;
    assert_eq!(server.joins("room").len(), 1, "the same token is not tried again");
    let next = server.token("authenticated", "bob", Duration::from_secs(7_200));
    *token.lock().unwrap() = Some(next.clone());
    is_back(&server, &mut greetings).await;
    assert_eq!(join_tokens(&server, "room").last(), Some(&Some(next)));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_at_a_rejoin_waits_for_another() {
    let server = Server::new();
    let client = client(&server);
    client
        .set_auth(Some(server.token("authenticated", "ada", Duration::from_secs(60)).into()))
        .await
        .unwrap();
    let (room, mut greetings) = room(&client).await;
    server.refuse_next_connections(20, 503, "no");
    server.drop_all();
    // It expires while the server is away.
    let error = item(&mut greetings).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some(&Code::InvalidToken));
    assert!(matches!(room.status(), ChannelStatus::NeedsToken(_)));
    let joins = server.joins("room").len();
    pass(3_600).await;
    assert_eq!(server.joins("room").len(), joins);
    let next = server.token("authenticated", "ada", Duration::from_secs(7_200));
    client.set_auth(Some(next.clone().into())).await.unwrap();
    is_back(&server, &mut greetings).await;
    assert_eq!(join_tokens(&server, "room").last(), Some(&Some(next)));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_told_reaches_joined_channels_and_later_joins() {
    let server = Server::new();
    let client = client(&server);
    let (_room, mut greetings) = room(&client).await;
    let token = server.token("authenticated", "ada", Duration::from_secs(3_600));
    client.set_auth(Some(token.clone().into())).await.unwrap();
    client.set_auth(Some(token.clone().into())).await.unwrap();
    let pushed = soon(server.wait_for(|frame| frame.event() == "access_token")).await;
    assert_eq!(token_of(&pushed), Some(token.clone()));
    assert_eq!(pushed.join_ref(), server.joins("room").first().and_then(|join| join.reference()));
    server.drop_all();
    is_back(&server, &mut greetings).await;
    assert_eq!(join_tokens(&server, "room"), [None, Some(token)]);
    assert_eq!(
        frames(&server, "room", "access_token").len(),
        1,
        "not twice, and not after a join that carried it"
    );
    let error = client.set_auth(Some("sb_secret_x".to_owned().into())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn signing_out_makes_anonymous_or_closes_and_never_rejoins_with_the_dead_token() {
    let server = Server::new();
    let client = client(&server);
    let token = server.token("authenticated", "ada", Duration::from_secs(3_600));
    client.set_auth(Some(token.clone().into())).await.unwrap();
    let (_room, mut greetings) = room(&client).await;
    let mut private = client.channel("private").private();
    let mut secrets = private.on_broadcast::<Value>("*");
    let _private = soon(private.subscribe()).await.unwrap();
    client.set_auth(None).await.unwrap();
    is_back(&server, &mut greetings).await;
    // The private one lets only users in, so it ends, with the reason.
    let error = item(&mut secrets).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some(&Code::Unauthorized));
    assert!(item(&mut secrets).await.is_none());
    pass(3_600).await;
    assert_eq!(join_tokens(&server, "room"), [Some(token.clone()), None]);
    assert_eq!(join_tokens(&server, "private"), [Some(token.clone()), None]);
    assert_eq!(frames(&server, "room", "phx_leave").len(), 1);

    let server = Server::new();
    let client = builder(&server).signed_out(SignedOut::Close).build().unwrap();
    client
        .set_auth(Some(server.token("authenticated", "ada", Duration::from_secs(60)).into()))
        .await
        .unwrap();
    let (_room, mut greetings) = room(&client).await;
    client.set_auth(None).await.unwrap();
    let error = item(&mut greetings).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(item(&mut greetings).await.is_none());
    assert!(client.get_channels().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_source_of_tokens_that_fails_fails_the_first_join_and_only_delays_later_ones() {
    let server = Server::new();
    let fails = Arc::new(Mutex::new(true));
    let asked = Arc::clone(&fails);
    let client = builder(&server)
        .access_token_with(move || {
            let fails = *asked.lock().unwrap();
            async move { if fails { Err("the vault is closed".into()) } else { Ok(None) } }
        })
        .build()
        .unwrap();
    let error = soon(client.channel("room").subscribe()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(server.joins("room").is_empty(), "it is never tried as anonymous instead");
    *fails.lock().unwrap() = false;
    let (_room, mut greetings) = room(&client).await;
    *fails.lock().unwrap() = true;
    server.drop_all();
    pass(60).await;
    *fails.lock().unwrap() = false;
    is_back(&server, &mut greetings).await;
}

#[tokio::test(start_paused = true)]
async fn presence_is_tracked_again() {
    let server = Server::new();
    let client = client(&server);
    let mut room = client.channel("room").presence_key("ada");
    let mut presences = room.on_presence::<Value>();
    let room = soon(room.subscribe()).await.unwrap();
    soon(room.track(&json!({ "mood": "good" }))).await.unwrap();
    server.drop_all();
    let mut gaps = 0;
    while gaps == 0 || frames(&server, "room", "presence").len() < 2 {
        match item(&mut presences).await {
            Some(Ok(Delivery::Gap(_))) => gaps += 1,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    soon(server.until(|server| server.presence("room", false).get("ada").is_some())).await;
    let tracked: Vec<_> =
        frames(&server, "room", "presence").iter().map(|frame| frame.payload()["payload"].clone()).collect();
    assert_eq!(tracked, [json!({ "mood": "good" }), json!({ "mood": "good" })]);
    soon(room.untrack()).await.unwrap();
    server.drop_all();
    pass(60).await;
    assert_eq!(frames(&server, "room", "presence").len(), 3, "what was untracked is not tracked again");
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_while_away_is_refused_queued_or_sent_over_http() {
    let server = Server::new();
    let client = client(&server);
    let (room, _greetings) = room(&client).await;
    let queueing =
        soon(client.channel("queueing").while_away(WhileAway::Queue(2)).subscribe()).await.unwrap();
    server.refuse_next_connections(1, 503, "no");
    server.drop_all();
    let mut states = client.connection_states();
    while !matches!(soon(states.next()).await, Some(ConnectionState::Waiting { .. })) {}
    let error = room.send_broadcast("greeting", &1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_retryable());
    for n in 0..2 {
        assert_eq!(queueing.send_broadcast("greeting", &n).await.unwrap(), Sent::Queued);
    }
    assert_eq!(queueing.send_broadcast("greeting", &2).await.unwrap_err().kind(), ErrorKind::Connect);
    pass(60).await;
    let queued = frames(&server, "queueing", "broadcast");
    let payloads: Vec<_> = queued.iter().map(|frame| frame.payload()["payload"].clone()).collect();
    assert_eq!(payloads, [json!(0), json!(1)]);
    assert!(frames(&server, "room", "broadcast").is_empty());
}

#[tokio::test(start_paused = true)]
async fn changes_tell_their_gap_only_when_they_flow_again() {
    let server = Server::builder()
        .table(Table::new("public", "todos").key("id", "int8").column("task", "text"))
        .build();
    let client = client(&server);
    let mut room = client.channel("room");
    let mut todos = room.on_postgres_changes::<Value>(Changes::all().table("todos"));
    let mut greetings = room.on_broadcast::<Value>("greeting");
    let room = soon(room.subscribe()).await.unwrap();
    server.withhold_subscriptions(true);
    server.drop_all();
    is_back(&server, &mut greetings).await;
    assert!(matches!(room.status(), ChannelStatus::Joining));
    server.withhold_subscriptions(false);
    assert!(matches!(item(&mut todos).await, Some(Ok(Delivery::Gap(_)))));
    server.push_change(&Change::insert("public", "todos", json!({ "id": 1, "task": "sow" })));
    assert_eq!(message(&mut todos).await.record, Some(json!({ "id": 1, "task": "sow" })));
}

#[tokio::test(start_paused = true)]
async fn changes_that_never_flow_again_are_asked_for_again() {
    let server = Server::builder().table(Table::new("public", "todos").key("id", "int8")).build();
    let client = client(&server);
    let mut room = client.channel("room");
    let mut todos = room.on_postgres_changes::<Value>(Changes::all().table("todos"));
    let _room = soon(room.subscribe()).await.unwrap();
    server.withhold_subscriptions(true);
    server.drop_all();
    pass(100).await;
    assert!(server.joins("room").len() >= 3, "{}", server.joins("room").len());
    server.withhold_subscriptions(false);
    assert!(matches!(item(&mut todos).await, Some(Ok(Delivery::Gap(_)))));
}
