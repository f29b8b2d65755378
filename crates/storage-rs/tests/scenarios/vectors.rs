use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use serde_json::json;
use storage_rs::Client;
use storage_rs::vectors::{DistanceMetric, Vector};

use super::fresh;

/// Buckets, indexes, vectors, search, and the parallel scan.
pub(crate) async fn live_and_die(service: &Client) {
    let name = fresh("vectors");
    let vectors = service.vectors();
    vectors.create_bucket(&name).await.unwrap();
    assert_eq!(vectors.get_bucket(&name).await.unwrap().vector_bucket_name, name);
    let found = vectors.list_buckets().prefix(name.as_str()).max_results(10).await.unwrap();
    assert_eq!(found.vector_buckets.len(), 1);
    assert!(vectors.create_bucket(&name).await.is_err());

    let bucket = vectors.from(&name);
    bucket
        .create_index("documents", 3, DistanceMetric::Euclidean)
        .non_filterable_metadata_keys(["text"])
        .await
        .unwrap();
    let index = bucket.get_index("documents").await.unwrap();
    assert_eq!((index.dimension, index.distance_metric), (3, DistanceMetric::Euclidean));
    let listed = bucket.list_indexes().await.unwrap();
    assert_eq!(listed.indexes[0].index_name, "documents");
    assert!(listed.indexes[0].creation_time.is_some());

    let index = bucket.index("documents");
    let many = (0..40_u8).map(|n| {
        let kind = if n % 2 == 0 { "even" } else { "odd" };
        Vector::new(format!("v{n:02}"), [f32::from(n), 0.0, 0.5])
            .metadata(json!({ "kind": kind, "text": "long" }))
    });
    index.put_vectors(many).await.unwrap();
    let got = index.get_vectors(["v07", "nope"]).return_data(true).return_metadata(true).await.unwrap();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].data.as_ref().unwrap().float32, [7.0, 0.0, 0.5]);
    assert_eq!(got[0].metadata.as_ref().unwrap()["kind"], "odd");

    let near = index
        .query_vectors([10.2, 0.0, 0.5])
        .top_k(2)
        .filter(json!({ "kind": "odd" }))
        .return_distance(true)
        .await
        .unwrap();
    let keys: Vec<_> = near.vectors.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(keys, ["v11", "v09"]);
    assert!(near.vectors[0].distance.unwrap() < near.vectors[1].distance.unwrap());

    let page = index.list_vectors().max_results(15).await.unwrap();
    assert_eq!(page.vectors.len(), 15);
    assert!(page.next_token.is_some());
    for segments in [1, 4] {
        let all: Vec<_> = index
            .scan(segments, |list| list.max_results(7))
            .map_ok(|vector| vector.key)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(all.len(), 40, "none comes twice");
        assert_eq!(BTreeSet::from_iter(all).len(), 40);
    }
    assert!(index.scan(17, |list| list).try_collect::<Vec<_>>().await.is_err());

    index.delete_vectors(["v07"]).await.unwrap();
    assert!(index.get_vectors(["v07"]).await.unwrap().is_empty());
    assert!(vectors.delete_bucket(&name).await.is_err(), "it holds an index");
    bucket.delete_index("documents").await.unwrap();
    vectors.delete_bucket(&name).await.unwrap();
}
