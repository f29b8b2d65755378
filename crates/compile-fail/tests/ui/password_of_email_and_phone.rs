async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    use supabase::auth::Password;
    auth.sign_in(Password::email("ada@example.com", "secret").phone("+13334445555")).await?;
    Ok(())
}

fn main() {}
