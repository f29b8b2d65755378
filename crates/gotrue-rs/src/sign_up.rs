//! Signing up.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use supabase_core::Method;

use crate::body::{Body, Metadata};
use crate::call::Call;
use crate::channel::Channel;
use crate::client::Client;
use crate::contact::{ByEmail, ByPhone, Contact};
use crate::error::{Error, Result};
use crate::pkce::PendingFlow;
use crate::session::{Session, Wire};
use crate::user::User;

/// A new user: their email address or phone number, and their password.
#[derive(Clone, Debug)]
#[must_use]
pub struct SignUp<C> {
    contact: C,
    password: SecretString,
    data: Metadata,
    captcha: Option<SecretString>,
}

/// What a sign-up has come to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedUp {
    /// The new user. If the address is taken, and the project asks for confirmations, it is an invention of the server's,
    /// without a role and without identities, so that nobody learns who has signed up.
    pub user: User,
    /// The session, if the project asks for no confirmation.
    pub session: Option<Arc<Session>>,
    /// What the code of the link in the email is exchanged with, where there is one.
    pub flow: Option<PendingFlow>,
}

impl SignUp<ByEmail> {
    /// By email address.
    pub fn email(address: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::new(ByEmail::new(address), password.into())
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

impl SignUp<ByPhone> {
    /// By phone number, with its country code.
    pub fn phone(number: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::new(ByPhone::new(number), password.into())
    }

    /// How the code reaches the phone: by text message if not given.
    pub fn channel(mut self, channel: Channel) -> Self {
        self.contact.channel = Some(channel);
        self
    }
}

impl<C> SignUp<C> {
    fn new(contact: C, password: SecretString) -> Self {
        Self { contact, password, data: Metadata::None, captcha: None }
    }

    /// The user's own data, a map or struct: it becomes their `user_metadata`.
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

impl Client {
    /// Creates a user. They are signed in if the project asks for no confirmation; otherwise the answer has no session,
    /// and a link or code is on its way to them.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-signup>
    ///
    /// # Errors
    /// [`Code::WeakPassword`](crate::Code::WeakPassword) with its reasons, [`Code::UserAlreadyExists`](crate::Code::UserAlreadyExists)
    /// where the project asks for no confirmation, and others; see [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::SignUp;
    /// let ada = SignUp::email("ada@example.com", "correct horse").data(serde_json::json!({ "first_name": "Ada" }));
    /// let answer = auth.sign_up(ada).await?;
    /// if answer.session.is_none() {
    ///     println!("a mail is on its way to {:?}", answer.user.email);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "signUp")]
    pub fn sign_up<C: Contact>(&self, sign_up: SignUp<C>) -> Call<SignedUp> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let body = sign_up
                .contact
                .write(Body::new())
                .secret("password", &sign_up.password)
                .put_opt("data", sign_up.data.get()?)
                .captcha(sign_up.captcha.as_ref());
            let request = client.request("auth.sign_up", Method::POST, &["signup"]).settings(settings);
            let (start, redirect_to) = (sign_up.contact.start("signup"), sign_up.contact.redirect_to());
            let is_sent = |answer: &Value| Some(answer.get("access_token").is_none());
            let (answer, flow) = client.send_mail(start, redirect_to, request, body, is_sent).await?;
            client.signed_up(answer, flow).await
        })
    }

    /// Tells a session and a user that waits for confirmation apart: the server wraps neither.
    async fn signed_up(&self, answer: Value, flow: Option<PendingFlow>) -> Result<SignedUp> {
        let does_not_fit = |_| {
            let message = "the answer to the sign-up is neither a session nor a user";
            Error::of_kind(crate::error::ErrorKind::Decode, None, message)
        };
        if answer.get("access_token").is_none() {
            let user = serde_json::from_value(answer).map_err(does_not_fit)?;
            return Ok(SignedUp { user, session: None, flow });
        }
        let wire: Wire = serde_json::from_value(answer).map_err(does_not_fit)?;
        let session = self.signed_in(self.sessions().received(wire), None).await?;
        Ok(SignedUp { user: session.user.clone(), session: Some(session), flow: None })
    }
}
