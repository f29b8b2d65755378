//! The tables of a catalog: listing, loading, renaming, registering.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use supabase_core::Method;

use super::namespace::route;
use super::{Catalog, IcebergExists, IntoNamespace, pages, segment};
use crate::call::{Call, awaits, call_settings, done, json};
use crate::draft::Draft;
use crate::error::Result;

/// The name of a table and of its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct TableIdent {
    /// The namespace, level by level.
    pub namespace: Vec<String>,
    /// The name.
    pub name: String,
}

/// Some of the tables of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct TablePage {
    /// Their names.
    #[serde(default)]
    pub identifiers: Vec<TableIdent>,
    /// Where the next page begins; `None` on the last one.
    #[serde(default, rename = "next-page-token")]
    pub next_page_token: Option<String>,
}

/// A table as the catalog describes it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Table {
    /// Where its metadata stands; `None` while it is only staged.
    #[serde(default)]
    pub metadata_location: Option<String>,
    /// Its metadata, as Iceberg's specification has it.
    pub metadata: Value,
    /// Settings for readers and writers, which may hold credentials: it is not printed.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("metadata_location", &self.metadata_location)
            .field("metadata", &self.metadata)
            .field("config", &self.config.keys())
            .finish()
    }
}

/// A list of tables that is not asked for yet: `.await` gives a [`TablePage`].
#[must_use = "a call is sent when it is awaited"]
pub struct ListTables {
    draft: Draft,
}

/// `namespaces/a/tables/t`.
pub(super) fn table_route(namespace: impl IntoNamespace, table: &str) -> Result<String> {
    Ok(format!("{}/tables/{}", route(&namespace.into_namespace())?, segment(table, "name of the table")?))
}

impl Catalog {
    /// The tables of a namespace, in pages.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// for table in catalog.list_tables("web").await?.identifiers {
    ///     println!("{}", table.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_tables(&self, namespace: impl IntoNamespace) -> ListTables {
        let path = route(&namespace.into_namespace()).map(|route| format!("{route}/tables"));
        ListTables { draft: self.draft("storage.list_tables", Method::GET, path) }
    }

    /// What is known of a table.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// let table = catalog.load_table("web", "clicks").await?;
    /// println!("{}", table.metadata["table-uuid"]);
    /// # Ok(()) }
    /// ```
    pub fn load_table(&self, namespace: impl IntoNamespace, table: impl AsRef<str>) -> Call<Table> {
        let path = table_route(namespace, table.as_ref());
        Call::new(self.draft("storage.load_table", Method::GET, path), json)
    }

    /// Whether a table exists.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// println!("{}", catalog.table_exists("web", "clicks").await?);
    /// # Ok(()) }
    /// ```
    pub fn table_exists(&self, namespace: impl IntoNamespace, table: impl AsRef<str>) -> IcebergExists {
        self.exists("storage.table_exists", table_route(namespace, table.as_ref()))
    }

    /// Gives a table another name.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// catalog.rename_table("web", "clicks", "page_clicks").await?;
    /// # Ok(()) }
    /// ```
    pub fn rename_table(
        &self,
        namespace: impl IntoNamespace,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> Call<()> {
        #[derive(Serialize)]
        struct Body {
            source: TableIdent,
            destination: TableIdent,
        }
        let namespace = namespace.into_namespace();
        let mut draft = self.draft("storage.rename_table", Method::POST, Ok("tables/rename".to_owned()));
        draft.json(&Body {
            source: TableIdent { namespace: namespace.clone(), name: from.into() },
            destination: TableIdent { namespace, name: to.into() },
        });
        Call::new(draft, done)
    }

    /// Takes a table into the catalog whose metadata exists already.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// catalog.register_table("web", "clicks", "s3://events/web/clicks/metadata/v3.json").await?;
    /// # Ok(()) }
    /// ```
    pub fn register_table(
        &self,
        namespace: impl IntoNamespace,
        table: impl Into<String>,
        metadata_location: impl Into<String>,
    ) -> Call<Table> {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Body {
            name: String,
            metadata_location: String,
        }
        let path = route(&namespace.into_namespace()).map(|route| format!("{route}/register"));
        let mut draft = self.draft("storage.register_table", Method::POST, path);
        draft.json(&Body { name: table.into(), metadata_location: metadata_location.into() });
        Call::new(draft, json)
    }
}

impl ListTables {
    pages!();

    fn finish(self) -> Call<TablePage> {
        Call::new(self.draft, json)
    }
}

awaits! { ListTables => TablePage, }
