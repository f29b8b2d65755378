async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    auth.delete_user("715ed5db-f090-4b8c-a067-640ecee36aa0").await?;
    Ok(())
}

fn main() {}
