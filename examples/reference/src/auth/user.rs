//! The user who is signed in: `get_user`, `update_user`.

use serde_json::json;
use supabase::auth::{User, UserUpdate, UserUpdated};
use supabase::{Client, Result};

/// As the server knows them now.
pub async fn auth_get_user_1(supabase: &Client) -> Result<User> {
    let user = supabase.auth().get_user().await?;
    Ok(user)
}

/// Whose access token this is.
pub async fn auth_get_user_2(supabase: &Client, jwt: &str) -> Result<User> {
    let user = supabase.auth().get_user_by(jwt).await?;
    Ok(user)
}

/// Another email address, which holds once it is confirmed.
pub async fn auth_update_user_1(supabase: &Client) -> Result<UserUpdated> {
    let updated = supabase.auth().update_user(UserUpdate::email("new@email.com")).await?;
    Ok(updated)
}

/// Another phone number, which holds once it is confirmed.
pub async fn auth_update_user_2(supabase: &Client) -> Result<UserUpdated> {
    let updated = supabase.auth().update_user(UserUpdate::phone("123456789")).await?;
    Ok(updated)
}

/// Another password.
pub async fn auth_update_user_3(supabase: &Client) -> Result<UserUpdated> {
    let updated = supabase.auth().update_user(UserUpdate::password("new password")).await?;
    Ok(updated)
}

/// The user's own data, added to what is there.
pub async fn auth_update_user_4(supabase: &Client) -> Result<UserUpdated> {
    let updated = supabase.auth().update_user(UserUpdate::data(json!({ "hello": "world" }))).await?;
    Ok(updated)
}

/// Another password, with the nonce that `reauthenticate` has sent.
pub async fn auth_update_user_5(supabase: &Client, nonce: &str) -> Result<UserUpdated> {
    let updated = supabase.auth().update_user(UserUpdate::password("new password").nonce(nonce)).await?;
    Ok(updated)
}
