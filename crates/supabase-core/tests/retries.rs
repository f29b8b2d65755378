//! What is sent again, and what is not.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use common::{config, get, post, transport};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use secrecy::SecretString;
use supabase_core::{Content, FailureKind, Method, Payload, TokenSource, parse_endpoint};
use supabase_testing::raw::{Answer, Raw};

/// Answers with each status once, then with 200. Beside it, how often it was asked.
async fn statuses(
    statuses: &'static [u16],
    headers: &'static [(&str, &str)],
) -> (MockServer, Arc<AtomicU32>) {
    let server = MockServer::start_async().await;
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    server
        .mock_async(move |when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                let n = count.fetch_add(1, Ordering::SeqCst);
                let resent = request.headers_vec().iter().find(|(name, _)| name == "x-retry-count");
                let expected = (n > 0).then(|| n.to_string());
                assert_eq!(resent.map(|(_, value)| value.clone()), expected, "x-retry-count");
                let status = statuses.get(n as usize).copied().unwrap_or(200);
                let mut response = HttpMockResponse::builder().status(status);
                for (name, value) in headers {
                    response = response.header(*name, *value);
                }
                response.body("[]").build()
            });
        })
        .await;
    (server, asked)
}

#[tokio::test]
async fn a_read_is_repeated_on_each_status_that_passes() {
    for all in [&[408], &[429], &[502], &[503], &[504], &[520u16]] {
        let (server, asked) = statuses(all, &[]).await;
        let reply = transport(&server.base_url()).send(&get(&server.base_url())).await.unwrap();
        assert_eq!((reply.status(), asked.load(Ordering::SeqCst)), (200, 2));
    }
}

#[tokio::test]
async fn a_read_is_repeated_three_times_at_the_most() {
    let (server, asked) = statuses(&[503; 9], &[]).await;
    let failure = transport(&server.base_url()).send(&get(&server.base_url())).await.unwrap_err();
    assert_eq!((failure.status(), asked.load(Ordering::SeqCst)), (Some(503), 4));
    assert!(failure.is_retryable());
}

#[tokio::test]
async fn a_read_is_not_repeated_on_a_status_that_stays() {
    for all in [&[400], &[401], &[404], &[409], &[500u16]] {
        let (server, asked) = statuses(all, &[]).await;
        let failure = transport(&server.base_url()).send(&get(&server.base_url())).await.unwrap_err();
        assert_eq!((failure.status(), asked.load(Ordering::SeqCst)), (Some(all[0]), 1));
        assert!(!failure.is_retryable());
    }
}

#[tokio::test]
async fn a_write_that_reached_the_server_is_never_repeated() {
    for all in [&[408], &[429], &[502], &[503], &[504], &[520u16]] {
        let (server, asked) = statuses(all, &[]).await;
        let failure = transport(&server.base_url()).send(&post(&server.base_url())).await.unwrap_err();
        assert_eq!((failure.status(), asked.load(Ordering::SeqCst)), (Some(all[0]), 1));
        assert!(!failure.is_retryable());
    }
    let server = Raw::start([Answer::Close, Raw::json("200 OK", 2, "[]")]);
    let failure = transport(&server.url()).send(&post(&server.url())).await.unwrap_err();
    assert_eq!((failure.kind(), server.requests().len()), (FailureKind::Interrupted, 1));
    assert!(!failure.is_retryable());
}

#[tokio::test]
async fn a_write_that_never_left_is_repeated() {
    // A port that nobody listens on, until a server comes up there.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{address}");
    let failure = transport(&url).send(&post(&url)).await.unwrap_err();
    assert_eq!((failure.kind(), failure.is_retryable()), (FailureKind::Connect, true));

    let mut config = config();
    (config.retry().first_pause, config.retry().longest_pause) =
        (Duration::from_millis(300), Duration::from_secs(2));
    let transport = config.build(parse_endpoint(&url).unwrap()).unwrap();
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        let listener = std::net::TcpListener::bind(address).unwrap();
        let (mut connection, _) = listener.accept().unwrap();
        use std::io::{Read, Write};
        let _ = connection.read(&mut [0; 4096]);
        connection.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    assert_eq!(transport.send(&post(&url)).await.unwrap().status(), 201);
    late.join().unwrap();
}

#[tokio::test]
async fn a_broken_answer_to_a_read_is_asked_for_again() {
    for broken in [Answer::Close, Raw::json("200 OK", 100, "[1,")] {
        let server = Raw::start([broken, Raw::json("200 OK", 3, "[1]")]);
        let reply = transport(&server.url()).send(&get(&server.url())).await.unwrap();
        assert_eq!((&reply.body()[..], server.requests().len()), (&b"[1]"[..], 2));
    }
}

#[tokio::test]
async fn retry_after_is_waited_for_and_a_long_one_ends_the_call() {
    let (server, asked) = statuses(&[429], &[("retry-after", "0")]).await;
    transport(&server.base_url()).send(&get(&server.base_url())).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);

    let (server, asked) = statuses(&[429], &[("retry-after", "3600")]).await;
    let failure = transport(&server.base_url()).send(&get(&server.base_url())).await.unwrap_err();
    assert_eq!((failure.status(), asked.load(Ordering::SeqCst)), (Some(429), 1));
}

/// A body that moves has no end that could be known, but during a pause nothing moves.
#[tokio::test]
async fn a_pause_that_the_limit_would_cut_ends_the_call_whatever_is_sent() {
    for payload in [None, Some(Payload::content(Content::bytes("content".into())))] {
        let (server, asked) = statuses(&[503], &[("retry-after", "10")]).await;
        let mut config = config();
        config.retry().longest_pause = Duration::from_secs(30);
        let transport = config.build(parse_endpoint(&server.base_url()).unwrap()).unwrap();
        let mut put = get(&server.base_url());
        (put.method, put.payload, put.idempotent) = (Method::PUT, payload, true);
        put.timeout = Some(Duration::from_secs(2));
        let failure = transport.send(&put).await.unwrap_err();
        assert_eq!((failure.status(), asked.load(Ordering::SeqCst)), (Some(503), 1), "{failure:?}");
        assert_eq!(failure.retry_after(), Some(Duration::from_secs(10)));
    }
}

#[tokio::test]
async fn a_refusal_whose_body_stalls_keeps_its_status() {
    let half =
        "HTTP/1.1 409 Conflict\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"code\":";
    for payload in [None, Some(Payload::content(Content::bytes("content".into())))] {
        // The connection stays open for a second request.
        let server = Raw::start([Answer::KeepAlive(vec![half.into(), Vec::new()])]);
        let mut post = post(&server.url());
        post.body = post.body.filter(|_| payload.is_none());
        post.payload = payload;
        post.timeout = Some(Duration::from_millis(600));
        let failure = transport(&server.url()).send(&post).await.unwrap_err();
        assert_eq!((failure.kind(), failure.status()), (FailureKind::Status, Some(409)), "{failure:?}");
        assert_eq!(failure.body(), b"{\"code\":");
    }
}

#[tokio::test]
async fn a_call_can_forbid_repetition() {
    let (server, asked) = statuses(&[503], &[]).await;
    let transport = transport(&server.base_url());
    let mut request = get(&server.base_url());
    request.retry = Some(supabase_core::RetryPolicy { max_retries: 0, ..transport.retry() });
    assert_eq!(transport.send(&request).await.unwrap_err().status(), Some(503));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn time_runs_out_for_the_call_as_a_whole() {
    let silence = Answer::Silence(Duration::from_secs(2));
    let server = Raw::start([silence.clone(), silence]);
    for (request, retryable) in [(get(&server.url()), true), (post(&server.url()), false)] {
        let mut request = request;
        request.timeout = Some(Duration::from_millis(80));
        let started = Instant::now();
        let failure = transport(&server.url()).send(&request).await.unwrap_err();
        assert_eq!((failure.kind(), failure.is_retryable()), (FailureKind::Timeout, retryable));
        assert!(started.elapsed() < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_pause_that_time_does_not_allow_is_not_waited_for() {
    let (server, _) = statuses(&[503; 4], &[("retry-after", "30")]).await;
    let mut config = config();
    config.retry().longest_pause = Duration::from_secs(60);
    config.timeout(Some(Duration::from_secs(20)));
    let started = Instant::now();
    let failure = config
        .build(parse_endpoint(&server.base_url()).unwrap())
        .unwrap()
        .send(&get(&server.base_url()))
        .await;
    assert_eq!(failure.unwrap_err().status(), Some(503), "the answer, and not a time-out");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn each_attempt_asks_for_the_token_of_its_moment() {
    let server = Raw::start([
        Answer::Bytes(
            b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
        ),
        Raw::json("200 OK", 2, "[]"),
    ]);
    let mut config = config();
    let asked = AtomicU32::new(0);
    config.token(TokenSource::from_fn(move || {
        let n = asked.fetch_add(1, Ordering::SeqCst);
        async move { Ok(Some(SecretString::from(format!("token-{n}")))) }
    }));
    config.build(parse_endpoint(&server.url()).unwrap()).unwrap().send(&get(&server.url())).await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("authorization: Bearer token-0"), "{}", requests[0]);
    assert!(requests[1].contains("authorization: Bearer token-1"), "{}", requests[1]);
}

#[tokio::test]
async fn a_token_source_that_fails_fails_the_call_and_sends_nothing() {
    let server = MockServer::start_async().await;
    let any = server.mock_async(|when, then| {
        when.any_request();
        then.status(200).body("[]");
    });
    let any = any.await;
    let mut config = config();
    config.token(TokenSource::from_fn(|| async { Err("the keyring is locked".into()) }));
    let transport = config.build(parse_endpoint(&server.base_url()).unwrap()).unwrap();
    let failure = transport.send(&get(&server.base_url())).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Credentials);
    assert_eq!(failure.source().unwrap().to_string(), "the keyring is locked");
    assert_eq!(any.calls_async().await, 0);
}

#[tokio::test]
async fn what_is_no_access_token_is_told_and_nothing_is_sent() {
    let (server, asked) = statuses(&[200; 9], &[]).await;
    let faults =
        [("", "empty"), ("a\nb", "no header can carry"), ("sb_secret_abc", "an access token is a JWT")];
    for (token, says) in faults {
        let endpoint = parse_endpoint(&server.base_url()).unwrap();
        let mut config = config();
        config.token(TokenSource::from_fn(move || async move { Ok(Some(SecretString::from(token))) }));
        let asking = config.build(endpoint).unwrap();
        for transport in [asking.with_token(SecretString::from(token)), asking] {
            let failure = transport.send(&get(&server.base_url())).await.unwrap_err();
            assert_eq!(failure.kind(), FailureKind::Credentials);
            assert!(failure.message().contains(says), "{}", failure.message());
            assert!(!format!("{failure:?}").contains("sb_secret_abc"));
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn dropping_a_call_ends_it() {
    let (server, asked) = statuses(&[503; 9], &[]).await;
    let mut config = config();
    (config.retry().first_pause, config.retry().longest_pause) =
        (Duration::from_millis(200), Duration::from_secs(1));
    let transport = config.build(parse_endpoint(&server.base_url()).unwrap()).unwrap();
    let get = get(&server.base_url());
    let call = transport.send(&get);
    let asked_once = async {
        while asked.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        outcome = call => panic!("{outcome:?}"),
        () = asked_once => {}
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_call_that_goes_well_is_small() {
    // What is rare has a place of its own: each call would otherwise take kilobytes, many calls at once megabytes.
    let (transport, get) = (transport("http://127.0.0.1:1"), get("http://127.0.0.1:1"));
    let call = transport.send(&get);
    assert!(size_of_val(&*call) <= 880, "{} bytes", size_of_val(&*call));
}
