//! What a server of HTTP/2 turns away is sent again at once, whatever it is: the server did not begin with it.
#![cfg(feature = "http2")]

mod common;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{KEY, get, post};
use reqwest::ClientBuilder;
use secrecy::SecretString;
use supabase_core::{Config, Failure, FailureKind, Reply, Request, parse_endpoint};

// Types of frames, and their flags.
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `:status: 200`, as the static table has it.
const STATUS_200: u8 = 0x88;

// Codes of errors.
const NO_ERROR: u8 = 0;
const INTERNAL_ERROR: u8 = 2;
const REFUSED_STREAM: u8 = 7;

/// What the server does with a request.
#[derive(Clone, Copy)]
enum Then {
    /// Ends its stream with this code.
    Reset(u8),
    /// Leaves with this code, having begun with no request.
    Leave(u8),
    /// Begins to answer, and ends the stream with this code.
    Break(u8),
    /// Answers 200.
    Answer,
}

/// Speaks as much of HTTP/2 as these answers take. Tells its address, and counts the requests.
fn server(answers: &'static [Then]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        // A client that goes away is no fault of the server; there are no more connections than answers.
        for stream in listener.incoming().take(answers.len()) {
            let _ = stream.and_then(|stream| serve(stream, answers, &count));
        }
    });
    (url, asked)
}

fn serve(mut stream: TcpStream, answers: &[Then], count: &AtomicUsize) -> io::Result<()> {
    stream.read_exact(&mut [0; b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len()])?;
    frame(&mut stream, SETTINGS, 0, 0, &[])?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let [a, b, c, kind, _, id @ ..] = head;
        stream.read_exact(&mut vec![0; u32::from_be_bytes([0, a, b, c]) as usize])?;
        if kind != HEADERS {
            continue;
        }
        let id = u32::from_be_bytes(id);
        let reset =
            |stream: &mut TcpStream, code| frame(stream, RST_STREAM, 0, id, &u32::from(code).to_be_bytes());
        match answers[count.fetch_add(1, Ordering::SeqCst)] {
            Then::Reset(code) => reset(&mut stream, code)?,
            Then::Leave(code) => {
                frame(&mut stream, GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, code])?;
                return Ok(());
            }
            Then::Break(code) => {
                frame(&mut stream, HEADERS, END_HEADERS, id, &[STATUS_200])?;
                reset(&mut stream, code)?;
            }
            Then::Answer => frame(&mut stream, HEADERS, END_HEADERS | END_STREAM, id, &[STATUS_200])?,
        }
    }
}

fn frame(stream: &mut TcpStream, kind: u8, flags: u8, id: u32, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(id.to_be_bytes());
    frame.extend(payload);
    stream.write_all(&frame)
}

fn http(builder: ClientBuilder) -> ClientBuilder {
    builder.no_proxy().http2_prior_knowledge()
}

/// Sends a request with pauses of this length, and says how often it was sent.
async fn sent_with(
    configure: impl FnOnce(&mut Config),
    pause: Duration,
    request: fn(&str) -> Request,
    answers: &'static [Then],
) -> (Result<Reply, Failure>, usize) {
    let (url, asked) = server(answers);
    let mut config = Config::new("test", "1.2.3", Some(SecretString::from(KEY)));
    let retry = config.retry();
    (retry.first_pause, retry.longest_pause) = (pause, pause);
    configure(&mut config);
    let transport = config.build(parse_endpoint(&url).unwrap()).unwrap();
    let outcome = transport.send(&request(&url)).await;
    (outcome, asked.load(Ordering::SeqCst))
}

/// Sends a request with pauses that nobody would wait for, and says how often it was sent.
async fn sent(
    request: fn(&str) -> Request,
    max_retries: u32,
    answers: &'static [Then],
) -> (Result<Reply, Failure>, usize) {
    let configure = |config: &mut Config| {
        config.http().configure(Arc::new(http));
        config.retry().max_retries = max_retries;
    };
    let started = Instant::now();
    let sent = sent_with(configure, Duration::from_secs(60), request, answers).await;
    assert!(started.elapsed() < Duration::from_secs(30), "it waited");
    sent
}

#[tokio::test]
async fn a_write_that_was_turned_away_is_sent_again_at_once() {
    use Then::{Answer, Leave, Reset};
    for answers in [
        &[Reset(REFUSED_STREAM), Answer][..],
        &[Leave(NO_ERROR), Answer],
        &[Reset(REFUSED_STREAM), Leave(NO_ERROR), Answer],
    ] {
        for max_retries in [0, 3] {
            let (outcome, asked) = sent(post, max_retries, answers).await;
            assert_eq!((outcome.unwrap().status(), asked), (200, answers.len()));
        }
    }
}

#[tokio::test]
async fn a_server_that_turns_everything_away_is_asked_three_times() {
    let (outcome, asked) = sent(post, 0, &[Then::Reset(REFUSED_STREAM); 9]).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.kind(), failure.is_retryable(), asked), (FailureKind::Interrupted, true, 3));
}

#[tokio::test]
async fn what_is_turned_away_more_often_is_sent_again_as_the_policy_says() {
    let configure = |config: &mut Config| {
        config.http().configure(Arc::new(http));
        config.retry().max_retries = 2;
    };
    let answers = &[Then::Reset(REFUSED_STREAM); 9];
    let (outcome, asked) = sent_with(configure, Duration::from_millis(1), post, answers).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.is_retryable(), asked), (true, 5));
    assert!(!failure.is_repeated(), "none of them was begun with");
}

#[tokio::test]
async fn a_client_of_the_callers_own_may_leave_it_to_the_transport() {
    let never = || reqwest::retry::never().max_retries_per_request(0);
    for (client, times) in [(http(ClientBuilder::new()), 9), (http(ClientBuilder::new()).retry(never()), 3)] {
        let configure = |config: &mut Config| {
            config.http().give(client.build().unwrap());
            config.retry().max_retries = 0;
        };
        let answers = &[Then::Reset(REFUSED_STREAM); 9];
        let (outcome, asked) = sent_with(configure, Duration::from_millis(1), post, answers).await;
        assert_eq!((outcome.unwrap_err().is_retryable(), asked), (true, times));
    }
}

#[tokio::test]
async fn a_write_that_may_have_been_begun_with_is_not_sent_again() {
    use Then::{Answer, Break, Leave, Reset};
    for answers in
        [&[Reset(INTERNAL_ERROR), Answer], &[Leave(INTERNAL_ERROR), Answer], &[Break(REFUSED_STREAM), Answer]]
    {
        let (outcome, asked) = sent(post, 3, answers).await;
        let failure = outcome.unwrap_err();
        assert_eq!((failure.kind(), failure.is_retryable(), asked), (FailureKind::Interrupted, false, 1));
    }
}

#[tokio::test]
async fn a_read_that_may_have_been_begun_with_is_a_retry() {
    let (outcome, asked) = sent(get, 0, &[Then::Reset(INTERNAL_ERROR), Then::Answer]).await;
    assert_eq!((outcome.unwrap_err().is_retryable(), asked), (true, 1));
}
