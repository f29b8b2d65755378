//! The session: `get_session`, `set_session`, `refresh_session`, `sign_out`.

use std::sync::Arc;

use supabase::auth::{Session, SignOutScope};
use supabase::{Client, Result};

/// Who is signed in. The token is refreshed first if it is about to expire.
pub async fn auth_get_session_1(supabase: &Client) -> Result<Option<Arc<Session>>> {
    let session = supabase.auth().get_session().await?;
    Ok(session)
}

/// New tokens now, for example as roles have changed.
pub async fn auth_refresh_session_1(supabase: &Client) -> Result<Arc<Session>> {
    let session = supabase.auth().refresh_session().await?;
    Ok(session)
}

/// By tokens that came from elsewhere.
pub async fn auth_set_session_1(
    supabase: &Client,
    access_token: &str,
    refresh_token: &str,
) -> Result<Arc<Session>> {
    let session = supabase.auth().set_session(access_token, refresh_token).await?;
    Ok(session)
}

/// The user, on all devices.
pub async fn auth_sign_out_1(supabase: &Client) -> Result<()> {
    supabase.auth().sign_out(SignOutScope::Global).await?;
    Ok(())
}
