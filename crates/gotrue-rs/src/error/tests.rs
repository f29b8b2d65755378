use serde_json::json;
use supabase_core::{Method, Request};
use supabase_testing::raw::{Answer, Raw};
use supabase_testing::recordings::{self, Exchange};
use supabase_testing::replay::ReplayMany;

use super::*;
use crate::Client;

fn client(url: &str) -> Client {
    Client::builder(url, "sb_publishable_not_a_key")
        .http_client(supabase_testing::http::client())
        .max_retries(0)
        .build()
        .unwrap()
}

async fn error_of(url: &str, method: Method) -> Error {
    let client = client(url);
    let request = Request::new("auth.test", method, client.transport().base().clone());
    Error::from_failure(client.transport().send(&request).await.unwrap_err())
}

/// What the error of a recorded answer must say, read by other means than the crate reads it.
fn expected(exchange: &Exchange) -> (Option<String>, Option<String>) {
    let json = exchange.response.body.as_ref().and_then(|body| body.json.clone()).unwrap_or_default();
    let text = |key: &str| json[key].as_str().map(str::to_owned);
    let version = exchange.request.headers.get("x-supabase-api-version");
    let versioned = version.is_some_and(|date| ("2024-01-01".."9").contains(&date.as_str()));
    let header = exchange.response.headers.get("x-sb-error-code").cloned();
    if json["error_description"].is_string() {
        // OAuth's form is the same in both versions, and holds no code of the service's.
        return (text("error").map(|error| error.replace(' ', "_")), text("error_description"));
    }
    let is_postgres = json["detail"].is_string();
    if versioned || is_postgres {
        (text("code").or(header), text("message"))
    } else {
        (text("error_code").or(header), text("msg"))
    }
}

/// 11, 12, 16 of the service's traps: the id of an error only in the oldest form, a code that is a number or a text, and
/// OAuth's errors, which have no code of the service's.
#[tokio::test]
async fn every_recorded_error_is_read_in_whichever_form_it_came() {
    let mut exchanges: Vec<_> =
        recordings::auth().values().flatten().filter(|exchange| exchange.response.status >= 400).collect();
    exchanges.sort_by(|a, b| a.case.cmp(&b.case));
    let replay = ReplayMany::start(&exchanges).await;
    let (mut initial, mut versioned, mut oauth, mut text, mut weak) = (0, 0, 0, 0, 0);
    for (place, exchange) in exchanges.iter().enumerate() {
        let case = &exchange.case;
        let method = Method::from_bytes(exchange.request.method.as_bytes()).unwrap();
        let is_read = matches!(method.as_str(), "GET" | "HEAD");
        let error = error_of(&format!("{}/x", replay.url(place)), method).await;

        let (code, message) = expected(exchange);
        assert_eq!(error.kind(), ErrorKind::Rejected, "{case}");
        assert_eq!(error.status(), Some(exchange.response.status), "{case}");
        assert_eq!(error.code().map(Code::as_str), code.as_deref(), "{case}");
        let status = exchange.response.status;
        let is_retryable = status == 429 || (is_read && matches!(status, 408 | 502 | 503 | 504 | 520));
        assert_eq!(error.is_retryable(), is_retryable, "{case}");
        match exchange.response.body.as_ref().and_then(|body| body.json.as_ref()) {
            Some(json) => {
                assert_eq!(Some(error.message()), message.as_deref(), "{case}");
                // Each code that a real server gave has a name here, but for the database's.
                if !json["detail"].is_string() {
                    assert!(!matches!(error.code(), Some(Code::Other(_)) | None), "{case}: {error:?}");
                }
                let reasons: Vec<_> =
                    error.weak_password_reasons().iter().map(|reason| json!(reason)).collect();
                let recorded = json["weak_password"]["reasons"].as_array().cloned().unwrap_or_default();
                assert_eq!(reasons, recorded, "{case}");
                assert_eq!(reasons.is_empty(), error.code() != Some(&Code::WeakPassword), "{case}");
                weak += usize::from(!reasons.is_empty());
                match () {
                    () if json["error_description"].is_string() => oauth += 1,
                    () if json["code"].is_number() => initial += 1,
                    () => versioned += 1,
                }
            }
            None => {
                assert!(!error.message().is_empty(), "{case}");
                text += 1;
            }
        }
    }
    // Every form was there.
    assert!(
        initial > 5 && versioned > 100 && oauth > 5 && text > 2 && weak > 3,
        "{initial} {versioned} {oauth} {text} {weak}"
    );
}

#[tokio::test]
async fn the_wait_is_read_out_of_the_sentence() {
    let exchange =
        recordings::case(recordings::auth(), "auth/rate_limit/email_frequency_over_email_send_rate_limit");
    let replay = ReplayMany::start(&[exchange]).await;
    let error = error_of(&format!("{}/x", replay.url(0)), Method::POST).await;
    assert_eq!(error.code(), Some(&Code::OverEmailSendRateLimit));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(59)));

    let exchange = recordings::case(recordings::auth(), "auth/rate_limit/token_no_api_version");
    let replay = ReplayMany::start(&[exchange]).await;
    let error = error_of(&format!("{}/x", replay.url(0)), Method::POST).await;
    assert_eq!((error.code(), error.retry_after()), (Some(&Code::OverRequestRateLimit), None));
}

#[tokio::test]
async fn a_gateway_in_front_is_read_as_well_as_it_speaks() {
    for (head, body, code, message) in [
        (
            "401 Unauthorized",
            r#"{"message":"Invalid API key","hint":"Double check"}"#,
            None,
            "Invalid API key",
        ),
        ("404 Not Found", r#"{"error":"requested path is invalid"}"#, None, "requested path is invalid"),
        ("400 Bad Request", r#"{"error":"invalid_grant"}"#, Some(Code::InvalidGrant), "invalid_grant"),
        (
            "400 Bad Request",
            r#"{"code":400,"error_code":"new_code","msg":"m"}"#,
            Some("new_code".into()),
            "m",
        ),
        ("400 Bad Request", r#"{"code":{},"message":["x"],"msg":"m"}"#, None, "m"),
        ("400 Bad Request", "[]", None, "the server answered 400 Bad Request with application/json"),
        ("409 Conflict", r#"{"code":"conflict","message":"m"}"#, Some(Code::Conflict), "m"),
    ] {
        let server = Raw::start([Raw::json(head, body.len(), body)]);
        let error = error_of(&server.url(), Method::POST).await;
        assert_eq!((error.code(), error.message()), (code.as_ref(), message), "{body}");
        assert_eq!(error.is_retryable(), head.starts_with("409"), "{body}");
    }
    let page = "<html>".repeat(2000);
    let head = "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\nx-sb-error-code: hook_timeout\r\n";
    let answer = format!("{head}content-length: {}\r\n\r\n{page}", page.len());
    let server = Raw::start([Answer::Bytes(answer.into())]);
    let error = error_of(&server.url(), Method::POST).await;
    assert_eq!(error.message(), "the server answered 502 Bad Gateway with text/html");
    assert_eq!((error.code(), error.raw_body().len()), (Some(&Code::HookTimeout), 8 * 1024));
}

#[test]
fn an_error_is_one_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

/// A list, which only a proxy sends, says nothing by the places of its items.
#[tokio::test]
async fn a_list_is_no_error_of_the_services() {
    let server = Raw::start([Raw::json("502 Bad Gateway", 9, r#"["a","b"]"#)]);
    let error = error_of(&server.url(), Method::POST).await;
    assert_eq!((error.code(), error.status()), (None, Some(502)));
    assert!(error.message().starts_with("the server answered 502"), "{error}");
}
