//! Resumable uploads against a server that does what it wants: either the object arrives byte for byte, or the error says
//! exactly why it does not.

#[path = "resumable/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use server::{Act, Asked, Server, State, id_of};
use storage_rs::{Body, Client, Code, ErrorKind, FileUploads, MemoryUploads, Resumable, ResumableUpload};
use supabase_testing::{http, logs};

const CHUNK: u64 = 16;
/// Three chunks and a half.
const LENGTH: u64 = 56;

const KEY: &str = "sb_publishable_0123456789abcdefghijkl_01234567";

fn content() -> Vec<u8> {
    (0..LENGTH).map(|byte| (byte * 7 + 1) as u8).collect()
}

fn client(server: &Server) -> Client {
    Client::builder(server.url(), KEY)
        .http_client(http::client())
        .retry_pauses(Duration::ZERO, Duration::ZERO)
        .build()
        .unwrap()
}

/// An upload of small chunks to `films/1.bin`.
fn upload(server: &Server, body: impl Into<Body>) -> ResumableUpload {
    client(server).from("films").upload_resumable("1.bin", body).chunk_size(CHUNK)
}

/// What the one object is.
fn arrived(server: &Server) -> Option<Vec<u8>> {
    let state = server.state();
    assert!(state.objects.len() < 2, "one object was uploaded");
    state.objects.values().next().cloned()
}

fn proper(_: &Asked, _: &mut State) -> Act {
    Act::Proper
}

/// Does something with the requests of one method that have these numbers.
fn at(
    method: &'static str,
    numbers: impl IntoIterator<Item = usize>,
    act: Act,
) -> impl Fn(&Asked, &mut State) -> Act + Send + Sync + 'static {
    let numbers: BTreeSet<_> = numbers.into_iter().collect();
    move |asked, _| match asked.method == method && numbers.contains(&asked.before) {
        true => act.clone(),
        false => Act::Proper,
    }
}

/// A file that is gone when this is.
fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

/// The files of a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The content as each kind of body.
fn bodies(file: &tempfile::NamedTempFile) -> Vec<(&'static str, Body)> {
    let pieces: Vec<_> = content().chunks(5).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let stream = |pieces: &Vec<Result<Vec<u8>, std::io::Error>>| {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok::<_, std::io::Error>(piece.as_ref().unwrap().clone())).collect();
        Body::stream(futures_util::stream::iter(pieces))
    };
    vec![
        ("bytes", content().into()),
        ("file", file.path().into()),
        ("reader", Body::reader(std::io::Cursor::new(content()))),
        ("stream", stream(&pieces)),
        ("stream with its length", stream(&pieces).with_length(LENGTH)),
    ]
}

/// The lengths of chunks and their neighbours.
fn borders() -> BTreeSet<u64> {
    let borders = (0..=LENGTH / CHUNK).map(|chunk| chunk * CHUNK).chain([LENGTH]);
    borders
        .flat_map(|border| [border.saturating_sub(1), border, border + 1])
        .filter(|k| *k <= LENGTH)
        .collect()
}

#[tokio::test]
async fn every_kind_of_body_arrives_in_chunks() {
    let file = file(&content());
    for (kind, body) in bodies(&file) {
        let server = Server::start(proper).await;
        let uploaded = upload(&server, body).await.unwrap();
        assert_eq!((uploaded.full_path.as_str(), uploaded.path()), ("films/1.bin", "1.bin"));
        assert_eq!(arrived(&server), Some(content()), "{kind}");
        assert_eq!(server.methods(), ["POST", "PATCH", "PATCH", "PATCH", "PATCH"], "{kind}");
        let offsets: Vec<_> = server
            .state()
            .log
            .iter()
            .filter_map(|asked| asked.header("upload-offset").map(str::to_owned))
            .collect();
        assert_eq!(offsets, ["0", "16", "32", "48"], "{kind}");
    }
}

#[tokio::test]
async fn a_length_that_nobody_knows_is_told_with_the_last_chunk() {
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK] {
        let server = Server::start(proper).await;
        let bytes = content()[..length as usize].to_vec();
        upload(&server, Body::reader(std::io::Cursor::new(bytes.clone()))).await.unwrap();
        assert_eq!(arrived(&server), Some(bytes), "{length}");
        let state = server.state();
        let deferred = state.log[0].header("upload-defer-length").is_some();
        assert_eq!(deferred, length > CHUNK, "{length}");
        assert_eq!(state.log[0].header("upload-length").is_some(), !deferred);
        if deferred {
            let told: Vec<_> =
                state.log[1..].iter().filter_map(|asked| asked.header("upload-length")).collect();
            assert_eq!(told, [length.to_string()]);
        }
    }
}

#[tokio::test]
async fn what_is_said_of_the_object_is_written_as_the_service_reads_it() {
    let server = Server::start(proper).await;
    upload(&server, content())
        .content_type("film/x")
        .cache_control(Duration::from_secs(60))
        .metadata(serde_json::json!({ "a": "ü" }))
        .upsert(true)
        .header("x-robots-tag", "noindex")
        .await
        .unwrap();
    let state = server.state();
    assert_eq!(
        state.log[0].header("upload-metadata"),
        Some(
            "bucketName ZmlsbXM=,objectName MS5iaW4=,contentType ZmlsbS94,cacheControl NjA=,metadata eyJhIjoiw7wifQ=="
        )
    );
    for asked in &state.log {
        // The service looks at it again with each chunk.
        assert_eq!(asked.header("x-upsert"), Some("true"), "{}", asked.method);
        assert_eq!(asked.header("tus-resumable"), Some("1.0.0"), "{}", asked.method);
        assert_eq!(asked.header("x-robots-tag"), Some("noindex"), "{}", asked.method);
        assert_eq!(asked.header("apikey"), Some(KEY), "{}", asked.method);
    }
    // Whatever host the service names: everything goes to where the client was built for.
    assert_eq!(state.log[1].path, format!("/storage/v1/upload/resumable/{}", id_of(1)));
    assert_eq!(state.log[1].header("content-type"), Some("application/offset+octet-stream"));
}

#[tokio::test]
async fn what_is_said_of_the_object_by_a_header_is_no_header_of_a_chunk() {
    let server = Server::start(proper).await;
    let upload =
        upload(&server, content()).header("content-type", "film/x").header("content-encoding", "gzip");
    upload.header("cache-control", "max-age=60").await.unwrap();
    let state = server.state();
    let said = state.log[0].header("upload-metadata").unwrap();
    assert!(said.ends_with(",contentType ZmlsbS94,cacheControl NjA=,contentEncoding Z3ppcA=="), "{said}");
    for asked in &state.log[1..] {
        assert_eq!(asked.header("content-type"), Some("application/offset+octet-stream"));
        assert_eq!((asked.header("cache-control"), asked.header("content-encoding")), (None, None));
    }
}

/// The connection breaks once, after so many bytes in all.
fn break_once(k: u64) -> impl Fn(&Asked, &mut State) -> Act + Send + Sync + 'static {
    let is_broken = Mutex::new(false);
    move |asked, _| {
        let mut is_broken = is_broken.lock().unwrap();
        let (Some(offset), Some(length)) = (asked.header("upload-offset"), asked.header("content-length"))
        else {
            return Act::Proper;
        };
        let (offset, length): (u64, u64) = (offset.parse().unwrap(), length.parse().unwrap());
        if *is_broken || k > offset + length {
            return Act::Proper;
        }
        *is_broken = true;
        Act::CutAfter(k - offset)
    }
}

/// The connection breaks whenever so many bytes have come since the last time.
fn break_every(k: u64) -> impl Fn(&Asked, &mut State) -> Act + Send + Sync + 'static {
    let came = AtomicU64::new(0);
    move |asked, _| {
        let Some(length) = asked.header("content-length").filter(|_| asked.method == "PATCH") else {
            return Act::Proper;
        };
        let (length, before): (u64, _) = (length.parse().unwrap(), came.load(Ordering::Relaxed));
        if before + length < k {
            came.store(before + length, Ordering::Relaxed);
            return Act::Proper;
        }
        came.store(0, Ordering::Relaxed);
        Act::CutAfter(k - before)
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_any_byte_around_a_border_loses_nothing() {
    let file = file(&content());
    for k in borders() {
        for (kind, body) in bodies(&file) {
            let server = Server::start(break_once(k)).await;
            upload(&server, body).await.unwrap_or_else(|error| panic!("{k}, {kind}: {error:?}"));
            assert_eq!(arrived(&server), Some(content()), "{k}, {kind}");
            assert_eq!(server.methods().iter().filter(|method| *method == "HEAD").count(), 1, "{k}, {kind}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_again_and_again_loses_nothing() {
    let file = file(&content());
    for k in borders().into_iter().filter(|k| *k > 0) {
        for (kind, body) in bodies(&file) {
            let server = Server::start(break_every(k)).await;
            upload(&server, body).await.unwrap_or_else(|error| panic!("{k}, {kind}: {error:?}"));
            assert_eq!(arrived(&server), Some(content()), "{k}, {kind}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_takes_nothing_at_all_fails_in_the_end() {
    let server = Server::start(break_every(0)).await;
    let error = upload(&server, content()).max_retries(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error:?}");
    assert!(error.is_retryable(), "the same call goes on or begins anew");
    assert_eq!(arrived(&server), None);
    assert_eq!(server.methods(), ["POST", "PATCH", "HEAD", "PATCH", "HEAD", "PATCH"]);
}

#[tokio::test]
async fn a_lost_answer_is_found_out_by_asking() {
    for number in 0..4 {
        let server = Server::start(at("PATCH", [number], Act::Unanswered)).await;
        upload(&server, content()).await.unwrap();
        assert_eq!(arrived(&server), Some(content()), "{number}");
        // Nothing is sent twice: whether the object is there is asked by an empty chunk.
        let state = server.state();
        let patches = state.log.iter().filter(|asked| asked.method == "PATCH");
        let lengths: Vec<_> = patches.map(|asked| asked.header("content-length").unwrap()).collect();
        let all = ["16", "16", "16", "8", "0"];
        assert_eq!(lengths, all[..4 + usize::from(number == 3)], "{number}");
    }
    // The upload whose creation was not answered is left alone.
    let server = Server::start(at("POST", [0], Act::Unanswered)).await;
    upload(&server, content()).await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
}

#[tokio::test]
async fn it_is_done_when_the_object_is_there_and_not_when_the_bytes_are() {
    let file = file(&content());
    // The service has all bytes, and could not make the object of them.
    for (kind, body) in bodies(&file) {
        let server = Server::start(at("PATCH", [3, 4], Act::Unmade(500, "no database"))).await;
        upload(&server, body).await.unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        assert_eq!(arrived(&server), Some(content()), "{kind}");
    }
    // It never can.
    let server = Server::start(at("PATCH", 3..99, Act::Unmade(500, "no database"))).await;
    let error = upload(&server, content()).max_retries(2).await.unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(500), "no database"));
    assert_eq!(arrived(&server), None);

    // It will not, also when it is tried again with what is remembered.
    let store = Arc::new(MemoryUploads::new());
    let server = Server::start(at("PATCH", [3, 4], Act::Unmade(403, "row-level security"))).await;
    let resumable = || upload(&server, file.path()).resume_with(Arc::clone(&store));
    for _ in 0..2 {
        let error = resumable().await.unwrap_err();
        assert_eq!((error.status(), error.code()), (Some(403), Some(&Code::AccessDenied)));
        assert_eq!(arrived(&server), None);
    }
    // The right was granted meanwhile.
    resumable().await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
    assert_eq!(format!("{store:?}"), "MemoryUploads(0)");
}

#[tokio::test]
async fn an_object_that_is_there_already_is_told_from_the_own_one() {
    // The last answer was lost: what is there was made of this very upload, and upserts make it once more.
    for (upsert, gets) in [(false, 1), (true, 0)] {
        let server = Server::start(at("PATCH", [3], Act::Unanswered)).await;
        upload(&server, content()).upsert(upsert).await.unwrap();
        assert_eq!(arrived(&server), Some(content()), "{upsert}");
        let asked: Vec<_> =
            server.state().log.iter().filter(|asked| asked.method == "GET").cloned().collect();
        assert_eq!(asked.len(), gets, "{upsert}");
        assert!(asked.iter().all(|asked| asked.path == "/storage/v1/object/info/films/1.bin"), "{asked:?}");
    }
    // Somebody else's, or one that the caller may not look at.
    for answer in [Act::Proper, Act::Refuse(400, "{}")] {
        let server = Server::start(move |asked: &Asked, state: &mut State| {
            match (asked.method.as_str(), asked.before) {
                ("PATCH", 3) => {
                    let name = state.uploads[&id_of(1)].name.clone();
                    state.objects.insert(name.clone(), b"other".to_vec());
                    state.versions.insert(name, "other".to_owned());
                    Act::Unmade(500, "no database")
                }
                ("GET", _) => answer.clone(),
                _ => Act::Proper,
            }
        })
        .await;
        let error = upload(&server, content()).await.unwrap_err();
        assert_eq!((error.status(), error.code()), (Some(409), Some(&Code::KeyAlreadyExists)), "{error:?}");
        assert_eq!(arrived(&server), Some(b"other".to_vec()));
    }
}

#[tokio::test]
async fn a_reader_of_unknown_length_is_made_an_object_when_it_is_tried_again() {
    let store = Arc::new(MemoryUploads::new());
    let server = Server::start(at("PATCH", [3], Act::Unmade(403, "row-level security"))).await;
    let resumable = |upsert| {
        let body = Body::reader(std::io::Cursor::new(content()));
        let upload = upload(&server, body).max_retries(0).upsert(upsert);
        upload.resume_with(Arc::clone(&store)).fingerprint("1.bin of today")
    };
    assert_eq!(resumable(true).await.unwrap_err().status(), Some(403));
    // The service knows the length since the last chunk, and is not told it again.
    server.state().uploads.values_mut().for_each(|upload| upload.length = Some(LENGTH));
    resumable(true).await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
    assert_eq!(server.methods(), ["POST", "PATCH", "PATCH", "PATCH", "PATCH", "HEAD", "PATCH"]);
}

#[tokio::test]
async fn what_the_service_refuses_for_now_is_tried_again() {
    for (status, text) in [
        (409, "Upload-Offset conflict\n"),
        (423, "The resource is locked\n"),
        (460, "Checksum mismatch\n"),
        (408, ""),
        (429, "slow down"),
        (500, "Something went wrong\n"),
        (502, ""),
        (503, ""),
        (504, ""),
        (520, ""),
    ] {
        for number in 0..4 {
            let server = Server::start(at("PATCH", [number, number + 1], Act::Refuse(status, text))).await;
            let uploaded = upload(&server, content()).await;
            uploaded.unwrap_or_else(|error| panic!("{status}, {number}: {error:?}"));
            assert_eq!(arrived(&server), Some(content()), "{status}, {number}");
        }
        // Before the first chunk, and while it asks.
        if status != 409 {
            let server = Server::start(at("POST", [0, 1], Act::Refuse(status, text))).await;
            upload(&server, content()).await.unwrap_or_else(|error| panic!("{status}: {error:?}"));
        }
        let server =
            Server::start(move |asked: &Asked, _: &mut State| match (asked.method.as_str(), asked.before) {
                ("PATCH", 1) => Act::CutAfter(3),
                ("HEAD", 0 | 1) => Act::Refuse(status, text),
                _ => Act::Proper,
            })
            .await;
        upload(&server, content()).await.unwrap_or_else(|error| panic!("{status}: {error:?}"));
        assert_eq!(arrived(&server), Some(content()), "{status}");
    }
}

#[tokio::test]
async fn what_the_service_refuses_for_good_is_told_as_it_is() {
    for (status, text, code) in [
        (400, "Invalid key: ü.bin", Some(Code::InvalidKey)),
        (400, "Invalid upload-metadata\n", None),
        (403, "new row violates row-level security policy", Some(Code::AccessDenied)),
        (404, "Bucket not found", Some(Code::NoSuchBucket)),
        (409, "The resource already exists", Some(Code::KeyAlreadyExists)),
        (412, "Tus-Resumable Required\n", None),
        (413, "Maximum size exceeded\n", Some(Code::EntityTooLarge)),
        (415, "mime type application/pdf is not supported", Some(Code::InvalidMimeType)),
    ] {
        for method in ["POST", "PATCH"] {
            let server = Server::start(at(method, 0..9, Act::Refuse(status, text))).await;
            let error = upload(&server, content()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Rejected, "{method} {status}");
            assert_eq!(error.status(), Some(status), "{method}");
            assert_eq!(error.code(), code.as_ref(), "{method} {status}");
            assert_eq!(error.message(), text.trim(), "{method} {status}");
            assert!(!error.is_retryable(), "{method} {status}");
            let asked = server.methods().iter().filter(|asked| *asked == method).count();
            assert_eq!(asked, 1, "{method} {status}: it is no use to ask again");
        }
    }
}

#[tokio::test]
async fn what_is_refused_too_often_is_told_as_it_is() {
    for (status, text, code) in [
        (409, "Upload-Offset conflict\n", None),
        (423, "The resource is locked\n", Some(Code::ResourceLocked)),
        (460, "Checksum mismatch\n", None),
        (500, "Something went wrong\n", None),
        (503, "busy", None),
    ] {
        let server = Server::start(at("PATCH", 2..9, Act::Refuse(status, text))).await;
        let error = upload(&server, content()).max_retries(2).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(status)));
        assert_eq!((error.code(), error.message()), (code.as_ref(), text.trim()), "{status}");
        let patches = server.methods().iter().filter(|method| *method == "PATCH").count();
        assert_eq!(patches, 2 + 3, "{status}: two chunks, and three tries of the third");
        assert_eq!(arrived(&server), None);
    }
}

#[tokio::test]
async fn an_upload_that_expires_begins_anew() {
    let file = file(&content());
    for number in 0..4 {
        let server = Server::start(at("PATCH", [number], Act::Expire)).await;
        upload(&server, file.path()).await.unwrap();
        assert_eq!(arrived(&server), Some(content()), "{number}");
        assert_eq!(server.methods().iter().filter(|method| *method == "POST").count(), 2, "{number}");
    }
    // It expires each time.
    let server = Server::start(at("PATCH", 0..99, Act::Expire)).await;
    let error = upload(&server, content()).max_retries(2).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(410), Some(&Code::NoSuchUpload)));
    assert_eq!(server.methods().iter().filter(|method| *method == "POST").count(), 3);

    // What was read once and is gone cannot begin anew.
    let server = Server::start(at("PATCH", [2], Act::Expire)).await;
    let error = upload(&server, Body::reader(std::io::Cursor::new(content()))).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(410), Some(&Code::NoSuchUpload)));
    // In its first chunk, nothing is gone yet.
    let server = Server::start(at("PATCH", [0], Act::Expire)).await;
    upload(&server, Body::reader(std::io::Cursor::new(content()))).await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
}

#[tokio::test]
async fn an_offset_that_cannot_be_true_is_not_believed() {
    let say = |offset: u64| Act::Say(vec![("upload-offset", offset.to_string())]);
    for (script, says) in [
        (at("PATCH", [1], say(33)), "33 bytes, and 32 were sent"),
        (at("PATCH", [3], say(57)), "57 bytes, and 56 were sent"),
        (at("PATCH", [0], say(u64::MAX)), "18446744073709551615 bytes, and 16 were sent"),
    ] {
        let server = Server::start(script).await;
        let error = upload(&server, content()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(error.message().contains(says), "{error}");
        assert!(!error.is_retryable());
    }
    // It says so when it is asked.
    let server =
        Server::start(move |asked: &Asked, _: &mut State| match (asked.method.as_str(), asked.before) {
            ("PATCH", 1) => Act::CutAfter(3),
            ("HEAD", _) => say(33),
            _ => Act::Proper,
        })
        .await;
    let error = upload(&server, content()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(error.message().contains("33 bytes, and 32 were sent"), "{error}");

    // Another length than was announced.
    let server =
        Server::start(move |asked: &Asked, _: &mut State| match (asked.method.as_str(), asked.before) {
            ("PATCH", 1) => Act::CutAfter(3),
            ("HEAD", _) => Act::Say(vec![("upload-length", "99".to_owned())]),
            _ => Act::Proper,
        })
        .await;
    let error = upload(&server, content()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(error.message().contains("99 bytes, and 56 were announced"), "{error}");
}

#[tokio::test]
async fn an_offset_that_is_too_small_leads_to_the_true_one() {
    // It has taken the chunk and says to have less, or says nothing: it is asked, and then the offset is true.
    for value in ["0", "5", "16", ""] {
        let server =
            Server::start(at("PATCH", [1], Act::Say(vec![("upload-offset", value.to_owned())]))).await;
        upload(&server, content()).await.unwrap_or_else(|error| panic!("`{value}`: {error:?}"));
        assert_eq!(arrived(&server), Some(content()), "`{value}`");
    }
    // It never has more than before.
    let server = Server::start(at("PATCH", 0..9, Act::Say(vec![("upload-offset", "0".to_owned())]))).await;
    let error = upload(&server, content()).max_retries(0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(error.message().contains("no more than 0 bytes"), "{error}");
}

#[tokio::test]
async fn what_the_service_lost_is_sent_again_if_it_can_be() {
    let forget = |asked: &Asked, state: &mut State| match (asked.method.as_str(), asked.before) {
        ("PATCH", 2) => {
            state.uploads.values_mut().for_each(|upload| upload.bytes.truncate(5));
            Act::CutAfter(0)
        }
        _ => Act::Proper,
    };
    let server = Server::start(forget).await;
    upload(&server, content()).await.unwrap();
    assert_eq!(arrived(&server), Some(content()));

    let server = Server::start(forget).await;
    let error = upload(&server, Body::reader(std::io::Cursor::new(content()))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(
        error.message().contains("5 bytes, and the content before byte 32 cannot be read again"),
        "{error}"
    );
}

#[tokio::test]
async fn a_creation_that_says_no_place_is_an_error() {
    for location in ["", "https://storage.internal/upload/resumable/"] {
        let server = Server::start(at("POST", [0], Act::Say(vec![("location", location.to_owned())]))).await;
        let error = upload(&server, content()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
        assert!(error.message().contains("did not say where"), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_shrinks_or_grows_on_its_way_does_not_arrive() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 3] = [
        ("shrinks", |path| std::fs::write(path, &content()[..40]).unwrap()),
        ("grows", |path| std::fs::write(path, [content(), content()].concat()).unwrap()),
        ("is another one", |path| {
            std::fs::write(path, content().iter().rev().copied().collect::<Vec<_>>()).unwrap();
            let later = std::time::SystemTime::now() + Duration::from_secs(9);
            std::fs::File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
        }),
    ];
    for (change, make) in changes {
        for number in 0..3 {
            let file = file(&content());
            let path = file.path().to_owned();
            let server = Server::start(move |asked: &Asked, _: &mut State| {
                if asked.method == "PATCH" && asked.before == number {
                    make(&path);
                }
                Act::Proper
            })
            .await;
            let error = upload(&server, file.path()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Content, "{change}, {number}: {error:?}");
            let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            assert!(source.contains("changed while it was uploaded"), "{change}, {number}: {error:?}");
            assert_eq!(arrived(&server), None, "{change}, {number}");
        }
    }
    let server = Server::start(proper).await;
    let error = upload(&server, Path::new("/nowhere/1.bin")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Content);
    assert!(server.methods().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_reader_that_is_not_as_long_as_announced_does_not_arrive() {
    for (announced, says) in
        [(LENGTH + 1, "ended after 56 of 57 bytes"), (LENGTH - 1, "longer than the 55 bytes announced")]
    {
        let server = Server::start(proper).await;
        let body = Body::reader(std::io::Cursor::new(content())).with_length(announced);
        let error = upload(&server, body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Content, "{error:?}");
        assert!(error.message().contains(says), "{error}");
        assert_eq!(arrived(&server), None);
    }
    let server = Server::start(proper).await;
    let pieces = [Ok(content()[..40].to_vec()), Err(std::io::Error::other("the disk is gone"))];
    let error = upload(&server, Body::stream(futures_util::stream::iter(pieces))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Content, "{error:?}");
    assert!(format!("{:?}", std::error::Error::source(&error)).contains("the disk is gone"));
    assert_eq!(arrived(&server), None);
}

#[tokio::test]
async fn what_is_tried_again_goes_on_where_it_was() {
    let file = file(&content());
    let store = Arc::new(MemoryUploads::new());
    let down = |asked: &Asked, _: &mut State| match asked.method == "PATCH" && (2..6).contains(&asked.before)
    {
        true => Act::CutAfter(3),
        false => Act::Proper,
    };
    let server = Server::start(down).await;
    let resumable = || upload(&server, file.path()).max_retries(0).resume_with(Arc::clone(&store));
    assert_eq!(resumable().await.unwrap_err().kind(), ErrorKind::Interrupted);
    while resumable().await.is_err() {}
    assert_eq!(arrived(&server), Some(content()));
    let state = server.state();
    assert_eq!(state.log.iter().filter(|asked| asked.method == "POST").count(), 1);
    let offsets: Vec<_> = state.log.iter().filter_map(|asked| asked.header("upload-offset")).collect();
    assert_eq!(offsets, ["0", "16", "32", "35", "38", "41", "44"], "no byte is sent twice");
    assert_eq!(format!("{store:?}"), "MemoryUploads(0)", "what is done is forgotten");
}

#[tokio::test]
async fn another_content_does_not_go_on_where_the_first_was() {
    let store = Arc::new(MemoryUploads::new());
    let server = Server::start(at("PATCH", [2], Act::CutAfter(3))).await;
    let file = file(&content());
    let resumable = |body: Body| upload(&server, body).max_retries(0).resume_with(Arc::clone(&store));
    resumable(file.path().into()).await.unwrap_err();
    let other: Vec<u8> = content().into_iter().rev().collect();
    std::fs::write(file.path(), &other).unwrap();
    let later = std::time::SystemTime::now() + Duration::from_secs(9);
    std::fs::File::options().write(true).open(file.path()).unwrap().set_modified(later).unwrap();
    resumable(file.path().into()).await.unwrap();
    assert_eq!(arrived(&server), Some(other));

    // Bytes say by themselves which ones they are.
    let error = resumable(content().into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("fingerprint"), "{error}");
}

#[tokio::test]
async fn what_is_said_of_the_object_is_not_that_of_the_first_try() {
    type Say = fn(ResumableUpload) -> ResumableUpload;
    let file = file(&content());
    let others: [Say; 3] = [
        |upload| upload.content_type("film/y"),
        |upload| upload.cache_control(Duration::from_secs(60)),
        |upload| upload.metadata(serde_json::json!({ "a": 2 })),
    ];
    for say in others {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(at("PATCH", [2], Act::CutAfter(3))).await;
        let resumable = || {
            let upload = upload(&server, file.path()).max_retries(0).metadata(serde_json::json!({ "a": 1 }));
            upload.content_type("film/x").resume_with(FileUploads::new(folder.path()))
        };
        resumable().await.unwrap_err();
        say(resumable()).await.unwrap();
        assert_eq!(arrived(&server), Some(content()));
        let state = server.state();
        let said: Vec<_> = state.log.iter().filter_map(|asked| asked.header("upload-metadata")).collect();
        assert_eq!(said.len(), 2, "it began anew");
        assert!(state.objects.contains_key(said[1]), "{said:?}");
        assert!(files(folder.path()).is_empty(), "and leaves nothing behind");
    }
}

#[tokio::test]
async fn a_reader_goes_on_under_its_fingerprint() {
    let store = Arc::new(MemoryUploads::new());
    let server = Server::start(at("PATCH", [2], Act::CutAfter(3))).await;
    let resumable = || {
        let body = Body::reader(std::io::Cursor::new(content()));
        upload(&server, body).max_retries(0).resume_with(Arc::clone(&store)).fingerprint("1.bin of today")
    };
    resumable().await.unwrap_err();
    resumable().await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
    assert_eq!(server.methods().iter().filter(|method| *method == "POST").count(), 1);
}

#[tokio::test]
async fn what_the_service_has_forgotten_meanwhile_begins_anew() {
    let store = Arc::new(MemoryUploads::new());
    let file = file(&content());
    let server = Server::start(at("PATCH", [2], Act::CutAfter(3))).await;
    let resumable = || upload(&server, file.path()).max_retries(0).resume_with(Arc::clone(&store));
    resumable().await.unwrap_err();
    server.state().uploads.clear();
    resumable().await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
}

/// Leaves the third chunk without an answer, and says when it comes.
fn tells_of_third_chunk(
    third: &Arc<tokio::sync::Notify>,
) -> impl Fn(&Asked, &mut State) -> Act + Send + Sync + 'static {
    let third = Arc::clone(third);
    move |asked, _| match (asked.method.as_str(), asked.before) {
        ("PATCH", 2) => {
            third.notify_one();
            Act::Hang
        }
        _ => Act::Proper,
    }
}

#[tokio::test]
async fn a_pause_stops_and_keeps_what_is_there() {
    let third = Arc::new(tokio::sync::Notify::new());
    let server = Server::start(tells_of_third_chunk(&third)).await;
    let upload = upload(&server, content());
    let handle = upload.handle();
    let mut progress = handle.progress();
    let steering = async {
        third.notified().await;
        handle.pause();
        while !progress.next().await.unwrap().is_paused {}
        assert_eq!(handle.now().confirmed, 2 * CHUNK);
        let asked = server.methods().len();
        handle.pause();
        tokio::task::yield_now().await;
        assert_eq!(server.methods().len(), asked, "nothing is sent while it is paused");
        handle.resume();
        let mut last = handle.now();
        while let Some(now) = progress.next().await {
            last = now;
        }
        assert_eq!(
            (last.sent, last.confirmed, last.total, last.is_paused),
            (LENGTH, LENGTH, Some(LENGTH), false)
        );
    };
    let (uploaded, ()) = futures_util::future::join(upload.into_future(), steering).await;
    uploaded.unwrap();
    assert_eq!(arrived(&server), Some(content()));
    let methods = server.methods();
    assert_eq!(methods, ["POST", "PATCH", "PATCH", "PATCH", "HEAD", "PATCH", "PATCH"]);
}

#[tokio::test]
async fn a_cancelled_upload_is_forgotten_by_the_service_too() {
    let store = Arc::new(MemoryUploads::new());
    let server = Server::start(at("PATCH", [1], Act::Hang)).await;
    let upload = upload(&server, content()).resume_with(Arc::clone(&store)).fingerprint("x");
    let handle = upload.handle();
    let mut progress = handle.progress();
    let steering = async {
        while progress.next().await.unwrap().confirmed < CHUNK {}
        handle.cancel();
        // What was cancelled stays so.
        handle.resume();
    };
    let (uploaded, ()) = futures_util::future::join(upload.into_future(), steering).await;
    let error = uploaded.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    assert_eq!(server.methods().last().map(String::as_str), Some("DELETE"));
    assert!(server.state().uploads.is_empty());
    assert_eq!(format!("{store:?}"), "MemoryUploads(0)");

    // The service does not forget it: that is told too.
    let server = Server::start(|asked: &Asked, _: &mut State| match asked.method.as_str() {
        "DELETE" => Act::Refuse(403, "no"),
        _ => Act::Proper,
    })
    .await;
    let upload = self::upload(&server, content());
    let handle = upload.handle();
    let mut progress = handle.progress();
    let steering = async {
        while progress.next().await.unwrap().confirmed < CHUNK {}
        handle.cancel();
    };
    let (uploaded, ()) = futures_util::future::join(upload.into_future(), steering).await;
    let error = uploaded.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.message().contains("keeps what it has"), "{error}");
}

#[tokio::test]
async fn cancelled_or_paused_before_it_begins() {
    let server = Server::start(proper).await;
    let cancelled = upload(&server, content());
    cancelled.handle().cancel();
    assert_eq!(cancelled.await.unwrap_err().kind(), ErrorKind::Cancelled);
    let paused = upload(&server, content());
    paused.handle().pause();
    let error = paused.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.message().contains("nobody is left to resume it"), "{error}");
    assert!(server.methods().is_empty());
}

#[tokio::test]
async fn the_token_is_asked_for_before_each_chunk() {
    let number = Arc::new(AtomicU64::new(0));
    let server = Server::start(proper).await;
    let storage = Client::builder(server.url(), KEY)
        .http_client(http::client())
        .access_token_with(move || {
            let number = number.fetch_add(1, Ordering::Relaxed);
            async move { Ok(Some(format!("header.payload.signature-{number}").into())) }
        })
        .build()
        .unwrap();
    storage.from("films").upload_resumable("1.bin", content()).chunk_size(CHUNK).await.unwrap();
    let tokens: Vec<_> =
        server.state().log.iter().map(|asked| asked.header("authorization").unwrap().to_owned()).collect();
    let expected: Vec<_> = (0..5).map(|number| format!("Bearer header.payload.signature-{number}")).collect();
    assert_eq!(tokens, expected);
}

#[tokio::test]
async fn large_content_is_uploaded_by_parts_where_that_was_said() {
    let file = file(&content());
    for (limit, methods) in [(LENGTH - 1, vec!["POST", "PATCH"]), (LENGTH, vec!["POST"])] {
        let bodies: [Body; 2] = [content().into(), file.path().into()];
        for body in bodies {
            let server =
                Server::start(|asked: &Asked, _: &mut State| match asked.path.contains("/object/") {
                    true => Act::Say(vec![]),
                    false => Act::Proper,
                })
                .await;
            // The answer of this server to an upload in one request is none; what counts is what was asked.
            let _ =
                client(&server).from("films").upload("1.bin", body).resumable(Resumable::Above(limit)).await;
            assert_eq!(server.methods(), methods, "{limit}");
            let is_resumable = server.state().log[0].path.ends_with("/upload/resumable");
            assert_eq!(is_resumable, limit < LENGTH);
        }
    }
    // What replaces an object in one request does so by parts.
    let server = Server::start(proper).await;
    client(&server).from("films").update("1.bin", content()).resumable(Resumable::Above(0)).await.unwrap();
    assert_eq!(server.state().log[0].header("x-upsert"), Some("true"));
}

#[tokio::test]
async fn a_signed_upload_has_its_token_in_a_header_of_its_own() {
    let server = Server::start(proper).await;
    let token = "header.payload.signature-of-the-url";
    let upload = client(&server)
        .from("films")
        .upload_resumable_to_signed_url("1.bin", token, content())
        .chunk_size(CHUNK);
    assert!(!format!("{upload:?}").contains(token));
    upload.await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
    for asked in &server.state().log {
        assert_eq!(asked.header("x-signature"), Some(token));
        assert!(asked.path.starts_with("/storage/v1/upload/resumable/sign"), "{}", asked.path);
        assert!(!asked.path.contains(token));
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_is_sent() {
    let server = Server::start(proper).await;
    let storage = client(&server);
    let films = storage.from("films");
    let metadata = |bytes: usize| serde_json::json!({ "a": "x".repeat(bytes - r#"{"a":""}"#.len()) });
    for (upload, says) in [
        (films.upload_resumable("../1.bin", "x"), "segment `..`"),
        (storage.from("a/b").upload_resumable("1.bin", "x"), "bucket contains `/`"),
        (films.upload_resumable("1.bin", "x").chunk_size(0), "at least one byte"),
        (films.upload_resumable("1.bin", "x").cache_control("no-store"), "must be a time"),
        (films.upload_resumable("1.bin", "x").metadata([1]), "must be a JSON object"),
        (
            films.upload_resumable("1.bin", "x").metadata(metadata(4097)),
            "the metadata has 4097 bytes as JSON",
        ),
        (films.upload_resumable_to_signed_url("1.bin", "a\nb", "x"), "token"),
    ] {
        let error = upload.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
        assert!(error.message().contains(says), "{error}");
    }
    let upload = films.upload("1.bin", "x").metadata(metadata(100_000)).resumable(Resumable::Above(0));
    let error = upload.await.unwrap_err();
    assert!(error.message().contains("the metadata has 100000 bytes as JSON"), "{error}");
    assert!(server.methods().is_empty());
    // What fits comes near to what gateways take of one header, whatever else is said.
    films.upload_resumable("1.bin", "x").metadata(metadata(4096)).await.unwrap();
    assert!(server.state().log[0].header("upload-metadata").unwrap().len() < 6000);
}

#[tokio::test]
async fn files_remember_privately_and_forget_when_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&content());
    let server = Server::start(at("PATCH", [2], Act::CutAfter(3))).await;
    let resumable = || {
        upload(&server, file.path()).max_retries(0).resume_with(FileUploads::new(folder.path().join("deep")))
    };
    resumable().await.unwrap_err();
    let files = files(&folder.path().join("deep"));
    assert_eq!(files.len(), 1, "{files:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.path().join("deep").metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(!text.contains(KEY), "{text}");
}

#[tokio::test]
async fn a_store_that_fails_is_told() {
    let file = file(&content());
    let server = Server::start(proper).await;
    // A file stands where the folder should be.
    let error = upload(&server, file.path()).resume_with(FileUploads::new(file.path())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
    assert!(std::error::Error::source(&error).is_some());

    // What cannot be understood counts as nothing.
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(at("PATCH", [2], Act::CutAfter(3))).await;
    let resumable =
        || upload(&server, file.path()).max_retries(0).resume_with(FileUploads::new(folder.path()));
    resumable().await.unwrap_err();
    let [remembered] = files(folder.path()).try_into().unwrap();
    std::fs::write(remembered, "{").unwrap();
    resumable().await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
    assert!(files(folder.path()).is_empty());
}

#[tokio::test]
async fn nothing_secret_is_logged_or_shown() {
    let (subscriber, traced) = logs::watch();
    let guard = tracing::subscriber::set_default(subscriber);
    let (jwt, signature) = ("header.payload.signature-of-ada", "header.payload.signature-of-the-url");
    let server = Server::start(at("PATCH", [1, 2, 3], Act::Refuse(500, "no"))).await;
    let storage = client(&server).with_access_token(jwt);
    let films = storage.from("films");
    let store = Arc::new(MemoryUploads::new());
    let upload = films
        .upload_resumable_to_signed_url("1.bin", signature, content())
        .chunk_size(CHUNK)
        .resume_with(store)
        .fingerprint("x")
        .max_retries(1);
    let shown = format!("{upload:?} {:?}", upload.handle());
    let error = upload.await.unwrap_err();
    drop(guard);
    for text in [shown, format!("{error:?} {error}")] {
        for secret in [KEY, jwt, signature] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    traced.assert_without(&[KEY, jwt, signature]);
}

/// Where the child of the next test finds what it needs.
const CHILD: [&str; 3] = ["RESUMABLE_URL", "RESUMABLE_FILE", "RESUMABLE_FOLDER"];

#[tokio::test]
async fn a_killed_process_goes_on() {
    if let [Ok(url), Ok(file), Ok(folder)] = CHILD.map(std::env::var) {
        // The child: it never comes to the end of this.
        let storage = Client::builder(url, KEY).http_client(http::client()).build().unwrap();
        let films = storage.from("films");
        let upload = films.upload_resumable("1.bin", PathBuf::from(file)).chunk_size(CHUNK);
        let outcome = upload.resume_with(FileUploads::new(folder)).await;
        panic!("the server answers no third chunk: {outcome:?}");
    }

    let (file, folder) = (file(&content()), tempfile::tempdir().unwrap());
    let third = Arc::new(tokio::sync::Notify::new());
    let server = Server::start(tells_of_third_chunk(&third)).await;
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_killed_process_goes_on"]).kill_on_drop(true);
    child.env(CHILD[0], server.url()).env(CHILD[1], file.path()).env(CHILD[2], folder.path());
    let mut child =
        child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    tokio::select! {
        () = third.notified() => {}
        status = child.wait() => panic!("the child ended by itself: {status:?}"),
    }
    child.kill().await.unwrap();

    assert_eq!(arrived(&server), None);
    let before = server.methods();
    assert_eq!(before, ["POST", "PATCH", "PATCH", "PATCH"]);
    upload(&server, file.path()).resume_with(FileUploads::new(folder.path())).await.unwrap();
    assert_eq!(arrived(&server), Some(content()));
    assert_eq!(
        server.methods()[before.len()..],
        ["HEAD", "PATCH", "PATCH"],
        "what was there is not sent again"
    );
    assert!(files(folder.path()).is_empty(), "what is done is forgotten");
}
