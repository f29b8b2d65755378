//! What a scripted server was asked.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// No head is longer than that.
const MAX_HEAD: u64 = 256 * 1024;

/// A request, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method, such as `GET`; empty if nothing of the request was read.
    pub method: String,
    /// Path and query, as they were sent.
    pub target: String,
    /// The headers in their order, the names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, with the chunks of a chunked one put together. As much of it as was read.
    pub body: Vec<u8>,
    /// Whether the body was read to its end.
    pub complete: bool,
}

impl Request {
    /// The first header of this name, which is written in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text. What is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A request of which nothing was read.
    pub(super) fn unread() -> Self {
        Self {
            method: String::new(),
            target: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            complete: false,
        }
    }

    /// Reads a head. None has come if the connection ends first.
    pub(super) fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut lines = stream.by_ref().take(MAX_HEAD);
        let mut next = || -> io::Result<String> {
            let mut line = Vec::new();
            lines.read_until(b'\n', &mut line)?;
            let line = String::from_utf8_lossy(&line);
            Ok(line.trim_end_matches(['\r', '\n']).to_owned())
        };
        let first = next()?;
        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
        let mut headers = Vec::new();
        loop {
            let line = next()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        let (method, target) = (method.to_owned(), target.to_owned());
        Ok(Some(Self { method, target, headers, body: Vec::new(), complete: false }))
    }

    /// Reads the body, or as much of it as is wanted. A connection that breaks leaves it as it is.
    pub(super) fn read_body(
        &mut self,
        stream: &mut BufReader<TcpStream>,
        most: Option<usize>,
    ) -> io::Result<()> {
        let chunked = self.header("transfer-encoding").is_some_and(|value| value.contains("chunked"));
        let length = self.header("content-length").and_then(|length| length.parse::<u64>().ok()).unwrap_or(0);
        let most = most.map_or(u64::MAX, |most| most as u64);
        if (chunked || length > 0) && self.header("expect").is_some() {
            stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if !chunked {
            self.append(stream, length.min(most))?;
            self.complete = self.body.len() as u64 == length;
            return Ok(());
        }
        loop {
            let left = most - self.body.len() as u64;
            if left == 0 {
                return Ok(());
            }
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let size = line.trim().split(';').next().unwrap_or_default();
            let Ok(size) = u64::from_str_radix(size, 16) else { return Ok(()) };
            self.append(stream, size.min(left))?;
            if size > left {
                return Ok(());
            }
            stream.read_line(&mut String::new())?;
            if size == 0 {
                self.complete = true;
                return Ok(());
            }
        }
    }

    fn append(&mut self, stream: &mut BufReader<TcpStream>, length: u64) -> io::Result<()> {
        stream.take(length).read_to_end(&mut self.body).map(drop)
    }
}
