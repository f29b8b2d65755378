//! A scripted HTTP server: it answers what a test says, faults included, and keeps what it was asked.
//!
//! It runs on threads of its own and needs no async runtime; a paused clock does not stop it.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use supabase_mock::http::{Answer, Server};
//!
//! let server = Server::start([
//!     Answer::json(503, r#"{"message":"busy"}"#).header("retry-after", "0"),
//!     // Announces ten bytes, sends three of them, and hangs up.
//!     Answer::new(200).body("0123456789").cut_after(3),
//! ])?;
//!
//! let mut first = String::new();
//! let mut connection = TcpStream::connect(server.address())?;
//! connection.write_all(b"GET /rest/v1/cities HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
//! connection.read_to_string(&mut first)?;
//! assert!(first.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
//! assert!(first.ends_with("\r\n\r\n{\"message\":\"busy\"}"));
//!
//! let requests = server.requests();
//! assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("GET", "/rest/v1/cities"));
//! assert_eq!(server.left(), 1);
//! # Ok::<(), std::io::Error>(())
//! ```

mod answer;
mod connection;
mod request;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use self::answer::Answer;
use self::answer::Read;
pub use self::request::Request;

/// A scripted server on the loopback address. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Accepts connections; only absent while the server is dropped.
    listener: Option<JoinHandle<()>>,
}

/// Where answers come from: first from a list, then from a closure; without one, connections are closed.
struct Script {
    list: VecDeque<Answer>,
    closure: Option<Box<Ask>>,
}

type Ask = dyn FnMut(&Request) -> Answer + Send;

struct Shared {
    state: Mutex<State>,
    /// Wakes what waits, at the end.
    ended: Condvar,
}

struct State {
    script: Script,
    requests: Vec<Request>,
    /// Those that are open, by their number.
    connections: HashMap<usize, TcpStream>,
    opened: usize,
    stopped: bool,
}

impl Server {
    /// A server that gives these answers, one to each request as it comes, whatever the connection.
    ///
    /// When there are no more, requests are still kept and their connections closed without a word.
    ///
    /// # Errors
    /// No port is free, or no thread to be had.
    pub fn start(answers: impl IntoIterator<Item = Answer>) -> io::Result<Self> {
        Self::run(free_port()?, Script { list: answers.into_iter().collect(), closure: None })
    }

    /// A server that asks a closure for each answer. The closure is called by one request at a time.
    ///
    /// ```
    /// use supabase_mock::http::{Answer, Server};
    ///
    /// let mut count = 0;
    /// let server = Server::answering(move |request| {
    ///     count += 1;
    ///     Answer::json(200, format!(r#"{{"count":{count},"length":{}}}"#, request.body.len()))
    /// })?;
    /// # drop(server);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// No port is free, or no thread to be had.
    pub fn answering(answer: impl FnMut(&Request) -> Answer + Send + 'static) -> io::Result<Self> {
        Self::run(free_port()?, Script { list: VecDeque::new(), closure: Some(Box::new(answer)) })
    }

    /// A server on a listener of the test's own, such as one of a port that was refused until now. It gives `first`, one
    /// to each request, and then what the closure says.
    ///
    /// ```
    /// use std::net::TcpListener;
    /// use supabase_mock::http::{Answer, Server};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let server = Server::on(listener, [Answer::reset()], |_| Answer::json(200, "[]"))?;
    /// # drop(server);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// The listener does not know its address or cannot be waited on, or there is no thread to be had.
    pub fn on(
        listener: TcpListener,
        first: impl IntoIterator<Item = Answer>,
        then: impl FnMut(&Request) -> Answer + Send + 'static,
    ) -> io::Result<Self> {
        Self::run(listener, Script { list: first.into_iter().collect(), closure: Some(Box::new(then)) })
    }

    fn run(listener: TcpListener, script: Script) -> io::Result<Self> {
        let address = listener.local_addr()?;
        // One of an async runtime's does not wait, and would be asked again without end.
        listener.set_nonblocking(false)?;
        let state =
            State { script, requests: Vec::new(), connections: HashMap::new(), opened: 0, stopped: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), ended: Condvar::new() });
        let own = Arc::clone(&shared);
        let name = "supabase-mock http".to_owned();
        let listener = thread::Builder::new().name(name).spawn(move || accept(&listener, &own))?;
        Ok(Self { address, shared, listener: Some(listener) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address, as a URL such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far. A request is kept before its answer begins.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// How many answers of the script are left. A closure never ends, and does not count.
    #[must_use]
    pub fn left(&self) -> usize {
        self.shared.state().script.list.len()
    }

    /// How many connections were opened so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().opened
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.stopped = true;
        for (_, connection) in state.connections.drain() {
            // One that has ended cannot be ended.
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.ended.notify_all();
        // The listener notices its end by one more connection.
        if TcpStream::connect(self.address).is_ok()
            && let Some(listener) = self.listener.take()
        {
            let _ = listener.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A closure of a test may have panicked, which the test learns by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, but not beyond the end of the server. Tells whether it goes on.
    fn wait(&self, duration: Duration) -> bool {
        let waited = self.ended.wait_timeout_while(self.state(), duration, |state| !state.stopped);
        !waited.unwrap_or_else(PoisonError::into_inner).0.stopped
    }

    /// How much of the next request the script wants to be read.
    fn wanted(&self) -> Read {
        self.state().script.list.front().map_or(Read::Whole, |answer| answer.read)
    }

    /// Keeps a request and takes its answer.
    fn answer(&self, request: Request) -> Option<Answer> {
        let mut state = self.state();
        let Script { list, closure } = &mut state.script;
        let answer = list.pop_front().or_else(|| closure.as_mut().map(|answer| answer(&request)));
        state.requests.push(request);
        answer
    }
}

fn free_port() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let mut state = shared.state();
        if state.stopped {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(handle) = stream.try_clone() else { continue };
        state.opened += 1;
        let number = state.opened;
        state.connections.insert(number, handle);
        drop(state);
        let own = Arc::clone(shared);
        // Without a thread the connection is closed, which a client has to live with anyway.
        let _ = thread::Builder::new().spawn(move || {
            connection::serve(stream, &own);
            own.state().connections.remove(&number);
        });
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        formatter
            .debug_struct("Shared")
            .field("requests", &state.requests.len())
            .field("opened", &state.opened)
            .finish_non_exhaustive()
    }
}
