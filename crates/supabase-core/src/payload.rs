//! What a request carries when that is more than bytes in memory.

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "multipart")]
use reqwest::header::CONTENT_TYPE;
use reqwest::header::{CONTENT_LENGTH, HeaderValue};

use crate::content::Content;
use crate::failure::Failure;
use crate::maybe_send::{BoxFuture, MaybeSend, MaybeSync};
use crate::time::Instant;

/// A body that is made anew for each try.
///
/// It is known by what it does, so that a program which sends no such body has nothing of this in it.
#[derive(Clone, Debug)]
pub struct Payload(Arc<dyn Body>);

/// What the transport asks of a body.
trait Body: fmt::Debug + MaybeSend + MaybeSync {
    fn contents(&self) -> Vec<&Content>;

    /// Makes it the body of a message.
    ///
    /// # Errors
    /// A type of a part is none.
    fn attach<'a>(
        &'a self,
        http: &'a reqwest::Client,
        message: &'a mut reqwest::Request,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Sends a message with this body.
    ///
    /// # Errors
    /// A type of a part is none, or the content could not be read to its end.
    fn send<'a>(&'a self, http: &'a reqwest::Client, message: reqwest::Request) -> BoxFuture<'a, Answer>;
}

/// What comes back, or why nothing could be sent.
pub(crate) type Answer = Result<reqwest::Result<reqwest::Response>, Failure>;

/// One body, whose type the headers of the request tell.
#[derive(Debug)]
struct Single(Content);

/// `multipart/form-data`.
#[cfg(feature = "multipart")]
#[derive(Debug)]
struct Form(Vec<Part>);

/// A part of a form. Parts are sent in their order.
#[cfg(feature = "multipart")]
#[derive(Clone, Debug)]
pub struct Part {
    /// The name of the field.
    pub name: String,
    /// The name of the file, if it is one.
    pub file_name: Option<String>,
    /// The type of the content, for example `image/png`.
    pub content_type: Option<String>,
    /// What it holds.
    pub content: Content,
}

impl Payload {
    /// One body, whose type the headers of the request tell.
    pub fn content(content: Content) -> Self {
        Self(Arc::new(Single(content)))
    }

    /// `multipart/form-data`.
    #[cfg(feature = "multipart")]
    pub fn form(parts: Vec<Part>) -> Self {
        Self(Arc::new(Form(parts)))
    }

    /// Whether it can be sent from its beginning.
    pub fn is_whole(&self) -> bool {
        self.0.contents().into_iter().all(Content::is_whole)
    }

    /// When a piece moved last, or the work began.
    pub(crate) fn moved(&self, started: Instant) -> Instant {
        self.0.contents().into_iter().filter_map(Content::moved).fold(started, Instant::max)
    }

    /// Sends a message with this body.
    ///
    /// # Errors
    /// A type of a part is none, or the content could not be read to its end.
    pub(crate) fn send<'a>(
        &'a self,
        http: &'a reqwest::Client,
        message: reqwest::Request,
    ) -> BoxFuture<'a, Answer> {
        self.0.send(http, message)
    }
}

async fn send(body: &dyn Body, http: &reqwest::Client, mut message: reqwest::Request) -> Answer {
    body.attach(http, &mut message).await?;
    let answer = http.execute(message).await;
    // Why the try could not be sent to its end, if that was the body's own fault.
    match body.contents().into_iter().find_map(Content::fault) {
        // A refusal that came before the fault says more than it.
        Some(fault) if !answer.as_ref().is_ok_and(|response| !response.status().is_success()) => Err(fault),
        _ => Ok(answer),
    }
}

impl Body for Single {
    fn contents(&self) -> Vec<&Content> {
        vec![&self.0]
    }

    fn attach<'a>(
        &'a self,
        _: &'a reqwest::Client,
        message: &'a mut reqwest::Request,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            if let Some(length) = self.0.length() {
                message.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            *message.body_mut() = Some(body(&self.0).await?);
            Ok(())
        })
    }

    fn send<'a>(&'a self, http: &'a reqwest::Client, message: reqwest::Request) -> BoxFuture<'a, Answer> {
        Box::pin(send(self, http, message))
    }
}

#[cfg(feature = "multipart")]
impl Body for Form {
    fn contents(&self) -> Vec<&Content> {
        self.0.iter().map(|part| &part.content).collect()
    }

    #[cfg(not(target_family = "wasm"))]
    fn attach<'a>(
        &'a self,
        _: &'a reqwest::Client,
        message: &'a mut reqwest::Request,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let form = crate::multipart::write(&self.0)?;
            message.headers_mut().insert(CONTENT_TYPE, form.media_type);
            if let Some(length) = form.length {
                message.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            *message.body_mut() = Some(form.body);
            Ok(())
        })
    }

    /// The platform writes the form.
    #[cfg(target_family = "wasm")]
    fn attach<'a>(
        &'a self,
        http: &'a reqwest::Client,
        message: &'a mut reqwest::Request,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mut form = reqwest::multipart::Form::new();
            for part in &self.0 {
                form = form.part(part.name.clone(), made(part).await?);
            }
            let mut made = http
                .request(message.method().clone(), message.url().clone())
                .multipart(form)
                .build()
                .map_err(|error| Failure::invalid_because("the form cannot be built", error.without_url()))?;
            for name in [CONTENT_TYPE, CONTENT_LENGTH] {
                if let Some(value) = made.headers_mut().remove(&name) {
                    message.headers_mut().insert(name, value);
                }
            }
            *message.body_mut() = made.body_mut().take();
            Ok(())
        })
    }

    fn send<'a>(&'a self, http: &'a reqwest::Client, message: reqwest::Request) -> BoxFuture<'a, Answer> {
        Box::pin(send(self, http, message))
    }
}

#[cfg(all(feature = "multipart", target_family = "wasm"))]
async fn made(part: &Part) -> Result<reqwest::multipart::Part, Failure> {
    let mut made = part_of(part).await?;
    if let Some(name) = &part.file_name {
        made = made.file_name(name.clone());
    }
    if let Some(media_type) = &part.content_type {
        made = made.mime_str(media_type).map_err(|error| {
            Failure::invalid_because(format!("{media_type:?} is no media type"), error.without_url())
        })?;
    }
    Ok(made)
}

#[cfg(not(target_family = "wasm"))]
async fn body(content: &Content) -> Result<reqwest::Body, Failure> {
    if content.length() == Some(0) {
        // Behind a length of 0 nobody reads the body: only here it shows that it is none.
        return Ok(whole(content).await?.into());
    }
    Ok(reqwest::Body::wrap_stream(content.pieces()))
}

/// Reads a body whole, before it is sent.
async fn whole(content: &Content) -> Result<Vec<u8>, Failure> {
    use futures_util::StreamExt;
    let (mut pieces, mut whole) = (content.pieces(), Vec::new());
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| {
            content
                .fault()
                .unwrap_or_else(|| Failure::content("the content cannot be read", Some(error.into())))
        })?;
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// The browser's HTTP client takes no streams.
#[cfg(target_family = "wasm")]
async fn body(content: &Content) -> Result<reqwest::Body, Failure> {
    Ok(whole(content).await?.into())
}

/// The platform makes a file, named `blob`, of all bytes: a field that is none has to be text.
#[cfg(all(feature = "multipart", target_family = "wasm"))]
async fn part_of(part: &Part) -> Result<reqwest::multipart::Part, Failure> {
    let bytes = whole(&part.content).await?;
    if part.file_name.is_some() || part.content_type.is_some() {
        return Ok(reqwest::multipart::Part::bytes(bytes));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => reqwest::multipart::Part::text(text),
        Err(error) => reqwest::multipart::Part::bytes(error.into_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::limited_since;
    use bytes::Bytes;
    use futures_util::{StreamExt, stream};
    use std::pin::pin;
    use std::task::Context;
    use std::time::Duration;

    /// Runs `work` until nothing has moved for five seconds.
    async fn while_moving<T>(payload: &Payload, work: impl Future<Output = T>) -> Option<T> {
        let started = Instant::now();
        let mut work = pin!(work);
        let poll = move |context: &mut Context<'_>| work.as_mut().poll(context);
        limited_since(Some(Duration::from_secs(5)), || payload.moved(started), poll).await
    }

    /// Reads a body of twenty pieces with a pause before each; `None` if it stalled for five seconds.
    async fn read(pause: u64) -> Option<usize> {
        let pieces = stream::unfold(0, move |n| async move {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            (n < 20).then(|| (Ok(Bytes::from_static(b"x")), n + 1))
        });
        let content = Content::once(None, pieces);
        let pieces = content.pieces();
        while_moving(&Payload::content(content), pieces.count()).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_takes_as_long_as_it_takes_and_a_stalled_one_does_not() {
        assert_eq!(read(4).await, Some(20));
        assert_eq!(read(40).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_counts_from_the_last_piece_and_is_not_doubled() {
        let content = Content::bytes(Bytes::from_static(b"x"));
        let pieces = content.pieces();
        let work = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            pieces.count().await;
            std::future::pending::<()>().await;
        };
        let started = Instant::now();
        assert_eq!(while_moving(&Payload::content(content), work).await, None);
        assert_eq!(started.elapsed().as_secs(), 2 + 5);
    }
}
