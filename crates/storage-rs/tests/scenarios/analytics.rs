use storage_rs::{BucketColumn, Client, Order};

use super::fresh;

/// Analytics buckets.
pub(crate) async fn buckets(service: &Client) {
    let name = fresh("analytics");
    let analytics = service.analytics();
    assert_eq!(analytics.create_bucket(&name).await.unwrap().name, name);
    let found = analytics
        .list_buckets()
        .search(&name)
        .sort(BucketColumn::Name, Order::Ascending)
        .limit(10)
        .offset(0)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, name);
    analytics.delete_bucket(&name).await.unwrap();
    assert!(analytics.list_buckets().search(&name).await.unwrap().is_empty());
}
