//! The smallest program that selects by hand, for its size.

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "printed")]
struct Planet {
    id: i64,
    name: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let response = reqwest::Client::builder()
        .build()?
        .get("http://127.0.0.1:54321/rest/v1/planets")
        .query(&[("select", "id,name"), ("id", "eq.4")])
        .header("apikey", "sb_publishable_key")
        .send()
        .await?
        .error_for_status()?;
    let planets: Vec<Planet> = serde_json::from_slice(&response.bytes().await?)?;
    println!("{planets:?}");
    Ok(())
}
