//! What other clients got wrong: each row of the storage contract's list of traps, by its number there, and what users of
//! the official clients reported. The traps of uploads by parts (6 on `PATCH`, 9 on text bodies, 13 on `Location`) have
//! theirs in `resumable.rs` as well.

use std::time::Duration;

use serde_json::json;
use storage_rs::{Body, Client, Code, Error, ErrorKind, ObjectPath, Transform};
use supabase_mock::http::{Answer, Request, Server};

const KEY: &str = "sb_publishable_test";
const MINUTE: Duration = Duration::from_secs(60);

/// A client of a server at `/storage/v1`, as on Supabase.
fn client(server: &Server) -> Client {
    Client::builder(format!("{}/storage/v1", server.url()), KEY)
        .http_client(supabase_testing::http::client())
        .retry_pauses(Duration::from_millis(1), Duration::from_millis(5))
        .build()
        .unwrap()
}

/// A server that gives one answer, and a client of it.
fn one(answer: Answer) -> (Server, Client) {
    let server = Server::start([answer]).unwrap();
    let client = client(&server);
    (server, client)
}

fn only(server: &Server) -> Request {
    let [request] = server.requests().try_into().unwrap();
    request
}

async fn refused(status: u16, body: &str) -> Error {
    let (_server, storage) = one(Answer::json(status, body));
    storage.from("b").download("a").await.unwrap_err()
}

/// 1. Nearly everything is a 400: the code decides, then the status in the body, be it a text or a number.
#[tokio::test]
async fn trap_1_the_code_decides_and_not_the_status() {
    let error = refused(
        400,
        r#"{"statusCode":"404","error":"not_found","message":"Object not found","code":"NoSuchKey"}"#,
    )
    .await;
    assert_eq!(
        (error.code(), error.status_code(), error.status()),
        (Some(&Code::NoSuchKey), Some(404), Some(400))
    );
    assert_eq!((error.message(), error.kind()), ("Object not found", ErrorKind::Rejected));
    let error =
        refused(404, r#"{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}"#).await;
    assert_eq!((error.code(), error.status_code()), (None, Some(404)));
    // Older servers and gateways send no code.
    let error =
        refused(400, r#"{"statusCode":"409","error":"Duplicate","message":"The resource already exists"}"#)
            .await;
    assert_eq!((error.code(), error.status_code()), (Some(&Code::ResourceAlreadyExists), Some(409)));
    let error =
        refused(400, r#"{"statusCode":"404","error":"not_found","message":"Object not found"}"#).await;
    assert_eq!(error.code(), Some(&Code::NoSuchKey));
    let error = refused(400, r#"{"code":"BrandNew","message":"x"}"#).await;
    assert_eq!(error.code().map(Code::as_str), Some("BrandNew"));
    // An empty text hides nothing that stands behind it.
    let error = refused(400, r#"{"statusCode":"404","message":"","error":"Bucket not found"}"#).await;
    assert_eq!(error.message(), "Bucket not found");
    let error = refused(400, r#"{"message":"","error":{"message":"no such table","type":""}}"#).await;
    assert_eq!((error.message(), error.code()), ("no such table", None));
    // A list is no object whose fields stand one after the other.
    for list in [r#"["nope","x"]"#, r#"{"error":["nope","x",1]}"#] {
        let error = refused(400, list).await;
        assert_eq!((error.code(), error.status_code()), (None, None), "{list}");
        assert_eq!(error.message(), "the server answered 400 Bad Request with application/json", "{list}");
    }
    let error = refused(500, "<html>Oh no</html>").await;
    assert_eq!((error.code(), error.status()), (None, Some(500)));
}

/// 2. A path to be signed that is encoded like any other makes a URL whose signature never fits.
#[tokio::test]
async fn trap_2_a_path_to_be_signed_keeps_its_reserved_characters() {
    for key in ["a+b", "a&b", "a=b", "a@b", "a:b", "a,b", "a$b", "a;b", "a!b", "a*b", "a'b", "a(b)"] {
        let answer = json!({ "signedURL": format!("/object/sign/b/{key}?token=t") });
        let (server, storage) = one(Answer::json(200, answer.to_string()));
        let url = storage.from("b").create_signed_url(key, MINUTE).await.unwrap();
        assert_eq!(only(&server).target, format!("/storage/v1/object/sign/b/{key}"));
        assert!(
            url.as_str().ends_with(&format!("/storage/v1/object/sign/b/{key}?token=t")),
            "{}",
            url.as_str()
        );
    }
    let (server, storage) = one(Answer::json(200, r#"{"signedURL":"/object/sign/b/a b?token=t"}"#));
    let url = storage.from("b").create_signed_url("a b", MINUTE).await.unwrap();
    assert_eq!(only(&server).target, "/storage/v1/object/sign/b/a%20b");
    assert!(url.as_str().ends_with("/object/sign/b/a%20b?token=t"));
    // One with a `?` can only be signed in a list, and not with a transformation.
    let answer = r#"[{"error":null,"path":"a?b","signedURL":"/object/sign/b/a?b?token=t"}]"#;
    let (server, storage) = one(Answer::json(200, answer));
    let url = storage.from("b").create_signed_url("a?b", MINUTE).await.unwrap();
    assert_eq!(only(&server).target, "/storage/v1/object/sign/b");
    assert!(url.as_str().ends_with("/object/sign/b/a%3Fb?token=t"));
    let small = Transform::new().width(1);
    let error = storage.from("b").create_signed_url("a?b", MINUTE).transform(small).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

/// 3. What the service calls a URL begins below its own path.
#[tokio::test]
async fn trap_3_no_url_loses_the_path_of_the_service() {
    let (server, storage) = one(Answer::json(200, r#"{"signedURL":"/render/image/sign/b/a.png?token=t"}"#));
    let small = Transform::new().width(1);
    let url = storage.from("b").create_signed_url("a.png", MINUTE).transform(small).download().await.unwrap();
    let base = format!("{}/storage/v1", server.url());
    assert_eq!(url.as_str(), format!("{base}/render/image/sign/b/a.png?token=t&download="));
    let (server, storage) =
        one(Answer::json(200, r#"{"url":"/object/upload/sign/b/a b?token=t","token":"t"}"#));
    let signed = storage.from("b").create_signed_upload_url("a b").await.unwrap();
    assert_eq!(
        signed.url.as_str(),
        format!("{}/storage/v1/object/upload/sign/b/a%20b?token=t", server.url())
    );
    let public = storage.from("b").get_public_url("a.png").url().unwrap();
    assert_eq!(public.path(), "/storage/v1/object/public/b/a.png");
}

/// 4. In a form, fields stand before the file, metadata is JSON and the time a number; in headers it is base64, and the
/// whole cache control.
#[tokio::test]
async fn trap_4_forms_and_headers_say_the_same_in_their_own_ways() {
    let uploaded = || Answer::json(200, r#"{"Key":"b/a.txt","Id":"1"}"#);
    let (server, storage) = one(uploaded());
    let upload = storage.from("b").upload("a.txt", "content").cache_control(Duration::from_secs(60));
    upload.metadata(json!({ "k": "ü" })).await.unwrap();
    let request = only(&server);
    assert_eq!(request.header("cache-control"), Some("max-age=60"));
    assert_eq!(request.header("x-metadata"), Some("eyJrIjoiw7wifQ=="));
    assert_eq!((request.header("content-type"), request.text().as_str()), (Some("text/plain"), "content"));

    let (server, storage) = one(uploaded());
    let much = json!({ "k": "x".repeat(5000) });
    let upload = storage.from("b").upload("a.txt", "content").cache_control(Duration::from_secs(60));
    upload.metadata(&much).content_encoding("gzip").await.unwrap();
    let request = only(&server);
    assert!(request.header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    assert_eq!((request.header("cache-control"), request.header("x-metadata")), (None, None));
    let text = request.text();
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
    let file = place("filename=\"a.txt\"");
    assert!(place("name=\"cacheControl\"\r\n\r\n60\r\n") < file);
    assert!(place(&format!("name=\"metadata\"\r\n\r\n{much}\r\n")) < file);
    assert!(place("name=\"contentEncoding\"\r\n\r\ngzip\r\n") < file);
    assert!(text.contains("\r\n\r\ncontent\r\n--"));

    // What the form could not say is not lost without a word, nor is metadata that the service would drop.
    let storage = client(&server);
    let upload = storage.from("b").upload("a.txt", "content").metadata(&much).cache_control("no-store");
    assert_eq!(upload.await.unwrap_err().kind(), ErrorKind::Invalid);
    let upload = storage.from("b").upload("a.txt", "content").metadata(["no object"]);
    assert_eq!(upload.await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn what_is_said_of_an_object_by_a_header_is_not_replaced_by_the_usual() {
    let uploaded = || Answer::json(200, r#"{"Key":"b/a.txt","Id":"1"}"#);
    let said = |storage: &Client, header: &'static str| {
        let upload = storage.from("b").upload("a.txt", "content").header("content-type", "text/x-own");
        upload.header("cache-control", header)
    };
    let (server, storage) = one(uploaded());
    said(&storage, "no-store").await.unwrap();
    let request = only(&server);
    let headers = ["content-type", "cache-control"].map(|name| request.header(name));
    assert_eq!(headers, [Some("text/x-own"), Some("no-store")]);
    // Its own method says it louder, wherever it stands.
    let (server, storage) = one(uploaded());
    said(&storage, "no-store").content_type("text/y").cache_control("max-age=5").await.unwrap();
    let request = only(&server);
    let headers = ["content-type", "cache-control"].map(|name| request.header(name));
    assert_eq!(headers, [Some("text/y"), Some("max-age=5")]);

    let (server, storage) = one(uploaded());
    said(&storage, "max-age=60").metadata(json!({ "k": "x".repeat(5000) })).await.unwrap();
    let (request, text) = (only(&server), only(&server).text());
    assert!(request.header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    assert!(text.to_lowercase().contains("content-type: text/x-own\r\n"), "{text}");
    assert!(text.contains("name=\"cacheControl\"\r\n\r\n60\r\n"), "{text}");

    // A bare number of seconds is a time, as other clients write it.
    let (server, storage) = one(uploaded());
    storage.from("b").upload("a.txt", "content").cache_control("3600").await.unwrap();
    assert_eq!(only(&server).header("cache-control"), Some("max-age=3600"));
}

#[tokio::test]
async fn what_the_service_would_drop_is_refused() {
    let server = Server::start([]).unwrap();
    let storage = client(&server);
    let objects = storage.from("b");
    let copy = || objects.copy("a", "b");
    for error in [
        copy().metadata(json!({ "k": 1 })).await.unwrap_err(),
        copy().content_type("text/x").await.unwrap_err(),
        copy().copy_metadata(true).cache_control("max-age=5").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("`copy_metadata(false)`"), "{error}");
    }
    let parts = storage_rs::Resumable::Above(0);
    for error in [
        objects.update("a", "x").upsert(false).await.unwrap_err(),
        objects.update("a", "x").upsert(false).resumable(parts).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("write `upload`"), "{error}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_slash_at_the_beginning_means_nothing_in_lists_either() {
    let prefix = |server: &Server| {
        let body: serde_json::Value = serde_json::from_str(&only(server).text()).unwrap();
        body["prefix"].clone()
    };
    for folder in ["h/", "/h/", "//h/"] {
        let (server, storage) = one(Answer::json(200, "[]"));
        storage.from("b").list(folder).await.unwrap();
        assert_eq!(prefix(&server), json!("h/"));
        let (server, storage) = one(Answer::json(200, r#"{"hasNext":false}"#));
        storage.from("b").list_v2().prefix(folder).await.unwrap();
        assert_eq!(prefix(&server), json!("h/"));
    }
}

/// 5. What the caller may not see is not there: lists and removals find nothing, and are no errors.
#[tokio::test]
async fn trap_5_lists_and_removals_of_the_forbidden_are_empty() {
    let (_server, storage) = one(Answer::json(200, "[]"));
    assert_eq!(storage.from("b").list("").await.unwrap(), []);
    let (_server, storage) = one(Answer::json(200, "[]"));
    assert_eq!(storage.from("b").remove(["a"]).await.unwrap(), []);
}

/// 6. Whether an upload to a signed URL replaces was decided when the URL was made: a server that ignores the question is
/// not asked.
#[tokio::test]
async fn trap_6_a_signed_upload_cannot_be_told_to_replace() {
    let (server, storage) =
        one(Answer::json(200, r#"{"url":"/object/upload/sign/b/a?token=t","token":"t"}"#));
    storage.from("b").create_signed_upload_url("a").upsert(true).await.unwrap();
    assert_eq!(only(&server).header("x-upsert"), Some("true"));
    let objects = storage.from("b");
    let parts = storage_rs::Resumable::Above(0);
    for error in [
        objects.upload_to_signed_url("a", "t", "x").upsert(true).await.unwrap_err(),
        objects.upload_to_signed_url("a", "t", "x").upsert(true).resumable(parts).await.unwrap_err(),
        objects.upload_resumable_to_signed_url("a", "t", "x").upsert(true).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("create_signed_upload_url"), "{error}");
    }
    assert_eq!(server.requests().len(), 1);
}

/// 7. `metadata` is the user's in `info` and the service's in lists; names are relative in `list` and whole in `list_v2`.
#[tokio::test]
async fn trap_7_metadata_and_names_mean_two_things() {
    let (_server, storage) =
        one(Answer::json(200, r#"{"id":"1","name":"f/a.txt","size":4,"metadata":{"mine":true}}"#));
    let info = storage.from("b").info("f/a.txt").await.unwrap();
    assert_eq!((info.name.as_str(), &info.metadata.unwrap()["mine"]), ("f/a.txt", &json!(true)));
    let row = r#"{"name":"a.txt","id":"1","metadata":{"size":4,"mimetype":"text/plain"}}"#;
    let (_server, storage) = one(Answer::json(200, format!("[{row}]")));
    let listed = storage.from("b").list("f").await.unwrap();
    assert_eq!((listed[0].name.as_str(), listed[0].metadata.as_ref().unwrap().size), ("a.txt", Some(4)));
    let page = format!(r#"{{"hasNext":false,"folders":[],"objects":[{}]}}"#, row.replace("a.txt", "f/a.txt"));
    let (_server, storage) = one(Answer::json(200, page));
    let page = storage.from("b").list_v2().prefix("f/").await.unwrap();
    assert_eq!(page.objects[0].name, "f/a.txt");
    assert_eq!(page.objects[0].metadata.as_ref().unwrap().mimetype.as_deref(), Some("text/plain"));
    // Uploaded by parts without metadata, an object has `null`.
    let (_server, storage) = one(Answer::json(200, r#"{"id":"1","name":"a","metadata":null}"#));
    assert_eq!(storage.from("b").info("a").await.unwrap().metadata, None);
}

/// 8. A bucket is emptied later, and only for the service role.
#[tokio::test]
async fn trap_8_an_emptied_bucket_is_only_queued() {
    let queued = r#"{"message":"Empty bucket has been queued. Completion may take up to an hour."}"#;
    let (server, storage) = one(Answer::json(200, queued));
    storage.empty_bucket("b").await.unwrap();
    assert_eq!(server.requests().len(), 1, "nothing is concluded from it");
    let denied = r#"{"statusCode":"403","error":"Unauthorized","message":"Access denied: Invalid role","code":"AccessDenied"}"#;
    let (_server, storage) = one(Answer::json(403, denied));
    assert_eq!(storage.empty_bucket("b").await.unwrap_err().code(), Some(&Code::AccessDenied));
}

/// 9. Errors of downloads are JSON although bytes were asked for, those of HEAD have no body, some are text.
#[tokio::test]
async fn trap_9_errors_are_read_whatever_was_asked_for() {
    let error = r#"{"statusCode":"404","error":"not_found","message":"Object not found","code":"NoSuchKey"}"#;
    let (_server, storage) = one(Answer::json(400, error));
    let opened = storage.from("b").download("a").stream().await;
    assert_eq!(opened.unwrap_err().code(), Some(&Code::NoSuchKey));
    let (server, storage) = one(Answer::json(400, error));
    assert!(!storage.from("b").exists("a").await.unwrap());
    assert_eq!(
        (only(&server).method.as_str(), only(&server).target.as_str()),
        ("GET", "/storage/v1/object/info/b/a")
    );
    // A bucket that is not there is not the same as an object that is not there.
    let (_server, storage) =
        one(Answer::json(400, r#"{"statusCode":"404","message":"x","code":"NoSuchBucket"}"#));
    assert_eq!(storage.from("b").exists("a").await.unwrap_err().code(), Some(&Code::NoSuchBucket));
    let text = Answer::new(409).header("content-type", "text/plain").body("Upload-Offset conflict\n");
    let (_server, storage) = one(text);
    assert_eq!(storage.from("b").upload("a", "x").await.unwrap_err().message(), "Upload-Offset conflict");
}

/// 10. Answers that are not alike: an empty owner, a `type` that may be absent, `Id` and `id`, no `Id` at all.
#[tokio::test]
async fn trap_10_answers_that_are_not_alike_are_read() {
    let bucket = r#"{"id":"b","name":"b","owner":"","public":false,"file_size_limit":null,"allowed_mime_types":null,
        "created_at":"2026-11-23T04:57:05.154Z","updated_at":"2026-11-23T04:57:05.154Z"}"#;
    let (_server, storage) = one(Answer::json(200, bucket));
    let bucket = storage.get_bucket("b").await.unwrap();
    assert_eq!((bucket.owner.as_str(), bucket.kind), ("", None));
    let (_server, storage) =
        one(Answer::json(200, r#"{"Key":"b/c","Id":"1","id":"1","name":"c","bucket_id":"b"}"#));
    let copied = storage.from("b").copy("a", "c").await.unwrap();
    assert_eq!((copied.id.as_deref(), copied.object.unwrap().id.as_deref()), (Some("1"), Some("1")));
    let (_server, storage) = one(Answer::json(200, r#"{"Key":"b/c"}"#));
    let copied = storage.from("b").copy("a", "c").await.unwrap();
    assert_eq!((copied.full_path.as_str(), copied.id, copied.object), ("b/c", None, None));
    let (_server, storage) = one(Answer::json(200, r#"{"Key":"b/f/a"}"#));
    let uploaded = storage.from("b").upload_to_signed_url("f/a", "t", "x").await.unwrap();
    assert_eq!((uploaded.path(), &uploaded.id), ("f/a", &None));
}

/// 11. Keys that the service refuses are refused before anything is sent, with the character named.
#[tokio::test]
async fn trap_11_a_key_that_cannot_be_is_refused_by_name() {
    let (server, storage) = one(Answer::json(200, "{}"));
    let objects = storage.from("b");
    for (key, named) in
        [("ü.txt", "`ü`"), ("100%.txt", "`%`"), ("~a", "`~`"), ("a#b", "`#`"), ("a%20b", "`%`")]
    {
        for error in [
            objects.upload(key, "x").await.unwrap_err(),
            objects.download(key).await.unwrap_err(),
            objects.copy("a", key).await.unwrap_err(),
            objects.remove(["a", key]).await.unwrap_err(),
            objects.create_signed_urls([key], MINUTE).await.unwrap_err(),
            objects.get_public_url(key).url().unwrap_err(),
        ] {
            assert!(error.kind() == ErrorKind::Invalid && error.message().contains(named), "{error}");
        }
    }
    assert_eq!(server.requests().len(), 0);
}

/// 12. Slashes at the beginning mean nothing; those within mean what they say.
#[tokio::test]
async fn trap_12_slashes_are_dropped_at_the_beginning_and_nowhere_else() {
    for (key, target) in [("/a/b", "a/b"), ("//a//b", "a//b")] {
        let (server, storage) = one(Answer::json(200, r#"{"Key":"b/x"}"#));
        storage.from("b").upload(key, "x").await.unwrap();
        assert_eq!(only(&server).target, format!("/storage/v1/object/b/{target}"));
    }
    let (server, storage) = one(Answer::json(200, r#"{"Key":"b/x"}"#));
    storage.from("b").upload(ObjectPath::exact("/a").unwrap(), "x").await.unwrap();
    assert_eq!(only(&server).target, "/storage/v1/object/b//a");
}

/// 13. A redirect is followed only to where the key belongs; one to another host, as a wrong scheme behind a proxy makes it,
/// is told by name.
#[tokio::test]
async fn trap_13_no_redirect_takes_the_key_elsewhere() {
    let elsewhere = Answer::new(307).header("location", "https://other.test/storage/v1/object/b/a");
    let (server, storage) = one(elsewhere);
    let error = storage.from("b").upload("a", "x").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Redirect && error.message().contains("https://other.test"), "{error}");
    assert_eq!(server.requests().len(), 1);
    // To the same host, the content is sent again, if it can be.
    let here = || Answer::new(307).header("location", "/storage/v1/object/b/c");
    let server = Server::start([here(), Answer::json(200, r#"{"Key":"b/c"}"#)]).unwrap();
    client(&server).from("b").upload("a", "content").await.unwrap();
    assert_eq!(server.requests()[1].text(), "content");
    let (_server, storage) = one(here());
    let once = Body::reader(std::io::Cursor::new(b"content".to_vec())).with_length(7);
    assert_eq!(storage.from("b").upload("a", once).await.unwrap_err().kind(), ErrorKind::Content);
}

/// 14. The server looks at who asks, and leaves things out for old clients: this one does not pass for another.
#[tokio::test]
async fn trap_14_no_other_client_is_impersonated() {
    let (server, storage) = one(Answer::json(200, "[]"));
    storage.list_buckets().await.unwrap();
    let info = only(&server).header("x-client-info").unwrap().to_owned();
    assert!(info.starts_with(concat!("storage-rs/", env!("CARGO_PKG_VERSION"))), "{info}");
}

/// supabase-js#717, supabase-py#1640: `?`, `#` and spaces in keys reached another object.
#[tokio::test]
async fn no_character_of_a_key_reaches_another_object() {
    let (server, storage) = one(Answer::json(200, r#"{"Key":"b/x"}"#));
    storage.from("my bucket?").upload("a?b c+d&e=f.txt", "x").await.unwrap();
    assert_eq!(only(&server).target, "/storage/v1/object/my%20bucket%3F/a%3Fb%20c+d&e=f.txt");
}

/// supabase-js#2179, supabase-py#1048: an answer that is no JSON hid what had happened.
#[tokio::test]
async fn a_page_in_the_place_of_an_answer_is_told() {
    let page = || Answer::new(200).header("content-type", "text/html").body("<html>hello</html>");
    let (_server, storage) = one(page());
    let error = storage.list_buckets().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Decode && error.message().contains("HTML page"), "{error}");
    let (_server, storage) = one(page());
    let error = storage.delete_bucket("b").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    // An object may well be a page: the service sends it as text, but others need not.
    let (_server, storage) = one(page());
    assert_eq!(storage.from("b").download("index.html").await.unwrap(), "<html>hello</html>".as_bytes());
}
