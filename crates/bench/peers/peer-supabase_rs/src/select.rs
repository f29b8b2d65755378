//! The smallest program that selects with this client.

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "printed")]
struct Planet {
    id: i64,
    name: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = supabase_rs::SupabaseClient::new("http://127.0.0.1:54321", "sb_publishable_key")?;
    let rows = client.select("planets").columns(vec!["id", "name"]).eq("id", "4").execute().await?;
    let planets: Vec<Planet> = serde_json::from_value(rows.into())?;
    println!("{planets:?}");
    Ok(())
}
