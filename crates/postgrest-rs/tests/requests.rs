//! What is sent, and what is refused because the server would read it as something else.

mod common;

use common::Listener;
use postgrest_rs::{Client, ErrorKind, Is, Json, Order, TextSearch, col, not};
use serde::Serialize;
use serde_json::{Value, json};
use supabase_testing::raw::{Answer, Raw};

#[tokio::test]
async fn a_key_of_json_that_ends_in_a_reserved_word_still_filters() {
    let listener = Listener::start().await;
    let db = listener.client();
    db.from("t").delete().eq("data->>user.limit", 5).await.unwrap();
    assert_eq!(listener.last().all("data->>\"user.limit\""), ["eq.5"]);
    db.from("t").update(json!({ "a": 1 })).match_(json!({ "settings->>page.offset": 5 })).await.unwrap();
    assert_eq!(listener.last().all("settings->>\"page.offset\""), ["eq.5"]);
    let _: Vec<Value> = db.from("t").select("*").order("data->>a,secret").await.unwrap();
    assert_eq!(listener.last().all("order"), ["data->>\"a,secret\".asc"]);
    let _: Vec<Value> =
        db.from("t").select("*").or([col("data->>x.eq.1),zz").eq(1), col("id").eq(2)]).await.unwrap();
    assert_eq!(listener.last().all("or"), ["(data->>\"x.eq.1),zz\".eq.1,id.eq.2)"]);
}

#[tokio::test]
async fn a_write_whose_filters_leave_every_row_is_refused() {
    let listener = Listener::start().await;
    let db = listener.client();
    let only_referenced = db.from("sections").delete().eq("instruments.name", "guqin");
    let error = only_referenced.select::<Value>("*, instruments(*)").await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Invalid && error.message().contains("referenced tables only"),
        "{error}"
    );
    let matched =
        db.from("sections").update(json!({ "a": 1 })).match_(json!({ "instruments.name": "guqin" }));
    assert_eq!(matched.await.unwrap_err().kind(), ErrorKind::Invalid);
    let all_but_none = db.from("sections").delete().not_in("id", [0; 0]);
    assert!(all_but_none.await.unwrap_err().message().contains("`not_in` is empty"));
    for filter in
        [col("id").like_all_of([""; 0]), col("id").gt_all_of([0; 0]), not(col("id").eq_any_of([0; 0]))]
    {
        let error = db.from("sections").delete().filter(filter).await.unwrap_err();
        assert!(error.message().contains("for all"), "{error}");
    }
    assert_eq!(listener.count(), 0);

    db.from("sections").delete().eq("instruments.name", "guqin").eq("id", 1).await.unwrap();
    db.from("sections").delete().all_rows().await.unwrap();
    db.from("sections").delete().in_("id", [1]).await.unwrap();
    db.from("sections").delete().or([col("id").eq(1)]).await.unwrap();
    db.from("sections").update(json!({})).match_(json!({ "id": 1 })).await.unwrap();
    assert_eq!(listener.count(), 5);
}

#[tokio::test]
async fn a_nul_character_is_refused_as_the_server_would_drop_it() {
    let listener = Listener::start().await;
    let db = listener.client();
    for error in [
        db.from("t").delete().eq("name", "admin\0").await.unwrap_err(),
        db.from("t").delete().in_("name", ["admin\0"]).await.unwrap_err(),
        db.from("t").delete().eq("na\0me", 1).await.unwrap_err(),
        db.from("t").select_raw("*").or([col("name").eq("admin\0")]).await.unwrap_err(),
        db.from("t").select_raw("*\0").await.unwrap_err(),
        db.rpc::<()>("f", json!({ "x": "a\0" })).get().await.unwrap_err(),
    ] {
        assert!(error.kind() == ErrorKind::Invalid && error.message().contains("NUL"), "{error}");
    }
    assert_eq!(listener.count(), 0);
}

#[derive(Serialize)]
struct Priced {
    id: i32,
    price: f64,
}

#[tokio::test]
async fn what_is_no_number_is_never_stored_as_null() {
    let listener = Listener::start().await;
    let db = listener.client();
    let row = Priced { id: 1, price: f64::NAN };
    for error in [
        db.from("t").insert(&row).await.unwrap_err(),
        db.from("t").upsert([&row]).await.unwrap_err(),
        db.from("t").update(&row).eq("id", 1).await.unwrap_err(),
        db.rpc::<()>("f", &row).await.unwrap_err(),
        db.from("t").select_raw("*").contains("data", &row).await.unwrap_err(),
        db.from("t").select_raw("*").contains("data", Json([f64::INFINITY])).await.unwrap_err(),
        db.from("t").select_raw("*").match_(&row).await.unwrap_err(),
    ] {
        assert!(error.kind() == ErrorKind::Invalid && error.message().contains("not a number"), "{error}");
    }
    assert_eq!(listener.count(), 0);
}

#[tokio::test]
async fn a_page_in_answer_to_a_write_is_no_success() {
    let page = "<!doctype html><title>Welcome</title>";
    let html = || {
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n", page.len());
        Answer::Bytes(format!("{head}{page}").into())
    };
    let server = Raw::start([html(), html(), html(), html()]);
    let db =
        Client::builder(server.url(), "key").http_client(supabase_testing::http::client()).build().unwrap();
    for error in [
        db.from("t").insert(json!({})).await.unwrap_err(),
        db.from("t").delete().eq("id", 1).execute().await.unwrap_err(),
        db.from("t").insert(json!({})).returning_location().await.unwrap_err(),
        db.from("t").select_raw("*").csv().await.unwrap_err(),
    ] {
        assert!(error.kind() == ErrorKind::Decode && error.message().contains("HTML page"), "{error}");
        assert_eq!(error.raw_body(), page.as_bytes());
    }
}

#[tokio::test]
async fn a_name_with_control_characters_leads_nowhere() {
    let listener = Listener::start().await;
    let db = listener.client();
    for name in [".\t.", "plan\tets", "a\nb", "a\r", "\0"] {
        let error = db.from(name).select_raw("*").await.unwrap_err();
        assert!(error.message().contains("not the name of a table"), "{error}");
        assert_eq!(db.rpc::<()>(name, ()).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert_eq!(listener.count(), 0);
}

#[tokio::test]
async fn json_in_a_row_is_json_and_in_a_filter_its_text() {
    let listener = Listener::start().await;
    let db = listener.client();
    db.from("t").insert(json!({ "labels": Json(["a"]) })).await.unwrap();
    assert_eq!(listener.last().body, r#"{"labels":["a"]}"#);
    let _: Vec<Value> = db.from("t").select("*").contains("labels", Json(["a"])).await.unwrap();
    assert_eq!(listener.last().all("labels"), [r#"cs.["a"]"#]);
}

#[derive(Serialize)]
struct Conditions {
    small: f32,
    huge: u128,
    tags: [&'static str; 2],
    labels: Json<Vec<&'static str>>,
    empty: Json<[i32; 0]>,
}

#[tokio::test]
async fn match_reads_values_as_eq_does() {
    let listener = Listener::start().await;
    let db = listener.client();
    let conditions = Conditions {
        small: 0.1,
        huge: u128::MAX,
        tags: ["a,b", "c"],
        labels: Json(vec!["a"]),
        empty: Json([]),
    };
    let _: Vec<Value> = db.from("t").select("*").match_(&conditions).await.unwrap();
    let sent = listener.last();
    assert_eq!(sent.all("small"), ["eq.0.1"]);
    assert_eq!(sent.all("huge"), ["eq.340282366920938463463374607431768211455"]);
    assert_eq!(sent.all("tags"), ["eq.{\"a,b\",c}"]);
    assert_eq!((sent.all("labels"), sent.all("empty")), (vec![r#"eq.["a"]"#], vec!["eq.[]"]));
    let conditions = json!({ "\"a.b\"": 1, "i.name": "x", "data->>k": 2 });
    let _: Vec<Value> = db.from("t").select("*").match_(conditions).await.unwrap();
    let sent = listener.last();
    assert_eq!(
        (sent.all("\"a.b\""), sent.all("i.name"), sent.all("data->>k")),
        (vec!["eq.1"], vec!["eq.x"], vec!["eq.2"])
    );
    let error = db.from("t").select_raw("*").match_(json!({ "a": null })).await.unwrap_err();
    assert!(error.message().contains("`a` with null"), "{error}");
}

#[derive(Serialize)]
struct Arguments {
    ids: Vec<i32>,
    labels: Json<Vec<&'static str>>,
}

#[tokio::test]
async fn an_empty_array_in_a_url_is_refused_unless_it_says_that_it_is_json() {
    let listener = Listener::start().await;
    let db = listener.client();
    let args = |ids| Arguments { ids, labels: Json(vec![]) };
    for error in [
        db.rpc::<Value>("f", args(vec![])).get().await.unwrap_err(),
        db.rpc::<Value>("f", json!({ "ids": [] })).head().await.unwrap_err(),
    ] {
        let told = error.message();
        assert!(
            error.kind() == ErrorKind::Invalid && told.contains("`ids`") && told.contains("POST"),
            "{error}"
        );
    }
    assert_eq!(listener.count(), 0);

    let _: Value = db.rpc("f", args(vec![1])).get().await.unwrap();
    let sent = listener.last();
    assert_eq!((sent.all("ids"), sent.all("labels")), (vec!["{1}"], vec!["[]"]));
    let _: Value = db.rpc("f", args(vec![])).await.unwrap();
    assert_eq!(listener.last().body, r#"{"ids":[],"labels":[]}"#);
}

#[tokio::test]
async fn a_table_that_is_referenced_twice_is_asked_once() {
    let listener = Listener::start().await;
    let query = listener.client().from("t").select::<Value>("*, i(*)");
    let query = query
        .referenced_table("i", |i| i.order("a").limit(5))
        .referenced_table("i", |i| i.order("b").limit(3));
    let _ = query.referenced_table("100%", |t| t.filter(col("b").eq(1))).await.unwrap();
    let sent = listener.last();
    assert_eq!((sent.all("i.order"), sent.all("i.limit")), (vec!["a.asc,b.asc"], vec!["3"]));
    assert_eq!(sent.all("\"100%\".b"), ["eq.1"]);
}

#[tokio::test]
async fn an_update_is_one_map() {
    let listener = Listener::start().await;
    let db = listener.client();
    let error = db.from("t").update(json!([{ "a": 1 }, { "a": 2 }])).eq("id", 1).await.unwrap_err();
    assert!(error.message().contains("one map"), "{error}");
    assert_eq!(listener.count(), 0);
}

#[tokio::test]
async fn the_columns_of_a_conflict_are_names_and_the_last_call_counts() {
    let listener = Listener::start().await;
    let query = listener.client().from("t").upsert(json!({ "a": 1 })).on_conflict("x");
    query.on_conflict("with space, 100%,plain").await.unwrap();
    assert_eq!(listener.last().all("on_conflict"), ["with space,\"100%\",plain"]);
}

#[tokio::test]
async fn of_the_columns_that_are_chosen_of_a_function_the_last_call_counts() {
    let listener = Listener::start().await;
    let call = listener.client().rpc::<Vec<Value>>("f", ()).select("id").eq("select", 1).select("v, w");
    call.get().await.unwrap();
    let sent = listener.last();
    assert_eq!((sent.all("select"), sent.all("\"select\"")), (vec!["v,w"], vec!["eq.1"]));
}

#[tokio::test]
async fn a_column_of_a_conflict_may_have_any_name() {
    let listener = Listener::start().await;
    for (columns, sent) in [
        (r#""a,b""#, r#""a,b""#),
        (r#"x, "a,b" ,"c\"d,""#, r#"x,"a,b","c\"d,""#),
        ("with.dot,a->b", r#""with.dot","a->b""#),
        ("select,limit,on_conflict", r#""select","limit","on_conflict""#),
        (r#"wi"th"#, r#""wi\"th""#),
    ] {
        listener.client().from("t").upsert(json!({})).on_conflict(columns).await.unwrap();
        assert_eq!(listener.last().all("on_conflict"), [sent]);
    }
}

/// Of two that contradict each other, PostgREST takes the first: a client that is lenient made a guard no guard.
#[tokio::test]
async fn preferences_of_the_client_hold_beside_those_of_a_call() {
    let listener = Listener::start().await;
    let db = Client::builder(listener.url(), "key")
        .header("Prefer", "timezone=Europe/Dublin")
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    let _: Vec<Value> = db.from("t").delete().eq("id", 1).select("*").await.unwrap();
    assert_eq!(listener.last().header("prefer"), ["return=representation", "timezone=Europe/Dublin"]);
}

#[tokio::test]
async fn an_authorization_of_the_callers_own_wins_over_the_key_and_a_token_over_both() {
    let listener = Listener::start().await;
    let jwt = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";
    for key in [jwt, "sb_publishable_test"] {
        let db = Client::builder(listener.url(), key)
            .header("Authorization", "Bearer own")
            .http_client(supabase_testing::http::client())
            .build()
            .unwrap();
        let _: Vec<Value> = db.from("t").select("*").await.unwrap();
        assert_eq!(listener.last().header("authorization"), ["Bearer own"]);
        let _: Vec<Value> = db.with_access_token("user").from("t").select("*").await.unwrap();
        assert_eq!(listener.last().header("authorization"), ["Bearer user"]);
    }
}

#[tokio::test]
async fn limits_beyond_what_postgres_counts_are_its_largest() {
    let listener = Listener::start().await;
    let _: Vec<Value> = listener.client().from("t").select("*").range(0, u64::MAX).await.unwrap();
    assert_eq!(listener.last().all("limit"), ["9223372036854775807"]);
}

#[tokio::test]
async fn every_condition_has_its_operator() {
    let listener = Listener::start().await;
    let db = listener.client();
    let range = "[1,5)";
    let query = db
        .from("t")
        .select::<Value>("*")
        .eq("a", 1)
        .neq("b", 2)
        .gt("c", 3)
        .gte("d", 4)
        .lt("e", 5)
        .lte("f", 6);
    let query =
        query.like("g", "%x%").ilike("h", "%x%").like_all_of("i", ["a", "b"]).like_any_of("j", ["a", "b"]);
    let query = query
        .ilike_all_of("k", ["a"])
        .ilike_any_of("l", ["a"])
        .regex_match("m", "^x")
        .regex_imatch("n", "^x");
    let query =
        query.is("o", Is::Unknown).is_distinct("p", 1).in_("q", [1]).not_in("r", [1]).contains("s", [1]);
    let query = query.contained_by("t", json!({ "a": 1 })).overlaps("u", range).range_gt("v", range);
    let query =
        query.range_gte("w", range).range_lt("x", range).range_lte("y", range).range_adjacent("z", range);
    let query = query
        .text_search("aa", TextSearch::phrase("fat cat"))
        .not(col("bb").eq(1))
        .filter_raw("cc", "eq", "1");
    let query = query
        .eq_any_of("dd", ["a,b", ""])
        .eq_all_of("ee", [1])
        .gt_any_of("ff", [1, 2])
        .gt_all_of("gg", [1])
        .gte_any_of("hh", [1])
        .gte_all_of("ii", [1])
        .lt_any_of("jj", [1])
        .lt_all_of("kk", [1])
        .lte_any_of("ll", [1])
        .lte_all_of("mm", [1])
        .regex_match_any_of("nn", ["^a", "b{2}"])
        .regex_match_all_of("oo", ["a"])
        .regex_imatch_any_of("pp", ["a"])
        .regex_imatch_all_of("qq", ["a"]);
    let _ = query.order(Order::desc("a").nulls_last()).order("b").range(2, 4).await.unwrap();
    let mut sent: Vec<_> =
        listener.last().query.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    sent.sort();
    let mut expected = [
        "select=*",
        "a=eq.1",
        "b=neq.2",
        "c=gt.3",
        "d=gte.4",
        "e=lt.5",
        "f=lte.6",
        "g=like.%x%",
        "h=ilike.%x%",
        "i=like(all).{a,b}",
        "j=like(any).{a,b}",
        "k=ilike(all).{a}",
        "l=ilike(any).{a}",
        "m=match.^x",
        "n=imatch.^x",
        "o=is.unknown",
        "p=isdistinct.1",
        "q=in.(1)",
        "r=not.in.(1)",
        "s=cs.{1}",
        "t=cd.{\"a\":1}",
        "u=ov.[1,5)",
        "v=sr.[1,5)",
        "w=nxl.[1,5)",
        "x=sl.[1,5)",
        "y=nxr.[1,5)",
        "z=adj.[1,5)",
        "aa=phfts.fat cat",
        "bb=not.eq.1",
        "cc=eq.1",
        r#"dd=eq(any).{"a,b",""}"#,
        "ee=eq(all).{1}",
        "ff=gt(any).{1,2}",
        "gg=gt(all).{1}",
        "hh=gte(any).{1}",
        "ii=gte(all).{1}",
        "jj=lt(any).{1}",
        "kk=lt(all).{1}",
        "ll=lte(any).{1}",
        "mm=lte(all).{1}",
        r#"nn=match(any).{^a,"b{2}"}"#,
        "oo=match(all).{a}",
        "pp=imatch(any).{a}",
        "qq=imatch(all).{a}",
        "order=a.desc.nullslast,b.asc",
        "offset=2",
        "limit=3",
    ];
    expected.sort_unstable();
    assert_eq!(sent, expected);
}
