//! On a real stack: awkward values, names and numbers, many rows, plans that are refused.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use postgrest_rs::{Client, Code, Column, Completeness, Count, ErrorKind, Numeric, Order, col, or};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use supabase_testing::live::{Need, Stack, stack};
use supabase_testing::recordings;

fn client(stack: &Stack, key: &str) -> Client {
    Client::new(format!("{}/rest/v1", stack.url), key).unwrap()
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Val {
    id: i64,
    v: String,
}

/// The 49 values that the recordings send in every position, and some of our own.
fn awkward_values() -> Vec<String> {
    let mut values = BTreeSet::new();
    for (case, exchange) in
        recordings::rest().iter().flat_map(|(case, all)| all.iter().map(move |one| (case, one)))
    {
        if case.starts_with("rest/values/rpc-post/") {
            let body = exchange.request.body.as_ref().and_then(|body| body.json.as_ref()).unwrap();
            values.insert(body["say"].as_str().unwrap().to_owned());
        } else if case.starts_with("rest/values/eq/") || case.starts_with("rest/values/neq-limit/") {
            let url =
                postgrest_rs::reqwest::Url::parse(&format!("http://x{}", exchange.request.path)).unwrap();
            let value = url.query_pairs().find(|(key, _)| key == "v").unwrap().1.into_owned();
            values.insert(value.split_once('.').unwrap().1.to_owned());
        }
    }
    assert_eq!(values.len(), 49);
    values.extend(
        [
            "9223372036854775807",
            "-9223372036854775808",
            "1.50",
            "{a,b}",
            "(x),id.eq.1",
            "\\\\\"",
            "not.null",
            "[1,5)",
        ]
        .map(str::to_owned),
    );
    values.into_iter().collect()
}

/// Values that the embedded stack's own parser reads as PostgREST does.
const COMMON: [&str; 17] = [
    "plain",
    "a,b",
    "dot.ted",
    "a&b",
    "#hash",
    "new\nline",
    "a:b",
    "sp ace",
    "plus+plus",
    "a=b",
    "semi;colon",
    "question?",
    "sl/ash",
    "%20",
    "(paren)",
    "Ünï 😀",
    "under_score",
];

#[tokio::test]
async fn every_value_is_found_by_every_filter_and_nothing_else_is() {
    let Some(stack) = stack("every_value_is_found_by_every_filter_and_nothing_else_is", &[]) else { return };
    let db = client(&stack, &stack.service_role_key);
    texts_are_found(&db, &COMMON.map(str::to_owned), false).await;
    elements_are_found(&db, &COMMON.map(str::to_owned), 700_000).await;
    // The same table, so one after the other.
    if let Some(stack) = supabase_testing::live::stack("every_awkward_value_is_found", &[Need::Grammar]) {
        let db = client(&stack, &stack.service_role_key);
        texts_are_found(&db, &awkward_values(), true).await;
        elements_are_found(&db, &awkward_values(), 701_000).await;
    }
}

/// Stores each text, and finds it, and only it; also where it stands in an array, if the server reads these as PostgREST
/// does.
async fn texts_are_found(db: &Client, values: &[String], in_arrays: bool) {
    db.from("vals").delete().all_rows().await.unwrap();
    let rows: Vec<Value> = values.iter().map(|value| json!({ "v": value })).collect();
    let rows: Vec<Val> = db.from("vals").insert(&rows).select("*").await.unwrap();
    assert_eq!(rows.iter().map(|row| row.v.clone()).collect::<Vec<_>>(), values);

    let mut wrong = Vec::new();
    for row in &rows {
        let only = std::slice::from_ref(row);
        let v = row.v.as_str();
        let table = || db.from("vals").select::<Val>("*");
        let either = || [col("v").eq(v), col("id").eq(-1)];
        let nested = || [col("v").in_([v, "no such value"]), col("id").eq(-1)];
        for (filter, found) in [
            ("eq", table().eq("v", v).await),
            ("in", table().in_("v", [v]).await),
            ("in, with another", table().in_("v", [v, "no such value"]).await),
            ("or", table().or(either()).await),
            ("in within or", table().or(nested()).await),
            ("match", table().match_(json!({ "v": v })).await),
        ] {
            if found.as_deref().ok() != Some(only) {
                wrong.push((filter, v, found));
            }
        }
        let quantified = [
            ("eq(any)", col("v").eq_any_of([v])),
            ("eq(any), with another", col("v").eq_any_of([v, "no such value"])),
            ("eq(all)", col("v").eq_all_of([v, v])),
            ("eq(any) within or", or([col("v").eq_any_of([v]), col("id").eq(-1)])),
        ];
        for (name, filter) in quantified.into_iter().filter(|_| in_arrays) {
            let found = table().filter(filter).await;
            if found.as_deref().ok() != Some(only) {
                wrong.push((name, v, found));
            }
        }
        for (filter, found) in
            [("neq", table().neq("v", v).await), ("not in", table().not_in("v", [v]).await)]
        {
            if found.as_ref().ok().map(Vec::len) != Some(rows.len() - 1) {
                wrong.push((filter, v, found));
            }
        }

        let echo: String = db.rpc("echo", json!({ "say": v })).await.unwrap();
        assert_eq!(echo, v);
        match db.rpc::<String>("echo", json!({ "say": v })).get().await {
            Ok(echo) => assert_eq!(echo, v),
            // Refused by us, as the server would take it for a filter.
            Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid, "{v:?}: {error}"),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    db.from("vals").delete().all_rows().await.unwrap();
}

/// Stores each text in an array and in JSON, and finds it there, and only there.
async fn elements_are_found(db: &Client, values: &[String], first: i64) {
    let ids = |column: &'static str, value: Value| {
        let query = db.from("exact").select::<Value>("id").contains(column, value).gte("id", first);
        async move { query.await.unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>() }
    };
    db.from("exact").delete().gte("id", first).lt("id", first + 1000).await.unwrap();
    let rows: Vec<Value> = (first..)
        .zip(values)
        .map(|(id, value)| json!({ "id": id, "ta": [value, "x"], "jb": { "key": value } }))
        .collect();
    db.from("exact").insert(&rows).await.unwrap();
    let mut wrong = Vec::new();
    for (id, value) in (first..).zip(values) {
        for (column, found) in
            [("ta", ids("ta", json!([value])).await), ("jb", ids("jb", json!({ "key": value })).await)]
        {
            if found != [id] {
                wrong.push((column, value, found));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    db.from("exact").delete().gte("id", first).lt("id", first + 1000).await.unwrap();
}

const AWKWARD_NAMES: [&str; 11] = [
    "with space",
    "with.dot",
    "with,comma",
    "with\"quote",
    "with(paren)",
    "with:colon",
    "100%",
    "select",
    "order",
    "limit",
    "UPPER",
];

#[tokio::test]
async fn awkward_names_are_written_selected_and_filtered() {
    let Some(stack) = stack("awkward_names_are_written_selected_and_filtered", &[]) else { return };
    let db = client(&stack, &stack.service_role_key);
    for (id, name) in (910..).zip(AWKWARD_NAMES) {
        // The embedded stack reads these names right in some places only.
        if name.contains(|c: char| c.is_ascii_punctuation()) && supabase_testing::live::lacks(Need::Grammar) {
            continue;
        }
        let ids = [id, id + 1000];
        db.from("weird cols").delete().in_("id", ids).await.unwrap();
        // Two rows, so that the columns are named in the URL as well.
        let rows = json!([{ "id": ids[0], name: "found" }, { "id": ids[1], name: "other" }]);
        db.from("weird cols").insert(&rows).await.unwrap();
        let table = || db.from("weird cols").select::<Value>("*").in_("id", ids);
        let rows = table().eq(Column::exact(name), "found").await.unwrap();
        assert_eq!((rows.len(), &rows[0][name], &rows[0]["id"]), (1, &json!("found"), &json!(id)), "{name}");
        assert_eq!(
            table().in_(Column::exact(name), ["other", "x"]).await.unwrap()[0]["id"],
            ids[1],
            "{name}"
        );
        db.from("weird cols").delete().in_("id", ids).await.unwrap();
    }
}

#[tokio::test]
async fn awkward_names_are_sorted_by_and_stand_in_logic_trees() {
    let needs = [Need::Grammar];
    let Some(stack) = stack("awkward_names_are_sorted_by_and_stand_in_logic_trees", &needs) else { return };
    let db = client(&stack, &stack.service_role_key);
    for (id, name) in (930..).zip(AWKWARD_NAMES) {
        let ids = [id, id + 1000];
        db.from("weird cols").delete().in_("id", ids).await.unwrap();
        db.from("weird cols")
            .insert(json!([{ "id": ids[0], name: "a" }, { "id": ids[1], name: "b" }]))
            .await
            .unwrap();
        let column = || Column::exact(name);
        let query = db
            .from("weird cols")
            .select::<Value>("id")
            .or([column().eq("a"), column().eq("b")])
            .in_("id", ids);
        let rows = query.order(Order::desc(column())).await.unwrap();
        assert_eq!(rows, [json!({ "id": ids[1] }), json!({ "id": ids[0] })], "{name}");
        db.from("weird cols").delete().in_("id", ids).await.unwrap();
    }
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Exact {
    id: i64,
    i8: i64,
    num: Numeric,
}

#[tokio::test]
async fn numbers_come_back_with_every_digit() {
    let Some(stack) = stack("numbers_come_back_with_every_digit", &[]) else { return };
    let db = client(&stack, &stack.service_role_key);
    let numbers = [
        (i64::MAX, "123456789012345678901234567890.123456789012345678901234567890"),
        (i64::MIN, "-0.1000000000000000055"),
        (9_007_199_254_740_993, "1e-20"),
    ];
    for (id, (i8, num)) in (800_000..).zip(numbers) {
        let row = Exact { id, i8, num: num.parse().unwrap() };
        let back: Exact = db.from("exact").upsert(&row).select("id, i8, num").single().await.unwrap();
        assert_eq!((back.i8, back.id), (i8, id));
        let exact =
            |text: &str| if text == "1e-20" { "0.00000000000000000001".to_owned() } else { text.to_owned() };
        assert_eq!(back.num.as_str(), exact(num));
        let query = db.from("exact").select("id, i8, num").eq("i8", i8).eq("num", &row.num);
        let found: Vec<Exact> = query.gte("id", 800_000).await.unwrap();
        assert_eq!(found, [back]);
        db.from("exact").delete().eq("id", id).await.unwrap();
    }
}

#[derive(Debug, Deserialize)]
struct Many {
    id: i64,
}

#[tokio::test]
async fn a_table_of_more_rows_than_the_server_gives_is_read_whole() {
    let Some(stack) = stack("a_table_of_more_rows_than_the_server_gives_is_read_whole", &[]) else { return };
    let db = client(&stack, &stack.anon_key);
    let table = || db.from("many").select::<Many>("id");

    let answer = table().count(Count::Exact).execute().await.unwrap();
    let total = answer.count.unwrap();
    assert!(total > 1000);
    assert_eq!(answer.completeness(), Completeness::Truncated { total });
    assert_eq!(table().complete().await.unwrap_err().kind(), ErrorKind::Truncated);
    let raw = || db.from("many").select_raw("id").complete();
    assert_eq!(raw().csv().await.unwrap_err().kind(), ErrorKind::Truncated);
    let bytes = raw().csv().byte_stream().try_collect::<Vec<_>>().await;
    assert_eq!(bytes.unwrap_err().kind(), ErrorKind::Truncated);
    assert_eq!(raw().lt("id", 3).csv().await.unwrap(), "id\n1\n2");

    let ids = |rows: Vec<Many>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    let all = ids(table().order("id").fetch_all().await.unwrap());
    assert_eq!(all.len() as u64, total);
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "each once, in order");
    assert_eq!(ids(table().page_size(300).stream_by("id").try_collect().await.unwrap()), all);
    // The server gives 1,000 at the most, however many are asked for.
    assert_eq!(ids(table().order("id").page_size(5000).fetch_all().await.unwrap()), all);
    assert_eq!(ids(table().in_("id", &all).chunked(400).await.unwrap()).len(), all.len());
    let error = table().in_("id", &all[..1200]).chunked(1200).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "one part has more rows than the server gives");

    let error = db.from("many").select_raw("*").in_("id", 0..20_000).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLong);
}

#[tokio::test]
async fn errors_have_the_codes_of_the_server() {
    let Some(stack) = stack("errors_have_the_codes_of_the_server", &[]) else { return };
    let db = client(&stack, &stack.anon_key);
    let error = db.from("no_such_table").select_raw("*").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), Some(&Code::TableNotFound)));
    let error = db.from("planets").select_raw("nope").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some(&Code::UndefinedColumn)));
    let error = db.from("planets").select::<Value>("*").single().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(406), Some(&Code::NotExactlyOneRow)));
    let error = db.from("notes").insert(json!({ "body": "nobody's" })).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), Some(&Code::InsufficientPrivilege)));
    let error = db.rpc::<Value>("raise_custom", ()).await.unwrap_err();
    assert_eq!((error.status(), error.code().map(Code::as_str)), (Some(402), Some("PT402")));
    let error = db.rpc::<Value>("no_such_function", ()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), Some(&Code::FunctionNotFound)));
    db.rpc::<()>("void_fn", ()).await.unwrap();
}

#[tokio::test]
async fn a_dry_run_tells_the_truth_about_what_was_kept() {
    let needs = [Need::DryRun];
    let Some(stack) = stack("a_dry_run_tells_the_truth_about_what_was_kept", &needs) else { return };
    let db = client(&stack, &stack.service_role_key);
    let id = 810_000;
    db.from("exact").delete().eq("id", id).await.unwrap();
    let outcome = db.from("exact").insert(json!({ "id": id })).select::<Value>("id").dry_run().await;
    let is_there = !db.from("exact").select::<Value>("id").eq("id", id).await.unwrap().is_empty();
    match outcome {
        Ok(rows) => assert!(!is_there && rows == [json!({ "id": id })], "{rows:?}"),
        Err(error) => assert!(is_there && error.kind() == ErrorKind::Committed, "{error:?}"),
    }
    db.from("exact").delete().eq("id", id).await.unwrap();
}

#[tokio::test]
async fn a_write_that_would_touch_too_many_rows_is_undone() {
    let Some(stack) = stack("a_write_that_would_touch_too_many_rows_is_undone", &[]) else { return };
    let db = client(&stack, &stack.service_role_key);
    let ids = [820_000, 820_001, 820_002];
    db.from("exact").delete().in_("id", ids).await.unwrap();
    db.from("exact").insert(ids.map(|id| json!({ "id": id, "t": "kept" }))).await.unwrap();
    let error =
        db.from("exact").update(json!({ "t": "changed" })).in_("id", ids).max_affected(2).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some(&Code::MaxAffectedExceeded)));
    let kept: Vec<Value> = db.from("exact").select("t").in_("id", ids).await.unwrap();
    assert!(kept.iter().all(|row| row["t"] == "kept"), "{kept:?}");
    let gone: Vec<Value> =
        db.from("exact").delete().in_("id", ids).max_affected(3).select("id").await.unwrap();
    assert_eq!(gone.len(), 3);
}

#[tokio::test]
async fn a_write_of_one_row_or_none_is_undone_if_there_are_more() {
    let needs = [Need::DryRun];
    let Some(stack) = stack("a_write_of_one_row_or_none_is_undone_if_there_are_more", &needs) else { return };
    let db = client(&stack, &stack.service_role_key);
    let ids = [840_000, 840_001];
    db.from("exact").delete().in_("id", ids).await.unwrap();
    let insert = db.from("exact").insert(ids.map(|id| json!({ "id": id }))).select::<Value>("id");
    let answer = insert.count(Count::Exact).execute().await.unwrap();
    assert_eq!((answer.count, answer.completeness()), (Some(2), Completeness::Complete));

    let delete = |ids: &[i64]| db.from("exact").delete().in_("id", ids).select::<Value>("id").maybe_single();
    let error = delete(&ids).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(406), Some(&Code::NotExactlyOneRow)));
    assert_eq!(
        db.from("exact").select::<Value>("id").in_("id", ids).await.unwrap().len(),
        2,
        "nothing is gone"
    );
    assert_eq!(delete(&ids[..1]).await.unwrap(), Some(json!({ "id": 840_000 })));
    assert_eq!(delete(&ids[..1]).await.unwrap(), None);
    assert_eq!(delete(&ids).await.unwrap(), Some(json!({ "id": 840_001 })));
}

#[tokio::test]
async fn keys_of_json_are_keys_whatever_they_hold() {
    let needs = [Need::Grammar];
    let Some(stack) = stack("keys_of_json_are_keys_whatever_they_hold", &needs) else { return };
    let db = client(&stack, &stack.service_role_key);
    let keys =
        ["user.limit", "a.b", "100%", "a,b", "full name", "x.eq.1),zz", "a\"b", "ключ", "plain", "order"];
    let ids: Vec<i64> = (830_000..).take(keys.len() + 1).collect();
    db.from("exact").delete().in_("id", &ids).await.unwrap();
    // Every row has a key of its own, and the last has none: a filter that is not understood would find others.
    let rows: Vec<Value> =
        ids.iter().zip(keys).map(|(id, key)| json!({ "id": id, "jb": { key: 5 } })).collect();
    db.from("exact").insert(&rows).await.unwrap();
    db.from("exact").insert(json!({ "id": ids[keys.len()], "jb": {} })).await.unwrap();
    for (id, key) in ids.iter().zip(keys) {
        let column = || col(&format!("jb->>{key}"));
        let found = |rows: Vec<Value>| rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>();
        let table = || db.from("exact").select::<Value>("id").in_("id", &ids);
        assert_eq!(found(table().eq(column(), "5").await.unwrap()), [*id], "eq {key}");
        assert_eq!(found(table().or([column().eq("5"), col("id").eq(-1)]).await.unwrap()), [*id], "or {key}");
        let first = table().order(Order::asc(column()).nulls_last()).limit(1);
        assert_eq!(found(first.await.unwrap()), [*id], "order {key}");
        let gone: Vec<Value> =
            db.from("exact").delete().eq(column(), "5").gte("id", 830_000).select("id").await.unwrap();
        assert_eq!(found(gone), [*id], "delete {key}");
    }
    db.from("exact").delete().in_("id", &ids).await.unwrap();
}
