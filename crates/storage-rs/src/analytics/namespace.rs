//! The namespaces of a catalog.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use supabase_core::Method;

use super::{Catalog, IcebergExists, pages, segment};
use crate::call::{Call, awaits, call_settings, done, json};
use crate::draft::Draft;
use crate::error::{Error, Result};

/// What separates the levels of a namespace in a path.
const LEVELS: &str = "\u{1f}";

/// A namespace and what is said about it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Namespace {
    /// Its name, level by level.
    pub namespace: Vec<String>,
    /// What is said about it.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// The names of namespaces, level by level.
pub type Namespaces = Vec<Vec<String>>;

/// Some of the namespaces of a catalog.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct NamespacePage {
    /// Their names.
    pub namespaces: Namespaces,
    /// Where the next page begins; `None` on the last one.
    #[serde(default, rename = "next-page-token")]
    pub next_page_token: Option<String>,
}

/// What became of the properties of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct NamespaceUpdate {
    /// Which were set.
    #[serde(default)]
    pub updated: Vec<String>,
    /// Which were removed.
    #[serde(default)]
    pub removed: Vec<String>,
    /// Which were to be removed, and were not there.
    #[serde(default)]
    pub missing: Option<Vec<String>>,
}

/// What a method takes as a namespace: its name, or its names level by level.
pub trait IntoNamespace {
    /// The names, level by level.
    fn into_namespace(self) -> Vec<String>;
}

impl IntoNamespace for &str {
    fn into_namespace(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl IntoNamespace for String {
    fn into_namespace(self) -> Vec<String> {
        vec![self]
    }
}

impl IntoNamespace for Vec<String> {
    fn into_namespace(self) -> Vec<String> {
        self
    }
}

impl<const N: usize> IntoNamespace for [&str; N] {
    fn into_namespace(self) -> Vec<String> {
        self.into_iter().map(str::to_owned).collect()
    }
}

/// `namespaces/a%1Fb`.
pub(super) fn route(levels: &[String]) -> Result<String> {
    if levels.iter().any(|level| level.is_empty() || level.contains(LEVELS)) {
        return Err(Error::invalid("a level of the namespace is empty, or holds the character U+001F"));
    }
    Ok(format!("namespaces/{}", segment(&levels.join(LEVELS), "namespace")?))
}

/// A namespace that is not created yet.
#[must_use = "a call is sent when it is awaited"]
pub struct CreateNamespace {
    draft: Draft,
    namespace: Namespace,
}

/// A list of namespaces that is not asked for yet: `.await` gives a [`NamespacePage`].
#[must_use = "a call is sent when it is awaited"]
pub struct ListNamespaces {
    draft: Draft,
}

/// A change of a namespace's properties that is not sent yet: `.await` gives a [`NamespaceUpdate`].
#[must_use = "a call is sent when it is awaited"]
pub struct UpdateNamespace {
    draft: Draft,
    body: Update,
}

#[derive(Default, Serialize)]
struct Update {
    removals: Vec<String>,
    updates: BTreeMap<String, String>,
}

impl Catalog {
    /// Creates a namespace.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// catalog.create_namespace("web").property("owner", "ada").await?;
    /// # Ok(()) }
    /// ```
    pub fn create_namespace(&self, namespace: impl IntoNamespace) -> CreateNamespace {
        let namespace = Namespace { namespace: namespace.into_namespace(), properties: BTreeMap::new() };
        // Its name is checked as it would be in a path, so that it can be named again.
        let path = route(&namespace.namespace).map(|_| "namespaces".to_owned());
        CreateNamespace { draft: self.draft("storage.create_namespace", Method::POST, path), namespace }
    }

    /// The namespaces of the catalog, in pages.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// let page = catalog.list_namespaces().page_size(100).await?;
    /// # Ok(()) }
    /// ```
    pub fn list_namespaces(&self) -> ListNamespaces {
        let path = Ok("namespaces".to_owned());
        ListNamespaces { draft: self.draft("storage.list_namespaces", Method::GET, path) }
    }

    /// What is said about a namespace.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// let web = catalog.load_namespace_metadata("web").await?;
    /// println!("{:?}", web.properties);
    /// # Ok(()) }
    /// ```
    pub fn load_namespace_metadata(&self, namespace: impl IntoNamespace) -> Call<Namespace> {
        let path = route(&namespace.into_namespace());
        Call::new(self.draft("storage.load_namespace_metadata", Method::GET, path), json)
    }

    /// Whether a namespace exists.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// if !catalog.namespace_exists("web").await? {
    ///     catalog.create_namespace("web").await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn namespace_exists(&self, namespace: impl IntoNamespace) -> IcebergExists {
        self.exists("storage.namespace_exists", route(&namespace.into_namespace()))
    }

    /// Sets and removes properties of a namespace.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// let done = catalog.update_namespace_properties("web").set("owner", "grace").remove("draft").await?;
    /// println!("{:?}", done.updated);
    /// # Ok(()) }
    /// ```
    pub fn update_namespace_properties(&self, namespace: impl IntoNamespace) -> UpdateNamespace {
        let path = route(&namespace.into_namespace()).map(|route| format!("{route}/properties"));
        UpdateNamespace {
            draft: self.draft("storage.update_namespace_properties", Method::POST, path),
            body: Update::default(),
        }
    }

    /// Drops a namespace, which must be empty.
    ///
    /// ```no_run
    /// # async fn run(catalog: storage_rs::analytics::Catalog) -> storage_rs::Result<()> {
    /// catalog.drop_namespace("web").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "delete_namespace")]
    pub fn drop_namespace(&self, namespace: impl IntoNamespace) -> Call<()> {
        let path = route(&namespace.into_namespace());
        Call::new(self.draft("storage.drop_namespace", Method::DELETE, path), done)
    }
}

impl CreateNamespace {
    /// Says something about it.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.namespace.properties.insert(name.into(), value.into());
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<Namespace> {
        self.draft.json(&self.namespace);
        Call::new(self.draft, json)
    }
}

impl ListNamespaces {
    /// Only those within this one.
    pub fn parent(mut self, namespace: impl IntoNamespace) -> Self {
        self.draft.query("parent", &namespace.into_namespace().join(LEVELS));
        self
    }

    pages!();

    fn finish(self) -> Call<NamespacePage> {
        Call::new(self.draft, json)
    }
}

impl UpdateNamespace {
    /// Sets a property.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.body.updates.insert(name.into(), value.into());
        self
    }

    /// Removes a property.
    pub fn remove(mut self, name: impl Into<String>) -> Self {
        self.body.removals.push(name.into());
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<NamespaceUpdate> {
        self.draft.json(&self.body);
        Call::new(self.draft, json)
    }
}

awaits! {
    CreateNamespace => Namespace,
    ListNamespaces => NamespacePage,
    UpdateNamespace => NamespaceUpdate,
}
