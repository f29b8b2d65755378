//! `sign_in`: all its ways.

use std::sync::Arc;

use supabase::auth::{Channel, IdToken, InBrowser, OAuth, Otp, OtpSent, Password, Session, Sso};
use supabase::{Client, Result};

/// By email address and password.
pub async fn auth_sign_in_with_password_1(supabase: &Client) -> Result<Arc<Session>> {
    let session = supabase.auth().sign_in(Password::email("email@example.com", "example-password")).await?;
    Ok(session)
}

/// By phone number and password.
pub async fn auth_sign_in_with_password_2(supabase: &Client) -> Result<Arc<Session>> {
    let session = supabase.auth().sign_in(Password::phone("+13334445555", "some-password")).await?;
    Ok(session)
}

/// By the ID token of a provider.
pub async fn auth_sign_in_with_id_token_1(supabase: &Client) -> Result<Arc<Session>> {
    let session = supabase.auth().sign_in(IdToken::new("google", "your-id-token")).await?;
    Ok(session)
}

/// By a link or code in an email.
pub async fn auth_sign_in_with_otp_1(supabase: &Client) -> Result<OtpSent> {
    let way = Otp::email("email@example.com").redirect_to("https://example.com/welcome");
    let sent = supabase.auth().sign_in(way).await?;
    Ok(sent)
}

/// By a code in an SMS.
pub async fn auth_sign_in_with_otp_2(supabase: &Client) -> Result<OtpSent> {
    let sent = supabase.auth().sign_in(Otp::phone("+13334445555")).await?;
    Ok(sent)
}

/// By a code that comes by WhatsApp.
pub async fn auth_sign_in_with_otp_3(supabase: &Client) -> Result<OtpSent> {
    let sent = supabase.auth().sign_in(Otp::phone("+13334445555").channel(Channel::WhatsApp)).await?;
    Ok(sent)
}

/// At a provider: the address is for the user's browser.
pub async fn auth_sign_in_with_oauth_1(supabase: &Client) -> Result<InBrowser> {
    let next = supabase.auth().sign_in(OAuth::provider("github")).await?;
    Ok(next)
}

/// At a provider, with the address that the user comes back to.
pub async fn auth_sign_in_with_oauth_2(supabase: &Client) -> Result<InBrowser> {
    let way = OAuth::provider("github").redirect_to("https://example.com/welcome");
    let next = supabase.auth().sign_in(way).await?;
    Ok(next)
}

/// At a provider, with what is asked of it.
pub async fn auth_sign_in_with_oauth_3(supabase: &Client) -> Result<InBrowser> {
    let way = OAuth::provider("github").scopes(["repo", "gist", "notifications"]);
    let next = supabase.auth().sign_in(way).await?;
    Ok(next)
}

/// At the identity provider of a company, found by its domain.
pub async fn auth_sign_in_with_sso_1(supabase: &Client) -> Result<InBrowser> {
    let next = supabase.auth().sign_in(Sso::domain("company.com")).await?;
    Ok(next)
}

/// At the identity provider of a company, found by its id.
pub async fn auth_sign_in_with_sso_2(supabase: &Client) -> Result<InBrowser> {
    let provider = Sso::provider_id("21648a9d-8d5a-4555-a9d1-d6375dc14e92");
    let next = supabase.auth().sign_in(provider).await?;
    Ok(next)
}
