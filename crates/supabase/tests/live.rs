//! On a real stack: rows that stay up to date, and a session that every service follows.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use supabase::Client;
use supabase::auth::{SignOutScope, SignUp};
use supabase::live::{Live, LiveChange};
use supabase::postgrest::{Code, col};
use supabase_testing::live::{Need, stack};

#[derive(Debug, Deserialize, PartialEq)]
struct Country {
    id: i64,
    name: String,
}

/// Ids that nobody else uses.
const FIRST: i64 = 9_000_000;

async fn next(live: &mut Live<Country>) -> Vec<LiveChange<Country>> {
    let changes = tokio::time::timeout(Duration::from_secs(30), live.next()).await;
    changes.expect("in time").expect("it goes on").unwrap()
}

fn country(id: i64, name: &str) -> Arc<Country> {
    Arc::new(Country { id: FIRST + id, name: name.to_owned() })
}

#[tokio::test]
async fn a_live_query_follows_its_table() {
    let Some(stack) = stack("a_live_query_follows_its_table", &[Need::Realtime]) else { return };
    let supabase = Client::new(&stack.url, stack.anon_key).unwrap();
    let service = Client::new(&stack.url, stack.service_role_key).unwrap();
    let countries = || service.from("countries");
    let clear = || countries().delete().gte("id", FIRST);
    clear().await.unwrap();
    countries()
        .insert(json!([{ "id": FIRST, "name": "Live A" }, { "id": FIRST + 1, "name": "Other" }]))
        .await
        .unwrap();

    let mut live = supabase
        .live::<Country>("countries", ["id"])
        .gte("id", FIRST)
        .like("name", "Live%")
        .subscribe()
        .await
        .unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Added(country(0, "Live A"))]);
    countries().insert(json!({ "id": FIRST + 2, "name": "Live B, (and more)" })).await.unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Added(country(2, "Live B, (and more)"))]);
    countries().update(json!({ "name": "Live A2" })).eq("id", FIRST).await.unwrap();
    let changed = LiveChange::Changed { old: country(0, "Live A"), new: country(0, "Live A2") };
    assert_eq!(next(&mut live).await, [changed]);
    // What comes to match enters, and what matches no more leaves.
    countries().update(json!({ "name": "Live C" })).eq("id", FIRST + 1).await.unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Added(country(1, "Live C"))]);
    countries().update(json!({ "name": "Gone" })).eq("id", FIRST).await.unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Removed(country(0, "Live A2"))]);
    countries().delete().eq("id", FIRST + 1).await.unwrap();
    assert_eq!(next(&mut live).await, [LiveChange::Removed(country(1, "Live C"))]);

    // Whatever happened, the rows are those of the table.
    let rows: Vec<Country> =
        countries().select("*").filter(col("id").gte(FIRST)).like("name", "Live%").order("id").await.unwrap();
    assert!(live.rows().map(Arc::as_ref).eq(rows.iter()), "{rows:?}");
    clear().await.unwrap();
}

#[tokio::test]
async fn a_session_reaches_the_database_and_storage_and_ends_everywhere() {
    let test = "a_session_reaches_the_database_and_storage_and_ends_everywhere";
    let Some(stack) = stack(test, &[]) else { return };
    let supabase = Client::new(&stack.url, stack.anon_key).unwrap();
    let unique = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let user = SignUp::email(format!("follow-{unique}@example.com"), "correct horse battery");
    let signed_up = supabase.auth().sign_up(user).await.unwrap();
    assert!(signed_up.session.is_some(), "this stack asks for no confirmation");

    let note = || supabase.from("notes").insert(json!({ "body": "mine" }));
    note().await.unwrap();
    assert!(supabase.storage().list_buckets().await.is_ok());
    let before = supabase.auth().access_token().await.unwrap();
    supabase.auth().refresh_session().await.unwrap();
    assert!(before.is_some());
    note().await.unwrap();

    supabase.auth().sign_out(SignOutScope::Local).await.unwrap();
    let error = note().await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InsufficientPrivilege));
    assert_eq!(supabase.from("notes").select::<serde_json::Value>("*").await.unwrap(), [json!(null); 0]);
}
