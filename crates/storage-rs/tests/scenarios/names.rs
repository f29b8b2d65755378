use std::time::Duration;

use storage_rs::{Client, ObjectPath};

use super::{bucket, fetch, remove};

/// Every character that a key may have, and those that other clients lost.
const KEYS: [&str; 17] = [
    "a b/c d.txt",
    "a+b.txt",
    "a&b.txt",
    "a=b.txt",
    "a@b.txt",
    "a:b.txt",
    "a,b.txt",
    "a$b.txt",
    "a;b.txt",
    "a?b.txt",
    "a?b=c&d.txt",
    "a'b(c)!d*.txt",
    "it's (1) - _x.txt",
    "deep/er/and/deeper.txt",
    "twice//slashed.txt",
    " lead and trail ",
    "+ &=@:,$;?!*'()",
];

/// What is uploaded under a name is what one gets back under that name, by every way there is.
pub(crate) async fn go_round(service: &Client) {
    let objects = bucket(service, "names").await;
    let minute = Duration::from_secs(60);
    for key in KEYS {
        let uploaded = objects.upload(key, key.as_bytes().to_vec()).content_type("text/plain").await.unwrap();
        assert_eq!(uploaded.path(), key);
        assert_eq!(objects.download(key).await.unwrap(), key.as_bytes(), "{key}");
        assert_eq!(objects.info(key).await.unwrap().name, key);
        assert!(objects.exists(key).await.unwrap(), "{key}");

        let signed = objects.create_signed_url(key, minute).await.unwrap();
        let (status, _, body) = fetch(signed.as_str()).await;
        assert_eq!((status, body.as_slice()), (200, key.as_bytes()), "signed {key}");
        let many = objects.create_signed_urls([key], minute).download_as("n m.txt").await.unwrap();
        let (status, headers, body) = fetch(many[0].url.as_ref().unwrap().as_str()).await;
        assert_eq!((status, body.as_slice()), (200, key.as_bytes()), "signed in a list: {key}");
        let disposition = headers.iter().find(|(name, _)| name == "content-disposition").unwrap();
        assert!(disposition.1.contains("n%20m.txt"), "{disposition:?}");

        let signed = objects.create_signed_upload_url(key).upsert(true).await.unwrap();
        let again = objects.upload_to_signed_url(&signed.path, signed.token, "again").await.unwrap();
        assert_eq!(again.path(), key);
        assert_eq!(objects.download(key).await.unwrap(), "again".as_bytes(), "{key}");
    }
    let mut listed: Vec<_> =
        objects.list_v2().await.unwrap().objects.into_iter().map(|object| object.name).collect();
    listed.sort();
    let mut keys = KEYS.map(str::to_owned).to_vec();
    keys.sort();
    assert_eq!(listed, keys);

    // A slash at the beginning means nothing, unless it is said to.
    objects.upload("/slash.txt", "1").await.unwrap();
    assert_eq!(objects.download("slash.txt").await.unwrap(), "1".as_bytes());
    let exact = ObjectPath::exact("/slash.txt").unwrap();
    objects.upload(&exact, "2").await.unwrap();
    assert_eq!(objects.download(&exact).await.unwrap(), "2".as_bytes());
    assert_eq!(objects.download("slash.txt").await.unwrap(), "1".as_bytes());
    remove(service, &objects).await;
}
