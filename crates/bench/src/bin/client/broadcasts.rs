//! Receiving very many small broadcasts, and holding very many channels: by our crate, and by tungstenite and serde_json.

use futures_util::{SinkExt, StreamExt};
use realtime_rs::{Broadcast, Channel, Client, Delivery, Listener, Overflow, ProtocolVersion};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::{KEY, Outcome, peak_kilobytes};

/// What the broadcasts carry, as a type.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct Position {
    x: f64,
    y: f64,
}

/// `v1-text`, `v2-text` or `v2-binary`, with `-typed` for payloads of a type; or `channels`.
pub(crate) async fn run(workload: &str, who: &str, operations: usize, address: &str) -> Outcome {
    if workload == "channels" {
        return channels(operations, address).await;
    }
    let (version, kind) = workload.split_once('-').ok_or("there is no such workload")?;
    let (kind, is_typed) = match kind.strip_suffix("-typed") {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    let topic = format!("{kind}-{operations}");
    let version = if version == "v1" { ProtocolVersion::V1 } else { ProtocolVersion::V2 };
    match (who, is_typed) {
        ("ours", false) => ours::<Value>(version, &topic, operations, address).await,
        ("ours", true) => ours::<Position>(version, &topic, operations, address).await,
        (_, false) => raw::<Value>(version, &topic, operations, address).await,
        (_, true) => raw::<Position>(version, &topic, operations, address).await,
    }
}

fn client(version: ProtocolVersion, address: &str) -> Outcome<Client> {
    // Nothing may be dropped: what is compared is the cost of receiving everything.
    let builder = Client::builder(format!("http://{address}/realtime/v1"), KEY).protocol(version);
    Ok(builder.buffer(1_000_000, Overflow::Fail).build()?)
}

async fn ours<T: DeserializeOwned>(
    version: ProtocolVersion,
    topic: &str,
    count: usize,
    address: &str,
) -> Outcome {
    let client = client(version, address)?;
    let mut room = client.channel(topic);
    let mut positions: Listener<Broadcast<T>> = room.on_broadcast("cursor-pos");
    let _room = room.subscribe().await?;
    for _ in 0..count {
        match positions.next().await {
            Some(Ok(Delivery::Message(position))) => drop(std::hint::black_box(position)),
            Some(Err(error)) => return Err(error.into()),
            _ => return Err("a broadcast is missing".into()),
        }
    }
    Ok(())
}

/// What a careful program without our crate would do: borrow what it does not keep.
async fn raw<T: DeserializeOwned>(
    version: ProtocolVersion,
    topic: &str,
    count: usize,
    address: &str,
) -> Outcome {
    #[derive(Deserialize)]
    struct Body<'a, T> {
        event: &'a str,
        payload: T,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "decoded, not read")]
    struct Array<'a, T>(
        Option<&'a str>,
        Option<&'a str>,
        &'a str,
        &'a str,
        #[serde(borrow, bound(deserialize = "T: Deserialize<'de>"))] Body<'a, T>,
    );
    #[derive(Deserialize)]
    struct Object<'a, T> {
        topic: &'a str,
        #[serde(borrow, bound(deserialize = "T: Deserialize<'de>"))]
        payload: Body<'a, T>,
    }
    let vsn = if version == ProtocolVersion::V1 { "1.0.0" } else { "2.0.0" };
    let url = format!("ws://{address}/realtime/v1/websocket?apikey={KEY}&vsn={vsn}");
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(url, stream).await?;
    let topic = format!("realtime:{topic}");
    let config = r#"{"config":{"broadcast":{"ack":false,"self":false},"presence":{"key":"","enabled":false},"postgres_changes":[],"private":false}}"#;
    let join = match version {
        ProtocolVersion::V1 => {
            format!(r#"{{"topic":"{topic}","event":"phx_join","payload":{config},"ref":"1","join_ref":"1"}}"#)
        }
        _ => format!(r#"["1","1","{topic}","phx_join",{config}]"#),
    };
    socket.send(Message::text(join)).await?;
    socket.next().await.ok_or("the join was not confirmed")??;
    for _ in 0..count {
        let message = socket.next().await.ok_or("a broadcast is missing")??;
        let (of, event, payload): (&str, &str, T) = match &message {
            Message::Text(text) if version == ProtocolVersion::V1 => {
                let Object { topic, payload } = serde_json::from_str::<Object<'_, T>>(text)?;
                (topic, payload.event, payload.payload)
            }
            Message::Text(text) => {
                let Array(_, _, topic, _, body) = serde_json::from_str::<Array<'_, T>>(text)?;
                (topic, body.event, body.payload)
            }
            Message::Binary(bytes) => {
                let (head, rest) = bytes.split_first_chunk::<5>().ok_or("a frame is too short")?;
                let (topic, rest) = rest.split_at_checked(head[1].into()).ok_or("a frame is too short")?;
                let (event, rest) = rest.split_at_checked(head[2].into()).ok_or("a frame is too short")?;
                let (_, payload) = rest.split_at_checked(head[3].into()).ok_or("a frame is too short")?;
                (std::str::from_utf8(topic)?, std::str::from_utf8(event)?, serde_json::from_slice(payload)?)
            }
            _ => return Err("a frame that is none".into()),
        };
        if of != topic || event != "cursor-pos" {
            return Err("a message of another channel".into());
        }
        drop(std::hint::black_box(payload));
    }
    Ok(())
}

/// Joins so many channels, and prints the most memory that this took.
async fn channels(count: usize, address: &str) -> Outcome {
    let client = client(ProtocolVersion::V2, address)?;
    let mut channels: Vec<(Channel, Listener<Broadcast<Value>>)> = Vec::with_capacity(count);
    for n in 0..count {
        let mut room = client.channel(format!("room{n}"));
        let broadcasts = room.on_broadcast("*");
        channels.push((room.subscribe().await?, broadcasts));
    }
    println!("{}", peak_kilobytes().unwrap_or_default());
    Ok(())
}
