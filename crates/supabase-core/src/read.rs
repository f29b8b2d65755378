//! Reading answers, within their limits.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use crate::failure::Failure;
use crate::incoming::{Incoming, incoming};
use crate::reply::Reply;

/// How much of an answer is read that is not a success. A page that is longer says no more.
const ERROR_BODY_LIMIT: usize = 1024 * 1024;

/// Reads a success whole.
// Not an async function, which would keep the response twice.
pub(crate) fn read(
    response: Response,
    limit: usize,
    idempotent: bool,
) -> impl Future<Output = Result<Reply, Failure>> {
    let mut response = incoming(response);
    async move {
        let status = response.status();
        let read = read_body(&mut response, limit).await;
        let headers = std::mem::take(response.headers_mut());
        match read {
            Ok(Body::Whole(body)) => Ok(Reply { status, headers, body }),
            Ok(Body::Cut(_)) => Err(Failure::too_large(limit, Reply { status, headers, body: Bytes::new() })),
            Err((error, _)) => {
                Err(Failure::from_body(error, Reply { status, headers, body: Bytes::new() }, idempotent))
            }
        }
    }
}

/// Reads what is no success. The status alone is an answer: what was read of a broken body is kept beside it.
pub(crate) async fn refused(response: Response, idempotent: bool) -> Failure {
    Failure::from_reply(what_is_said(incoming(response)).await, idempotent)
}

/// Reads as much of what is no success as is worth it.
pub(crate) async fn what_is_said(mut response: Incoming) -> Reply {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = match read_body(&mut response, ERROR_BODY_LIMIT).await {
        Ok(Body::Whole(body) | Body::Cut(body)) | Err((_, body)) => body,
    };
    Reply { status, headers, body }
}

/// What was read of a body.
enum Body {
    Whole(Bytes),
    /// There is more than the limit allows.
    Cut(Bytes),
}

/// Reads a body up to `limit` bytes. Beside an error stands what had arrived before it.
async fn read_body(response: &mut Incoming, limit: usize) -> Result<Body, (reqwest::Error, Bytes)> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    loop {
        // A body of one piece, as most are, is not copied.
        let so_far = |first: Bytes, whole: BytesMut| if whole.is_empty() { first } else { whole.freeze() };
        match response.chunk().await {
            Ok(Some(chunk)) if first.is_empty() => first = chunk,
            Ok(Some(chunk)) => {
                if whole.is_empty() {
                    whole.extend_from_slice(&first);
                }
                whole.extend_from_slice(&chunk);
            }
            Ok(None) => return Ok(Body::Whole(so_far(first, whole))),
            Err(error) => return Err((error, so_far(first, whole))),
        }
        if first.len().max(whole.len()) > limit {
            return Ok(Body::Cut(so_far(first, whole)));
        }
    }
}
