//! By an account with another provider.

use std::fmt;

use supabase_core::Method;

use super::{SignIn, sealed};
use crate::api::Api;
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::pkce::{PendingFlow, Start};

/// What this crate writes into the address itself.
const OWN: [&str; 6] =
    ["provider", "redirect_to", "scopes", "code_challenge", "code_challenge_method", "skip_http_redirect"];

/// Signs in by an account with another provider. The answer is an address for the user's browser.
///
/// Source: <https://supabase.com/docs/reference/javascript/auth-signinwithoauth>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client, came_back: String) -> gotrue_rs::Result<()> {
/// use gotrue_rs::OAuth;
/// let start = auth
///     .sign_in(OAuth::provider("github").redirect_to("https://app.example/callback").scopes(["repo", "gist"]))
///     .await?;
/// println!("open {}", start.url);
/// // … once the browser has come back to the callback:
/// let session = auth.session_from_url(came_back).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct OAuth {
    provider: String,
    redirect_to: Option<String>,
    scopes: Vec<String>,
    query: Vec<(String, String)>,
}

/// A sign-in that goes on in the user's browser.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InBrowser {
    /// The address to open.
    pub url: String,
    /// What the code is exchanged with that comes back, if the client has [`FlowType::Pkce`](crate::FlowType::Pkce).
    pub flow: Option<PendingFlow>,
}

impl OAuth {
    /// By the provider of this name, in the server's words: `github`, `google`, `custom:…`.
    pub fn provider(name: impl Into<String>) -> Self {
        Self { provider: name.into(), redirect_to: None, scopes: Vec::new(), query: Vec::new() }
    }

    /// Where the browser comes back to in the end. The project must allow the address; otherwise it comes back to the
    /// project's site. In a program without a site, `Loopback` of the feature `loopback` listens for it.
    pub fn redirect_to(mut self, url: impl Into<String>) -> Self {
        self.redirect_to = Some(url.into());
        self
    }

    /// What the provider is asked for beyond what the server needs, as the provider calls it.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// A parameter for the provider, such as `prompt` or `login_hint`.
    #[doc(alias = "queryParams")]
    #[doc(alias = "query_params")]
    pub fn query_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Writes what was said into the address.
    pub(crate) fn write(&self, client: &Client, flow: Option<&PendingFlow>, mut request: Api) -> Api {
        for (name, value) in &self.query {
            if OWN.contains(&name.as_str()) {
                request.blame(Error::invalid(format!("the parameter `{name}` has a setter of its own")));
            }
            request = request.query(name, value);
        }
        let redirect = client.flows().redirect(self.redirect_to.as_deref(), flow);
        request = request.query_opt("redirect_to", redirect.as_deref());
        if !self.scopes.is_empty() {
            request = request.query("scopes", &self.scopes.join(" "));
        }
        if let Some(flow) = flow {
            request =
                request.query("code_challenge", &flow.challenge()).query("code_challenge_method", "s256");
        }
        request.query("provider", &self.provider)
    }

    fn begin(&self, client: &Client) -> Result<InBrowser> {
        client.sessions().permit()?;
        let flow = client.flows().begin(Start::Browser)?;
        let request = client.request("auth.sign_in_with_oauth", Method::GET, &["authorize"]);
        let url = self.write(client, flow.as_ref(), request).into_url();
        let url = client.flows().began(flow.as_ref(), url)?;
        Ok(InBrowser { url: url.into(), flow })
    }
}

impl SignIn for OAuth {}

impl sealed::SignIn for OAuth {
    type Answer = InBrowser;

    fn call(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |_| async move { self.begin(&client) })
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters for the provider may be secrets.
        f.debug_struct("OAuth")
            .field("provider", &self.provider)
            .field("redirect_to", &self.redirect_to)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
