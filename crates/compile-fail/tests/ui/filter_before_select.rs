async fn run(db: supabase::Client) -> supabase::Result<()> {
    let rows: Vec<serde_json::Value> = db.from("planets").eq("id", 1).select("*").await?;
    Ok(())
}

fn main() {}
