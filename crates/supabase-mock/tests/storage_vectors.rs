//! Buckets of vectors, and analytics buckets with their catalogs.

use serde_json::{Value, json};
use supabase_mock::storage::Server;

use self::wire::send;

#[path = "common/wire.rs"]
mod wire;

/// Sends JSON as the service role; answers the status and the body as JSON, null if there is none.
async fn ask(server: &Server, method: &str, path: &str, body: Value) -> (u16, Value) {
    let mut headers = vec![("apikey".to_owned(), server.secret_key().to_owned())];
    let mut bytes = Vec::new();
    if !body.is_null() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        bytes = body.to_string().into_bytes();
    }
    let answer = send(server.address(), method, &format!("/storage/v1{path}"), &headers, bytes).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

async fn vectors(server: &Server, operation: &str, body: Value) -> (u16, Value) {
    ask(server, "POST", &format!("/vector/{operation}"), body).await
}

#[tokio::test]
async fn vectors_are_put_found_and_removed() {
    let server = Server::start().await.expect("a server");
    let bucket = json!({ "vectorBucketName": "v" });
    assert_eq!(vectors(&server, "CreateVectorBucket", bucket.clone()).await, (200, Value::Null));
    let (status, error) = vectors(&server, "CreateVectorBucket", bucket.clone()).await;
    assert_eq!(
        (status, &error["code"], &error["statusCode"]),
        (409, &json!("ConflictException"), &json!("409"))
    );
    let (_, listed) = vectors(&server, "ListVectorBuckets", json!({})).await;
    assert_eq!(listed["vectorBuckets"][0]["vectorBucketName"], "v");
    assert!(listed.get("nextToken").is_none());

    let index = json!({
        "vectorBucketName": "v", "indexName": "docs", "dataType": "float32", "dimension": 2,
        "distanceMetric": "cosine", "metadataConfiguration": { "nonFilterableMetadataKeys": ["text"] },
    });
    assert_eq!(vectors(&server, "CreateIndex", index).await, (200, Value::Null));
    let at = |more: Value| {
        let mut body = json!({ "vectorBucketName": "v", "indexName": "docs" });
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        body
    };
    let (_, got) = vectors(&server, "GetIndex", at(json!({}))).await;
    assert_eq!((&got["index"]["dimension"], &got["index"]["distanceMetric"]), (&json!(2), &json!("cosine")));
    assert_eq!(got["index"]["metadataConfiguration"]["nonFilterableMetadataKeys"], json!(["text"]));

    let put = json!({ "vectors": [
        { "key": "east", "data": { "float32": [1, 0] }, "metadata": { "kind": "a", "text": "E" } },
        { "key": "north", "data": { "float32": [0, 1.5] }, "metadata": { "kind": "b" } },
        { "key": "west", "data": { "float32": [-1, 0] }, "metadata": { "kind": "a" } },
    ]});
    assert_eq!(vectors(&server, "PutVectors", at(put)).await, (200, json!({})));
    let short = json!({ "vectors": [{ "key": "x", "data": { "float32": [1] } }] });
    assert_eq!(vectors(&server, "PutVectors", at(short)).await.1["code"], "InvalidParameter");

    let query = |more: Value| {
        let mut body =
            at(json!({ "queryVector": { "float32": [1, 0.1] }, "topK": 10, "returnDistance": true }));
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        body
    };
    let (_, near) = vectors(&server, "QueryVectors", query(json!({ "returnMetadata": true }))).await;
    let keys: Vec<_> =
        near["vectors"].as_array().expect("a list").iter().map(|found| &found["key"]).collect();
    assert_eq!(keys, ["east", "north", "west"]);
    assert_eq!(near["distanceMetric"], "cosine");
    assert!(near["vectors"][0]["distance"].as_f64().is_some_and(|distance| distance < 0.01));
    let (_, near) =
        vectors(&server, "QueryVectors", query(json!({ "filter": { "kind": "a" }, "topK": 1 }))).await;
    assert_eq!(
        (&near["vectors"][0]["key"], near["vectors"].as_array().map(Vec::len)),
        (&json!("east"), Some(1))
    );
    let (status, error) = vectors(&server, "QueryVectors", query(json!({ "filter": { "text": "E" } }))).await;
    assert_eq!((status, &error["code"]), (400, &json!("InvalidParameter")));

    let (_, got) =
        vectors(&server, "GetVectors", at(json!({ "keys": ["north", "nope"], "returnData": true }))).await;
    assert_eq!(got, json!({ "vectors": [{ "key": "north", "data": { "float32": [0.0, 1.5] } }] }));

    let (_, page) = vectors(&server, "ListVectors", at(json!({ "maxResults": 2 }))).await;
    assert_eq!((&page["nextToken"], page["vectors"].as_array().map(Vec::len)), (&json!("north"), Some(2)));
    let (_, page) =
        vectors(&server, "ListVectors", at(json!({ "maxResults": 2, "nextToken": "north" }))).await;
    assert_eq!(page, json!({ "vectors": [{ "key": "west" }] }));
    // Segments share all vectors among them.
    let mut all = Vec::new();
    for segment in 0..4 {
        let (_, page) =
            vectors(&server, "ListVectors", at(json!({ "segmentCount": 4, "segmentIndex": segment }))).await;
        all.extend(page["vectors"].as_array().expect("a list").iter().map(|found| found["key"].to_string()));
    }
    all.sort();
    assert_eq!(all, ["\"east\"", "\"north\"", "\"west\""]);

    assert_eq!(vectors(&server, "DeleteVectors", at(json!({ "keys": ["east"] }))).await, (200, Value::Null));
    assert_eq!(
        vectors(&server, "DeleteVectorBucket", bucket.clone()).await.1["code"],
        "VectorBucketNotEmpty"
    );
    assert_eq!(vectors(&server, "DeleteIndex", at(json!({}))).await.0, 200);
    assert_eq!(vectors(&server, "GetIndex", at(json!({}))).await.1["code"], "NotFoundException");
    assert_eq!(vectors(&server, "DeleteVectorBucket", bucket).await.0, 200);
}

#[tokio::test]
async fn vectors_are_for_the_service_role() {
    let server = Server::start().await.expect("a server");
    let headers = [("apikey", server.publishable_key()), ("content-type", "application/json")];
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let path = "/storage/v1/vector/ListVectorBuckets";
    assert_eq!(send(server.address(), "POST", path, &headers, b"{}".to_vec()).await.status, 403);
}

#[tokio::test]
async fn catalogs_have_namespaces_and_tables() {
    let server = Server::start().await.expect("a server");
    let (status, bucket) = ask(&server, "POST", "/iceberg/bucket", json!({ "name": "lake" })).await;
    assert_eq!((status, &bucket["id"]), (200, &json!("lake")));
    let (_, config) = ask(&server, "GET", "/iceberg/v1/config?warehouse=lake", Value::Null).await;
    assert_eq!(config["overrides"]["prefix"], "lake");
    let (status, error) = ask(&server, "GET", "/iceberg/v1/config?warehouse=sea", Value::Null).await;
    assert_eq!(
        (status, &error["error"]["type"], &error["error"]["code"]),
        (404, &json!("NoSuchCatalog"), &json!(404))
    );

    let namespaces = "/iceberg/v1/lake/namespaces";
    let (status, made) =
        ask(&server, "POST", namespaces, json!({ "namespace": ["sales"], "properties": { "a": "1" } })).await;
    assert_eq!((status, made), (200, json!({ "namespace": ["sales"], "properties": { "a": "1" } })));
    let sales = "/iceberg/v1/lake/namespaces/sales";
    let change = json!({ "removals": ["a", "z"], "updates": { "b": "2" } });
    let (_, changed) = ask(&server, "POST", &format!("{sales}/properties"), change).await;
    assert_eq!(changed, json!({ "updated": ["b"], "removed": ["a"], "missing": ["z"] }));
    assert_eq!(ask(&server, "GET", sales, Value::Null).await.1["properties"], json!({ "b": "2" }));
    assert_eq!(ask(&server, "HEAD", sales, Value::Null).await.0, 204);
    assert_eq!(ask(&server, "HEAD", "/iceberg/v1/lake/namespaces/nope", Value::Null).await.0, 404);

    let fields = json!([{ "id": 1, "name": "id", "type": "long", "required": true }]);
    let table = json!({ "name": "orders", "schema": { "type": "struct", "fields": fields } });
    let (status, made) = ask(&server, "POST", &format!("{sales}/tables"), table.clone()).await;
    assert_eq!((status, &made["metadata"]["last-column-id"], &made["config"]), (200, &json!(1), &json!({})));
    assert_eq!(
        ask(&server, "POST", &format!("{sales}/tables"), table).await.1["error"]["type"],
        "AlreadyExistsException"
    );
    let orders = format!("{sales}/tables/orders");
    let uuid = &made["metadata"]["table-uuid"];
    let wider = json!([
        { "id": 1, "name": "id", "type": "long", "required": true },
        { "id": 2, "name": "note", "type": "string", "required": false },
    ]);
    let commit = json!({
        "requirements": [
            { "type": "assert-table-uuid", "uuid": uuid },
            { "type": "assert-current-schema-id", "current-schema-id": 0 },
        ],
        "updates": [
            { "action": "add-schema", "schema": { "type": "struct", "fields": wider } },
            { "action": "set-current-schema", "schema-id": -1 },
            { "action": "set-properties", "updates": { "owner": "me" } },
        ],
    });
    let (status, changed) = ask(&server, "POST", &orders, commit.clone()).await;
    assert_eq!((status, &changed["metadata"]["current-schema-id"]), (200, &json!(1)), "{changed}");
    assert_eq!(
        (&changed["metadata"]["last-column-id"], &changed["metadata"]["properties"]["owner"]),
        (&json!(2), &json!("me"))
    );
    // Whoever changes what has changed meanwhile learns of it.
    let (status, error) = ask(&server, "POST", &orders, commit).await;
    assert_eq!((status, &error["error"]["type"]), (409, &json!("CommitFailedException")));
    let unknown = json!({ "requirements": [], "updates": [
        { "action": "set-properties", "updates": { "half": "done" } }, { "action": "dance" },
    ]});
    assert_eq!(ask(&server, "POST", &orders, unknown).await.0, 406);
    let (_, loaded) = ask(&server, "GET", &orders, Value::Null).await;
    assert_eq!(loaded["metadata"]["properties"], json!({ "owner": "me" }));

    let rename = json!({
        "source": { "namespace": ["sales"], "name": "orders" },
        "destination": { "namespace": ["sales"], "name": "old_orders" },
    });
    assert_eq!(ask(&server, "POST", "/iceberg/v1/lake/tables/rename", rename).await.0, 204);
    let register = json!({ "name": "more", "metadata-location": "s3://lake/x/metadata/1.metadata.json" });
    let (_, registered) = ask(&server, "POST", &format!("{sales}/register"), register).await;
    assert_eq!(registered["metadata-location"], "s3://lake/x/metadata/1.metadata.json");
    let (_, listed) = ask(&server, "GET", &format!("{sales}/tables"), Value::Null).await;
    let names: Vec<_> =
        listed["identifiers"].as_array().expect("a list").iter().map(|table| &table["name"]).collect();
    assert_eq!(names, ["more", "old_orders"]);

    assert_eq!(
        ask(&server, "DELETE", sales, Value::Null).await.1["error"]["type"],
        "IcebergResourceNotEmpty"
    );
    for table in ["more", "old_orders"] {
        assert_eq!(ask(&server, "DELETE", &format!("{sales}/tables/{table}"), Value::Null).await.0, 204);
    }
    assert_eq!(ask(&server, "DELETE", sales, Value::Null).await.0, 204);
    assert_eq!(ask(&server, "DELETE", "/iceberg/bucket/lake", Value::Null).await.0, 200);
    assert_eq!(ask(&server, "GET", "/iceberg/bucket", Value::Null).await, (200, json!([])));
}
