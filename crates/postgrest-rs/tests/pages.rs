//! Answers that are too long for one request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use postgrest_rs::{Client, Code, Completeness, Count, ErrorKind};
use serde::Deserialize;
use serde_json::Value;
use supabase_testing::raw::{Answer, Raw};
use supabase_testing::recordings;
use supabase_testing::replay::Replay;

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Row {
    id: u64,
}

type Asked = Arc<Mutex<Vec<HashMap<String, String>>>>;

/// A table of the rows 1 to `rows`, on a server that gives at most `max` at once.
async fn table(rows: u64, max: u64) -> (MockServer, Client, Asked) {
    let server = MockServer::start_async().await;
    let asked: Asked = Arc::default();
    let log = Arc::clone(&asked);
    server
        .mock_async(move |when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                let mut query: HashMap<String, String> = request.query_params().into_iter().collect();
                let number = |key: &str| query.get(key).and_then(|value| value.parse::<u64>().ok());
                let after = query.get("id").and_then(|id| {
                    let (operator, id) = id.split_once('.')?;
                    Some(id.parse::<u64>().ok()? - u64::from(operator == "gte"))
                });
                let first = after.unwrap_or(0) + number("offset").unwrap_or(0);
                let last = (first + number("limit").unwrap_or(u64::MAX).min(max)).min(rows);
                let page: Vec<_> = (first..last).map(|id| serde_json::json!({ "id": id + 1 })).collect();
                let counts = request.headers_vec().iter().any(|(_, value)| value.contains("count=exact"));
                let total = if counts { rows.to_string() } else { "*".to_owned() };
                let range = if page.is_empty() { "*".to_owned() } else { format!("{first}-{}", last - 1) };
                query.insert("counts".to_owned(), counts.to_string());
                log.lock().unwrap().push(query);
                HttpMockResponse::builder()
                    .status(200)
                    .header("content-range", format!("{range}/{total}"))
                    .body(Value::from(page).to_string())
                    .build()
            });
        })
        .await;
    let client = Client::builder(server.base_url(), "key")
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    (server, client, asked)
}

fn ids(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn a_stream_gives_every_row_once_also_from_a_server_that_gives_less_than_asked() {
    for (rows, max, page) in
        [(0, 10, 10), (1, 10, 10), (10, 10, 10), (25, 10, 10), (25, 4, 10), (25, 1000, 7)]
    {
        let (_server, db, asked) = table(rows, max).await;
        let all: Vec<Row> = db.from("t").select("*").order("id").page_size(page).fetch_all().await.unwrap();
        assert_eq!(ids(&all), (1..=rows).collect::<Vec<_>>());
        let pages = asked.lock().unwrap().len() as u64;
        assert_eq!(
            pages,
            rows.div_ceil(max.min(page)) + 1,
            "an empty page ends it: {rows} rows, {max}, {page}"
        );
    }
}

#[tokio::test]
async fn an_exact_count_saves_the_empty_page_and_is_asked_for_once() {
    let (_server, db, asked) = table(25, 1000).await;
    let query = db.from("t").select::<Row>("*").order("id").count(Count::Exact).page_size(10);
    assert_eq!(query.fetch_all().await.unwrap().len(), 25);
    let counts: Vec<_> = asked.lock().unwrap().iter().map(|query| query["counts"].clone()).collect();
    assert_eq!(counts, ["true", "false", "false"]);
}

#[tokio::test]
async fn a_stream_that_begins_beyond_the_end_is_empty() {
    for exchange in ["rest/modifiers/range-beyond-count-416", "rest/modifiers/range-beyond-nocount"] {
        let replay = Replay::start(recordings::case(recordings::rest(), exchange)).await;
        let db = Client::builder(replay.url(), "key")
            .http_client(supabase_testing::http::client())
            .build()
            .unwrap();
        let query = db.from("instruments").select::<Value>("name").order("name").range(100, 110);
        let query = if exchange.ends_with("-416") { query.count(Count::Exact) } else { query };
        assert_eq!(query.fetch_all().await.unwrap(), Vec::<Value>::new(), "{exchange}");
    }
}

#[tokio::test]
async fn a_limit_or_range_holds_for_the_stream_as_a_whole() {
    let (_server, db, asked) = table(100, 1000).await;
    let some: Vec<Row> =
        db.from("t").select("*").order("id").limit(12).page_size(5).fetch_all().await.unwrap();
    assert_eq!(ids(&some), (1..=12).collect::<Vec<_>>());
    let limits: Vec<_> = asked.lock().unwrap().iter().map(|query| query["limit"].clone()).collect();
    assert_eq!(limits, ["5", "5", "2"]);
    let some: Vec<Row> = db.from("t").select("*").order("id").range(95, 200).fetch_all().await.unwrap();
    assert_eq!(ids(&some), (96..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_asks_for_no_page_that_nobody_needs() {
    let (_server, db, asked) = table(1000, 1000).await;
    let stream = db.from("t").select::<Row>("*").order("id").page_size(10).stream();
    let first: Vec<_> = stream.take(10).try_collect().await.unwrap();
    assert_eq!((first.len(), asked.lock().unwrap().len()), (10, 1));
}

#[tokio::test]
async fn a_stream_by_key_begins_each_page_at_the_last_key() {
    let (_server, db, asked) = table(25, 1000).await;
    let all: Vec<Row> = db.from("t").select("*").page_size(10).stream_by("id").try_collect().await.unwrap();
    assert_eq!(ids(&all), (1..=25).collect::<Vec<_>>());
    let asked = asked.lock().unwrap();
    let pages: Vec<_> =
        asked.iter().map(|query| (query.get("id").map(String::as_str), &*query["limit"])).collect();
    assert_eq!(pages, [(None, "10"), (Some("gte.10"), "11"), (Some("gte.20"), "11"), (Some("gte.25"), "11")]);
    assert!(asked.iter().all(|query| query["order"] == "id.asc" && !query.contains_key("offset")));
}

#[tokio::test]
async fn a_stream_by_key_gives_every_row_once_also_from_a_server_that_gives_less_than_asked() {
    for (rows, max, page) in [
        (0, 10, 10),
        (1, 10, 10),
        (10, 10, 10),
        (25, 10, 10),
        (25, 4, 10),
        (25, 2, 10),
        (3, 1, 10),
        (3, 10, 1),
    ] {
        let (_server, db, _) = table(rows, max).await;
        let all: Vec<Row> =
            db.from("t").select("*").page_size(page).stream_by("id").try_collect().await.unwrap();
        assert_eq!(ids(&all), (1..=rows).collect::<Vec<_>>(), "{rows} rows, {max}, {page}");
    }
}

/// Rows 1, 2, 2, 3 in pages of two: what is left out behind a `2` must not be left out silently.
#[tokio::test]
async fn a_key_that_two_pages_meet_at_and_that_is_not_unique_is_an_error() {
    let answer = |body: &str| Raw::json("200 OK", body.len(), body);
    for page_size in [1, 2] {
        let server =
            Raw::start([answer(r#"[{"id":1},{"id":2}]"#), answer(r#"[{"id":2},{"id":2},{"id":3}]"#)]);
        let db = Client::builder(server.url(), "key")
            .http_client(supabase_testing::http::client())
            .build()
            .unwrap();
        let rows: Vec<_> =
            db.from("t").select::<Row>("*").page_size(page_size).stream_by("id").collect().await;
        assert_eq!(rows.len(), 3);
        assert!(rows[2].as_ref().unwrap_err().message().contains("several rows"), "{:?}", rows[2]);
        assert!(server.requests()[1].contains("&limit=3 "), "two rows, and the one that comes again");
    }
}

#[tokio::test]
async fn a_key_that_is_no_key_is_an_error() {
    for (body, says) in [
        (r#"[{"name":"a"}]"#, "not among the columns"),
        (r#"[{"id":null}]"#, "is null"),
        (r#"[{"id":[1]}]"#, "no single value"),
        (r#"[1]"#, "objects"),
    ] {
        let server = Raw::start([Raw::json("200 OK", body.len(), body)]);
        let db = Client::builder(server.url(), "key")
            .http_client(supabase_testing::http::client())
            .build()
            .unwrap();
        let error =
            db.from("t").select::<Value>("*").stream_by("id").try_collect::<Vec<_>>().await.unwrap_err();
        assert!(error.message().contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_stream_that_would_repeat_or_lose_rows_is_refused() {
    let (_server, db, asked) = table(25, 10).await;
    let error = db.from("t").select::<Row>("*").fetch_all().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.message().contains("needs an order"), "{error}");
    for query in [
        db.from("t").select::<Row>("*").order("id"),
        db.from("t").select("*").limit(5),
        db.from("t").select("*").range(5, 9),
        db.from("t").select("id:other"),
        db.from("t").select("*, ...u(id)"),
    ] {
        let error = query.stream_by("id").try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_error_on_a_later_page_ends_the_stream_with_it() {
    let body = r#"[{"id":1}]"#;
    let server = Raw::start([
        Answer::Bytes(
            format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                .into(),
        ),
        Raw::json("400 Bad Request", 16, r#"{"code":"57014"}"#),
    ]);
    let db =
        Client::builder(server.url(), "key").http_client(supabase_testing::http::client()).build().unwrap();
    let rows: Vec<_> = db.from("t").select::<Row>("*").order("id").stream().collect().await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].as_ref().unwrap(), &Row { id: 1 });
    assert_eq!(rows[1].as_ref().unwrap_err().code(), Some(&Code::QueryCanceled));
}

#[tokio::test]
async fn complete_makes_a_cut_answer_an_error() {
    let (_server, db, _) = table(25, 10).await;
    let error = db.from("t").select::<Row>("*").complete().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Truncated, "the server sent 10 of 25 rows"));
    let answer = db.from("t").select::<Row>("*").count(Count::Exact).execute().await.unwrap();
    assert_eq!(answer.completeness(), Completeness::Truncated { total: 25 });
    let answer = db.from("t").select::<Row>("*").execute().await.unwrap();
    assert_eq!(answer.completeness(), Completeness::Unknown);

    let (_server, db, _) = table(25, 25).await;
    assert_eq!(db.from("t").select::<Row>("*").complete().await.unwrap().len(), 25);
    let error = db.from("t").select::<Row>("*").limit(5).complete().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

/// Whatever is said after `complete`, it holds.
#[tokio::test]
async fn complete_holds_for_every_shape_and_beside_other_counts() {
    let (_server, db, _) = table(25, 10).await;
    let rows = || db.from("t").select::<Row>("*").complete();
    let text = || db.from("t").select_raw("*");
    let outcomes = [
        rows().count(Count::Planned).await.err(),
        rows().csv().await.err(),
        rows().geojson().await.err(),
        rows().csv().byte_stream().try_collect::<Vec<_>>().await.err(),
        text().complete().await.err(),
        text().csv().complete().await.err(),
        text().complete().byte_stream().try_collect::<Vec<_>>().await.err(),
    ];
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let error = outcome.unwrap_or_else(|| panic!("{n}: cut without a word"));
        assert_eq!((error.kind(), error.message()), (ErrorKind::Truncated, "the server sent 10 of 25 rows"));
    }
    // Rows are counted before they are aggregated.
    let error = db.from("t").select::<Value>("kind,count()").complete().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.message().contains("aggregates"), "{error}");
    let counted = db.from("t").select::<Value>("count()").count(Count::Exact).execute().await.unwrap();
    assert_eq!(counted.completeness(), Completeness::Unknown);
    // An answer without rows cannot be cut.
    assert_eq!(text().complete().head().execute().await.unwrap().count, Some(25));
}

/// All pages together are complete, unless the query asks for fewer rows.
#[tokio::test]
async fn complete_says_nothing_new_of_a_stream() {
    let (_server, db, _) = table(25, 10).await;
    let rows = || db.from("t").select::<Row>("*").complete();
    assert_eq!(rows().order("id").fetch_all().await.unwrap().len(), 25);
    assert_eq!(rows().stream_by("id").try_collect::<Vec<_>>().await.unwrap().len(), 25);
    let error = rows().order("id").limit(5).fetch_all().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.message().contains("contradict"), "{error}");
}

#[tokio::test]
async fn a_large_answer_comes_as_bytes() {
    let (_server, db, _) = table(2000, 2000).await;
    let pieces: Vec<_> = db.from("t").select_raw("*").byte_stream().try_collect().await.unwrap();
    let all: Vec<Row> = serde_json::from_slice(&pieces.concat()).unwrap();
    assert_eq!(all.len(), 2000);

    let server = Raw::start([Raw::json("404 Not Found", 19, r#"{"code":"PGRST205"}"#)]);
    let db =
        Client::builder(server.url(), "key").http_client(supabase_testing::http::client()).build().unwrap();
    let error = db.from("t").select_raw("*").byte_stream().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::TableNotFound));
}

/// The limit holds for each piece anew: a slow answer may take longer in all, and one that stands still does not.
#[tokio::test]
async fn bytes_that_stand_still_end_within_the_limit() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n".to_vec();
    let slow = [b"[", b"1", b",", b"2", b"]"].map(|piece| piece.to_vec());
    let slow = Answer::Drip([vec![head.clone()], slow.to_vec()].concat(), Duration::from_millis(400));
    let stalled =
        Answer::Drip(vec![[head, b"[1".to_vec()].concat(), b",2]".to_vec()], Duration::from_secs(3));
    for (answer, is_whole) in [(slow, true), (stalled, false)] {
        let server = Raw::start([answer]);
        let client = Client::builder(server.url(), "key")
            .http_client(supabase_testing::http::client())
            .timeout(Duration::from_millis(if is_whole { 1_600 } else { 500 }));
        let bytes = client.build().unwrap().from("t").select_raw("*").byte_stream();
        match bytes.try_collect::<Vec<_>>().await {
            Ok(pieces) => assert!(is_whole && pieces.concat() == b"[1,2]"),
            Err(error) => assert!(!is_whole && error.is_timeout() && error.is_retryable(), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_an_error() {
    let (_server, db, _) = table(100, 100).await;
    let error = db.from("t").select::<Row>("*").max_body(500).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.is_retryable()), (ErrorKind::TooLarge, Some(200), false));
    let few: Vec<Row> = db.from("t").select("*").limit(3).max_body(500).await.unwrap();
    assert_eq!(few.len(), 3);
}

#[tokio::test]
async fn a_request_that_is_too_long_names_its_longest_filter() {
    let (_server, db, asked) = table(1, 1).await;
    let ids: Vec<u64> = (0..20_000).collect();
    let error = db.from("t").select::<Row>("*").eq("name", "x").in_("id", &ids).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLong);
    assert!(error.message().contains("49152 are allowed; the longest filter is `id`, with"), "{error}");
    assert!(asked.lock().unwrap().is_empty(), "nothing was sent");

    for answer in ["414 URI Too Long", "400 Bad Request", "431 Request Header Fields Too Large"] {
        let bytes =
            format!("HTTP/1.1 {answer}\r\ncontent-type: text/plain\r\ncontent-length: 11\r\n\r\nBad Request");
        let server = Raw::start([Answer::Bytes(bytes.clone().into()), Answer::Bytes(bytes.into())]);
        let db = Client::builder(server.url(), "key")
            .http_client(supabase_testing::http::client())
            .build()
            .unwrap();
        let error = db.from("t").select::<Row>("*").in_("id", &ids[..2000]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLong, "{error}");
        assert!(error.message().contains("`id`"), "{error}");
        let error = db.from("t").select::<Row>("*").in_("id", [1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "a short request was refused for another reason");
    }
}

#[tokio::test]
async fn a_long_list_is_asked_for_in_several_requests() {
    let server = MockServer::start_async().await;
    let asked: Arc<Mutex<Vec<Vec<u64>>>> = Arc::default();
    let log = Arc::clone(&asked);
    server
        .mock_async(move |when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                let query: HashMap<String, String> = request.query_params().into_iter().collect();
                assert_eq!(query["kind"], "in.(a,b)", "the shorter list stays whole");
                let list = query["id"].trim_start_matches("in.(").trim_end_matches(')');
                let ids: Vec<u64> = list.split(',').map(|id| id.parse().unwrap()).collect();
                let rows: Vec<_> = ids.iter().map(|id| serde_json::json!({ "id": id })).collect();
                assert!(request.headers_vec().iter().any(|(_, value)| value == "count=exact"));
                let range = format!("0-{}/{}", ids.len() - 1, ids.len());
                log.lock().unwrap().push(ids);
                HttpMockResponse::builder()
                    .status(200)
                    .header("content-range", range)
                    .body(Value::from(rows).to_string())
                    .build()
            });
        })
        .await;
    let db = Client::builder(server.base_url(), "key")
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    let query = || db.from("t").select::<Row>("*").in_("kind", ["a", "b"]);

    let ids_with_one_twice = (0..1000).chain([5]);
    let rows = query().in_("id", ids_with_one_twice).chunked(300).concurrency(3).await.unwrap();
    assert_eq!(ids(&rows), (0..1000).collect::<Vec<_>>(), "each once, in the order of the list");
    let mut sizes: Vec<_> = asked.lock().unwrap().iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [100, 300, 300, 300]);

    for (query, says) in [
        (query().in_("id", [1]).order("id"), "order"),
        (query().in_("id", [1]).limit(1), "limit"),
        (query().in_("id", [1]).range(0, 1), "range"),
        (query().in_("id", [1]).count(Count::Exact), "count"),
        (db.from("t").select("kind, id.sum()").in_("id", [1]), "aggregate"),
        (db.from("t").select("*").eq("id", 1), "needs an `in_` filter"),
        (db.from("t").select("*").not_in("id", [1]), "needs an `in_` filter"),
        (db.from("t").select("*, u(*)").in_("u.id", [1, 2]), "on the table itself"),
        (db.from("t").select("*").or([postgrest_rs::col("id").in_([1])]), "needs an `in_` filter"),
    ] {
        let error = query.chunked(10).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Invalid && error.message().contains(says), "{error}");
    }
}

/// Several rows may belong to one value, and the server gives only so many: nobody else would notice.
#[tokio::test]
async fn a_part_of_a_list_whose_rows_the_server_cuts_is_an_error() {
    let (_server, db, _) = table(25, 10).await;
    let query = || db.from("t").select::<Row>("*").in_("kind", [1, 2]);
    let error = query().chunked(1).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Truncated, "the server sent 10 of 25 rows"));
    let error = query().complete().chunked(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

/// A function that returns a JSON array as one value answers every page with all of it.
#[tokio::test]
async fn a_stream_of_what_has_no_pages_ends_with_an_error() {
    let body = r#"[{"id":1},{"id":2}]"#;
    let answer = || {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-range: 0-0/*\r\nconnection: close\r\ncontent-length: {}",
            body.len()
        );
        Answer::Bytes(format!("{head}\r\n\r\n{body}").into())
    };
    let server = Raw::start([answer(), answer(), answer(), answer()]);
    let db =
        Client::builder(server.url(), "key").http_client(supabase_testing::http::client()).build().unwrap();
    let error = db.rpc::<Vec<Row>>("json_array", ()).order("id").fetch_all().await.unwrap_err();
    assert!(error.message().contains("same page again"), "{error}");
    let by_key: Result<Vec<Row>, _> =
        db.rpc::<Vec<Row>>("json_array", ()).stream_by("id").try_collect().await;
    assert!(by_key.unwrap_err().message().contains("same page again"));
}

/// A server without a limit of its own passes it on to PostgreSQL, which counts only so far.
#[tokio::test]
async fn a_page_is_not_larger_than_the_database_can_count() {
    let (_server, db, asked) = table(3, 1000).await;
    let rows: Vec<Row> = db.from("t").select("id").order("id").page_size(u64::MAX).fetch_all().await.unwrap();
    assert_eq!(rows.len(), 3);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|query| query["limit"] == "9223372036854775807"), "{asked:?}");
}
