//! The user who is signed in, and what they change about themselves.

use secrecy::SecretString;
use serde::Serialize;
use supabase_core::Method;

use crate::body::{Body, Metadata};
use crate::call::Call;
use crate::channel::Channel;
use crate::client::Client;
use crate::error::Error;
use crate::pkce::{PendingFlow, Start};
use crate::user::User;

/// A change that a user makes to themselves. Several are joined by [`and`](Self::and).
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
/// use gotrue_rs::UserUpdate;
/// let change = UserUpdate::email("new@example.com").and(UserUpdate::password("correct horse").nonce("123456"));
/// auth.update_user(change).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct UserUpdate {
    email: Option<String>,
    phone: Option<String>,
    channel: Option<Channel>,
    password: Option<SecretString>,
    nonce: Option<SecretString>,
    current_password: Option<SecretString>,
    data: Metadata,
    redirect_to: Option<String>,
}

/// What a change has come to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserUpdated {
    /// The user as they are now. Another email address or phone number counts only once it is confirmed; until then, it
    /// is in [`new_email`](User::new_email) or [`new_phone`](User::new_phone).
    pub user: User,
    /// What the code of the link is exchanged with, where an email was sent with one.
    pub flow: Option<PendingFlow>,
}

impl UserUpdate {
    /// Another email address. It must be confirmed, by the present address too if the project is careful.
    pub fn email(address: impl Into<String>) -> Self {
        Self { email: Some(address.into()), ..Self::nothing() }
    }

    /// Another phone number, with its country code. It must be confirmed.
    pub fn phone(number: impl Into<String>) -> Self {
        Self { phone: Some(number.into()), ..Self::nothing() }
    }

    /// Another password. All other sessions of the user end.
    pub fn password(password: impl Into<SecretString>) -> Self {
        Self { password: Some(password.into()), ..Self::nothing() }
    }

    /// The user's own data, a map or struct, which is merged into their `user_metadata`; null removes a key.
    pub fn data(data: impl Serialize) -> Self {
        Self { data: Metadata::of(data), ..Self::nothing() }
    }

    fn nothing() -> Self {
        Self {
            email: None,
            phone: None,
            channel: None,
            password: None,
            nonce: None,
            current_password: None,
            data: Metadata::None,
            redirect_to: None,
        }
    }

    /// Joins two changes. Where both change the same, `other` holds.
    pub fn and(self, other: Self) -> Self {
        Self {
            email: other.email.or(self.email),
            phone: other.phone.or(self.phone),
            channel: other.channel.or(self.channel),
            password: other.password.or(self.password),
            nonce: other.nonce.or(self.nonce),
            current_password: other.current_password.or(self.current_password),
            data: match other.data {
                Metadata::None => self.data,
                data => data,
            },
            redirect_to: other.redirect_to.or(self.redirect_to),
        }
    }

    /// What [`reauthenticate`](Client::reauthenticate) has sent, where the project asks for it to change a password.
    pub fn nonce(mut self, nonce: impl Into<SecretString>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// The password so far, where the project asks for it to change it.
    pub fn current_password(mut self, password: impl Into<SecretString>) -> Self {
        self.current_password = Some(password.into());
        self
    }

    /// How the code reaches the other phone: by text message if not given.
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channel = Some(channel);
        self
    }

    /// Where the link in the email leads in the end. The project must allow the address; otherwise the link leads to the
    /// project's site.
    #[doc(alias = "emailRedirectTo")]
    #[doc(alias = "email_redirect_to")]
    pub fn redirect_to(mut self, url: impl Into<String>) -> Self {
        self.redirect_to = Some(url.into());
        self
    }
}

impl Client {
    /// The user who is signed in, as the server knows them now. Its answer proves that the session is alive.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-getuser>
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in; see
    /// [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// println!("{:?}", auth.get_user().await?.email);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getUser")]
    pub fn get_user(&self) -> Call<User> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let token = client.require_token().await?;
            client.get_user_by(token).settings_of(settings).await
        })
    }

    /// The user of an access token, as the server knows them now: for servers that are shown one. Verifying it here, with
    /// the project's public keys, costs no request.
    ///
    /// # Errors
    /// [`Code::BadJwt`](crate::Code::BadJwt) if it is not to be believed; see [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, jwt: String) -> gotrue_rs::Result<()> {
    /// println!("{:?}", auth.get_user_by(jwt).await?.email);
    /// # Ok(()) }
    /// ```
    pub fn get_user_by(&self, access_token: impl Into<SecretString>) -> Call<User> {
        let request = self.request("auth.get_user", Method::GET, &["user"]).bearer(access_token.into());
        Call::new(move |settings| request.settings(settings).fetch())
    }

    /// Changes the user who is signed in.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-updateuser>
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in;
    /// [`Code::ReauthenticationNeeded`](crate::Code::ReauthenticationNeeded) and its like where the project wants more
    /// proof; see [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::UserUpdate;
    /// let user = auth.update_user(UserUpdate::email("new@example.com")).await?.user;
    /// println!("to be confirmed: {:?}", user.new_email);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "updateUser")]
    pub fn update_user(&self, update: UserUpdate) -> Call<UserUpdated> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let token = client.require_token().await?;
            if (update.nonce.is_some() || update.current_password.is_some()) && update.password.is_none() {
                return Err(Error::invalid(
                    "a nonce or the current password is asked for only with a new password",
                ));
            }
            let body = Body::new()
                .put_opt("email", update.email.as_deref())
                .put_opt("phone", update.phone)
                .put_opt("channel", update.channel.as_ref().map(Channel::as_str))
                .secret_opt("password", update.password.as_ref())
                .secret_opt("nonce", update.nonce.as_ref())
                .secret_opt("current_password", update.current_password.as_ref())
                .put_opt("data", update.data.get()?);
            let request = client.request("auth.update_user", Method::PUT, &["user"]).bearer(token);
            let start = update.email.as_deref().map(|address| Start::Mail("email_change", address));
            let is_sent = |user: &User| match (&user.new_email, &update.email) {
                // It counts at once, or has not changed.
                (None, _) => Some(false),
                (Some(new), Some(asked)) if new.to_lowercase() == asked.to_lowercase() => Some(true),
                // There may be an earlier change that still waits.
                _ => None,
            };
            let (user, flow) = client
                .send_mail(start, update.redirect_to.as_deref(), request.settings(settings), body, is_sent)
                .await?;
            client.sessions().commit(|machine| machine.update_user(&user)).await;
            Ok(UserUpdated { user, flow })
        })
    }
}
