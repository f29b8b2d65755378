//! A server that never answers, and notices when the client has hung up.

use std::io::Read;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

/// Starts it: its URL, what says that a request has come, and what says that its connection was closed.
///
/// # Panics
/// If there is no loopback.
#[must_use]
pub fn never_answering() -> (String, Receiver<()>, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    let (came, has_come) = channel();
    let (closed, was_closed) = channel();
    std::thread::spawn(move || {
        let Ok((mut connection, _)) = listener.accept() else { return };
        let mut buffer = [0; 4096];
        let mut told = false;
        // Nothing more comes from a client that waits, until it hangs up.
        while matches!(connection.read(&mut buffer), Ok(read) if read > 0) {
            if !told {
                told = came.send(()).is_ok();
            }
        }
        let _ = closed.send(());
    });
    (url, has_come, was_closed)
}
