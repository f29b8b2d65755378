//! What the server tells about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use supabase_core::Method;

use crate::call::Call;
use crate::client::Client;
use crate::lenient::null_as_default;

/// What the project allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Which ways of signing in are on: `email`, `phone`, `anonymous_users`, and each provider.
    #[serde(default, deserialize_with = "null_as_default")]
    pub external: BTreeMap<String, bool>,
    /// Whether nobody can sign up.
    #[serde(default)]
    pub disable_signup: bool,
    /// Whether email addresses count as confirmed at once.
    #[serde(default)]
    pub mailer_autoconfirm: bool,
    /// Whether phone numbers count as confirmed at once.
    #[serde(default)]
    pub phone_autoconfirm: bool,
    /// Who sends text messages; empty if nobody does.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sms_provider: String,
    /// Whether users can sign in by SAML.
    #[serde(default)]
    pub saml_enabled: bool,
    /// Whether users can sign in by passkeys.
    #[serde(default)]
    pub passkeys_enabled: bool,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Which server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Health {
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
}

impl Client {
    /// What the project allows: which ways of signing in are on, and whether anybody can sign up.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let settings = auth.settings().await?;
    /// if settings.external.get("github") == Some(&true) {
    ///     println!("one can sign in with GitHub");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn settings(&self) -> Call<ServerSettings> {
        let request = self.request("auth.settings", Method::GET, &["settings"]);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Which server answers, and its version.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// println!("{}", auth.health().await?.version);
    /// # Ok(()) }
    /// ```
    pub fn health(&self) -> Call<Health> {
        let request = self.request("auth.health", Method::GET, &["health"]);
        Call::new(move |settings| request.settings(settings).fetch())
    }
}
