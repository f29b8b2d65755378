//! Resumable uploads: by parts, over broken connections, and after the process was killed.

mod address;
mod choice;
mod driver;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod handle;
mod memory;
mod metadata;
mod protocol;
mod refusal;
mod source;
mod store;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use supabase_core::header::{HeaderName, HeaderValue};
use supabase_core::{BoxFuture, Method};
use tokio::sync::watch;

use crate::body::Body;
use crate::draft::{Draft, address};
use crate::error::{Error, Result};
use crate::object::{CacheControl, Objects, Options, Upload, Uploaded, UserMetadata, check_update};
use crate::path::{IntoObjectPath, ObjectPath};
use driver::Driver;
use handle::Control;
use memory::{Memory, Place};
use source::Source;
use store::AnyStore;

pub use choice::Resumable;
pub use handle::{Progress, UploadHandle};
pub use store::UploadStore;
#[cfg(not(target_family = "wasm"))]
pub use store::file::FileUploads;
pub use store::memory::MemoryUploads;

/// How many bytes a chunk has: what hosted Supabase asks for.
const CHUNK: u64 = 6 * 1024 * 1024;

/// Whoever has it may upload to the object that it names.
const X_SIGNATURE: HeaderName = HeaderName::from_static("x-signature");

/// A resumable upload that is not begun yet: `.await` uploads chunk by chunk, and gives an [`Uploaded`].
///
/// When a connection breaks or the service is busy, it asks how much has come and goes on from there. With
/// [`resume_with`](Self::resume_with) it does so too when it is tried again later, also by another process. The object
/// appears when everything is there, and not before. An [`UploadHandle`] shows the progress, pauses and cancels.
///
/// Bytes and files are read in any order. Of what can be read only once, the present chunk is kept in memory, so that it
/// can be sent again.
///
/// Source: <https://supabase.com/docs/guides/storage/uploads/resumable-uploads>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use std::path::Path;
/// use storage_rs::FileUploads;
/// storage
///     .from("films")
///     .upload_resumable("1.mp4", Path::new("/films/1.mp4"))
///     .resume_with(FileUploads::new("/home/ada/.cache/my-app/uploads"))
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "an upload begins when it is awaited"]
pub struct ResumableUpload {
    draft: Draft,
    bucket: String,
    path: Option<ObjectPath>,
    options: Options,
    body: Body,
    /// Whether the token of a signed URL is the right to do it.
    is_signed: bool,
    chunk: u64,
    store: Option<Arc<dyn AnyStore>>,
    fingerprint: Option<String>,
    control: watch::Sender<Control>,
    progress: watch::Sender<Progress>,
}

impl Objects {
    /// Uploads an object chunk by chunk, so that it can go on after a break. It fails if there is one under this path,
    /// unless [`upsert`](ResumableUpload::upsert) says otherwise.
    ///
    /// Source: <https://supabase.com/docs/guides/storage/uploads/resumable-uploads>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("films").upload_resumable("1.mp4", std::path::Path::new("/films/1.mp4")).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "tus")]
    pub fn upload_resumable(&self, path: impl IntoObjectPath, body: impl Into<Body>) -> ResumableUpload {
        ResumableUpload::by_parts(self.upload(path, body))
    }

    /// Uploads an object chunk by chunk, by the token of a
    /// [`create_signed_upload_url`](Self::create_signed_upload_url): whoever has it needs no other right. Whether an object
    /// is replaced was decided when the token was made. The token must be valid until the last chunk.
    ///
    /// Source: <https://supabase.com/docs/guides/storage/uploads/resumable-uploads>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client, token: String) -> storage_rs::Result<()> {
    /// use std::path::Path;
    /// storage.from("films").upload_resumable_to_signed_url("1.mp4", token, Path::new("/films/1.mp4")).await?;
    /// # Ok(()) }
    /// ```
    pub fn upload_resumable_to_signed_url(
        &self,
        path: impl IntoObjectPath,
        token: impl Into<SecretString>,
        body: impl Into<Body>,
    ) -> ResumableUpload {
        ResumableUpload::by_parts(self.upload_to_signed_url(path, token, body))
    }
}

impl ResumableUpload {
    /// The same upload, by parts.
    pub(crate) fn by_parts(upload: Upload) -> Self {
        let Upload { mut draft, path, mut options, body, bucket, signature, .. } = upload;
        let route = match &signature {
            None => "upload/resumable",
            Some(_) => "upload/resumable/sign",
        };
        // The way to one object that `update` and `upsert` share.
        if draft.request.method == Method::PUT && signature.is_none() {
            check_update(&mut draft, &options);
            options.upsert = Some(true);
        }
        let is_signed = signature.is_some();
        if let Some(token) = signature {
            match HeaderValue::try_from(token.expose_secret()) {
                Ok(mut token) => {
                    token.set_sensitive(true);
                    draft.request.headers.push((X_SIGNATURE, token));
                }
                Err(_) => draft.blame(Error::invalid("the token of the signed URL cannot be sent")),
            }
        }
        draft.request.operation = "storage.upload_resumable";
        let address = address(draft.transport.base(), route);
        if let Some(address) = draft.check(address) {
            draft.request.url = address;
        }
        Self {
            draft,
            bucket,
            path,
            options,
            body,
            is_signed,
            chunk: CHUNK,
            store: None,
            fingerprint: None,
            control: watch::Sender::new(Control::Run),
            progress: watch::Sender::new(Progress::default()),
        }
    }

    /// The type of the content, such as `video/mp4`. If not given, it is guessed from the path's ending, and is
    /// `application/octet-stream` for one that is not known.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.options.content_type = Some(media_type.into());
        self
    }

    /// How long browsers and the CDN may keep it: an hour if not given. Only a time can be said here.
    pub fn cache_control(mut self, cache_control: impl Into<CacheControl>) -> Self {
        self.options.cache_control = Some(cache_control.into());
        self
    }

    /// Values to be attached: a JSON object of at most 4 KiB, which [`info`](Objects::info) gives back. In an upload in one
    /// request there is room for more.
    pub fn metadata(mut self, values: impl Serialize) -> Self {
        self.options.metadata = self.draft.check(UserMetadata::new(&values));
        self
    }

    /// Whether an object that is there is replaced: it is an error if nothing is said. To a signed URL the URL decides: there
    /// it is refused to say something else.
    pub fn upsert(mut self, replace: bool) -> Self {
        self.options.upsert = Some(replace);
        self
    }

    /// Adds a header to each request of this upload; the same name replaces.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.draft.header(name.as_ref(), value.as_ref());
        self
    }

    /// How many bytes a chunk has: 6 MiB if not given, which hosted Supabase asks for. Servers of your own may take others.
    pub fn chunk_size(mut self, bytes: u64) -> Self {
        if bytes == 0 {
            self.draft.blame(Error::invalid("a chunk of a resumable upload has at least one byte"));
        }
        self.chunk = bytes;
        self
    }

    /// Remembers the upload in `store` while it runs: if it fails, is dropped or its process is killed, the same upload
    /// goes on where it was when it is tried again.
    ///
    /// It is the same one if it goes to the same object and the file is the same: its path, length and time of change.
    /// Other content says by [`fingerprint`](Self::fingerprint) which one it is. With another type, cache control or metadata
    /// it begins anew, as the service keeps those of the first try.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use std::path::Path;
    /// let store = storage_rs::FileUploads::new("/home/ada/.cache/my-app/uploads");
    /// storage.from("films").upload_resumable("1.mp4", Path::new("/films/1.mp4")).resume_with(store).await?;
    /// # Ok(()) }
    /// ```
    pub fn resume_with(mut self, store: impl UploadStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// A text that tells this content from any other: a hash or a version. What is resumed under it must be the same bytes.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client, image: Vec<u8>, sha256: String) -> storage_rs::Result<()> {
    /// let store = storage_rs::FileUploads::new("/home/ada/.cache/my-app/uploads");
    /// storage.from("disks").upload_resumable("1.img", image).resume_with(store).fingerprint(sha256).await?;
    /// # Ok(()) }
    /// ```
    pub fn fingerprint(mut self, content: impl Into<String>) -> Self {
        self.fingerprint = Some(content.into());
        self
    }

    /// How long nothing may move before a request fails. As long as something does, it takes as long as it takes.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.draft.timeout(limit);
        self
    }

    /// How often in a row it may fail to get any further, and how often it may begin anew when the service has forgotten
    /// it; 0 for never.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.draft.max_retries(times);
        self
    }

    /// A handle that shows the progress, pauses, resumes and cancels while the upload is awaited.
    pub fn handle(&self) -> UploadHandle {
        UploadHandle { control: self.control.clone(), progress: self.progress.subscribe() }
    }

    async fn run(self) -> Result<Uploaded> {
        let Self { mut draft, bucket, path, mut options, body, chunk, store, fingerprint, .. } = self;
        let (control, progress) = (self.control, self.progress);
        if self.is_signed {
            options.check_signed(&mut draft);
        }
        // They are said of the object, and not of a request that carries a part of it.
        options.take_headers(&mut draft);
        if let Some(replace) = options.upsert {
            // On every request: the service looks at it again when the last chunk is there.
            draft.header("x-upsert", if replace { "true" } else { "false" });
        }
        let metadata = match &path {
            Some(path) => draft.check(metadata::metadata(&bucket, path, &options)),
            None => None,
        };
        let metadata = metadata.map(|metadata| {
            HeaderValue::try_from(metadata).map_err(|_| Error::invalid("the metadata cannot be sent"))
        });
        let metadata = metadata.and_then(|metadata| draft.check(metadata));
        let retry = draft.retry();
        let (transport, request) = draft.finish()?;
        let (Some(path), Some(metadata)) = (path, metadata) else {
            return Err(Error::invalid("the path of the object is empty"));
        };
        let info = Objects::new(&transport, &bucket).at("object/info", &path)?;
        let object = address(transport.base(), &info)?;
        let source = Source::new(body.0).await?;
        let memory = match store {
            None => None,
            Some(store) => {
                let content = fingerprint.or_else(|| source.identity()).ok_or_else(|| {
                    Error::invalid("which content this is cannot be seen: say it by `fingerprint`")
                })?;
                let fingerprint = format!("{}|{bucket}|{path}|{content}", request.url);
                Some(Place { store, fingerprint, said: store::hash(metadata.as_bytes()) })
            }
        };
        let driver = Driver {
            transport,
            request,
            object,
            metadata,
            retry,
            source,
            chunk,
            memory: Memory(memory),
            control: control.subscribe(),
            progress: Arc::new(progress),
            upload: None,
            failure: None,
            end: 0,
            is_deferred: false,
        };
        // Only handles can steer it from here on.
        drop(control);
        driver.run().await?;
        Ok(Uploaded { full_path: format!("{bucket}/{path}"), id: None })
    }
}

impl IntoFuture for ResumableUpload {
    type Output = Result<Uploaded>;
    type IntoFuture = BoxFuture<'static, Result<Uploaded>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for ResumableUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResumableUpload")
            .field("bucket", &self.bucket)
            .field("path", &self.path)
            .field("body", &self.body)
            .field("chunk_size", &self.chunk)
            .finish_non_exhaustive()
    }
}
