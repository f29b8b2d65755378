//! Large bodies both ways: uploads of a file in one request and by parts, downloads. Neither side keeps them.

use std::fs::File;
use std::path::{Path, PathBuf};

use futures_util::{Stream, TryStreamExt, stream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Client};
use supabase::storage::Objects;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::rates::alternate;
use crate::{KEY, Outcome, TOKEN, ours, peak_kilobytes, raw};

/// What is read of a file at once, in bytes: as much as ours.
const PIECE: u64 = 128 * 1024;

/// A chunk of an upload by parts, in bytes.
const CHUNK: u64 = 6 * 1024 * 1024;

/// `upload-N`, `resumable-N` and `download-N` move `N` MiB; `idle-0` moves nothing.
pub(crate) async fn run(what: &str, who: &str, operations: usize, address: &str) -> Outcome {
    let (way, mebibytes) = what.split_once('-').ok_or("write: <way>-<mebibytes>")?;
    let bytes = mebibytes.parse::<u64>()? * 1024 * 1024;
    let file = Filled::new(bytes)?;
    let (client, http) = (ours::client(address)?, raw::client()?);
    let objects = client.storage().from("films");
    if who == "both" {
        let ours = async || by_ours(way, &objects, &file.0, bytes).await;
        let raw = async || by_hand(way, &http, address, &file.0, bytes).await;
        return alternate(operations, mebibytes.parse()?, ours, raw).await;
    }
    for _ in 0..operations {
        match who {
            "ours" => by_ours(way, &objects, &file.0, bytes).await?,
            "raw" => by_hand(way, &http, address, &file.0, bytes).await?,
            _ => return Err(format!("`{who}` is neither `ours` nor `raw`").into()),
        }
    }
    println!("{}", peak_kilobytes().unwrap_or_default());
    Ok(())
}

/// A file of this length, which takes no place on a disk, and is gone when this is.
struct Filled(PathBuf);

impl Filled {
    fn new(bytes: u64) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("bench-{}-{bytes}.bin", std::process::id()));
        let filled = Self(path);
        File::create(&filled.0)?.set_len(bytes)?;
        Ok(filled)
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        // Nothing can be done about it, and it is empty.
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn by_ours(way: &str, objects: &Objects, file: &Path, bytes: u64) -> Outcome {
    match way {
        "idle" => objects.upload("1.mp4", "").await.map(drop)?,
        "upload" => objects.upload("1.mp4", file).await.map(drop)?,
        "resumable" => objects.upload_resumable("1.mp4", file).await.map(drop)?,
        "download" => {
            let mut stream = objects.download(format!("bytes_{bytes}")).stream().await?;
            let mut came = 0;
            while let Some(piece) = stream.try_next().await? {
                came += piece.len() as u64;
            }
            all(came, bytes)?;
        }
        _ => return Err(format!("there is no way `{way}`").into()),
    }
    Ok(())
}

fn all(came: u64, bytes: u64) -> Outcome {
    if came == bytes { Ok(()) } else { Err(format!("{came} of {bytes} bytes came").into()) }
}

async fn by_hand(way: &str, http: &Client, address: &str, file: &Path, bytes: u64) -> Outcome {
    let storage = format!("http://{address}/storage/v1");
    let post = |path: &str| http.post(format!("{storage}/{path}")).header("apikey", KEY).bearer_auth(TOKEN);
    match way {
        "idle" => post("object/films/1.mp4").send().await.map(drop)?,
        "upload" => {
            let upload =
                post("object/films/1.mp4").header(CONTENT_TYPE, "video/mp4").header(CONTENT_LENGTH, bytes);
            let body = Body::wrap_stream(pieces(file, 0, bytes).await?);
            upload.body(body).send().await?.error_for_status()?.bytes().await?;
        }
        "resumable" => {
            let created =
                post("upload/resumable").header("tus-resumable", "1.0.0").header("upload-length", bytes);
            let created = created.header("upload-metadata", "bucketName ZmlsbXM=,objectName MS5tcDQ=");
            created.send().await?.error_for_status()?.bytes().await?;
            let mut offset = 0;
            while offset < bytes {
                let length = CHUNK.min(bytes - offset);
                let response = http
                    .patch(format!("{storage}/upload/resumable/Zmlsb3M"))
                    .header("apikey", KEY)
                    .bearer_auth(TOKEN)
                    .header("tus-resumable", "1.0.0")
                    .header("upload-offset", offset)
                    .header(CONTENT_TYPE, "application/offset+octet-stream")
                    .header(CONTENT_LENGTH, length)
                    .body(Body::wrap_stream(pieces(file, offset, length).await?))
                    .send()
                    .await?
                    .error_for_status()?;
                offset = response.headers().get("upload-offset").ok_or("no offset")?.to_str()?.parse()?;
                response.bytes().await?;
            }
        }
        "download" => {
            let get = http.get(format!("{storage}/object/authenticated/films/bytes_{bytes}"));
            let mut response =
                get.header("apikey", KEY).bearer_auth(TOKEN).send().await?.error_for_status()?;
            let mut came = 0;
            while let Some(piece) = response.chunk().await? {
                came += piece.len() as u64;
            }
            all(came, bytes)?;
        }
        _ => return Err(format!("there is no way `{way}`").into()),
    }
    Ok(())
}

/// A part of a file, as tokio reads it.
async fn pieces(
    file: &Path,
    offset: u64,
    length: u64,
) -> Outcome<impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static> {
    let mut file = tokio::fs::File::open(file).await?;
    file.seek(std::io::SeekFrom::Start(offset)).await?;
    Ok(stream::try_unfold((file, length), |(mut file, rest)| async move {
        let mut piece = Vec::with_capacity(usize::try_from(PIECE.min(rest)).unwrap_or_default());
        while piece.len() < piece.capacity() && file.read_buf(&mut piece).await? > 0 {}
        let rest = rest.saturating_sub(piece.len() as u64);
        Ok((!piece.is_empty()).then_some((piece, (file, rest))))
    }))
}
