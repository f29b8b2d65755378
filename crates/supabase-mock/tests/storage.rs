//! What the storage server promises beyond the recorded exchanges: keys and rules, a clock, folders that are kept,
//! uploads that break and go on, and that nothing is left behind.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use supabase_mock::storage::{Action, Fault, Server};

use self::wire::{Answer, send};

#[path = "common/wire.rs"]
mod wire;

const ALICE: &str = "11111111-1111-4111-8111-111111111111";

/// A client with a token.
struct Client<'a> {
    server: &'a Server,
    headers: Vec<(String, String)>,
}

impl<'a> Client<'a> {
    fn service(server: &'a Server) -> Self {
        Self::new(server, &[("authorization", &format!("Bearer {}", server.service_role_key()))])
    }

    fn new(server: &'a Server, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { server, headers }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut all = self.headers.clone();
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        send(self.server.address(), method, &format!("/storage/v1{path}"), &all, body.to_vec()).await
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], body.to_string().as_bytes()).await
    }

    async fn bucket(&self, name: &str) {
        let answer = self.json("POST", "/bucket", json!({ "name": name })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn upload(&self, path: &str, body: &[u8]) -> Answer {
        self.send("POST", &format!("/object/{path}"), &[("content-type", "text/plain")], body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }
}

fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn both_kinds_of_keys_open_what_they_should() {
    let server = Server::start().await.expect("a server");
    for headers in [
        vec![("authorization", format!("Bearer {}", server.service_role_key()))],
        vec![("apikey", server.secret_key().to_owned())],
        vec![
            ("apikey", server.secret_key().to_owned()),
            ("authorization", format!("Bearer {}", server.secret_key())),
        ],
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(Client::new(&server, &headers).get("/bucket").await.status, 200, "{headers:?}");
    }
    // The anonymous ones may ask, and see nothing.
    Client::service(&server).bucket("b").await;
    for key in [server.anon_key(), server.publishable_key().to_owned()] {
        let client = Client::new(&server, &[("authorization", &format!("Bearer {key}"))]);
        assert_eq!(client.get("/bucket").await.body, b"[]");
    }
    let client = Client::new(&server, &[("apikey", "sb_secret_of_somebody_else")]);
    assert_eq!(client.get("/bucket").await.status, 400);
}

#[tokio::test]
async fn the_rule_stands_for_the_policies() {
    let server = Server::builder()
        .allow(|access| match access.action {
            Action::Select => true,
            _ => access.object.is_some() && access.folder() == access.user && access.claims["plan"] == "paid",
        })
        .start()
        .await
        .expect("a server");
    Client::service(&server).bucket("b").await;
    let alice = |plan: &str| {
        let token = server.token(&json!({ "sub": ALICE, "role": "authenticated", "plan": plan }));
        Client::new(&server, &[("authorization", &format!("Bearer {token}"))])
    };
    let own = format!("b/{ALICE}/a.txt");
    assert_eq!(code(&alice("free").upload(&own, b"x").await), "AccessDenied");
    assert_eq!(alice("paid").upload(&own, b"x").await.status, 200);
    assert_eq!(code(&alice("paid").upload("b/elsewhere/a.txt", b"x").await), "AccessDenied");
    let info: Value =
        serde_json::from_slice(&alice("free").get(&format!("/object/info/{own}")).await.body).expect("JSON");
    assert_eq!(info["size"], 1);
    // What may be seen and not removed is passed over.
    let removed =
        alice("free").json("DELETE", "/object/b", json!({ "prefixes": [format!("{ALICE}/a.txt")] })).await;
    assert_eq!((removed.status, removed.text().as_str()), (200, "[]"));
}

#[tokio::test]
async fn the_clock_moves_on_request() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    client.upload("b/a.txt", b"x").await;
    let signed = client.json("POST", "/object/sign/b/a.txt", json!({ "expiresIn": 60 })).await;
    let signed: Value = serde_json::from_slice(&signed.body).expect("JSON");
    let url = signed["signedURL"].as_str().expect("a URL");
    let nobody = Client::new(&server, &[]);
    server.advance(Duration::from_secs(58));
    assert_eq!(nobody.get(url).await.body, b"x");
    server.advance(Duration::from_secs(2));
    let expired = nobody.get(url).await;
    assert_eq!((expired.status, code(&expired).as_str()), (400, "InvalidJWT"));
    assert!(expired.text().contains(r#"\"exp\" claim timestamp check failed"#), "{}", expired.text());
}

/// The keys that the contract names as dangerous to sign: they work if they are encoded as `encodeURI` does.
#[tokio::test]
async fn signed_urls_of_every_allowed_letter() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    for letter in "_!.*'()&$=@;:+,- ".chars() {
        let path = format!("b/x{letter}y.txt").replace(' ', "%20");
        assert_eq!(client.upload(&path, letter.to_string().as_bytes()).await.status, 200, "{letter}");
        let signed = client.json("POST", &format!("/object/sign/{path}"), json!({ "expiresIn": 60 })).await;
        let signed: Value = serde_json::from_slice(&signed.body).expect("JSON");
        let url = signed["signedURL"].as_str().expect("a URL").replace(' ', "%20");
        let answer = Client::new(&server, &[]).get(&url).await;
        assert_eq!(answer.text(), letter.to_string(), "{url}");
    }
}

#[tokio::test]
async fn a_folder_that_is_kept_is_there_for_the_next_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("storage");
    let open = || Server::builder().folder(&path).start();
    let id = {
        let server = open().await.expect("a server");
        let client = Client::service(&server);
        for bucket in ["b", "gone"] {
            client.bucket(bucket).await;
        }
        client.upload("b/kept.txt", b"kept").await;
        client.upload("b/moved.txt", b"moved").await;
        client.upload("b/removed.txt", b"removed").await;
        client
            .json(
                "POST",
                "/object/move",
                json!({ "bucketId": "b", "sourceKey": "moved.txt", "destinationKey": "m/m.txt" }),
            )
            .await;
        client.send("DELETE", "/object/b/removed.txt", &[], b"").await;
        client.json("DELETE", "/bucket/gone", json!({})).await;
        let info: Value =
            serde_json::from_slice(&client.get("/object/info/b/kept.txt").await.body).expect("JSON");
        info
    };
    // A process that was killed while it wrote leaves half a line, whose change it never confirmed.
    let mut journal =
        std::fs::OpenOptions::new().append(true).open(path.join("rows.jsonl")).expect("a journal");
    journal.write_all(br#"{"ObjectGone":{"bucket":"b","ke"#).expect("written");
    drop(journal);
    for _ in 0..2 {
        let server = open().await.expect("a server");
        let client = Client::service(&server);
        assert_eq!(client.get("/object/b/kept.txt").await.body, b"kept");
        assert_eq!(client.get("/object/b/m/m.txt").await.body, b"moved");
        assert_eq!(code(&client.get("/object/b/removed.txt").await), "NoSuchKey");
        assert_eq!(code(&client.get("/bucket/gone").await), "NoSuchBucket");
        let info: Value =
            serde_json::from_slice(&client.get("/object/info/b/kept.txt").await.body).expect("JSON");
        assert_eq!(info, id);
    }
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("a folder").count()
}

#[tokio::test]
async fn what_is_refused_or_overwritten_leaves_no_bytes_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let server =
        Server::builder().folder(folder.path()).file_size_limit(1_000).start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    assert_eq!(client.upload("b/a.txt", b"one").await.status, 200);
    assert_eq!(code(&client.upload("b/a.txt", b"two").await), "KeyAlreadyExists");
    // Without a length in advance, as a stream has none, too much is noticed on the way.
    let form = |size: usize| {
        let file = "x".repeat(size);
        format!("--B\r\nContent-Disposition: form-data; name=\"\"; filename=\"f\"\r\n\r\n{file}\r\n--B--\r\n")
    };
    let kind = [("content-type", "multipart/form-data; boundary=B")];
    let answer = client.send("POST", "/object/b/big.txt", &kind, form(1_001).as_bytes()).await;
    assert_eq!(code(&answer), "EntityTooLarge");
    let answer = client.send("PUT", "/object/b/a.txt", &kind, form(1_000).as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // An upload that breaks.
    let mut connection = TcpStream::connect(server.address()).expect("a connection");
    let key = server.service_role_key();
    let head = format!(
        "POST /object/b/c.txt HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 100\r\n\r\nabc"
    );
    connection.write_all(head.as_bytes()).expect("sent");
    drop(connection);
    let mut left = usize::MAX;
    for _ in 0..10_000 {
        left = files(&folder.path().join("incoming"));
        if left == 0 {
            break;
        }
        client.get("/status").await;
    }
    assert_eq!((files(&folder.path().join("objects")), left), (1, 0));
    assert_eq!(code(&client.get("/object/b/c.txt").await), "NoSuchKey");
}

#[tokio::test]
async fn of_many_uploads_to_one_key_one_is_the_first() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    let uploads = (0..20).map(|number: usize| {
        let client = &client;
        async move { (number, client.upload("b/a.txt", number.to_string().as_bytes()).await.status) }
    });
    let answers = futures_util::future::join_all(uploads).await;
    let won: Vec<_> = answers.iter().filter(|(_, status)| *status == 200).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert_eq!(client.get("/object/b/a.txt").await.text(), won[0].0.to_string());
}

/// A resumable upload of `length` bytes to `b/up.bin`.
async fn create(client: &Client<'_>, length: usize) -> String {
    let metadata = "bucketName Yg==,objectName dXAuYmlu,contentType dGV4dC9wbGFpbg==";
    let length = length.to_string();
    let headers =
        [("tus-resumable", "1.0.0"), ("upload-length", length.as_str()), ("upload-metadata", metadata)];
    let answer = client.send("POST", "/upload/resumable", &headers, b"").await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let location = answer.header("location").expect("a location").to_owned();
    location.strip_prefix(&client.server.storage_url()).expect("at this server").to_owned()
}

async fn offset(client: &Client<'_>, path: &str) -> usize {
    let answer = client.send("HEAD", path, &[("tus-resumable", "1.0.0")], b"").await;
    assert_eq!(answer.status, 200);
    answer.header("upload-offset").and_then(|offset| offset.parse().ok()).expect("an offset")
}

/// Begins a `PATCH` that announces all bytes and sends some of them.
fn begin(client: &Client<'_>, path: &str, from: usize, bytes: &[u8], announced: usize) -> TcpStream {
    let mut connection = TcpStream::connect(client.server.address()).expect("a connection");
    let key = client.server.service_role_key();
    let head = format!(
        "PATCH /storage/v1{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ntus-resumable: 1.0.0\r\n\
         content-type: application/offset+octet-stream\r\nupload-offset: {from}\r\ncontent-length: {announced}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).expect("sent");
    connection.write_all(bytes).expect("sent");
    connection
}

/// Sends what is missing, as a client does: it asks for the offset, and asks again after a conflict.
async fn finish(client: &Client<'_>, path: &str, bytes: &[u8]) {
    for _ in 0..100 {
        let from = offset(client, path).await;
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("content-type", "application/offset+octet-stream"),
            ("upload-offset", &from.to_string()),
        ];
        let answer = client.send("PATCH", path, &headers, &bytes[from..]).await;
        if answer.status == 204 {
            assert_eq!(answer.header("tus-complete"), Some("1"));
            return;
        }
        assert_eq!((answer.status, answer.text().as_str()), (409, "Upload-Offset conflict\n"));
    }
    panic!("a conflict without end");
}

#[tokio::test]
async fn a_resumable_upload_goes_on_wherever_it_broke() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    let bytes: Vec<u8> = (0..10_000_u32).map(|number| (number % 251) as u8).collect();
    let path = create(&client, bytes.len()).await;
    let mut halfway = 0;
    for step in [1, 7, 100, 500, 1, 1_000, 3_000] {
        let from = offset(&client, &path).await;
        let connection = begin(&client, &path, from, &bytes[from..from + step], bytes.len() - from);
        // The server has other things to do, and time to read.
        for _ in 0..20 {
            client.get("/status").await;
        }
        drop(connection);
        // It learns of the end in its own time; nothing goes back, and nothing is there that was not sent.
        let now = offset(&client, &path).await;
        assert!((from..=from + step).contains(&now), "{now} after {from} and {step}");
        halfway += usize::from(now > from);
    }
    assert!(halfway > 0, "no part came anywhere");
    finish(&client, &path, &bytes).await;
    assert_eq!(client.get("/object/b/up.bin").await.body, bytes);
}

#[tokio::test]
async fn a_request_that_hangs_makes_room_for_the_next_one() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    let path = create(&client, 10).await;
    let hanging = begin(&client, &path, 0, b"012", 10);
    finish(&client, &path, b"0123456789").await;
    assert_eq!(client.get("/object/b/up.bin").await.body, b"0123456789");
    drop(hanging);
}

#[tokio::test]
async fn more_than_was_announced_is_too_much() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    let path = create(&client, 3).await;
    let headers = [
        ("tus-resumable", "1.0.0"),
        ("content-type", "application/offset+octet-stream"),
        ("upload-offset", "0"),
    ];
    let answer = client.send("PATCH", &path, &headers, b"0123").await;
    assert_eq!((answer.status, answer.text().as_str()), (413, "upload's size exceeded\n"));
    assert_eq!(offset(&client, &path).await, 0);
    assert_eq!(client.send("PATCH", &path, &headers, b"012").await.status, 204);
}

#[tokio::test]
async fn the_service_answers_without_a_socket() {
    let service = Server::builder().service().expect("a service");
    let request = http::Request::post("/bucket")
        .header("apikey", service.secret_key())
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(r#"{"name":"b"}"#)))
        .expect("a request");
    let answer = service.answer(request).await;
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(body, r#"{"name":"b"}"#);
}

#[tokio::test]
async fn connections_are_kept_alive() {
    let server = Server::start().await.expect("a server");
    let address = server.address();
    let answers = tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).expect("a connection");
        connection.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
        let get = "GET /storage/v1/status HTTP/1.1\r\nhost: x\r\n\r\n";
        connection.write_all(get.repeat(2).as_bytes()).expect("sent");
        connection
            .write_all(get.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n").as_bytes())
            .expect("sent");
        let mut text = String::new();
        connection.read_to_string(&mut text).expect("answers");
        text
    });
    let answers = answers.await.expect("a thread");
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_the_body() {
    let server = Server::start().await.expect("a server");
    let (address, key) = (server.address(), server.service_role_key());
    let text = tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).expect("a connection");
        connection.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
        let head = format!(
            "POST /object/nope/a.txt HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 9\r\n\r\nabc"
        );
        connection.write_all(head.as_bytes()).expect("sent");
        let mut first = vec![0; 1_024];
        let length = connection.read(&mut first).expect("an answer");
        first.truncate(length);
        // The rest of the body, and another request on the same connection.
        connection
            .write_all(b"defghiGET /status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .expect("sent");
        connection.read_to_end(&mut first).expect("the other answer");
        String::from_utf8(first).expect("text")
    });
    let text = text.await.expect("a thread");
    assert!(text.contains("NoSuchBucket") && text.contains("HTTP/1.1 200 OK"), "{text}");
}

#[tokio::test]
async fn copies_and_moves_of_what_is_overwritten_meanwhile_are_whole() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    let texts = ["a".repeat(1_000), "b".repeat(2_000)];
    client.upload("b/source", texts[0].as_bytes()).await;
    for round in 0..20 {
        let to = format!("{}/{round}", ["copied", "moved"][round % 2]);
        let action = ["/object/copy", "/object/move"][round % 2];
        let body = json!({ "bucketId": "b", "sourceKey": "source", "destinationKey": to });
        let overwrite = async {
            for number in 0..4 {
                let answer = client.send("PUT", "/object/b/source", &[], texts[number % 2].as_bytes()).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
            }
        };
        let (answer, ()) = tokio::join!(client.json("POST", action, body), overwrite);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let there = client.get(&format!("/object/b/{to}")).await;
        assert!(texts.contains(&there.text()), "{} bytes", there.body.len());
        let info: Value =
            serde_json::from_slice(&client.get(&format!("/object/info/b/{to}")).await.body).expect("JSON");
        assert_eq!(info["size"], there.body.len());
    }
}

/// Sends a request on a connection of its own, and reads what comes until it ends.
async fn raw(server: &Server, head: &str, body: &[u8]) -> Vec<u8> {
    let (address, key) = (server.address(), server.service_role_key());
    let length = body.len();
    let head =
        format!("{head} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {length}\r\n");
    let tus = "tus-resumable: 1.0.0\r\ncontent-type: application/offset+octet-stream\r\nupload-offset: 0\r\n";
    let mut request = format!("{head}{tus}connection: close\r\n\r\n").into_bytes();
    request.extend_from_slice(body);
    let answer = tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).expect("a connection");
        connection.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
        let _ = connection.write_all(&request);
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer);
        answer
    });
    answer.await.expect("a thread")
}

#[tokio::test]
async fn faults_meet_the_requests_they_fit() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    server.inject(Fault::answer(503, "SlowDown").on("GET"));
    server.inject(Fault::lose_answer());
    // The first one passes, the second one does not; what it asked for is done all the same.
    assert_eq!(raw(&server, "POST /object/b/a.txt", b"0123456789").await, b"");
    assert_eq!(server.faults_left(), 1);
    let answer = client.get("/object/b/a.txt").await;
    assert_eq!((answer.status, code(&answer).as_str()), (503, "SlowDown"));
    assert_eq!(client.get("/object/b/a.txt").await.body, b"0123456789");
    assert_eq!(server.faults_left(), 0);
}

#[tokio::test]
async fn transfers_break_after_every_byte() {
    let server = Server::start().await.expect("a server");
    let client = Client::service(&server);
    client.bucket("b").await;
    client.upload("b/a.txt", b"0123456789").await;
    for bytes in 0..=10 {
        server.inject(Fault::break_download(bytes));
        let answer = raw(&server, "GET /object/b/a.txt", b"").await;
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains("content-length: 10"), "{head}");
        assert_eq!(body, &"0123456789"[..usize::try_from(bytes).expect("few")]);

        server.inject(Fault::break_upload(bytes));
        assert_eq!(raw(&server, "POST /object/b/never.txt", b"0123456789").await, b"");
        assert_eq!(code(&client.get("/object/b/never.txt").await), "NoSuchKey");

        let path = create(&client, 11).await;
        server.inject(Fault::break_upload(bytes).on("PATCH"));
        assert_eq!(raw(&server, &format!("PATCH /storage/v1{path}"), b"0123456789").await, b"");
        assert_eq!(offset(&client, &path).await as u64, bytes);
    }
    // What is shorter comes through.
    server.inject(Fault::break_download(11));
    assert_eq!(client.get("/object/b/a.txt").await.body, b"0123456789");
    server.inject(Fault::break_upload(0));
    assert_eq!(client.get("/object/b/a.txt").await.body, b"0123456789");
}

#[tokio::test]
async fn a_request_that_is_never_answered_ends_with_the_server() {
    let server = Server::start().await.expect("a server");
    server.inject(Fault::hang());
    let address = server.address();
    let asked = tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).expect("a connection");
        connection.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
        connection.write_all(b"GET /status HTTP/1.1\r\nhost: x\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        (connection.read_to_end(&mut answer).is_ok(), answer)
    });
    while server.faults_left() > 0 {
        tokio::task::yield_now().await;
    }
    drop(server);
    assert_eq!(asked.await.expect("a thread"), (true, Vec::new()));
}
