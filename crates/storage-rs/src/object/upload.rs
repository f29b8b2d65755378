//! Uploads in one request.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use supabase_core::{BoxFuture, Bytes, Content, Method, Part, Payload, Reply};

use super::Objects;
use super::options::{CacheControl, Options, UserMetadata};
use crate::body::Body;
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::path::{IntoObjectPath, ObjectPath};
use crate::resumable::{Resumable, ResumableUpload};

/// An upload that is not sent yet: `.await` sends it, and gives an [`Uploaded`]. Dropping the future cancels it.
///
/// It is one request. The content is sent as it is read, and never held whole; the time limit counts from the last piece
/// that moved. What can be read again is sent again where that is safe: with [`upsert`](Self::upsert), or when the
/// request never left.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-upload>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use std::{path::Path, time::Duration};
/// let uploaded = storage
///     .from("avatars")
///     .upload("public/ada.png", Path::new("ada.png"))
///     .content_type("image/png")
///     .cache_control(Duration::from_secs(3600))
///     .metadata(serde_json::json!({ "camera": "none" }))
///     .upsert(true)
///     .await?;
/// println!("{}", uploaded.full_path);
/// # Ok(()) }
/// ```
#[must_use = "an upload is sent when it is awaited"]
#[derive(Debug)]
pub struct Upload {
    pub(crate) draft: Draft,
    pub(crate) path: Option<ObjectPath>,
    pub(crate) options: Options,
    pub(crate) body: Body,
    pub(crate) bucket: String,
    /// The token of a signed URL.
    pub(crate) signature: Option<SecretString>,
    resumable: Option<Resumable>,
}

/// An object that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Uploaded {
    /// Bucket and key.
    #[serde(rename = "Key")]
    pub full_path: String,
    /// The object's id, which stays the same when the content is replaced. An upload to a signed URL does not tell it.
    #[serde(default, rename = "Id")]
    pub id: Option<String>,
}

impl Uploaded {
    /// The key in its bucket.
    pub fn path(&self) -> &str {
        self.full_path.split_once('/').map_or(self.full_path.as_str(), |(_, key)| key)
    }
}

impl Objects {
    /// Uploads an object. It fails if there is one under this path, unless [`upsert`](Upload::upsert) says otherwise.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-upload>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("avatars").upload("public/ada.png", std::path::Path::new("ada.png")).await?;
    /// # Ok(()) }
    /// ```
    pub fn upload(&self, path: impl IntoObjectPath, body: impl Into<Body>) -> Upload {
        self.to_object("storage.upload", Method::POST, path, body.into())
    }

    /// Replaces the content of an object, or creates it.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-update>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("avatars").update("public/ada.png", std::path::Path::new("ada.png")).await?;
    /// # Ok(()) }
    /// ```
    pub fn update(&self, path: impl IntoObjectPath, body: impl Into<Body>) -> Upload {
        let mut upload = self.to_object("storage.update", Method::PUT, path, body.into());
        upload.draft.request.idempotent = true;
        upload
    }

    /// Uploads an object by the token of a [`create_signed_upload_url`](Self::create_signed_upload_url): whoever has it needs
    /// no other right. Whether an object is replaced was decided when the token was made.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-uploadtosignedurl>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client, token: String) -> storage_rs::Result<()> {
    /// storage.from("avatars").upload_to_signed_url("folder/cat.jpg", token, std::path::Path::new("cat.jpg")).await?;
    /// # Ok(()) }
    /// ```
    pub fn upload_to_signed_url(
        &self,
        path: impl IntoObjectPath,
        token: impl Into<SecretString>,
        body: impl Into<Body>,
    ) -> Upload {
        let (path, token) = (path.into_object_path(), token.into());
        let target = self.at_checked("object/upload/sign", &path);
        let mut draft = Draft::new(&self.transport, "storage.upload_to_signed_url", Method::PUT, target);
        draft.query("token", token.expose_secret());
        let path = draft.check(path);
        Upload { signature: Some(token), ..self.upload_by(draft, path, body.into()) }
    }

    fn to_object(
        &self,
        operation: &'static str,
        method: Method,
        path: impl IntoObjectPath,
        body: Body,
    ) -> Upload {
        let path = path.into_object_path();
        let mut draft = Draft::new(&self.transport, operation, method, self.at_checked("object", &path));
        let path = draft.check(path);
        self.upload_by(draft, path, body)
    }

    fn upload_by(&self, draft: Draft, path: Option<ObjectPath>, body: Body) -> Upload {
        Upload {
            draft,
            path,
            options: Options::new(),
            body,
            bucket: self.bucket.clone(),
            signature: None,
            resumable: None,
        }
    }
}

impl Upload {
    /// The type of the content, such as `image/png`. If not given, it is guessed from the path's ending, and is
    /// `application/octet-stream` for one that is not known.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.options.content_type = Some(media_type.into());
        self
    }

    /// How long browsers and the CDN may keep it: a time, or the value of the header; an hour if not given.
    pub fn cache_control(mut self, cache_control: impl Into<CacheControl>) -> Self {
        self.options.cache_control = Some(cache_control.into());
        self
    }

    /// How the content is encoded, such as `gzip`: receivers decode it by themselves. Older servers do not keep it.
    pub fn content_encoding(mut self, encoding: impl Into<String>) -> Self {
        self.options.content_encoding = Some(encoding.into());
        self
    }

    /// Values to be attached: a JSON object of at most a mebibyte, which [`info`](Objects::info) gives back. What is uploaded
    /// by [parts](Self::resumable) takes at most 4 KiB.
    pub fn metadata(mut self, values: impl Serialize) -> Self {
        self.options.metadata = self.draft.check(UserMetadata::new(&values));
        self
    }

    /// Whether an object that is there is replaced: it is an error if nothing is said. An [`update`](Objects::update) always
    /// replaces it, and to a signed URL the URL decides: there it is refused to say something else.
    pub fn upsert(mut self, replace: bool) -> Self {
        self.options.upsert = Some(replace);
        self
    }

    /// Adds a header to the request, such as `x-robots-tag`; the same name replaces.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.draft.header(name.as_ref(), value.as_ref());
        self
    }

    /// How long nothing may move before the upload fails. As long as something does, it takes as long as it takes.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.draft.timeout(limit);
        self
    }

    /// How often the upload is repeated at the most, where that is safe; 0 for never.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.draft.max_retries(times);
        self
    }

    /// Has large content uploaded by parts, as [`upload_resumable`](Objects::upload_resumable) does, so that it goes on
    /// after a break. Bytes and files are chosen by their size; what can be read only once is sent in one request.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client, film: std::path::PathBuf) -> storage_rs::Result<()> {
    /// use storage_rs::Resumable;
    /// storage.from("films").upload("1.mp4", film).resumable(Resumable::Above(6 * 1024 * 1024)).await?;
    /// # Ok(()) }
    /// ```
    pub fn resumable(mut self, when: Resumable) -> Self {
        self.resumable = Some(when);
        self
    }

    async fn run(self) -> Result<Uploaded> {
        if let Some(Resumable::Above(limit)) = self.resumable {
            // A file that is none is refused where it is read.
            let length = self.body.length().await;
            if length.is_some_and(|length| length > limit) {
                return ResumableUpload::by_parts(self).await;
            }
        }
        self.in_one_request().await
    }

    /// Sends it in one request.
    async fn in_one_request(self) -> Result<Uploaded> {
        let Self { mut draft, path, mut options, body, signature, .. } = self;
        if signature.is_some() {
            options.check_signed(&mut draft);
        } else if draft.request.method == Method::PUT {
            check_update(&mut draft, &options);
        }
        options.take_headers(&mut draft);
        // A path that is none is a fault of the draft, which is told before anything is read.
        let Some(path) = path else { return Err(draft.finish().err().unwrap_or_else(no_path)) };
        let content_type = options.content_type(&path);
        if let Some(replace) = options.upsert {
            draft.header("x-upsert", if replace { "true" } else { "false" });
            draft.request.idempotent |= replace;
        }
        if options.needs_form() {
            let max_age = draft.check(options.max_age()).unwrap_or_default();
            let (transport, mut request) = draft.finish()?;
            let mut parts = vec![field("cacheControl", &max_age)];
            if let Some(metadata) = &options.metadata {
                parts.push(field("metadata", metadata.json()));
            }
            if let Some(encoding) = &options.content_encoding {
                parts.push(field("contentEncoding", encoding));
            }
            // The service takes what is written behind the content for nothing.
            parts.push(Part {
                name: String::new(),
                file_name: Some(path.file_name().to_owned()),
                content_type: Some(content_type),
                content: body.content().await?,
            });
            request.payload = Some(Payload::form(parts));
            return uploaded(transport.send(&request).await.map_err(Error::from_failure)?);
        }
        draft.header("content-type", &content_type);
        draft.header("cache-control", &options.cache_control().header());
        if let Some(encoding) = &options.content_encoding {
            draft.header("content-encoding", encoding);
        }
        if let Some(metadata) = &options.metadata {
            draft.header("x-metadata", &metadata.base64());
        }
        let (transport, mut request) = draft.finish()?;
        request.payload = Some(Payload::content(body.content().await?));
        uploaded(transport.send(&request).await.map_err(Error::from_failure)?)
    }
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded>;
    type IntoFuture = BoxFuture<'static, Result<Uploaded>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Blames an update that should replace nothing: the service would replace it all the same.
pub(crate) fn check_update(draft: &mut Draft, options: &Options) {
    if options.upsert == Some(false) {
        draft.blame(Error::invalid(
            "`update` replaces an object that is there: write `upload` to have it fail",
        ));
    }
}

fn no_path() -> Error {
    Error::invalid("the path of the object is empty")
}

fn field(name: &str, value: &str) -> Part {
    Part {
        name: name.to_owned(),
        file_name: None,
        content_type: None,
        content: Content::bytes(Bytes::copy_from_slice(value.as_bytes())),
    }
}

fn uploaded(reply: Reply) -> Result<Uploaded> {
    reply.json().map_err(Error::from_failure)
}
