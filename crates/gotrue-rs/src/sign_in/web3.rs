//! By a wallet.

use std::sync::Arc;

use secrecy::SecretString;

use super::{SignIn, sealed};
use crate::body::Body;
use crate::call::Call;
use crate::client::Client;
use crate::session::Session;

/// Signs in by a message that the user's wallet has signed.
///
/// The message is one of EIP-4361 or its like for Solana; this crate neither writes nor signs it.
///
/// Source: <https://supabase.com/docs/guides/auth/auth-web3>
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client, message: String, signature: String) -> gotrue_rs::Result<()> {
/// use gotrue_rs::Web3;
/// let session = auth.sign_in(Web3::ethereum(message, signature)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Web3 {
    chain: &'static str,
    message: String,
    signature: SecretString,
    captcha: Option<SecretString>,
}

impl Web3 {
    /// By a wallet on Solana; the signature is in base64.
    pub fn solana(message: impl Into<String>, signature: impl Into<SecretString>) -> Self {
        Self { chain: "solana", message: message.into(), signature: signature.into(), captcha: None }
    }

    /// By a wallet on Ethereum; the signature is `0x` and 130 hexadecimal digits.
    pub fn ethereum(message: impl Into<String>, signature: impl Into<SecretString>) -> Self {
        Self { chain: "ethereum", message: message.into(), signature: signature.into(), captcha: None }
    }

    /// The answer to a captcha, where the project asks for one.
    pub fn captcha_token(mut self, token: impl Into<SecretString>) -> Self {
        self.captcha = Some(token.into());
        self
    }
}

impl SignIn for Web3 {}

impl sealed::SignIn for Web3 {
    type Answer = Arc<Session>;

    fn call(self, client: &Client) -> Call<Self::Answer> {
        let client = client.clone();
        Call::new(move |settings| async move {
            let body = Body::new()
                .put("chain", self.chain)
                .put("message", self.message)
                .secret("signature", &self.signature)
                .captcha(self.captcha.as_ref());
            client.sign_in_by_grant("auth.sign_in_with_web3", "web3", body, settings).await
        })
    }
}
