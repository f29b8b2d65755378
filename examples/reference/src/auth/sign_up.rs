//! `sign_up`: new users.

use std::sync::Arc;

use serde_json::json;
use supabase::auth::{Anonymous, Channel, Session, SignUp, SignedUp};
use supabase::{Client, Result};

/// By email address and password. The answer has a session if the project asks for no confirmation.
pub async fn auth_sign_up_1(supabase: &Client) -> Result<SignedUp> {
    let answer = supabase.auth().sign_up(SignUp::email("email@example.com", "password")).await?;
    Ok(answer)
}

/// By phone number and password, with a code by SMS.
pub async fn auth_sign_up_2(supabase: &Client) -> Result<SignedUp> {
    let answer = supabase.auth().sign_up(SignUp::phone("123456789", "password")).await?;
    Ok(answer)
}

/// By phone number and password, with a code by WhatsApp.
pub async fn auth_sign_up_3(supabase: &Client) -> Result<SignedUp> {
    let user = SignUp::phone("123456789", "password").channel(Channel::WhatsApp);
    let answer = supabase.auth().sign_up(user).await?;
    Ok(answer)
}

/// With the user's own data.
pub async fn auth_sign_up_4(supabase: &Client) -> Result<SignedUp> {
    let user =
        SignUp::email("email@example.com", "password").data(json!({ "first_name": "John", "age": 27 }));
    let answer = supabase.auth().sign_up(user).await?;
    Ok(answer)
}

/// With the address that the link in the email leads to.
pub async fn auth_sign_up_5(supabase: &Client) -> Result<SignedUp> {
    let user = SignUp::email("hello1@example.com", "password").redirect_to("https://example.com/welcome");
    let answer = supabase.auth().sign_up(user).await?;
    Ok(answer)
}

/// A guest, who can become a user later.
pub async fn auth_sign_in_anonymously_1(supabase: &Client) -> Result<Arc<Session>> {
    let session = supabase.auth().sign_in(Anonymous::new()).await?;
    Ok(session)
}

/// A guest with data of their own.
pub async fn auth_sign_in_anonymously_2(supabase: &Client) -> Result<Arc<Session>> {
    let session = supabase.auth().sign_in(Anonymous::new().data(json!({ "theme": "dark" }))).await?;
    Ok(session)
}
