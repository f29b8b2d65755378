//! The client itself: what its futures are, what it sends on every call, calls without async, the catalog's own routes.

use std::time::Duration;

use serde_json::json;
use storage_rs::analytics::{Field, Schema};
use storage_rs::{Body, Client, ErrorKind, Transform};
use supabase_mock::http::{Answer, Server};

fn client(server: &Server) -> Client {
    Client::builder(server.url(), "sb_publishable_test")
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap()
}

/// Every future can be sent to another thread.
#[test]
fn every_future_is_send() {
    fn sent<F: IntoFuture>(call: F)
    where
        F::IntoFuture: Send + 'static,
    {
        drop(call);
    }
    let storage = Client::new("http://127.0.0.1:9/storage/v1", "sb_publishable_test").unwrap();
    let objects = storage.from("b");
    let minute = Duration::from_secs(60);
    sent(storage.create_bucket("b"));
    sent(storage.list_buckets());
    sent(storage.get_bucket("b"));
    sent(objects.upload("a", Body::reader(tokio::io::empty())));
    sent(objects.download("a"));
    sent(objects.download("a").stream());
    sent(objects.download("a").to_file("/tmp/a"));
    sent(objects.list(""));
    sent(objects.list_v2());
    sent(objects.exists("a"));
    sent(objects.copy("a", "b"));
    sent(objects.create_signed_url("a", minute).transform(Transform::new()));
    sent(objects.create_signed_urls(["a"], minute));
    sent(objects.create_signed_upload_url("a"));
    sent(objects.purge_cache("a"));
    let index = storage.vectors().from("b").index("i");
    sent(index.query_vectors([1.0]));
    sent(storage.analytics().from("b").table_exists("n", "t"));
    fn stream<S: futures_util::Stream + Send + 'static>(_: S) {}
    stream(objects.list_v2().stream());
    stream(index.scan(2, |list| list));
}

#[tokio::test]
async fn a_user_is_another_handle_on_the_same_connections() {
    let server = Server::answering(|_| Answer::json(200, "[]")).unwrap();
    let storage = client(&server);
    storage.with_access_token("user-token").list_buckets().await.unwrap();
    storage.list_buckets().await.unwrap();
    let sent: Vec<_> =
        server.requests().iter().map(|request| request.header("authorization").map(str::to_owned)).collect();
    assert_eq!(sent, [Some("Bearer user-token".to_owned()), None]);
    assert_eq!(server.requests()[0].header("apikey"), Some("sb_publishable_test"));
}

#[cfg(feature = "blocking")]
#[test]
fn calls_wait_without_async() {
    use storage_rs::blocking::Wait;
    let server = Server::start([
        Answer::json(200, r#"{"Key":"b/a","Id":"1"}"#),
        Answer::new(200).body("content"),
        Answer::new(200).body("content"),
    ])
    .unwrap();
    let storage = client(&server);
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(storage.from("b").upload("a", "content").wait().unwrap().path(), "a");
    assert_eq!(storage.from("b").download("a").wait().unwrap(), "content".as_bytes());
    storage.from("b").download("a").to_file(folder.path().join("a")).wait().unwrap();
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"content");
}

/// What is wrong is told before anything is sent.
#[tokio::test]
async fn what_is_wrong_is_told_before_it_is_sent() {
    let server = Server::start([]).unwrap();
    let storage = client(&server);
    let objects = storage.from("b");
    let minute = Duration::from_secs(60);
    let none: [&str; 0] = [];
    let catalog = storage.analytics().from("b");
    for error in [
        storage.from("a/b").list("").await.unwrap_err(),
        storage.create_bucket("bücket").await.unwrap_err(),
        storage.update_bucket("b").await.unwrap_err(),
        objects.upload("", "x").await.unwrap_err(),
        objects.upload("a", "x").content_type("text/\nplain").await.unwrap_err(),
        objects.upload("a", "x").header("bad header", "x").await.unwrap_err(),
        objects.download("a/../b").await.unwrap_err(),
        objects.download("a").range(5..5).await.unwrap_err(),
        objects.remove(none).await.unwrap_err(),
        objects.create_signed_url("a", Duration::from_millis(10)).await.unwrap_err(),
        objects.create_signed_urls(none, minute).await.unwrap_err(),
        objects.copy("a", "b").to_bucket("..").await.unwrap_err(),
        catalog.load_namespace_metadata("..").await.unwrap_err(),
        catalog.load_table("n", "").await.unwrap_err(),
        catalog.update_table("n", "t").await.unwrap_err(),
        storage.vectors().from("b").index("i").put_vectors([]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

/// The routes of the catalog that not every server has.
#[tokio::test]
async fn the_catalog_speaks_as_iceberg_has_it() {
    let table = r#"{"metadata-location":"s3://b/m.json","metadata":{"table-uuid":"1"},"config":{"token":"not-to-be-seen"}}"#;
    let server = Server::start([
        Answer::new(204),
        Answer::json(200, table),
        Answer::json(200, r#"{"updated":["a"],"removed":[],"missing":["b"]}"#),
        Answer::json(200, table),
        Answer::json(
            404,
            r#"{"error":{"message":"no such table","type":"NoSuchTableException","code":404}}"#,
        ),
        Answer::json(200, r#"{"namespaces":[["a","b"]],"next-page-token":"2"}"#),
    ])
    .unwrap();
    let catalog = client(&server).analytics().from("my bucket");
    catalog.rename_table("web", "clicks", "page clicks").await.unwrap();
    let registered = catalog.register_table(["a", "b"], "t", "s3://b/m.json").await.unwrap();
    assert!(!format!("{registered:?}").contains("not-to-be-seen"));
    let changed = catalog.update_namespace_properties("web").set("a", "1").remove("b").await.unwrap();
    assert_eq!((changed.updated, changed.missing), (vec!["a".to_owned()], Some(vec!["b".to_owned()])));
    let schema = Schema::new([Field::required(1, "id", "long")]).identifier_fields([1]);
    let by_day = json!({ "fields": [{ "source-id": 1, "name": "d", "transform": "day" }] });
    catalog.create_table("web", "t", schema).partition_spec(by_day.clone()).stage_create(true).await.unwrap();
    let missing = catalog.load_table("web", "a/b").await.unwrap_err();
    assert_eq!(missing.code(), Some(&storage_rs::Code::NoSuchTable));
    assert_eq!((missing.message(), missing.status_code()), ("no such table", Some(404)));
    let page = catalog.list_namespaces().parent(["a"]).await.unwrap();
    assert_eq!(page.namespaces, [["a", "b"]]);
    assert_eq!(page.next_page_token.as_deref(), Some("2"));

    let requests = server.requests();
    let sent = |n: usize| (requests[n].method.as_str(), requests[n].target.as_str());
    assert_eq!(sent(0), ("POST", "/iceberg/v1/my%20bucket/tables/rename"));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&requests[0].text()).unwrap(),
        json!({
            "source": { "namespace": ["web"], "name": "clicks" },
            "destination": { "namespace": ["web"], "name": "page clicks" },
        })
    );
    assert_eq!(sent(1), ("POST", "/iceberg/v1/my%20bucket/namespaces/a%1Fb/register"));
    assert_eq!(sent(2), ("POST", "/iceberg/v1/my%20bucket/namespaces/web/properties"));
    let create: serde_json::Value = serde_json::from_str(&requests[3].text()).unwrap();
    assert_eq!((&create["partition-spec"], &create["stage-create"]), (&by_day, &json!(true)));
    assert_eq!(create["schema"]["identifier-field-ids"], json!([1]));
    assert_eq!(sent(4), ("GET", "/iceberg/v1/my%20bucket/namespaces/web/tables/a%2Fb"));
    assert_eq!(sent(5), ("GET", "/iceberg/v1/my%20bucket/namespaces?parent=a"));
}

/// What stands in addresses: nonces against caches, and every side of a transformation.
#[tokio::test]
async fn addresses_say_what_was_asked() {
    use storage_rs::{Format, Gravity, Resize};
    let server = Server::start([
        Answer::json(200, r#"{"message":"success","statusCode":"200"}"#),
        Answer::json(200, r#"{"message":"success","statusCode":"200"}"#),
        Answer::new(200).body("image"),
        Answer::new(200).body("content"),
    ])
    .unwrap();
    let objects = client(&server).from("b");
    objects.purge_cache("f/a b.png").only_transformations().await.unwrap();
    objects.purge_bucket_cache().await.unwrap();
    let all = Transform::new()
        .width(100)
        .height(50)
        .resize(Resize::Fill)
        .format(Format::Webp)
        .quality(30)
        .gravity(Gravity::FocusPoint)
        .offset(-1, 2);
    objects.download("a.png").transform(all).await.unwrap();
    objects.download("a.txt").cache_nonce("v 2").await.unwrap();
    let requests = server.requests();
    let sent: Vec<_> =
        requests.iter().map(|request| format!("{} {}", request.method, request.target)).collect();
    assert_eq!(
        sent,
        [
            "DELETE /cdn/b/f/a%20b.png?transformations=true",
            "DELETE /cdn/b",
            "GET /render/image/authenticated/b/a.png?width=100&height=50&resize=fill&format=webp&quality=30\
             &gravity=fp&x_offset=-1&y_offset=2",
            "GET /object/b/a.txt?cacheNonce=v+2",
        ]
    );
    assert!(requests.iter().skip(2).all(|request| request.header("accept-encoding") == Some("identity")));
    let url = objects.get_public_url("a.txt").cache_nonce("v2").download().url().unwrap();
    assert_eq!(url.query(), Some("download=&cacheNonce=v2"));
}
