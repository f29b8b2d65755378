//! The servers of one cell.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use supabase_mock::http::{Answer, Request, Server};
use supabase_mock::realtime;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::call::{Call, Good};
use crate::cell::{Cell, Times};
use crate::fault::{Fault, MOVED};
use crate::line::{self, Ends, Way};
use crate::names::Names;
use crate::secrets::Secrets;

/// How often a fault strikes that does so for good: more often than anybody tries.
const FOR_GOOD: usize = 40;

/// The servers of one cell, and what they saw.
pub(crate) struct Site {
    pub(crate) port: u16,
    pub(crate) names: Arc<Names>,
    pub(crate) realtime: Option<realtime::Server>,
    fault: Fault,
    call: Call,
    faulty: usize,
    script: Arc<Mutex<Option<Server>>>,
    /// Where redirects lead that must not be followed.
    elsewhere: TcpListener,
    connections: Arc<AtomicUsize>,
    line: Option<AbortHandle>,
}

impl Site {
    /// Starts them. What is asynchronous runs on the runtime of `servers`.
    pub(crate) fn start(cell: Cell, good: &Good, secrets: &Secrets, servers: &Handle) -> io::Result<Self> {
        let faulty = match cell.times {
            Times::Once => 1,
            Times::ForGood => FOR_GOOD,
        };
        let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        elsewhere.set_nonblocking(true)?;
        let there = format!("http://{}/", elsewhere.local_addr()?);
        // A port that is this process's own, and refuses everybody until it is opened.
        let port = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        port.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let number = port.local_addr()?.as_socket_ipv4().map_or(0, |address| address.port());

        let connections = Arc::new(AtomicUsize::new(0));
        let script = Arc::new(Mutex::new(None));
        let first = cell.fault.answer(&handshake(cell.call, good), &there);
        let first: Vec<Answer> = first.map(|answer| vec![answer; faulty]).unwrap_or_default();
        let then = {
            let (good, secrets) = (good.clone(), secrets.clone());
            move |request: &Request| cell.call.answer(&good, &secrets, request)
        };
        let mut realtime = None;
        let mut carrying = None;
        let open: Box<dyn FnOnce(TcpListener) -> io::Result<()> + Send> = if cell.call == Call::Join {
            // The script is for handshakes that never get as far as a websocket.
            let own = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let script_address = own.local_addr()?;
            let way = way(cell.fault);
            let first = if matches!(way, Way::Script) { first } else { Vec::new() };
            *lock(&script) = Some(Server::on(own, first, then)?);
            let server = realtime::Server::builder().keys(&secrets.key, "sb_secret_of_nobody").build();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let address = servers.block_on(server.bind_to(address))?;
            realtime = Some(server);
            let ends = Ends { realtime: address, script: script_address };
            let connections = Arc::clone(&connections);
            let (sender, receiver) = tokio::sync::oneshot::channel::<tokio::net::TcpListener>();
            let task = servers.spawn(async move {
                if let Ok(listener) = receiver.await {
                    line::carry(listener, ends, way, faulty, connections).await;
                }
            });
            carrying = Some(task.abort_handle());
            let servers = servers.clone();
            Box::new(move |listener| {
                listener.set_nonblocking(true)?;
                let _on_its_runtime = servers.enter();
                let listener = tokio::net::TcpListener::from_std(listener)?;
                sender.send(listener).map_err(|_| io::Error::other("the line has ended"))
            })
        } else {
            let script = Arc::clone(&script);
            Box::new(move |listener| {
                *lock(&script) = Some(Server::on(listener, first, then)?);
                Ok(())
            })
        };

        let closed = Mutex::new(Some((port, open)));
        let open = move || match lock(&closed).take() {
            None => Ok(()),
            Some((port, open)) => {
                port.listen(128)?;
                open(port.into())
            }
        };
        let fault = cell.fault;
        if fault != Fault::Refused {
            open()?;
        }
        let names = Names::new(move |nth| match fault {
            Fault::NoSuchHost if nth < faulty => Err(io::Error::other("the name has no address")),
            Fault::Refused if nth < faulty => Ok(()),
            _ => open(),
        });
        Ok(Self {
            port: number,
            names: Arc::new(names),
            realtime,
            fault,
            call: cell.call,
            faulty,
            script,
            elsewhere,
            connections,
            line: carrying,
        })
    }

    /// How many requests reached the server, or tried to.
    pub(crate) fn attempts(&self) -> usize {
        let failed = match self.fault {
            Fault::Refused | Fault::NoSuchHost => self.names.lookups().min(self.faulty),
            _ => 0,
        };
        let connections = self.connections.load(Ordering::SeqCst);
        let requests = lock(&self.script).as_ref().map_or(0, |server| {
            // Handshakes are counted as connections.
            let requests = server.requests();
            requests.iter().filter(|request| !request.target.starts_with("/realtime")).count()
        });
        let unread = if self.call == Call::Join && self.fault == Fault::ResetBefore {
            lock(&self.script).as_ref().map_or(0, |server| server.requests().len())
        } else {
            0
        };
        failed + connections + requests - unread.min(requests)
    }

    /// How often the server was given a whole request to act on, and did not send it elsewhere.
    pub(crate) fn effects(&self) -> usize {
        if !self.call.acts() {
            return 0;
        }
        let script = lock(&self.script);
        let Some(server) = script.as_ref() else { return 0 };
        let requests = server.requests();
        let redirected = if self.fault.redirects() { self.faulty.saturating_sub(server.left()) } else { 0 };
        let is_own = |request: &&Request| {
            request.complete
                && request.method == "POST"
                && (request.target.starts_with("/auth/v1/token")
                    == matches!(self.call, Call::SignIn | Call::Refresh)
                    || request.target == MOVED)
        };
        requests.iter().skip(redirected).filter(is_own).count()
    }

    /// Whether somebody has gone where nobody may go.
    pub(crate) fn was_followed_elsewhere(&self) -> bool {
        self.elsewhere.accept().is_ok()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            line.abort();
        }
    }
}

/// What the faults of HTTP do is done to the answer of the call; of a join, to that of its handshake, which would have a
/// length and a body if it did not open a websocket.
fn handshake(call: Call, good: &Good) -> Good {
    match call {
        Call::Join => Good { status: 200, ..good.clone() },
        _ => good.clone(),
    }
}

/// What a fault means on the way to Realtime.
fn way(fault: Fault) -> Way {
    let text = |opcode: u8, length: u8, payload: &[u8]| {
        let mut frame = vec![opcode, length];
        frame.extend_from_slice(payload);
        Way::Instead(frame)
    };
    match fault {
        Fault::ResetWithinAnswer => Way::EndWithinFrame { reset: true },
        Fault::Truncated => Way::EndWithinFrame { reset: false },
        Fault::ResetAfter => Way::ResetAfterFrame,
        Fault::StallWithinAnswer => Way::Instead(Vec::new()),
        Fault::SlowDrip => Way::Drip(32, Duration::from_millis(10)),
        Fault::EndlessDrip => Way::Drip(16, Duration::from_millis(200)),
        Fault::InvalidJson => text(0x81, 12, b"{\"not json\":"),
        Fault::InvalidUtf8 => text(0x81, 4, b"[\"\xff\xfe"),
        // Three bytes are announced, and what follows is no frame.
        Fault::LongerThanAnnounced => text(0x81, 3, &b"[1]and more ".repeat(20)),
        // The bit that says that the frame is compressed, which nobody has agreed on.
        Fault::InvalidGzip => text(0xc1, 4, b"none"),
        Fault::Refused | Fault::NoSuchHost | Fault::ClockAhead | Fault::ClockBehind => Way::Well,
        _ => Way::Script,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
