async fn run(auth: supabase::auth::Client) -> supabase::auth::Result<()> {
    use supabase::auth::Link;
    auth.admin()?.generate_link(Link::signup("ada@example.com")).await?;
    Ok(())
}

fn main() {}
