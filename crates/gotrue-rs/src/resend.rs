//! Sending again.

use secrecy::SecretString;
use supabase_core::Method;

use crate::body::Body;
use crate::call::Call;
use crate::client::Client;
use crate::contact::{ByEmail, ByPhone, Contact};
use crate::sign_in::otp::{OtpSent, Sent};

/// A message to be sent again.
#[derive(Clone, Debug)]
#[must_use]
pub struct Resend<C> {
    contact: C,
    kind: &'static str,
    captcha: Option<SecretString>,
}

impl Resend<ByEmail> {
    /// The confirmation of a sign-up.
    pub fn signup(address: impl Into<String>) -> Self {
        Self { contact: ByEmail::new(address), kind: "signup", captcha: None }
    }

    /// The confirmation of another email address; `address` is the present one.
    pub fn email_change(address: impl Into<String>) -> Self {
        Self { contact: ByEmail::new(address), kind: "email_change", captcha: None }
    }

    /// Where the link in the email leads in the end. The project must allow the address; otherwise the link leads to the
    /// project's site.
    #[doc(alias = "emailRedirectTo")]
    #[doc(alias = "email_redirect_to")]
    pub fn redirect_to(mut self, url: impl Into<String>) -> Self {
        self.contact.redirect_to = Some(url.into());
        self
    }
}

impl Resend<ByPhone> {
    /// The code of a sign-up or sign-in.
    pub fn sms(number: impl Into<String>) -> Self {
        Self { contact: ByPhone::new(number), kind: "sms", captcha: None }
    }

    /// The confirmation of another phone number; `number` is the present one.
    pub fn phone_change(number: impl Into<String>) -> Self {
        Self { contact: ByPhone::new(number), kind: "phone_change", captcha: None }
    }
}

impl<C> Resend<C> {
    /// The answer to a captcha, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha = Some(token.into());
        self
    }
}

impl Client {
    /// Sends a confirmation or code again. The server does not tell whether there is somebody to send it to; a new code
    /// ends the one before it.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-resend>
    ///
    /// # Errors
    /// [`Code::OverEmailSendRateLimit`](crate::Code::OverEmailSendRateLimit) and its like where it is too early, with
    /// [`Error::retry_after`](crate::Error::retry_after); see [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::Resend;
    /// auth.resend(Resend::signup("ada@example.com").redirect_to("https://app.example/welcome")).await?;
    /// # Ok(()) }
    /// ```
    pub fn resend<C: Contact>(&self, resend: Resend<C>) -> Call<OtpSent> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let body =
                resend.contact.write(Body::new()).put("type", resend.kind).captcha(resend.captcha.as_ref());
            let request = client.request("auth.resend", Method::POST, &["resend"]).settings(settings);
            let (start, redirect_to) = (resend.contact.start(resend.kind), resend.contact.redirect_to());
            let (sent, flow) =
                client.send_mail::<Sent>(start, redirect_to, request, body, |_| Some(true)).await?;
            Ok(OtpSent { message_id: sent.message_id, flow })
        })
    }
}
