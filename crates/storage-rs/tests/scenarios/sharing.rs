use std::time::Duration;

use storage_rs::{Client, Code, Transform};

use super::{bucket, fetch, fresh, remove};

const MINUTE: Duration = Duration::from_secs(60);

/// The smallest PNG there is.
const PNG: [u8; 67] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60,
    0x82,
];

/// URLs for one, for many, and for uploads.
pub(crate) async fn signed(service: &Client, anon: &Client) {
    let objects = bucket(service, "signed").await;
    objects.upload("a.txt", "content").await.unwrap();
    let url = objects.create_signed_url("a.txt", MINUTE).download_as("näme.txt").await.unwrap();
    let (status, headers, body) = fetch(url.as_str()).await;
    assert_eq!((status, body.as_slice()), (200, b"content".as_slice()));
    assert!(
        headers.iter().any(|(name, value)| name == "content-disposition" && value.contains("n%C3%A4me.txt"))
    );
    let missing = objects.create_signed_url("nope.txt", MINUTE).await.unwrap_err();
    assert_eq!(missing.code(), Some(&Code::NoSuchKey));

    let many = objects.create_signed_urls(["nope.txt", "a.txt"], MINUTE).cache_nonce("7").await.unwrap();
    assert_eq!((many[0].path.as_str(), &many[0].url), ("nope.txt", &None));
    assert!(many[0].error.as_ref().unwrap().contains("not exist"));
    let url = many[1].url.as_ref().unwrap().as_str();
    assert!(url.contains("cacheNonce=7"));
    assert_eq!(fetch(url).await.0, 200);

    // Whoever has the token needs no other right.
    let signed = objects.create_signed_upload_url("new.txt").await.unwrap();
    let theirs = anon.from(objects.bucket());
    let uploaded = theirs.upload_to_signed_url("new.txt", signed.token.clone(), "new").await.unwrap();
    assert_eq!((uploaded.path(), &uploaded.id), ("new.txt", &None));
    let again = theirs.upload_to_signed_url("new.txt", signed.token.clone(), "new").await.unwrap_err();
    assert_eq!(again.code(), Some(&Code::KeyAlreadyExists));
    let elsewhere = theirs.upload_to_signed_url("other.txt", signed.token, "x").await.unwrap_err();
    assert_eq!(elsewhere.code(), Some(&Code::InvalidSignature));
    let exists = objects.create_signed_upload_url("a.txt").await.unwrap_err();
    assert_eq!(exists.code(), Some(&Code::KeyAlreadyExists));
    remove(service, &objects).await;
}

/// What anybody may read.
pub(crate) async fn public(service: &Client) {
    let name = fresh("public");
    service.create_bucket(&name).public(true).await.unwrap();
    let objects = service.from(&name);
    objects.upload("a b+c?.txt", "content").await.unwrap();
    let url = objects.get_public_url("a b+c?.txt").url().unwrap();
    let (status, _, body) = fetch(&url).await;
    assert_eq!((status, body.as_slice()), (200, b"content".as_slice()));
    let url = objects.get_public_url("a b+c?.txt").download_as("x.txt").cache_nonce("1").url().unwrap();
    let (status, headers, _) = fetch(&url).await;
    assert_eq!(status, 200);
    assert!(headers.iter().any(|(name, value)| name == "content-disposition" && value.contains("x.txt")));
    remove(service, &objects).await;
}

/// Images that the service resizes, by every way.
pub(crate) async fn transformed(service: &Client) {
    let name = fresh("images");
    service.create_bucket(&name).public(true).await.unwrap();
    let objects = service.from(&name);
    objects.upload("a.png", &PNG).await.unwrap();
    let transform = || Transform::new().width(2).height(2).quality(50);
    let image = objects.download("a.png").transform(transform()).await.unwrap();
    assert!(!image.is_empty());
    let url = objects.create_signed_url("a.png", MINUTE).transform(transform()).await.unwrap();
    assert!(url.as_str().contains("/render/image/sign/"), "the size stands in the token");
    assert_eq!(fetch(url.as_str()).await.0, 200);
    let url = objects.get_public_url("a.png").transform(transform()).url().unwrap();
    assert_eq!(fetch(&url).await.0, 200);
    let bad = objects.download("a.png").transform(Transform::new().quality(101)).await.unwrap_err();
    assert_eq!(bad.code(), Some(&Code::InvalidRequest));
    remove(service, &objects).await;
}
