//! The address that a sign-in in a browser comes back to.
#![cfg(feature = "loopback")]

mod common;

use std::time::Duration;

use common::{Server, session};
use gotrue_rs::{Code, ErrorKind, Loopback, OAuth};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(10);

/// Sends `head` to the loopback and reads its answer.
async fn send(address: &str, head: &[u8]) -> String {
    let host = address.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    connection.write_all(head).await.unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn get(address: &str, target: &str) -> String {
    send(address, format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").as_bytes()).await
}

fn path(address: &str) -> String {
    address.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap()
}

#[tokio::test]
async fn a_browser_that_comes_back_signs_in() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let auth = server.client();
    let loopback = Loopback::bind().await.unwrap().page("<p>Thanks");
    let address = loopback.redirect_to().to_owned();
    let start = auth.sign_in(OAuth::provider("github").redirect_to(&address)).await.unwrap();
    assert!(start.url.contains(&format!("redirect_to={}", address.replace(':', "%3A").replace('/', "%2F"))));
    let target = format!("{}?code=the-code", path(&address));
    let browser = get(&address, &target);
    let (came_back, page) = futures_util::future::join(loopback.receive(LIMIT), browser).await;
    assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("<p>Thanks"), "{page}");
    let verified = auth.session_from_url(came_back.unwrap()).await.unwrap();
    assert_eq!(verified.session().unwrap().user.id, "ada");
    let sent = server.last();
    assert_eq!((sent.grant(), &sent.body["auth_code"]), ("pkce", &"the-code".into()));
    assert!(sent.body["code_verifier"].as_str().unwrap().len() >= 43);
}

#[tokio::test]
async fn whoever_does_not_know_the_path_is_turned_away_and_ends_nothing() {
    let loopback = Loopback::bind().await.unwrap();
    let address = loopback.redirect_to().to_owned();
    let own = path(&address);
    assert!(!format!("{loopback:?}").contains(&own));
    let others = async {
        for head in [
            "GET /callback/guessed?code=stolen HTTP/1.1\r\n\r\n".to_owned(),
            "GET /favicon.ico HTTP/1.1\r\n\r\n".to_owned(),
            format!("POST {own}?code=stolen HTTP/1.1\r\n\r\n"),
            format!("GET {own}?code=stolen SPDY/3\r\n\r\n"),
            format!("GET {own}/more?code=stolen HTTP/1.1\r\n\r\n"),
            format!("GET {own}?code=stolen HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(40_000)),
            "\u{fffd}\r\n\r\n".to_owned(),
        ] {
            let answer = send(&address, head.as_bytes()).await;
            assert!(!answer.starts_with("HTTP/1.1 200"), "{head}: {answer}");
        }
        // One that says nothing at all stops nobody either.
        let host = address.strip_prefix("http://").unwrap().split('/').next().unwrap();
        let silent = TcpStream::connect(host).await.unwrap();
        let page = get(&address, &format!("{own}?error=access_denied&error_code=bad_oauth_state")).await;
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        drop(silent);
    };
    let (came_back, ()) = futures_util::future::join(loopback.receive(LIMIT), others).await;
    let error = gotrue_rs::Redirect::parse(&came_back.unwrap()).unwrap_err();
    assert_eq!(error.code(), Some(&Code::BadOAuthState));
}

#[tokio::test]
async fn it_listens_once_and_not_for_ever() {
    let loopback = Loopback::bind().await.unwrap();
    let address = loopback.redirect_to().to_owned();
    let error = loopback.receive(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let host = address.strip_prefix("http://").unwrap().split('/').next().unwrap();
    assert!(TcpStream::connect(host).await.is_err(), "it still listens");
}

#[tokio::test]
async fn each_has_a_path_of_its_own_on_this_machine_alone() {
    let (one, other) = (Loopback::bind().await.unwrap(), Loopback::bind().await.unwrap());
    assert_ne!(path(one.redirect_to()), path(other.redirect_to()));
    assert!(one.redirect_to().starts_with("http://127.0.0.1:"));
    let port = one.redirect_to().split(':').nth(2).unwrap().split('/').next().unwrap().parse().unwrap();
    assert_eq!(Loopback::bind_to(port).await.unwrap_err().kind(), ErrorKind::Invalid);
}
