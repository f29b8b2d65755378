//! How values are read (contract of filter values).

use super::*;

/// `in.()` finds nothing, and what is in none of nothing is everything.
#[tokio::test]
async fn a_list_of_nothing_finds_nothing_and_its_denial_everything() {
    let none = [0; 0];
    assert_eq!(sent_for_v(|query| query.in_("v", none)).await, "in.()");
    assert_eq!(sent_for_v(|query| query.not_in("v", none)).await, "not.in.()");
    let (_replay, db) = replayed("rest/filters/in-empty").await;
    assert!(db.from("planets").select::<Value>("*").in_("id", none).await.unwrap().is_empty());
    let (_replay, db) = replayed("rest/raw/url2/not-in-empty").await;
    assert_eq!(db.from("planets").select::<Value>("id").not_in("id", none).await.unwrap().len(), 3);
}

/// A denial stands before the operator, and before a group; elsewhere it is the name of a column.
#[tokio::test]
async fn a_denial_stands_where_the_server_reads_it() {
    let listener = Listener::start().await;
    let table = || listener.client().from("t").select::<Value>("*, i!inner(*)");
    let (one, two) = (|| col("v").eq(1), || col("v").gt(2));
    let _ = table().not(one()).not(or([one(), two()])).not(and([one(), two()])).await.unwrap();
    let sent = listener.last();
    assert_eq!(
        (sent.all("v"), sent.all("not.or"), sent.all("not.and")),
        (vec!["not.eq.1"], vec!["(v.eq.1,v.gt.2)"], vec!["(v.eq.1,v.gt.2)"])
    );
    assert_eq!(
        sent_as_tree(or([not(one()), not(and([one(), not(two())]))])).await,
        "(v.not.eq.1,not.and(v.eq.1,v.not.gt.2))"
    );
    let _ = table().referenced_table("i", |i| i.filter(not(or([one(), two()]))).or([one()])).await.unwrap();
    let sent = listener.last();
    assert_eq!((sent.all("i.not.or"), sent.all("i.or")), (vec!["(v.eq.1,v.gt.2)"], vec!["(v.eq.1)"]));
}

/// A text that happens to be `null` is looked for as a text, and `neq` leaves out rows without a value.
#[tokio::test]
async fn null_is_a_text_like_others_and_differs_from_nothing() {
    let (replay, db) = replayed("rest/filters/eq-null").await;
    let rows: Vec<Value> = db.from("characters").select("*").eq("bio", "null").await.unwrap();
    assert!(rows.is_empty());
    assert_eq!(replay.only(), asked("rest/filters/eq-null"));

    let (_replay, db) = replayed("rest/raw/url2/neq-null-rows").await;
    assert_eq!(db.from("characters").select::<Value>("id").neq("bio", "princess").await.unwrap().len(), 2);
    let (_replay, db) = replayed("rest/filters/isdistinct").await;
    let rows: Vec<Value> = db.from("characters").select("*").is_distinct("bio", "princess").await.unwrap();
    assert!(rows.iter().any(|row| row["bio"].is_null()));
}

/// `(1,5)` and `[1,5)` are different ranges, and a helper that writes one of them by itself asks for the wrong one.
#[tokio::test]
async fn a_range_keeps_its_bounds() {
    for range in ["(1,5)", "[1,5)", "[1,5]", "(,5]", "empty"] {
        assert_eq!(sent_for_v(|query| query.range_gt("v", range)).await, format!("sr.{range}"));
        assert_eq!(sent_for_v(|query| query.range_gte("v", range)).await, format!("nxl.{range}"));
        assert_eq!(sent_for_v(|query| query.range_lt("v", range)).await, format!("sl.{range}"));
        assert_eq!(sent_for_v(|query| query.range_lte("v", range)).await, format!("nxr.{range}"));
        assert_eq!(sent_for_v(|query| query.range_adjacent("v", range)).await, format!("adj.{range}"));
    }
}

/// Words without an operator between them are no `tsquery`, and the server says so.
#[tokio::test]
async fn a_search_that_cannot_be_read_is_an_error() {
    let (replay, db) = replayed("rest/filters/text_search-fts-syntax-error").await;
    let error = db.from("texts").select_raw("id, content").text_search("doc", "fat cat").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some(&Code::SyntaxError)));
    assert_eq!(replay.only(), asked("rest/filters/text_search-fts-syntax-error"));
}

/// To a column of JSON, `{}` is the empty object, `5` the number, and `{a}` no JSON at all.
#[tokio::test]
async fn a_sequence_or_text_is_json_only_where_it_says_so() {
    assert_eq!(sent_for_v(|query| query.eq("v", json!([]))).await, "eq.{}");
    assert_eq!(sent_for_v(|query| query.eq("v", Json([0; 0]))).await, "eq.[]");
    assert_eq!(sent_for_v(|query| query.neq("v", Json("5"))).await, "neq.\"5\"");
    assert_eq!(sent_for_v(|query| query.contained_by("v", Json([0; 0]))).await, "cd.[]");
    assert_eq!(sent_as_tree(col("v").eq(Json(["a"]))).await, r#"(v.eq."[\"a\"]")"#);
}
