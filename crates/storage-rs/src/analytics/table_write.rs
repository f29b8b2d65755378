//! The tables of a catalog: creating, changing and dropping them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use supabase_core::Method;

use super::namespace::route;
use super::table::table_route;
use super::{Catalog, IntoNamespace, Schema, Table};
use crate::call::{Call, awaits, call_settings, done, json};
use crate::draft::Draft;
use crate::error::Error;

/// A table that is not created yet: `.await` gives a [`Table`].
///
/// ```no_run
/// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
/// use storage_rs::analytics::{Field, Schema};
/// let schema = Schema::new([Field::required(1, "id", "long"), Field::required(2, "at", "timestamptz")]);
/// let by_day = serde_json::json!({
///     "fields": [{ "source-id": 2, "field-id": 1000, "name": "day", "transform": "day" }]
/// });
/// let table = catalog.create_table("web", "clicks", schema).partition_spec(by_day).await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct CreateTable {
    draft: Draft,
    body: Create,
}

/// A change of a table that is not sent yet: `.await` gives the [`Table`] as it then is.
#[must_use = "a call is sent when it is awaited"]
pub struct UpdateTable {
    draft: Draft,
    body: Update,
}

/// A table that is not dropped yet.
#[must_use = "a call is sent when it is awaited"]
pub struct DropTable {
    draft: Draft,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Create {
    name: String,
    schema: Schema,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(rename = "partition-spec", skip_serializing_if = "Option::is_none")]
    partition_spec: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write_order: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stage_create: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, String>,
}

#[derive(Default, Serialize)]
struct Update {
    requirements: Vec<Value>,
    updates: Vec<Value>,
}

impl Catalog {
    /// Creates a table.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// use storage_rs::analytics::{Field, Schema};
    /// catalog.create_table("web", "clicks", Schema::new([Field::required(1, "id", "long")])).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_table(
        &self,
        namespace: impl IntoNamespace,
        table: impl Into<String>,
        schema: Schema,
    ) -> CreateTable {
        let path = route(&namespace.into_namespace()).map(|route| format!("{route}/tables"));
        CreateTable {
            draft: self.draft("storage.create_table", Method::POST, path),
            body: Create {
                name: table.into(),
                schema,
                location: None,
                partition_spec: None,
                write_order: None,
                stage_create: false,
                properties: BTreeMap::new(),
            },
        }
    }

    /// Changes a table: its columns, its partitions, its properties. Requirements and updates are those of Iceberg's
    /// specification.
    ///
    /// Source: <https://iceberg.apache.org/rest-catalog-spec/>
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// use serde_json::json;
    /// let table = catalog
    ///     .update_table("web", "clicks")
    ///     .require(json!({ "type": "assert-current-schema-id", "current-schema-id": 0 }))
    ///     .update(json!({ "action": "set-properties", "updates": { "owner": "ada" } }))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update_table(&self, namespace: impl IntoNamespace, table: impl AsRef<str>) -> UpdateTable {
        let path = table_route(namespace, table.as_ref());
        UpdateTable { draft: self.draft("storage.update_table", Method::POST, path), body: Update::default() }
    }

    /// Drops a table.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// catalog.drop_table("web", "clicks").purge(true).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "delete_table")]
    pub fn drop_table(&self, namespace: impl IntoNamespace, table: impl AsRef<str>) -> DropTable {
        let path = table_route(namespace, table.as_ref());
        DropTable { draft: self.draft("storage.drop_table", Method::DELETE, path) }
    }
}

impl CreateTable {
    /// Where it stands, if the catalog is not to choose.
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.body.location = Some(location.into());
        self
    }

    /// By what its rows are divided, as Iceberg's specification writes it.
    pub fn partition_spec(mut self, spec: Value) -> Self {
        self.body.partition_spec = Some(spec);
        self
    }

    /// In which order rows are written, as Iceberg's specification writes it.
    pub fn write_order(mut self, order: Value) -> Self {
        self.body.write_order = Some(order);
        self
    }

    /// Whether it is only prepared, and exists with the first [`update_table`](Catalog::update_table).
    pub fn stage_create(mut self, only_prepared: bool) -> Self {
        self.body.stage_create = only_prepared;
        self
    }

    /// Says something about it.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.body.properties.insert(name.into(), value.into());
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<Table> {
        self.draft.json(&self.body);
        Call::new(self.draft, json)
    }
}

impl UpdateTable {
    /// What must hold, or nothing is changed.
    pub fn require(mut self, requirement: Value) -> Self {
        self.body.requirements.push(requirement);
        self
    }

    /// What is changed.
    pub fn update(mut self, update: Value) -> Self {
        self.body.updates.push(update);
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<Table> {
        if self.body.updates.is_empty() {
            self.draft.blame(Error::invalid("the update of the table changes nothing"));
        }
        self.draft.json(&self.body);
        Call::new(self.draft, json)
    }
}

impl DropTable {
    /// Whether its files are deleted with it.
    pub fn purge(mut self, with_files: bool) -> Self {
        self.draft.query("purgeRequested", if with_files { "true" } else { "false" });
        self
    }

    call_settings!();

    fn finish(self) -> Call<()> {
        Call::new(self.draft, done)
    }
}

awaits! { CreateTable => Table, UpdateTable => Table, DropTable => (), }
