//! An analytics bucket made by storage-rs, whose tables the `iceberg` crate reads: `catalog_config` tells it all it must
//! know.
//!
//! ```sh
//! cd examples/iceberg && cargo run   # on the server of supabase-mock, or on the project that SUPABASE_URL names
//! ```

use std::env;
use std::error::Error;

use iceberg::{Catalog, CatalogBuilder, NamespaceIdent, TableIdent};
use iceberg_catalog_rest::RestCatalogBuilder;
use storage_rs::Client;
use storage_rs::analytics::{Field, Schema};
use supabase_mock::storage::Server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let (url, key) = match (env::var("SUPABASE_URL"), env::var("SUPABASE_SERVICE_ROLE_KEY")) {
        (Ok(url), Ok(key)) => (url, key),
        _ => (server.url(), server.service_role_key()),
    };
    let storage = Client::new(format!("{url}/storage/v1"), key.as_str())?;

    // The bucket, a namespace and a table: small HTTP calls, which need no iceberg crate.
    storage.analytics().create_bucket("example-events").await?;
    let catalog = storage.analytics().from("example-events");
    catalog.create_namespace("web").await?;
    let columns = Schema::new([
        Field::required(1, "id", "long"),
        Field::required(2, "at", "timestamptz"),
        Field::optional(3, "page", "string"),
    ]);
    catalog.create_table("web", "clicks", columns).await?;

    // From here on, the iceberg crate.
    let s3_keys = (env::var("SUPABASE_S3_KEY_ID"), env::var("SUPABASE_S3_SECRET"));
    let mut config = catalog.catalog_config(key);
    if let (Ok(id), Ok(secret)) = s3_keys {
        config = config.s3_keys(id, secret).region(env::var("SUPABASE_REGION")?);
    }
    let iceberg = RestCatalogBuilder::default().load("supabase", config.properties()).await?;
    let web = NamespaceIdent::new("web".to_owned());
    for table in iceberg.list_tables(&web).await? {
        println!("table {table}");
    }
    let table = iceberg.load_table(&TableIdent::new(web.clone(), "clicks".to_owned())).await?;
    for field in table.metadata().current_schema().as_struct().fields() {
        println!("column {}: {}", field.name, field.field_type);
    }

    catalog.drop_table("web", "clicks").purge(true).await?;
    catalog.drop_namespace("web").await?;
    storage.analytics().delete_bucket("example-events").await?;
    Ok(())
}
