//! The stack's one address. Storage and Realtime are answered in this process; everything else is passed on as it comes,
//! bodies piece by piece and connections that become websockets included.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, client, server, upgrade};
use hyper_util::rt::TokioIo;
use supabase_mock::storage::Service;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::{Failure, PREFERRED_PORT, PortChoice, Realtime, cors};

type Failing = Box<dyn Error + Send + Sync>;
type Answer = Response<UnsyncBoxBody<Bytes, Failing>>;

/// The listener of a stack, and its task.
#[derive(Debug)]
pub(super) struct Front {
    address: SocketAddr,
    backends: Arc<Backends>,
    task: JoinHandle<()>,
}

/// Who answers what.
#[derive(Debug)]
struct Backends {
    storage: Service,
    realtime: Realtime,
    /// The port of the Deno program, or 0 until it is known.
    program: AtomicU16,
}

impl Front {
    /// Takes the port and begins to serve.
    pub(super) async fn start(
        port: PortChoice,
        storage: Service,
        realtime: Realtime,
    ) -> Result<Self, Failure> {
        let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = match port {
            PortChoice::Free => bind(0).await,
            PortChoice::Preferred54321 => match bind(PREFERRED_PORT).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => bind(0).await,
                outcome => outcome,
            },
        };
        let failed = |error: io::Error| Failure::new(format!("Cannot listen on 127.0.0.1: {error}."));
        let listener = listener.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let backends = Arc::new(Backends { storage, realtime, program: AtomicU16::new(0) });
        let task = tokio::spawn(serve(listener, Arc::clone(&backends)));
        Ok(Self { address, backends, task })
    }

    /// The address, as a URL.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Says where the program listens.
    pub(super) fn found_program(&self, port: u16) {
        self.backends.program.store(port, Ordering::Relaxed);
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, backends: Arc<Backends>) {
    // Connections end with the set, and the set with the front.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, for one: those of connections that end will do.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let backends = Arc::clone(&backends);
        connections.spawn(async move {
            let answer = service_fn(move |request| {
                let backends = Arc::clone(&backends);
                async move { Ok::<_, Infallible>(answer(&backends, request).await) }
            });
            let connection =
                server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            // What goes wrong with a connection is the client's to notice.
            let _ = connection.with_upgrades().await;
        });
    }
}

/// Answers a page as a project's gateway lets it, and everybody else as the services do.
async fn answer(backends: &Backends, request: Request<Incoming>) -> Answer {
    let Some(gateway) = cors::Gateway::of(&request) else { return served(backends, request).await };
    if let Some(answer) = gateway.preflight(&request) {
        return answer.map(boxed);
    }
    let mut answer = served(backends, request).await;
    gateway.allow(answer.headers_mut());
    answer
}

async fn served(backends: &Backends, request: Request<Incoming>) -> Answer {
    let path = request.uri().path();
    if path == "/storage/v1" || path.starts_with("/storage/v1/") {
        return backends.storage.answer(request).await.map(boxed);
    }
    if path == "/realtime/v1" || path.starts_with("/realtime/v1/") {
        return match pass_on(request, backends.realtime.connect()).await {
            Ok(answer) => answer,
            Err(error) => told(StatusCode::BAD_GATEWAY, &format!("Realtime does not answer: {error}.")),
        };
    }
    let port = backends.program.load(Ordering::Relaxed);
    if port == 0 {
        return told(StatusCode::SERVICE_UNAVAILABLE, "The stack is still starting.");
    }
    let outcome = match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        Ok(stream) => {
            // Without this, small writes would be slower, and nothing else.
            let _ = stream.set_nodelay(true);
            pass_on(request, stream).await
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(answer) => answer,
        Err(error) => {
            told(StatusCode::BAD_GATEWAY, &format!("The stack's program does not answer: {error}."))
        }
    }
}

/// Sends a request on a new connection and answers what comes back.
async fn pass_on<S>(mut request: Request<Incoming>, stream: S) -> Result<Answer, Failing>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let here = upgrade::on(&mut request);
    let mut response = sender.send_request(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let there = upgrade::on(&mut response);
        tokio::spawn(async move {
            if let (Ok(here), Ok(there)) = tokio::join!(here, there) {
                // Either side may go; the other one learns of it.
                let _ = copy_bidirectional(&mut TokioIo::new(here), &mut TokioIo::new(there)).await;
            }
        });
    }
    Ok(response.map(boxed))
}

fn boxed<B>(body: B) -> UnsyncBoxBody<Bytes, Failing>
where
    B: hyper::body::Body<Data = Bytes, Error: Error + Send + Sync> + Send + 'static,
{
    body.map_err(|error| -> Failing { Box::new(error) }).boxed_unsync()
}

fn told(status: StatusCode, message: &str) -> Answer {
    let text = serde_json::json!({ "message": message }).to_string();
    let mut response = Response::new(boxed(Full::new(Bytes::from(text))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
