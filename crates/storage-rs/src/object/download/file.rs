//! Downloads to files.

use std::io::SeekFrom;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use supabase_core::{BoxFuture, Reply};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::partial::{Partial, unwritable};
use super::range::ByteRange;
use super::reader::Reader;
use super::{Download, Ready};
use crate::code::Code;
use crate::error::{Error, ErrorKind, Result};

/// How many bytes each of several ranges has that are downloaded side by side.
const PART: u64 = 8 * 1024 * 1024;

/// A download to a file that is not begun yet: `.await` gives a [`Downloaded`].
///
/// It writes beside the file and renames when all is there, so that the file is complete, or what it was before. A process
/// that is killed meanwhile leaves a hidden file that ends in `.part`. Where a link stands, what it points to is written.
#[must_use = "a download begins when it is awaited"]
#[derive(Debug)]
pub struct ToFile {
    download: Download,
    path: PathBuf,
    parallel: usize,
}

/// An object that was downloaded to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// How many bytes were written.
    pub bytes: u64,
    /// The type of the content.
    pub content_type: Option<String>,
    /// The tag of this version of the content, in quotes.
    pub etag: Option<String>,
}

impl ToFile {
    pub(super) fn new(download: Download, path: PathBuf) -> Self {
        Self { download, path, parallel: 1 }
    }

    /// How many ranges of 8 MiB are downloaded side by side: 1 if not given. It has no effect on a transformed image, or if
    /// a range was asked for.
    pub fn parallel(mut self, ranges: usize) -> Self {
        self.parallel = ranges.max(1);
        self
    }

    /// As [`Download::timeout`].
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.download = self.download.timeout(limit);
        self
    }

    /// As [`Download::max_retries`].
    pub fn max_retries(mut self, times: u32) -> Self {
        self.download = self.download.max_retries(times);
        self
    }

    async fn run(self) -> Result<Downloaded> {
        let download = self.download.ready()?;
        // First, so that a folder that does not exist costs no download.
        let (partial, mut file) = Partial::create(&self.path).await?;
        let side_by_side = self.parallel > 1 && download.transform.is_none() && download.range.is_none();
        let first = if side_by_side { first_part(&download).await? } else { None };
        let downloaded = match first {
            Some(first) => in_parts(&download, first, self.parallel, &partial, &mut file).await?,
            None => {
                let mut reader = download.begin().await?;
                let bytes = write(&mut reader, &mut file).await?;
                Downloaded::new(reader.head(), bytes)
            }
        };
        partial.keep(file).await?;
        Ok(downloaded)
    }
}

impl IntoFuture for ToFile {
    type Output = Result<Downloaded>;
    type IntoFuture = BoxFuture<'static, Result<Downloaded>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl Downloaded {
    fn new(head: &Reply, bytes: u64) -> Self {
        let header = |name: &str| head.header(name).map(str::to_owned);
        Self { bytes, content_type: header("content-type"), etag: header("etag") }
    }
}

/// The first of several ranges, with what the others must agree with.
struct First {
    reader: Reader,
    total: u64,
    tag: String,
}

/// Begins to read the first range; `None` if the service knows no ranges of this object, as of an empty one, or does not
/// tell by a tag whether they belong together, or if it is stored compressed.
async fn first_part(download: &Ready) -> Result<Option<First>> {
    match part(download, 0, PART).begin().await {
        // The places of what comes are those of what is stored: not so where it is decompressed on its way.
        Ok(reader) if reader.is_decoded() => Ok(None),
        Ok(reader) => {
            let (total, tag) = (reader.total(), reader.tag().map(str::to_owned));
            Ok(total.zip(tag).map(|(total, tag)| First { reader, total, tag }))
        }
        Err(error) if error.code() == Some(&Code::InvalidRange) => Ok(None),
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(None),
        Err(error) => Err(error),
    }
}

fn part(download: &Ready, first: u64, end: u64) -> Ready {
    let range = ByteRange::Span { first, last: Some(end.saturating_sub(1)) };
    Ready { range: Some(range), ..download.clone() }
}

/// Reads the first range, and the others beside it.
async fn in_parts(
    download: &Ready,
    first: First,
    parallel: usize,
    partial: &Partial,
    file: &mut tokio::fs::File,
) -> Result<Downloaded> {
    let First { mut reader, total, tag } = first;
    let head = reader.head().clone();
    let tag = tag.as_str();
    let later = |number: u64| -> BoxFuture<'_, Result<u64>> {
        let begin = number * PART;
        let part = part(download, begin, begin.saturating_add(PART).min(total));
        Box::pin(async move {
            let mut reader = part.begin().await?;
            if reader.tag() != Some(tag) {
                return Err(Error::changed(reader.head()));
            }
            let mut file = partial.open().await?;
            file.seek(SeekFrom::Start(begin)).await.map_err(unwritable)?;
            write(&mut reader, &mut file).await
        })
    };
    let first: BoxFuture<'_, Result<u64>> = Box::pin(async move { write(&mut reader, file).await });
    let mut parts: FuturesUnordered<_> = std::iter::once(first).collect();
    // Each is made when its turn comes: how many there are is what the server says.
    let mut numbers = 1..total.div_ceil(PART);
    let mut written = 0;
    loop {
        parts.extend(numbers.by_ref().take(parallel.saturating_sub(parts.len())).map(&later));
        match parts.next().await {
            Some(bytes) => written += bytes?,
            None => break,
        }
    }
    // Whatever the server said of each part: no file with holes is taken for the object.
    if written != total {
        return Err(Error::corrupt(format!("{written} of {total} bytes came"), &head));
    }
    Ok(Downloaded::new(&head, written))
}

/// Writes everything that comes, and has it written when it returns.
async fn write(reader: &mut Reader, file: &mut tokio::fs::File) -> Result<u64> {
    let mut bytes = 0;
    while let Some(piece) = reader.next().await? {
        file.write_all(&piece).await.map_err(unwritable)?;
        bytes += piece.len() as u64;
    }
    file.flush().await.map_err(unwritable)?;
    Ok(bytes)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::Client;
    use supabase_mock::http::{Answer, Server};

    /// What is written to `/dev/full` does not fit on the disk.
    #[tokio::test]
    async fn a_full_disk_is_told_and_leaves_nothing_behind() {
        let server = Server::start([Answer::new(200).body([7; 100_000])]).unwrap();
        let storage = Client::builder(server.url(), "key")
            .http_client(supabase_testing::http::client())
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.bin");
        let (partial, file) = Partial::create(&target).await.unwrap();
        drop(file);
        let mut full = tokio::fs::OpenOptions::new().write(true).open("/dev/full").await.unwrap();
        let mut reader = storage.from("b").download("a").ready().unwrap().begin().await.unwrap();
        let error = write(&mut reader, &mut full).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File);
        let source = std::error::Error::source(&error).unwrap().downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        drop(partial);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
