//! What a server does with the calls of functions.

use super::*;

/// By GET, an argument of a variadic function is given once for each of its values, and an array is refused (22P02). A map
/// of arguments cannot say one twice, so such a function is called by POST.
#[tokio::test]
async fn a_variadic_function_is_called_by_post() {
    let (replay, db) = replayed("rest/raw/rpc-variadic-post").await;
    assert_eq!(db.rpc::<i32>("sum_variadic", json!({ "nums": [1, 2, 3] })).await.unwrap(), 6);
    assert_eq!(replay.only(), asked("rest/raw/rpc-variadic-post"));

    let body = r#"{"code":"22P02","details":null,"hint":null,"message":"invalid input syntax for type integer: \"{1,2,3}\""}"#;
    let server = Raw::start([Raw::json("400 Bad Request", body.len(), body)]);
    let query = client(&server.url()).rpc::<i32>("sum_variadic", json!({ "nums": [1, 2, 3] })).get();
    assert_eq!(query.await.unwrap_err().code(), Some(&Code::InvalidTextRepresentation));
    assert!(server.requests()[0].starts_with("GET /rpc/sum_variadic?nums=%7B1,2,3%7D "));
}

/// An array in a URL is a literal of Postgres: `[1,2]` is refused.
#[tokio::test]
async fn an_array_in_a_url_is_a_literal_of_postgres() {
    let (replay, db) = replayed("rest/raw/url2/rpc-get-array-arg").await;
    let _: Vec<i32> = db.rpc("add_one_each", json!({ "arr": [1, 2] })).get().await.unwrap();
    assert_eq!(replay.only(), asked("rest/raw/url2/rpc-get-array-arg"));
}

/// The columns that `select` leaves out are gone before rows are sorted.
#[tokio::test]
async fn rows_of_a_function_cannot_be_sorted_by_a_column_that_was_not_chosen() {
    let (replay, db) = replayed("rest/rpc/setof-select-order-limit").await;
    let query = db.rpc::<Vec<Value>>("list_stored_planets", ()).select("name").order(Order::desc("id"));
    let error = query.limit(2).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some(&Code::UndefinedColumn)));
    let (sent, recorded) = (replay.only(), asked("rest/rpc/setof-select-order-limit"));
    assert_eq!((sent.path, sent.query, sent.body), (recorded.path, recorded.query, recorded.body));
}

/// A limit on affected rows holds for a function that returns a set, and is refused for one that does not (PGRST128).
#[tokio::test]
async fn a_limit_on_affected_rows_needs_a_function_that_returns_a_set() {
    let (replay, db) = replayed("rest/raw/rpc-max-affected-scalar-PGRST128").await;
    let error = db.rpc::<String>("hello_world", ()).max_affected(1).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some(&Code::MaxAffectedOnScalar)));
    assert_eq!(replay.only(), asked("rest/raw/rpc-max-affected-scalar-PGRST128"));

    let (replay, db) = replayed("rest/raw/rpc-max-affected").await;
    let error = db.rpc::<Vec<Value>>("list_stored_planets", ()).max_affected(1).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::MaxAffectedExceeded));
    assert_eq!(replay.only(), asked("rest/raw/rpc-max-affected"));
}

/// GET only reads, so a function that writes is refused there (405), and goes by POST.
#[tokio::test]
async fn a_function_that_writes_is_called_by_post() {
    let (replay, db) = replayed("rest/rpc/get-volatile-405-or-25006").await;
    let error = db.rpc::<Value>("volatile_insert", json!({ "n": "x" })).get().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(405), Some(&Code::ReadOnlyTransaction)));
    assert_eq!(replay.only(), asked("rest/rpc/get-volatile-405-or-25006"));
}

/// With POST, a parameter of the URL is a filter and never an argument, and what narrows the rows is never in the body.
#[tokio::test]
async fn arguments_of_a_call_by_post_are_in_its_body_and_filters_in_its_url() {
    let listener = Listener::start().await;
    let call = listener.client().rpc::<Vec<Value>>("f", json!({ "name": "x", "limit": 5 }));
    call.select("name").eq("name", "y").order("name").limit(2).await.unwrap();
    let sent = listener.last();
    assert_eq!(sent.body, r#"{"limit":5,"name":"x"}"#);
    let mut query: Vec<_> = sent.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    query.sort();
    assert_eq!(query, ["limit=2", "name=eq.y", "order=name.asc", "select=name"]);
}
