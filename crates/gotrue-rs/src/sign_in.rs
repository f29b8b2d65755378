//! Signing in, in all its ways.

use std::sync::Arc;

use supabase_core::Method;

use crate::body::Body;
use crate::call::{Call, Settings};
use crate::client::Client;
use crate::error::Result;
use crate::session::{Session, Wire};

pub(crate) mod anonymous;
pub(crate) mod id_token;
pub(crate) mod oauth;
pub(crate) mod otp;
pub(crate) mod password;
pub(crate) mod sso;
pub(crate) mod web3;

/// A way to sign in. What it answers with depends on the way: a session, or what is needed to get one.
///
/// | way | answer |
/// |---|---|
/// | [`Password`](crate::Password), [`IdToken`](crate::IdToken), [`Web3`](crate::Web3), [`Anonymous`](crate::Anonymous) | the session |
/// | [`Otp`](crate::Otp) | that a code or link was sent; [`verify_otp`](Client::verify_otp) comes next |
/// | [`OAuth`](crate::OAuth), [`Sso`](crate::Sso) | the address for the user's browser; [`session_from_url`](Client::session_from_url) comes next |
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no way to sign in",
    note = "for example `Password::email(address, password)`"
)]
pub trait SignIn: sealed::SignIn {}

pub(crate) mod sealed {
    use super::{Call, Client};

    pub trait SignIn: Sized {
        /// What this way answers with.
        type Answer: 'static;

        fn call(self, client: &Client) -> Call<Self::Answer>;
    }
}

impl Client {
    /// Signs a user in, or begins to.
    ///
    /// # Errors
    /// What the server says, for example [`Code::InvalidCredentials`](crate::Code::InvalidCredentials); see
    /// [`ErrorKind`](crate::ErrorKind). Whoever was signed in stays so then.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::Password;
    /// let session = auth.sign_in(Password::email("ada@example.com", "correct horse")).await?;
    /// println!("hello {}", session.user.id);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "sign_in_with_password")]
    #[doc(alias = "sign_in_with_otp")]
    #[doc(alias = "sign_in_with_oauth")]
    #[doc(alias = "sign_in_with_id_token")]
    #[doc(alias = "sign_in_with_sso")]
    #[doc(alias = "sign_in_anonymously")]
    #[doc(alias = "signInWithPassword")]
    pub fn sign_in<S: SignIn>(&self, way: S) -> Call<S::Answer> {
        way.call(self)
    }

    /// Asks for a session by one of the grants that give one at once.
    pub(crate) async fn grant(
        &self,
        operation: &'static str,
        grant_type: &str,
        body: &Body,
        settings: Settings,
    ) -> Result<Wire> {
        self.request(operation, Method::POST, &["token"])
            .query("grant_type", grant_type)
            .json(body)
            .settings(settings)
            .fetch()
            .await
    }

    /// The same, and signs in.
    pub(crate) async fn sign_in_by_grant(
        &self,
        operation: &'static str,
        grant_type: &str,
        body: Body,
        settings: Settings,
    ) -> Result<Arc<Session>> {
        let wire = self.grant(operation, grant_type, &body, settings).await?;
        self.signed_in(self.sessions().received(wire), None).await
    }
}
