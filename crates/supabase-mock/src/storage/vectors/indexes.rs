//! Buckets of vectors and their indexes.

use http::Response;
use serde::Serialize;
use serde_json::json;

use super::super::body::{Body, ok};
use super::super::clock::Moment;
use super::super::problem::Problem;
use super::super::validate::Fields;
use super::{Bucket, Index, Vectors, conflict, done, names, not_found, page};

const MAX_DIMENSION: u64 = 4_096;

fn bucket_name(fields: Fields<'_>) -> Result<String, Problem> {
    fields.require(&["vectorBucketName"])?;
    fields.needed_text("vectorBucketName")
}

pub(super) fn create_bucket(
    vectors: &Vectors,
    fields: Fields<'_>,
    now: Moment,
) -> Result<Response<Body>, Problem> {
    let name = bucket_name(fields)?;
    let mut buckets = vectors.lock();
    if buckets.contains_key(&name) {
        return Err(conflict("vector bucket", &name));
    }
    buckets.insert(name, Bucket { created: now, indexes: Default::default() });
    Ok(done())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketRow<'a> {
    vector_bucket_name: &'a str,
    creation_time: u64,
}

pub(super) fn get_bucket(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let name = bucket_name(fields)?;
    let buckets = vectors.lock();
    let bucket = buckets.get(&name).ok_or_else(|| not_found(&name))?;
    let row = BucketRow { vector_bucket_name: &name, creation_time: bucket.created.seconds() };
    Ok(ok(&json!({ "vectorBucket": row })))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketPage<'a> {
    vector_buckets: Vec<BucketRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a String>,
}

pub(super) fn list_buckets(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let buckets = vectors.lock();
    let (found, next_token) = page(buckets.iter(), fields, 500, 500)?;
    let vector_buckets = found
        .into_iter()
        .map(|(name, bucket)| BucketRow { vector_bucket_name: name, creation_time: bucket.created.seconds() })
        .collect();
    Ok(ok(&BucketPage { vector_buckets, next_token }))
}

pub(super) fn delete_bucket(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let name = bucket_name(fields)?;
    let mut buckets = vectors.lock();
    let bucket = buckets.get(&name).ok_or_else(|| not_found(&name))?;
    if !bucket.indexes.is_empty() {
        let message = format!("Vector Bucket \"{name}\" not empty");
        return Err(Problem::new(400, "VectorBucketNotEmpty", "VectorBucketNotEmpty", message));
    }
    buckets.remove(&name);
    Ok(done())
}

/// Three letters at least: small ones, digits, dots, hyphens; the first and the last a letter or digit.
fn check_index_name(fields: Fields<'_>, name: &str) -> Result<(), Problem> {
    if name.len() < 3 {
        return Err(fields.must("indexName", "NOT have fewer than 3 characters"));
    }
    if name.len() > 45 {
        return Err(fields.must("indexName", "NOT have more than 45 characters"));
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()].into_iter().flatten().all(|byte| plain(*byte));
    if !ends || !bytes.iter().all(|byte| plain(*byte) || b".-".contains(byte)) {
        let pattern = "match pattern \"^[a-z0-9](?:[a-z0-9.-]{1,61})?[a-z0-9]$\"";
        return Err(fields.must("indexName", pattern));
    }
    Ok(())
}

pub(super) fn create_index(
    vectors: &Vectors,
    fields: Fields<'_>,
    now: Moment,
) -> Result<Response<Body>, Problem> {
    fields.require(&["dataType", "dimension", "distanceMetric", "indexName", "vectorBucketName"])?;
    fields.word("dataType", &["float32"])?;
    let dimension = fields.integer("dimension", 1)?.ok_or_else(|| fields.must("dimension", "be integer"))?;
    if dimension > MAX_DIMENSION {
        return Err(fields.must("dimension", &format!("be <= {MAX_DIMENSION}")));
    }
    let metric = fields.word("distanceMetric", &["cosine", "euclidean"])?;
    let metric = metric.ok_or_else(|| fields.must("distanceMetric", "be string"))?;
    let (bucket, name) = names(fields)?;
    check_index_name(fields, &name)?;
    let configuration = fields.within("metadataConfiguration")?;
    let unfilterable = configuration
        .as_ref()
        .map(|map| {
            let within = Fields::named(map, "body/metadataConfiguration");
            within.require(&["nonFilterableMetadataKeys"])?;
            within.needed_texts("nonFilterableMetadataKeys", 10)
        })
        .transpose()?;

    let mut buckets = vectors.lock();
    let bucket = buckets.get_mut(&bucket).ok_or_else(|| not_found(&bucket))?;
    if bucket.indexes.contains_key(&name) {
        return Err(conflict("vector index", &name));
    }
    let dimension = usize::try_from(dimension).unwrap_or(usize::MAX);
    let index = Index { created: now, dimension, metric, unfilterable, vectors: Default::default() };
    bucket.indexes.insert(name, index);
    Ok(done())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexRow<'a> {
    index_name: &'a str,
    data_type: &'static str,
    dimension: usize,
    distance_metric: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_configuration: Option<Configuration<'a>>,
    vector_bucket_name: &'a str,
    creation_time: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration<'a> {
    non_filterable_metadata_keys: &'a [String],
}

pub(super) fn get_index(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let (bucket, name) = names(fields)?;
    vectors.with_index(&bucket, &name, |index| {
        let row = IndexRow {
            index_name: &name,
            data_type: "float32",
            dimension: index.dimension,
            distance_metric: index.metric,
            metadata_configuration: index
                .unfilterable
                .as_ref()
                .map(|keys| Configuration { non_filterable_metadata_keys: keys }),
            vector_bucket_name: &bucket,
            creation_time: index.created.seconds(),
        };
        Ok(ok(&json!({ "index": row })))
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedIndex<'a> {
    index_name: &'a str,
    vector_bucket_name: &'a str,
    creation_time: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexPage<'a> {
    indexes: Vec<ListedIndex<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a String>,
}

pub(super) fn list_indexes(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let name = bucket_name(fields)?;
    let buckets = vectors.lock();
    let bucket = buckets.get(&name).ok_or_else(|| not_found(&name))?;
    let (found, next_token) = page(bucket.indexes.iter(), fields, 500, 500)?;
    let indexes = found
        .into_iter()
        .map(|(index, row)| ListedIndex {
            index_name: index,
            vector_bucket_name: &name,
            creation_time: row.created.seconds(),
        })
        .collect();
    Ok(ok(&IndexPage { indexes, next_token }))
}

pub(super) fn delete_index(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let (bucket, name) = names(fields)?;
    let mut buckets = vectors.lock();
    let removed = buckets.get_mut(&bucket).and_then(|bucket| bucket.indexes.remove(&name));
    removed.map(|_| done()).ok_or_else(|| not_found(&name))
}
