//! As a guest.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;
use supabase_core::Method;

use super::{SignIn, sealed};
use crate::body::{Body, Metadata};
use crate::call::Call;
use crate::client::Client;
use crate::session::{Session, Wire};

/// Signs in as a guest: a new user without an email address or phone number, who can add them later.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-signinanonymously>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
/// use gotrue_rs::Anonymous;
/// let session = auth.sign_in(Anonymous::new()).await?;
/// assert!(session.user.is_anonymous);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Anonymous {
    data: Metadata,
    captcha: Option<SecretString>,
}

impl Anonymous {
    /// As a guest.
    pub fn new() -> Self {
        Self::default()
    }

    /// The guest's own data: it becomes their `user_metadata`.
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

impl SignIn for Anonymous {}

impl sealed::SignIn for Anonymous {
    type Answer = Arc<Session>;

    fn call(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |settings| async move {
            let body = Body::new().put_opt("data", self.data.get()?).captcha(self.captcha.as_ref());
            let wire: Wire = client
                .request("auth.sign_in_anonymously", Method::POST, &["signup"])
                .json(&body)
                .settings(settings)
                .fetch()
                .await?;
            client.signed_in(client.sessions().received(wire), None).await
        })
    }
}
