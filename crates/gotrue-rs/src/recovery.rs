//! Passwords that were forgotten, and proof that it is still the same user.

use secrecy::SecretString;
use supabase_core::Method;

use crate::body::Body;
use crate::call::Call;
use crate::client::Client;
use crate::pkce::Start;
use crate::sign_in::otp::{OtpSent, Sent};

/// A password to be reset, by the email address of its user. An address alone is enough.
#[derive(Clone, Debug)]
#[must_use]
pub struct ResetPassword {
    address: String,
    redirect_to: Option<String>,
    captcha: Option<SecretString>,
}

impl ResetPassword {
    /// The password of the user with this email address.
    pub fn of(address: impl Into<String>) -> Self {
        Self { address: address.into(), redirect_to: None, captcha: None }
    }

    /// Where the link in the email leads in the end: a page that asks for the new password. The project must allow the
    /// address; otherwise the link leads to the project's site.
    pub fn redirect_to(mut self, url: impl Into<String>) -> Self {
        self.redirect_to = Some(url.into());
        self
    }

    /// The answer to a captcha, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha = Some(token.into());
        self
    }
}

impl From<&str> for ResetPassword {
    fn from(address: &str) -> Self {
        Self::of(address)
    }
}

impl From<String> for ResetPassword {
    fn from(address: String) -> Self {
        Self::of(address)
    }
}

impl Client {
    /// Sends a link by which a user can sign in and choose another password, with
    /// [`update_user`](Self::update_user). The server does not tell whether there is such a user.
    ///
    /// Once they are signed in, [`AuthEvent::PasswordRecovery`](crate::AuthEvent::PasswordRecovery) is told.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-resetpasswordforemail>
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::ResetPassword;
    /// auth.reset_password_for_email("ada@example.com").await?;
    /// auth.reset_password_for_email(ResetPassword::of("ada@example.com").redirect_to("https://app.example/reset")).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "resetPasswordForEmail")]
    #[doc(alias = "reset_password_email")]
    #[doc(alias = "recover")]
    pub fn reset_password_for_email(&self, reset: impl Into<ResetPassword>) -> Call<OtpSent> {
        let (client, reset) = (self.clone(), reset.into());
        Call::new(move |settings| async move {
            let body = Body::new().put("email", reset.address.as_str()).captcha(reset.captcha.as_ref());
            let path = ["recover"];
            let request =
                client.request("auth.reset_password_for_email", Method::POST, &path).settings(settings);
            let (start, redirect_to) = (Start::Recovery(&reset.address), reset.redirect_to.as_deref());
            let (sent, flow) =
                client.send_mail::<Sent>(Some(start), redirect_to, request, body, |_| Some(true)).await?;
            Ok(OtpSent { message_id: sent.message_id, flow })
        })
    }

    /// Sends the user who is signed in a nonce, which proves that it is still them when they change their password; see
    /// [`UserUpdate::nonce`](crate::UserUpdate::nonce).
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-reauthentication>
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in; see
    /// [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// auth.reauthenticate().await?;
    /// # Ok(()) }
    /// ```
    pub fn reauthenticate(&self) -> Call<OtpSent> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let mut request = client
                .request("auth.reauthenticate", Method::GET, &["reauthenticate"])
                .bearer(client.require_token().await?)
                .settings(settings);
            // It is a GET that sends something.
            request.once();
            let sent: Sent = request.fetch().await?;
            Ok(OtpSent { message_id: sent.message_id, flow: None })
        })
    }
}
