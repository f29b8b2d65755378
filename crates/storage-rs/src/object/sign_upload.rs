//! URLs by which somebody else uploads one object.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use supabase_core::BoxFuture;

use super::{Objects, SignedUrl};
use crate::call::call_settings;
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::path::{IntoObjectPath, ObjectPath};

/// A URL for an upload that is not signed yet: `.await` gives a [`SignedUploadUrl`].
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-createsigneduploadurl>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// let signed = storage.from("avatars").create_signed_upload_url("folder/cat.jpg").upsert(true).await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct CreateSignedUploadUrl {
    draft: Draft,
    objects: Objects,
    path: Option<ObjectPath>,
}

/// A URL by which whoever has it uploads one object until it expires: on Supabase for two hours.
#[derive(Clone)]
#[non_exhaustive]
pub struct SignedUploadUrl {
    /// The whole URL, for any HTTP client.
    pub url: SignedUrl,
    /// The token in it, for [`upload_to_signed_url`](Objects::upload_to_signed_url).
    pub token: SecretString,
    /// The path of the object.
    pub path: ObjectPath,
}

#[derive(Deserialize)]
struct Answer {
    url: String,
    #[serde(default)]
    token: Option<SecretToken>,
}

/// Read straight into what is never printed.
struct SecretToken(SecretString);

impl<'de> Deserialize<'de> for SecretToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|token| Self(token.into()))
    }
}

impl Objects {
    /// Makes a URL by which whoever has it uploads this object. The rights of the caller count, and are checked now.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-createsigneduploadurl>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let avatars = storage.from("avatars");
    /// let signed = avatars.create_signed_upload_url("folder/cat.jpg").await?;
    /// avatars.upload_to_signed_url(signed.path, signed.token, std::path::Path::new("cat.jpg")).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_signed_upload_url(&self, path: impl IntoObjectPath) -> CreateSignedUploadUrl {
        let path = path.into_object_path();
        let target = self.at_checked("object/upload/sign", &path);
        let mut draft = Draft::question(&self.transport, "storage.create_signed_upload_url", target);
        let path = draft.check(path);
        CreateSignedUploadUrl { draft, objects: self.clone(), path }
    }
}

impl CreateSignedUploadUrl {
    /// Whether the upload may replace an object: it must not if nothing is said.
    pub fn upsert(mut self, replace: bool) -> Self {
        self.draft.header("x-upsert", if replace { "true" } else { "false" });
        self
    }

    call_settings!();

    async fn run(self) -> Result<SignedUploadUrl> {
        let Self { draft, objects, path } = self;
        let reply = draft.send().await?;
        // The path was well, or the draft was not sent.
        let Some(path) = path else { return Err(Error::unreadable("there is no path")) };
        let answer: Answer = reply.json().map_err(Error::from_failure)?;
        let token = match (answer.token, answer.url.rsplit_once("?token=")) {
            (Some(SecretToken(token)), _) => token,
            (None, Some((_, token))) => SecretString::from(token),
            (None, None) => return Err(Error::unreadable("the service did not answer with a token")),
        };
        let url = objects.signed_upload(token.expose_secret(), &path)?;
        Ok(SignedUploadUrl { url, token, path })
    }
}

impl IntoFuture for CreateSignedUploadUrl {
    type Output = Result<SignedUploadUrl>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for CreateSignedUploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateSignedUploadUrl").field("path", &self.path).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignedUploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedUploadUrl").field("path", &self.path).finish_non_exhaustive()
    }
}
