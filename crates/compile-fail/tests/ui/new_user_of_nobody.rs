async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    use supabase::auth::NewUser;
    auth.admin()?.create_user(NewUser::default().password("secret")).await?;
    Ok(())
}

fn main() {}
