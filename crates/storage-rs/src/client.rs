//! The door to everything.

use std::fmt;

use secrecy::SecretString;
use supabase_core::{Method, Transport};

use crate::analytics::Analytics;
use crate::bucket::{Bucket, CreateBucket, ListBuckets, UpdateBucket};
use crate::builder::ClientBuilder;
use crate::call::{Call, done, json};
use crate::draft::Draft;
use crate::error::Result;
use crate::object::Objects;
use crate::path;
use crate::vectors::Vectors;

/// A handle to one Supabase Storage API. Clones share its connections; no `Arc` is needed.
///
/// ```
/// # fn main() -> storage_rs::Result<()> {
/// let storage = storage_rs::Client::new("http://127.0.0.1:54321/storage/v1", "sb_publishable_…")?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Transport,
}

impl Client {
    /// A client with default settings.
    ///
    /// `url` is the address of the service itself, on Supabase `https://<project>.supabase.co/storage/v1`. `key` is one
    /// of the project's API keys: publishable, secret, or a legacy JWT.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if URL or key cannot be used.
    ///
    /// ```
    /// # fn main() -> storage_rs::Result<()> {
    /// let storage = storage_rs::Client::new("http://127.0.0.1:54321/storage/v1", "sb_publishable_…")?;
    /// # Ok(()) }
    /// ```
    pub fn new(url: impl AsRef<str>, key: impl Into<SecretString>) -> Result<Self> {
        Self::builder(url, key).build()
    }

    /// A client with settings of its own.
    ///
    /// ```
    /// # fn main() -> storage_rs::Result<()> {
    /// let storage = storage_rs::Client::builder("http://127.0.0.1:54321/storage/v1", "sb_publishable_…")
    ///     .timeout(std::time::Duration::from_secs(10))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl AsRef<str>, key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder::new(url.as_ref(), key.into())
    }

    /// The objects of a bucket.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/file-buckets-api>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let image = storage.from("avatars").download("ada.png").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "from_")]
    pub fn from(&self, bucket: impl AsRef<str>) -> Objects {
        Objects::new(&self.transport, bucket.as_ref())
    }

    /// Creates a bucket, and gives its name.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-createbucket>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.create_bucket("avatars").public(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_bucket(&self, id: impl AsRef<str>) -> CreateBucket {
        CreateBucket::new(&self.transport, id.as_ref())
    }

    /// What is known of a bucket.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-getbucket>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let bucket = storage.get_bucket("avatars").await?;
    /// println!("public: {}", bucket.public);
    /// # Ok(()) }
    /// ```
    pub fn get_bucket(&self, id: impl AsRef<str>) -> Call<Bucket> {
        Call::new(self.to_bucket("storage.get_bucket", Method::GET, id.as_ref(), ""), json)
    }

    /// The buckets of the project that the caller may see.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-listbuckets>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let buckets = storage.list_buckets().await?;
    /// # Ok(()) }
    /// ```
    pub fn list_buckets(&self) -> ListBuckets {
        ListBuckets::new(&self.transport)
    }

    /// Changes the rules of a bucket. What is not said stays as it is.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-updatebucket>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.update_bucket("avatars").public(false).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_bucket(&self, id: impl AsRef<str>) -> UpdateBucket {
        UpdateBucket::new(&self.transport, id.as_ref())
    }

    /// Removes all objects of a bucket. Only the service role may.
    ///
    /// The service does so later, which can take up to an hour: the bucket may hold objects when this returns, and cannot be
    /// deleted until then.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-emptybucket>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.empty_bucket("avatars").await?;
    /// # Ok(()) }
    /// ```
    pub fn empty_bucket(&self, id: impl AsRef<str>) -> Call<()> {
        Call::new(self.to_bucket("storage.empty_bucket", Method::POST, id.as_ref(), "/empty"), done)
    }

    /// Deletes a bucket, which must be empty.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-deletebucket>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.delete_bucket("avatars").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_bucket(&self, id: impl AsRef<str>) -> Call<()> {
        Call::new(self.to_bucket("storage.delete_bucket", Method::DELETE, id.as_ref(), ""), done)
    }

    /// Buckets of vectors, and the search for similar ones.
    ///
    /// Source: <https://supabase.com/docs/guides/storage/vector/introduction>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let buckets = storage.vectors().list_buckets().await?;
    /// # Ok(()) }
    /// ```
    pub fn vectors(&self) -> Vectors {
        Vectors::new(&self.transport)
    }

    /// Buckets of Iceberg tables, and their catalogs.
    ///
    /// Source: <https://supabase.com/docs/guides/storage/analytics/introduction>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let buckets = storage.analytics().list_buckets().await?;
    /// # Ok(()) }
    /// ```
    pub fn analytics(&self) -> Analytics {
        Analytics::new(&self.transport)
    }

    fn to_bucket(&self, operation: &'static str, method: Method, id: &str, action: &str) -> Draft {
        let path = path::bucket(id).map(|id| format!("bucket/{id}{action}"));
        Draft::new(&self.transport, operation, method, path)
    }

    /// The same connections, as the user of `token`: a cheap handle for servers that act for many users.
    ///
    /// ```
    /// # fn run(storage: storage_rs::Client, jwt: String) {
    /// let storage = storage.with_access_token(jwt);
    /// # }
    /// ```
    #[must_use]
    pub fn with_access_token(&self, token: impl Into<SecretString>) -> Self {
        Self { transport: self.transport.with_token(token.into()) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", &self.transport).finish()
    }
}
