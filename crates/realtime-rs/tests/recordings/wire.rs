//! A connection whose other end is the recording.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt, future};
use realtime_rs::{Connection, Error, Frame, Handshake, Result, Transport};
use tokio::sync::{Notify, mpsc};

#[derive(Clone)]
pub(crate) struct Wire(Arc<Inner>);

struct Inner {
    refusal: Option<(u16, String)>,
    sent: Mutex<Vec<Frame>>,
    told: Notify,
    answers: Mutex<Option<mpsc::UnboundedSender<Frame>>>,
}

impl Wire {
    pub(crate) fn open() -> Self {
        Self::new(None)
    }

    pub(crate) fn refusing(status: u16, body: &str) -> Self {
        Self::new(Some((status, body.to_owned())))
    }

    fn new(refusal: Option<(u16, String)>) -> Self {
        let (sent, told, answers) = (Mutex::default(), Notify::new(), Mutex::new(None));
        Self(Arc::new(Inner { refusal, sent, told, answers }))
    }

    /// The next frame that the client sends.
    pub(crate) async fn sent(&self) -> Frame {
        loop {
            let told = self.0.told.notified();
            {
                let mut sent = self.0.sent.lock().unwrap();
                if !sent.is_empty() {
                    return sent.remove(0);
                }
            }
            told.await;
        }
    }

    /// Gives the client a frame.
    pub(crate) fn answer(&self, frame: Frame) {
        if let Some(answers) = &*self.0.answers.lock().unwrap() {
            let _ = answers.send(frame);
        }
    }
}

impl Transport for Wire {
    fn connect(&self, _: Handshake) -> Pin<Box<dyn Future<Output = Result<Connection>> + Send>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            if let Some((status, body)) = &inner.refusal {
                return Err(Error::refused(*status, body.clone()));
            }
            let (answers, mut incoming) = mpsc::unbounded_channel();
            *inner.answers.lock().unwrap() = Some(answers);
            let incoming = futures_util::stream::poll_fn(move |context| incoming.poll_recv(context)).map(Ok);
            let outgoing = futures_util::sink::drain()
                .sink_map_err(|error| -> Error { match error {} })
                .with(move |frame: Frame| {
                    inner.sent.lock().unwrap().push(frame);
                    inner.told.notify_one();
                    future::ready(Ok(()))
                });
            Ok(Connection::from_parts(incoming, outgoing))
        })
    }
}
