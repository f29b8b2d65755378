//! Links that an administrator sends by their own means.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use supabase_core::{Method, open_enum};

use super::Admin;
use crate::body::Metadata;
use crate::call::Call;
use crate::secret::{expose_some, secret};
use crate::user::User;

open_enum! {
    /// What a link is for. The enum is open.
    pub enum LinkType {
        /// It confirms the email address of a new user.
        Signup = "signup",
        /// It is an invitation.
        Invite = "invite",
        /// It signs a user in.
        MagicLink = "magiclink",
        /// It signs a user in who has forgotten their password.
        Recovery = "recovery",
        /// It confirms a change of the email address, at the old address.
        EmailChangeCurrent = "email_change_current",
        /// It confirms a change of the email address, at the new address.
        EmailChangeNew = "email_change_new",
    }
}

/// A link to be generated: what it is for, and what that needs.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-admin-generatelink>
///
/// ```
/// use gotrue_rs::Link;
/// let link = Link::recovery("ada@example.com").redirect_to("https://example.com/reset");
/// ```
#[derive(Clone, Serialize)]
#[must_use]
pub struct Link {
    r#type: LinkType,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose_some")]
    password: Option<SecretString>,
    #[serde(skip_serializing_if = "Metadata::is_none")]
    data: Metadata,
    #[serde(skip)]
    redirect_to: Option<String>,
}

impl Link {
    fn new(r#type: LinkType, email: String) -> Self {
        Self { r#type, email, new_email: None, password: None, data: Metadata::None, redirect_to: None }
    }

    /// Creates a user who confirms their email address by the link.
    pub fn signup(email: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self { password: Some(password.into()), ..Self::new(LinkType::Signup, email.into()) }
    }

    /// Creates a user who accepts the invitation by the link.
    pub fn invite(email: impl Into<String>) -> Self {
        Self::new(LinkType::Invite, email.into())
    }

    /// Signs a user in by the link. If there is no such user, one is created, and the link is one for signing up.
    pub fn magic_link(email: impl Into<String>) -> Self {
        Self::new(LinkType::MagicLink, email.into())
    }

    /// Signs a user in by the link who has forgotten their password.
    pub fn recovery(email: impl Into<String>) -> Self {
        Self::new(LinkType::Recovery, email.into())
    }

    /// Confirms a change of the email address, to be sent to the current one.
    pub fn email_change_current(email: impl Into<String>, new_email: impl Into<String>) -> Self {
        Self { new_email: Some(new_email.into()), ..Self::new(LinkType::EmailChangeCurrent, email.into()) }
    }

    /// Confirms a change of the email address, to be sent to the new one.
    pub fn email_change_new(email: impl Into<String>, new_email: impl Into<String>) -> Self {
        Self { new_email: Some(new_email.into()), ..Self::new(LinkType::EmailChangeNew, email.into()) }
    }

    /// The metadata of a new user: a map or struct.
    pub fn data(mut self, data: impl Serialize) -> Self {
        self.data = Metadata::of(data);
        self
    }

    /// Where the link leads in the end: one of the addresses that the project allows. The project's site if not given, or
    /// not allowed.
    pub fn redirect_to(mut self, url: impl Into<String>) -> Self {
        self.redirect_to = Some(url.into());
        self
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("type", &self.r#type).finish_non_exhaustive()
    }
}

/// A link that was generated, and what else proves the same. Nothing was sent.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct GeneratedLink {
    /// The link, to be sent to the user and to nobody else.
    #[serde(deserialize_with = "secret")]
    pub action_link: SecretString,
    /// The code that does the same as the link, to be typed in by the user and given to `verify_otp`.
    #[serde(deserialize_with = "secret")]
    pub email_otp: SecretString,
    /// The hash of the link's token, for a link of your own to a page that gives it to `verify_otp`.
    ///
    /// For [`LinkType::EmailChangeNew`] servers give one that does not fit: use the link or the code.
    #[serde(deserialize_with = "secret")]
    pub hashed_token: SecretString,
    /// What the link is for: it can be another than was asked for, see [`Link::magic_link`].
    pub verification_type: LinkType,
    /// Where the link leads in the end.
    #[serde(default)]
    pub redirect_to: String,
    /// The user.
    #[serde(flatten)]
    pub user: User,
}

impl fmt::Debug for GeneratedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratedLink")
            .field("verification_type", &self.verification_type)
            .field("redirect_to", &self.redirect_to)
            .field("user", &self.user.id)
            .finish_non_exhaustive()
    }
}

impl Admin {
    /// Generates a link and a code that you send by means of your own.
    ///
    /// # Errors
    /// [`Code::EmailExists`](crate::Code::EmailExists) for a sign-up or an invitation of a user who is there;
    /// [`Code::UserNotFound`](crate::Code::UserNotFound) for a recovery of one who is not; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::Link;
    /// use gotrue_rs::secrecy::ExposeSecret;
    /// let link = admin.generate_link(Link::magic_link("ada@example.com")).await?;
    /// send("ada@example.com", link.action_link.expose_secret());
    /// # fn send(_to: &str, _link: &str) {}
    /// # Ok(()) }
    /// ```
    #[doc(alias = "generateLink")]
    pub fn generate_link(&self, link: Link) -> Call<GeneratedLink> {
        let request = self
            .client
            .request("auth.admin.generate_link", Method::POST, &["admin", "generate_link"])
            .query_opt("redirect_to", link.redirect_to.as_deref())
            .json(&link);
        Call::new(move |settings| request.settings(settings).fetch())
    }
}
