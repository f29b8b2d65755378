//! A server that answers with exact bytes, for answers that no proper server gives.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a scripted server does with one connection.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Reads the request and closes without a word.
    Close,
    /// Reads the request, and says nothing for this long.
    Silence(Duration),
    /// Answers one request after the other on the same connection, then closes.
    KeepAlive(Vec<Vec<u8>>),
    /// Writes these pieces with a pause before each, and closes.
    Drip(Vec<Vec<u8>>, Duration),
}

/// A scripted server: one answer for each connection, in their order, then it is gone.
#[derive(Clone, Debug)]
pub struct Raw {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    /// Starts a server on loopback.
    ///
    /// # Panics
    /// No port is free.
    pub fn start(answers: impl IntoIterator<Item = Answer> + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let answers: Vec<_> = answers.into_iter().collect();
        thread::spawn(move || {
            for answer in answers {
                let Ok((mut connection, _)) = listener.accept() else { return };
                let request = read_request(&mut connection);
                log.lock().expect("no test panicked").push(request);
                match answer {
                    Answer::Bytes(bytes) => {
                        let _ = connection.write_all(&bytes);
                    }
                    Answer::Close => {}
                    Answer::Silence(duration) => thread::sleep(duration),
                    Answer::Drip(pieces, pause) => {
                        for piece in pieces {
                            thread::sleep(pause);
                            let _ = connection.write_all(&piece);
                        }
                    }
                    Answer::KeepAlive(answers) => {
                        let mut answers = answers.into_iter();
                        let _ = connection.write_all(&answers.next().unwrap_or_default());
                        for answer in answers {
                            let request = read_request(&mut connection);
                            if request.is_empty() {
                                break;
                            }
                            log.lock().expect("no test panicked").push(request);
                            let _ = connection.write_all(&answer);
                        }
                    }
                }
                let _ = connection.shutdown(Shutdown::Both);
            }
        });
        Self { address, requests }
    }

    /// An answer of a status line and JSON headers, with the given body and length.
    pub fn json(status: &str, length: usize, body: &str) -> Answer {
        Answer::Bytes(
            format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").into(),
        )
    }

    /// The address, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far: head and body as text.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panicked").clone()
    }
}

fn read_request(connection: &mut TcpStream) -> String {
    let _ = connection.set_read_timeout(Some(Duration::from_secs(5)));
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match connection.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .filter_map(|line| {
                line.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().to_owned())
            })
            .find_map(|n| n.parse::<usize>().ok())
            .unwrap_or_default();
        if body.len() >= length {
            break;
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}
