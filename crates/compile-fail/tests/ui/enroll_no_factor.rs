async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    auth.mfa().enroll("phone").await?;
    Ok(())
}

fn main() {}
