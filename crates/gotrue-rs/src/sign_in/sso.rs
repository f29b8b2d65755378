//! By the identity provider of an organisation.

use secrecy::SecretString;
use serde::Deserialize;
use supabase_core::Method;

use super::oauth::InBrowser;
use super::{SignIn, sealed};
use crate::body::Body;
use crate::call::Call;
use crate::client::Client;
use crate::pkce::Start;

/// Signs in by SAML 2.0 with the identity provider of an organisation. The answer is an address for the user's browser.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-signinwithsso>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
/// use gotrue_rs::Sso;
/// let start = auth.sign_in(Sso::domain("company.example")).await?;
/// println!("open {}", start.url);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Sso {
    key: &'static str,
    value: String,
    redirect_to: Option<String>,
    captcha: Option<SecretString>,
}

/// Where the user's browser is to go.
#[derive(Deserialize)]
pub(crate) struct Elsewhere {
    pub(crate) url: String,
}

impl Sso {
    /// By the domain of the user's email address.
    pub fn domain(domain: impl Into<String>) -> Self {
        Self::by("domain", domain.into())
    }

    /// By the id of the identity provider, a UUID.
    pub fn provider_id(id: impl Into<String>) -> Self {
        Self::by("provider_id", id.into())
    }

    fn by(key: &'static str, value: String) -> Self {
        Self { key, value, redirect_to: None, captcha: None }
    }

    /// Where the browser comes back to in the end. The project must allow the address; otherwise it comes back to the
    /// project's site.
    pub fn redirect_to(mut self, url: impl Into<String>) -> Self {
        self.redirect_to = Some(url.into());
        self
    }

    /// The answer to a captcha, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha = Some(token.into());
        self
    }
}

impl SignIn for Sso {}

impl sealed::SignIn for Sso {
    type Answer = InBrowser;

    fn call(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |settings| async move {
            let flow = client.flows().begin(Start::Browser)?;
            let body = Body::new()
                .put(self.key, self.value)
                .put("skip_http_redirect", true)
                .put_opt("redirect_to", client.flows().redirect(self.redirect_to.as_deref(), flow.as_ref()))
                .captcha(self.captcha.as_ref())
                .challenge(flow.as_ref());
            let outcome = client
                .request("auth.sign_in_with_sso", Method::POST, &["sso"])
                .json(&body)
                .settings(settings)
                .fetch()
                .await;
            let answer: Elsewhere = client.flows().began(flow.as_ref(), outcome)?;
            Ok(InBrowser { url: answer.url, flow })
        })
    }
}
