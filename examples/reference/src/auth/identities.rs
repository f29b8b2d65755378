//! Identities: the ways in which the user can sign in.

use supabase::auth::{Identity, InBrowser, OAuth};
use supabase::{Client, Result};

/// Those of the user who is signed in.
pub async fn auth_get_user_identities_1(supabase: &Client) -> Result<Vec<Identity>> {
    let identities = supabase.auth().get_user_identities().await?;
    Ok(identities)
}

/// One more, at a provider: the address is for the user's browser.
pub async fn auth_link_identity_1(supabase: &Client) -> Result<InBrowser> {
    let next = supabase.auth().link_identity(OAuth::provider("github")).await?;
    Ok(next)
}

/// One less.
pub async fn auth_unlink_identity_1(supabase: &Client) -> Result<()> {
    let identities = supabase.auth().get_user_identities().await?;
    if let Some(google) = identities.iter().find(|identity| identity.provider == "google") {
        supabase.auth().unlink_identity(&google.identity_id).await?;
    }
    Ok(())
}
