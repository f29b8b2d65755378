async fn run(db: supabase::Client) -> supabase::Result<()> {
    let row: serde_json::Value = db.from("planets").select::<serde_json::Value>("*").single().single().await?;
    Ok(())
}

fn main() {}
