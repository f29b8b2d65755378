//! The smallest program that selects with this client.

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "printed")]
struct Planet {
    id: i64,
    name: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = rust_supabase_sdk::SupabaseClient::new("http://127.0.0.1:54321", "sb_publishable_key", None);
    let planets: Vec<Planet> = client.from("planets").select("id,name").eq("id", 4).returns().await?;
    println!("{planets:?}");
    Ok(())
}
