//! The claims of the session's access token.

use secrecy::ExposeSecret;

use crate::call::Call;
use crate::claims::Claims;
use crate::client::Client;

impl Client {
    /// Verifies the access token of the user who is signed in, and says what it claims.
    ///
    /// It is verified here by the project's public keys, which are asked for once. Where the project signs by a shared
    /// secret, the server is asked about the token. A server that verifies the tokens of others does so with a
    /// [verifier](Client::jwt_verifier), to which that secret can be given.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-getclaims>
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in; otherwise as
    /// [`JwtVerifier::verify`](crate::JwtVerifier::verify).
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let claims = auth.get_claims().await?;
    /// println!("{} may act as {}", claims.sub, claims.role);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "getClaims")]
    pub fn get_claims(&self) -> Call<Claims> {
        let client = self.clone();
        Call::new(move |settings| async move {
            let token = client.require_token().await?;
            // By the server's clock, as far as the session knows it: this machine's may be wrong.
            let verifier = client.jwt_verifier().ahead_by(client.sessions().skew_ms());
            verifier.verify(token.expose_secret()).settings_of(settings).await
        })
    }
}
