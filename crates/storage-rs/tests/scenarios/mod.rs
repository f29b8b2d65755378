//! What must hold of every storage server: run on the one that this project writes, and on a live stack.

pub(crate) mod analytics;
pub(crate) mod buckets;
pub(crate) mod downloads;
pub(crate) mod errors;
pub(crate) mod lists;
pub(crate) mod names;
pub(crate) mod resumable;
pub(crate) mod sharing;
pub(crate) mod transfers;
pub(crate) mod uploads;
pub(crate) mod vectors;

use std::sync::atomic::{AtomicU32, Ordering};

use storage_rs::{Client, Objects};

/// The service role, and somebody who may do nothing.
pub(crate) struct People {
    pub(crate) service: Client,
    pub(crate) anon: Client,
}

/// A name that no other test and no other run has.
pub(crate) fn fresh(what: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    format!("{what}-{now}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A private bucket of its own.
pub(crate) async fn bucket(service: &Client, what: &str) -> Objects {
    let name = fresh(what);
    service.create_bucket(&name).await.unwrap();
    service.from(&name)
}

/// Removes everything and the bucket itself, so that a live stack does not fill up.
pub(crate) async fn remove(service: &Client, objects: &Objects) {
    let page = objects.list_v2().await.unwrap();
    assert!(!page.has_next, "a test leaves few objects");
    let keys = page.objects.into_iter().map(|object| storage_rs::ObjectPath::exact(object.name).unwrap());
    let keys: Vec<_> = keys.collect();
    if !keys.is_empty() {
        let count = keys.len();
        assert_eq!(objects.remove(keys).await.unwrap().len(), count);
    }
    service.delete_bucket(objects.bucket()).await.unwrap();
}

/// Reads a URL as anybody does who has it.
pub(crate) async fn fetch(url: impl AsRef<str>) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let answer = supabase_testing::http::client().get(url.as_ref()).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (status, headers.collect(), answer.bytes().await.unwrap().to_vec())
}

/// Bytes that differ from place to place.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    })
    .take(length)
    .collect()
}
