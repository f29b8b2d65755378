//! A line to a Realtime server that breaks as it is told.
//!
//! Everything comes to one port: what is not for Realtime goes to the scripted server of the cell, and so do handshakes
//! that a fault of HTTP is meant for.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long a connection may take to say what it is for. Nobody waits for one that does not.
const FIRST_BYTES: Duration = Duration::from_secs(5);

/// What the line does with one connection to Realtime.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Well,
    /// The scripted server answers the handshake.
    Script,
    /// What comes back comes in pieces of so many bytes, with pauses between.
    Drip(usize, Duration),
    /// It ends within the first frame, by a reset or without one.
    EndWithinFrame {
        reset: bool,
    },
    /// It is reset after the first frame.
    ResetAfterFrame,
    /// In the place of the first frame come these bytes, and then nothing.
    Instead(Vec<u8>),
}

/// Where it leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) realtime: SocketAddr,
    pub(crate) script: SocketAddr,
}

/// Carries connections until it is dropped: the first `faulty` of those to Realtime by `way`.
pub(crate) async fn carry(
    listener: TcpListener,
    ends: Ends,
    way: Way,
    faulty: usize,
    connections: Arc<AtomicUsize>,
) {
    let mut running = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (way, connections) = (way.clone(), Arc::clone(&connections));
        running.spawn(async move {
            // A connection that fails is what this is about.
            let _ = one(client, ends, way, faulty, &connections).await;
        });
        while running.try_join_next().is_some() {}
    }
}

async fn one(
    mut client: TcpStream,
    ends: Ends,
    way: Way,
    faulty: usize,
    connections: &AtomicUsize,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let for_realtime = b"GET /realtime";
    let mut first = [0; 13];
    let is_told = async {
        while client.peek(&mut first).await? < first.len() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok::<_, io::Error>(())
    };
    tokio::time::timeout(FIRST_BYTES, is_told).await??;
    let (end, way) = if first != *for_realtime {
        (ends.script, Way::Well)
    } else if connections.fetch_add(1, Ordering::SeqCst) >= faulty {
        (ends.realtime, Way::Well)
    } else if matches!(way, Way::Script) {
        (ends.script, Way::Well)
    } else {
        (ends.realtime, way)
    };
    let mut server = TcpStream::connect(end).await?;
    server.set_nodelay(true)?;
    let is_reset = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        tokio::select! {
            copied = tokio::io::copy(&mut from_client, &mut to_server) => copied.is_err(),
            reset = back(way, &mut from_server, &mut to_client) => reset?,
        }
    };
    if is_reset {
        SockRef::from(&client).set_linger(Some(Duration::ZERO))?;
    }
    Ok(())
}

/// Carries what comes back. Tells whether the connection is to be reset.
async fn back(way: Way, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> io::Result<bool> {
    let within_frame = 3;
    let arrived = Duration::from_millis(30);
    match way {
        Way::Well | Way::Script => {
            let copied = tokio::io::copy(from, to).await;
            Ok(copied.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset))
        }
        Way::Drip(size, pause) => {
            let mut piece = vec![0; size];
            loop {
                let read = from.read(&mut piece).await?;
                if read == 0 {
                    return Ok(false);
                }
                to.write_all(piece.get(..read).unwrap_or_default()).await?;
                tokio::time::sleep(pause).await;
            }
        }
        Way::EndWithinFrame { reset } => {
            let frame = head_and_first_frame(from, to).await?;
            to.write_all(frame.get(..within_frame).unwrap_or(&frame)).await?;
            tokio::time::sleep(arrived).await;
            Ok(reset)
        }
        Way::ResetAfterFrame => {
            let frame = head_and_first_frame(from, to).await?;
            to.write_all(&frame).await?;
            // What the test says next comes through as well.
            let _ = tokio::time::timeout(Duration::from_millis(200), tokio::io::copy(from, to)).await;
            Ok(true)
        }
        Way::Instead(bytes) => {
            head_and_first_frame(from, to).await?;
            to.write_all(&bytes).await?;
            std::future::pending().await
        }
    }
}

/// Carries the head of the answer to the handshake, and answers with what came first behind it.
async fn head_and_first_frame(from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> io::Result<Vec<u8>> {
    let (mut came, mut piece) = (Vec::new(), [0; 4_096]);
    let end = b"\r\n\r\n";
    let mut head = None;
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        came.extend_from_slice(piece.get(..read).unwrap_or_default());
        if head.is_none() {
            head = came.windows(end.len()).position(|window| window == end).map(|at| at + end.len());
            if let Some(length) = head {
                to.write_all(came.get(..length).unwrap_or_default()).await?;
            }
        }
        if let Some(frame) = head.and_then(|length| came.get(length..)).filter(|frame| !frame.is_empty()) {
            return Ok(frame.to_vec());
        }
    }
}
