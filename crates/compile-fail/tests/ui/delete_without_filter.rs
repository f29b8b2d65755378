async fn run(db: supabase::Client) -> supabase::Result<()> {
    db.from("planets").delete().execute().await?;
    Ok(())
}

fn main() {}
