use std::time::Duration;

use futures_util::stream;
use serde_json::json;
use storage_rs::{Body, Client, Code, ErrorKind};

use super::{bucket, fresh, noise, remove};

/// Bytes, files, readers and streams arrive alike.
pub(crate) async fn every_kind_of_body(service: &Client) {
    let objects = bucket(service, "bodies").await;
    let content = noise(700_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("content.bin");
    std::fs::write(&path, &content).unwrap();
    let pieces = |content: &[u8]| {
        let pieces: Vec<_> =
            content.chunks(100_001).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
        stream::iter(pieces)
    };
    let length = content.len() as u64;
    let bodies: [(&str, Body); 7] = [
        ("bytes", content.clone().into()),
        ("path", path.as_path().into()),
        ("file", std::fs::File::open(&path).unwrap().into()),
        ("reader", Body::reader(std::io::Cursor::new(content.clone()))),
        ("reader-of-length", Body::reader(std::io::Cursor::new(content.clone())).with_length(length)),
        ("stream", Body::stream(pieces(&content))),
        ("stream-of-length", Body::stream(pieces(&content)).with_length(length)),
    ];
    for (name, body) in bodies {
        objects.upload(name, body).await.unwrap();
        assert_eq!(objects.download(name).await.unwrap(), content, "{name}");
        assert_eq!(objects.info(name).await.unwrap().size, Some(length), "{name}");
    }
    objects.upload("empty", "").await.unwrap();
    assert_eq!(objects.download("empty").await.unwrap(), "".as_bytes());
    remove(service, &objects).await;
}

/// Type, cache control and what is attached are kept.
pub(crate) async fn what_is_said_is_kept(service: &Client) {
    let objects = bucket(service, "options").await;
    let attached = json!({ "camera": "none", "ü": [1, { "x": null }] });
    objects
        .upload("a.png", "no picture")
        .cache_control(Duration::from_secs(77))
        .metadata(&attached)
        .await
        .unwrap();
    let info = objects.info("a.png").await.unwrap();
    assert_eq!(info.content_type.as_deref(), Some("image/png"), "guessed from the name");
    assert_eq!(info.cache_control.as_deref(), Some("max-age=77"));
    assert_eq!(info.metadata.map(serde_json::Value::Object), Some(attached));

    objects.upload("plain", "x").content_type("text/plain; charset=utf-8").await.unwrap();
    let info = objects.info("plain").await.unwrap();
    assert_eq!(info.content_type.as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(info.cache_control.as_deref(), Some("max-age=3600"), "an hour if nothing is said");
    objects.upload("unknown.xyzzy", "x").await.unwrap();
    let info = objects.info("unknown.xyzzy").await.unwrap();
    assert_eq!(info.content_type.as_deref(), Some("application/octet-stream"));

    // More than a header takes travels in a form.
    let much = json!({ "text": "ü".repeat(20_000) });
    objects
        .upload("much.txt", "content")
        .metadata(&much)
        .cache_control(Duration::from_secs(78))
        .await
        .unwrap();
    let info = objects.info("much.txt").await.unwrap();
    assert_eq!(info.metadata.map(serde_json::Value::Object), Some(much));
    assert_eq!(
        (info.content_type.as_deref(), info.cache_control.as_deref()),
        (Some("text/plain"), Some("max-age=78"))
    );
    assert_eq!(objects.download("much.txt").await.unwrap(), "content".as_bytes());
    remove(service, &objects).await;
}

/// An object is replaced when that is asked for, and keeps its id.
pub(crate) async fn replacing(service: &Client) {
    let objects = bucket(service, "replacing").await;
    let first = objects.upload("a.txt", "1").await.unwrap();
    let error = objects.upload("a.txt", "2").await.unwrap_err();
    assert_eq!((error.code(), error.status_code()), (Some(&Code::KeyAlreadyExists), Some(409)));
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(400)));
    assert_eq!(objects.download("a.txt").await.unwrap(), "1".as_bytes());
    let second = objects.upload("a.txt", "2").upsert(true).await.unwrap();
    assert_eq!(second.id, first.id);
    let third = objects.update("a.txt", "3").await.unwrap();
    assert_eq!(third.id, first.id);
    assert_eq!(objects.download("a.txt").await.unwrap(), "3".as_bytes());
    // An update creates what is missing.
    objects.update("new.txt", "new").await.unwrap();
    assert!(objects.exists("new.txt").await.unwrap());
    remove(service, &objects).await;
}

/// The rules of a bucket hold, whatever way the content takes.
pub(crate) async fn the_rules_of_a_bucket(service: &Client) {
    let name = fresh("rules");
    service.create_bucket(&name).file_size_limit(1000).allowed_mime_types(["image/png"]).await.unwrap();
    let objects = service.from(&name);
    let error = objects.upload("a.png", noise(2000)).await.unwrap_err();
    assert_eq!((error.code(), error.status_code()), (Some(&Code::EntityTooLarge), Some(413)), "{error:?}");
    // Without a length, Supabase's server does not see that it is too much.
    let told = Body::reader(std::io::Cursor::new(noise(2000))).with_length(2000);
    let error = objects.upload("a.png", told).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::EntityTooLarge), "{error:?}");
    let error = objects.upload("a.pdf", "pdf").await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InvalidMimeType), "{error:?}");
    objects.upload("a.png", noise(999)).await.unwrap();
    remove(service, &objects).await;
}
