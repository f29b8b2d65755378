//! The buckets of a project.

use supabase_core::{Method, Transport, open_enum};

use super::Bucket;
use crate::call::{Call, awaits, call_settings, json};
use crate::draft::Draft;

/// A list of buckets that is not asked for yet: `.await` gives a `Vec<Bucket>`.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-listbuckets>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use storage_rs::{BucketColumn, Order};
/// let newest = storage.list_buckets().sort(BucketColumn::CreatedAt, Order::Descending).limit(10).await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct ListBuckets {
    draft: Draft,
}

open_enum! {
    /// What a list of buckets is sorted by.
    pub enum BucketColumn {
        /// Their ids.
        Id = "id",
        /// Their names.
        Name = "name",
        /// When they were created.
        CreatedAt = "created_at",
        /// When they were changed.
        UpdatedAt = "updated_at",
    }
}

/// Writes the setters of a list of buckets. `$search` says what is looked for, as the services do not look alike.
macro_rules! listed {
    ($search:literal) => {
        /// How many, at the most.
        pub fn limit(mut self, buckets: u32) -> Self {
            self.draft.query("limit", &buckets.to_string());
            self
        }

        /// How many to leave out at the beginning.
        pub fn offset(mut self, buckets: u32) -> Self {
            self.draft.query("offset", &buckets.to_string());
            self
        }

        #[doc = $search]
        pub fn search(mut self, text: impl AsRef<str>) -> Self {
            self.draft.query("search", text.as_ref());
            self
        }

        /// In which order.
        pub fn sort(mut self, column: $crate::bucket::BucketColumn, order: $crate::order::Order) -> Self {
            self.draft.query("sortColumn", column.as_str());
            self.draft.query("sortOrder", order.as_str());
            self
        }

        call_settings!();
    };
}
pub(crate) use listed;

impl ListBuckets {
    pub(crate) fn new(transport: &Transport) -> Self {
        Self { draft: Draft::new(transport, "storage.list_buckets", Method::GET, Ok("bucket".to_owned())) }
    }

    listed!("Only those whose name begins with this.");

    fn finish(self) -> Call<Vec<Bucket>> {
        Call::new(self.draft, json)
    }
}

awaits! { ListBuckets => Vec<Bucket>, }
