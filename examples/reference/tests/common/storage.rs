//! The examples of storage, one after the other, on whatever server there is.

use std::collections::BTreeSet;
use std::fs;

use supabase::Client;
use supabase::secrecy::ExposeSecret;
use supabase::storage::Code;

use crate::common::listed;

/// The smallest PNG there is.
const PNG: [u8; 67] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60,
    0x82,
];

/// The objects that the examples make, which an earlier run may have left behind.
const LEFT: [&str; 6] = [
    "public/avatar1.png",
    "private/avatar2.png",
    "folder/avatar1.png",
    "folder/avatar2.png",
    "folder/jon.png",
    "folder/cat.jpg",
];

/// Runs every example as the service role, and says which ran.
pub(crate) async fn every_example(supabase: &Client, anybody: &Client) {
    let mut ran = BTreeSet::new();
    macro_rules! run {
        ($id:ident($($argument:expr),*)) => {{
            ran.insert(stringify!($id).to_owned());
            let given = reference_examples::$id(supabase $(, $argument)*).await;
            let given = given.unwrap_or_else(|error| panic!("{} failed: {error:?}", stringify!($id)));
            println!("{}: {given:?}", stringify!($id));
            given
        }};
    }
    let storage = supabase.storage();
    let avatars = storage.from("avatars");
    if storage.get_bucket("avatars").await.is_ok() {
        avatars.remove(LEFT).await.unwrap();
        storage
            .delete_bucket("avatars")
            .await
            .expect("the bucket `avatars` holds nothing but what examples make");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("avatar1.png");
    fs::write(&file, PNG).unwrap();

    assert_eq!(run!(storage_create_bucket_1()), "avatars");
    let bucket = run!(storage_get_bucket_1());
    assert_eq!((bucket.public, bucket.file_size_limit), (false, Some(1024)));
    assert_eq!(bucket.allowed_mime_types, Some(vec!["image/png".to_owned()]));
    assert!(run!(storage_list_buckets_1()).iter().any(|bucket| bucket.name == "avatars"));
    run!(storage_update_bucket_1());
    let error = avatars.upload("public/avatar1.jpg", &PNG).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InvalidMimeType), "the rules hold");
    storage.update_bucket("avatars").with_any_mime_type().await.unwrap();

    assert_eq!(run!(storage_upload_1(&file)).full_path, "avatars/public/avatar1.png");
    assert_eq!(run!(storage_update_1(&file)).full_path, "avatars/public/avatar1.png");
    assert_eq!(run!(storage_copy_1()).full_path, "avatars/private/avatar2.png");
    avatars.remove(["private/avatar2.png"]).await.unwrap();
    run!(storage_move_1());
    assert!(avatars.exists("private/avatar2.png").await.unwrap());
    assert!(!avatars.exists("public/avatar1.png").await.unwrap());

    let signed = run!(storage_create_signed_upload_url_1());
    avatars.upload_to_signed_url(&signed.path, signed.token, file.as_path()).await.unwrap();
    let token = avatars.create_signed_upload_url("folder/cat.jpg").await.unwrap().token;
    ran.insert("storage_upload_to_signed_url_1".to_owned());
    let uploaded = reference_examples::storage_upload_to_signed_url_1(anybody, token.expose_secret(), &file)
        .await
        .unwrap();
    assert_eq!(uploaded.path(), "folder/cat.jpg", "whoever has the token needs no other right");
    avatars.upload("folder/jon.png", &PNG).await.unwrap();

    let names = |files: Vec<supabase::storage::FileObject>| {
        files.into_iter().map(|file| file.name).collect::<Vec<_>>()
    };
    assert_eq!(names(run!(storage_list_1())), ["jon.png", "cat.jpg", "avatar1.png"]);
    assert_eq!(names(run!(storage_list_2())), ["jon.png"]);

    let copy = folder.path().join("copy.png");
    assert_eq!(run!(storage_download_1(&copy)).bytes, PNG.len() as u64);
    assert_eq!(fs::read(&copy).unwrap(), PNG);
    let small = folder.path().join("small.png");
    assert!(run!(storage_download_2(&small)).bytes > 0);
    assert!(fs::read(&small).unwrap().starts_with(&PNG[..8]), "it is an image");

    let opened = async |url: &str| {
        let answer = supabase_testing::http::client().get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.headers().contains_key("content-disposition")
    };
    assert!(!opened(run!(storage_create_signed_url_1()).as_str()).await);
    opened(run!(storage_create_signed_url_2()).as_str()).await;
    assert!(opened(run!(storage_create_signed_url_3()).as_str()).await, "browsers save it");
    let many = run!(storage_create_signed_urls_1());
    opened(many[0].url.as_ref().unwrap().as_str()).await;
    assert!(many[1].url.is_none() && many[1].error.is_some(), "there is no second one");

    macro_rules! url {
        ($id:ident, $url:literal) => {
            ran.insert(stringify!($id).to_owned());
            let url = reference_examples::$id(supabase).unwrap();
            let below = url.as_str().strip_prefix(supabase.url().trim_end_matches('/')).unwrap();
            assert_eq!(below, concat!("/storage/v1/", $url));
        };
    }
    url!(storage_get_public_url_1, "object/public/avatars/folder/avatar1.jpg");
    url!(storage_get_public_url_2, "render/image/public/avatars/folder/avatar1.jpg?width=100&height=100");
    url!(storage_get_public_url_3, "object/public/avatars/folder/avatar1.jpg?download=");

    assert_eq!(run!(storage_remove_1()).len(), 1);
    run!(storage_empty_bucket_1());
    // The service may take its time to empty it: what is left is removed by name.
    avatars.remove(LEFT).await.unwrap();
    run!(storage_delete_bucket_1());
    assert!(storage.get_bucket("avatars").await.is_err());
    assert_eq!(ran, listed("storage."), "every example ran");
}
