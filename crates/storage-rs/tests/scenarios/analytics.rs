use serde_json::json;
use storage_rs::analytics::{Field, Schema};
use storage_rs::{BucketColumn, Client, Code, Order};

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

/// Namespaces and tables of a catalog.
pub(crate) async fn catalog(service: &Client) {
    let name = fresh("catalog");
    let analytics = service.analytics();
    analytics.create_bucket(&name).await.unwrap();
    let catalog = analytics.from(&name);
    catalog.config().await.unwrap();

    assert!(!catalog.namespace_exists("web").await.unwrap());
    let created = catalog.create_namespace("web").property("owner", "ada").await.unwrap();
    assert_eq!(created.namespace, ["web"]);
    assert!(catalog.namespace_exists("web").await.unwrap());
    assert_eq!(catalog.load_namespace_metadata("web").await.unwrap().properties["owner"], "ada");
    assert_eq!(catalog.list_namespaces().page_size(10).await.unwrap().namespaces, [["web"]]);
    let missing = catalog.load_namespace_metadata("none").await.unwrap_err();
    assert_eq!((missing.code(), missing.status()), (Some(&Code::NoSuchNamespace), Some(404)), "{missing:?}");

    let schema =
        Schema::new([Field::required(1, "id", "long"), Field::optional(2, "page", "string").doc("where")]);
    let table = catalog.create_table("web", "clicks", schema).property("k", "v").await.unwrap();
    assert!(table.metadata["table-uuid"].is_string(), "{table:?}");
    assert!(catalog.table_exists("web", "clicks").await.unwrap());
    assert!(!catalog.table_exists("web", "none").await.unwrap());
    let tables = catalog.list_tables("web").await.unwrap();
    assert_eq!((tables.identifiers.len(), tables.identifiers[0].name.as_str()), (1, "clicks"));
    let updated = catalog
        .update_table("web", "clicks")
        .require(json!({ "type": "assert-table-uuid", "uuid": table.metadata["table-uuid"] }))
        .update(json!({ "action": "set-properties", "updates": { "k": "w" } }))
        .await
        .unwrap();
    assert_eq!(updated.metadata["properties"]["k"], "w");
    assert_eq!(catalog.load_table("web", "clicks").await.unwrap().metadata["properties"]["k"], "w");

    let full = catalog.drop_namespace("web").await.unwrap_err();
    assert!(full.code().is_some(), "{full:?}");
    catalog.drop_table("web", "clicks").purge(true).await.unwrap();
    catalog.drop_namespace("web").await.unwrap();
    analytics.delete_bucket(&name).await.unwrap();
}
