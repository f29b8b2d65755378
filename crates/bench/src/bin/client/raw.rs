//! The workloads, by hand: what a program without our crates would do.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::ACCEPT;

use crate::{KEY, Outcome, Planet, TOKEN, expect, wanted};

/// reqwest's client as it is.
pub(crate) fn client() -> Outcome<Client> {
    Ok(Client::builder().build()?)
}

/// The same with a time limit on each request, as long as ours is by default.
pub(crate) fn limited_client() -> Outcome<Client> {
    Ok(Client::builder().timeout(Duration::from_secs(120)).build()?)
}

/// Reads `rows` rows.
pub(crate) async fn select(client: &Client, address: &str, rows: usize) -> Outcome {
    let limit = rows.to_string();
    let response = client
        .get(format!("http://{address}/rest/v1/rows_{rows}"))
        .query(&[
            ("select", "id,name,galaxy,radius,inhabited,discovered_at,note"),
            ("galaxy", "eq.Milky Way"),
            ("order", "id"),
            ("limit", limit.as_str()),
        ])
        .header("apikey", KEY)
        .header(ACCEPT, "application/json")
        .bearer_auth(TOKEN)
        .send()
        .await?;
    let status = response.status();
    let body = response.bytes().await?;
    if !status.is_success() {
        return Err(format!("{status}").into());
    }
    let planets: Vec<Planet> = serde_json::from_slice(&body)?;
    expect(&planets, rows)
}

/// A request of twelve filters that is not sent.
fn build(client: &Client, address: &str) -> Outcome {
    let wanted = wanted();
    let request = client
        .get(format!("http://{address}/rest/v1/planets"))
        .query(&[
            ("select", "*"),
            ("galaxy", &format!("eq.{}", wanted.galaxy)),
            ("name", &format!("neq.{}", wanted.not_named)),
            ("id", &format!("gt.{}", wanted.after)),
            ("moons", &format!("gte.{}", wanted.moons)),
            ("radius", &format!("lt.{}", wanted.radius)),
            ("mass", &format!("lte.{}", wanted.mass)),
            ("code", &format!("like.{}", wanted.code)),
            ("note", &format!("ilike.{}", wanted.note)),
            ("destroyed_at", "is.null"),
            ("class", &format!("in.({})", wanted.classes.join(","))),
            ("tags", &format!("cs.{{{}}}", wanted.tags.join(","))),
            ("inhabited", &format!("eq.{}", wanted.inhabited)),
        ])
        .build()?;
    // Dropped, and not left out by the compiler.
    std::hint::black_box(&request);
    Ok(())
}

pub(crate) async fn run(workload: &str, operations: usize, address: &str) -> Outcome {
    let client = client()?;
    for _ in 0..operations {
        match workload {
            "select-10" => select(&client, address, 10).await?,
            "select-1000" => select(&client, address, 1_000).await?,
            "select-100000" => select(&client, address, 100_000).await?,
            "build-12" => build(&client, address)?,
            _ => return Err(format!("there is no workload `{workload}`").into()),
        }
    }
    Ok(())
}
