//! One connection of a scripted server.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use super::Shared;
use super::answer::{Answer, Content, Read, reason};
use super::request::Request;

/// A client that says nothing for that long is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Close,
    Reset,
}

/// Answers requests until the connection or the script ends.
pub(super) fn serve(stream: TcpStream, shared: &Shared) {
    // What goes wrong with a connection is what tests are about.
    let end = answer_all(&stream, shared).unwrap_or(End::Close);
    if end == End::Close || SockRef::from(&stream).set_linger(Some(Duration::ZERO)).is_err() {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn answer_all(stream: &TcpStream, shared: &Shared) -> io::Result<End> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    // What is wanted of a request is looked up when it comes: what came before may have taken the answer.
    while !reader.fill_buf()?.is_empty() {
        let (request, read) = match shared.wanted() {
            Read::Nothing => (Request::unread(), Ok(())),
            wanted => {
                let Some(mut request) = Request::read_head(&mut reader)? else { break };
                let most = if let Read::Only(bytes) = wanted { Some(bytes) } else { None };
                let read = request.read_body(&mut reader, most);
                (request, read)
            }
        };
        let is_head = request.method == "HEAD";
        let is_last = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let answer = shared.answer(request);
        read?;
        let Some(answer) = answer else { break };
        let goes_on = write(stream, shared, &answer, is_head)?;
        if answer.reset {
            return Ok(End::Reset);
        }
        if !goes_on || is_last {
            break;
        }
    }
    Ok(End::Close)
}

/// Writes an answer. Tells whether the connection goes on.
fn write(mut stream: &TcpStream, shared: &Shared, answer: &Answer, is_head: bool) -> io::Result<bool> {
    let body = match &answer.content {
        Content::Exact(bytes) => bytes,
        Content::Proper { status, headers, body } => {
            stream.write_all(head(answer, *status, headers, body).as_bytes())?;
            body
        }
    };
    let is_short = answer.announced.is_some_and(|length| length > body.len() as u64);
    if is_head {
        return Ok(!answer.close);
    }
    let (end, is_cut) = match answer.cut {
        Some(cut) if cut < body.len() => (cut, true),
        // A cut at the very end is one as well.
        Some(_) => (body.len(), true),
        None => (body.len(), false),
    };
    let size = answer.drip.map_or(usize::MAX, |(size, _)| size);
    let mut at = 0;
    let mut stall = answer.stall;
    while at < end {
        if let Some((_, duration)) = stall.take_if(|(after, _)| *after <= at)
            && !shared.wait(duration)
        {
            return Ok(false);
        }
        let until_stall = stall.map_or(usize::MAX, |(after, _)| after.saturating_sub(at).max(1));
        let piece = body.get(at..end.min(at.saturating_add(size.min(until_stall)))).unwrap_or_default();
        at += piece.len();
        if answer.chunked {
            stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
        }
        stream.write_all(piece)?;
        if answer.chunked {
            stream.write_all(b"\r\n")?;
        }
        if let Some((_, pause)) = answer.drip
            && !shared.wait(pause)
        {
            return Ok(false);
        }
    }
    if let Some((_, duration)) = stall
        && !shared.wait(duration)
    {
        return Ok(false);
    }
    if answer.chunked && !is_cut {
        stream.write_all(b"0\r\n\r\n")?;
    }
    Ok(!(answer.close || is_cut || is_short))
}

fn head(answer: &Answer, status: u16, headers: &[(String, String)], body: &[u8]) -> String {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let has_none = status == 204 || status == 304;
    if answer.chunked {
        head.push_str("transfer-encoding: chunked\r\n");
    } else if !has_none || answer.announced.is_some() {
        let length = answer.announced.unwrap_or(body.len() as u64);
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    if answer.close {
        head.push_str("connection: close\r\n");
    }
    head.push_str("\r\n");
    head
}
