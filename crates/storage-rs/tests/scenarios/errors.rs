use storage_rs::{Client, Code, ErrorKind};

use super::{bucket, remove};

/// Nobody sees or writes what the policies do not allow: writes fail, reads find nothing.
pub(crate) async fn what_is_not_allowed(service: &Client, anon: &Client) {
    let objects = bucket(service, "secret").await;
    objects.upload("a.txt", "secret").await.unwrap();
    let theirs = anon.from(objects.bucket());

    let error = theirs.upload("b.txt", "x").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&Code::AccessDenied)), "{error:?}");
    assert_eq!(error.status_code(), Some(403));
    let error = theirs.download("a.txt").await.unwrap_err();
    assert!(matches!(error.code(), Some(Code::NoSuchKey | Code::NoSuchBucket)), "{error:?}");
    assert!(!error.is_retryable());
    assert!(!theirs.exists("a.txt").await.unwrap());
    // These do not fail: they find nothing.
    assert!(theirs.list("").await.unwrap().is_empty());
    assert!(theirs.remove(["a.txt"]).await.unwrap().is_empty());
    assert!(objects.exists("a.txt").await.unwrap());
    let error = anon.empty_bucket(objects.bucket()).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::AccessDenied));

    let error = service.with_access_token("eyJhbGciOiJIUzI1NiJ9.e30.junk").list_buckets().await.unwrap_err();
    assert_eq!((error.code(), error.status_code()), (Some(&Code::AccessDenied), Some(403)), "{error:?}");
    let error = service.from("no-such-bucket").upload("a", "x").await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::NoSuchBucket));
    remove(service, &objects).await;
}
