//! Identity providers of companies, by SAML 2.0.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use supabase_core::Method;

use crate::call::Call;
use crate::client::Client;
use crate::lenient::{blank_as_none, null_as_default};
use crate::timestamp::Timestamp;

/// An identity provider of a company.
///
/// Source: <https://supabase.com/docs/guides/auth/enterprise-sso/auth-sso-saml>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SsoProvider {
    /// The id, a UUID.
    pub id: String,
    /// The id that you gave it.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub resource_id: Option<String>,
    /// Whether nobody can sign in by it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub disabled: bool,
    /// How it speaks.
    #[serde(default)]
    pub saml: Option<SamlProvider>,
    /// Whose email addresses belong to it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub domains: Vec<SsoDomain>,
    /// When it was added.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How an identity provider speaks SAML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SamlProvider {
    /// What the provider calls itself.
    pub entity_id: String,
    /// Its metadata; left out in lists.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub metadata_xml: Option<String>,
    /// Where its metadata is fetched from, if it is.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub metadata_url: Option<String>,
    /// Which of its attributes is which of ours.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attribute_mapping: AttributeMapping,
    /// Which form of names is asked for.
    #[serde(default, deserialize_with = "blank_as_none", skip_serializing_if = "Option::is_none")]
    pub name_id_format: Option<String>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Whose email addresses belong to an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SsoDomain {
    /// The domain.
    pub domain: String,
}

/// Which attribute of an identity provider is which of ours: `{"keys": {"email": {"name": "mail"}}}`.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use gotrue_rs::AttributeMapping;
/// let mapping: AttributeMapping = serde_json::from_value(serde_json::json!({ "keys": { "email": { "name": "mail" } } }))?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttributeMapping {
    /// By our names: the provider's name, or `names`, and a `default`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub keys: Map<String, Value>,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Attributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_xml: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domains: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute_mapping: Option<AttributeMapping>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_id_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
}

/// An identity provider to be added: its metadata, and more if you like.
///
/// ```
/// use gotrue_rs::NewSsoProvider;
/// let provider = NewSsoProvider::saml_url("https://id.acme.example/metadata").domains(["acme.example"]);
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct NewSsoProvider(Attributes);

/// What to change about an identity provider. What is not said stays as it is, but for the
/// [form of names](Self::name_id_format): the server forgets it unless it is said again.
///
/// ```
/// use gotrue_rs::SsoProviderChanges;
/// let changes = SsoProviderChanges::new().disabled(true);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[must_use]
pub struct SsoProviderChanges(Attributes);

impl NewSsoProvider {
    /// By its metadata as a text.
    pub fn saml_xml(metadata: impl Into<String>) -> Self {
        Self(Attributes {
            r#type: Some("saml"),
            metadata_xml: Some(metadata.into()),
            ..Attributes::default()
        })
    }

    /// By the address of its metadata, with https.
    pub fn saml_url(metadata: impl Into<String>) -> Self {
        Self(Attributes {
            r#type: Some("saml"),
            metadata_url: Some(metadata.into()),
            ..Attributes::default()
        })
    }
}

impl SsoProviderChanges {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its metadata as a text.
    pub fn metadata_xml(mut self, metadata: impl Into<String>) -> Self {
        self.0.metadata_xml = Some(metadata.into());
        self
    }

    /// The address of its metadata, with https.
    pub fn metadata_url(mut self, metadata: impl Into<String>) -> Self {
        self.0.metadata_url = Some(metadata.into());
        self
    }
}

/// What is said of new providers and of others alike.
macro_rules! attributes {
    ($type:ident) => {
        impl $type {
            /// Whose email addresses belong to it; they take the place of those it had.
            pub fn domains(mut self, domains: impl IntoIterator<Item = impl Into<String>>) -> Self {
                self.0.domains = Some(domains.into_iter().map(Into::into).collect());
                self
            }

            /// Which of its attributes is which of ours.
            pub fn attribute_mapping(mut self, mapping: AttributeMapping) -> Self {
                self.0.attribute_mapping = Some(mapping);
                self
            }

            /// Which form of names is asked for, as SAML calls it.
            pub fn name_id_format(mut self, format: impl Into<String>) -> Self {
                self.0.name_id_format = Some(format.into());
                self
            }

            /// An id of your own, by which it can be found as well.
            pub fn resource_id(mut self, id: impl Into<String>) -> Self {
                self.0.resource_id = Some(id.into());
                self
            }

            /// Whether nobody can sign in by it.
            pub fn disabled(mut self, disabled: bool) -> Self {
                self.0.disabled = Some(disabled);
                self
            }
        }
    };
}

attributes!(NewSsoProvider);
attributes!(SsoProviderChanges);

/// The identity providers of companies. It comes from [`Admin::sso_providers`](crate::Admin::sso_providers).
///
/// An `id` is that of the server, or `resource_` and the one that you gave.
#[derive(Clone, Debug)]
pub struct AdminSsoProviders {
    pub(super) client: Client,
}

impl AdminSsoProviders {
    /// All of them, without their metadata.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// for provider in admin.sso_providers().list().await? {
    ///     println!("{}: {:?}", provider.id, provider.domains);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> Call<Vec<SsoProvider>> {
        #[derive(Deserialize)]
        struct List {
            #[serde(default, deserialize_with = "null_as_default")]
            items: Vec<SsoProvider>,
        }
        let path = ["admin", "sso", "providers"];
        let request = self.client.request("auth.admin.sso_providers.list", Method::GET, &path);
        Call::new(move |settings| async move { Ok(request.settings(settings).fetch::<List>().await?.items) })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Code::SsoProviderNotFound`](crate::Code::SsoProviderNotFound) if there is none; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let provider = admin.sso_providers().get("b3d5e15e-7c35-4930-9316-9f423ca07c7e").await?;
    /// # Ok(()) }
    /// ```
    pub fn get(&self, id: &str) -> Call<SsoProvider> {
        let path = ["admin", "sso", "providers", id];
        let request = self.client.request("auth.admin.sso_providers.get", Method::GET, &path);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`Code::SamlIdpAlreadyExists`](crate::Code::SamlIdpAlreadyExists) or
    /// [`Code::SsoDomainAlreadyExists`](crate::Code::SsoDomainAlreadyExists) if it, or a domain of it, is there already;
    /// see [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::NewSsoProvider;
    /// let provider = NewSsoProvider::saml_url("https://id.acme.example/metadata").domains(["acme.example"]);
    /// let provider = admin.sso_providers().create(provider).await?;
    /// # Ok(()) }
    /// ```
    pub fn create(&self, provider: NewSsoProvider) -> Call<SsoProvider> {
        let path = ["admin", "sso", "providers"];
        let request = self.client.request("auth.admin.sso_providers.create", Method::POST, &path);
        let request = request.json(&provider);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Changes one.
    ///
    /// # Errors
    /// As [`get`](Self::get) and [`create`](Self::create).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::SsoProviderChanges;
    /// let changes = SsoProviderChanges::new().domains(["acme.example", "acme.test"]);
    /// let provider = admin.sso_providers().update("b3d5e15e-7c35-4930-9316-9f423ca07c7e", changes).await?;
    /// # Ok(()) }
    /// ```
    pub fn update(&self, id: &str, changes: SsoProviderChanges) -> Call<SsoProvider> {
        let path = ["admin", "sso", "providers", id];
        let request = self.client.request("auth.admin.sso_providers.update", Method::PUT, &path);
        let request = request.json(&changes);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Removes one, and tells what it was. Its users are signed out.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let removed = admin.sso_providers().delete("b3d5e15e-7c35-4930-9316-9f423ca07c7e").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete(&self, id: &str) -> Call<SsoProvider> {
        let path = ["admin", "sso", "providers", id];
        let request = self.client.request("auth.admin.sso_providers.delete", Method::DELETE, &path);
        Call::new(move |settings| request.settings(settings).fetch())
    }
}
