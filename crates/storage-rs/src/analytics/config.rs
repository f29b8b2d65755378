//! How other programs reach a catalog.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use supabase_core::Method;

use super::Catalog;
use crate::call::{Call, json};
use crate::draft::Draft;

/// What the `iceberg` crate, and every other client of Iceberg catalogs, must know to reach this one, in the making.
///
/// It holds secrets, and is not printed; [`properties`](Self::properties) gives them.
///
/// Source: <https://supabase.com/docs/guides/storage/analytics/connecting-to-analytics-bucket>
///
/// ```
/// # fn main() -> storage_rs::Result<()> {
/// # let storage = storage_rs::Client::new("https://abc.supabase.co/storage/v1", "sb_publishable_…")?;
/// let properties = storage
///     .analytics()
///     .from("events")
///     .catalog_config("service-role-key")
///     .s3_keys("access-key-id", "secret-access-key")
///     .region("eu-central-1")
///     .properties();
/// assert_eq!(properties["uri"], "https://abc.supabase.co/storage/v1/iceberg");
/// assert_eq!(properties["warehouse"], "events");
/// # Ok(()) }
/// ```
#[must_use]
#[derive(Clone)]
pub struct CatalogConfig {
    base: String,
    warehouse: String,
    token: SecretString,
    s3_keys: Option<(SecretString, SecretString)>,
    region: Option<String>,
}

/// What the catalog tells its clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ServerConfig {
    /// What holds if a client says nothing else.
    #[serde(default)]
    pub defaults: BTreeMap<String, String>,
    /// What holds whatever a client says.
    #[serde(default)]
    pub overrides: BTreeMap<String, String>,
}

impl Catalog {
    /// What the catalog tells its clients.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// println!("{:?}", catalog.config().await?.overrides);
    /// # Ok(()) }
    /// ```
    pub fn config(&self) -> Call<ServerConfig> {
        let path = Ok("iceberg/v1/config".to_owned());
        let mut draft = Draft::new(&self.transport, "storage.catalog_config", Method::GET, path);
        draft.query("warehouse", &self.bucket);
        Call::new(draft, json)
    }

    /// How another program reaches this catalog, with a token of its own: on Supabase the service role key.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog, key: String) -> storage_rs::Result<()> {
    /// let properties = catalog.catalog_config(key).s3_keys("id", "secret").region("eu-central-1").properties();
    /// # Ok(()) }
    /// ```
    pub fn catalog_config(&self, token: impl Into<SecretString>) -> CatalogConfig {
        CatalogConfig {
            base: self.transport.base().as_str().trim_end_matches('/').to_owned(),
            warehouse: self.bucket.clone(),
            token: token.into(),
            s3_keys: None,
            region: None,
        }
    }
}

impl CatalogConfig {
    /// The keys to the files, from the project's storage settings.
    pub fn s3_keys(mut self, id: impl Into<SecretString>, secret: impl Into<SecretString>) -> Self {
        self.s3_keys = Some((id.into(), secret.into()));
        self
    }

    /// The region of the project.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The properties, by the names that Iceberg's clients give them.
    #[must_use]
    pub fn properties(self) -> HashMap<String, String> {
        let mut properties = HashMap::from([
            ("type".to_owned(), "rest".to_owned()),
            ("uri".to_owned(), format!("{}/iceberg", self.base)),
            ("warehouse".to_owned(), self.warehouse),
            ("token".to_owned(), self.token.expose_secret().to_owned()),
            ("s3.endpoint".to_owned(), format!("{}/s3", self.base)),
            ("s3.path-style-access".to_owned(), "true".to_owned()),
        ]);
        if let Some((id, secret)) = self.s3_keys {
            properties.insert("s3.access-key-id".to_owned(), id.expose_secret().to_owned());
            properties.insert("s3.secret-access-key".to_owned(), secret.expose_secret().to_owned());
        }
        if let Some(region) = self.region {
            properties.insert("s3.region".to_owned(), region);
        }
        properties
    }
}

impl fmt::Debug for CatalogConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalogConfig").field("warehouse", &self.warehouse).finish_non_exhaustive()
    }
}
