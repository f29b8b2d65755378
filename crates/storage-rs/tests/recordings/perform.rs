//! Asking again what was recorded, by the calls of the public API.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use storage_rs::{
    BucketColumn, Client, Error, Format, ListColumn, ListV2Column, ObjectPath, Order, Resize, Transform,
};

use crate::asked::{Asked, Asks, Upload};

/// What came of it.
#[derive(Debug)]
pub(crate) enum Given {
    Json(Value),
    Bytes(Vec<u8>),
    Failed(Error),
    /// The API has no such call.
    Not(String),
}

fn not(reason: &str) -> Given {
    Given::Not(reason.to_owned())
}

fn given<T: Serialize>(result: Result<T, Error>) -> Given {
    match result {
        Ok(value) => Given::Json(serde_json::to_value(value).expect("an answer can be written")),
        Err(error) => Given::Failed(error),
    }
}

pub(crate) async fn perform(client: &Client, asked: &Asked) -> Given {
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let empty = json!({});
    let body = match &asked.body {
        Asks::Json(body) => body,
        _ => &empty,
    };
    if asked.is_signed_to_fail() && asked.method == "POST" {
        return not(
            "encoded so, the path has a signature that never fits: it is sent otherwise, as in sign_minimal",
        );
    }
    match (asked.method.as_str(), path.as_slice()) {
        ("POST", ["bucket"]) => create(client, body, matches!(asked.body, Asks::Nothing)).await,
        ("GET", ["bucket"]) => list_buckets(client, asked).await,
        ("GET", ["bucket", id]) => given(client.get_bucket(id).await),
        ("PUT", ["bucket", id]) => update(client, id, body).await,
        ("DELETE", ["bucket", id]) => given(client.delete_bucket(id).await),
        ("POST", ["bucket", id, "empty"]) => given(client.empty_bucket(id).await),
        ("POST", ["object", "list", bucket]) => list(client, bucket, body).await,
        ("POST", ["object", "list-v2", bucket]) => list_v2(client, bucket, body).await,
        ("POST", ["object", "sign", bucket]) => sign_many(client, bucket, body).await,
        ("POST", ["object", "sign", bucket, key @ ..]) => sign(client, bucket, &key.join("/"), body).await,
        ("POST", ["object", "upload", "sign", bucket, key @ ..]) => {
            let call = client.from(bucket).create_signed_upload_url(key.join("/").as_str());
            let call = if asked.upserts() { call.upsert(true) } else { call };
            match call.await {
                Ok(signed) => {
                    use storage_rs::secrecy::ExposeSecret;
                    let url = relative(signed.url.as_str());
                    Given::Json(json!({ "url": url, "token": signed.token.expose_secret() }))
                }
                Err(error) => Given::Failed(error),
            }
        }
        ("POST", ["object", "copy"]) => copy(client, asked, body).await,
        ("POST", ["object", "move"]) => {
            let text = |key: &str| body[key].as_str().unwrap_or_default();
            let call = client.from(text("bucketId")).move_(text("sourceKey"), text("destinationKey"));
            given(match body["destinationBucket"].as_str() {
                Some(bucket) => call.to_bucket(bucket).await,
                None => call.await,
            })
        }
        ("PUT", ["object", "upload", "sign", bucket, key @ ..]) => match asked.query.get("token") {
            Some(token) => {
                let upload = client.from(bucket).upload_to_signed_url(
                    key.join("/").as_str(),
                    token.as_str(),
                    content(&asked.body),
                );
                send(upload, asked).await
            }
            None => not("an upload to a signed URL without its token"),
        },
        ("POST", ["object", ..]) if !asked.query.is_empty() => not("a `?` in a path is always encoded"),
        ("POST", ["object", bucket, key @ ..]) => match exact(key) {
            Ok(path) => send(client.from(bucket).upload(path, content(&asked.body)), asked).await,
            Err(error) => Given::Failed(error),
        },
        ("PUT", ["object", bucket, key @ ..]) => {
            send(client.from(bucket).update(key.join("/").as_str(), content(&asked.body)), asked).await
        }
        ("DELETE", ["object", bucket]) => {
            let keys = body["prefixes"].as_array().cloned().unwrap_or_default();
            let keys: Vec<_> = keys.iter().filter_map(Value::as_str).collect();
            given(client.from(bucket).remove(keys).await)
        }
        ("DELETE", ["object", ..]) => not("`remove` takes a list, in one request"),
        ("DELETE", ["cdn", bucket]) => given(client.from(bucket).purge_bucket_cache().await),
        ("DELETE", ["cdn", bucket, key @ ..]) => {
            given(client.from(bucket).purge_cache(key.join("/").as_str()).await)
        }
        ("GET", ["object", "public", bucket, key @ ..]) => {
            public(client, asked, bucket, &key.join("/")).await
        }
        ("GET", ["render", "image", "public", bucket, key @ ..]) => {
            public(client, asked, bucket, &key.join("/")).await
        }
        ("GET", ["object" | "render", "sign", ..] | ["render", "image", "sign", ..]) => {
            not("a signed URL is opened by whoever has it, and made by the service")
        }
        ("GET", ["object", "info", "public", ..]) => not("`info` asks as the caller"),
        (
            "GET",
            ["object", "info", "authenticated", bucket, key @ ..] | ["object", "info", bucket, key @ ..],
        ) => given(client.from(bucket).info(key.join("/").as_str()).await),
        ("GET", ["render", "image", "authenticated", bucket, key @ ..]) => match transform(asked) {
            Some(transform) => download(client, asked, bucket, &key.join("/"), Some(transform)).await,
            None => not("the types of `Transform` have no such value"),
        },
        ("GET", ["object", "authenticated", bucket, key @ ..] | ["object", bucket, key @ ..]) => {
            download(client, asked, bucket, &key.join("/"), None).await
        }
        ("POST", ["vector", "ListVectorBuckets"]) => given(client.vectors().list_buckets().await),
        ("GET", ["iceberg", "bucket"]) => given(client.analytics().list_buckets().await),
        ("GET", ["iceberg", "v1", "config"]) => {
            given(client.analytics().from(asked.query["warehouse"].as_str()).config().await)
        }
        ("HEAD", ["object", ..]) => {
            not("`exists` and `info` ask by GET, as an answer to HEAD says too little")
        }
        (_, ["bucket", _, "lifecycle"]) => not("the service has no such route"),
        ("GET", ["status"]) => not("the health of the service is the business of whoever runs it"),
        (method, _) => Given::Not(format!("the service has no such route, or not for {method}")),
    }
}

fn exact(key: &[&str]) -> Result<ObjectPath, Error> {
    ObjectPath::exact(key.join("/"))
}

fn content(asks: &Asks) -> storage_rs::Body {
    match asks {
        Asks::Upload(Upload { content: Some(content), .. }) => content.clone().into(),
        _ => Vec::new().into(),
    }
}

async fn send(upload: storage_rs::Upload, asked: &Asked) -> Given {
    let Asks::Upload(asks) = &asked.body else { return not("an upload without content") };
    if asks.cache_control.parse::<u64>().is_ok() {
        return not("a bare number of seconds is sent as a time");
    }
    let mut upload =
        upload.content_type(asks.content_type.as_str()).cache_control(asks.cache_control.as_str());
    if let Some(metadata) = &asks.metadata {
        upload = upload.metadata(metadata);
    }
    if asked.upserts() {
        upload = upload.upsert(true);
    }
    if let Some(robots) = asked.header("x-robots-tag") {
        upload = upload.header("x-robots-tag", robots);
    }
    given(upload.await)
}

async fn create(client: &Client, body: &Value, is_empty: bool) -> Given {
    let (name, id) = (&body["name"], body.get("id").unwrap_or(&body["name"]));
    if is_empty || name.is_null() {
        return not("`create_bucket` always sends a name");
    }
    if name != id {
        return not("a bucket whose name is not its id");
    }
    let mut call = client.create_bucket(name.as_str().unwrap());
    match &body["public"] {
        Value::Null => {}
        Value::Bool(public) => call = call.public(*public),
        _ => return not("`public` is a `bool`"),
    }
    match &body["file_size_limit"] {
        Value::String(text) => call = call.file_size_limit(text.as_str()),
        Value::Number(bytes) => call = call.file_size_limit(bytes.as_u64().unwrap()),
        _ => {}
    }
    if let Some(types) = body["allowed_mime_types"].as_array() {
        call = call.allowed_mime_types(types.iter().filter_map(Value::as_str));
    }
    match call.await {
        Ok(name) => Given::Json(json!({ "name": name })),
        Err(error) => Given::Failed(error),
    }
}

async fn update(client: &Client, id: &str, body: &Value) -> Given {
    let mut call = client.update_bucket(id);
    if let Some(public) = body["public"].as_bool() {
        call = call.public(public);
    }
    match body.get("file_size_limit") {
        Some(Value::Null) => call = call.without_file_size_limit(),
        Some(bytes) => call = call.file_size_limit(bytes.as_u64().unwrap()),
        None => {}
    }
    match body.get("allowed_mime_types") {
        Some(Value::Array(types)) => call = call.allowed_mime_types(types.iter().filter_map(Value::as_str)),
        Some(_) => call = call.with_any_mime_type(),
        None => {}
    }
    given(call.await)
}

fn order(text: Option<&str>) -> Order {
    if text == Some("desc") { Order::Descending } else { Order::Ascending }
}

async fn list_buckets(client: &Client, asked: &Asked) -> Given {
    let mut call = client.list_buckets();
    let value = |key: &str| asked.query.get(key).map(String::as_str);
    if let Some(limit) = value("limit") {
        call = call.limit(limit.parse().unwrap());
    }
    if let Some(offset) = value("offset") {
        call = call.offset(offset.parse().unwrap());
    }
    if let Some(text) = value("search") {
        call = call.search(text);
    }
    if let Some(column) = value("sortColumn") {
        if value("sortOrder").is_none() {
            return not("an order is always said");
        }
        call = call.sort(BucketColumn::from(column), order(value("sortOrder")));
    }
    given(call.await)
}

async fn list(client: &Client, bucket: &str, body: &Value) -> Given {
    let Some(prefix) = body["prefix"].as_str() else { return not("`list` always sends a folder") };
    let mut call = client.from(bucket).list(prefix);
    if let Some(limit) = body["limit"].as_u64() {
        call = call.limit(limit.try_into().unwrap());
    }
    if let Some(offset) = body["offset"].as_u64() {
        call = call.offset(offset.try_into().unwrap());
    }
    if let Some(text) = body["search"].as_str() {
        call = call.search(text);
    }
    if let Some(column) = body["sortBy"]["column"].as_str() {
        call = call.sort(ListColumn::from(column), order(body["sortBy"]["order"].as_str()));
    }
    given(call.await)
}

async fn list_v2(client: &Client, bucket: &str, body: &Value) -> Given {
    let mut call = client.from(bucket).list_v2();
    if let Some(prefix) = body["prefix"].as_str() {
        call = call.prefix(prefix);
    }
    if let Some(limit) = body["limit"].as_u64() {
        call = call.limit(limit.try_into().unwrap());
    }
    if let Some(cursor) = body["cursor"].as_str() {
        call = call.cursor(cursor);
    }
    if let Some(folders) = body["with_delimiter"].as_bool() {
        call = call.with_delimiter(folders);
    }
    if let Some(column) = body["sortBy"]["column"].as_str() {
        call = call.sort(ListV2Column::from(column), order(body["sortBy"]["order"].as_str()));
    }
    given(call.await)
}

fn seconds(body: &Value) -> Option<Duration> {
    let seconds = &body["expiresIn"];
    let seconds = seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok())?;
    Some(Duration::from_secs(seconds))
}

async fn sign(client: &Client, bucket: &str, key: &str, body: &Value) -> Given {
    let Some(time) = seconds(body) else { return not("a time is always said") };
    let mut call = client.from(bucket).create_signed_url(key, time);
    if let Some(fields) = body["transform"].as_object() {
        let fields = fields.iter().map(|(key, value)| (key.as_str(), text(value)));
        match transform_of(fields) {
            Some(transform) => call = call.transform(transform),
            None => return not("the types of `Transform` have no such value"),
        }
    }
    match call.await {
        Ok(url) => Given::Json(json!({ "signedURL": relative(url.as_str()) })),
        Err(error) => Given::Failed(error),
    }
}

async fn sign_many(client: &Client, bucket: &str, body: &Value) -> Given {
    let Some(time) = seconds(body) else { return not("a time is always said") };
    let keys: Vec<_> = body["paths"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    match client.from(bucket).create_signed_urls(keys, time).await {
        Ok(signed) => {
            let rows = signed.into_iter().map(|signed| {
                let url = signed.url.map(|url| relative(url.as_str()));
                json!({ "error": signed.error, "path": signed.path, "signedURL": url })
            });
            Given::Json(rows.collect())
        }
        Err(error) => Given::Failed(error),
    }
}

/// A URL as the service answers with it: below its own address, and decoded.
fn relative(url: &str) -> String {
    let path = url.splitn(4, '/').nth(3).unwrap();
    let path = path.split_once('/').unwrap().1;
    let (path, query) = path.split_once('?').unwrap();
    format!("/{}?{query}", crate::asked::decoded(path))
}

async fn copy(client: &Client, asked: &Asked, body: &Value) -> Given {
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    let mut call = client.from(text("bucketId")).copy(text("sourceKey"), text("destinationKey"));
    if let Some(bucket) = body["destinationBucket"].as_str() {
        call = call.to_bucket(bucket);
    }
    if let Some(copy) = body["copyMetadata"].as_bool() {
        call = call.copy_metadata(copy);
    }
    if let Some(cache_control) = body["metadata"]["cacheControl"].as_str() {
        call = call.cache_control(cache_control);
    }
    if let Some(media_type) = body["metadata"]["mimetype"].as_str() {
        call = call.content_type(media_type);
    }
    if let Some(metadata) = asked.header("x-metadata") {
        use base64::Engine;
        let json = base64::engine::general_purpose::STANDARD.decode(metadata).unwrap();
        call = call.metadata(serde_json::from_slice::<Value>(&json).unwrap());
    }
    if asked.upserts() {
        call = call.upsert(true);
    }
    given(call.await)
}

fn transform(asked: &Asked) -> Option<Transform> {
    transform_of(asked.query.iter().map(|(key, value)| (key.as_str(), value.clone())))
}

fn transform_of<'a>(fields: impl Iterator<Item = (&'a str, String)>) -> Option<Transform> {
    let mut transform = Transform::new();
    for (key, value) in fields {
        transform = match key {
            "width" => transform.width(value.parse().ok()?),
            "height" => transform.height(value.parse().ok()?),
            "quality" => transform.quality(value.parse().ok()?),
            "resize" => transform.resize(Resize::from(value.as_str())),
            "format" => transform.format(Format::from(value.as_str())),
            _ => return None,
        };
    }
    Some(transform)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn download(
    client: &Client,
    asked: &Asked,
    bucket: &str,
    key: &str,
    transform: Option<Transform>,
) -> Given {
    if asked.header("if-none-match").is_some() {
        return not("no download is conditional");
    }
    if asked.query.contains_key("download") {
        return not("only URLs for browsers say how the content is shown");
    }
    let mut call = client.from(bucket).download(key);
    if let Some(range) = asked.header("range") {
        let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        call = match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(first), Ok(last)) => call.range(first..=last),
            (Ok(first), Err(_)) => call.range(first..),
            (Err(_), Ok(last)) => call.last_bytes(last),
            (Err(_), Err(_)) => return not("no range"),
        };
    }
    if let Some(transform) = transform {
        call = call.transform(transform);
    }
    match call.await {
        Ok(bytes) => Given::Bytes(bytes.to_vec()),
        Err(error) => Given::Failed(error),
    }
}

/// The public URL, opened by anybody.
async fn public(client: &Client, asked: &Asked, bucket: &str, key: &str) -> Given {
    let mut url = client.from(bucket).get_public_url(key);
    if let Some(name) = asked.query.get("download") {
        url = url.download_as(name.as_str());
    } else if !asked.query.is_empty() {
        url = url.transform(transform(asked).unwrap());
    }
    let answer = supabase_testing::http::client().get(url.url().unwrap()).send().await.unwrap();
    if !answer.status().is_success() {
        return not("a public URL is opened by anybody: a refusal is not read by this crate");
    }
    Given::Bytes(answer.bytes().await.unwrap().to_vec())
}
