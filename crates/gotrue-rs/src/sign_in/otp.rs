//! By a code or link that is sent.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use supabase_core::Method;

use super::{SignIn, sealed};
use crate::body::{Body, Metadata};
use crate::call::Call;
use crate::channel::Channel;
use crate::client::Client;
use crate::contact::{ByEmail, ByPhone, Contact};
use crate::pkce::PendingFlow;

/// Signs in by a code that is sent to an email address or phone, or by the link in the email.
///
/// [`verify_otp`](Client::verify_otp) takes the code. Whether an email has a link or a code is up to the project's
/// template.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-signinwithotp>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
/// use gotrue_rs::{EmailOtp, Otp, Verify};
/// auth.sign_in(Otp::email("ada@example.com").create_user(false)).await?;
/// // … once the user has read the mail:
/// auth.verify_otp(Verify::email("ada@example.com", "123456", EmailOtp::Email)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Otp<C> {
    contact: C,
    create_user: bool,
    data: Metadata,
    captcha: Option<SecretString>,
}

/// That a code or link was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OtpSent {
    /// The id of the text message with its provider, where the provider gives one.
    pub message_id: Option<String>,
    /// What the code of the link is exchanged with, where there is a link.
    pub flow: Option<PendingFlow>,
}

/// What the server answers where it has sent something: `{}`, or the id of a text message.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    pub(crate) message_id: Option<String>,
}

impl Otp<ByEmail> {
    /// By email.
    pub fn email(address: impl Into<String>) -> Self {
        Self::new(ByEmail::new(address))
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

impl Otp<ByPhone> {
    /// By phone; the number has its country code.
    pub fn phone(number: impl Into<String>) -> Self {
        Self::new(ByPhone::new(number))
    }

    /// How the code reaches the phone: by text message if not given.
    pub fn channel(mut self, channel: Channel) -> Self {
        self.contact.channel = Some(channel);
        self
    }
}

impl<C> Otp<C> {
    fn new(contact: C) -> Self {
        Self { contact, create_user: true, data: Metadata::None, captcha: None }
    }

    /// Whether a user is created who does not exist yet: yes if not given.
    #[doc(alias = "shouldCreateUser")]
    #[doc(alias = "should_create_user")]
    pub fn create_user(mut self, yes: bool) -> Self {
        self.create_user = yes;
        self
    }

    /// The own data of a user who is created: it becomes their `user_metadata`.
    pub fn data(mut self, data: impl Serialize) -> Self {
        self.data = Metadata::of(data);
        self
    }

    /// The answer to a captcha, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha = Some(token.into());
        self
    }
}

impl<C: Contact> SignIn for Otp<C> {}

impl<C: Contact> sealed::SignIn for Otp<C> {
    type Answer = OtpSent;

    fn call(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |settings| async move {
            let body = self
                .contact
                .write(Body::new())
                .put("create_user", self.create_user)
                .put_opt("data", self.data.get()?)
                .captcha(self.captcha.as_ref());
            let request = client.request("auth.sign_in_with_otp", Method::POST, &["otp"]).settings(settings);
            let (start, redirect_to) = (self.contact.start("otp"), self.contact.redirect_to());
            let (sent, flow) =
                client.send_mail::<Sent>(start, redirect_to, request, body, |_| Some(true)).await?;
            Ok(OtpSent { message_id: sent.message_id, flow })
        })
    }
}
