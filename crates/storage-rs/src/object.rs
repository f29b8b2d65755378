//! The objects of one bucket.

mod copy;
pub(crate) mod download;
mod info;
mod list;
mod list_v2;
mod options;
mod public_url;
mod purge;
mod remove;
mod row;
mod sign;
mod sign_upload;
mod signed_url;
mod upload;

use std::fmt;

use supabase_core::Transport;

use crate::error::Result;
use crate::path::{self, ObjectPath};

pub use copy::{Copied, Copy, Move};
pub use download::Download;
#[cfg(not(target_family = "wasm"))]
pub use download::file::{Downloaded, ToFile};
pub use download::stream::DownloadStream;
pub use info::{Exists, ObjectInfo};
pub use list::{FileObject, List, ListColumn};
pub use list_v2::{Entry, Folder, ListV2, ListV2Column, ListV2Page, ListedObject};
pub use options::CacheControl;
pub(crate) use options::{LONGEST_HEADER, Options, UserMetadata};
pub use public_url::PublicUrl;
pub use purge::PurgeCache;
pub use row::{ObjectMetadata, StoredObject};
pub use sign::{CreateSignedUrl, CreateSignedUrls, SignedPath};
pub use sign_upload::{CreateSignedUploadUrl, SignedUploadUrl};
pub use signed_url::SignedUrl;
pub(crate) use upload::check_update;
pub use upload::{Upload, Uploaded};

/// The objects of one bucket: the way to upload, download, list, move, copy, remove and share them.
///
/// It is a cheap handle, made by [`Client::from`](crate::Client::from). The name of the bucket is checked when a call is
/// sent.
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// let avatars = storage.from("avatars");
/// avatars.upload("ada.png", std::path::Path::new("ada.png")).upsert(true).await?;
/// let image = avatars.download("ada.png").await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Objects {
    pub(crate) transport: Transport,
    pub(crate) bucket: String,
}

impl Objects {
    pub(crate) fn new(transport: &Transport, bucket: &str) -> Self {
        Self { transport: transport.clone(), bucket: bucket.to_owned() }
    }

    /// The name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// `route/bucket`, encoded.
    pub(crate) fn in_bucket(&self, route: &str) -> Result<String> {
        Ok(format!("{route}/{}", path::bucket(&self.bucket)?))
    }

    /// `route/bucket/key`, encoded.
    pub(crate) fn at(&self, route: &str, path: &ObjectPath) -> Result<String> {
        Ok(format!("{route}/{}/{}", path::bucket(&self.bucket)?, path.encoded()))
    }

    /// As [`at`](Self::at), for a path that may be none.
    pub(crate) fn at_checked(&self, route: &str, path: &Result<ObjectPath>) -> Result<String> {
        match path {
            Ok(path) => self.at(route, path),
            Err(error) => Err(crate::error::Error::invalid(error.message().to_owned())),
        }
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}
