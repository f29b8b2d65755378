//! What a server does with rows that are written.

use super::*;

/// What a row lacks becomes its column's default also in a row that was there, in place of what it had: 99 became 7.
#[tokio::test]
async fn an_upsert_with_defaults_overwrites_what_was_there() {
    let (replay, db) = replayed("rest/upsert/missing-default").await;
    let rows = json!([{ "id": 1, "a": "x" }, { "id": 20, "a": "new", "n": 5 }]);
    let back: Vec<Value> = db.from("uniq").upsert(rows).missing_default().select("*").await.unwrap();
    assert_eq!((&back[0]["n"], &back[1]["n"]), (&json!(7), &json!(5)));
    assert_eq!(replay.only(), asked("rest/upsert/missing-default"));
}

/// Columns that no row has get their defaults, whatever is said of those that some have.
#[tokio::test]
async fn a_column_that_no_row_has_gets_its_default() {
    for (case, missing, n) in [
        ("rest/insert/bulk-missing-null", false, Value::Null),
        ("rest/insert/bulk-missing-default", true, json!(7)),
    ] {
        let (replay, db) = replayed(case).await;
        let rows = recordings::case(recordings::rest(), case).request.body.clone().unwrap().json.unwrap();
        let query = db.from("uniq").insert(rows);
        let query = if missing { query.missing_default() } else { query };
        let back: Vec<Value> = query.select("*").await.unwrap();
        assert_eq!((&back[0]["n"], &back[0]["note"]), (&n, &json!("dflt")));
        assert_eq!(replay.only(), asked(case));
    }
}

/// An upsert goes by the primary key unless it is told otherwise, so another unique column still conflicts.
#[tokio::test]
async fn an_upsert_conflicts_on_another_unique_column() {
    let body = r#"{"code":"23505","details":"Key (a)=(old) already exists.","hint":null,"message":"duplicate key value violates unique constraint \"uniq_a_key\""}"#;
    let server = Raw::start([Raw::json("409 Conflict", body.len(), body)]);
    let error = client(&server.url()).from("uniq").upsert(json!({ "id": 2, "a": "old" })).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(409), Some(&Code::UniqueViolation)));
}

/// A conflict needs a unique constraint on just the columns that are named.
#[tokio::test]
async fn the_columns_of_a_conflict_must_be_unique() {
    let body = r#"{"code":"42P10","details":null,"hint":null,"message":"there is no unique or exclusion constraint matching the ON CONFLICT specification"}"#;
    let server = Raw::start([Raw::json("400 Bad Request", body.len(), body)]);
    let error =
        client(&server.url()).from("t").upsert(json!({ "id": 2 })).on_conflict("n").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some(&Code::InvalidColumnReference)));
}

/// Without a primary key there is nothing to conflict with: every upsert adds its rows, and only a header that is missing
/// tells.
#[tokio::test]
async fn an_upsert_on_a_table_without_a_primary_key_adds_rows() {
    let (replay, db) = replayed("rest/upsert/no-pk-table").await;
    let query = db.from("nopk").upsert(json!({ "a": 1, "b": "z" })).select::<Value>("*");
    let answer = query.execute().await.unwrap();
    assert_eq!((answer.status, answer.data), (201, vec![json!({ "a": 1, "b": "z" })]));
    assert_eq!(replay.only(), asked("rest/upsert/no-pk-table"));
    let exchange = recordings::case(recordings::rest(), "rest/upsert/no-pk-table");
    assert!(!exchange.response.headers["preference-applied"].contains("resolution"));
}

/// An upsert answers with 200 or 201, and rows that were left as they are do not come back: neither is an error.
#[tokio::test]
async fn rows_that_an_upsert_ignores_are_not_among_those_that_come_back() {
    let (replay, db) = replayed("rest/upsert/ignore-duplicates-all").await;
    let query = db.from("instruments").upsert(json!({ "id": 1, "name": "ignored" })).ignore_duplicates();
    let answer = query.select::<Value>("*").execute().await.unwrap();
    assert_eq!((answer.status, answer.data), (201, vec![]));
    assert_eq!(replay.only(), asked("rest/upsert/ignore-duplicates-all"));
}

/// An update with `{}` changes no row, and says so only by answering with none.
#[tokio::test]
async fn an_update_with_nothing_changes_nothing() {
    let (replay, db) = replayed("rest/update/empty-body").await;
    let changed: Vec<Value> = db.from("instruments").update(json!({})).eq("id", 1).select("*").await.unwrap();
    assert_eq!(changed, Vec::<Value>::new());
    assert_eq!(replay.only(), asked("rest/update/empty-body"));
}

/// `insert([])` is 201 and adds nothing. It names no columns, as there is none.
#[tokio::test]
async fn an_empty_list_of_rows_adds_nothing() {
    let (replay, db) = replayed("rest/insert/empty-array").await;
    let answer = db.from("writes").insert([0; 0]).select::<Value>("*").execute().await.unwrap();
    assert_eq!((answer.status, answer.data), (201, vec![]));
    assert_eq!(replay.only(), asked("rest/insert/empty-array"));

    let (replay, db) = replayed("rest/upsert/empty-array").await;
    let answer = db.from("instruments").upsert(json!([])).select::<Value>("*").execute().await.unwrap();
    assert_eq!((answer.status, answer.data), (200, vec![]));
    assert_eq!(replay.only(), asked("rest/upsert/empty-array"));
}

/// `return=representation` needs the right to read what comes back, or the write itself is refused: it is sent only where
/// rows are asked for, and with the columns that are.
#[tokio::test]
async fn rows_that_come_back_need_the_right_to_read_them() {
    let listener = Listener::start().await;
    let table = || listener.client().from("t");
    let row = json!({ "id": 1, "secret": "x" });
    table().insert(&row).await.unwrap();
    table().upsert(&row).execute().await.unwrap();
    table().update(&row).eq("id", 1).await.unwrap();
    table().delete().eq("id", 1).await.unwrap();
    assert!(!listener.last().header("prefer").join(",").contains("return"));
    let _: Vec<Value> = table().insert(&row).select("id").await.unwrap();
    let sent = listener.last();
    assert_eq!((sent.header("prefer"), sent.all("select")), (vec!["return=representation"], vec!["id"]));

    let body = r#"{"code":"42501","details":null,"hint":null,"message":"permission denied for table t"}"#;
    let server = Raw::start([Raw::json("403 Forbidden", body.len(), body)]);
    let error = client(&server.url()).from("t").insert(&row).select::<Value>("*").await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InsufficientPrivilege));
}

/// Rows that no filter finds, or that a policy hides, are not there: no error tells.
#[tokio::test]
async fn a_write_that_finds_no_row_is_no_error() {
    let (_replay, db) = replayed("rest/update/zero-rows").await;
    let query = db.from("instruments").update(json!({ "name": "x" })).eq("id", -1);
    let answer = query.select::<Value>("*").execute().await.unwrap();
    assert_eq!((answer.status, answer.data, answer.range), (200, vec![], None));
}
