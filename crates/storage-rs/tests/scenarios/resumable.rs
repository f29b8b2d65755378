use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use serde_json::json;
use storage_rs::{Body, Client, Code, ErrorKind, FileUploads, Resumable};

use super::{bucket, fresh, noise, remove};

/// Two chunks of the size that hosted Supabase asks for, and a bit.
const LENGTH: usize = 2 * 6 * 1024 * 1024 + 100_001;

/// Bytes, files, readers and streams arrive alike, chunk by chunk.
pub(crate) async fn every_kind_of_body(service: &Client) {
    let objects = bucket(service, "resumable").await;
    let content = noise(LENGTH);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("content.bin");
    std::fs::write(&path, &content).unwrap();
    let reader = || Body::reader(std::io::Cursor::new(content.clone()));
    let bodies: [(&str, Body); 4] = [
        ("bytes a+b.bin", content.clone().into()),
        ("path", path.as_path().into()),
        ("reader", reader()),
        ("reader-of-length", reader().with_length(LENGTH as u64)),
    ];
    for (name, body) in bodies {
        let upload = objects.upload_resumable(name, body);
        let handle = upload.handle();
        let uploaded = upload.await.unwrap();
        assert_eq!(uploaded.path(), name);
        let last = handle.now();
        assert_eq!((last.confirmed, last.total), (LENGTH as u64, Some(LENGTH as u64)), "{name}");
        assert!(objects.download(name).await.unwrap() == content, "{name}");
    }
    objects.upload_resumable("empty", "").await.unwrap();
    assert_eq!(objects.download("empty").await.unwrap(), "".as_bytes());
    // Chosen by its size.
    objects.upload("large", path.as_path()).resumable(Resumable::Above(1_000_000)).await.unwrap();
    assert_eq!(objects.info("large").await.unwrap().size, Some(LENGTH as u64));
    remove(service, &objects).await;
}

/// Type, cache control and what is attached are kept; an object is replaced when asked.
pub(crate) async fn what_is_said_is_kept(service: &Client) {
    let objects = bucket(service, "said").await;
    let attached = json!({ "camera": "none", "ü": [1, { "x": null }] });
    objects
        .upload_resumable("a.png", "no picture")
        .cache_control(Duration::from_secs(77))
        .metadata(&attached)
        .await
        .unwrap();
    let info = objects.info("a.png").await.unwrap();
    assert_eq!(info.content_type.as_deref(), Some("image/png"), "guessed from the name");
    assert_eq!(info.cache_control.as_deref(), Some("max-age=77"));
    assert_eq!(info.metadata.map(serde_json::Value::Object), Some(attached));

    let error = objects.upload_resumable("a.png", "another").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(409), Some(&Code::KeyAlreadyExists)), "{error:?}");
    assert_eq!(objects.download("a.png").await.unwrap(), "no picture".as_bytes());
    objects.upload_resumable("a.png", "another").upsert(true).await.unwrap();
    assert_eq!(objects.download("a.png").await.unwrap(), "another".as_bytes());
    remove(service, &objects).await;
}

/// What was dropped on its way goes on; what was cancelled is forgotten.
pub(crate) async fn goes_on(service: &Client) {
    let objects = bucket(service, "goes-on").await;
    let content = noise(LENGTH);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("content.bin");
    std::fs::write(&path, &content).unwrap();
    let store = Arc::new(FileUploads::new(folder.path().join("store")));
    let resumable = || objects.upload_resumable("a.bin", path.as_path()).resume_with(Arc::clone(&store));
    let entries = || std::fs::read_dir(folder.path().join("store")).unwrap().count();

    let upload = resumable();
    let mut progress = upload.handle().progress();
    let first = std::pin::pin!(async { while progress.next().await.unwrap().confirmed == 0 {} });
    match select(upload.into_future(), first).await {
        Either::Left((uploaded, _)) => panic!("it is done before it was dropped: {uploaded:?}"),
        Either::Right(((), upload)) => drop(upload),
    }
    assert_eq!(entries(), 1);
    assert!(!objects.exists("a.bin").await.unwrap(), "no half object is there");

    let upload = resumable();
    let mut progress = upload.handle().progress();
    let begins = async {
        let mut confirmed = 0;
        while confirmed == 0 {
            confirmed = progress.next().await.unwrap().confirmed;
        }
        confirmed
    };
    let (uploaded, begins) = futures_util::future::join(upload.into_future(), begins).await;
    uploaded.unwrap();
    assert!(begins >= 6 * 1024 * 1024, "{begins}: what was there is not sent again");
    assert!(objects.download("a.bin").await.unwrap() == content);
    assert_eq!(entries(), 0, "what is done is forgotten");

    let upload = resumable().upsert(true);
    let handle = upload.handle();
    let mut progress = handle.progress();
    let cancel = async {
        while progress.next().await.unwrap().confirmed == 0 {}
        handle.cancel();
    };
    let (uploaded, ()) = futures_util::future::join(upload.into_future(), cancel).await;
    let error = uploaded.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.message(), "the upload was cancelled", "the service has forgotten it too");
    assert_eq!(entries(), 0);
    remove(service, &objects).await;
}

/// Whoever has the token of a signed URL needs no other right.
pub(crate) async fn signed(service: &Client, anon: &Client) {
    let objects = bucket(service, "signed-parts").await;
    let signed = objects.create_signed_upload_url("new.bin").await.unwrap();
    let theirs = anon.from(objects.bucket());
    let content = noise(LENGTH);
    let upload = theirs.upload_resumable_to_signed_url("new.bin", signed.token.clone(), content.clone());
    upload.await.unwrap();
    assert!(objects.download("new.bin").await.unwrap() == content);
    let error = theirs.upload_resumable_to_signed_url("other.bin", signed.token, "x").await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InvalidSignature), "{error:?}");
    remove(service, &objects).await;
}

/// What the service refuses is told in its words, and by the codes that it has elsewhere.
pub(crate) async fn refused(service: &Client, anon: &Client) {
    let objects = bucket(service, "refused").await;
    let error = anon.from(objects.bucket()).upload_resumable("a.bin", "x").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(403), Some(&Code::AccessDenied)), "{error:?}");
    let error = service.from(fresh("none")).upload_resumable("a.bin", "x").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), Some(&Code::NoSuchBucket)), "{error:?}");

    let name = fresh("narrow");
    service.create_bucket(&name).file_size_limit("1KB").allowed_mime_types(["image/png"]).await.unwrap();
    let narrow = service.from(&name);
    let error = narrow.upload_resumable("a.png", noise(1_001)).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(413), Some(&Code::EntityTooLarge)), "{error:?}");
    let error = narrow.upload_resumable("a.pdf", "x").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(415), Some(&Code::InvalidMimeType)), "{error:?}");
    remove(service, &narrow).await;
    remove(service, &objects).await;
}
