//! `PATCH /upload/resumable/{id}`: more bytes; and what happens when they are all there.

use std::io::{self, SeekFrom};
use std::sync::Arc;

use futures_util::StreamExt as _;
use http::{Response, StatusCode};
use md5::Digest as _;
use tokio::fs::{self, OpenOptions};
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use super::super::body::Body;
use super::super::call::{Call, Incoming};
use super::super::problem::Problem;
use super::super::receive::etag;
use super::super::rows::Content;
use super::super::service::Inner;
use super::super::store::Finished;
use super::uploads::{Progress, Upload};
use super::{Right, refusal, set, status};

/// How far an upload is after a request.
pub(super) struct End {
    pub(super) offset: u64,
    pub(super) done: bool,
}

pub(super) async fn patch(
    inner: &Inner,
    call: &mut Call,
    right: &Right,
    upload: &Arc<Upload>,
) -> Result<Response<Body>, Problem> {
    let offset = call.header("upload-offset").ok_or_else(|| refusal(403, "Upload-Offset header required"))?;
    let offset = offset.parse().map_err(|_| refusal(400, "Invalid upload-offset"))?;
    match call.header("content-type") {
        Some("application/offset+octet-stream") => {}
        Some(_) => return Err(refusal(400, "Invalid content-type")),
        None => return Err(refusal(403, "Content-Type header required")),
    }
    // What is gone is gone, whoever asks.
    upload.check_alive(inner, &*upload.turn().await)?;
    right.check(inner, &upload.bucket, &upload.key)?;
    let end = append(inner, call, right, upload, offset).await?;
    let mut response = status(StatusCode::NO_CONTENT);
    set(&mut response, "upload-offset", &end.offset.to_string());
    if end.done {
        set(&mut response, "tus-complete", "1");
    } else if let Some(expires) = upload.expires {
        set(&mut response, "upload-expires", &expires.http_date());
    }
    Ok(response)
}

/// Takes the bytes of a request, which begin at this offset.
pub(super) async fn append(
    inner: &Inner,
    call: &mut Call,
    right: &Right,
    upload: &Arc<Upload>,
    offset: u64,
) -> Result<End, Problem> {
    {
        let mut progress = upload.turn().await;
        upload.check_alive(inner, &progress)?;
        if progress.offset != offset {
            return Err(refusal(409, "Upload-Offset conflict"));
        }
        announce_length(inner, call, upload, &mut progress)?;
        let announced = offset.saturating_add(call.content_length().unwrap_or(0));
        if announced > limit(inner, upload, &progress)? {
            return Err(too_much(&progress));
        }
    }
    // A task of its own: a connection that breaks ends the request, and must not end a write in its middle.
    let limit = limit(inner, upload, &*upload.state.lock().await)?;
    let (body, own) = (call.take_body(), Arc::clone(upload));
    let written = tokio::spawn(async move { write(&own, body, offset, limit).await });
    let (outcome, body) = written.await.map_err(|_| Problem::internal())?;
    call.give_back(body);
    outcome?;

    let mut progress = upload.turn().await;
    let done =
        progress.length == Some(progress.offset) && finish(inner, right, upload, &mut progress).await?;
    Ok(End { offset: progress.offset, done })
}

/// A length that was left open may be told with any part, once.
fn announce_length(
    inner: &Inner,
    call: &Call,
    upload: &Upload,
    progress: &mut Progress,
) -> Result<(), Problem> {
    let Some(length) = call.header("upload-length").filter(|_| call.method == http::Method::PATCH) else {
        return Ok(());
    };
    let length: u64 = length.parse().map_err(|_| refusal(400, "Invalid upload-length"))?;
    match progress.length {
        Some(_) => return Err(refusal(400, "Upload-Length or Upload-Defer-Length header required")),
        None if length < progress.offset => return Err(refusal(400, "Invalid upload-length")),
        None if length > limit(inner, upload, progress)? => {
            return Err(refusal(413, "Maximum size exceeded"));
        }
        None => progress.length = Some(length),
    }
    Ok(())
}

/// Where the upload has to end.
fn limit(inner: &Inner, upload: &Upload, progress: &Progress) -> Result<u64, Problem> {
    let settings = inner.store.bucket(&upload.bucket)?;
    let most = inner.options.file_size_limit.min(settings.file_size_limit.unwrap_or(u64::MAX));
    Ok(progress.length.unwrap_or(most))
}

fn too_much(progress: &Progress) -> Problem {
    match progress.length {
        Some(_) => refusal(413, "upload's size exceeded"),
        None => refusal(413, "Maximum size exceeded"),
    }
}

/// Writes what comes, until it ends, breaks, is too much, or somebody else wants the turn. What was written counts.
async fn write(
    upload: &Upload,
    mut body: Incoming,
    offset: u64,
    limit: u64,
) -> (Result<(), Problem>, Incoming) {
    let mut progress = upload.turn().await;
    let mut wanted = upload.wanted.subscribe();
    if progress.offset != offset || progress.gone {
        return (Err(refusal(409, "Upload-Offset conflict")), body);
    }
    let outcome = async {
        let mut file = OpenOptions::new().write(true).open(&upload.path).await?;
        file.seek(SeekFrom::Start(offset)).await?;
        let outcome = loop {
            let piece = tokio::select! {
                piece = body.next() => piece,
                _ = wanted.changed() => break Err(refusal(400, "Request aborted due to lock acquired")),
            };
            match piece {
                None => break Ok(()),
                // Nobody hears this; the client asks how far it came.
                Some(Err(_)) => break Err(Problem::request("Request aborted")),
                Some(Ok(piece)) => {
                    let end = progress.offset + piece.len() as u64;
                    if end > limit {
                        break Err(too_much(&progress));
                    }
                    file.write_all(&piece).await?;
                    progress.hash.update(&piece);
                    progress.offset = end;
                }
            }
        };
        file.flush().await?;
        Ok::<_, io::Error>(outcome)
    };
    match outcome.await {
        Ok(outcome) => (outcome, body),
        Err(error) => {
            // How much of it is on the disk is not known any more.
            progress.gone = true;
            (Err(error.into()), body)
        }
    }
}

/// Makes an object of an upload that is complete.
pub(super) async fn finish(
    inner: &Inner,
    right: &Right,
    upload: &Upload,
    progress: &mut Progress,
) -> Result<bool, Problem> {
    if progress.done {
        return Ok(true);
    }
    // The bytes stay where they are until it is sure that they are wanted.
    inner.store.link(&upload.path, &upload.version).await?;
    let finished = Finished {
        version: upload.version.clone(),
        content: Content {
            mime_type: upload.mime_type.clone(),
            cache_control: upload.cache_control.clone(),
            robots: None,
            size: progress.offset,
            etag: etag(&progress.hash),
        },
        user_metadata: upload.user_metadata.clone(),
        owner: right.caller.owner(),
    };
    let put = inner.store.put_object(&inner.clock, &upload.bucket, &upload.key, finished, right.upsert);
    if let Err(problem) = put {
        inner.store.forget(&upload.version);
        return Err(problem);
    }
    progress.done = true;
    let _ = fs::remove_file(&upload.path).await;
    Ok(true)
}
