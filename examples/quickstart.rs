//! Selects, embeds, inserts, upserts, updates, deletes and calls functions, and shows what came back.
//!
//! ```sh
//! cargo xtask demo                                   # starts a stack, runs this, and stops the stack
//! cargo run -p supabase-examples --example quickstart  # on the stack that SUPABASE_URL and SUPABASE_ANON_KEY name
//! ```

use std::env;

use serde::{Deserialize, Serialize};
use serde_json::json;
use supabase::Client;
use supabase::postgrest::{Code, Count, Order, col};

#[derive(Debug, Serialize, Deserialize)]
struct Planet {
    id: i64,
    name: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only printed")]
struct Section {
    name: String,
    instruments: Vec<Instrument>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only printed")]
struct Instrument {
    name: String,
}

/// Shows a call as it is written, sends it, and shows what came back.
macro_rules! show {
    ($title:literal, $call:expr) => {{
        println!("\n{}\n  {}", $title, stringify!($call).split_whitespace().collect::<Vec<_>>().join(" "));
        let answer = $call.await?;
        println!("  → {answer:?}");
        answer
    }};
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = env::var("SUPABASE_URL")?;
    let supabase = Client::new(&url, env::var("SUPABASE_ANON_KEY")?)?;
    println!("Connected to {url}");

    // What an earlier run may have left.
    supabase.from("planets").delete().gte("id", 9).await?;

    show!("Read rows", supabase.from("planets").select::<Planet>("*").order("id"));
    show!(
        "Embed the rows of a related table",
        supabase
            .from("orchestral_sections")
            .select::<Section>("name, instruments(name)")
            .order("name")
            .referenced_table("instruments", |instruments| instruments.order("name"))
    );
    show!("Add a row", supabase.from("planets").insert(&Planet { id: 9, name: "Pluto".into() }));
    show!(
        "Add rows or change them, and get them back",
        supabase
            .from("planets")
            .upsert(json!([{ "id": 9, "name": "Pluto, a dwarf" }, { "id": 10, "name": "Ceres" }]))
            .select::<Planet>("*")
    );
    show!(
        "Change rows",
        supabase
            .from("planets")
            .update(json!({ "name": "Pluto" }))
            .eq("name", "Pluto, a dwarf")
            .select::<Planet>("*")
            .single()
    );
    show!(
        "Filter, sort and count",
        supabase
            .from("planets")
            .select::<Planet>("*")
            .or([col("id").lte(2), col("name").like("Pl%")])
            .order(Order::desc("name"))
            .count(Count::Exact)
            .execute()
    );
    show!(
        "Maybe one row",
        supabase.from("planets").select::<Planet>("*").eq("name", "Vulcan").maybe_single()
    );
    show!("As CSV", supabase.from("planets").select_raw("*").order("id").csv());
    show!("Call a function", supabase.rpc::<String>("echo", json!({ "say": "👋" })));
    show!("Call one with an array", supabase.rpc::<Vec<i64>>("add_one_each", json!({ "arr": [1, 2, 3] })));
    show!("Remove rows", supabase.from("planets").delete().in_("id", [9, 10]).select::<Planet>("*"));

    println!("\nAn error says what to do");
    match supabase.from("planets").insert(&Planet { id: 1, name: "Twin".into() }).await {
        Err(error) if error.code() == Some(&Code::UniqueViolation) => {
            println!("  → {error}; status {:?}, again? {}", error.status(), error.is_retryable());
        }
        outcome => return Err(format!("a second planet 1 was not refused: {outcome:?}").into()),
    }
    Ok(())
}
