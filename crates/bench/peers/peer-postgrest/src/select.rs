//! The smallest program that selects with this client.

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "printed")]
struct Planet {
    id: i64,
    name: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = postgrest::Postgrest::new("http://127.0.0.1:54321/rest/v1")
        .insert_header("apikey", "sb_publishable_key");
    let response =
        client.from("planets").select("id,name").eq("id", "4").execute().await?.error_for_status()?;
    let planets: Vec<Planet> = serde_json::from_slice(&response.bytes().await?)?;
    println!("{planets:?}");
    Ok(())
}
