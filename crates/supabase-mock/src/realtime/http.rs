//! As much of HTTP/1.1 as the server needs: requests that become websockets, and small ones with an answer.

use std::collections::BTreeMap;
use std::io;

use percent_encoding::percent_decode_str;
use tokio::io::{AsyncRead, AsyncReadExt};

const MOST_HEADERS: usize = 64;
/// The longest request line that the real server reads.
const LONGEST_LINE: usize = 8_000;
/// The longest header that the real server reads.
const LONGEST_HEADER: usize = 4_096;
const LONGEST_HEAD: usize = 128 * 1024;
const LONGEST_BODY: usize = 8 * 1024 * 1024;

/// The `cache-control` of every answer.
pub(crate) const UNCACHED: &str = "max-age=0, private, must-revalidate";

/// A request, read whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path as it was written, without the query.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// By names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a header that is a list has this word.
    pub(crate) fn lists(&self, name: &str, word: &str) -> bool {
        let list = self.header(name).unwrap_or_default();
        list.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status >= 200 {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        411 => "Length Required",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        // Tests may want any other; clients have to read the number.
        _ => "Status",
    }
}

/// What came instead of a request.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It is answered with this status, and the connection is closed.
    Refused(u16),
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads one request. What follows it stays in `buffer`. `None` if the connection ends before one begins.
pub(crate) async fn read_request(
    io: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Result<Option<Request>, ReadError> {
    let mut request = loop {
        if let Some((request, head)) = parse_head(buffer)? {
            buffer.drain(..head);
            break request;
        }
        if buffer.len() > LONGEST_HEAD {
            return Err(ReadError::Refused(431));
        }
        if io.read_buf(buffer).await? == 0 {
            return match buffer.is_empty() {
                true => Ok(None),
                false => Err(ReadError::Io(io::ErrorKind::UnexpectedEof.into())),
            };
        }
    };
    let length = match request.header("content-length") {
        None if request.header("transfer-encoding").is_some() => return Err(ReadError::Refused(411)),
        None => 0,
        Some(length) => length.parse::<usize>().map_err(|_| ReadError::Refused(400))?,
    };
    if length > LONGEST_BODY {
        return Err(ReadError::Refused(413));
    }
    while buffer.len() < length {
        if io.read_buf(buffer).await? == 0 {
            return Err(ReadError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
    }
    request.body = buffer.drain(..length).collect();
    Ok(Some(request))
}

fn parse_head(buffer: &[u8]) -> Result<Option<(Request, usize)>, ReadError> {
    let line = buffer.iter().position(|byte| *byte == b'\n').unwrap_or(buffer.len());
    if line > LONGEST_LINE {
        return Err(ReadError::Refused(414));
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(ReadError::Refused(400)),
    };
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: parse_query(query),
        ..Request::default()
    };
    for header in parsed.headers.iter() {
        if header.value.len() > LONGEST_HEADER {
            return Err(ReadError::Refused(431));
        }
        let value = String::from_utf8_lossy(header.value).trim().to_owned();
        request.headers.insert(header.name.to_ascii_lowercase(), value);
    }
    Ok(Some((request, length)))
}

fn parse_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(&key.replace('+', " ")), decoded(&value.replace('+', " ")))
        })
        .collect()
}

/// A part of an address without its percent signs.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &str) -> Result<Option<Request>, ReadError> {
        read_request(&mut text.as_bytes(), &mut Vec::new()).await
    }

    #[tokio::test]
    async fn a_request_is_read_with_its_body() {
        let text = "POST /a%20b?c=d%26e&f HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
        let request = read(text).await.expect("it is whole").expect("it is there");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/a%20b"));
        assert_eq!(request.parameter("c"), Some("d&e"));
        assert_eq!(request.parameter("f"), Some(""));
        assert_eq!((request.header("host"), request.body.as_slice()), (Some("x"), b"hi".as_slice()));
    }

    #[tokio::test]
    async fn long_lines_and_headers_are_refused_as_the_real_server_does() {
        let cases = [
            (format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(8_000)), 414),
            (format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "x".repeat(4_097)), 431),
            ("nonsense\r\n\r\n".to_owned(), 400),
            ("POST / HTTP/1.1\r\ncontent-length: 9999999999\r\n\r\n".to_owned(), 413),
        ];
        for (text, status) in cases {
            assert!(
                matches!(read(&text).await, Err(ReadError::Refused(found)) if found == status),
                "{status}"
            );
        }
        assert!(matches!(read("").await, Ok(None)));
    }
}
