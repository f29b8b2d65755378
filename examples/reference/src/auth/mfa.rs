//! Second factors.

use std::sync::Arc;

use supabase::auth::{AssuranceLevels, Challenge, EnrolledTotp, Session, Totp};
use supabase::{Client, Result};

/// An authenticator app.
pub async fn auth_mfa_enroll_1(supabase: &Client) -> Result<EnrolledTotp> {
    let factor = supabase.auth().mfa().enroll(Totp::named("your_friendly_name")).await?;
    Ok(factor)
}

/// Asking for a factor.
pub async fn auth_mfa_challenge_1(supabase: &Client, factor_id: &str) -> Result<Challenge> {
    let challenge = supabase.auth().mfa().challenge(factor_id).await?;
    Ok(challenge)
}

/// Proving a factor by its code.
pub async fn auth_mfa_verify_1(
    supabase: &Client,
    factor_id: &str,
    challenge_id: &str,
    code: &str,
) -> Result<Arc<Session>> {
    let session = supabase.auth().mfa().verify(factor_id, challenge_id, code).await?;
    Ok(session)
}

/// Both in one call, for the code of an app.
pub async fn auth_mfa_challenge_and_verify_1(
    supabase: &Client,
    factor_id: &str,
    code: &str,
) -> Result<Arc<Session>> {
    let session = supabase.auth().mfa().challenge_and_verify(factor_id, code).await?;
    Ok(session)
}

/// Removing a factor.
pub async fn auth_mfa_unenroll_1(supabase: &Client, factor_id: &str) -> Result<()> {
    supabase.auth().mfa().unenroll(factor_id).await?;
    Ok(())
}

/// How sure it is who the user is, and how sure it could be.
pub async fn auth_mfa_get_authenticator_assurance_level_1(supabase: &Client) -> Result<AssuranceLevels> {
    let levels = supabase.auth().mfa().get_authenticator_assurance_level().await?;
    Ok(levels)
}
