//! Buckets of Iceberg tables, and their catalogs.
//!
//! A project must have analytics buckets enabled. The catalog of a bucket is an Iceberg REST catalog: this crate creates,
//! lists and changes namespaces and tables in it; reading and writing rows is the business of the `iceberg` crate, which
//! takes what [`catalog_config`](Catalog::catalog_config) gives.
//!
//! Source: <https://supabase.com/docs/guides/storage/analytics/introduction>
//!
//! ```no_run
//! # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
//! use storage_rs::analytics::{Field, Schema};
//!
//! let analytics = storage.analytics();
//! analytics.create_bucket("events").await?;
//! let catalog = analytics.from("events");
//! catalog.create_namespace("web").await?;
//! let schema = Schema::new([Field::required(1, "id", "long"), Field::optional(2, "page", "string")]);
//! let table = catalog.create_table("web", "clicks", schema).await?;
//! println!("{:?}", table.metadata_location);
//! # Ok(()) }
//! ```

mod bucket;
mod config;
mod namespace;
mod schema;
mod table;
mod table_write;

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use supabase_core::{BoxFuture, Method, Transport};

use crate::call::{Call, call_settings, done};
use crate::draft::Draft;
use crate::error::{Error, Result};

pub use self::config::{CatalogConfig, ServerConfig};
pub use bucket::{AnalyticsBucket, ListAnalyticsBuckets};
pub use namespace::{
    CreateNamespace, IntoNamespace, ListNamespaces, Namespace, NamespacePage, NamespaceUpdate, Namespaces,
    UpdateNamespace,
};
pub use schema::{Field, Schema};
pub use table::{ListTables, Table, TableIdent, TablePage};
pub use table_write::{CreateTable, DropTable, UpdateTable};

/// The analytics buckets of a project, made by [`Client::analytics`](crate::Client::analytics).
#[derive(Clone)]
pub struct Analytics {
    transport: Transport,
}

/// The Iceberg catalog of one analytics bucket, made by [`Analytics::from`].
///
/// Source: <https://iceberg.apache.org/spec/>
#[derive(Clone)]
pub struct Catalog {
    transport: Transport,
    bucket: String,
}

/// The question whether something exists: `.await` gives a `bool`.
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct IcebergExists {
    draft: Draft,
}

/// Writes the setters of a list that comes in pages.
macro_rules! pages {
    () => {
        /// How many on a page.
        pub fn page_size(mut self, rows: u32) -> Self {
            self.draft.query("pageSize", &rows.to_string());
            self
        }

        /// Where to begin: a page's `next_page_token`.
        pub fn page_token(mut self, token: impl AsRef<str>) -> Self {
            self.draft.query("pageToken", token.as_ref());
            self
        }

        call_settings!();
    };
}
use pages;

impl Catalog {
    /// A call to the catalog: `route` stands below the bucket, encoded.
    fn draft(&self, operation: &'static str, method: Method, route: Result<String>) -> Draft {
        let path = segment(&self.bucket, "name of the bucket")
            .and_then(|bucket| Ok(format!("iceberg/v1/{bucket}/{}", route?)));
        Draft::new(&self.transport, operation, method, path)
    }

    fn exists(&self, operation: &'static str, route: Result<String>) -> IcebergExists {
        IcebergExists { draft: self.draft(operation, Method::HEAD, route) }
    }
}

impl IcebergExists {
    call_settings!();
}

impl IntoFuture for IcebergExists {
    type Output = Result<bool>;
    type IntoFuture = BoxFuture<'static, Result<bool>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match Call::new(self.draft, done).await {
                Ok(()) => Ok(true),
                // The catalog answers with real statuses, and to HEAD with nothing else.
                Err(error) if error.status() == Some(404) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }
}

/// What a segment of a path holds as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One segment of a path, encoded.
fn segment(text: &str, what: &str) -> Result<String> {
    if text.is_empty() {
        return Err(Error::invalid(format!("the {what} is empty")));
    }
    if matches!(text, "." | "..") {
        return Err(Error::invalid(format!("the {what} is `{text}`, which HTTP would resolve away")));
    }
    Ok(utf8_percent_encode(text, PLAIN).to_string())
}

impl fmt::Debug for Analytics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analytics").finish_non_exhaustive()
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}
