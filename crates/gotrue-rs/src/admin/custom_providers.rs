//! OAuth and OpenID providers that a project adds to those that the service knows.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use supabase_core::{Method, open_enum};

use crate::call::Call;
use crate::client::Client;
use crate::lenient::{blank_as_none, null_as_default};
use crate::secret::expose_some;
use crate::timestamp::Timestamp;

open_enum! {
    /// How a custom provider speaks. The enum is open.
    pub enum ProviderType {
        /// By OAuth 2.0: three addresses must be given.
        OAuth2 = "oauth2",
        /// By OpenID Connect: the issuer tells the addresses.
        Oidc = "oidc",
    }
}

/// A custom provider.
///
/// Source: <https://supabase.com/docs/guides/auth/custom-oauth-providers>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CustomProvider {
    /// The id, a UUID.
    pub id: String,
    /// How it speaks.
    pub provider_type: ProviderType,
    /// What users sign in with: `custom:` and a name.
    pub identifier: String,
    /// What it is called.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// As whom the project is known there.
    #[serde(default, deserialize_with = "null_as_default")]
    pub client_id: String,
    /// As whom else, for ID tokens.
    #[serde(default, deserialize_with = "null_as_default")]
    pub acceptable_client_ids: Vec<String>,
    /// What is asked for there.
    #[serde(default, deserialize_with = "null_as_default")]
    pub scopes: Vec<String>,
    /// Whether sign-ins are bound by PKCE.
    #[serde(default)]
    pub pkce_enabled: bool,
    /// Which of the provider's claims is which of ours.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attribute_mapping: Map<String, Value>,
    /// Which of the provider's other claims are kept.
    #[serde(default, deserialize_with = "null_as_default")]
    pub custom_claims_allowlist: Vec<String>,
    /// What is added to the address of a sign-in.
    #[serde(default, deserialize_with = "null_as_default")]
    pub authorization_params: Map<String, Value>,
    /// Whether users can sign in by it.
    #[serde(default)]
    pub enabled: bool,
    /// Whether it may give no email address.
    #[serde(default)]
    pub email_optional: bool,
    /// Whether ID tokens are taken without a nonce.
    #[serde(default)]
    pub skip_nonce_check: bool,
    /// Who issues ID tokens.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub issuer: Option<String>,
    /// What else has no field of its own here, as addresses.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
    /// When it was added.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

#[derive(Clone, Default, Serialize)]
struct Attributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_type: Option<ProviderType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose_some")]
    client_secret: Option<SecretString>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acceptable_client_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pkce_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute_mapping: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_claims_allowlist: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_params: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_optional: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discovery_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_nonce_check: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<String>,
}

/// A custom provider to be added.
///
/// ```
/// use gotrue_rs::NewCustomProvider;
/// let provider = NewCustomProvider::oidc("custom:acme", "Acme", "client-id", "https://id.acme.example")
///     .client_secret("…")
///     .scopes(["email", "profile"]);
/// ```
#[derive(Clone, Serialize)]
#[must_use]
pub struct NewCustomProvider(Attributes);

/// What to change about a custom provider. What is not said stays as it is.
///
/// ```
/// use gotrue_rs::CustomProviderChanges;
/// let changes = CustomProviderChanges::new().enabled(false);
/// ```
#[derive(Clone, Default, Serialize)]
#[must_use]
pub struct CustomProviderChanges(Attributes);

impl NewCustomProvider {
    fn new(kind: ProviderType, identifier: String, name: String, client_id: String) -> Self {
        Self(Attributes {
            provider_type: Some(kind),
            identifier: Some(identifier),
            name: Some(name),
            client_id: Some(client_id),
            ..Attributes::default()
        })
    }

    /// One that speaks OpenID Connect. `identifier` begins with `custom:`, and `client_id` is the project's id there.
    pub fn oidc(
        identifier: impl Into<String>,
        name: impl Into<String>,
        client_id: impl Into<String>,
        issuer: impl Into<String>,
    ) -> Self {
        let mut provider = Self::new(ProviderType::Oidc, identifier.into(), name.into(), client_id.into());
        provider.0.issuer = Some(issuer.into());
        provider
    }

    /// One that speaks OAuth 2.0. `identifier` begins with `custom:`, and `client_id` is the project's id there. Also its
    /// three addresses are needed: [`authorization_url`](Self::authorization_url), [`token_url`](Self::token_url),
    /// [`userinfo_url`](Self::userinfo_url).
    pub fn oauth2(
        identifier: impl Into<String>,
        name: impl Into<String>,
        client_id: impl Into<String>,
    ) -> Self {
        Self::new(ProviderType::OAuth2, identifier.into(), name.into(), client_id.into())
    }
}

impl CustomProviderChanges {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it is called.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// As whom the project is known there.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.0.client_id = Some(id.into());
        self
    }

    /// Who issues ID tokens.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.0.issuer = Some(issuer.into());
        self
    }
}

/// What is said of new providers and of others alike.
macro_rules! attributes {
    ($type:ident) => {
        attributes! { $type
            /// The secret by which the project proves who it is there.
            client_secret(secret: impl Into<SecretString>) { secret.into() }
            /// Which client ids ID tokens may be meant for besides the project's own.
            acceptable_client_ids(ids: impl IntoIterator<Item = impl Into<String>>) { texts(ids) }
            /// What is asked for at the provider.
            scopes(scopes: impl IntoIterator<Item = impl Into<String>>) { texts(scopes) }
            /// Whether sign-ins are bound by PKCE: yes if nothing is said.
            pkce_enabled(enabled: bool) { enabled }
            /// Which of the provider's claims is which of ours: an object.
            attribute_mapping(mapping: impl Into<Value>) { mapping.into() }
            /// Which of the provider's other claims are kept.
            custom_claims_allowlist(claims: impl IntoIterator<Item = impl Into<String>>) { texts(claims) }
            /// What is added to the address of a sign-in: an object of texts.
            authorization_params(parameters: impl Into<Value>) { parameters.into() }
            /// Whether users can sign in by it: yes if nothing is said.
            enabled(enabled: bool) { enabled }
            /// Whether it may give no email address.
            email_optional(optional: bool) { optional }
            /// Where its configuration is found, if not below the issuer.
            discovery_url(url: impl Into<String>) { url.into() }
            /// Whether ID tokens are taken without a nonce.
            skip_nonce_check(skip: bool) { skip }
            /// Where users are sent to sign in.
            authorization_url(url: impl Into<String>) { url.into() }
            /// Where codes are exchanged.
            token_url(url: impl Into<String>) { url.into() }
            /// Where the provider tells about the user.
            userinfo_url(url: impl Into<String>) { url.into() }
            /// Where its public keys are.
            jwks_uri(url: impl Into<String>) { url.into() }
        }
    };
    ($type:ident $(#[doc = $doc:literal] $name:ident($value:ident: $from:ty) { $into:expr })+) => {
        impl $type {
            $(#[doc = $doc]
            pub fn $name(mut self, $value: $from) -> Self {
                self.0.$name = Some($into);
                self
            })+
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type))
                    .field("identifier", &self.0.identifier)
                    .finish_non_exhaustive()
            }
        }
    };
}

attributes!(NewCustomProvider);
attributes!(CustomProviderChanges);

fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

/// OAuth and OpenID providers of a project's own. It comes from
/// [`Admin::custom_providers`](crate::Admin::custom_providers).
#[derive(Clone, Debug)]
pub struct AdminCustomProviders {
    pub(super) client: Client,
}

impl AdminCustomProviders {
    /// All of them, or those that speak in one way.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::ProviderType;
    /// let providers = admin.custom_providers().list(Some(ProviderType::Oidc)).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "listProviders")]
    pub fn list(&self, kind: Option<ProviderType>) -> Call<Vec<CustomProvider>> {
        #[derive(Deserialize)]
        struct List {
            #[serde(default, deserialize_with = "null_as_default")]
            providers: Vec<CustomProvider>,
        }
        let path = ["admin", "custom-providers"];
        let request = self.client.request("auth.admin.custom_providers.list", Method::GET, &path);
        let request = request.query_opt("type", kind.as_ref().map(ProviderType::as_str));
        Call::new(
            move |settings| async move { Ok(request.settings(settings).fetch::<List>().await?.providers) },
        )
    }

    /// The one of an identifier, which begins with `custom:`.
    ///
    /// # Errors
    /// [`Code::CustomProviderNotFound`](crate::Code::CustomProviderNotFound) if there is none; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let provider = admin.custom_providers().get("custom:acme").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getProvider")]
    pub fn get(&self, identifier: &str) -> Call<CustomProvider> {
        let path = ["admin", "custom-providers", identifier];
        let request = self.client.request("auth.admin.custom_providers.get", Method::GET, &path);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`Code::Conflict`](crate::Code::Conflict) if the identifier is taken,
    /// [`Code::ValidationFailed`](crate::Code::ValidationFailed) for addresses that are not public or not https; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::NewCustomProvider;
    /// let provider = NewCustomProvider::oidc("custom:acme", "Acme", "client-id", "https://id.acme.example");
    /// let provider = admin.custom_providers().create(provider.client_secret("…")).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "createProvider")]
    pub fn create(&self, provider: NewCustomProvider) -> Call<CustomProvider> {
        let path = ["admin", "custom-providers"];
        let request = self.client.request("auth.admin.custom_providers.create", Method::POST, &path);
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
    /// use gotrue_rs::CustomProviderChanges;
    /// let changes = CustomProviderChanges::new().enabled(false);
    /// let provider = admin.custom_providers().update("custom:acme", changes).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "updateProvider")]
    pub fn update(&self, identifier: &str, changes: CustomProviderChanges) -> Call<CustomProvider> {
        let path = ["admin", "custom-providers", identifier];
        let request = self.client.request("auth.admin.custom_providers.update", Method::PUT, &path);
        let request = request.json(&changes);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Removes one.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// admin.custom_providers().delete("custom:acme").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "deleteProvider")]
    pub fn delete(&self, identifier: &str) -> Call<()> {
        let path = ["admin", "custom-providers", identifier];
        let request = self.client.request("auth.admin.custom_providers.delete", Method::DELETE, &path);
        Call::new(move |settings| request.settings(settings).done())
    }
}
