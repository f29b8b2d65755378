//! `/vector/{operation}`: buckets of vectors, their indexes, and the vectors in them. They are in memory only.
//!
//! None of it was recorded: what is here follows the real server's checks and answers as its contract has them.

mod filter;
mod indexes;
mod search;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, Response, StatusCode};
use serde_json::{Map, Value};

use super::body::Body;
use super::call::Call;
use super::clock::Moment;
use super::problem::{Problem, no_route};
use super::service::Inner;
use super::validate::Fields;

/// All buckets of vectors.
#[derive(Debug, Default)]
pub(super) struct Vectors(Mutex<BTreeMap<String, Bucket>>);

#[derive(Debug)]
struct Bucket {
    created: Moment,
    indexes: BTreeMap<String, Index>,
}

#[derive(Debug)]
struct Index {
    created: Moment,
    dimension: usize,
    metric: &'static str,
    /// Keys of metadata that cannot be asked for.
    unfilterable: Option<Vec<String>>,
    vectors: BTreeMap<String, Vector>,
}

#[derive(Debug)]
struct Vector {
    data: Vec<f32>,
    metadata: Map<String, Value>,
}

impl Vectors {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with an index.
    fn with_index<T>(
        &self,
        bucket: &str,
        index: &str,
        work: impl FnOnce(&mut Index) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut buckets = self.lock();
        let found = buckets.get_mut(bucket).and_then(|bucket| bucket.indexes.get_mut(index));
        work(found.ok_or_else(|| not_found(index))?)
    }
}

fn not_found(name: &str) -> Problem {
    let message = format!("resource \"{name}\" not found");
    Problem::new(404, "NotFoundException", "NotFoundException", message)
}

fn conflict(kind: &str, name: &str) -> Problem {
    let message = format!("{kind} \"{name}\" already exists");
    Problem::new(409, "ConflictException", "ConflictException", message)
}

/// Answers one operation. Only the service role may do any.
pub(super) async fn route(inner: &Inner, call: &mut Call, rest: &[&str]) -> Result<Response<Body>, Problem> {
    let ("POST", [operation]) = (call.method.as_str(), rest) else {
        return Err(no_route(&call.method, &call.target));
    };
    // Errors of vectors have the status that they mean.
    answer(inner, call, operation).await.map_err(Problem::made_honest)
}

async fn answer(inner: &Inner, call: &mut Call, operation: &str) -> Result<Response<Body>, Problem> {
    const OPERATIONS: [&str; 13] = [
        "CreateVectorBucket",
        "GetVectorBucket",
        "ListVectorBuckets",
        "DeleteVectorBucket",
        "CreateIndex",
        "GetIndex",
        "ListIndexes",
        "DeleteIndex",
        "PutVectors",
        "GetVectors",
        "ListVectors",
        "QueryVectors",
        "DeleteVectors",
    ];
    if !OPERATIONS.contains(&operation) {
        return Err(no_route(&Method::POST, &call.target));
    }
    let body = call.json().await?;
    let caller = inner.caller(&call.headers)?;
    if !caller.is_service() {
        return Err(Problem::role());
    }
    let fields = Fields::of(&body)?;
    let vectors = &inner.vectors;
    match operation {
        "CreateVectorBucket" => indexes::create_bucket(vectors, fields, inner.clock.now()),
        "GetVectorBucket" => indexes::get_bucket(vectors, fields),
        "ListVectorBuckets" => indexes::list_buckets(vectors, fields),
        "DeleteVectorBucket" => indexes::delete_bucket(vectors, fields),
        "CreateIndex" => indexes::create_index(vectors, fields, inner.clock.now()),
        "GetIndex" => indexes::get_index(vectors, fields),
        "ListIndexes" => indexes::list_indexes(vectors, fields),
        "DeleteIndex" => indexes::delete_index(vectors, fields),
        "PutVectors" => search::put(vectors, fields),
        "GetVectors" => search::get(vectors, fields),
        "ListVectors" => search::list(vectors, fields),
        "QueryVectors" => search::query(vectors, fields),
        _ => search::delete(vectors, fields),
    }
}

/// An answer without a word.
fn done() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::OK;
    response
}

/// The names of bucket and index, which most operations need.
fn names(fields: Fields<'_>) -> Result<(String, String), Problem> {
    fields.require(&["vectorBucketName", "indexName"])?;
    Ok((fields.needed_text("vectorBucketName")?, fields.needed_text("indexName")?))
}

/// Rows with their names, and where the next page begins.
type Page<'a, T> = (Vec<(&'a String, T)>, Option<&'a String>);

/// The page of rows after a token.
fn page<'a, T>(
    items: impl Iterator<Item = (&'a String, T)>,
    fields: Fields<'_>,
    default: u64,
    most: u64,
) -> Result<Page<'a, T>, Problem> {
    let limit = fields.integer("maxResults", 1)?.unwrap_or(default);
    if limit > most {
        return Err(fields.must("maxResults", &format!("be <= {most}")));
    }
    let after = fields.text("nextToken")?;
    let prefix = fields.text("prefix")?.unwrap_or_default();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found: Vec<_> = items
        .filter(|(name, _)| name.starts_with(&prefix) && after.as_ref().is_none_or(|after| *name > after))
        .take(limit.saturating_add(1))
        .collect();
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|(name, _)| *name);
    Ok((found, next))
}
