//! By a token that a provider has issued to this program.

use std::sync::Arc;

use secrecy::SecretString;

use super::{SignIn, sealed};
use crate::body::Body;
use crate::call::Call;
use crate::client::Client;
use crate::session::Session;

/// Signs in by an OpenID Connect ID token that a provider, such as Apple or Google, has issued to this program.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-signinwithidtoken>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client, token: String) -> gotrue_rs::Result<()> {
/// use gotrue_rs::IdToken;
/// let session = auth.sign_in(IdToken::new("google", token).nonce("the nonce of the request")).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct IdToken {
    provider: String,
    token: SecretString,
    access_token: Option<SecretString>,
    nonce: Option<SecretString>,
    captcha: Option<SecretString>,
}

impl IdToken {
    /// By the ID token that `provider` has issued.
    pub fn new(provider: impl Into<String>, token: impl Into<SecretString>) -> Self {
        Self {
            provider: provider.into(),
            token: token.into(),
            access_token: None,
            nonce: None,
            captcha: None,
        }
    }

    /// The access token that came with the ID token; needed where the ID token has an `at_hash`.
    pub fn access_token(mut self, token: impl Into<SecretString>) -> Self {
        self.access_token = Some(token.into());
        self
    }

    /// The nonce, as it was before it was hashed for the provider; needed where the ID token has one.
    pub fn nonce(mut self, nonce: impl Into<SecretString>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// The answer to a captcha, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha = Some(token.into());
        self
    }

    pub(crate) fn body(&self) -> Body {
        Body::new()
            .put("provider", self.provider.as_str())
            .secret("id_token", &self.token)
            .secret_opt("access_token", self.access_token.as_ref())
            .secret_opt("nonce", self.nonce.as_ref())
            .captcha(self.captcha.as_ref())
    }
}

impl SignIn for IdToken {}

impl sealed::SignIn for IdToken {
    type Answer = Arc<Session>;

    fn call(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |settings| async move {
            let body = self.body();
            client.sign_in_by_grant("auth.sign_in_with_id_token", "id_token", body, settings).await
        })
    }
}
