//! How a server says that something is wrong, and what it does not say.

use super::*;

/// The same missing right is 401 for who has not signed in and 403 for who has; trying again helps neither.
#[tokio::test]
async fn a_missing_right_has_one_code_under_two_statuses() {
    let (_replay, db) = replayed("rest/errors/42501-no-grant-user").await;
    let user = db.from("no_grants").select_raw("*").await.unwrap_err();
    let body =
        r#"{"code":"42501","details":null,"hint":null,"message":"permission denied for table no_grants"}"#;
    let server = Raw::start([Raw::json("401 Unauthorized", body.len(), body)]);
    let nobody = client(&server.url()).from("no_grants").select_raw("*").await.unwrap_err();
    assert_eq!((user.status(), nobody.status()), (Some(403), Some(401)));
    for error in [user, nobody] {
        assert_eq!(error.code(), Some(&Code::InsufficientPrivilege));
        assert!(!error.is_retryable());
    }
    assert_eq!(server.requests().len(), 1);
}

/// Rows that a policy hides are absent, and a page beyond the end is empty as long as nobody counts.
#[tokio::test]
async fn rows_that_cannot_be_seen_are_absent_without_an_error() {
    let (_replay, db) = replayed("rest/errors/rls-select-empty").await;
    assert!(db.from("secret_rows").select::<Value>("*").await.unwrap().is_empty());
    let (_replay, db) = replayed("rest/modifiers/range-beyond-nocount").await;
    let answer = db.from("instruments").select::<Value>("name").range(100, 110).execute().await.unwrap();
    assert_eq!((answer.status, answer.range, answer.data), (200, None, vec![]));
}

/// A function may raise any code and any status, and answer a status without a body.
#[tokio::test]
async fn a_function_chooses_code_and_status_as_it_likes() {
    for (case, function, status, code) in [
        ("rest/rpc/raise-PGRST", "raise_pgrst", 402, Some("123")),
        ("rest/rpc/raise-PT402", "raise_custom", 402, Some("PT402")),
        ("rest/rpc/set-status-418", "set_status", 418, None),
    ] {
        let (_replay, db) = replayed(case).await;
        let error = db.rpc::<Value>(function, ()).await.unwrap_err();
        assert_eq!((error.status(), error.code().map(Code::as_str)), (Some(status), code), "{case}");
        assert!(!error.message().is_empty() && !error.is_retryable(), "{case}");
    }
}

/// Two relationships between two tables are 300 with a list of them, and no redirect.
#[tokio::test]
async fn an_ambiguous_relationship_lists_what_it_could_be() {
    let (_replay, db) = replayed("rest/select/embedded-ambiguous-PGRST201").await;
    let error = db.from("messages").select_raw("content, users(name)").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(300), Some(&Code::AmbiguousRelationship)));
    assert_eq!(error.details().unwrap().as_array().unwrap().len(), 2);
}

/// `Retry-After: 0` while the server reads its schema: a read is repeated, and a call that may write is not.
#[tokio::test]
async fn a_server_without_its_database_is_asked_again() {
    let down = recordings::case(recordings::rest_extra(), "rest/defaults/db-down-later");
    let up = recordings::case(recordings::rest(), "rest/filters/in-empty");
    let replay = Replay::in_order(&[down, up]).await;
    assert!(client(&replay.url()).from("planets").select::<Value>("*").await.unwrap().is_empty());
    assert_eq!(replay.sent().len(), 2);

    let down = recordings::case(recordings::rest_extra(), "rest/defaults/db-down-rpc");
    let replay = Replay::start(down).await;
    let error = client(&replay.url()).rpc::<Value>("hello_world", ()).await.unwrap_err();
    assert_eq!((error.status(), error.code().map(Code::as_str)), (Some(503), Some("PGRST002")));
    assert_eq!((error.is_retryable(), replay.sent().len()), (false, 1));
}

/// A token that has expired is a code of its own since PostgREST 13, and no failure to decode one.
#[tokio::test]
async fn an_expired_token_has_a_code() {
    let (_replay, db) = replayed("rest/raw/jwt/expired").await;
    let error = db.with_access_token("expired").from("planets").select_raw("*").limit(1).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), Some(&Code::JwtClaimsInvalid)));
}
