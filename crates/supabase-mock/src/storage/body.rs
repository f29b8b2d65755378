//! Bodies of answers: nothing, a text, or a part of a file as it is read.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::call::BodyError;

/// How much of a file is in memory at a time.
const PIECE: usize = 256 * 1024;

/// The body of an answer. Files are streamed, never read whole.
pub struct Body(UnsyncBoxBody<Bytes, io::Error>);

impl Body {
    /// Any body, whose failures become those of this machine.
    pub(super) fn boxed(
        body: impl http_body::Body<Data = Bytes, Error: Into<BodyError>> + Send + 'static,
    ) -> Self {
        Self(body.map_err(|error| io::Error::other(error.into())).boxed_unsync())
    }

    /// No body.
    pub(crate) fn empty() -> Self {
        Self(Empty::new().map_err(never).boxed_unsync())
    }

    /// This many bytes of a file, from an offset on.
    pub(super) async fn file(mut file: File, offset: u64, length: u64) -> io::Result<Self> {
        if offset > 0 {
            file.seek(SeekFrom::Start(offset)).await?;
        }
        let pieces = stream::try_unfold((file, length), |(mut file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let size = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            let mut piece = BytesMut::with_capacity(size);
            // Reads may be short; one that reads nothing is the end of a file that has become shorter meanwhile.
            while piece.len() < size {
                let rest = (size - piece.len()) as u64;
                if (&mut file).take(rest).read_buf(&mut piece).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let left = left - piece.len() as u64;
            Ok::<_, io::Error>(Some((Frame::data(piece.freeze()), (file, left))))
        });
        Ok(Self(StreamBody::new(pieces).boxed_unsync()))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::from(Bytes::from(text))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Full::new(bytes).map_err(never).boxed_unsync())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Body")
    }
}

fn never(error: Infallible) -> io::Error {
    match error {}
}

/// An answer of JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let (status, text) = match serde_json::to_string(value) {
        Ok(text) => (status, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    let length = text.len();
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// A good answer of JSON.
pub(super) fn ok(value: &impl Serialize) -> Response<Body> {
    json(StatusCode::OK, value)
}

/// `{"message": "…"}`.
pub(super) fn message(text: &str) -> Response<Body> {
    ok(&serde_json::json!({ "message": text }))
}
