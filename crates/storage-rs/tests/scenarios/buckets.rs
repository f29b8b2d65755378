use storage_rs::{BucketColumn, BucketKind, Client, Code, Order};

use super::fresh;

pub(crate) async fn live_and_die(service: &Client) {
    let name = fresh("bucket");
    let created = service
        .create_bucket(&name)
        .public(true)
        .file_size_limit("1MB")
        .allowed_mime_types(["image/png", "text/*"])
        .await
        .unwrap();
    assert_eq!(created, name);

    let bucket = service.get_bucket(&name).await.unwrap();
    assert_eq!(
        (bucket.id.as_str(), bucket.public, bucket.file_size_limit),
        (name.as_str(), true, Some(1_000_000))
    );
    assert_eq!(bucket.allowed_mime_types, Some(vec!["image/png".to_owned(), "text/*".to_owned()]));
    assert!(bucket.created_at.as_unix_seconds() > 1_700_000_000);

    let again = service.create_bucket(&name).await.unwrap_err();
    assert_eq!(again.code(), Some(&Code::BucketAlreadyExists));

    service.update_bucket(&name).public(false).without_file_size_limit().with_any_mime_type().await.unwrap();
    let bucket = service.get_bucket(&name).await.unwrap();
    assert_eq!((bucket.public, bucket.file_size_limit, bucket.allowed_mime_types), (false, None, None));
    // What is not said stays.
    service.update_bucket(&name).file_size_limit(2000).await.unwrap();
    service.update_bucket(&name).public(true).await.unwrap();
    let bucket = service.get_bucket(&name).await.unwrap();
    assert_eq!((bucket.public, bucket.file_size_limit), (true, Some(2000)));

    let other = fresh("bucket");
    service.create_bucket(&other).await.unwrap();
    let found = service
        .list_buckets()
        .search("bucket-")
        .sort(BucketColumn::Name, Order::Descending)
        .limit(1000)
        .await
        .unwrap();
    let names: Vec<_> = found.iter().map(|bucket| bucket.name.as_str()).collect();
    assert!(names.contains(&name.as_str()) && names.contains(&other.as_str()), "{names:?}");
    assert!(names.is_sorted_by(|a, b| a >= b), "{names:?}");
    assert!(found.iter().all(|bucket| bucket.kind.is_none() || bucket.kind == Some(BucketKind::Standard)));
    let page = service.list_buckets().search("bucket-").limit(1).offset(1).await.unwrap();
    assert_eq!(page.len(), 1);

    service.from(&name).upload("a.txt", "a").await.unwrap();
    let full = service.delete_bucket(&name).await.unwrap_err();
    assert_eq!(full.code(), Some(&Code::ResourceNotEmpty));
    service.empty_bucket(&name).await.unwrap();
    // The service may take its time to empty it: the objects are removed by name as well.
    service.from(&name).remove(["a.txt"]).await.unwrap();
    service.delete_bucket(&name).await.unwrap();
    service.delete_bucket(&other).await.unwrap();
    let gone = service.get_bucket(&name).await.unwrap_err();
    assert_eq!(gone.code(), Some(&Code::NoSuchBucket));
}
