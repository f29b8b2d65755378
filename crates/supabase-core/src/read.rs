//! Reading answers, within their limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use crate::failure::Failure;
use crate::incoming::{Incoming, incoming};
use crate::reply::Reply;
use crate::time::limited;

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
            Ok(Body::Whole(body)) => Ok(Reply::new(status, headers, body)),
            Ok(Body::Cut) => Err(Failure::too_large(limit, Reply::new(status, headers, Bytes::new()))),
            Err(error) => {
                Err(Failure::from_body(error, Reply::new(status, headers, Bytes::new()), idempotent))
            }
        }
    }
}

/// Reads what is no success, for so long at the most. The status alone is an answer: what was read of a body that broke or
/// stalled is kept beside it.
pub(crate) async fn refused(response: Response, within: Option<Duration>, idempotent: bool) -> Failure {
    Failure::from_reply(what_is_said(incoming(response), within).await, idempotent)
}

/// Reads as much of what is no success as is worth it, and comes in time.
pub(crate) async fn what_is_said(mut response: Incoming, within: Option<Duration>) -> Reply {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    let reading = async {
        while body.len() <= ERROR_BODY_LIMIT
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
    };
    match within {
        // What has not come by then says no more.
        Some(within) => limited(within, reading).await.unwrap_or_default(),
        None => reading.await,
    }
    Reply::new(status, headers, body.freeze())
}

/// What was read of a body.
enum Body {
    Whole(Bytes),
    /// There is more than the limit allows.
    Cut,
}

/// Reads a body up to `limit` bytes.
async fn read_body(response: &mut Incoming, limit: usize) -> Result<Body, reqwest::Error> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    loop {
        match response.chunk().await? {
            // A body of one piece, as most are, is not copied.
            Some(chunk) if first.is_empty() => first = chunk,
            Some(chunk) => {
                if whole.is_empty() {
                    whole.extend_from_slice(&first);
                }
                whole.extend_from_slice(&chunk);
            }
            None if whole.is_empty() => return Ok(Body::Whole(first)),
            None => return Ok(Body::Whole(whole.freeze())),
        }
        if first.len().max(whole.len()) > limit {
            return Ok(Body::Cut);
        }
    }
}
