//! The Realtime server as clients meet it: faults, limits and time, on a paused clock.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use supabase_mock::realtime::{Access, Change, Limit, Limits, Server, Table, Version};
use tokio::io::DuplexStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

struct Client {
    socket: WebSocketStream<DuplexStream>,
}

impl Client {
    async fn open(server: &Server) -> Self {
        let key = server.anon_key();
        Self::try_open(server, &key).await.expect("the connection is accepted")
    }

    async fn try_open(server: &Server, key: &str) -> Result<Self, Error> {
        let url = format!("ws://test/realtime/v1/websocket?vsn=2.0.0&apikey={key}");
        Ok(Self { socket: client_async(url, server.connect()).await?.0 })
    }

    async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.expect("the server reads");
    }

    async fn join(&mut self, topic: &str, config: Value) {
        self.send(json!(["1", "1", format!("realtime:{topic}"), "phx_join", { "config": config }])).await;
    }

    /// The next frame, as JSON.
    async fn next(&mut self) -> Value {
        let message =
            self.socket.next().await.expect("the connection is open").expect("the connection is whole");
        serde_json::from_str(message.to_text().expect("it is text")).expect("it is JSON")
    }

    async fn joined(&mut self, topic: &str, config: Value) {
        self.join(topic, config).await;
        let answer = self.next().await;
        assert_eq!(answer[4]["status"], "ok", "{answer}");
    }

    /// Whether nothing comes for a minute less a second.
    async fn is_quiet(&mut self) -> bool {
        timeout(Duration::from_secs(59), self.socket.next()).await.is_err()
    }

    /// The code with which the server closes.
    async fn close_code(&mut self) -> Option<u16> {
        match self.socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => Some(frame.code.into()),
            _ => None,
        }
    }
}

fn heartbeat() -> Value {
    json!([null, "9", "phoenix", "heartbeat", {}])
}

#[tokio::test(start_paused = true)]
async fn a_refused_join_names_the_reason_and_the_next_one_succeeds() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    server.refuse_next_join("room", "Unauthorized: no");
    client.join("room", json!({})).await;
    let refused = client.next().await;
    assert_eq!(refused[4], json!({ "response": { "reason": "Unauthorized: no" }, "status": "error" }));
    client.joined("room", json!({})).await;
    assert_eq!(server.joins("room").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_join_holds_up_the_whole_connection() {
    let server = Server::builder().error_backoff(Duration::from_secs(5)).build();
    let mut client = Client::open(&server).await;
    server.refuse_joins("RealtimeRestarting: Realtime is restarting, please standby");
    let began = Instant::now();
    client.join("room", json!({})).await;
    client.send(heartbeat()).await;
    assert_eq!(client.next().await[4]["status"], "error");
    assert_eq!(client.next().await[3], "phx_reply");
    assert_eq!(began.elapsed().as_secs(), 5);
    server.accept_joins();
    client.joined("room", json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn a_join_can_stay_without_an_answer() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    server.ignore_next_join("room");
    client.join("room", json!({})).await;
    assert!(client.is_quiet().await);
    assert!(server.members("room").is_empty());
    client.joined("room", json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn answers_can_be_late() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    server.delay_replies(Duration::from_secs(7));
    let began = Instant::now();
    client.joined("room", json!({})).await;
    assert_eq!(began.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn connections_end_in_every_way() {
    let server = Server::new();
    for code in [1000, 1001, 1008, 1011, 1012] {
        let mut client = Client::open(&server).await;
        server.close_all(code, "because");
        assert_eq!(client.close_code().await, Some(code));
    }
    let mut client = Client::open(&server).await;
    server.drop_all();
    let dropped = client.socket.next().await;
    assert!(matches!(dropped, Some(Err(Error::Protocol(_)))), "without a close frame: {dropped:?}");

    let mut client = Client::open(&server).await;
    server.cut_all();
    let cut = client.socket.next().await;
    assert!(matches!(cut, Some(Err(_))), "in the middle of a frame: {cut:?}");
    server.until(|server| server.connections().is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_a_close_arrives() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    client.joined("room", json!({})).await;
    server.broadcast("room", "last", &json!({}));
    server.restart();
    assert_eq!(client.next().await[4]["event"], "last");
    let system = client.next().await;
    assert_eq!(system[4]["message"], "Server requested disconnect");
    assert_eq!(client.close_code().await, Some(1012));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_can_stay_without_an_answer() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    server.answer_heartbeats(false);
    client.send(heartbeat()).await;
    assert!(client.is_quiet().await);
    server.answer_heartbeats(true);
    client.send(heartbeat()).await;
    assert_eq!(client.next().await[1], "9");
}

#[tokio::test(start_paused = true)]
async fn a_half_open_connection_answers_nothing() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    server.set_silent(true);
    client.join("room", json!({})).await;
    client.send(heartbeat()).await;
    assert!(client.is_quiet().await);
    assert_eq!(server.received().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn channels_end_by_crash_close_limits_and_oblivion() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    client.joined("room", json!({})).await;
    server.crash_channel("room");
    assert_eq!(client.next().await, json!(["1", "1", "realtime:room", "phx_error", {}]));

    client.joined("room", json!({})).await;
    server.close_channel("room");
    assert_eq!(client.next().await, json!(["1", "1", "realtime:room", "phx_close", {}]));

    client.joined("room", json!({})).await;
    server.exceed("room", Limit::Messages);
    assert_eq!(client.next().await[4]["message"], "Too many messages per second");
    assert_eq!(client.next().await[3], "phx_close");

    client.joined("room", json!({})).await;
    server.forget_topic("room");
    client.send(json!(["1", "2", "realtime:room", "broadcast", { "type": "broadcast", "event": "e" }])).await;
    assert_eq!(client.next().await[4]["response"]["reason"], "unmatched topic");
}

#[tokio::test(start_paused = true)]
async fn tokens_expire_by_the_server_s_clock_unless_newer_ones_come() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    let token = |seconds| server.token("authenticated", "user", Duration::from_secs(seconds));
    let join = |token: String| json!(["1", "1", "realtime:room", "phx_join", { "config": {}, "access_token": token }]);
    let began = Instant::now();
    client.send(join(token(20))).await;
    client.next().await;
    client.send(json!(["1", "2", "realtime:room", "access_token", { "access_token": token(40) }])).await;
    assert_eq!(client.next().await[4]["message"], "Token has expired 0 seconds ago");
    assert_eq!(client.next().await[3], "phx_close");
    assert!((39..=41).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());

    client.send(join(token(40))).await;
    client.next().await;
    server.expire_tokens();
    assert_eq!(client.next().await[4]["message"], "Token has expired 0 seconds ago");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_may_no_longer_read_ends_its_channel() {
    let server = Server::builder()
        .authorize(|claims, _| if claims.sub() == "member" { Access::READ_WRITE } else { Access::NONE })
        .build();
    let mut client = Client::open(&server).await;
    let token = |sub| server.token("authenticated", sub, Duration::from_secs(60));
    let join = json!({ "config": { "private": true }, "access_token": token("member") });
    client.send(json!(["1", "1", "realtime:room", "phx_join", join])).await;
    assert_eq!(client.next().await[4]["status"], "ok");
    client
        .send(json!(["1", "2", "realtime:room", "access_token", { "access_token": token("stranger") }]))
        .await;
    let message = &client.next().await[4]["message"];
    assert_eq!(message, "You no longer have permission to read from this Channel topic: room");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_closed_after_a_minute_with_code_1000() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    let began = Instant::now();
    assert_eq!(client.close_code().await, Some(1000));
    assert_eq!(began.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn connections_are_refused_as_often_as_asked() {
    let server = Server::builder().handshake_backoff(Duration::from_secs(2)).build();
    server.refuse_next_connections(2, 503, "Unavailable");
    let began = Instant::now();
    for _ in 0..2 {
        let refused = Client::try_open(&server, &server.anon_key()).await.err();
        assert!(matches!(refused, Some(Error::Http(response)) if response.status() == 503));
    }
    assert_eq!(began.elapsed().as_secs(), 4);
    Client::open(&server).await;
    let handshakes = server.handshakes();
    let admitted: Vec<bool> = handshakes.iter().map(|handshake| handshake.connection().is_some()).collect();
    assert_eq!(admitted, [false, false, true]);
    assert_eq!(handshakes[2].version(), Some(Version::V2));
    assert_eq!(handshakes[2].parameter("apikey"), Some(server.anon_key().as_str()));
}

#[tokio::test(start_paused = true)]
async fn keys_of_the_new_kind_stand_for_roles() {
    let server = Server::builder().keys("sb_publishable_x", "sb_secret_x").build();
    let mut client = Client::try_open(&server, "sb_secret_x").await.expect("the key is known");
    // The role of the key is that of the channel, whatever key the join names.
    let join = json!({ "config": { "private": true }, "access_token": "sb_publishable_x" });
    client.send(json!(["1", "1", "realtime:room", "phx_join", join])).await;
    assert_eq!(client.next().await[4]["status"], "ok");
    let mut client = Client::try_open(&server, "sb_publishable_x").await.expect("the key is known");
    client.join("room", json!({ "private": true })).await;
    assert_eq!(client.next().await[4]["status"], "error");
    assert!(Client::try_open(&server, "sb_publishable_y").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn limits_are_kept() {
    let mut limits = Limits::default();
    (limits.channels, limits.connections) = (1, 1);
    let server = Server::builder().limits(limits).build();
    let mut client = Client::open(&server).await;
    client.joined("one", json!({})).await;
    client.joined("one", json!({})).await;
    assert_eq!(client.next().await[3], "phx_close", "of the first of the two");
    client.join("two", json!({})).await;
    assert_eq!(client.next().await[4]["response"]["reason"], "ChannelRateLimitReached: Too many channels");
    assert!(Client::try_open(&server, &server.anon_key()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn subscriptions_can_be_late_and_changes_before_are_lost() {
    let server = Server::builder().table(Table::new("public", "todos").key("id", "int8")).build();
    server.withhold_subscriptions(true);
    let mut client = Client::open(&server).await;
    client.joined("todos", json!({ "postgres_changes": [{ "event": "*", "table": "todos" }] })).await;
    server.push_change(&Change::insert("public", "todos", json!({ "id": 1 })));
    server.withhold_subscriptions(false);
    assert_eq!(client.next().await[4]["message"], "Subscribed to PostgreSQL");
    server.push_change(&Change::insert("public", "todos", json!({ "id": 2 })));
    let change = client.next().await;
    assert_eq!(change[4]["data"]["record"], json!({ "id": 2 }));
}

#[tokio::test(start_paused = true)]
async fn filters_are_asked_of_what_is_left_of_a_row_that_is_gone() {
    let todos = Table::new("public", "todos").key("id", "int8").column("task", "text");
    let full = Table::new("public", "full").key("id", "int8").column("task", "text").replica_identity_full();
    let server = Server::builder().table(todos).table(full).build();
    let mut client = Client::open(&server).await;
    let wish =
        |table: &str| json!({ "event": "DELETE", "schema": "public", "table": table, "filter": "task=eq.a" });
    client.joined("gone", json!({ "postgres_changes": [wish("todos"), wish("full")] })).await;
    assert_eq!(client.next().await[4]["message"], "Subscribed to PostgreSQL");
    server.push_change(&Change::delete("public", "todos", json!({ "id": 1, "task": "a" })));
    server.push_change(&Change::delete("public", "full", json!({ "id": 1, "task": "a" })));
    assert_eq!(client.next().await[4]["data"]["table"], "full", "of the other, the key alone is left");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_keeps_nobody_waiting() {
    let server = Server::new();
    let (mut deaf, mut other) = (Client::open(&server).await, Client::open(&server).await);
    deaf.joined("room", json!({})).await;
    other.joined("room", json!({})).await;
    let large = json!({ "x": "y".repeat(10_000) });
    for _ in 0..100 {
        server.broadcast("room", "e", &large);
    }
    // More than fits into the connection waits for the one; what it sends is read nevertheless.
    deaf.send(heartbeat()).await;
    server.wait_for(|frame| frame.event() == "heartbeat").await;
    for _ in 0..100 {
        assert_eq!(other.next().await[3], "broadcast");
    }
    for _ in 0..100 {
        assert_eq!(deaf.next().await[3], "broadcast");
    }
    assert_eq!(deaf.next().await[3], "phx_reply");
}

#[tokio::test(start_paused = true)]
async fn anything_can_be_sent_to_a_client() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    client.joined("room", json!({})).await;
    let connection = server.members("room")[0];
    server.send_text(connection, "not json");
    server.send_binary(connection, &[9, 9]);
    server.send_event("room", "presence_diff", &json!({ "joins": {}, "leaves": {} }));
    server.send_system("room", "system", "error", "odd");
    assert_eq!(client.socket.next().await.unwrap().unwrap(), Message::text("not json"));
    assert_eq!(client.socket.next().await.unwrap().unwrap(), Message::binary(vec![9, 9]));
    assert_eq!(client.next().await[3], "presence_diff");
    assert_eq!(client.next().await[4]["message"], "odd");
}

#[tokio::test(start_paused = true)]
async fn when_the_last_handle_is_dropped_connections_end() {
    let server = Server::new();
    let mut client = Client::open(&server).await;
    drop(server);
    assert!(client.socket.next().await.is_none_or(|message| message.is_err()));
}

#[tokio::test]
async fn on_the_loopback_address_there_are_websockets_and_http() {
    let server = Server::new();
    let url = server.bind().await.expect("there is a port");
    let address = url.strip_prefix("http://").expect("it is a URL").to_owned();
    let socket_url = format!("ws://{address}/realtime/v1/websocket?apikey={}", server.anon_key());
    let stream = tokio::net::TcpStream::connect(&address).await.expect("it listens");
    let (mut socket, _) = client_async(socket_url, stream).await.expect("it is a websocket");
    let join =
        json!({ "topic": "realtime:room", "event": "phx_join", "payload": { "config": {} }, "ref": "1" });
    socket.send(Message::text(join.to_string())).await.unwrap();
    socket.next().await.unwrap().unwrap();

    let body =
        json!({ "messages": [{ "topic": "room", "event": "e", "payload": { "over": "http" } }] }).to_string();
    let request = format!(
        "POST /realtime/v1/api/broadcast HTTP/1.1\r\napikey: {}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        server.anon_key(),
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("it listens");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
    let message = socket.next().await.unwrap().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(message.to_text().unwrap()).unwrap()["payload"]["payload"],
        json!({ "over": "http" })
    );
}
