use futures_util::TryStreamExt;
use storage_rs::{Client, Code, Entry, ListColumn, ListV2Column, Order};

use super::{bucket, remove};

/// A folder: names in it, folders in it, order, search, pages.
pub(crate) async fn of_a_folder(service: &Client) {
    let objects = bucket(service, "list").await;
    for key in ["a/1.txt", "a/2.txt", "a/jon.txt", "a/deep/3.txt", "b.txt"] {
        objects.upload(key, key.as_bytes().to_vec()).await.unwrap();
    }
    let names =
        |files: Vec<storage_rs::FileObject>| files.into_iter().map(|file| file.name).collect::<Vec<_>>();
    let folder = objects.list("a").await.unwrap();
    let deep = folder.iter().find(|file| file.name == "deep").unwrap();
    assert!(deep.is_folder() && deep.metadata.is_none());
    let file = folder.iter().find(|file| file.name == "1.txt").unwrap();
    assert!(!file.is_folder());
    let metadata = file.metadata.as_ref().unwrap();
    assert_eq!((metadata.size, metadata.mimetype.as_deref()), (Some(7), Some("text/plain")));
    assert!(file.created_at.is_some());

    assert_eq!(names(objects.list("").await.unwrap()), ["a", "b.txt"]);
    assert_eq!(names(objects.list("a").search("JON").await.unwrap()), ["jon.txt"]);
    let backwards = objects.list("a").sort(ListColumn::Name, Order::Descending).await.unwrap();
    assert_eq!(names(backwards).last().map(String::as_str), Some("1.txt"));
    let page = objects.list("a").limit(1).offset(1).await.unwrap();
    assert_eq!(page.len(), 1);
    assert!(objects.list("nothing").await.unwrap().is_empty());
    remove(service, &objects).await;
}

/// Everything below a prefix, in pages and as a stream.
pub(crate) async fn page_by_page(service: &Client) {
    let objects = bucket(service, "list-v2").await;
    let keys = ["a/1.txt", "a/2.txt", "a/deep/3.txt", "ab.txt", "b.txt"];
    for key in keys {
        objects.upload(key, "x").await.unwrap();
    }
    let page = objects.list_v2().limit(2).await.unwrap();
    assert_eq!((page.objects.len(), page.has_next), (2, true));
    let next = objects.list_v2().limit(2).cursor(page.next_cursor.unwrap()).await.unwrap();
    assert_eq!(next.objects[0].name, keys[2]);

    let all: Vec<_> = objects.list_v2().limit(2).stream().try_collect().await.unwrap();
    let names: Vec<_> = all.iter().map(Entry::name).collect();
    assert_eq!(names, keys);

    let folders = objects.list_v2().prefix("a").with_delimiter(true).limit(1).stream();
    let folders: Vec<_> = folders.try_collect().await.unwrap();
    let names: Vec<_> = folders.iter().map(Entry::name).collect();
    assert_eq!(names, ["a/", "ab.txt"]);
    assert!(matches!(&folders[0], Entry::Folder(folder) if folder.key.as_deref() == Some("a")));

    let newest = objects.list_v2().sort(ListV2Column::CreatedAt, Order::Descending).limit(1).await.unwrap();
    assert_eq!(newest.objects[0].name, "b.txt");
    let bad = objects.list_v2().cursor("!!!").await.unwrap_err();
    assert_eq!(bad.code(), Some(&Code::InvalidParameter));
    remove(service, &objects).await;
}
