//! Moving, copying and removing objects.

use http::Response;
use serde::Serialize;
use serde_json::Value;

use super::access::Action;
use super::body::{Body, message, ok};
use super::call::Call;
use super::form::metadata_header;
use super::problem::Problem;
use super::rows::{Content, Object, Row, is_key};
use super::service::Inner;
use super::store::{Finished, new_id};
use super::upload::check_disk_path;
use super::validate::Fields;

/// Where from and where to.
struct Route {
    bucket: String,
    key: String,
    to_bucket: String,
    to_key: String,
}

impl Route {
    fn of(fields: Fields<'_>) -> Result<Self, Problem> {
        fields.require(&["sourceKey", "bucketId", "destinationKey"])?;
        let bucket = fields.needed_text("bucketId")?;
        let to_bucket = fields.text("destinationBucket")?.filter(|bucket| !bucket.is_empty());
        Ok(Self {
            key: fields.needed_text("sourceKey")?,
            to_bucket: to_bucket.unwrap_or_else(|| bucket.clone()),
            to_key: fields.needed_text("destinationKey")?,
            bucket,
        })
    }

    fn check(&self) -> Result<(), Problem> {
        if !is_key(&self.to_key) {
            return Err(Problem::key(&self.to_key));
        }
        check_disk_path(&self.to_bucket, &self.to_key)
    }
}

pub(super) async fn move_object(inner: &Inner, call: &mut Call) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let route = Route::of(Fields::of(&body)?)?;
    let caller = inner.known_caller(&call.headers)?;
    route.check()?;
    let rule = &inner.options.rule;
    inner.store.object(&caller, rule, &route.bucket, &route.key)?;
    // A row that may not be changed is not found, one that may not become what it is to be is refused.
    if !caller.may(rule, Action::Update, &route.bucket, Some(&route.key)) {
        return Err(Problem::no_object());
    }
    if !caller.may(rule, Action::Update, &route.to_bucket, Some(&route.to_key)) {
        return Err(Problem::policy());
    }
    let from = (route.bucket.as_str(), route.key.as_str());
    let to = (route.to_bucket.as_str(), route.to_key.as_str());
    if from == to {
        return Ok(message("Successfully moved"));
    }
    loop {
        let (source, version) = linked(inner, || inner.store.object(&caller, rule, from.0, from.1)).await?;
        match inner.store.move_object(&inner.clock, from, to, &source, &version, caller.owner()) {
            Ok(true) => break,
            // It was overwritten meanwhile, and these are the bytes of before.
            Ok(false) => inner.store.forget(&version),
            Err(problem) => {
                inner.store.forget(&version);
                return Err(problem);
            }
        }
    }
    Ok(message("Successfully moved"))
}

#[derive(Serialize)]
struct Copied<'a> {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Id")]
    id: &'a str,
    #[serde(flatten)]
    row: Row<'a>,
}

pub(super) async fn copy(inner: &Inner, call: &mut Call) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let fields = Fields::of(&body)?;
    let route = Route::of(fields)?;
    let with_metadata = fields.flag("copyMetadata")?.unwrap_or(true);
    let metadata = fields.within("metadata")?;
    let caller = inner.known_caller(&call.headers)?;
    route.check()?;
    let rule = &inner.options.rule;
    let find = || inner.store.object(&caller, rule, &route.bucket, &route.key);
    find()?;
    let upsert = call.upsert();
    inner.store.check_upload(&caller, rule, &route.to_bucket, &route.to_key, upsert)?;

    let (source, version) = linked(inner, find).await?;
    let mut content: Content = source.content.clone();
    let mut user_metadata = source.user_metadata.clone();
    if !with_metadata {
        user_metadata = metadata_header(call);
        let text = |name: &str| metadata.as_ref()?.get(name)?.as_str().map(str::to_owned);
        content.mime_type = text("mimetype").unwrap_or(content.mime_type);
        content.cache_control = text("cacheControl").unwrap_or(content.cache_control);
    }
    let finished = Finished { version: version.clone(), content, user_metadata, owner: caller.owner() };
    let put = inner.store.put_object(&inner.clock, &route.to_bucket, &route.to_key, finished, upsert);
    if put.is_err() {
        inner.store.forget(&version);
    }
    let object = put?;
    Ok(ok(&Copied {
        key: format!("{}/{}", route.to_bucket, route.to_key),
        id: &object.id,
        row: object.row(&route.to_bucket, &route.to_key),
    }))
}

/// An object, and a version of its bytes that nothing else has. An object that is overwritten in between is found again.
async fn linked(
    inner: &Inner,
    find: impl Fn() -> Result<Object, Problem>,
) -> Result<(Object, String), Problem> {
    let mut source = find()?;
    loop {
        let version = new_id();
        match inner.store.link(&inner.store.file(&source.version), &version).await {
            Ok(()) => return Ok((source, version)),
            Err(error) => {
                let now = find()?;
                if now.version == source.version {
                    return Err(error.into());
                }
                source = now;
            }
        }
    }
}

/// `DELETE /object/{bucket}/{key}`.
pub(super) fn remove(inner: &Inner, call: &Call, bucket: &str, key: &str) -> Result<Response<Body>, Problem> {
    let caller = inner.known_caller(&call.headers)?;
    let rule = &inner.options.rule;
    inner.store.object(&caller, rule, bucket, key)?;
    if !caller.may(rule, Action::Delete, bucket, Some(key))
        || inner.store.remove_object(bucket, key)?.is_none()
    {
        return Err(Problem::no_object());
    }
    Ok(message("Successfully deleted"))
}

/// `DELETE /object/{bucket}` with keys in the body. What is missing or forbidden is passed over.
pub(super) async fn remove_several(
    inner: &Inner,
    call: &mut Call,
    bucket: &str,
) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let fields = Fields::of(&body)?;
    fields.require(&["prefixes"])?;
    let keys = fields.needed_texts("prefixes", usize::MAX)?;
    let caller = inner.known_caller(&call.headers)?;
    let rule = &inner.options.rule;
    let mut removed = Vec::new();
    for key in &keys {
        let may = |action| caller.may(rule, action, bucket, Some(key));
        if may(Action::Select)
            && may(Action::Delete)
            && let Some(object) = inner.store.remove_object(bucket, key)?
        {
            removed.push((key, object));
        }
    }
    let rows: Vec<_> = removed.iter().map(|(key, object)| object.row(bucket, key)).collect();
    Ok(ok(&rows))
}

/// `DELETE /cdn/…`: nothing is cached here, so that nothing is left to do.
pub(super) async fn purge(inner: &Inner, call: &mut Call) -> Result<Response<Body>, Problem> {
    call.json().await?;
    let caller = inner.known_caller(&call.headers)?;
    if !caller.is_service() {
        return Err(Problem::role());
    }
    if !inner.options.cdn {
        let message = "Missing Required Parameter CDN_PURGE_ENDPOINT_URL is not set";
        return Err(Problem::new(400, "MissingParameter", "MissingParameter", message));
    }
    let answer: Value = serde_json::json!({ "message": "success", "statusCode": "200" });
    Ok(ok(&answer))
}
