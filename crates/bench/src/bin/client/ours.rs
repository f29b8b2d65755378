//! The workloads, by our crates: with retries, mapped errors, spans, a token closure and a time limit.

use std::pin::pin;

use futures_util::TryStreamExt;
use postgrest_rs::Is;
use supabase::Client;

use crate::{KEY, Outcome, Planet, TOKEN, expect, wanted};

/// A client as programs with an identity provider of their own have it. Everything else is on by default.
pub(crate) fn client(address: &str) -> Outcome<Client> {
    Ok(Client::builder(format!("http://{address}"), KEY)
        .access_token_with(|| async { Ok(Some(TOKEN.into())) })
        .build()?)
}

/// Reads `rows` rows.
pub(crate) async fn select(client: &Client, rows: usize) -> Outcome {
    let planets: Vec<Planet> = client
        .from(format!("rows_{rows}"))
        .select("id,name,galaxy,radius,inhabited,discovered_at,note")
        .eq("galaxy", "Milky Way")
        .order("id")
        .limit(rows.try_into()?)
        .await?;
    expect(&planets, rows)
}

/// Reads `rows` rows page by page, and keeps none.
async fn stream(client: &Client, rows: usize) -> Outcome {
    let table = client.from(format!("pages_{rows}"));
    let mut planets = pin!(table.select::<Planet>("*").order("id").stream());
    let mut came = 0;
    while planets.try_next().await?.is_some() {
        came += 1;
    }
    if came == rows { Ok(()) } else { Err(format!("{came} of {rows} rows came").into()) }
}

/// A query of twelve filters that is not sent: each filter is written as it is called.
fn build(client: &Client) {
    let wanted = wanted();
    let query = client
        .from("planets")
        .select_raw("*")
        .eq("galaxy", wanted.galaxy)
        .neq("name", wanted.not_named)
        .gt("id", wanted.after)
        .gte("moons", wanted.moons)
        .lt("radius", wanted.radius)
        .lte("mass", wanted.mass)
        .like("code", wanted.code)
        .ilike("note", wanted.note)
        .is("destroyed_at", Is::Null)
        .in_("class", wanted.classes)
        .contains("tags", wanted.tags)
        .eq("inhabited", wanted.inhabited);
    // Dropped, and not left out by the compiler.
    std::hint::black_box(&query);
}

pub(crate) async fn run(workload: &str, operations: usize, address: &str) -> Outcome {
    let client = client(address)?;
    for _ in 0..operations {
        match workload {
            "select-10" => select(&client, 10).await?,
            "select-1000" => select(&client, 1_000).await?,
            "select-100000" => select(&client, 100_000).await?,
            "stream-10000" => stream(&client, 10_000).await?,
            "stream-100000" => stream(&client, 100_000).await?,
            "build-12" => build(&client),
            _ => return Err(format!("there is no workload `{workload}`").into()),
        }
    }
    Ok(())
}
