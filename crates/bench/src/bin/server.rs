//! Answers every request with a response that was made beforehand, over HTTP/1.1 on loopback; of bodies, only their length
//! counts.
//!
//! Prints its address, and ends when its standard input does: so it never outlives the program that started it.

#[path = "server/bodies.rs"]
mod bodies;

#[path = "server/websocket.rs"]
mod websocket;

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Responses by the name of the table, which is the last part of the path.
type Canned = HashMap<Vec<u8>, Vec<u8>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let canned: Canned = [("rows_0", 0), ("rows_10", 10), ("rows_1000", 1_000), ("rows_100000", 100_000)]
        .into_iter()
        .map(|(table, rows)| (table.into(), response(rows, true)))
        // One answer for all pages: it cannot say which one it is.
        .chain([("page".into(), response(1_000, false))])
        .chain([("jwks.json".into(), json(include_str!("jwks.json")))])
        .chain([
            ("hello".into(), json(r#"{"message":"Hello, Ada!","count":1}"#)),
            ("events".into(), events(10_000)),
        ])
        .collect();
    let canned = Arc::new(canned);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);

    // A task on a thread of its own would count as load; a blocking read is a thread that sleeps.
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let canned = Arc::clone(&canned);
        tokio::spawn(async move {
            // A client that goes away is no fault of the server.
            let _ = serve(stream, &canned).await;
        });
    }
}

/// Answers the requests of one connection, one after the other.
async fn serve(mut stream: TcpStream, canned: &Canned) -> io::Result<()> {
    const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        while let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = buffer.get(..end).unwrap_or_default();
            if let Some(key) = websocket::key(head) {
                return websocket::serve(stream, head, &key).await;
            }
            let (length, storage) = (bodies::length(head), bodies::storage(head));
            let table = page(head).unwrap_or_else(|| table(head));
            let answer = canned.get(table).map_or(NOT_FOUND, Vec::as_slice);
            buffer.drain(..end + 4);
            bodies::swallow(&mut stream, &mut buffer, length).await?;
            match storage {
                None => stream.write_all(answer).await?,
                Some(answer) => {
                    stream.write_all(answer.head.as_bytes()).await?;
                    bodies::produce(&mut stream, answer.bytes).await?;
                }
            }
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// `t` of `GET /rest/v1/t?select=* HTTP/1.1`.
fn table(head: &[u8]) -> &[u8] {
    let target = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// The table that answers for a page of `pages_N`, which has `N` rows in pages of 1,000.
fn page(head: &[u8]) -> Option<&'static [u8]> {
    let rows: usize = number(table(head).strip_prefix(b"pages_")?)?;
    let query = head.split(|byte| *byte == b'?').nth(1)?.split(|byte| *byte == b' ').next()?;
    let offset = query.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(b"offset="))?;
    Some(if number(offset)? < rows { b"page" } else { b"rows_0" })
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A response with this body.
fn json(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: public, max-age=600\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The response with this many events.
fn events(count: usize) -> Vec<u8> {
    let mut body = String::new();
    for id in 0..count {
        // Writing into a String cannot fail.
        let _ = write!(
            body,
            "id: {id}\nevent: progress\ndata: {{\"percent\":{},\"message\":\"file {id} is read\"}}\n\n",
            id % 101
        );
    }
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// The response with this many rows of about 150 bytes, with the headers that PostgREST behind a gateway sends.
fn response(rows: usize, with_range: bool) -> Vec<u8> {
    let mut body = String::from("[");
    for id in 0..rows {
        let comma = if id == 0 { "" } else { "," };
        // Writing into a String cannot fail.
        let _ = write!(
            body,
            "{comma}{{\"id\":{id},\"name\":\"Planet number {id}\",\"galaxy\":\"Milky Way\",\"radius\":{}.5,\
             \"inhabited\":{},\"discovered_at\":\"2026-11-24T08:30:00+00:00\",\"note\":{}}}",
            1_000 + id % 70_000,
            id % 3 == 0,
            if id % 2 == 0 { "null" } else { "\"seen twice\"" },
        );
    }
    body.push(']');
    let range =
        if with_range { format!("content-range: 0-{}/*\r\n", rows.saturating_sub(1)) } else { String::new() };
    format!(
        "HTTP/1.1 200 OK\r\ndate: Tue, 24 Nov 2026 08:30:00 GMT\r\ncontent-type: application/json; charset=utf-8\r\n\
         content-length: {}\r\n{range}content-profile: public\r\nserver: postgrest/14.10\r\n\
         sb-request-id: 019a5d0e-1111-7222-8333-444455556666\r\nvary: Accept-Encoding\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}
