//! A websocket that answers every join, and then sends as many broadcasts as the name of the channel says.

use std::collections::HashSet;
use std::io;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

/// The key of a handshake, if this is the head of one.
pub(crate) fn key(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("sec-websocket-key:"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Serves the connection to its end.
pub(crate) async fn serve(mut stream: TcpStream, head: &[u8], key: &str) -> io::Result<()> {
    let is_v1 = head.windows(9).any(|nine| nine == b"vsn=1.0.0");
    let accept = derive_accept_key(key.as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let config = WebSocketConfig::default().write_buffer_size(64 * 1024);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let mut joined = HashSet::new();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let Some((reply, topic)) = answer(&text, is_v1) else { continue };
        socket.send(Message::text(reply)).await.map_err(io::Error::other)?;
        // `realtime:text-1000` for broadcasts in text, `realtime:binary-1000` for binary frames.
        // Once for each topic: a client may join twice.
        if !joined.insert(topic.clone()) {
            continue;
        }
        let Some((kind, count)) = topic.trim_start_matches("realtime:").split_once('-') else { continue };
        let broadcast = broadcast(kind, &topic, is_v1);
        for _ in 0..count.parse().unwrap_or(0_usize) {
            socket.feed(broadcast.clone()).await.map_err(io::Error::other)?;
        }
        socket.flush().await.map_err(io::Error::other)?;
    }
    Ok(())
}

/// The confirmation of a join or heartbeat, and the topic of a join.
fn answer(text: &str, is_v1: bool) -> Option<(String, String)> {
    let message: Value = serde_json::from_str(text).ok()?;
    let field = |name: &str, at: usize| if is_v1 { message[name].clone() } else { message[at].clone() };
    let (topic, reference) = (field("topic", 2), field("ref", 1));
    let payload = json!({ "status": "ok", "response": { "postgres_changes": [] } });
    let reply = if is_v1 {
        json!({ "event": "phx_reply", "payload": payload, "ref": reference, "topic": topic })
    } else {
        json!([field("join_ref", 0), reference, topic, "phx_reply", payload])
    };
    let is_join = field("event", 3) == "phx_join";
    let topic = if is_join { topic.as_str()?.to_owned() } else { String::new() };
    Some((reply.to_string(), topic))
}

/// A small broadcast, as Realtime sends it.
fn broadcast(kind: &str, topic: &str, is_v1: bool) -> Message {
    const POSITION: &str = r#"{"x":412.5,"y":87.25}"#;
    const EVENT: &str = "cursor-pos";
    let body = format!(r#"{{"event":"{EVENT}","payload":{POSITION},"type":"broadcast"}}"#);
    if kind == "binary" {
        let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let head = [4, length(topic), length(EVENT), 0, 1];
        return Message::binary(
            [&head[..], topic.as_bytes(), EVENT.as_bytes(), POSITION.as_bytes()].concat(),
        );
    }
    Message::text(if is_v1 {
        format!(r#"{{"event":"broadcast","payload":{body},"ref":null,"topic":"{topic}"}}"#)
    } else {
        format!(r#"[null,null,"{topic}","broadcast",{body}]"#)
    })
}
