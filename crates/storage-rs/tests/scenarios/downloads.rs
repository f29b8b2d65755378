use futures_util::TryStreamExt;
use storage_rs::{Client, Code, ErrorKind};

use super::{bucket, noise, remove};

/// Whole, in pieces, in part, to a file, and to a file by several ranges at once.
pub(crate) async fn every_way(service: &Client) {
    let objects = bucket(service, "downloads").await;
    // Two whole parts of a parallel download and a bit.
    let content = noise(2 * 8 * 1024 * 1024 + 12_345);
    objects.upload("a.bin", content.clone()).await.unwrap();

    assert_eq!(objects.download("a.bin").await.unwrap(), content);
    let stream = objects.download("a.bin").stream().await.unwrap();
    assert_eq!(stream.content_length(), Some(content.len() as u64));
    assert_eq!(stream.content_type(), Some("application/octet-stream"));
    let tag = stream.etag().unwrap().to_owned();
    let pieces: Vec<_> = stream.try_collect().await.unwrap();
    assert!(pieces.len() > 1);
    assert_eq!(pieces.concat(), content);

    for (bytes, expected) in [
        (objects.download("a.bin").range(10..20), &content[10..20]),
        (objects.download("a.bin").range(..=5), &content[..=5]),
        (objects.download("a.bin").range(content.len() as u64 - 3..), &content[content.len() - 3..]),
        (objects.download("a.bin").last_bytes(7), &content[content.len() - 7..]),
    ] {
        assert_eq!(bytes.await.unwrap(), expected);
    }
    let beyond = objects.download("a.bin").range(content.len() as u64..).await.unwrap_err();
    assert_eq!(beyond.code(), Some(&Code::InvalidRange));
    let limited = objects.download("a.bin").max_body(1000).await.unwrap_err();
    assert_eq!(limited.kind(), ErrorKind::TooLarge);

    let folder = tempfile::tempdir().unwrap();
    for parallel in [1, 4] {
        let path = folder.path().join(format!("{parallel}.bin"));
        let written = objects.download("a.bin").to_file(&path).parallel(parallel).await.unwrap();
        assert_eq!(written.bytes, content.len() as u64);
        assert_eq!(written.etag.as_deref(), Some(tag.as_str()));
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    objects.upload("empty", "").await.unwrap();
    objects.download("empty").to_file(folder.path().join("empty")).parallel(4).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("empty")).unwrap(), b"");
    let missing = objects.download("missing").to_file(folder.path().join("missing")).await.unwrap_err();
    assert_eq!(missing.code(), Some(&Code::NoSuchKey));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing else stands there");
    remove(service, &objects).await;
}
