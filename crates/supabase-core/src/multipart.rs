//! `multipart/form-data`, as browsers write it: <https://html.spec.whatwg.org/#multipart-form-data>.
//!
//! Servers look for `name="…"` in UTF-8, with three characters encoded, and see no field without it. reqwest writes other
//! names as `name*=utf-8''…`, which RFC 7578 forbids, and nothing at all of a form without fields.

use std::future::ready;

use bytes::Bytes;
use futures_util::future::Either;
use futures_util::{StreamExt, stream};
use reqwest::header::HeaderValue;

use crate::content::Content;
use crate::failure::Failure;
use crate::payload::Part;

/// A form on its way: its type, its length in bytes if that is known, and what it holds.
pub(crate) struct Written {
    pub(crate) media_type: HeaderValue,
    pub(crate) length: Option<u64>,
    pub(crate) body: reqwest::Body,
}

enum Piece {
    Text(String),
    Content(Content),
}

/// Writes a form.
///
/// # Errors
/// A type of a part is none.
pub(crate) fn write(parts: &[Part]) -> Result<Written, Failure> {
    let boundary = reqwest::multipart::Form::new().boundary().to_owned();
    let mut pieces = Vec::with_capacity(parts.len() * 2 + 1);
    let mut line_end = "";
    for part in parts {
        pieces.push(Piece::Text(format!("{line_end}--{boundary}\r\n{}\r\n\r\n", head(part)?)));
        pieces.push(Piece::Content(part.content.clone()));
        line_end = "\r\n";
    }
    pieces.push(Piece::Text(format!("{line_end}--{boundary}--\r\n")));
    let length = pieces.iter().try_fold(0_u64, |sum, piece| match piece {
        Piece::Text(text) => sum.checked_add(text.len() as u64),
        Piece::Content(content) => sum.checked_add(content.length()?),
    });
    let media_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
        .map_err(|error| Failure::invalid_because("the form cannot be built", error))?;
    let body = stream::iter(pieces).flat_map(|piece| match piece {
        Piece::Text(text) => Either::Left(stream::once(ready(Ok(Bytes::from(text))))),
        Piece::Content(content) => Either::Right(content.pieces()),
    });
    Ok(Written { media_type, length, body: reqwest::Body::wrap_stream(body) })
}

/// The headers of a part, without the last line end.
fn head(part: &Part) -> Result<String, Failure> {
    // The line ends of a field's name are normalized, as those of a text are; those of a file's name are not.
    let name = part.name.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n");
    let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&name));
    if let Some(name) = &part.file_name {
        head.push_str(&format!("; filename=\"{}\"", quoted(name)));
    }
    if let Some(media_type) = &part.content_type {
        reqwest::multipart::Part::text("").mime_str(media_type).map_err(|error| {
            Failure::invalid_because(format!("{media_type:?} is no media type"), error.without_url())
        })?;
        head.push_str(&format!("\r\nContent-Type: {media_type}"));
    }
    Ok(head)
}

/// A name, without what would end it.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
