//! What happens when the network, the server, the disk or the caller fails.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use storage_rs::{Body, Client, Code, ErrorKind};
use supabase_mock::http::{Answer, Request, Server};

const KEY: &str = "sb_secret_this-must-never-be-seen";
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.this-must-never-be-seen";

fn client(server: &Server) -> Client {
    builder(&server.url()).build().unwrap()
}

fn builder(url: &str) -> storage_rs::ClientBuilder {
    Client::builder(url, KEY)
        .http_client(supabase_testing::http::client())
        .retry_pauses(Duration::from_millis(1), Duration::from_millis(5))
}

const CONTENT: &[u8] = b"0123456789abcdefghij";

fn whole() -> Answer {
    Answer::new(200).header("etag", "\"1\"").header("content-type", "text/plain").body(CONTENT)
}

fn part(tag: &str, first: usize, last: usize) -> Answer {
    Answer::new(206)
        .header("etag", tag)
        .header("content-range", format!("bytes {first}-{last}/{}", CONTENT.len()))
        .body(&CONTENT[first..=last])
}

fn ranges(server: &Server) -> Vec<Option<String>> {
    server.requests().iter().map(|request| request.header("range").map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_download_goes_on_where_the_connection_broke() {
    let server = Server::start([
        whole().cut_after(3),
        part("\"1\"", 3, 19).cut_after(4),
        Answer::close(),
        part("\"1\"", 7, 19),
    ])
    .unwrap();
    assert_eq!(client(&server).from("b").download("a").await.unwrap(), CONTENT);
    assert_eq!(
        ranges(&server),
        [None, Some("bytes=3-19".into()), Some("bytes=7-19".into()), Some("bytes=7-19".into())]
    );
}

#[tokio::test]
async fn the_limit_holds_for_one_piece_of_no_known_length() {
    for (limit, is_ok) in [(9, false), (10, true)] {
        let server = Server::start([Answer::new(200).body(&CONTENT[..10]).chunked()]).unwrap();
        let downloaded = client(&server).from("b").download("a").max_body(limit).await;
        match downloaded {
            Ok(content) => assert!(is_ok && content == CONTENT[..10], "{limit}"),
            Err(error) => assert!(!is_ok && error.kind() == ErrorKind::TooLarge, "{limit}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_range_goes_on_within_a_whole_object() {
    // The server no longer knows ranges: what lies before and behind is passed over.
    let all = whole().stall_after(15, Duration::from_secs(10));
    let server = Server::start([part("\"1\"", 5, 14).cut_after(2), all]).unwrap();
    assert_eq!(client(&server).from("b").download("a").range(5..15).await.unwrap(), &CONTENT[5..15]);
    let server = Server::start([part("\"1\"", 5, 14).cut_after(2), whole()]).unwrap();
    assert_eq!(client(&server).from("b").download("a").range(5..15).await.unwrap(), &CONTENT[5..15]);
}

#[tokio::test]
async fn a_range_goes_on_within_itself() {
    let server = Server::start([part("\"1\"", 5, 14).cut_after(2), part("\"1\"", 7, 14)]).unwrap();
    assert_eq!(client(&server).from("b").download("a").range(5..15).await.unwrap(), &CONTENT[5..15]);
    assert_eq!(ranges(&server), [Some("bytes=5-14".into()), Some("bytes=7-14".into())]);
}

#[tokio::test]
async fn a_download_that_stands_still_is_taken_up_again() {
    let server =
        Server::start([whole().stall_after(3, Duration::from_secs(60)), part("\"1\"", 3, 19)]).unwrap();
    let download = client(&server).from("b").download("a").timeout(Duration::from_secs(2));
    assert_eq!(download.await.unwrap(), CONTENT);
}

#[tokio::test]
async fn an_object_that_was_replaced_meanwhile_is_an_error_and_no_mixture() {
    let shorter =
        r#"{"statusCode":"416","error":"invalid_range","message":"invalid range","code":"InvalidRange"}"#;
    for second in [
        part("\"2\"", 3, 19),
        Answer::new(200).header("etag", "\"2\"").body(CONTENT),
        Answer::new(206).header("content-range", "bytes 3-19/20").body(&CONTENT[3..]),
        Answer::json(416, shorter),
    ] {
        let server = Server::start([whole().cut_after(3), second]).unwrap();
        let error = client(&server).from("b").download("a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Changed, "{error:?}");
    }
}

#[tokio::test]
async fn without_a_tag_nothing_is_put_together() {
    for headers in [vec![], vec![("etag", "W/\"1\"")]] {
        let mut answer = Answer::new(200).body(CONTENT).cut_after(3);
        for (name, value) in headers {
            answer = answer.header(name, value);
        }
        let server = Server::start([answer, part("\"1\"", 3, 19)]).unwrap();
        let error = client(&server).from("b").download("a").await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Interrupted, true), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_knows_no_ranges_sends_everything_again() {
    let server = Server::start([whole().cut_after(3), whole()]).unwrap();
    assert_eq!(client(&server).from("b").download("a").await.unwrap(), CONTENT);
    let server = Server::start([whole(), whole()]).unwrap();
    let error = client(&server).from("b").download("a").range(5..10).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "a range that was asked for is not cut out here");
}

#[tokio::test]
async fn a_download_that_never_gets_any_further_ends() {
    let server = Server::answering(|request: &Request| match request.header("range") {
        None => whole().cut_after(3),
        Some(_) => part("\"1\"", 3, 19).cut_after(0),
    })
    .unwrap();
    let error = client(&server).from("b").download("a").max_retries(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(server.requests().len(), 3);
    // One that gets further with each try may take many.
    let server = Server::answering(|request: &Request| match request.header("range") {
        None => whole().cut_after(1),
        Some(range) => {
            let first = range.trim_start_matches("bytes=").split('-').next().unwrap().parse().unwrap();
            part("\"1\"", first, 19).cut_after(1)
        }
    })
    .unwrap();
    assert_eq!(client(&server).from("b").download("a").max_retries(1).await.unwrap(), CONTENT);
    assert_eq!(server.requests().len(), CONTENT.len());
    let server = Server::start([whole().cut_after(3), part("\"1\"", 3, 19)]).unwrap();
    let error = client(&server).from("b").download("a").max_retries(0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "never, if that was said");
}

#[tokio::test]
async fn more_bytes_or_others_than_announced_are_an_error() {
    let too_many =
        Answer::new(206).header("etag", "\"1\"").header("content-range", "bytes 0-4/20").body(CONTENT);
    let others = part("\"1\"", 2, 6);
    let none = Answer::new(206).header("etag", "\"1\"").body(&CONTENT[..5]);
    for answer in [too_many, others, none] {
        let server = Server::start([answer]).unwrap();
        let error = client(&server).from("b").download("a").range(..5).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    }
    // Fewer than the server itself says, although its answer has an end.
    let too_few = || Answer::new(206).header("content-range", "bytes 0-4/20").body(&CONTENT[..3]);
    let server = Server::start([too_few()]).unwrap();
    let error = client(&server).from("b").download("a").range(..5).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Corrupt && error.message().contains("3 of 5"), "{error:?}");
    // On the way through a broken connection.
    let too_many =
        Answer::new(206).header("etag", "\"1\"").header("content-range", "bytes 3-19/20").body([0; 18]);
    let server = Server::start([whole().cut_after(3), too_many]).unwrap();
    let error = client(&server).from("b").download("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn no_half_file_has_the_final_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let broken = || Server::start([whole().cut_after(3)]).unwrap();

    let error = client(&broken()).from("b").download("a").max_retries(0).to_file(&path).await.unwrap_err();
    assert_eq!((error.kind(), files()), (ErrorKind::Interrupted, 0));
    // What stood there before stays.
    std::fs::write(&path, "before").unwrap();
    client(&broken()).from("b").download("a").max_retries(0).to_file(&path).await.unwrap_err();
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), files()), ("before", 1));
    // Nor does one that was given up.
    let stalls = Server::start([whole().stall_after(3, Duration::from_secs(60))]).unwrap();
    let download = client(&stalls).from("b").download("a").to_file(&path);
    assert!(tokio::time::timeout(Duration::from_millis(200), download.into_future()).await.is_err());
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), files()), ("before", 1));

    let server = Server::start([whole()]).unwrap();
    client(&server).from("b").download("a").to_file(&path).await.unwrap();
    assert_eq!((std::fs::read(&path).unwrap().as_slice(), files()), (CONTENT, 1));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_costs_no_download() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start([whole()]).unwrap();
    for path in [folder.path().join("none/a.txt"), folder.path().to_owned()] {
        let error = client(&server).from("b").download("a").to_file(path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File);
        assert!(std::error::Error::source(&error).is_some());
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_file_may_have_the_longest_name_there_is() {
    let folder = tempfile::tempdir().unwrap();
    for length in [230, 240, 255] {
        let path = folder.path().join("a".repeat(length));
        let server = Server::start([whole()]).unwrap();
        client(&server).from("b").download("a").to_file(&path).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), CONTENT);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_link_points_to_is_written_and_nothing_but_files() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("below")).unwrap();
    std::fs::write(at("below/file"), "before").unwrap();
    symlink("below/file", at("link")).unwrap();
    symlink(at("link"), at("link-to-link")).unwrap();
    symlink("below/new", at("dangling")).unwrap();
    for (name, file) in [("link", "below/file"), ("link-to-link", "below/file"), ("dangling", "below/new")] {
        std::fs::write(at("below/file"), "before").unwrap();
        let server = Server::start([whole()]).unwrap();
        client(&server).from("b").download("a").to_file(at(name)).await.unwrap();
        assert!(at(name).is_symlink(), "{name}");
        assert_eq!(std::fs::read(at(file)).unwrap(), CONTENT, "{name}");
    }
    assert_eq!(std::fs::read_dir(at("below")).unwrap().count(), 2);

    symlink("round", at("round")).unwrap();
    symlink("/dev/null", at("null")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let server = Server::start([whole()]).unwrap();
    for name in ["round", "null", "socket", "below"] {
        let error = client(&server).from("b").download("a").to_file(at(name)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File, "{name}");
    }
    assert!(at("null").is_symlink() && !at("socket").is_file());
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn ranges_side_by_side_are_of_one_object() {
    const PART: usize = 8 * 1024 * 1024;
    let content: Arc<Vec<u8>> = Arc::new((0..2 * PART + 10).map(|n| (n % 251) as u8).collect());
    let answer = {
        let content = Arc::clone(&content);
        move |request: &Request, tag: &str| {
            let range = request.header("range").unwrap().trim_start_matches("bytes=").to_owned();
            let (first, last) = range.split_once('-').unwrap();
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            let last = last.min(content.len() - 1);
            Answer::new(206)
                .header("etag", tag)
                .header("content-range", format!("bytes {first}-{last}/{}", content.len()))
                .body(&content[first..=last])
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    // The second range breaks off once.
    let broken = Mutex::new(false);
    let server = Server::answering({
        let answer = answer.clone();
        move |request: &Request| {
            let answer = answer(request, "\"1\"");
            let is_second = request.header("range").unwrap().starts_with("bytes=8388608-");
            if is_second && !std::mem::replace(&mut *broken.lock().unwrap(), true) {
                return answer.cut_after(1_000_000);
            }
            answer
        }
    })
    .unwrap();
    let written = client(&server).from("b").download("a").to_file(&path).parallel(3).await.unwrap();
    assert_eq!(written.bytes, content.len() as u64);
    assert!(std::fs::read(&path).unwrap() == *content);
    assert_eq!(server.requests().len(), 4);

    // One of another version is not put among the others.
    let server = Server::answering(move |request: &Request| {
        let is_last = request.header("range").unwrap().starts_with("bytes=16777216-");
        answer(request, if is_last { "\"2\"" } else { "\"1\"" })
    })
    .unwrap();
    let other = folder.path().join("b.bin");
    let error = client(&server).from("b").download("a").to_file(&other).parallel(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert!(!other.exists());
    // Without ranges, all comes at once.
    let server = Server::answering(|_: &Request| whole()).unwrap();
    client(&server).from("b").download("a").to_file(&other).parallel(2).await.unwrap();
    assert_eq!(std::fs::read(&other).unwrap(), CONTENT);
}

/// A part costs memory when it is begun, and not because a server says that there are so many.
#[tokio::test]
async fn the_length_that_a_server_claims_costs_nothing() {
    const FIRST: usize = 8 * 1024 * 1024;
    let server = Server::answering(|request: &Request| {
        let answer = Answer::new(206).header("etag", "\"1\"");
        if request.header("range").unwrap().starts_with("bytes=0-") {
            answer.header("content-range", format!("bytes 0-{}/{}", FIRST - 1, u64::MAX)).body(vec![7; FIRST])
        } else {
            Answer::new(404)
        }
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let error = client(&server).from("b").download("a").to_file(&path).parallel(2).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(404)));
    assert!(!path.exists());
}

/// HTTP allows a server to give less of a range than was asked for, as it says itself.
#[tokio::test]
async fn a_range_that_comes_in_parts_is_put_together() {
    const AT_MOST: u64 = 1024 * 1024;
    let content: Arc<Vec<u8>> = Arc::new((0..9_000_000).map(|n| (n % 251 + 1) as u8).collect());
    let served = Arc::clone(&content);
    let server = Server::answering(move |request: &Request| {
        let total = served.len() as u64;
        let range = request.header("range").unwrap().trim_start_matches("bytes=").to_owned();
        let (first, last) = range.split_once('-').unwrap();
        let (first, last) = match (first.parse(), last.parse::<u64>()) {
            (Ok(first), last) => (first, last.unwrap_or(u64::MAX).min(total - 1)),
            (Err(_), last) => (total - last.unwrap(), total - 1),
        };
        let last = last.min(first + AT_MOST - 1);
        Answer::new(206)
            .header("etag", "\"1\"")
            .header("content-range", format!("bytes {first}-{last}/{total}"))
            .body(&served[first as usize..=last as usize])
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    // No break of the connection: it costs neither a repetition nor a pause.
    let storage = builder(&server.url()).max_retries(0).build().unwrap();
    let download = || storage.from("b").download("a");
    let written = download().to_file(&path).parallel(2).await.unwrap();
    assert_eq!(written.bytes, content.len() as u64);
    assert!(std::fs::read(&path).unwrap() == *content);
    assert_eq!(server.requests().len(), 9);
    assert!(download().range(5..3_000_000).await.unwrap() == content[5..3_000_000]);
    assert!(download().range(8_000_000..).await.unwrap() == content[8_000_000..]);
    assert!(download().last_bytes(3_000_000).await.unwrap() == content[6_000_000..]);
    assert_eq!(download().range(..3_000_000).stream().await.unwrap().content_length(), Some(3_000_000));
}

#[tokio::test]
async fn parts_without_a_tag_are_not_put_together() {
    let untagged = || Answer::new(206).header("content-range", "bytes 0-4/20").body(&CONTENT[..5]);
    let server = Server::start([untagged(), part("\"1\"", 5, 9)]).unwrap();
    let error = client(&server).from("b").download("a").range(..10).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Corrupt && error.message().contains("5 of 10"), "{error:?}");
    // Nor is more taken than the part is said to have.
    let more =
        Answer::new(206).header("etag", "\"1\"").header("content-range", "bytes 0-4/20").body(&CONTENT[..10]);
    let server = Server::start([more]).unwrap();
    let error = client(&server).from("b").download("a").range(..10).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_part_that_nobody_asked_for_is_not_the_whole() {
    for (answer, is_whole) in [
        (part("\"1\"", 0, 2), false),
        (part("\"1\"", 3, 19), false),
        (Answer::new(206).header("content-range", "bytes 0-19/*").body(CONTENT), false),
        (Answer::new(206).body(CONTENT), false),
        (part("\"1\"", 0, 19), true),
    ] {
        let server = Server::start([answer]).unwrap();
        match client(&server).from("b").download("a").await {
            Ok(content) => assert!(is_whole && content == CONTENT),
            Err(error) => assert!(!is_whole && error.kind() == ErrorKind::Corrupt, "{error:?}"),
        }
    }
}

/// A hundred times `0123456789`, compressed.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x33\x30\x34\x32\x36\x31\x35\x33\xb7\xb0\x34\x18\x65\x8d\
    \xb2\x46\x59\xc3\x94\x05\x00\xf1\x8f\x85\x7c\xe8\x03\x00\x00";

/// What is stored compressed comes decompressed: its ranges are those of other bytes.
#[tokio::test]
async fn an_object_that_is_stored_compressed_has_no_ranges() {
    let plain = CONTENT[..10].repeat(100);
    // With HTTP clients that decompress, and that do not.
    for (http, content) in [
        (supabase_testing::http::client(), plain.as_slice()),
        (reqwest::Client::builder().no_proxy().no_gzip().build().unwrap(), GZIP),
    ] {
        let server = Server::answering(|request: &Request| {
            let answer = Answer::new(200).header("etag", "\"1\"").header("content-encoding", "gzip");
            let Some(range) = request.header("range") else { return answer.body(GZIP) };
            let (first, last) = range.trim_start_matches("bytes=").split_once('-').unwrap();
            let (first, last) =
                (first.parse().unwrap(), last.parse().unwrap_or(usize::MAX).min(GZIP.len() - 1));
            Answer::new(206)
                .header("etag", "\"1\"")
                .header("content-encoding", "gzip")
                .header("content-range", format!("bytes {first}-{last}/{}", GZIP.len()))
                .body(&GZIP[first..=last])
        })
        .unwrap();
        let storage = builder(&server.url()).http_client(http).build().unwrap();
        let download = || storage.from("b").download("a");
        assert!(download().await.unwrap() == content);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let written = download().to_file(&path).parallel(3).await.unwrap();
        assert_eq!(written.bytes, content.len() as u64);
        assert!(std::fs::read(&path).unwrap() == content);
        for range in [0..10, 0..GZIP.len() as u64, 5..15, 0..10_000] {
            let error = download().range(range).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
            assert!(error.message().contains("content-encoding"), "{error:?}");
        }
    }
    // What is short, and longer when it is compressed.
    let answer = Answer::new(206)
        .header("etag", "\"1\"")
        .header("content-encoding", "gzip")
        .header("content-range", "bytes 0-2000/2001")
        .body(GZIP);
    let server = Server::start([answer]).unwrap();
    let error = client(&server).from("b").download("a").range(..).await.unwrap_err();
    assert!(error.message().contains("content-encoding"), "{error:?}");
}

/// A dropped stream closes its connection, and so the server stops sending.
#[tokio::test]
async fn a_dropped_download_is_cancelled() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, closed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        read_head(&mut connection);
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n");
        let piece = vec![0; 65536];
        while connection.write_all(&piece).is_ok() {}
        told.send(()).unwrap();
    });
    let storage = builder(&format!("http://{address}")).build().unwrap();
    let mut stream = storage.from("b").download("a").stream().await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    drop(stream);
    tokio::task::spawn_blocking(move || closed.recv_timeout(Duration::from_secs(10))).await.unwrap().unwrap();
}

fn read_head(connection: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).unwrap_or(0) > 0 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Uploads a file that `change` changes once the server has seen the head of the request: it is far larger than what
/// fits between two sockets.
async fn upload_while(change: impl FnOnce(&std::fs::File) + Send + 'static) -> storage_rs::Error {
    const LENGTH: u64 = 256 * 1024 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    // It takes no room on the disk.
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(LENGTH).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let head = read_head(&mut connection);
        assert!(head.contains(&format!("content-length: {LENGTH}\r\n")), "{head}");
        change(&file);
        std::io::copy(&mut connection, &mut std::io::sink()).unwrap_or_default()
    });
    let storage = builder(&format!("http://{address}")).build().unwrap();
    let error = storage.from("b").upload("a.bin", path.as_path()).await.unwrap_err();
    let arrived = tokio::task::spawn_blocking(move || server.join().unwrap()).await.unwrap();
    assert!(arrived < LENGTH, "the server cannot take it for the whole");
    error
}

#[tokio::test]
async fn a_file_that_changes_on_its_way_is_an_error() {
    let shrinks = |file: &std::fs::File| file.set_len(1024 * 1024).unwrap();
    // Of the same length: what arrives would be a mixture.
    let is_rewritten = |file: &std::fs::File| {
        (&*file).write_all(b"other").unwrap();
        file.set_modified(std::time::SystemTime::now() + Duration::from_secs(9)).unwrap();
    };
    for error in [upload_while(shrinks).await, upload_while(is_rewritten).await] {
        assert_eq!(error.kind(), ErrorKind::Content, "{error:?}");
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(source.contains("changed while it was uploaded"), "{error:?}");
    }
    // Its time tells it first, if the system's clock went on since the file was made.
    let error = upload_while(|file| file.set_len(256 * 1024 * 1024 + 1).unwrap()).await;
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let is_told = error.message().contains("longer than") || source.contains("changed while it was uploaded");
    assert!(error.kind() == ErrorKind::Content && is_told, "{error:?}");
}

#[tokio::test]
async fn what_is_announced_as_empty_and_is_not_is_an_error() {
    let server = Server::start([]).unwrap();
    let reader = || Body::reader(std::io::Cursor::new(b"content".to_vec())).with_length(0);
    // The system says that it is empty, and gives more.
    #[cfg(target_os = "linux")]
    let bodies = || [reader(), Body::file("/proc/cpuinfo")];
    #[cfg(not(target_os = "linux"))]
    let bodies = || [reader()];
    let storage = client(&server);
    let objects = storage.from("b");
    for body in bodies() {
        let error = objects.upload("a", body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Content);
        assert!(error.message().contains("longer than the 0 bytes announced"), "{error:?}");
    }
    for body in bodies() {
        let error = objects.upload_resumable("a", body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Content);
        assert!(error.message().contains("longer than the 0 bytes announced"), "{error:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start([]).unwrap();
    for path in [folder.path().join("none.txt"), folder.path().to_owned()] {
        let error = client(&server).from("b").upload("a", path.as_path()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Content);
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn an_upload_is_repeated_only_where_that_is_safe() {
    let uploaded = || Answer::json(200, r#"{"Key":"b/a","Id":"1"}"#);
    let busy = || Answer::json(503, r#"{"message":"busy"}"#);
    // A lost answer may mean that the object was stored: once more would fail, or replace what another one wrote.
    for first in [busy(), Answer::close()] {
        let server = Server::start([first, uploaded()]).unwrap();
        let error = client(&server).from("b").upload("a", "content").await.unwrap_err();
        assert!(!error.is_retryable());
        assert_eq!(server.requests().len(), 1);
    }
    // Where it replaces, it is the same once or twice.
    for first in [busy(), Answer::close()] {
        let server = Server::start([first, uploaded()]).unwrap();
        client(&server).from("b").upload("a", "content").upsert(true).await.unwrap();
        assert_eq!(server.requests()[1].text(), "content");
    }
    let server = Server::start([busy(), uploaded()]).unwrap();
    client(&server).from("b").update("a", "content").await.unwrap();
    // But not what can be read only once.
    let server = Server::start([busy(), uploaded()]).unwrap();
    let once = Body::reader(std::io::Cursor::new(b"content".to_vec()));
    let error = client(&server).from("b").upload("a", once).upsert(true).await.unwrap_err();
    assert_eq!((error.status(), server.requests().len()), (Some(503), 1));
}

/// A refusal that comes while the content is being sent is read, and not lost in the broken connection.
#[tokio::test]
async fn a_refusal_amid_the_upload_is_read() {
    let error =
        r#"{"statusCode":"413","error":"Payload too large","message":"too large","code":"EntityTooLarge"}"#;
    let server = Server::start([Answer::json(400, error).read_only(1000)]).unwrap();
    let content = vec![7; 300_000];
    let error = client(&server).from("b").upload("a", content).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::EntityTooLarge), "{error:?}");
}

#[tokio::test]
async fn an_upload_that_stands_still_times_out() {
    let server = Server::start([Answer::json(200, "{}").stall_after(0, Duration::from_secs(60))]).unwrap();
    let upload = client(&server).from("b").upload("a", "content").timeout(Duration::from_millis(100));
    let error = upload.await.unwrap_err();
    assert!(error.is_timeout() && !error.is_retryable(), "{error:?}");
}

/// Signed URLs hold tokens: neither they, nor keys, nor content, nor what is attached are ever printed.
#[tokio::test]
async fn nothing_secret_is_traced_or_printed() {
    let (subscriber, traced) = supabase_testing::logs::watch();
    let guard = tracing::subscriber::set_default(subscriber);
    let mut printed = String::new();
    let print = |printed: &mut String, thing: &dyn std::fmt::Debug| {
        printed.push_str(&format!("{thing:?}\n{thing:#?}\n"));
    };

    let signed = r#"{"signedURL":"/object/sign/b/a?token=token-that-must-not-be-seen"}"#;
    let upload = r#"{"url":"/object/upload/sign/b/a?token=token-that-must-not-be-seen","token":"token-that-must-not-be-seen"}"#;
    let refusal = r#"{"statusCode":"400","message":"no","code":"InvalidSignature"}"#;
    let server = Server::start([
        Answer::json(200, signed),
        Answer::json(200, upload),
        Answer::json(400, refusal),
        Answer::close(),
        Answer::new(307).header("location", "http://other.test/?token=token-that-must-not-be-seen"),
        Answer::json(200, "not JSON: token-that-must-not-be-seen"),
    ])
    .unwrap();
    let storage = builder(&server.url()).access_token(TOKEN).max_retries(0).build().unwrap();
    print(&mut printed, &storage);
    let objects = storage.from("b");
    let minute = Duration::from_secs(60);
    print(&mut printed, &objects.create_signed_url("a", minute).await.unwrap());
    let signed = objects.create_signed_upload_url("a").await.unwrap();
    print(&mut printed, &signed);
    for _ in 0..4 {
        let upload = objects
            .upload_to_signed_url("a", signed.token.clone(), "content that must not be seen")
            .metadata(serde_json::json!({ "note": "attached that must not be seen" }));
        print(&mut printed, &upload);
        let error = upload.await.unwrap_err();
        print(&mut printed, &error);
        printed.push_str(&error.to_string());
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            printed.push_str(&format!("{inner} {inner:?}"));
            source = inner.source();
        }
    }
    drop(guard);
    let secrets = ["must-never-be-seen", "must-not-be-seen", "must not be seen"];
    for secret in secrets {
        assert!(!printed.contains(secret), "{printed}");
    }
    traced.assert_without(&secrets);
}

#[tokio::test]
async fn a_stream_of_pages_ends_with_its_first_error() {
    let page = r#"{"hasNext":true,"nextCursor":"2","folders":[],"objects":[{"name":"a"}]}"#;
    let refusal = r#"{"statusCode":"400","message":"no","code":"InvalidParameter"}"#;
    let server = Server::start([Answer::json(200, page), Answer::json(400, refusal)]).unwrap();
    let entries: Vec<_> = client(&server).from("b").list_v2().stream().collect().await;
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].as_ref().unwrap_err().code(), Some(&Code::InvalidParameter));
    // More is said to follow, from the same place or from none: what came is not the whole.
    let nowhere = r#"{"hasNext":true,"folders":[],"objects":[{"name":"a"}]}"#;
    for (page, pages) in [(page, 2), (nowhere, 1)] {
        let server = Server::answering(move |_: &Request| Answer::json(200, page)).unwrap();
        let entries: Vec<_> = client(&server).from("b").list_v2().stream().collect().await;
        assert_eq!((entries.len(), server.requests().len()), (pages + 1, pages));
        let error = entries.last().unwrap().as_ref().unwrap_err();
        assert!(error.kind() == ErrorKind::Decode && error.message().contains("more entries"), "{error:?}");
    }
    let page = r#"{"vectors":[{"key":"a"}],"nextToken":"2"}"#;
    let server = Server::answering(move |_: &Request| Answer::json(200, page)).unwrap();
    let index = client(&server).vectors().from("b").index("i");
    let vectors: Vec<_> = index.scan(1, |list| list).collect().await;
    assert_eq!((vectors.len(), server.requests().len()), (3, 2));
    assert_eq!(vectors.last().unwrap().as_ref().unwrap_err().kind(), ErrorKind::Decode);
}
