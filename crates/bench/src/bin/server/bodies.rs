//! Bodies of any size: swallowed as they come, and made as they go. Nothing of them is kept.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is read or written at once, in bytes.
const PIECE: usize = 256 * 1024;

/// The head of an answer, and how many bytes are behind it.
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) bytes: u64,
}

/// What storage answers to a request, if it is one to storage.
pub(crate) fn storage(head: &[u8]) -> Option<Answer> {
    let head = std::str::from_utf8(head).ok()?;
    let (method, target) = head.split_once(' ')?;
    let path = target.split(' ').next()?.strip_prefix("/storage/v1/")?;
    let answer = match method {
        "GET" => {
            let bytes: u64 = path.rsplit_once("/bytes_")?.1.parse().ok()?;
            return Some(Answer {
                head: format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {bytes}\r\n\
                     etag: \"0123456789abcdef\"\r\naccept-ranges: bytes\r\n\r\n"
                ),
                bytes,
            });
        }
        "PATCH" => {
            let offset = header(head, "upload-offset")? + header(head, "content-length")?;
            format!("HTTP/1.1 204 No Content\r\nupload-offset: {offset}\r\ntus-resumable: 1.0.0\r\n\r\n")
        }
        _ if path == "upload/resumable" => "HTTP/1.1 201 Created\r\nlocation: /upload/resumable/Zmlsb3M\r\n\
             tus-resumable: 1.0.0\r\ncontent-length: 0\r\n\r\n"
            .to_owned(),
        _ => {
            let body = r#"{"Key":"films/1.mp4","Id":"019a5d0e-1111-7222-8333-444455556666"}"#;
            let length = body.len();
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
        }
    };
    Some(Answer { head: answer, bytes: 0 })
}

/// How many bytes of a body come behind a head.
pub(crate) fn length(head: &[u8]) -> u64 {
    std::str::from_utf8(head).ok().and_then(|head| header(head, "content-length")).unwrap_or_default()
}

fn header(head: &str, name: &str) -> Option<u64> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?.1.parse().ok()
}

/// Reads so many bytes of a body, of which some are in `buffer`, and forgets them.
pub(crate) async fn swallow(stream: &mut TcpStream, buffer: &mut Vec<u8>, length: u64) -> io::Result<()> {
    let known = buffer.len().min(usize::try_from(length).unwrap_or(usize::MAX));
    buffer.drain(..known);
    let mut rest = length - known as u64;
    if rest == 0 {
        return Ok(());
    }
    let mut piece = vec![0; PIECE];
    while rest > 0 {
        let most = piece.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        let read = stream.read(piece.get_mut(..most).unwrap_or_default()).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        rest -= read as u64;
    }
    Ok(())
}

/// Writes so many bytes.
pub(crate) async fn produce(stream: &mut TcpStream, bytes: u64) -> io::Result<()> {
    let piece = vec![7; PIECE.min(usize::try_from(bytes).unwrap_or(PIECE))];
    let mut rest = bytes;
    while rest > 0 {
        let most = piece.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        stream.write_all(piece.get(..most).unwrap_or_default()).await?;
        rest -= most as u64;
    }
    Ok(())
}
