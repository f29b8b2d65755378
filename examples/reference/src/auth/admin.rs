//! What only a server with a secret key may do.

use serde_json::json;
use supabase::auth::{Admin, Factor, GeneratedLink, Link, NewUser, Page, User, UserChanges};
use supabase::{Client, Result};

/// The administrator's calls, on a server.
pub async fn auth_admin_client_1(url: &str, service_role_key: &str) -> Result<Admin> {
    let supabase = Client::new(url, service_role_key)?;
    let admin = supabase.auth().admin()?;
    Ok(admin)
}

/// One user.
pub async fn auth_admin_get_user_by_id_1(supabase: &Client, id: &str) -> Result<User> {
    let user = supabase.auth().admin()?.get_user_by_id(id).await?;
    Ok(user)
}

/// The first users.
pub async fn auth_admin_list_users_1(supabase: &Client) -> Result<Page<User>> {
    let users = supabase.auth().admin()?.list_users().await?;
    Ok(users)
}

/// A page of users. `stream` gives them all.
pub async fn auth_admin_list_users_2(supabase: &Client) -> Result<Page<User>> {
    let users = supabase.auth().admin()?.list_users().page(1).per_page(1000).await?;
    Ok(users)
}

/// A user with data of their own.
pub async fn auth_admin_create_user_1(supabase: &Client) -> Result<User> {
    let user = NewUser::email("user@email.com").password("password").user_metadata(json!({ "name": "Yoda" }));
    let user = supabase.auth().admin()?.create_user(user).await?;
    Ok(user)
}

/// A user whose email address counts as confirmed.
pub async fn auth_admin_create_user_2(supabase: &Client) -> Result<User> {
    let user = NewUser::email("user@email.com").email_confirm(true);
    let user = supabase.auth().admin()?.create_user(user).await?;
    Ok(user)
}

/// A user whose phone number counts as confirmed.
pub async fn auth_admin_create_user_3(supabase: &Client) -> Result<User> {
    let user = NewUser::phone("1234567890").phone_confirm(true);
    let user = supabase.auth().admin()?.create_user(user).await?;
    Ok(user)
}

/// A user, for good.
pub async fn auth_admin_delete_user_1(supabase: &Client, id: &str) -> Result<()> {
    supabase.auth().admin()?.delete_user(id).await?;
    Ok(())
}

/// A user who gets a link to accept.
pub async fn auth_admin_invite_user_by_email_1(supabase: &Client) -> Result<User> {
    let user = supabase.auth().admin()?.invite_user_by_email("email@example.com").await?;
    Ok(user)
}

/// A link by which a new user confirms their address.
pub async fn auth_admin_generate_link_1(supabase: &Client) -> Result<GeneratedLink> {
    let link = supabase.auth().admin()?.generate_link(Link::signup("email@example.com", "secret")).await?;
    Ok(link)
}

/// A link by which a new user accepts an invitation.
pub async fn auth_admin_generate_link_2(supabase: &Client) -> Result<GeneratedLink> {
    let link = supabase.auth().admin()?.generate_link(Link::invite("email@example.com")).await?;
    Ok(link)
}

/// A link that signs a user in.
pub async fn auth_admin_generate_link_3(supabase: &Client) -> Result<GeneratedLink> {
    let link = supabase.auth().admin()?.generate_link(Link::magic_link("email@example.com")).await?;
    Ok(link)
}

/// A link that signs a user in who has forgotten their password.
pub async fn auth_admin_generate_link_4(supabase: &Client) -> Result<GeneratedLink> {
    let link = supabase.auth().admin()?.generate_link(Link::recovery("email@example.com")).await?;
    Ok(link)
}

/// Links by which a change of the email address is confirmed: one for the current address, one for the new.
pub async fn auth_admin_generate_link_5(supabase: &Client) -> Result<[GeneratedLink; 2]> {
    let admin = supabase.auth().admin()?;
    let (current, new) = ("current.email@example.com", "new.email@example.com");
    let to_current = admin.generate_link(Link::email_change_current(current, new)).await?;
    let to_new = admin.generate_link(Link::email_change_new(current, new)).await?;
    Ok([to_current, to_new])
}

/// Another email address, which holds at once.
pub async fn auth_admin_update_user_by_id_1(supabase: &Client, id: &str) -> Result<User> {
    let changes = UserChanges::new().email("new@email.com");
    let user = supabase.auth().admin()?.update_user_by_id(id, changes).await?;
    Ok(user)
}

/// Another password.
pub async fn auth_admin_update_user_by_id_2(supabase: &Client, id: &str) -> Result<User> {
    let changes = UserChanges::new().password("new_password");
    let user = supabase.auth().admin()?.update_user_by_id(id, changes).await?;
    Ok(user)
}

/// Data that the user may change.
pub async fn auth_admin_update_user_by_id_3(supabase: &Client, id: &str) -> Result<User> {
    let changes = UserChanges::new().user_metadata(json!({ "hello": "world" }));
    let user = supabase.auth().admin()?.update_user_by_id(id, changes).await?;
    Ok(user)
}

/// Data that only a server may change.
pub async fn auth_admin_update_user_by_id_4(supabase: &Client, id: &str) -> Result<User> {
    let changes = UserChanges::new().app_metadata(json!({ "plan": "trial" }));
    let user = supabase.auth().admin()?.update_user_by_id(id, changes).await?;
    Ok(user)
}

/// An email address that counts as confirmed.
pub async fn auth_admin_update_user_by_id_5(supabase: &Client, id: &str) -> Result<User> {
    let changes = UserChanges::new().email_confirm(true);
    let user = supabase.auth().admin()?.update_user_by_id(id, changes).await?;
    Ok(user)
}

/// A phone number that counts as confirmed.
pub async fn auth_admin_update_user_by_id_6(supabase: &Client, id: &str) -> Result<User> {
    let changes = UserChanges::new().phone_confirm(true);
    let user = supabase.auth().admin()?.update_user_by_id(id, changes).await?;
    Ok(user)
}

/// A factor of a user.
pub async fn auth_admin_mfa_delete_factor_1(
    supabase: &Client,
    user_id: &str,
    factor_id: &str,
) -> Result<Factor> {
    let deleted = supabase.auth().admin()?.mfa().delete_factor(user_id, factor_id).await?;
    Ok(deleted)
}
