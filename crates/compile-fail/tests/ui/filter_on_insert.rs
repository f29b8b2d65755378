async fn run(db: supabase::Client) -> supabase::Result<()> {
    db.from("planets").insert(serde_json::json!({ "name": "Terra" })).eq("id", 2).await?;
    Ok(())
}

fn main() {}
