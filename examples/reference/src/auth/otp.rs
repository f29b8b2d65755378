//! Codes and links: `verify_otp`, `resend`, `reset_password_for_email`, `reauthenticate`.

use std::sync::Arc;

use supabase::auth::{EmailOtp, OtpSent, PhoneOtp, Resend, ResetPassword, Session, Verified, Verify};
use supabase::{Client, Result};

/// A code from an email.
pub async fn auth_verify_otp_1(supabase: &Client, code: &str) -> Result<Verified> {
    let code = Verify::email("email@example.com", code, EmailOtp::Email);
    let verified = supabase.auth().verify_otp(code).await?;
    Ok(verified)
}

/// A code from an SMS.
pub async fn auth_verify_otp_2(supabase: &Client, code: &str) -> Result<Verified> {
    let code = Verify::phone("+13334445555", code, PhoneOtp::Sms);
    let verified = supabase.auth().verify_otp(code).await?;
    Ok(verified)
}

/// The hash of a token, from a link in an email of one's own.
pub async fn auth_verify_otp_3(supabase: &Client, token_hash: &str) -> Result<Verified> {
    let hash = Verify::token_hash(token_hash, EmailOtp::Email);
    let verified = supabase.auth().verify_otp(hash).await?;
    Ok(verified)
}

/// The email by which a new user confirms their address, once more.
pub async fn auth_resend_1(supabase: &Client) -> Result<OtpSent> {
    let mail = Resend::signup("email@example.com").redirect_to("https://example.com/welcome");
    let sent = supabase.auth().resend(mail).await?;
    Ok(sent)
}

/// The SMS by which a new user confirms their number, once more.
pub async fn auth_resend_2(supabase: &Client) -> Result<OtpSent> {
    let sent = supabase.auth().resend(Resend::sms("1234567890")).await?;
    Ok(sent)
}

/// The email by which a user confirms another address, once more. The address is the current one.
pub async fn auth_resend_3(supabase: &Client) -> Result<OtpSent> {
    let sent = supabase.auth().resend(Resend::email_change("email@example.com")).await?;
    Ok(sent)
}

/// The SMS by which a user confirms another number, once more. The number is the current one.
pub async fn auth_resend_4(supabase: &Client) -> Result<OtpSent> {
    let sent = supabase.auth().resend(Resend::phone_change("1234567890")).await?;
    Ok(sent)
}

/// The email to a user who has forgotten their password.
pub async fn auth_reset_password_for_email_1(supabase: &Client) -> Result<OtpSent> {
    let mail = ResetPassword::of("email@example.com").redirect_to("https://example.com/update-password");
    let sent = supabase.auth().reset_password_for_email(mail).await?;
    Ok(sent)
}

/// A nonce by email or SMS, for changing the password.
pub async fn auth_reauthenticate_1(supabase: &Client) -> Result<OtpSent> {
    let sent = supabase.auth().reauthenticate().await?;
    Ok(sent)
}

/// The code of a link that has come back from an email or a provider.
pub async fn auth_exchange_code_for_session_1(supabase: &Client, code: &str) -> Result<Arc<Session>> {
    let session = supabase.auth().exchange_code_for_session(code).await?;
    Ok(session)
}
