//! Files in storage.

use futures_util::TryStreamExt;
use futures_util::stream;
use serde_json::json;
use supabase::Client;
use supabase::storage::{Code, Objects};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ANON_KEY, URL, new_user, set};

/// Made by `cargo xtask wasm`: a page has no key that may.
const BUCKET: &str = "wasm-tests";

/// A user, and the name of their folder.
async fn owner() -> (Client, String) {
    let (supabase, _) = new_user().await;
    let folder = supabase.auth().get_session().await.unwrap().unwrap().user.id.clone();
    (supabase, folder)
}

fn files(supabase: &Client) -> Objects {
    supabase.storage().from(BUCKET)
}

/// Bytes that are not text, and more than one piece of them.
fn many_bytes() -> Vec<u8> {
    (0..300_000_u32).map(|n| (n % 251) as u8).collect()
}

#[wasm_bindgen_test]
async fn a_file_is_uploaded_and_downloaded_whole_in_pieces_and_in_part() {
    let (supabase, folder) = owner().await;
    let (files, path, bytes) = (files(&supabase), format!("{folder}/a (1) &.bin"), many_bytes());
    files.upload(&path, bytes.clone()).metadata(json!({ "by": "ada" })).await.unwrap();
    assert!(files.download(&path).await.unwrap() == bytes, "other bytes came back");
    let pieces = files.download(&path).stream().await.unwrap();
    let pieces: Vec<_> = pieces.try_collect().await.unwrap();
    assert!(pieces.concat() == bytes, "other bytes came back");
    assert_eq!(files.download(&path).range(250..260).await.unwrap(), bytes[250..260]);
    assert_eq!(files.download(&path).last_bytes(7).await.unwrap(), bytes[bytes.len() - 7..]);
    let info = files.info(&path).await.unwrap();
    assert_eq!(info.size, Some(bytes.len() as u64));
    let listed = files.list(&folder).await.unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    files.remove([&path]).await.unwrap();
    assert!(!files.exists(&path).await.unwrap());
}

#[wasm_bindgen_test]
async fn a_stream_is_uploaded() {
    let (supabase, folder) = owner().await;
    let (files, path) = (files(&supabase), format!("{folder}/stream.txt"));
    let pieces = stream::iter(["far ", "away"].map(Ok::<_, std::io::Error>));
    files.upload(&path, supabase::storage::Body::stream(pieces)).await.unwrap();
    assert_eq!(files.download(&path).await.unwrap(), "far away");
}

#[wasm_bindgen_test]
async fn a_file_is_uploaded_by_parts() {
    let (supabase, folder) = owner().await;
    let (files, path, bytes) = (files(&supabase), format!("{folder}/parts.bin"), many_bytes());
    files.upload_resumable(&path, bytes.clone()).chunk_size(100_000).await.unwrap();
    assert!(files.download(&path).await.unwrap() == bytes, "other bytes came back");
}

#[wasm_bindgen_test]
async fn another_users_folder_is_closed() {
    let (_, folder) = owner().await;
    let (other, _) = new_user().await;
    let refused = files(&other).upload(format!("{folder}/a.txt"), "mine").await.unwrap_err();
    assert_eq!(refused.code(), Some(&Code::AccessDenied), "{refused:?}");
}

/// A CDN compresses what it likes, and a page cannot ask it not to: the length that is announced is that of what travels.
#[wasm_bindgen_test]
async fn what_is_compressed_on_its_way_is_not_taken_for_broken() {
    let storage =
        supabase::storage::Client::new(format!("{}/functions/v1/compressed", set(URL)), set(ANON_KEY))
            .unwrap();
    let text = storage.from("any").download("file.txt").await.unwrap();
    assert_eq!(text, "far away, ".repeat(1_000));
}
