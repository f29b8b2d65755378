//! `init.create_client`: how a client is made.

use std::time::Duration;

use supabase::{Client, Result};

/// A client with default settings.
pub fn init_create_client_1(url: &str, key: &str) -> Result<Client> {
    let supabase = Client::new(url, key)?;
    Ok(supabase)
}

/// A client with time limits and a schema of its own.
pub fn init_create_client_2(url: &str, key: &str) -> Result<Client> {
    let supabase = Client::builder(url, key)
        .postgrest_timeout(Duration::from_secs(10))
        .storage_timeout(Duration::from_secs(10))
        .schema("public")
        .build()?;
    Ok(supabase)
}
