async fn run(db: supabase::Client) -> supabase::Result<()> {
    db.from("planets").execute().await?;
    Ok(())
}

fn main() {}
