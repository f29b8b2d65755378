//! Writes that are limited, tried, or answered with a place; plans; shapes.

use postgrest_rs::{Client, Code, Completeness, Count, ErrorKind, Explain, Numeric};
use serde::Deserialize;
use serde_json::{Value, json};
use supabase_testing::raw::{Answer, Raw};
use supabase_testing::recordings;
use supabase_testing::replay::Replay;

fn client(url: &str) -> Client {
    Client::builder(url, "key").http_client(supabase_testing::http::client()).build().unwrap()
}

/// An answer with these headers.
fn answer(status: &str, headers: &str, body: &str) -> Answer {
    Answer::Bytes(
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into(),
    )
}

#[tokio::test]
async fn a_dry_run_that_the_server_confirms_is_an_answer() {
    let server = Raw::start([answer(
        "201 Created",
        "preference-applied: return=representation, tx=rollback\r\n",
        "[{}]",
    )]);
    let rows: Vec<Value> =
        client(&server.url()).from("t").insert(json!({})).select("*").dry_run().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(server.requests()[0].contains("prefer: return=representation,tx=rollback"));
}

#[tokio::test]
async fn a_dry_run_that_was_committed_is_an_error_that_says_so() {
    for headers in ["", "preference-applied: return=minimal\r\n", "preference-applied: tx=commit\r\n"] {
        let server = Raw::start([answer("204 No Content", headers, "")]);
        let error = client(&server.url()).from("t").delete().eq("id", 1).dry_run().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), error.is_retryable()),
            (ErrorKind::Committed, Some(204), false)
        );
        assert!(error.message().contains("has committed"), "{error}");
    }
}

/// It answered, and nothing can have been committed.
#[tokio::test]
async fn a_dry_run_of_what_may_only_read_needs_no_confirmation() {
    let server = Raw::start([answer("200 OK", "", "5"), answer("200 OK", "", ""), answer("200 OK", "", "5")]);
    let db = client(&server.url());
    assert_eq!(db.rpc::<i32>("f", ()).dry_run().get().await.unwrap(), 5);
    db.rpc::<Vec<Value>>("f", ()).dry_run().head().await.unwrap();
    let error = db.rpc::<i32>("f", ()).dry_run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Committed);
}

#[tokio::test]
async fn a_limit_on_affected_rows_is_strict_and_its_breach_has_a_code() {
    let exchange = recordings::case(recordings::rest(), "rest/update/max-affected-exceeded-PGRST124");
    let replay = Replay::start(exchange).await;
    let query = client(&replay.url()).from("writes").update(json!({ "qty": 2 })).in_("id", [1, 2, 3]);
    let error = query.max_affected(2).select::<Value>("*").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some(&Code::MaxAffectedExceeded)));
    assert_eq!(replay.only().headers["prefer"], "handling=strict,max-affected=2,return=representation");
}

/// PostgREST read it as -1, and refused every write, also of no row.
#[tokio::test]
async fn a_limit_on_affected_rows_is_a_number_that_the_server_can_read() {
    let server = Raw::start([answer("204 No Content", "", "")]);
    client(&server.url()).from("t").delete().all_rows().max_affected(u64::MAX).await.unwrap();
    assert!(server.requests()[0].contains("max-affected=9223372036854775807\r\n"));
}

/// The server heeds neither where it writes for a plan: the rows were gone, and the answer a plan.
#[tokio::test]
async fn a_guard_and_a_plan_that_writes_exclude_each_other() {
    let server = Raw::start([answer("200 OK", "", "plan")]);
    let db = client(&server.url());
    let delete = || db.from("t").delete().all_rows();
    let analyze = Explain::new().analyze();
    let outcomes = [
        (delete().max_affected(1).select_raw("*").explain(analyze).await, "max_affected"),
        (delete().select::<Value>("*").single().explain(analyze).await, "single"),
        (delete().select::<Value>("*").maybe_single().explain(analyze).await, "maybe_single"),
        (db.rpc::<Vec<Value>>("f", ()).max_affected(1).explain(analyze).await, "max_affected"),
    ];
    for (outcome, guard) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains(&format!("`{guard}`")), "{error}");
    }
    assert!(server.requests().is_empty());
    // Without running it, nothing is written.
    delete().max_affected(1).select_raw("*").explain(Explain::new()).await.unwrap();
}

/// What no reader could undo, the server does: more than one row, and nothing was written.
#[tokio::test]
async fn one_row_or_none_of_a_write_is_the_servers_to_count() {
    let not_one = |rows: usize| {
        let body = json!({ "code": "PGRST116", "details": format!("The result contains {rows} rows"), "hint": null,
            "message": "Cannot coerce the result to a single JSON object" });
        answer("406 Not Acceptable", "content-type: application/json\r\n", &body.to_string())
    };
    let not_acceptable =
        || answer("406 Not Acceptable", "", r#"{"code":"PGRST107","message":"none of these"}"#);
    let server = Raw::start([
        answer("200 OK", "", r#"{"id":1}"#),
        not_one(0),
        not_one(5),
        not_one(0),
        not_acceptable(),
        not_one(0),
        not_acceptable(),
    ]);
    let db = client(&server.url());
    let delete = || db.from("t").delete().gt("id", 5).select::<Value>("*").maybe_single();
    assert_eq!(delete().await.unwrap(), Some(json!({ "id": 1 })));
    assert_eq!(delete().await.unwrap(), None);
    let error = delete().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&Code::NotExactlyOneRow)));
    assert_eq!(delete().dry_run().await.unwrap(), None, "it is undone in any case");
    let refused = delete().await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (Some(406), Some(&Code::NotAcceptable)));
    let none = delete().count(Count::Exact).execute().await.unwrap();
    assert_eq!((none.data.as_ref(), none.status, none.count), (None, 200, Some(0)));
    assert_eq!(none.completeness(), Completeness::Complete);
    // A plan that the server does not give is none.
    let plan = delete().explain(Explain::new()).await.unwrap_err();
    assert_eq!((plan.kind(), plan.code()), (ErrorKind::Rejected, Some(&Code::NotAcceptable)));
    for request in server.requests() {
        assert!(request.contains("application/vnd.pgrst.object+json"), "{request}");
    }
}

/// It counts the rows of the answer, and not what was done: 1,199 rows went unseen behind a limit of one.
#[tokio::test]
async fn what_a_function_does_is_not_hidden_from_a_limit_on_affected_rows() {
    let server = Raw::start([answer("200 OK", "", "[]")]);
    let db = client(&server.url());
    let purge = || db.rpc::<Vec<Value>>("purge", ()).max_affected(1);
    let inner = purge().select("*,t!inner(*)").eq("t.id", 1);
    for query in [purge().limit(1), purge().offset(1), purge().range(0, 1), purge().lte("id", 1), inner] {
        let error = query.await.unwrap_err();
        assert!(error.kind() == ErrorKind::Invalid && error.message().contains("max_affected"), "{error}");
    }
    purge().await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

/// Thirty-nine rows were gone, and the answer was one: their number.
#[tokio::test]
async fn an_aggregate_does_not_hide_from_a_limit_on_affected_rows() {
    let server = Raw::start([answer("200 OK", "", "[]")]);
    let db = client(&server.url());
    let delete = || db.from("t").delete().lt("id", 40).max_affected(1);
    for error in [
        delete().select_raw("count()").await.unwrap_err(),
        delete().select::<Value>("kind, n:id.max()").single().await.unwrap_err(),
        db.rpc::<Vec<Value>>("purge", ()).select("count()").max_affected(1).await.unwrap_err(),
    ] {
        assert!(error.kind() == ErrorKind::Invalid && error.message().contains("aggregate"), "{error}");
    }
    assert!(server.requests().is_empty());
    // What is counted of a referenced table belongs to one row.
    delete().select_raw("id, planets(count())").await.unwrap();
}

/// Three rows were gone, and the answer was the one of them whose referenced row was left: neither `single` nor a limit on
/// affected rows saw the others.
#[tokio::test]
async fn what_was_written_is_not_left_out_of_the_answer() {
    let server = Raw::start([answer("200 OK", "", "[]")]);
    let db = client(&server.url());
    let delete = || db.from("t").delete().lt("id", 4);
    let columns = "id, planets!inner(id)";
    let one = delete().select::<Value>(columns).eq("planets.id", 3).single();
    let update = db.from("t").update(json!({ "a": 1 })).eq("id", 1).select_raw(columns);
    for error in [
        one.await.unwrap_err(),
        delete().select::<Value>(columns).eq("planets.id", 3).await.unwrap_err(),
        delete().select::<Value>(columns).max_affected(1).await.unwrap_err(),
        update.await.unwrap_err(),
        db.from("t").insert(json!({})).select_raw(columns).await.unwrap_err(),
        db.from("t").insert(json!([{}, {}])).select::<Value>(columns).single().await.unwrap_err(),
    ] {
        assert!(error.kind() == ErrorKind::Invalid && error.message().contains("`!inner`"), "{error}");
    }
    assert!(server.requests().is_empty());
    // Rows of the table itself stay.
    delete().select::<Value>("id, planets(id)").eq("planets.id", 3).max_affected(9).await.unwrap();
}

/// The server undoes it where that row is left out.
#[tokio::test]
async fn one_row_that_is_added_may_need_a_referenced_one() {
    let none = r#"{"code":"PGRST116","details":"The result contains 0 rows","message":"not one"}"#;
    let refused = || answer("406 Not Acceptable", "", none);
    let server = Raw::start([answer("201 Created", "", r#"{"id":1}"#), refused(), refused()]);
    let db = client(&server.url());
    let row = json!({ "id": 1 });
    let insert = || db.from("t").insert(&row).select::<Value>("id, planets!inner(id)");
    assert_eq!(insert().single().await.unwrap(), row);
    assert_eq!(insert().single().await.unwrap_err().code(), Some(&Code::NotExactlyOneRow));
    let upsert = db.from("t").upsert([&row]).select::<Value>("id, planets!inner(id)");
    assert_eq!(upsert.maybe_single().await.unwrap(), None);
    assert!(server.requests().iter().all(|request| request.contains("vnd.pgrst.object")));
}

/// A set of numbers is no rows, and the server makes one of the only one.
#[tokio::test]
async fn a_single_element_of_a_set_is_what_was_asked_for() {
    let wrapped = || answer("200 OK", "", r#"{"pgrst_scalar":1}"#);
    let server = Raw::start([
        wrapped(),
        wrapped(),
        wrapped(),
        answer("200 OK", "", r#"{"pgrst_scalar":null}"#),
        answer("200 OK", "", "{}"),
    ]);
    let db = client(&server.url());
    assert_eq!(db.rpc::<Vec<i64>>("ids", ()).limit(1).single().await.unwrap(), 1);
    let told = db.rpc::<Vec<String>>("ids", ()).limit(1).single().await.unwrap_err();
    assert!(told.kind() == ErrorKind::Decode && told.message().contains("map, expected a string"), "{told}");
    let value = db.rpc::<Vec<Value>>("ids", ()).limit(1).single().await.unwrap();
    assert_eq!(value, json!({ "pgrst_scalar": 1 }));
    let maybe = || db.rpc::<Vec<Option<i64>>>("ids", ()).limit(1).single();
    assert_eq!(maybe().await.unwrap(), None);
    // This one is a row, from which all that is null was left out.
    assert_eq!(maybe().await.unwrap_err().kind(), ErrorKind::Decode);
}

/// A write says how many rows it has, and mostly not which: it is never cut.
#[tokio::test]
async fn a_counted_write_is_complete() {
    let range = "content-range: */2\r\n";
    let server = Raw::start([answer("201 Created", range, "[{},{}]"), answer("200 OK", range, "[]")]);
    let db = client(&server.url());
    let insert = db.from("t").insert(json!([{}, {}])).select::<Value>("*").count(Count::Exact);
    let answer = insert.execute().await.unwrap();
    assert_eq!((answer.count, answer.completeness()), (Some(2), Completeness::Complete));
    // What reads may well be.
    let called = db.rpc::<Vec<Value>>("f", ()).count(Count::Exact).execute().await.unwrap();
    assert_eq!(called.completeness(), Completeness::Truncated { total: 2 });
}

#[tokio::test]
async fn an_insert_can_answer_with_the_place_of_its_row() {
    let exchange = recordings::case(recordings::rest(), "rest/raw/insert-headers-only");
    let replay = Replay::start(exchange).await;
    let place = client(&replay.url())
        .from("planets")
        .insert(json!({ "id": 900 }))
        .returning_location()
        .await
        .unwrap();
    assert_eq!(place, exchange.response.headers.get("location").cloned());
    assert!(place.is_some());
    assert_eq!(replay.only().headers["prefer"], "return=headers-only");
}

#[tokio::test]
async fn a_plan_is_data() {
    let exchange = recordings::case(recordings::rest(), "rest/modifiers/explain-json-all");
    let replay = Replay::start(exchange).await;
    let options = Explain::new().analyze().verbose().settings().buffers().wal();
    let plan = client(&replay.url()).from("planets").select_raw("*").explain_plan(options).await.unwrap();
    assert_eq!(
        (&*plan.root.node_type, plan.root.total_cost, plan.root.actual_rows),
        ("Aggregate", Some(1.07), Some(1.0))
    );
    assert_eq!(plan.root.plans[0].relation_name.as_deref(), Some("planets"));
    assert!(plan.execution_time.is_some() && plan.root.other.contains_key("Output"));
}

#[tokio::test]
async fn nulls_can_be_left_out_of_rows_and_of_one_row() {
    let exchange = recordings::case(recordings::rest(), "rest/modifiers/strip-nulls-single");
    let replay = Replay::start(exchange).await;
    let user: Value =
        client(&replay.url()).from("users").select("*").eq("id", 3).strip_nulls().single().await.unwrap();
    assert!(user.as_object().unwrap().values().all(|value| !value.is_null()));
    assert_eq!(replay.only().headers["accept"], "application/vnd.pgrst.object+json;nulls=stripped");
}

#[tokio::test]
async fn geojson_is_one_value_and_its_absence_has_a_code() {
    let body = r#"{"type":"FeatureCollection","features":[]}"#;
    let server = Raw::start([answer("200 OK", "content-type: application/geo+json\r\n", body)]);
    let map = client(&server.url()).from("shops").select_raw("*").geojson().await.unwrap();
    assert_eq!(map["type"], "FeatureCollection");
    assert!(server.requests()[0].contains("accept: application/geo+json"));

    let exchange = recordings::case(recordings::rest(), "rest/modifiers/geojson-error");
    let replay = Replay::start(exchange).await;
    let error = client(&replay.url()).from("geo").select_raw("*").geojson().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), Some(&Code::UndefinedFunction)));
}

#[derive(Debug, Deserialize)]
struct Exact {
    i8: Option<i64>,
    num: Option<Numeric>,
}

#[tokio::test]
async fn numbers_keep_every_digit_that_the_server_sent() {
    let exchange = recordings::case(recordings::rest(), "rest/select/types");
    let replay = Replay::start(exchange).await;
    let rows: Vec<Exact> = client(&replay.url()).from("types").select("*").order("id").await.unwrap();
    let raw = exchange.response.body.as_ref().and_then(|body| body.raw.clone()).unwrap();
    assert!(rows.iter().any(|row| row.i8 == Some(i64::MAX)));
    let numbers: Vec<_> = rows.iter().filter_map(|row| row.num.as_ref()).collect();
    assert!(numbers.iter().any(|number| number.as_str().len() > 40), "{numbers:?}");
    for number in numbers {
        assert!(raw.contains(number.as_str()), "{number}");
    }
}

#[tokio::test]
async fn a_dry_run_of_an_analyzed_plan_is_refused_as_nobody_would_know() {
    let server = Raw::start([answer("200 OK", "", "[]")]);
    let query = client(&server.url()).from("t").delete().eq("id", 1).select_raw("*").dry_run();
    let error = query.explain(Explain::new().analyze()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && server.requests().is_empty(), "{error}");
}
