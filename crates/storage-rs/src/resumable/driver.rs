//! Sends what the protocol says.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{Either, select};
use supabase_core::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use supabase_core::{Failure, Method, Payload, Reply, Request, RetryPolicy, Transport, Url, sleep};
use tokio::sync::watch;

use super::handle::{Control, Progress};
use super::memory::Memory;
use super::protocol::{Event, Fault, Protocol, Refusal, Step};
use super::refusal;
use super::source::{Source, Watcher};
use super::{X_SIGNATURE, address};
use crate::error::{Error, Result};
use crate::object::ObjectInfo;

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const OFFSET_OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/offset+octet-stream");

/// An upload that runs.
pub(super) struct Driver {
    pub(super) transport: Transport,
    /// What all requests have in common; its address is that which creates uploads.
    pub(super) request: Request,
    /// Where the service says what it knows of the object.
    pub(super) object: Url,
    pub(super) metadata: HeaderValue,
    pub(super) retry: RetryPolicy,
    pub(super) source: Source,
    /// How many bytes a chunk has.
    pub(super) chunk: u64,
    pub(super) memory: Memory,
    pub(super) control: watch::Receiver<Control>,
    pub(super) progress: Arc<watch::Sender<Progress>>,
    /// The address of the upload, once it is created.
    pub(super) upload: Option<Url>,
    /// Why the last request failed, until another one goes well.
    pub(super) failure: Option<Failure>,
    /// How far the bytes of the present chunk may have gone.
    pub(super) end: u64,
    /// Whether the length was not known when the upload was created.
    pub(super) is_deferred: bool,
}

impl Driver {
    /// Uploads everything.
    ///
    /// # Errors
    /// It cannot be done, or was cancelled.
    pub(super) async fn run(mut self) -> Result<()> {
        let total = self.source.total();
        let remembered = self.memory.load().await?;
        let (mut protocol, mut step) = match remembered {
            Some(id) => {
                self.upload = Some(address::upload(&self.request.url, &id));
                Protocol::resumed(total, self.retry.max_retries)
            }
            None => Protocol::new(total, self.retry.max_retries),
        };
        loop {
            self.tell(&protocol);
            let event = match step {
                Step::Done => return self.memory.forget().await,
                Step::Fail(fault) => return Err(self.fail(fault).await?),
                step => match self.unless_stopped(step, &mut protocol).await? {
                    Some(event) => event,
                    None => {
                        self.rest().await?;
                        Event::Stopped { end: self.end }
                    }
                },
            };
            step = protocol.on(event);
            if protocol.is_creating() {
                self.upload = None;
            }
        }
    }

    /// Does a step; `None` if the caller wants something else meanwhile.
    async fn unless_stopped(&mut self, step: Step, protocol: &mut Protocol) -> Result<Option<Event>> {
        let mut control = self.control.clone();
        if *control.borrow_and_update() != Control::Run {
            return Ok(None);
        }
        let work = std::pin::pin!(self.perform(step, protocol));
        let stopped = std::pin::pin!(async {
            // Without a handle, nobody can stop it.
            while control.changed().await.is_ok() {
                if *control.borrow_and_update() != Control::Run {
                    return;
                }
            }
            std::future::pending::<()>().await;
        });
        match select(work, stopped).await {
            Either::Left((event, _)) => event.map(Some),
            Either::Right(_) => Ok(None),
        }
    }

    /// Waits until the caller wants to go on.
    ///
    /// # Errors
    /// The caller has cancelled, or is gone.
    async fn rest(&mut self) -> Result<()> {
        self.progress.send_modify(|progress| {
            progress.is_paused = true;
            progress.sent = progress.confirmed;
        });
        loop {
            let control = *self.control.borrow_and_update();
            match control {
                Control::Run => break,
                Control::Cancel => return Err(self.cancel().await),
                Control::Pause => {
                    if self.control.changed().await.is_err() {
                        return Err(Error::cancelled(
                            "the upload is paused, and nobody is left to resume it",
                            None,
                        ));
                    }
                }
            }
        }
        self.progress.send_modify(|progress| progress.is_paused = false);
        Ok(())
    }

    async fn perform(&mut self, step: Step, protocol: &mut Protocol) -> Result<Event> {
        match step {
            Step::Create => self.create(protocol).await,
            Step::Ask => self.ask().await,
            Step::Send { offset } => self.send(offset, protocol).await,
            Step::Wait { failures } => self.wait(failures).await,
            // The caller of this has dealt with them.
            Step::Done | Step::Fail(_) => Ok(Event::Waited),
        }
    }

    async fn create(&mut self, protocol: &mut Protocol) -> Result<Event> {
        self.source.prepare(self.chunk).await?;
        let mut request = self.request(Method::POST, self.request.url.clone());
        match self.source.total() {
            Some(total) => {
                protocol.ends_at(total);
                request.headers.push((UPLOAD_LENGTH, HeaderValue::from(total)));
            }
            None => request.headers.push((UPLOAD_DEFER_LENGTH, HeaderValue::from(1))),
        }
        self.is_deferred = self.source.total().is_none();
        request.headers.push((UPLOAD_METADATA, self.metadata.clone()));
        let reply = match self.transport.send(&request).await {
            Ok(reply) => reply,
            Err(failure) => return self.failed(failure, true, 0),
        };
        let Some(id) = reply.header("location").and_then(address::id) else {
            let message = "the service created an upload and did not say where";
            return Err(Error::from_failure(Failure::decode(message, &reply, None)));
        };
        self.upload = Some(address::upload(&self.request.url, id));
        self.memory.save(id).await?;
        self.failure = None;
        Ok(Event::Created)
    }

    async fn ask(&mut self) -> Result<Event> {
        let request = self.request(Method::HEAD, self.address()?);
        let reply = match self.transport.send(&request).await {
            Ok(reply) => reply,
            Err(failure) => return self.failed(failure, true, 0),
        };
        match number(&reply, &UPLOAD_OFFSET) {
            Some(offset) => {
                let length = number(&reply, &UPLOAD_LENGTH);
                self.is_deferred = length.is_none();
                Ok(Event::Told { offset, length })
            }
            None => {
                let message = "the service was asked how much it has, and did not say";
                Err(Error::from_failure(Failure::decode(message, &reply, None)))
            }
        }
    }

    async fn send(&mut self, offset: u64, protocol: &mut Protocol) -> Result<Event> {
        let sent = Arc::new(Mutex::new(offset));
        let progress = Arc::clone(&self.progress);
        let watcher: Watcher = Arc::new(move |bytes| {
            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            *sent += bytes as u64;
            progress.send_modify(|progress| progress.sent = *sent);
        });
        // Until it is known how far the chunk goes, nothing of it can have gone anywhere.
        self.end = offset;
        let chunk = self.source.chunk(offset, self.chunk, watcher).await?;
        protocol.keeps_from(self.source.kept_from());
        self.end = chunk.end;
        let mut request = self.request(Method::PATCH, self.address()?);
        if chunk.is_last {
            protocol.ends_at(chunk.end);
            if self.is_deferred {
                request.headers.push((UPLOAD_LENGTH, HeaderValue::from(chunk.end)));
            }
        }
        request.headers.push((UPLOAD_OFFSET, HeaderValue::from(offset)));
        request.headers.push((CONTENT_TYPE, OFFSET_OCTET_STREAM));
        request.payload = Some(Payload::content(chunk.content));
        // What is sent again begins where the service says, and not where this began.
        request.retry = Some(RetryPolicy { max_retries: 0, ..self.retry });
        match self.transport.send(&request).await {
            Ok(reply) => {
                self.failure = None;
                Ok(Event::Accepted { end: chunk.end, offset: number(&reply, &UPLOAD_OFFSET) })
            }
            // It was made already, and only the answer was lost.
            Err(failure)
                if chunk.end == offset
                    && refusal::is_taken(&failure)
                    && self.is_made().await == Some(true) =>
            {
                self.failure = None;
                Ok(Event::Accepted { end: chunk.end, offset: Some(chunk.end) })
            }
            Err(failure) => self.failed(failure, false, chunk.end),
        }
    }

    /// Whether the object that is there was made of this upload; `None` if that cannot be told, as the caller may not see it.
    async fn is_made(&mut self) -> Option<bool> {
        let version = address::version(self.upload.as_ref()?)?;
        let mut request = Request { url: self.object.clone(), method: Method::GET, ..self.request.clone() };
        request.fresh = true;
        // It is the right to upload, and is sent nowhere else.
        request.headers.retain(|(name, _)| *name != X_SIGNATURE);
        let reply = self.transport.send(&request).await.ok()?;
        let info: ObjectInfo = reply.json().ok()?;
        Some(info.version? == version)
    }

    async fn wait(&mut self, failures: u32) -> Result<Event> {
        let pause =
            self.retry.pauses().nth(failures.saturating_sub(1) as usize).unwrap_or(self.retry.longest_pause);
        let asked = self.failure.as_ref().and_then(Failure::retry_after);
        if let Some(failure) =
            self.failure.take_if(|_| asked.is_some_and(|asked| asked > self.retry.longest_pause))
        {
            // More than the caller is willing to wait: the answer is known now, so say it now.
            return Err(refusal::error(failure));
        }
        sleep(asked.map_or(pause, |asked| pause.max(asked))).await;
        Ok(Event::Waited)
    }

    /// What a failure means to the protocol.
    ///
    /// # Errors
    /// It is not the service's, so that the protocol has no say in it.
    fn failed(&mut self, failure: Failure, was_repeated: bool, end: u64) -> Result<Event> {
        // What is worth repeating was repeated already, where the transport may do so by itself.
        let is_over = was_repeated && failure.is_retryable();
        let event = match refusal::refusal(&failure) {
            Some(refusal) if !is_over => Event::Refused { refusal, end },
            None if !is_over && refusal::is_lost(&failure) => Event::Lost { end },
            _ => return Err(refusal::error(failure)),
        };
        self.failure = Some(failure);
        Ok(event)
    }

    /// A request of this upload.
    fn request(&self, method: Method, url: Url) -> Request {
        let mut request = self.request.clone();
        (request.method, request.url) = (method, url);
        // Created twice is created once and forgotten once; and bytes are taken only where the last ones ended.
        request.idempotent = true;
        request.headers.push((TUS_RESUMABLE, HeaderValue::from_static("1.0.0")));
        request
    }

    fn address(&self) -> Result<Url> {
        self.upload.clone().ok_or_else(|| Error::invalid("the upload is not created yet"))
    }

    /// Tells the caller how far it is.
    fn tell(&self, protocol: &Protocol) {
        let now = self.progress.borrow().to_owned();
        let offset = protocol.offset();
        let next = Progress { sent: offset, confirmed: offset, total: self.source.total(), ..now };
        self.progress.send_if_modified(|progress| {
            let changes = *progress != next;
            *progress = next;
            changes
        });
    }

    /// The error of what cannot go on.
    ///
    /// # Errors
    /// The upload cannot be forgotten.
    async fn fail(&mut self, fault: Fault) -> Result<Error> {
        let error = match fault {
            Fault::AsSaid => {
                return Ok(match self.failure.take() {
                    Some(failure) => refusal::error(failure),
                    None => Error::unreadable("the service took a chunk, and does not say how much it has"),
                });
            }
            Fault::Beyond { told, sent } => {
                format!("the service says to have {told} bytes, and {sent} were sent")
            }
            Fault::Back { told, kept } => format!(
                "the service says to have {told} bytes, and the content before byte {kept} cannot be read again"
            ),
            Fault::Length { told, announced } => {
                format!("the service says that the upload has {told} bytes, and {announced} were announced")
            }
            Fault::Stuck { offset } => {
                format!("the service takes chunks, and has no more than {offset} bytes")
            }
        };
        // Going on with it another time would end in the same way.
        self.memory.forget().await?;
        Ok(Error::corrupt_upload(error))
    }

    /// Has the service forget the upload.
    async fn cancel(&mut self) -> Error {
        const MESSAGE: &str = "the upload was cancelled";
        if let Err(error) = self.memory.forget().await {
            return error;
        }
        let Some(url) = self.upload.clone() else { return Error::cancelled(MESSAGE, None) };
        match self.transport.send(&self.request(Method::DELETE, url)).await {
            Err(failure) if refusal::refusal(&failure) != Some(Refusal::Gone) => {
                let message =
                    "the upload was cancelled, and the service keeps what it has until that expires";
                Error::cancelled(message, Some(failure))
            }
            _ => Error::cancelled(MESSAGE, None),
        }
    }
}

fn number(reply: &Reply, name: &HeaderName) -> Option<u64> {
    reply.header(name.as_str())?.trim().parse().ok()
}
