async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    use supabase::auth::SignUp;
    auth.sign_in(SignUp::email("ada@example.com", "correct horse")).await?;
    Ok(())
}

fn main() {}
