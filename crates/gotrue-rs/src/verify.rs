//! Verifying what was sent.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;
use supabase_core::Method;

use crate::body::Body;
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::session::event::AuthEvent;
use crate::session::{Session, Wire};

/// What an email was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmailOtp {
    /// To sign in or to confirm a sign-up, whichever it is.
    Email,
    /// To confirm a sign-up.
    Signup,
    /// To accept an invitation.
    Invite,
    /// To sign in by a magic link.
    MagicLink,
    /// To reset a password.
    Recovery,
    /// To confirm another email address.
    EmailChange,
}

/// What a message to a phone was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PhoneOtp {
    /// To sign in or to confirm a sign-up, also where it came by WhatsApp.
    Sms,
    /// To confirm another phone number.
    PhoneChange,
}

/// A code that the user has read in a message, or the hash in a link.
///
/// ```
/// use gotrue_rs::{EmailOtp, PhoneOtp, Verify};
/// let code = Verify::email("ada@example.com", "123456", EmailOtp::Signup);
/// let code = Verify::phone("+13334445555", "123456", PhoneOtp::Sms);
/// let hash = Verify::token_hash("7f3c…", EmailOtp::Recovery);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Verify {
    contact: Option<(&'static str, String)>,
    kind: &'static str,
    token: SecretString,
    captcha: Option<SecretString>,
}

/// What a verification has come to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verified {
    /// The user is signed in.
    SignedIn(Arc<Session>),
    /// A change of the email address must be confirmed by both addresses, and this was the first. Nobody has been signed
    /// in.
    OtherAddressNext {
        /// What the server says about it.
        message: String,
    },
}

impl Verified {
    /// The session, if the user is signed in.
    pub fn session(&self) -> Option<&Arc<Session>> {
        match self {
            Self::SignedIn(session) => Some(session),
            Self::OtherAddressNext { .. } => None,
        }
    }
}

impl EmailOtp {
    fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Signup => "signup",
            Self::Invite => "invite",
            Self::MagicLink => "magiclink",
            Self::Recovery => "recovery",
            Self::EmailChange => "email_change",
        }
    }
}

impl PhoneOtp {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::PhoneChange => "phone_change",
        }
    }
}

impl Verify {
    /// A code that was sent to an email address; for [`EmailOtp::EmailChange`], the address that this code was sent to.
    pub fn email(address: impl Into<String>, code: impl Into<SecretString>, kind: EmailOtp) -> Self {
        Self::new(Some(("email", address.into())), code.into(), kind.as_str())
    }

    /// A code that was sent to a phone.
    pub fn phone(number: impl Into<String>, code: impl Into<SecretString>, kind: PhoneOtp) -> Self {
        Self::new(Some(("phone", number.into())), code.into(), kind.as_str())
    }

    /// The hash in the link of an email, where the project's template leads to the program itself.
    pub fn token_hash(hash: impl Into<SecretString>, kind: EmailOtp) -> Self {
        Self::new(None, hash.into(), kind.as_str())
    }

    fn new(contact: Option<(&'static str, String)>, token: SecretString, kind: &'static str) -> Self {
        Self { contact, kind, token, captcha: None }
    }

    /// The answer to a captcha, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha = Some(token.into());
        self
    }

    fn body(&self) -> Body {
        let body = Body::new().put("type", self.kind).captcha(self.captcha.as_ref());
        match &self.contact {
            Some((key, contact)) => body.put(key, contact.as_str()).secret("token", &self.token),
            None => body.secret("token_hash", &self.token),
        }
    }
}

impl Client {
    /// Signs in by a code that was sent, or confirms what it was sent for.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-verifyotp>
    ///
    /// # Errors
    /// [`Code::OtpExpired`](crate::Code::OtpExpired) for a code that is wrong, too old, used, or followed by a newer one;
    /// see [`ErrorKind`].
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::{PhoneOtp, Verified, Verify};
    /// match auth.verify_otp(Verify::phone("+13334445555", "123456", PhoneOtp::Sms)).await? {
    ///     Verified::SignedIn(session) => println!("hello {}", session.user.id),
    ///     other => println!("{other:?}"),
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "verifyOtp")]
    #[doc(alias = "verify")]
    pub fn verify_otp(&self, verify: Verify) -> Call<Verified> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let answer: Value = client
                .request("auth.verify_otp", Method::POST, &["verify"])
                .json(&verify.body())
                .settings(settings)
                .fetch()
                .await?;
            client.verified(answer, &verify).await
        })
    }

    async fn verified(&self, answer: Value, verify: &Verify) -> Result<Verified> {
        if answer.get("access_token").is_none()
            && let Some(message) = answer.get("msg").and_then(Value::as_str)
        {
            return Ok(Verified::OtherAddressNext { message: message.to_owned() });
        }
        let wire: Wire = serde_json::from_value(answer).map_err(|_| {
            let message = "the answer to the verification is neither a session nor a message";
            Error::of_kind(ErrorKind::Decode, None, message)
        })?;
        let kept = self.sessions().received(wire);
        let address = match &verify.contact {
            Some((_, contact)) => Some(contact),
            // A hash names nobody.
            None => kept.session.user.email.as_ref(),
        };
        self.flows().verified(verify.kind, address.map_or("", String::as_str));
        let is_recovery = verify.kind == EmailOtp::Recovery.as_str();
        let also = is_recovery.then(|| AuthEvent::PasswordRecovery(Arc::clone(&kept.session)));
        Ok(Verified::SignedIn(self.signed_in(kept, also).await?))
    }
}
