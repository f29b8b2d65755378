//! Multi-factor authentication: a second proof of who a user is.

mod enroll;
mod verify;

pub use enroll::{
    EnrolledPhone, EnrolledTotp, EnrolledWebAuthn, NewFactor, Phone, Totp, TotpSecret, WebAuthn,
};
pub use verify::{Challenge, ChallengeRequest, FactorProof, WebAuthnChallenge};

use secrecy::ExposeSecret;
use serde::Deserialize;
use supabase_core::Method;

use crate::call::Call;
use crate::claims::{AssuranceLevel, AuthenticationMethod};
use crate::client::Client;
use crate::factor::{Factor, FactorStatus};
use crate::jwt::unverified;

/// The second factors of the user who is signed in. It comes from [`Client::mfa`].
#[derive(Clone, Debug)]
pub struct Mfa {
    client: Client,
}

/// How sure it is that the user is who they say, and how sure it could be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssuranceLevels {
    /// That of the session.
    pub current: AssuranceLevel,
    /// That which the user can reach: higher than the current one if they have a factor that they did not prove in this
    /// session. Then ask them for it.
    pub next: AssuranceLevel,
    /// By what the user has proven who they are in this session.
    pub current_methods: Vec<AuthenticationMethod>,
}

impl Client {
    /// The second factors of the user who is signed in.
    ///
    /// Source: <https://supabase.com/docs/guides/auth/auth-mfa>
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, code_of_the_app: &str) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::Totp;
    /// let factor = auth.mfa().enroll(Totp::named("phone")).await?;
    /// println!("scan this: {}", factor.totp.qr_code_data_url());
    /// let session = auth.mfa().challenge_and_verify(&factor.id, code_of_the_app).await?;
    /// # Ok(()) }
    /// ```
    pub fn mfa(&self) -> Mfa {
        Mfa { client: self.clone() }
    }
}

impl Mfa {
    /// Removes a factor. One that was proven can only be removed in a session that has proven it.
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in;
    /// [`Code::InsufficientAal`](crate::Code::InsufficientAal) if the session has not proven the factor;
    /// [`Code::MfaFactorNotFound`](crate::Code::MfaFactorNotFound) if there is no such factor; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client, factor_id: &str) -> gotrue_rs::Result<()> {
    /// auth.mfa().unenroll(factor_id).await?;
    /// # Ok(()) }
    /// ```
    pub fn unenroll(&self, factor_id: &str) -> Call<()> {
        let client = self.client.clone();
        let request = client.request("auth.mfa.unenroll", Method::DELETE, &["factors", factor_id]);
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).done().await },
        )
    }

    /// The factors of the user, proven or not, as the server has them now.
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in; see
    /// [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::{FactorStatus, FactorType};
    /// let factors = auth.mfa().list_factors().await?;
    /// let app = factors.iter().find(|factor| {
    ///     factor.factor_type == FactorType::Totp && factor.status == FactorStatus::Verified
    /// });
    /// # Ok(()) }
    /// ```
    #[doc(alias = "listFactors")]
    pub fn list_factors(&self) -> Call<Vec<Factor>> {
        #[derive(Deserialize)]
        struct User {
            #[serde(default, deserialize_with = "crate::lenient::null_as_default")]
            factors: Vec<Factor>,
        }
        let client = self.client.clone();
        let request = client.request("auth.mfa.list_factors", Method::GET, &["user"]);
        Call::new(move |settings| async move {
            Ok(client.as_user(request).await?.settings(settings).fetch::<User>().await?.factors)
        })
    }

    /// How sure it is that the user is who they say, and how sure it could be. It is read out of the session, and nothing
    /// is sent unless that must be refreshed.
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let levels = auth.mfa().get_authenticator_assurance_level().await?;
    /// if levels.next != levels.current {
    ///     println!("ask for the second factor");
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getAuthenticatorAssuranceLevel")]
    pub fn get_authenticator_assurance_level(&self) -> Call<AssuranceLevels> {
        let client = self.client.clone();
        Call::new(move |_| async move {
            let session = client.require_session().await?;
            let claims = unverified(session.access_token.expose_secret())?;
            let current = claims.aal.unwrap_or(AssuranceLevel::Aal1);
            let has_factor =
                session.user.factors.iter().any(|factor| factor.status == FactorStatus::Verified);
            let next = if has_factor { AssuranceLevel::Aal2 } else { current.clone() };
            Ok(AssuranceLevels { current, next, current_methods: claims.amr })
        })
    }
}
