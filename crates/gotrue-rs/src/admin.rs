//! What only a server with a secret key may do.

mod attributes;
mod audit;
mod custom_providers;
mod key;
mod links;
mod mfa;
mod oauth_clients;
mod pages;
mod passkeys;
mod sso_providers;
mod users;

pub use attributes::{NewUser, UserChanges};
pub use audit::{AuditEntry, AuditQuery, ListAuditLog};
pub use custom_providers::{
    AdminCustomProviders, CustomProvider, CustomProviderChanges, NewCustomProvider, ProviderType,
};
pub(crate) use key::may_administer;
pub use links::{GeneratedLink, Link, LinkType};
pub use mfa::{AdminMfa, FactorChanges};
pub use oauth_clients::{
    AdminOAuthClients, ClientType, NewOAuthClient, OAuthClient, OAuthClientChanges, RegistrationType,
};
pub use pages::Page;
pub use passkeys::AdminPasskeys;
pub use sso_providers::{
    AdminSsoProviders, AttributeMapping, NewSsoProvider, SamlProvider, SsoDomain, SsoProvider,
    SsoProviderChanges,
};
pub use users::{DeleteUser, Invite, ListUsers, UserOrder};

use crate::client::Client;
use crate::error::{Error, Result};

/// What only a server may do: create, change and delete users, send invitations, set up providers, read the audit log.
///
/// It comes from [`Client::admin`]. Whoever is signed in on the client has no part in it: these calls speak as the secret
/// key.
///
/// Source: <https://supabase.com/docs/reference/javascript/admin-api>
///
/// ```no_run
/// # async fn run() -> gotrue_rs::Result<()> {
/// use gotrue_rs::{Client, NewUser};
/// let auth = Client::new("https://abc.supabase.co/auth/v1", "sb_secret_…")?;
/// let admin = auth.admin()?;
/// let user = admin.create_user(NewUser::email("ada@example.com").email_confirm(true)).await?;
/// println!("{}", user.id);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Admin {
    pub(crate) client: Client,
}

impl Client {
    /// What only a server may do.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the client was built with a key that may not do it: one needs
    /// a secret key (`sb_secret_…`) or a legacy `service_role` key.
    ///
    /// ```
    /// # fn main() -> gotrue_rs::Result<()> {
    /// use gotrue_rs::Client;
    /// let url = "http://127.0.0.1:54321/auth/v1";
    /// assert!(Client::new(url, "sb_publishable_…")?.admin().is_err());
    /// let admin = Client::new(url, "sb_secret_…")?.admin()?;
    /// # Ok(()) }
    /// ```
    pub fn admin(&self) -> Result<Admin> {
        if self.may_administer() {
            return Ok(Admin { client: self.clone() });
        }
        Err(Error::invalid(
            "this client was built with a key that may not administer users: build one with a secret key \
             (`sb_secret_…`) or a legacy service_role key, on a server",
        ))
    }
}

impl Admin {
    /// The factors of users.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, user: &str) -> gotrue_rs::Result<()> {
    /// let factors = admin.mfa().list_factors(user).await?;
    /// # Ok(()) }
    /// ```
    pub fn mfa(&self) -> AdminMfa {
        AdminMfa { client: self.client.clone() }
    }

    /// The passkeys of users.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, user: &str) -> gotrue_rs::Result<()> {
    /// let passkeys = admin.passkeys().list(user).await?;
    /// # Ok(()) }
    /// ```
    pub fn passkeys(&self) -> AdminPasskeys {
        AdminPasskeys { client: self.client.clone() }
    }

    /// The programs that users may grant access to.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let clients = admin.oauth().list_clients().await?;
    /// # Ok(()) }
    /// ```
    pub fn oauth(&self) -> AdminOAuthClients {
        AdminOAuthClients { client: self.client.clone() }
    }

    /// OAuth and OpenID providers of your own.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let providers = admin.custom_providers().list(None).await?;
    /// # Ok(()) }
    /// ```
    pub fn custom_providers(&self) -> AdminCustomProviders {
        AdminCustomProviders { client: self.client.clone() }
    }

    /// The identity providers of companies.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// let providers = admin.sso_providers().list().await?;
    /// # Ok(()) }
    /// ```
    pub fn sso_providers(&self) -> AdminSsoProviders {
        AdminSsoProviders { client: self.client.clone() }
    }
}
