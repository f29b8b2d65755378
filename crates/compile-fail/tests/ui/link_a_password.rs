async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    use supabase::auth::Password;
    auth.link_identity(Password::email("ada@example.com", "correct horse")).await?;
    Ok(())
}

fn main() {}
