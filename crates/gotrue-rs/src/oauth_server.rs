//! The project as an OAuth 2.1 server: users grant other programs access to what is theirs.
//!
//! A program sends the user to the server, which sends them on to a page of yours with an `authorization_id`. That page
//! asks what is wanted, and says yes or no for the user who is signed in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use supabase_core::Method;

use crate::call::Call;
use crate::client::Client;
use crate::lenient::{blank_as_none, null_as_default};
use crate::timestamp::Timestamp;

/// What a program asks a user for.
///
/// Source: <https://supabase.com/docs/guides/auth/oauth-server>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationDetails {
    /// The id of the request.
    pub authorization_id: String,
    /// Where the user is sent back to.
    #[serde(default, alias = "redirect_url", deserialize_with = "null_as_default")]
    pub redirect_uri: String,
    /// Which program asks.
    pub client: AuthorizedClient,
    /// Who is asked.
    pub user: AuthorizingUser,
    /// For what, separated by spaces.
    #[serde(default, deserialize_with = "null_as_default")]
    pub scope: String,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A program that asks a user, or has been granted something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorizedClient {
    /// The id, a UUID.
    pub id: String,
    /// What it is called, in its own words.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub name: Option<String>,
    /// Its home page.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub uri: Option<String>,
    /// Its logo.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub logo_uri: Option<String>,
}

/// The user who is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorizingUser {
    /// The id, a UUID.
    pub id: String,
    /// The email address.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub email: Option<String>,
}

/// What there is to know of a request for access.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Authorization {
    /// The user has not answered yet: ask them.
    Pending(Box<AuthorizationDetails>),
    /// The user has granted it before: send them there. The address holds a code for the program.
    Consented(OAuthRedirect),
}

/// Where to send the user, with a code for the program, or with a refusal.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct OAuthRedirect {
    /// The address.
    pub redirect_url: String,
}

/// The address holds a code, so it is not shown.
impl std::fmt::Debug for OAuthRedirect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuthRedirect").finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Authorization {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let answer = Value::deserialize(deserializer)?;
        let is_pending = answer.get("authorization_id").is_some();
        if is_pending {
            serde_json::from_value(answer).map(|details| Self::Pending(Box::new(details)))
        } else {
            serde_json::from_value(answer).map(Self::Consented)
        }
        .map_err(serde::de::Error::custom)
    }
}

/// What a user has granted a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OAuthGrant {
    /// Which program.
    pub client: AuthorizedClient,
    /// What.
    #[serde(default, deserialize_with = "null_as_default")]
    pub scopes: Vec<String>,
    /// When.
    #[serde(default)]
    pub granted_at: Option<Timestamp>,
}

/// What programs ask the user for who is signed in. It comes from [`Client::oauth`].
#[derive(Clone, Debug)]
pub struct OAuthServer {
    client: Client,
}

impl Client {
    /// What programs ask the user for who is signed in, where the project is an OAuth server.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let grants = auth.oauth().list_grants().await?;
    /// # Ok(()) }
    /// ```
    pub fn oauth(&self) -> OAuthServer {
        OAuthServer { client: self.clone() }
    }
}

impl OAuthServer {
    /// What a program asks for. From now on the request is that of the user who is signed in.
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is;
    /// [`Code::OAuthAuthorizationNotFound`](crate::Code::OAuthAuthorizationNotFound) if there is no such request, or it is
    /// another user's; [`Code::FeatureDisabled`](crate::Code::FeatureDisabled) where the project is no OAuth server; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # fn ask(_: &gotrue_rs::AuthorizationDetails) -> bool { true }
    /// # async fn run(auth: gotrue_rs::Client, id: &str) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::Authorization;
    /// let next = match auth.oauth().get_authorization_details(id).await? {
    ///     Authorization::Pending(details) if ask(&details) => auth.oauth().approve_authorization(id).await?,
    ///     Authorization::Pending(_) => auth.oauth().deny_authorization(id).await?,
    ///     Authorization::Consented(next) => next,
    /// #    _ => return Ok(()),
    /// };
    /// println!("send the browser to {}", next.redirect_url);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getAuthorizationDetails")]
    pub fn get_authorization_details(&self, id: &str) -> Call<Authorization> {
        let client = self.client.clone();
        let path = ["oauth", "authorizations", id];
        let request = client.request("auth.oauth.get_authorization_details", Method::GET, &path);
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }

    /// Grants a program what it asks for. What it is must have been [asked](Self::get_authorization_details) before.
    ///
    /// # Errors
    /// As [`get_authorization_details`](Self::get_authorization_details);
    /// [`Code::ValidationFailed`](crate::Code::ValidationFailed) if the request was answered before.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, id: &str) -> gotrue_rs::Result<()> {
    /// let next = auth.oauth().approve_authorization(id).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "approveAuthorization")]
    pub fn approve_authorization(&self, id: &str) -> Call<OAuthRedirect> {
        self.consent("auth.oauth.approve_authorization", id, "approve")
    }

    /// Refuses a program what it asks for.
    ///
    /// # Errors
    /// As [`approve_authorization`](Self::approve_authorization).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, id: &str) -> gotrue_rs::Result<()> {
    /// let next = auth.oauth().deny_authorization(id).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "denyAuthorization")]
    pub fn deny_authorization(&self, id: &str) -> Call<OAuthRedirect> {
        self.consent("auth.oauth.deny_authorization", id, "deny")
    }

    fn consent(&self, operation: &'static str, id: &str, action: &str) -> Call<OAuthRedirect> {
        let client = self.client.clone();
        let path = ["oauth", "authorizations", id, "consent"];
        let request = client.request(operation, Method::POST, &path).json(&json!({ "action": action }));
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }

    /// What the user has granted, and to which programs.
    ///
    /// # Errors
    /// As [`get_authorization_details`](Self::get_authorization_details).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// for grant in auth.oauth().list_grants().await? {
    ///     println!("{:?} may read {:?}", grant.client.name, grant.scopes);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "listGrants")]
    pub fn list_grants(&self) -> Call<Vec<OAuthGrant>> {
        let client = self.client.clone();
        let request = client.request("auth.oauth.list_grants", Method::GET, &["user", "oauth", "grants"]);
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }

    /// Takes back what the user has granted a program. Its sessions end.
    ///
    /// # Errors
    /// [`Code::OAuthConsentNotFound`](crate::Code::OAuthConsentNotFound) if nothing was granted; otherwise as
    /// [`get_authorization_details`](Self::get_authorization_details).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, client_id: &str) -> gotrue_rs::Result<()> {
    /// auth.oauth().revoke_grant(client_id).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "revokeGrant")]
    pub fn revoke_grant(&self, client_id: &str) -> Call<()> {
        let client = self.client.clone();
        let request = client
            .request("auth.oauth.revoke_grant", Method::DELETE, &["user", "oauth", "grants"])
            .query("client_id", client_id);
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).done().await },
        )
    }
}
