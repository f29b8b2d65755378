//! What each call to an Iceberg catalog asks, by Iceberg's REST specification, and what it reads.

use serde_json::{Value, json};
use storage_rs::analytics::{Catalog, Field, Schema};
use storage_rs::{Client, ErrorKind};
use supabase_mock::http::{Answer, Server};

/// A server that answers everything with this, and the catalog of its bucket `events`.
fn catalog(answers: impl IntoIterator<Item = Answer>) -> (Server, Catalog) {
    let server = Server::start(answers).unwrap();
    let client = Client::builder(format!("{}/storage/v1", server.url()), "sb_secret_test")
        .http_client(supabase_testing::http::client())
        .max_retries(0)
        .build()
        .unwrap();
    (server, client.analytics().from("events"))
}

/// Method and path with query of the only request, and its body.
fn asked(server: &Server) -> (String, Value) {
    let [request] = server.requests().try_into().unwrap();
    let body = if request.text().is_empty() { Value::Null } else { request.text().parse().unwrap() };
    (format!("{} {}", request.method, request.target), body)
}

fn answer(body: Value) -> Answer {
    Answer::json(200, body.to_string())
}

const ROOT: &str = "/storage/v1/iceberg/v1/events";

#[tokio::test]
async fn namespaces_are_asked_for_as_the_specification_says() {
    let (server, events) =
        catalog([answer(json!({ "namespace": ["web", "eu"], "properties": { "owner": "ada" } }))]);
    let made = events.create_namespace(["web", "eu"]).property("owner", "ada").await.unwrap();
    assert_eq!((made.namespace.join("."), made.properties["owner"].as_str()), ("web.eu".to_owned(), "ada"));
    let body = json!({ "namespace": ["web", "eu"], "properties": { "owner": "ada" } });
    assert_eq!(asked(&server), (format!("POST {ROOT}/namespaces"), body));

    let (server, events) = catalog([answer(json!({ "namespaces": [["web"]], "next-page-token": "t" }))]);
    let page = events.list_namespaces().parent("web").page_size(1).page_token("s").await.unwrap();
    assert_eq!((page.namespaces, page.next_page_token.as_deref()), (vec![vec!["web".to_owned()]], Some("t")));
    assert_eq!(asked(&server).0, format!("GET {ROOT}/namespaces?parent=web&pageSize=1&pageToken=s"));

    let (server, events) = catalog([answer(json!({ "namespace": ["web", "eu"] }))]);
    let loaded = events.load_namespace_metadata(["web", "eu"]).await.unwrap();
    assert!(loaded.properties.is_empty());
    // The levels are separated by the character that the specification gives to them.
    assert_eq!(asked(&server).0, format!("GET {ROOT}/namespaces/web%1Feu"));

    let (server, events) =
        catalog([answer(json!({ "updated": ["owner"], "removed": [], "missing": ["x"] }))]);
    let outcome = events.update_namespace_properties("web").set("owner", "eve").remove("x").await.unwrap();
    assert_eq!((outcome.updated, outcome.missing), (vec!["owner".to_owned()], Some(vec!["x".to_owned()])));
    let body = json!({ "removals": ["x"], "updates": { "owner": "eve" } });
    assert_eq!(asked(&server), (format!("POST {ROOT}/namespaces/web/properties"), body));

    let (server, events) = catalog([Answer::new(204)]);
    events.drop_namespace("web").await.unwrap();
    assert_eq!(asked(&server).0, format!("DELETE {ROOT}/namespaces/web"));
}

#[tokio::test]
async fn tables_are_asked_for_as_the_specification_says() {
    let table = json!({ "metadata-location": "s3://events/v1.json", "metadata": { "format-version": 2 } });
    let (server, events) = catalog([answer(table.clone())]);
    let schema = Schema::new([Field::required(1, "id", "long"), Field::optional(2, "page", "string")]);
    let made = events.create_table("web", "clicks", schema).await.unwrap();
    assert_eq!(made.metadata_location.as_deref(), Some("s3://events/v1.json"));
    let (request, body) = asked(&server);
    assert_eq!(request, format!("POST {ROOT}/namespaces/web/tables"));
    assert_eq!(body["name"], "clicks");
    assert_eq!(body["schema"]["fields"][1]["required"], false);

    let (server, events) =
        catalog([answer(json!({ "identifiers": [{ "namespace": ["web"], "name": "clicks" }] }))]);
    assert_eq!(events.list_tables("web").page_size(5).await.unwrap().identifiers[0].name, "clicks");
    assert_eq!(asked(&server).0, format!("GET {ROOT}/namespaces/web/tables?pageSize=5"));

    let (server, events) = catalog([answer(table.clone())]);
    assert_eq!(events.load_table("web", "clicks & more").await.unwrap().metadata["format-version"], 2);
    assert_eq!(asked(&server).0, format!("GET {ROOT}/namespaces/web/tables/clicks%20%26%20more"));

    let (server, events) = catalog([answer(table.clone())]);
    let update = json!({ "action": "set-properties", "updates": { "owner": "ada" } });
    events.update_table("web", "clicks").update(update.clone()).await.unwrap();
    let body = json!({ "requirements": [], "updates": [update] });
    assert_eq!(asked(&server), (format!("POST {ROOT}/namespaces/web/tables/clicks"), body));

    let (server, events) = catalog([Answer::new(204)]);
    events.rename_table("web", "clicks", "visits").await.unwrap();
    let body = json!({
        "source": { "namespace": ["web"], "name": "clicks" },
        "destination": { "namespace": ["web"], "name": "visits" },
    });
    assert_eq!(asked(&server), (format!("POST {ROOT}/tables/rename"), body));

    let (server, events) = catalog([answer(table)]);
    events.register_table("web", "clicks", "s3://events/v3.json").await.unwrap();
    let body = json!({ "name": "clicks", "metadata-location": "s3://events/v3.json" });
    assert_eq!(asked(&server), (format!("POST {ROOT}/namespaces/web/register"), body));

    let (server, events) = catalog([Answer::new(204)]);
    events.drop_table("web", "clicks").purge(true).await.unwrap();
    assert_eq!(asked(&server).0, format!("DELETE {ROOT}/namespaces/web/tables/clicks?purgeRequested=true"));
}

#[tokio::test]
async fn only_a_404_means_that_nothing_is_there() {
    for (status, expected) in [(204, Some(true)), (404, Some(false)), (403, None)] {
        let (server, events) = catalog([Answer::new(status)]);
        assert_eq!(events.namespace_exists("web").await.ok(), expected);
        assert_eq!(asked(&server).0, format!("HEAD {ROOT}/namespaces/web"));
        let (server, events) = catalog([Answer::new(status)]);
        assert_eq!(events.table_exists("web", "clicks").await.ok(), expected);
        assert_eq!(asked(&server).0, format!("HEAD {ROOT}/namespaces/web/tables/clicks"));
    }
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused_before_anything_is_sent() {
    let (server, events) = catalog([]);
    for name in ["", ".."] {
        assert_eq!(events.load_table("web", name).await.unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(events.list_tables(name).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert_eq!(events.drop_namespace(["a\u{1f}b"]).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(events.update_table("web", "clicks").await.unwrap_err().kind(), ErrorKind::Invalid);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn other_programs_are_told_how_to_reach_the_catalog_and_logs_are_not() {
    let (server, events) = catalog([]);
    let config = events.catalog_config("the-token").s3_keys("the-id", "the-secret").region("eu-central-1");
    let shown = format!("{config:?}");
    assert!(!shown.contains("the-token") && !shown.contains("the-secret"), "{shown}");
    let properties = config.properties();
    let expected = [
        ("type", "rest".to_owned()),
        ("uri", format!("{}/storage/v1/iceberg", server.url())),
        ("warehouse", "events".to_owned()),
        ("token", "the-token".to_owned()),
        ("s3.endpoint", format!("{}/storage/v1/s3", server.url())),
        ("s3.path-style-access", "true".to_owned()),
        ("s3.access-key-id", "the-id".to_owned()),
        ("s3.secret-access-key", "the-secret".to_owned()),
        ("s3.region", "eu-central-1".to_owned()),
    ];
    assert_eq!(properties, expected.map(|(name, value)| (name.to_owned(), value)).into());
}
