//! The services of a project, one after the other, and what came back: rows, users and what each may see, files, functions.
//!
//! ```sh
//! cargo xtask demo
//! ```

use std::env;

use serde::{Deserialize, Serialize};
use serde_json::json;
use supabase::Client;
use supabase::auth::{Password, SignOutScope, SignUp};
use supabase::postgrest::{Code, Count, Order, col};
use supabase::storage::Code as StorageCode;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, Serialize, Deserialize)]
struct Planet {
    id: i64,
    name: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only printed")]
struct Note {
    body: String,
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
async fn main() -> Result {
    let url = env::var("SUPABASE_URL")?;
    let supabase = Client::new(&url, env::var("SUPABASE_ANON_KEY")?)?;
    println!("Connected to {url}");
    database(&supabase).await?;
    users(&supabase).await?;
    // Buckets are made by the project, not by its users.
    let project = Client::new(&url, env::var("SUPABASE_SERVICE_ROLE_KEY")?)?;
    files(&supabase, &project).await?;
    functions(&supabase).await?;
    live(&supabase).await
}

async fn database(supabase: &Client) -> Result {
    println!("\n── Database");
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

async fn users(supabase: &Client) -> Result {
    println!("\n── Auth, and what each user may see");
    let ada = format!("ada-{}@example.com", unique());
    let signed_up = supabase
        .auth()
        .sign_up(SignUp::email(&ada, "correct horse").data(json!({ "first_name": "Ada" })))
        .await?;
    println!("{ada} signed up as {}", signed_up.user.id);
    show!(
        "A note of hers",
        supabase.from("notes").insert(json!({ "body": "Ada's note" })).select::<Note>("body")
    );

    supabase.auth().sign_out(SignOutScope::Local).await?;
    let nobody = show!("Who is not signed in sees no note", supabase.from("notes").select::<Note>("body"));
    supabase.auth().sign_up(SignUp::email(format!("ben-{}@example.com", unique()), "battery staple")).await?;
    let ben = show!("Ben does not see hers", supabase.from("notes").select::<Note>("body"));

    supabase.auth().sign_in(Password::email(&ada, "correct horse")).await?;
    let hers = show!("Ada signs in again, and does", supabase.from("notes").select::<Note>("body"));
    if (nobody.len(), ben.len(), hers.len()) != (0, 0, 1) {
        return Err("row level security did not hold".into());
    }
    show!("Her token, verified", supabase.auth().get_claims());
    Ok(())
}

async fn files(supabase: &Client, project: &Client) -> Result {
    println!("\n── Storage");
    match project.storage().create_bucket("demo").await {
        // An earlier run has made it.
        Err(error) if error.code() == Some(&StorageCode::BucketAlreadyExists) => {}
        outcome => drop(outcome?),
    }
    let user = supabase.auth().get_session().await?.ok_or("nobody is signed in")?.user.id.clone();
    let path = format!("{user}/hello.txt");
    let demo = supabase.storage().from("demo");
    show!("Upload a file, into the user's own folder", demo.upload(&path, "Hello, storage!").upsert(true));
    let bytes = demo.download(&path).await?;
    println!("\nDownloaded\n  → {:?}", String::from_utf8_lossy(&bytes));
    show!("Remove it", demo.remove([&path]));
    Ok(())
}

async fn functions(supabase: &Client) -> Result {
    println!("\n── Functions");
    let answer =
        show!("Call a function", supabase.functions().invoke("hello-world").json(json!({ "name": "Ada" })));
    println!("  → {}", answer.text()?);
    Ok(())
}

async fn live(supabase: &Client) -> Result {
    println!("\n── Realtime: a table that stays up to date");
    let mut planets = supabase.live::<Planet>("planets", ["id"]).gte("id", 9).subscribe().await?;
    println!("At first\n  → {:?}", planets.next().await.transpose()?);
    show!("Add a row", supabase.from("planets").insert(&Planet { id: 9, name: "Pluto".into() }));
    println!("The table tells\n  → {:?}", planets.next().await.transpose()?);
    show!("Change it", supabase.from("planets").update(json!({ "name": "Hades" })).eq("id", 9));
    println!("The table tells\n  → {:?}", planets.next().await.transpose()?);
    show!("Remove it", supabase.from("planets").delete().eq("id", 9));
    println!("The table tells\n  → {:?}", planets.next().await.transpose()?);
    Ok(())
}

/// So that the users of each run are new ones.
fn unique() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos()
}
