use serde_json::json;
use storage_rs::{Client, Code};

use super::{bucket, remove};

/// Moving, copying and removing, in one bucket and to another one.
pub(crate) async fn in_and_between_buckets(service: &Client) {
    let (here, there) = (bucket(service, "here").await, bucket(service, "there").await);
    here.upload("a b.txt", "content").metadata(json!({ "k": 1 })).await.unwrap();

    here.move_("a b.txt", "moved/a+b.txt").await.unwrap();
    assert!(!here.exists("a b.txt").await.unwrap());
    let copied = here.copy("moved/a+b.txt", "copy.txt").await.unwrap();
    assert_eq!(copied.full_path, format!("{}/copy.txt", here.bucket()));
    let object = copied.object.unwrap();
    assert_eq!((object.name.as_str(), object.bucket_id.as_str()), ("copy.txt", here.bucket()));
    assert_eq!(here.info("copy.txt").await.unwrap().metadata.unwrap()["k"], 1);

    let there_is_one = here.copy("moved/a+b.txt", "copy.txt").await.unwrap_err();
    assert_eq!(there_is_one.code(), Some(&Code::KeyAlreadyExists));
    here.copy("moved/a+b.txt", "copy.txt").upsert(true).await.unwrap();

    here.copy("copy.txt", "x/copy.txt").to_bucket(there.bucket()).await.unwrap();
    here.move_("copy.txt", "x/moved.txt").to_bucket(there.bucket()).await.unwrap();
    assert_eq!(there.download("x/copy.txt").await.unwrap(), "content".as_bytes());
    assert_eq!(there.download("x/moved.txt").await.unwrap(), "content".as_bytes());
    assert!(!here.exists("copy.txt").await.unwrap());

    there
        .copy("x/copy.txt", "x/other.bin")
        .copy_metadata(false)
        .metadata(json!({ "k": 2 }))
        .content_type("application/x-other")
        .cache_control("max-age=5")
        .await
        .unwrap();
    let info = there.info("x/other.bin").await.unwrap();
    assert_eq!(info.metadata.unwrap()["k"], 2);
    assert_eq!(
        (info.content_type.as_deref(), info.cache_control.as_deref()),
        (Some("application/x-other"), Some("max-age=5"))
    );

    let missing = here.move_("nope.txt", "x.txt").await.unwrap_err();
    assert_eq!(missing.code(), Some(&Code::NoSuchKey));
    let removed = there.remove(["x/copy.txt", "nope.txt"]).await.unwrap();
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0].name, "x/copy.txt");
    remove(service, &here).await;
    remove(service, &there).await;
}
