//! The passkeys of users, as an administrator sees them.

use supabase_core::Method;

use crate::call::Call;
use crate::client::Client;
use crate::passkeys::Passkey;

/// The passkeys of users. It comes from [`Admin::passkeys`](crate::Admin::passkeys).
#[derive(Clone, Debug)]
pub struct AdminPasskeys {
    pub(super) client: Client,
}

impl AdminPasskeys {
    /// The passkeys of a user.
    ///
    /// # Errors
    /// [`Code::PasskeyDisabled`](crate::Code::PasskeyDisabled) where the project has switched passkeys off; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, user: &str) -> gotrue_rs::Result<()> {
    /// for passkey in admin.passkeys().list(user).await? {
    ///     println!("{:?}", passkey.friendly_name);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "listPasskeys")]
    pub fn list(&self, user_id: &str) -> Call<Vec<Passkey>> {
        let path = ["admin", "users", user_id, "passkeys"];
        let request = self.client.request("auth.admin.passkeys.list", Method::GET, &path);
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Deletes a passkey of a user.
    ///
    /// # Errors
    /// A status of 404 if there is no such passkey; see [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin, user: &str, passkey: &str) -> gotrue_rs::Result<()> {
    /// admin.passkeys().delete(user, passkey).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "deletePasskey")]
    pub fn delete(&self, user_id: &str, passkey_id: &str) -> Call<()> {
        let path = ["admin", "users", user_id, "passkeys", passkey_id];
        let request = self.client.request("auth.admin.passkeys.delete", Method::DELETE, &path);
        Call::new(move |settings| request.settings(settings).done())
    }
}
