//! Signing URLs, one and many.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use supabase_core::BoxFuture;

use super::remove::keys;
use super::signed_url::{Additions, additions};
use super::{Objects, SignedUrl};
use crate::call::call_settings;
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::path::{IntoObjectPath, ObjectPath};
use crate::transform::Transform;

/// A URL that is not signed yet: `.await` gives a [`SignedUrl`].
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-createsignedurl>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use std::time::Duration;
/// use storage_rs::Transform;
/// let url = storage
///     .from("avatars")
///     .create_signed_url("folder/ada.png", Duration::from_secs(60))
///     .transform(Transform::new().width(100).height(100))
///     .download_as("ada.png")
///     .await?;
/// println!("{}", url.as_str());
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct CreateSignedUrl {
    draft: Draft,
    objects: Objects,
    path: Option<ObjectPath>,
    seconds: u64,
    transform: Option<Transform>,
    additions: Additions,
}

/// Several URLs that are not signed yet: `.await` gives a [`SignedPath`] for each path, in their order.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-createsignedurls>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use std::time::Duration;
/// let signed =
///     storage.from("avatars").create_signed_urls(["ada.png", "grace.png"], Duration::from_secs(60)).await?;
/// for SignedPath { path, url, .. } in signed {
///     println!("{path}: {:?}", url.map(|url| url.as_str().to_owned()));
/// }
/// # use storage_rs::SignedPath;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct CreateSignedUrls {
    draft: Draft,
    objects: Objects,
    keys: Vec<String>,
    seconds: u64,
    additions: Additions,
}

/// One of several paths that were to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedPath {
    /// The path.
    pub path: String,
    /// The URL; `None` if it could not be signed.
    pub url: Option<SignedUrl>,
    /// Why not: mostly that the object does not exist, or that the caller may not see it.
    pub error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    transform: Option<&'a Transform>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<&'a [String]>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "signedURL")]
    signed_url: String,
}

#[derive(Deserialize)]
struct AnswerForPath {
    error: Option<String>,
    path: String,
    #[serde(rename = "signedURL")]
    signed_url: Option<String>,
}

impl Objects {
    /// Makes a URL by which whoever has it reads an object, for as long as is said, in whole seconds.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-createsignedurl>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use std::time::Duration;
    /// let url = storage.from("avatars").create_signed_url("ada.png", Duration::from_secs(60)).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_signed_url(&self, path: impl IntoObjectPath, expires_in: Duration) -> CreateSignedUrl {
        let path = path.into_object_path();
        // A key with a question mark can only be signed in a list.
        let target = match &path {
            Ok(path) if path.as_str().contains('?') => self.in_bucket("object/sign"),
            path => self.at_checked("object/sign", path),
        };
        let mut draft = Draft::question(&self.transport, "storage.create_signed_url", target);
        let seconds = draft.check(seconds(expires_in)).unwrap_or_default();
        let path = draft.check(path);
        CreateSignedUrl {
            draft,
            objects: self.clone(),
            path,
            seconds,
            transform: None,
            additions: Additions::none(),
        }
    }

    /// Makes such URLs for several objects, at most 1,000, in one request.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-createsignedurls>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use std::time::Duration;
    /// let signed =
    ///     storage.from("avatars").create_signed_urls(["ada.png", "grace.png"], Duration::from_secs(60)).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_signed_urls<P: IntoObjectPath>(
        &self,
        paths: impl IntoIterator<Item = P>,
        expires_in: Duration,
    ) -> CreateSignedUrls {
        let target = self.in_bucket("object/sign");
        let mut draft = Draft::question(&self.transport, "storage.create_signed_urls", target);
        let seconds = draft.check(seconds(expires_in)).unwrap_or_default();
        let keys = draft.check(keys(paths, "to be signed")).unwrap_or_default();
        CreateSignedUrls { draft, objects: self.clone(), keys, seconds, additions: Additions::none() }
    }
}

impl CreateSignedUrl {
    /// Has the service resize the image on its way. Whoever has the URL cannot ask for another size.
    pub fn transform(mut self, transform: Transform) -> Self {
        self.transform = Some(transform);
        self
    }

    additions!();
    call_settings!();

    async fn run(self) -> Result<SignedUrl> {
        let Self { mut draft, objects, path, seconds, transform, additions } = self;
        let in_list = path
            .as_ref()
            .filter(|path| path.as_str().contains('?'))
            .map(|path| vec![path.as_str().to_owned()]);
        if in_list.is_some() && transform.is_some() {
            draft.blame(Error::invalid(
                "the service cannot sign a transformation of an object whose path has a `?`",
            ));
        }
        draft.json(&Body { expires_in: seconds, transform: transform.as_ref(), paths: in_list.as_deref() });
        let reply = draft.send().await?;
        // The path was well, or the draft was not sent.
        let Some(path) = path else { return Err(Error::unreadable("there is no path")) };
        if in_list.is_none() {
            let answer: Answer = reply.json().map_err(Error::from_failure)?;
            return objects.signed(&answer.signed_url, &path, &additions);
        }
        let mut answers: Vec<AnswerForPath> = reply.json().map_err(Error::from_failure)?;
        match answers.pop() {
            Some(AnswerForPath { signed_url: Some(url), .. }) => objects.signed(&url, &path, &additions),
            answer => {
                let message = answer.and_then(|answer| answer.error);
                Err(Error::no_such_key(message, &reply))
            }
        }
    }
}

impl CreateSignedUrls {
    additions!();
    call_settings!();

    async fn run(self) -> Result<Vec<SignedPath>> {
        let Self { mut draft, objects, keys, seconds, additions } = self;
        draft.json(&Body { expires_in: seconds, transform: None, paths: Some(&keys) });
        let reply = draft.send().await?;
        let answers: Vec<AnswerForPath> = reply.json().map_err(Error::from_failure)?;
        let signed = answers.into_iter().map(|answer| {
            let url = match &answer.signed_url {
                Some(url) => Some(objects.signed(url, &ObjectPath::exact(&answer.path)?, &additions)?),
                None => None,
            };
            Ok(SignedPath { path: answer.path, url, error: answer.error })
        });
        signed.collect()
    }
}

/// The time as the service takes it.
fn seconds(time: Duration) -> Result<u64> {
    match time.as_secs() {
        0 => Err(Error::invalid("a signed URL is valid for at least a second")),
        seconds => Ok(seconds),
    }
}

impl IntoFuture for CreateSignedUrl {
    type Output = Result<SignedUrl>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl IntoFuture for CreateSignedUrls {
    type Output = Result<Vec<SignedPath>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for CreateSignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateSignedUrl").field("path", &self.path).finish_non_exhaustive()
    }
}

impl fmt::Debug for CreateSignedUrls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateSignedUrls").field("paths", &self.keys.len()).finish_non_exhaustive()
    }
}
