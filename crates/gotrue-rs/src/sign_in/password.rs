//! By password.

use std::sync::Arc;

use secrecy::SecretString;

use super::{SignIn, sealed};
use crate::body::Body;
use crate::call::Call;
use crate::client::Client;
use crate::session::Session;

/// Signs in by a password.
///
/// A password that the project has come to find too weak still works; the session then says so in
/// [`weak_password`](Session::weak_password).
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-signinwithpassword>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
/// use gotrue_rs::Password;
/// auth.sign_in(Password::email("ada@example.com", "correct horse")).await?;
/// auth.sign_in(Password::phone("+13334445555", "correct horse")).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Password {
    key: &'static str,
    contact: String,
    password: SecretString,
    captcha: Option<SecretString>,
}

impl Password {
    /// By email address.
    pub fn email(address: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self { key: "email", contact: address.into(), password: password.into(), captcha: None }
    }

    /// By phone number, with its country code.
    pub fn phone(number: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self { key: "phone", contact: number.into(), password: password.into(), captcha: None }
    }

    /// The answer to a captcha, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha = Some(token.into());
        self
    }
}

impl SignIn for Password {}

impl sealed::SignIn for Password {
    type Answer = Arc<Session>;

    fn call(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |settings| async move {
            let body = Body::new()
                .put(self.key, self.contact)
                .secret("password", &self.password)
                .captcha(self.captcha.as_ref());
            client.sign_in_by_grant("auth.sign_in_with_password", "password", body, settings).await
        })
    }
}
