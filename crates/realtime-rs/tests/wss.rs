//! A websocket over TLS, with a certificate of the caller's own.
//!
//! This also runs where a second crypto provider is compiled into rustls: `cargo xtask check` runs it alone, and
//! `cargo xtask test` beside a package that brings the other one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use realtime_rs::{Backoff, Client, ErrorKind};
use supabase_mock::realtime::Server;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A Realtime server behind TLS, and the certificate by which it is known.
async fn start(server: &Server) -> (SocketAddr, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    // The provider by name: which one is the default is the program's affair, and here there may be two.
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    let _ = server.serve_stream(stream).await;
                }
            });
        }
    });
    (address, certificate)
}

fn client(server: &Server, address: SocketAddr, root: Option<&CertificateDer<'_>>) -> Client {
    let root = root.map(|root| realtime_rs::reqwest::Certificate::from_der(root).unwrap());
    Client::builder(format!("https://localhost:{}/realtime/v1", address.port()), server.anon_key())
        .configure_http(move |http| {
            let http = http.no_proxy().resolve("localhost", address);
            match root.clone() {
                Some(root) => http.tls_certs_merge([root]),
                None => http,
            }
        })
        .reconnect(Backoff::custom(|_| None))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_channel_is_joined_over_tls_with_a_root_of_the_callers_own() {
    let server = Server::new();
    let (address, certificate) = start(&server).await;
    let realtime = client(&server, address, Some(&certificate));
    let mut room = realtime.channel("room").receive_own_broadcasts();
    let mut greetings = room.on_broadcast::<String>("greeting").messages();
    let room = room.subscribe().await.unwrap();
    room.send_broadcast("greeting", "hello over TLS").await.unwrap();
    let greeting = tokio::time::timeout(Duration::from_secs(10), greetings.next()).await.unwrap();
    assert_eq!(greeting.unwrap().unwrap().payload, "hello over TLS");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = Server::new();
    let (address, _) = start(&server).await;
    let error = client(&server, address, None).connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(server.handshakes().is_empty(), "nothing was sent, and above all no key");
}
