async fn run(db: supabase::Client) -> supabase::Result<()> {
    db.from("planets").update(serde_json::json!({ "name": "Terra" })).execute().await?;
    Ok(())
}

fn main() {}
