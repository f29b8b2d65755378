async fn run(db: supabase::Client) -> supabase::Result<()> {
    db.from("planets").delete().await?;
    Ok(())
}

fn main() {}
