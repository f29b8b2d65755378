//! The programs that users may grant access to.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use supabase_core::{Method, open_enum};

use crate::call::Call;
use crate::client::Client;
use crate::lenient::{blank_as_none, null_as_default};
use crate::secret::maybe_secret;
use crate::timestamp::Timestamp;

open_enum! {
    /// Whether a program can keep a secret. The enum is open.
    pub enum ClientType {
        /// It runs where its users cannot look, and has a secret.
        Confidential = "confidential",
        /// It runs on its users' machines.
        Public = "public",
    }
}

open_enum! {
    /// Who has registered a program. The enum is open.
    pub enum RegistrationType {
        /// The program itself.
        Dynamic = "dynamic",
        /// An administrator.
        Manual = "manual",
    }
}

/// A program that users may grant access to.
///
/// Source: <https://supabase.com/docs/guides/auth/oauth-server>
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct OAuthClient {
    /// The id, a UUID.
    pub client_id: String,
    /// The secret: right after it was made, and never again.
    #[serde(default, deserialize_with = "maybe_secret")]
    pub client_secret: Option<SecretString>,
    /// Whether it can keep a secret.
    #[serde(default)]
    pub client_type: Option<ClientType>,
    /// Where users may be sent back to.
    #[serde(default, deserialize_with = "null_as_default")]
    pub redirect_uris: Vec<String>,
    /// How it proves who it is: `none`, `client_secret_basic`, `client_secret_post`.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// What it may ask tokens for: `authorization_code`, `refresh_token`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub grant_types: Vec<String>,
    /// What it may ask for at the beginning: `code`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub response_types: Vec<String>,
    /// What it is called.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub client_name: Option<String>,
    /// Its home page.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub client_uri: Option<String>,
    /// Its logo.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub logo_uri: Option<String>,
    /// Who has registered it.
    #[serde(default)]
    pub registration_type: Option<RegistrationType>,
    /// When it was registered.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("client_id", &self.client_id)
            .field("client_type", &self.client_type)
            .field("client_name", &self.client_name)
            .field("redirect_uris", &self.redirect_uris)
            .field("has_secret", &self.client_secret.is_some())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Default, Serialize)]
struct Attributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uris: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_type: Option<ClientType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_method: Option<String>,
}

/// A program to be registered.
///
/// ```
/// use gotrue_rs::{ClientType, NewOAuthClient};
/// let client = NewOAuthClient::new("Calendar", ["https://calendar.example/callback"]).client_type(ClientType::Public);
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct NewOAuthClient(Attributes);

/// What to change about a program: at least one thing. What is not said stays as it is.
///
/// ```
/// use gotrue_rs::OAuthClientChanges;
/// let changes = OAuthClientChanges::new().client_name("Calendar 2");
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[must_use]
pub struct OAuthClientChanges(Attributes);

impl NewOAuthClient {
    /// A program of this name, to which users may be sent back at these addresses.
    pub fn new(name: impl Into<String>, redirect_uris: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(Attributes {
            client_name: Some(name.into()),
            redirect_uris: Some(texts(redirect_uris)),
            ..Attributes::default()
        })
    }

    /// Whether it can keep a secret: as its way of proving who it is says, if not given.
    pub fn client_type(mut self, kind: ClientType) -> Self {
        self.0.client_type = Some(kind);
        self
    }

    /// What it may ask for at the beginning: `code` if not given.
    pub fn response_types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.response_types = Some(texts(types));
        self
    }

    /// What it may ask users for, separated by spaces.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.0.scope = Some(scope.into());
        self
    }
}

impl OAuthClientChanges {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it is called.
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.0.client_name = Some(name.into());
        self
    }

    /// Where users may be sent back to.
    pub fn redirect_uris(mut self, uris: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.redirect_uris = Some(texts(uris));
        self
    }
}

/// What is said of new programs and of others alike.
macro_rules! attributes {
    ($type:ident) => {
        impl $type {
            /// Its home page.
            pub fn client_uri(mut self, uri: impl Into<String>) -> Self {
                self.0.client_uri = Some(uri.into());
                self
            }

            /// Its logo.
            pub fn logo_uri(mut self, uri: impl Into<String>) -> Self {
                self.0.logo_uri = Some(uri.into());
                self
            }

            /// What it may ask tokens for: `authorization_code`, `refresh_token`.
            pub fn grant_types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
                self.0.grant_types = Some(texts(types));
                self
            }

            /// How it proves who it is: `none`, `client_secret_basic`, `client_secret_post`.
            pub fn token_endpoint_auth_method(mut self, method: impl Into<String>) -> Self {
                self.0.token_endpoint_auth_method = Some(method.into());
                self
            }
        }
    };
}

attributes!(NewOAuthClient);
attributes!(OAuthClientChanges);

fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

/// The programs that users may grant access to. It comes from [`Admin::oauth`](crate::Admin::oauth).
#[derive(Clone, Debug)]
pub struct AdminOAuthClients {
    pub(super) client: Client,
}

impl AdminOAuthClients {
    /// All of them; the server knows no pages here.
    ///
    /// # Errors
    /// [`Code::FeatureDisabled`](crate::Code::FeatureDisabled) where the project is no OAuth server; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let clients = admin.oauth().list_clients().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "listClients")]
    pub fn list_clients(&self) -> Call<Vec<OAuthClient>> {
        #[derive(Deserialize)]
        struct List {
            // Left out when empty.
            #[serde(default, deserialize_with = "null_as_default")]
            clients: Vec<OAuthClient>,
        }
        let path = ["admin", "oauth", "clients"];
        let request = self.client.request("auth.admin.oauth.list_clients", Method::GET, &path);
        Call::new(
            move |settings| async move { Ok(request.settings(settings).fetch::<List>().await?.clients) },
        )
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Code::OAuthClientNotFound`](crate::Code::OAuthClientNotFound) if there is none; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, id: &str) -> gotrue_rs::Result<()> {
    /// let client = admin.oauth().get_client(id).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getClient")]
    pub fn get_client(&self, id: &str) -> Call<OAuthClient> {
        let path = ["admin", "oauth", "clients", id];
        let request = self.client.request("auth.admin.oauth.get_client", Method::GET, &path);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Registers a program. Only now is its secret told.
    ///
    /// # Errors
    /// [`Code::ValidationFailed`](crate::Code::ValidationFailed) if an address cannot be used; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::NewOAuthClient;
    /// let client = NewOAuthClient::new("Calendar", ["https://calendar.example/callback"]);
    /// let client = admin.oauth().create_client(client).await?;
    /// println!("{}", client.client_id);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "createClient")]
    pub fn create_client(&self, client: NewOAuthClient) -> Call<OAuthClient> {
        let path = ["admin", "oauth", "clients"];
        let request =
            self.client.request("auth.admin.oauth.create_client", Method::POST, &path).json(&client);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Changes a program.
    ///
    /// # Errors
    /// As [`get_client`](Self::get_client) and [`create_client`](Self::create_client).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, id: &str) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::OAuthClientChanges;
    /// let client = admin.oauth().update_client(id, OAuthClientChanges::new().client_name("Calendar 2")).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "updateClient")]
    pub fn update_client(&self, id: &str, changes: OAuthClientChanges) -> Call<OAuthClient> {
        let path = ["admin", "oauth", "clients", id];
        let request =
            self.client.request("auth.admin.oauth.update_client", Method::PUT, &path).json(&changes);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Removes a program.
    ///
    /// # Errors
    /// As [`get_client`](Self::get_client).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, id: &str) -> gotrue_rs::Result<()> {
    /// admin.oauth().delete_client(id).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "deleteClient")]
    pub fn delete_client(&self, id: &str) -> Call<()> {
        let path = ["admin", "oauth", "clients", id];
        let request = self.client.request("auth.admin.oauth.delete_client", Method::DELETE, &path);
        Call::new(move |settings| request.settings(settings).done())
    }

    /// Gives a program another secret; the one it had is of no use any more. Only now is it told.
    ///
    /// # Errors
    /// As [`get_client`](Self::get_client).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, id: &str) -> gotrue_rs::Result<()> {
    /// let secret = admin.oauth().regenerate_client_secret(id).await?.client_secret;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "regenerateClientSecret")]
    pub fn regenerate_client_secret(&self, id: &str) -> Call<OAuthClient> {
        let path = ["admin", "oauth", "clients", id, "regenerate_secret"];
        let request = self.client.request("auth.admin.oauth.regenerate_client_secret", Method::POST, &path);
        Call::new(move |settings| request.settings(settings).fetch())
    }
}
