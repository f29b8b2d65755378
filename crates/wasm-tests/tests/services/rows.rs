//! Rows of the database.

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use supabase::postgrest::{Code, Completeness, Count};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{client, new_user, number};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Planet {
    id: i64,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Note {
    id: i64,
    body: String,
}

#[wasm_bindgen_test]
async fn rows_are_read_with_types_and_counted() {
    let supabase = client();
    let earth: Planet = supabase.from("planets").select("*").eq("name", "Earth").single().await.unwrap();
    assert_eq!(earth.name, "Earth");
    // The count stands in a header that a page may read.
    let answer = supabase
        .from("planets")
        .select::<Planet>("*")
        .lte("id", 3)
        .order("id")
        .limit(2)
        .count(Count::Exact)
        .execute()
        .await
        .unwrap();
    assert_eq!((answer.data.len(), answer.count), (2, Some(3)));
    assert_eq!(answer.completeness(), Completeness::Truncated { total: 3 });
    let all = supabase.from("planets").select::<Planet>("*").lte("id", 3).order("id").page_size(2).stream();
    assert_eq!(all.try_collect::<Vec<_>>().await.unwrap().len(), 3);
}

#[wasm_bindgen_test]
async fn a_user_writes_rows_and_reads_them_back_and_nobody_else_does() {
    let (ada, _) = new_user().await;
    let (ben, _) = new_user().await;
    // What has a meaning in queries, addresses and headers has none in a value.
    let body = r#"Ada's, "quoted" (note): ü, 100 %"#;
    let note: Note =
        ada.from("notes").insert(json!({ "body": body })).select("id, body").single().await.unwrap();
    assert_eq!(note.body, body);
    let hers: Vec<Note> = ada.from("notes").select("id, body").eq("body", body).await.unwrap();
    assert_eq!(hers.iter().map(|note| note.id).collect::<Vec<_>>(), [note.id]);
    assert!(ben.from("notes").select::<Note>("id, body").await.unwrap().is_empty());
    ada.from("notes").update(json!({ "body": "changed" })).eq("id", note.id).await.unwrap();
    let gone: Vec<Note> = ada.from("notes").delete().eq("id", note.id).select("id, body").await.unwrap();
    assert_eq!(gone[0].body, "changed");
}

#[wasm_bindgen_test]
async fn a_refusal_has_its_code() {
    let id = number();
    let supabase = client();
    let planet = Planet { id, name: "Twin".into() };
    supabase.from("planets").insert(&planet).await.unwrap();
    let refused = supabase.from("planets").insert(&planet).await.unwrap_err();
    assert_eq!((refused.code(), refused.status()), (Some(&Code::UniqueViolation), Some(409)), "{refused:?}");
    supabase.from("planets").delete().eq("id", id).await.unwrap();
}
