//! The factors of users, as an administrator sees them.

use serde::Serialize;
use supabase_core::Method;

use crate::call::Call;
use crate::client::Client;
use crate::factor::Factor;

/// The factors of users. It comes from [`Admin::mfa`](crate::Admin::mfa).
#[derive(Clone, Debug)]
pub struct AdminMfa {
    pub(super) client: Client,
}

/// What to change about a factor. What is not said stays as it is.
#[derive(Clone, Debug, Default, Serialize)]
#[must_use]
pub struct FactorChanges {
    #[serde(skip_serializing_if = "Option::is_none")]
    friendly_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl FactorChanges {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the user calls it.
    pub fn friendly_name(mut self, name: impl Into<String>) -> Self {
        self.friendly_name = Some(name.into());
        self
    }

    /// The phone number, in the international form.
    pub fn phone(mut self, phone: impl Into<String>) -> Self {
        self.phone = Some(phone.into());
        self
    }
}

impl AdminMfa {
    /// The factors of a user, proven or not.
    ///
    /// # Errors
    /// [`Code::UserNotFound`](crate::Code::UserNotFound) if there is no such user; see [`ErrorKind`](crate::ErrorKind) for
    /// others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, user: &str) -> gotrue_rs::Result<()> {
    /// for factor in admin.mfa().list_factors(user).await? {
    ///     println!("{}: {}", factor.factor_type, factor.status);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "listFactors")]
    pub fn list_factors(&self, user_id: &str) -> Call<Vec<Factor>> {
        let path = ["admin", "users", user_id, "factors"];
        let request = self.client.request("auth.admin.mfa.list_factors", Method::GET, &path);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Deletes a factor of a user, who is then signed out everywhere if the factor was proven.
    ///
    /// # Errors
    /// [`Code::MfaFactorNotFound`](crate::Code::MfaFactorNotFound) if there is no such factor; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, user: &str, factor: &str) -> gotrue_rs::Result<()> {
    /// let deleted = admin.mfa().delete_factor(user, factor).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "deleteFactor")]
    pub fn delete_factor(&self, user_id: &str, factor_id: &str) -> Call<Factor> {
        let path = ["admin", "users", user_id, "factors", factor_id];
        let request = self.client.request("auth.admin.mfa.delete_factor", Method::DELETE, &path);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Changes a factor of a user.
    ///
    /// # Errors
    /// [`Code::MfaFactorNotFound`](crate::Code::MfaFactorNotFound) if there is no such factor; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, user: &str, factor: &str) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::FactorChanges;
    /// let changes = FactorChanges::new().friendly_name("old phone");
    /// let factor = admin.mfa().update_factor(user, factor, changes).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_factor(&self, user_id: &str, factor_id: &str, changes: FactorChanges) -> Call<Factor> {
        let path = ["admin", "users", user_id, "factors", factor_id];
        let request = self.client.request("auth.admin.mfa.update_factor", Method::PUT, &path).json(&changes);
        Call::new(move |settings| request.settings(settings).fetch())
    }
}
