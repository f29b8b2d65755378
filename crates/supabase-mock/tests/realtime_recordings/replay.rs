//! Replaying one scenario.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use supabase_mock::realtime::Server;
use supabase_testing::recordings::realtime_tokens;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::compare::same;
use crate::outside::{Outside, server};
use crate::transcript::{Frame, Scenario, What};

/// Long enough for everything that is sent at once.
const SETTLE: Duration = Duration::from_millis(20);

type Socket = WebSocketStream<DuplexStream>;

/// A client's side of a connection.
struct Client {
    sink: SplitSink<Socket, Message>,
    seen: Arc<Mutex<Seen>>,
    recorded: Vec<Frame>,
}

/// What a client has received.
#[derive(Default)]
struct Seen {
    frames: Vec<Frame>,
    /// The client closes, and looks at nothing any more.
    closing: bool,
    /// The code of the server's close frame; 1006 if the connection ended without one.
    closed: Option<u16>,
}

pub(crate) async fn replay(scenario: &Scenario) -> Result<(), String> {
    let began = scenario.lines.iter().find_map(|line| line.at).unwrap_or(1_795_411_020.0);
    let server = server(&scenario.name, Duration::from_secs_f64(began - 2.0));
    let tokens = tokens(&server);
    let mut outside = Outside::new(scenario, &server);
    let mut clients: BTreeMap<u64, Client> = BTreeMap::new();
    for line in &scenario.lines {
        if let Some(at) = line.at {
            let wait = Duration::from_secs_f64(at).saturating_sub(server.now());
            tokio::time::sleep(wait).await;
        }
        outside.before(line);
        match &line.what {
            What::Open { path } => {
                let (socket, _) =
                    open(&server, &named(&tokens, path)).await.map_err(|error| error.to_string())?;
                clients.insert(line.connection, Client::new(socket));
            }
            What::Refused { path, status, body, content_type } => {
                let error = open(&server, &named(&tokens, path)).await.err();
                let Some(Error::Http(response)) = error else {
                    return Err(format!("{path} is not refused: {error:?}"));
                };
                let found_type =
                    response.headers().get("content-type").map(|value| value.to_str().unwrap_or_default());
                let found_body = String::from_utf8_lossy(response.body().as_deref().unwrap_or_default());
                let found = (response.status().as_u16(), found_body.as_ref(), found_type);
                if found != (*status, body.as_str(), content_type.as_deref()) {
                    return Err(format!("{path} is refused with {found:?}"));
                }
            }
            What::Client(frame) => {
                let client = match clients.entry(line.connection) {
                    Entry::Occupied(client) => client.into_mut(),
                    // The recording of the HTTP cases begins after their connections were opened.
                    Entry::Vacant(entry) => {
                        let (socket, _) =
                            open(&server, &implied_path(&tokens, frame)).await.map_err(|e| e.to_string())?;
                        entry.insert(Client::new(socket))
                    }
                };
                let message = match frame {
                    Frame::Text(text) => Message::text(named(&tokens, text)),
                    Frame::Binary(bytes) => Message::binary(bytes.clone()),
                };
                // A frame that is too long is not written to its end; what is missing then shows in the answers.
                let _ = client.sink.send(message).await;
            }
            What::Server(frame) => {
                let client = clients.get_mut(&line.connection).ok_or("an answer on no connection")?;
                client.recorded.push(frame.clone());
            }
            What::Closed { by_server, code } => {
                let client = clients.get_mut(&line.connection).ok_or("a close of no connection")?;
                client.close(*by_server, *code, outside.closes_at_once()).await?;
            }
            What::Http { request, response } => http(&server, &tokens, request, response).await?,
        }
    }
    tokio::time::sleep(SETTLE).await;
    outside.after(
        clients.get(&64).or(clients.get(&102)).and_then(|client| client.seen.lock().unwrap().closed),
    )?;
    for (number, client) in &clients {
        let seen = client.seen.lock().unwrap();
        same(&client.recorded, &seen.frames).map_err(|error| format!("connection {number}: {error}"))?;
    }
    outside.is_done()
}

impl Client {
    fn new(socket: Socket) -> Self {
        let (sink, stream) = socket.split();
        let seen = Arc::new(Mutex::new(Seen::default()));
        tokio::spawn(collect(stream, Arc::clone(&seen)));
        Self { sink, seen, recorded: Vec::new() }
    }

    async fn close(&mut self, by_server: bool, code: u16, at_once: bool) -> Result<(), String> {
        if by_server {
            for _ in 0..100 {
                if self.seen.lock().unwrap().closed.is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            let closed = self.seen.lock().unwrap().closed;
            return match closed == Some(code) {
                true => Ok(()),
                false => Err(format!("the server should close with {code}, not {closed:?}")),
            };
        }
        if !at_once {
            tokio::time::sleep(SETTLE).await;
        }
        self.seen.lock().unwrap().closing = true;
        // The server may have been faster.
        let _ = self.sink.send(Message::Close(None)).await;
        Ok(())
    }
}

async fn collect(mut stream: SplitStream<Socket>, seen: Arc<Mutex<Seen>>) {
    let mut code = 1006;
    while let Some(Ok(message)) = stream.next().await {
        let frame = match message {
            Message::Text(text) => Frame::Text(text.to_string()),
            Message::Binary(bytes) => Frame::Binary(bytes.to_vec()),
            Message::Close(frame) => {
                code = frame.map_or(1005, |frame| frame.code.into());
                continue;
            }
            _ => continue,
        };
        let mut seen = seen.lock().unwrap();
        if !seen.closing {
            seen.frames.push(frame);
        }
    }
    seen.lock().unwrap().closed = Some(code);
}

async fn open(
    server: &Server,
    path: &str,
) -> Result<(Socket, tokio_tungstenite::tungstenite::handshake::client::Response), Error> {
    client_async(format!("ws://127.0.0.1:4100{path}"), server.connect()).await
}

fn implied_path(tokens: &HashMap<String, String>, frame: &Frame) -> String {
    let version = match frame {
        Frame::Text(text) if text.starts_with('[') => "2.0.0",
        _ => "1.0.0",
    };
    named(tokens, &format!("/realtime/v1/websocket?apikey=jwt-realtime-3-anon&vsn={version}"))
}

/// The tokens of the recording, by name.
fn tokens(server: &Server) -> HashMap<String, String> {
    let claims: BTreeMap<String, Value> =
        serde_json::from_str(realtime_tokens()).expect("a recording is readable");
    let signed = claims.into_iter().map(|(name, token)| {
        // The second was signed with another secret.
        let token = match name.starts_with("jwt-realtime-2-") {
            true => Server::builder().jwt_secret("another secret").build().sign(&token["claims"]),
            false => server.sign(&token["claims"]),
        };
        (name, token)
    });
    signed.collect()
}

/// A text with tokens instead of their names.
fn named(tokens: &HashMap<String, String>, text: &str) -> String {
    if text.len() > 100_000 {
        return text.to_owned();
    }
    tokens.iter().fold(text.to_owned(), |text, (name, token)| text.replace(name.as_str(), token))
}

async fn http(
    server: &Server,
    tokens: &HashMap<String, String>,
    request: &Value,
    response: &Value,
) -> Result<(), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let body = http_body(&request["body"]);
    let mut head =
        format!("{} {} HTTP/1.1\r\n", text(&request["method"]), named(tokens, &text(&request["path"])));
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        if name != "content-length" {
            head.push_str(&format!("{name}: {}\r\n", named(tokens, &text(value))));
        }
    }
    if request["path"].as_str().is_some_and(|path| !path.contains("/websocket")) {
        head.push_str("connection: close\r\n");
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut stream = server.connect();
    stream.write_all(&[head.as_bytes(), &body].concat()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.map_err(|error| error.to_string())?;

    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(length)) = parsed.parse(&answer) else {
        return Err("no HTTP answer".into());
    };
    let found: BTreeMap<String, String> = parsed
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let content = |value: &Value| match (&value["json"], &value["text"]) {
        (Value::Null, Value::String(text)) => text.clone(),
        (Value::Null, _) => String::new(),
        (json, _) => json.to_string(),
    };
    let (found_body, wanted_body) = (String::from_utf8_lossy(&answer[length..]), content(&response["body"]));
    if parsed.code.map(u64::from) != response["status"].as_u64() || found_body != wanted_body {
        return Err(format!(
            "{} is answered with {:?} {found_body}, not {response}",
            request["path"], parsed.code
        ));
    }
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        let same = match (name.as_str(), found.get(name)) {
            ("date" | "server" | "vary", _) => true,
            (_, None) => false,
            (name, Some(_)) if name.starts_with("x-r") => true,
            (_, Some(found)) => Some(found.as_str()) == value.as_str(),
        };
        if !same {
            return Err(format!(
                "{}: the header {name} is {:?}, not {value}",
                request["path"],
                found.get(name)
            ));
        }
    }
    Ok(())
}

fn http_body(body: &Value) -> Vec<u8> {
    if let Some(text) = body["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(base64) = body["base64"].as_str() {
        return data_encoding::BASE64.decode(base64.as_bytes()).expect("a recording is readable");
    }
    if let Some(bytes) = body["bytes"].as_u64() {
        // Of the one large body there is its size, and the message that it repeats.
        let message = r#"{"topic": "rest", "event": "e", "payload": {}}"#;
        let count = (usize::try_from(bytes).expect("a size") - 14) / (message.len() + 2);
        let whole = format!(r#"{{"messages": [{}]}}"#, vec![message; count].join(", "));
        assert_eq!(whole.len() as u64, bytes, "the body is what was sent");
        return whole.into_bytes();
    }
    match &body["json"] {
        Value::Null => Vec::new(),
        json => json.to_string().into_bytes(),
    }
}
