//! Downloads.

#[cfg(not(target_family = "wasm"))]
pub(crate) mod file;
#[cfg(not(target_family = "wasm"))]
mod partial;
pub(crate) mod range;
mod reader;
pub(crate) mod stream;

use std::ops::RangeBounds;
use std::time::Duration;

use supabase_core::header::RANGE;
use supabase_core::{BoxFuture, Bytes, Method};

use super::Objects;
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::path::{IntoObjectPath, ObjectPath};
use crate::transform::Transform;
use range::ByteRange;
use reader::Reader;
use stream::DownloadStream;

/// A download that is not begun yet: `.await` gives the whole content, [`stream`](Self::stream) its pieces as they come,
/// and [`to_file`](Self::to_file) writes them to a file.
///
/// When the connection breaks, it goes on where it was: the rest is asked for, and taken if the object is still the same,
/// which its tag tells. In a browser, that is so only for a range whose place the service lets a page see. Dropping the
/// future or the stream cancels the download.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-download>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use storage_rs::Transform;
/// let thumbnail = storage.from("avatars").download("ada.png").transform(Transform::new().width(100)).await?;
/// # Ok(()) }
/// ```
#[must_use = "a download begins when it is awaited"]
#[derive(Debug)]
pub struct Download {
    objects: Objects,
    path: Result<ObjectPath>,
    transform: Option<Transform>,
    cache_nonce: Option<String>,
    range: Option<Result<ByteRange>>,
    timeout: Option<Duration>,
    max_retries: Option<u32>,
    max_body: Option<usize>,
}

impl Objects {
    /// Downloads an object.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-download>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let image = storage.from("avatars").download("folder/ada.png").await?;
    /// println!("{} bytes", image.len());
    /// # Ok(()) }
    /// ```
    pub fn download(&self, path: impl IntoObjectPath) -> Download {
        Download {
            objects: self.clone(),
            path: path.into_object_path(),
            transform: None,
            cache_nonce: None,
            range: None,
            timeout: None,
            max_retries: None,
            max_body: None,
        }
    }
}

impl Download {
    /// Has the service resize an image on its way.
    pub fn transform(mut self, transform: Transform) -> Self {
        self.transform = Some(transform);
        self
    }

    /// A text that makes the address another one for the CDN, so that it does not answer from its cache.
    pub fn cache_nonce(mut self, nonce: impl Into<String>) -> Self {
        self.cache_nonce = Some(nonce.into());
        self
    }

    /// Only these bytes, counted from 0. An object that is stored with a `content-encoding` has no ranges that could be read.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let head = storage.from("films").download("1.mp4").range(..1024).await?;
    /// # Ok(()) }
    /// ```
    pub fn range(mut self, bytes: impl RangeBounds<u64>) -> Self {
        self.range = Some(ByteRange::new(bytes));
        self
    }

    /// Only the last bytes.
    pub fn last_bytes(mut self, bytes: u64) -> Self {
        self.range = Some(ByteRange::last(bytes));
        self
    }

    /// How long the service may take to begin, repetitions included, and how long nothing may come after that. As long as
    /// something does, the download takes as long as it takes.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// How often the download is tried again at the most when it does not begin, and how often it goes on after a break
    /// without getting any further; 0 for never.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.max_retries = Some(times);
        self
    }

    /// How many bytes the content may have where it is read whole, by `.await`. Larger content is an error of kind
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Begins, and gives the content piece by piece as it comes.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). The stream itself ends with an error if the download cannot go on.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let mut film = storage.from("films").download("1.mp4").stream().await?;
    /// println!("{:?} bytes of {:?}", film.content_length(), film.content_type());
    /// while let Some(piece) = film.try_next().await? {
    ///     println!("{} bytes came", piece.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stream(self) -> BoxFuture<'static, Result<DownloadStream>> {
        Box::pin(async move { Ok(DownloadStream::new(self.begin().await?)) })
    }

    /// Writes the content to a file. It stands under its name when it is complete, and not before.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("films").download("1.mp4").to_file("/films/1.mp4").parallel(4).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn to_file(self, path: impl Into<std::path::PathBuf>) -> file::ToFile {
        file::ToFile::new(self, path.into())
    }

    /// Sends the request, and has read the head of the answer.
    async fn begin(self) -> Result<Reader> {
        self.ready()?.begin().await
    }

    fn ready(self) -> Result<Ready> {
        Ok(Ready {
            objects: self.objects,
            path: self.path?,
            transform: self.transform,
            cache_nonce: self.cache_nonce,
            range: self.range.transpose()?,
            timeout: self.timeout,
            max_retries: self.max_retries,
        })
    }
}

/// A download without faults, which can be begun several times.
#[derive(Clone, Debug)]
struct Ready {
    objects: Objects,
    path: ObjectPath,
    transform: Option<Transform>,
    cache_nonce: Option<String>,
    range: Option<ByteRange>,
    timeout: Option<Duration>,
    max_retries: Option<u32>,
}

impl Ready {
    async fn begin(&self) -> Result<Reader> {
        Reader::open(self.draft(), self.range).await
    }

    fn draft(&self) -> Draft {
        let route = if self.transform.is_some() { "render/image/authenticated" } else { "object" };
        let path = self.objects.at(route, &self.path);
        let mut draft = Draft::new(&self.objects.transport, "storage.download", Method::GET, path);
        for (key, value) in self.transform.iter().flat_map(Transform::pairs) {
            draft.query(key, &value);
        }
        if let Some(nonce) = &self.cache_nonce {
            draft.query("cacheNonce", nonce);
        }
        if let Some(range) = self.range {
            draft.header(RANGE.as_str(), &range.header());
        }
        // The length and the places of bytes are those of the content: it must not be compressed on its way.
        draft.header("accept-encoding", "identity");
        draft.request.timeout = self.timeout;
        if let Some(times) = self.max_retries {
            draft.max_retries(times);
        }
        draft
    }
}

impl IntoFuture for Download {
    type Output = Result<Bytes>;
    type IntoFuture = BoxFuture<'static, Result<Bytes>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let limit = self.max_body.unwrap_or_else(|| self.objects.transport.max_body());
            self.begin().await?.whole(limit).await
        })
    }
}

/// A range that is none.
fn no_range(message: &'static str) -> Error {
    Error::invalid(message)
}
