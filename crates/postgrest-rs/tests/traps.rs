//! What other clients got wrong, by the reports of their users, and what a server does that nobody would expect. Each test
//! names its trap.

#[path = "traps/answers.rs"]
mod answers;
#[path = "traps/calls.rs"]
mod calls;
mod common;
#[path = "traps/values.rs"]
mod values;
#[path = "traps/writes.rs"]
mod writes;

use common::Listener;
use postgrest_rs::{
    Client, Code, Completeness, Count, ErrorKind, Is, Json, Numeric, Order, TextSearch, and, col, not, or,
};
use serde_json::{Value, json};
use supabase_testing::raw::{Answer, Raw};
use supabase_testing::recordings;
use supabase_testing::replay::{Replay, Sent};

fn client(url: &str) -> Client {
    Client::builder(url, "key").http_client(supabase_testing::http::client()).build().unwrap()
}

/// A server that answers as it did when this was recorded, and a client of it.
async fn replayed(case: &str) -> (Replay, Client) {
    let replay = Replay::start(recordings::case(recordings::rest(), case)).await;
    let client = client(&replay.url());
    (replay, client)
}

/// What was asked when this was recorded.
fn asked(case: &str) -> Sent {
    Sent::recorded(&recordings::case(recordings::rest(), case).request, &[])
}

/// What a read sends for the column `v`.
async fn sent_for_v(ask: impl FnOnce(Query) -> Query) -> String {
    let listener = Listener::start().await;
    let _ = ask(listener.client().from("t").select("*")).await.unwrap();
    listener.last().all("v").join(" and ")
}

/// What a read sends as a logic tree.
async fn sent_as_tree(filter: postgrest_rs::Filter) -> String {
    let listener = Listener::start().await;
    let _: Vec<Value> = listener.client().from("t").select("*").or([filter]).await.unwrap();
    listener.last().all("or").join(" and ")
}

type Query = postgrest_rs::Query<postgrest_rs::query::stage::Select, Vec<Value>>;

/// supabase-js#2633, postgrest-py#108, supabase-py#90, postgrest-rs#40, supabase-kt#1089: quotes around a value that stands alone are looked for.
#[tokio::test]
async fn a_value_that_stands_alone_is_never_quoted() {
    for value in ["a,b", "a.b", "a:b", "\"a\"", "(a)", ""] {
        assert_eq!(sent_for_v(|query| query.eq("v", value)).await, format!("eq.{value}"));
        assert_eq!(sent_for_v(|query| query.is_distinct("v", value)).await, format!("isdistinct.{value}"));
    }
}

/// supabase-js#2529, #2670, #2489: quotes and backslashes in a list.
#[tokio::test]
async fn an_element_of_a_list_is_quoted_with_its_quotes_escaped() {
    assert_eq!(
        sent_for_v(|query| query.in_("v", ["a\"b", "c\\d", "e,f"])).await,
        r#"in.("a\"b","c\\d","e,f")"#
    );
    // Behind a parenthesis that closes the list, the server ignores the rest without a word.
    assert_eq!(sent_for_v(|query| query.in_("v", ["x)", "(y"])).await, r#"in.("x)","(y")"#);
    // The server eats blanks before the first bare element.
    assert_eq!(sent_for_v(|query| query.in_("v", [" lead", "trail "])).await, r#"in.(" lead","trail ")"#);
}

/// A list of one empty text reads as the empty list.
#[tokio::test]
async fn one_empty_text_is_found() {
    assert_eq!(sent_for_v(|query| query.in_("v", [""])).await, "eq.");
    assert_eq!(sent_for_v(|query| query.not_in("v", [""])).await, "not.eq.");
    assert_eq!(sent_for_v(|query| query.in_("v", ["", "x"])).await, r#"in.("",x)"#);
}

/// A null in a list is the text `null`.
#[tokio::test]
async fn a_null_in_a_list_is_refused() {
    let listener = Listener::start().await;
    let error = listener.client().from("t").select_raw("*").in_("v", [Some(1), None]).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.message().contains("Is::Null"), "{error}");
}

/// postgrest-js `not(col, 'in', […])`: the list lost its parentheses.
#[tokio::test]
async fn a_negated_list_keeps_its_parentheses() {
    assert_eq!(sent_for_v(|query| query.not(col("v").in_([1, 2]))).await, "not.in.(1,2)");
}

/// supabase-js#2669, supabase-py#1592: elements of arrays, also of the patterns of `like_any_of`.
#[tokio::test]
async fn an_element_of_an_array_is_one_element() {
    assert_eq!(sent_for_v(|query| query.contains("v", ["a,b"])).await, r#"cs.{"a,b"}"#);
    assert_eq!(sent_for_v(|query| query.overlaps("v", ["", "null", "{}"])).await, r#"ov.{"","null","{}"}"#);
    assert_eq!(sent_for_v(|query| query.like_any_of("v", ["a,b", "c"])).await, r#"like(any).{"a,b",c}"#);
    assert_eq!(sent_for_v(|query| query.ilike_all_of("v", ["%a b%"])).await, r#"ilike(all).{"%a b%"}"#);
}

/// In a tree, a bare `(x)` matches nothing, and behind a `)` the conditions are dropped, both without a word.
#[tokio::test]
async fn a_value_in_a_tree_cannot_end_it() {
    assert_eq!(sent_as_tree(col("v").eq("(x)")).await, r#"(v.eq."(x)")"#);
    assert_eq!(sent_as_tree(col("v").eq("x),id.gt.0")).await, r#"(v.eq."x),id.gt.0")"#);
    assert_eq!(sent_as_tree(col("v").eq("\"q\"")).await, r#"(v.eq."\"q\"")"#);
    assert_eq!(sent_as_tree(col("v").overlaps("[1,5)")).await, r#"(v.ov."[1,5)")"#);
    assert_eq!(
        sent_as_tree(col("v").contains(json!({ "a": { "b": 1 } }))).await,
        r#"(v.cs."{\"a\":{\"b\":1}}")"#
    );
    let search = col("v").text_search(TextSearch::plain("a, (b)").config("english"));
    assert_eq!(sent_as_tree(search).await, r#"(v.plfts(english)."a, (b)")"#);
    assert_eq!(sent_as_tree(not(col("v").in_(["a)", "b"]))).await, r#"(v.not.in.("a)",b))"#);
}

/// `or=()` is refused by the server in words that tell nobody why.
#[tokio::test]
async fn a_tree_of_nothing_is_refused() {
    let listener = Listener::start().await;
    let error = listener.client().from("t").select_raw("*").or([]).await.unwrap_err();
    assert!(error.message().contains("at least one condition"), "{error}");
}

/// `is.not_null` exists since PostgREST 13; null equals nothing.
#[tokio::test]
async fn null_is_asked_for_in_words_that_every_server_knows() {
    assert_eq!(sent_for_v(|query| query.is("v", Is::NotNull)).await, "not.is.null");
    let listener = Listener::start().await;
    let error = listener.client().from("t").select_raw("*").eq("v", None::<i32>).await.unwrap_err();
    assert!(error.message().contains("Is::Null"), "{error}");
}

/// PostgREST#4710: an argument that reads as a filter is one.
#[tokio::test]
async fn an_argument_that_reads_as_a_filter_goes_by_post() {
    let listener = Listener::start().await;
    let db = listener.client();
    for say in ["eq.5", "in.(x)", "not.eq.5", "is.null"] {
        let error = db.rpc::<Value>("echo", json!({ "say": say })).get().await.unwrap_err();
        assert!(error.message().contains("`say`") && error.message().contains("POST"), "{error}");
        let _: Value = db.rpc("echo", json!({ "say": say })).await.unwrap();
        assert_eq!(listener.last().body, json!({ "say": say }).to_string());
    }
}

/// postgrest-js#583: an object as an argument of a call by HEAD was `[object Object]`. Arrays are Postgres literals.
#[tokio::test]
async fn objects_and_arrays_are_arguments_in_a_url() {
    let listener = Listener::start().await;
    let db = listener.client();
    let args = json!({ "j": { "a": [1] }, "ids": [1, 2], "names": ["a,b"] });
    db.rpc::<Value>("f", args).head().await.unwrap();
    let sent = listener.last();
    assert_eq!(sent.method, "HEAD");
    assert_eq!(
        (sent.all("j"), sent.all("ids"), sent.all("names")),
        (vec![r#"{"a":[1]}"#], vec!["{1,2}"], vec![r#"{"a,b"}"#])
    );
}

/// The server ignores a `Range` header on a call by POST.
#[tokio::test]
async fn a_range_on_a_function_is_in_the_url() {
    let listener = Listener::start().await;
    let _: Vec<Value> = listener.client().rpc("f", ()).range(2, 5).await.unwrap();
    let sent = listener.last();
    assert_eq!((sent.all("offset"), sent.all("limit"), sent.header("range")), (vec!["2"], vec!["4"], vec![]));
}

/// Without `columns`, rows of differing keys are refused; a single row needs none.
#[tokio::test]
async fn rows_of_differing_keys_name_all_their_columns() {
    let listener = Listener::start().await;
    let db = listener.client();
    db.from("t").insert(json!([{ "a": 1 }, { "b\"c": 2 }])).await.unwrap();
    assert_eq!(listener.last().all("columns"), [r#""a","b\"c""#]);
    db.from("t").insert(json!({ "a": 1 })).await.unwrap();
    assert!(listener.last().all("columns").is_empty());
    db.from("t").insert(json!([])).await.unwrap();
    assert_eq!(listener.last().body, "[]");
}

/// A bare value is a row of defaults to the server, and the first of several arguments lists is taken.
#[tokio::test]
async fn what_is_no_row_is_refused() {
    let listener = Listener::start().await;
    let db = listener.client();
    for error in [
        db.from("t").insert(5).await.unwrap_err(),
        db.from("t").insert("text").await.unwrap_err(),
        db.from("t").insert([1, 2]).await.unwrap_err(),
        db.rpc::<Value>("f", json!([{ "a": 1 }])).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert_eq!(listener.count(), 0);
}

/// supabase-js#2683, #2685, #1661, postgrest-py#544, supabase-py#1587: the answer to HEAD has no body, so other clients told no error, or another status.
#[tokio::test]
async fn an_error_in_answer_to_head_has_its_status_and_code() {
    let exchange = recordings::case(recordings::rest(), "rest/select/head-error-missing-table");
    let replay = Replay::start(exchange).await;
    let db = client(&replay.url());
    let error = db.from("nope").select_raw("*").count(Count::Exact).head().execute().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), Some(&Code::TableNotFound)));

    let server = Raw::start([Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-range: */7\r\n\r\n".to_vec())]);
    let db = client(&server.url());
    let answer = db.from("t").select_raw("*").count(Count::Exact).head().execute().await.unwrap();
    assert_eq!(answer.count, Some(7));
}

/// 300 is an error of PostgREST, and no redirect.
#[tokio::test]
async fn an_ambiguous_function_is_an_error() {
    let exchange = recordings::case(recordings::rest(), "rest/rpc/ambiguous-PGRST203");
    let replay = Replay::start(exchange).await;
    let db = client(&replay.url());
    let error = db.rpc::<Value>("amb", json!({ "a": 1 })).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(300), Some(&Code::AmbiguousFunction)));
}

/// supabase-py#1207, postgrest-js#361, #486, supabase-swift#1180, supabase-js#2579: `maybe_single` hung on the words of an
/// error that changed between versions, or took one of several rows.
#[tokio::test]
async fn no_row_is_none_whatever_the_server_would_have_said() {
    let listener = Listener::start().await;
    let row: Option<Value> = listener.client().from("t").select("*").maybe_single().await.unwrap();
    assert_eq!(row, None);
    assert_eq!(listener.last().header("accept"), ["application/json"]);

    let replay = Replay::start(recordings::case(recordings::rest(), "rest/modifiers/maybe-single-2")).await;
    let db = client(&replay.url());
    let error = db.from("instruments").select::<Value>("*").maybe_single().await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::NotExactlyOneRow));
}

/// postgrest-py#595, postgrest-js#646, supabase-flutter#1474: an answer that is not JSON broke the parser, and its text was
/// lost.
#[tokio::test]
async fn an_answer_that_is_not_json_is_kept() {
    let text = "HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain\r\ncontent-length: 20\r\n\r\nSomething went wrong";
    let server = Raw::start([Answer::Bytes(text.into())]);
    let db = client(&server.url());
    let error = db.from("t").select_raw("*").await.unwrap_err();
    assert_eq!((error.message(), error.raw_body()), ("Something went wrong", &b"Something went wrong"[..]));

    let text = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nfine";
    let server = Raw::start([Answer::Bytes(text.into())]);
    let db = client(&server.url());
    let error = db.from("t").select::<Value>("*").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status(), error.raw_body()),
        (ErrorKind::Decode, Some(200), &b"fine"[..])
    );
}

/// postgrest-js#273, #319, #419: large integers and long decimals lost digits.
#[tokio::test]
async fn numbers_keep_their_digits() {
    let body = r#"[{"i":9223372036854775807,"n":0.1000000000000000055}]"#;
    let server = Raw::start([Raw::json("200 OK", body.len(), body)]);
    let db = client(&server.url());
    #[derive(serde::Deserialize)]
    struct Row {
        i: i64,
        n: Numeric,
    }
    let row: Row = db.from("t").select::<Row>("*").await.unwrap().remove(0);
    assert_eq!((row.i, row.n.as_str()), (i64::MAX, "0.1000000000000000055"));
}

/// PostgREST#4931: an estimated total can lie below or above what came; the status says nothing.
#[tokio::test]
async fn a_total_is_read_from_its_header_and_not_from_the_status() {
    for (status, range, count) in [
        ("206 Partial Content", "0-1/1200", Some(1200)),
        ("200 OK", "0-1/*", None),
        ("200 OK", "*/0", Some(0)),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-range: {range}\r\ncontent-length: 5\r\n\r\n[1,2]");
        let server = Raw::start([Answer::Bytes(answer.into())]);
        let db = client(&server.url());
        let answer = db.from("t").select::<i32>("*").count(Count::Planned).execute().await.unwrap();
        assert_eq!((answer.count, answer.data), (count, vec![1, 2]));
    }
}

/// A private token in `Prefer` is refused where handling is strict, so none is ever sent.
#[tokio::test]
async fn nothing_is_preferred_that_was_not_asked_for() {
    let listener = Listener::start().await;
    let db = listener.client();
    let _: Vec<Value> = db.from("t").select("*").await.unwrap();
    assert!(listener.last().header("prefer").is_empty());
    db.from("t").insert(json!({})).await.unwrap();
    assert!(listener.last().header("prefer").is_empty());
}

/// supabase-js#766, postgrest-js#393, postgrest-py#365: a long list is refused on the way, in words that tell nobody why.
#[tokio::test]
async fn a_list_that_is_too_long_is_named_and_can_be_sent_in_pieces() {
    let listener = Listener::start().await;
    let ids: Vec<u32> = (1_000_000..1_010_000).collect();
    let query = || listener.client().from("t").select::<Value>("*").eq("kind", "x").in_("id", &ids);
    let error = query().await.unwrap_err();
    assert!(error.kind() == ErrorKind::TooLong && error.message().contains("`id`"), "{error}");
    assert_eq!(listener.count(), 0);
    query().chunked(4000).await.unwrap();
    assert_eq!(listener.count(), 3);
}

/// postgrest-js#515, supabase-js#1254, #1651, PostgREST#4046: what a row lacks became null, or its column's default, without
/// being asked for.
#[tokio::test]
async fn defaults_are_taken_only_where_they_are_asked_for() {
    let listener = Listener::start().await;
    let db = listener.client();
    let rows = json!([{ "id": 1, "n": 99 }, { "id": 2 }]);
    db.from("t").upsert(&rows).await.unwrap();
    assert_eq!(listener.last().header("prefer"), ["resolution=merge-duplicates"]);
    assert_eq!(listener.last().all("columns"), [r#""id","n""#]);
    db.from("t").upsert(&rows).missing_default().await.unwrap();
    assert_eq!(listener.last().header("prefer"), ["resolution=merge-duplicates,missing=default"]);
    db.from("t").insert(&rows).missing_default().await.unwrap();
    assert_eq!(listener.last().header("prefer"), ["missing=default"]);
}

/// supabase#4544, postgrest-js#171: the server cuts after so many rows without a word.
#[tokio::test]
async fn an_answer_that_was_cut_is_no_complete_one() {
    let cut = "HTTP/1.1 206 Partial Content\r\ncontent-range: 0-1/3\r\ncontent-length: 5\r\n\r\n[1,2]";
    let server = Raw::start([Answer::Bytes(cut.into()), Answer::Bytes(cut.into())]);
    let db = client(&server.url());
    let error = db.from("t").select::<i32>("*").complete().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Truncated, "the server sent 2 of 3 rows"));
    let answer = db.from("t").select::<i32>("*").count(Count::Exact).execute().await.unwrap();
    assert_eq!(answer.completeness(), Completeness::Truncated { total: 3 });
}

/// postgrest-js: a `Date` was written in words. An offset's `+` is a space to the server, unless it is encoded.
#[tokio::test]
async fn a_time_is_written_as_it_serialises_with_its_offset() {
    #[derive(serde::Serialize)]
    struct Time(&'static str);
    let time = "2026-11-24T08:30:00+02:00";
    assert_eq!(sent_for_v(|query| query.gte("v", Time(time))).await, format!("gte.{time}"));
}

/// Behind `->`, JSON is compared with JSON: a text needs its quotes there, and only there.
#[tokio::test]
async fn a_json_value_is_compared_with_json() {
    let listener = Listener::start().await;
    let table = || listener.client().from("t").select::<Value>("*");
    let _ = table().eq("address->city", Json("Paris")).eq("address->>city", "Paris").await.unwrap();
    let sent = listener.last();
    assert_eq!(
        (sent.all("address->city"), sent.all("address->>city")),
        (vec!["eq.\"Paris\""], vec!["eq.Paris"])
    );
}

/// In patterns, `*` and `%` are the same, and a backslash takes the meaning of what follows: nothing may be changed.
#[tokio::test]
async fn a_pattern_is_sent_to_the_letter() {
    for pattern in [r"100\%", "a*b%", r"c:\\_", r"\*"] {
        assert_eq!(sent_for_v(|query| query.like("v", pattern)).await, format!("like.{pattern}"));
    }
}

/// `isdistinct.null` compares with the text `null`.
#[tokio::test]
async fn null_is_no_value_to_be_distinct_from() {
    let listener = Listener::start().await;
    let error = listener.client().from("t").select_raw("*").is_distinct("v", None::<i32>).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.message().contains("null"), "{error}");
}

/// The server takes `;` for `&`, drops a NUL, and reads a bad escape as it likes.
#[tokio::test]
async fn what_ends_a_parameter_is_encoded() {
    for value in ["a;b=c", "a&b=c", "100%", "%41", "a#b", "a+b", "ü"] {
        assert_eq!(sent_for_v(|query| query.eq("v", value)).await, format!("eq.{value}"));
    }
}

/// What a function returns by GET is read-only, and null in a URL is the text `null`.
#[tokio::test]
async fn a_null_argument_goes_by_post() {
    let listener = Listener::start().await;
    let db = listener.client();
    let error = db.rpc::<Value>("f", json!({ "a": null })).get().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.message().contains("`a`"), "{error}");
    let _: Value = db.rpc("f", json!({ "a": null })).await.unwrap();
    assert_eq!(listener.last().body, r#"{"a":null}"#);
}

/// Twice the same row in one upsert is a failure of the request (500, 21000), and not of the server: trying again helps
/// nobody.
#[tokio::test]
async fn a_write_is_not_repeated_after_an_error() {
    let body = r#"{"code":"21000","details":null,"hint":null,"message":"twice"}"#;
    let server = Raw::start([Raw::json("500 Internal Server Error", body.len(), body)]);
    let db = client(&server.url());
    let error = db.from("t").upsert(json!([{ "id": 1 }, { "id": 1 }])).await.unwrap_err();
    assert!(!error.is_retryable());
    assert_eq!(server.requests().len(), 1);
}
