//! The ways of signing in that are linked to a user.

use std::sync::Arc;

use supabase_core::Method;

use crate::call::Call;
use crate::client::Client;
use crate::identity::Identity;
use crate::pkce::Start;
use crate::session::Session;
use crate::session::event::AuthEvent;
use crate::sign_in::id_token::IdToken;
use crate::sign_in::oauth::{InBrowser, OAuth};
use crate::sign_in::sso::Elsewhere;

/// A way to sign in that can be linked to the user who is signed in.
///
/// | way | answer |
/// |---|---|
/// | [`OAuth`] | the address for the user's browser; [`session_from_url`](Client::session_from_url) comes next |
/// | [`IdToken`] | the session, with the new identity |
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no way to sign in that can be linked",
    note = "`OAuth` and `IdToken` can"
)]
pub trait LinkIdentity: sealed::LinkIdentity {}

pub(crate) mod sealed {
    use super::{Call, Client};

    pub trait LinkIdentity: Sized {
        /// What linking answers with.
        type Answer: 'static;

        fn link(self, client: &Client) -> Call<Self::Answer>;
    }
}

impl LinkIdentity for OAuth {}

impl sealed::LinkIdentity for OAuth {
    type Answer = InBrowser;

    fn link(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |settings| async move {
            let token = client.require_token().await?;
            let flow = client.flows().begin(Start::Browser)?;
            let path = ["user", "identities", "authorize"];
            let mut request = client
                .request("auth.link_identity", Method::GET, &path)
                .query("skip_http_redirect", "true")
                .bearer(token)
                .settings(settings);
            // It is a GET that begins something.
            request.once();
            let outcome = self.write(&client, flow.as_ref(), request).fetch().await;
            let answer: Elsewhere = client.flows().began(flow.as_ref(), outcome)?;
            Ok(InBrowser { url: answer.url, flow })
        })
    }
}

impl LinkIdentity for IdToken {}

impl sealed::LinkIdentity for IdToken {
    type Answer = Arc<Session>;

    fn link(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |settings| async move {
            let token = client.require_token().await?;
            let wire = client
                .request("auth.link_identity", Method::POST, &["token"])
                .query("grant_type", "id_token")
                .bearer(token)
                .json(&self.body().put("link_identity", true))
                .settings(settings)
                .fetch()
                .await?;
            client.adopt(wire, AuthEvent::UserUpdated).await
        })
    }
}

impl Client {
    /// The identities of the user who is signed in, as the server knows them now.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-getuseridentities>
    ///
    /// # Errors
    /// As [`get_user`](Self::get_user).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// for identity in auth.get_user_identities().await? {
    ///     println!("{}: {}", identity.provider, identity.identity_id);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getUserIdentities")]
    pub fn get_user_identities(&self) -> Call<Vec<Identity>> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let token = client.require_token().await?;
            Ok(client.get_user_by(token).settings_of(settings).await?.identities)
        })
    }

    /// Links another way of signing in to the user who is signed in. The project must allow it.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-linkidentity>
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in;
    /// [`Code::ManualLinkingDisabled`](crate::Code::ManualLinkingDisabled),
    /// [`Code::IdentityAlreadyExists`](crate::Code::IdentityAlreadyExists); see [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::OAuth;
    /// let start = auth.link_identity(OAuth::provider("github")).await?;
    /// println!("open {}", start.url);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "linkIdentity")]
    pub fn link_identity<L: LinkIdentity>(&self, way: L) -> Call<L::Answer> {
        way.link(self)
    }

    /// Unlinks an identity, by its [`identity_id`](Identity::identity_id). The user must have another one left.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-unlinkidentity>
    ///
    /// # Errors
    /// [`Code::SingleIdentityNotDeletable`](crate::Code::SingleIdentityNotDeletable) for the last one; see
    /// [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// if let Some(identity) = auth.get_user_identities().await?.iter().find(|i| i.provider == "github") {
    ///     auth.unlink_identity(&identity.identity_id).await?;
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "unlinkIdentity")]
    pub fn unlink_identity(&self, identity_id: impl Into<String>) -> Call<()> {
        let (client, id) = (self.clone(), identity_id.into());
        Call::new(move |settings| async move {
            let token = client.require_token().await?;
            client
                .request("auth.unlink_identity", Method::DELETE, &["user", "identities", &id])
                .bearer(token)
                .settings(settings)
                .done()
                .await
        })
    }
}
