async fn run(db: supabase::Client) -> supabase::Result<()> {
    db.from("planets").update(serde_json::json!({ "name": "Terra" })).eq("id", 2).limit(1).await?;
    Ok(())
}

fn main() {}
