//! The door to everything.

use std::fmt;

use secrecy::SecretString;
use supabase_core::Transport;

use crate::builder::ClientBuilder;
use crate::error::Result;
use crate::invoke::Invoke;
use crate::region::Region;

/// A handle to one set of Edge Functions. Clones share its connections; no `Arc` is needed.
///
/// ```
/// # fn main() -> functions_rs::Result<()> {
/// let functions = functions_rs::Client::new("http://127.0.0.1:54321/functions/v1", "sb_publishable_…")?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Transport,
    pub(crate) region: Region,
}

impl Client {
    /// A client with default settings.
    ///
    /// `url` is the address of the service itself, on Supabase `https://<project>.supabase.co/functions/v1`. `key` is one
    /// of the project's API keys: publishable, secret, or a legacy JWT.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if URL or key cannot be used.
    ///
    /// ```
    /// # fn main() -> functions_rs::Result<()> {
    /// let functions = functions_rs::Client::new("http://127.0.0.1:54321/functions/v1", "sb_publishable_…")?;
    /// # Ok(()) }
    /// ```
    pub fn new(url: impl AsRef<str>, key: impl Into<SecretString>) -> Result<Self> {
        Self::builder(url, key).build()
    }

    /// A client with settings of its own.
    ///
    /// ```
    /// # fn main() -> functions_rs::Result<()> {
    /// let functions = functions_rs::Client::builder("http://127.0.0.1:54321/functions/v1", "sb_publishable_…")
    ///     .timeout(std::time::Duration::from_secs(10))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl AsRef<str>, key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder::new(url.as_ref(), key.into())
    }

    /// Begins to call a function. A path and a query may follow its name: `orders/42?full=true`.
    ///
    /// Awaiting it sends it: by `POST`, and without a body if none is given.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/functions-invoke>
    ///
    /// ```no_run
    /// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
    /// let answer = functions.invoke("hello-world").json(serde_json::json!({ "name": "Ada" })).await?;
    /// println!("{}", answer.text()?);
    /// # Ok(()) }
    /// ```
    pub fn invoke(&self, name: impl AsRef<str>) -> Invoke {
        Invoke::new(&self.transport, &self.region, name.as_ref())
    }

    /// The same connections, as the user of `token`: a cheap handle for servers that act for many users.
    ///
    /// ```
    /// # fn run(functions: functions_rs::Client, jwt: String) {
    /// let functions = functions.with_access_token(jwt);
    /// # }
    /// ```
    #[doc(alias = "set_auth")]
    #[doc(alias = "setAuth")]
    #[must_use]
    pub fn with_access_token(&self, token: impl Into<SecretString>) -> Self {
        Self { transport: self.transport.with_token(token.into()), region: self.region.clone() }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", &self.transport).field("region", &self.region).finish()
    }
}
