//! URLs of objects in public buckets.

use reqwest::Url;

use super::Objects;
use super::signed_url::{Additions, additions};
use crate::draft::address;
use crate::error::Result;
use crate::path::{IntoObjectPath, ObjectPath};
use crate::transform::Transform;

/// The URL of an object in a public bucket, in the making. Nothing is sent: [`url`](Self::url) gives it.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-getpublicurl>
///
/// ```
/// # fn main() -> storage_rs::Result<()> {
/// # let storage = storage_rs::Client::new("https://abc.supabase.co/storage/v1", "sb_publishable_…")?;
/// let url = storage.from("avatars").get_public_url("folder/ada.png").download_as("ada.png").url()?;
/// assert_eq!(
///     url.as_str(),
///     "https://abc.supabase.co/storage/v1/object/public/avatars/folder/ada.png?download=ada.png"
/// );
/// # Ok(()) }
/// ```
#[must_use = "this only describes a URL: `url()` gives it"]
#[derive(Debug)]
pub struct PublicUrl {
    objects: Objects,
    path: Result<ObjectPath>,
    transform: Option<Transform>,
    additions: Additions,
}

impl Objects {
    /// The URL of an object in a public bucket. Whether the bucket is public, and the object exists, is not checked.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-getpublicurl>
    ///
    /// ```
    /// # fn main() -> storage_rs::Result<()> {
    /// # let storage = storage_rs::Client::new("https://abc.supabase.co/storage/v1", "sb_publishable_…")?;
    /// let url = storage.from("avatars").get_public_url("folder/ada.png").url()?;
    /// assert_eq!(url.as_str(), "https://abc.supabase.co/storage/v1/object/public/avatars/folder/ada.png");
    /// # Ok(()) }
    /// ```
    pub fn get_public_url(&self, path: impl IntoObjectPath) -> PublicUrl {
        PublicUrl {
            objects: self.clone(),
            path: path.into_object_path(),
            transform: None,
            additions: Additions::none(),
        }
    }
}

impl PublicUrl {
    /// Has the service resize the image on its way.
    pub fn transform(mut self, transform: Transform) -> Self {
        self.transform = Some(transform);
        self
    }

    additions!();

    /// The URL.
    ///
    /// # Errors
    /// The path or the name of the bucket is none.
    pub fn url(self) -> Result<Url> {
        let route = if self.transform.is_some() { "render/image/public" } else { "object/public" };
        let mut url = address(self.objects.transport.base(), &self.objects.at(route, &self.path?)?)?;
        for (key, value) in self.transform.iter().flat_map(Transform::pairs) {
            url.query_pairs_mut().append_pair(key, &value);
        }
        self.additions.append(&mut url);
        Ok(url)
    }
}
