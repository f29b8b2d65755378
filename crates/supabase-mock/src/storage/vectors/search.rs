//! The vectors of an index: put, got, listed, and searched by their distance.

use std::collections::BTreeSet;

use http::Response;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::body::{Body, ok};
use super::super::problem::Problem;
use super::super::validate::Fields;
use super::filter::Filter;
use super::{Index, Vector, Vectors, done, names, page};

const MAX_PUT: usize = 500;
const MAX_GET: usize = 100;
const MAX_DELETE: usize = 500;
const MAX_KEY: usize = 1_024;
const MAX_SEGMENTS: u64 = 16;

pub(super) fn put(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let (bucket, name) = names(fields)?;
    fields.require(&["vectors"])?;
    let items = match fields.value("vectors") {
        Some(Value::Array(items)) => items,
        _ => return Err(fields.must("vectors", "be array")),
    };
    if items.is_empty() {
        return Err(fields.must("vectors", "NOT have fewer than 1 items"));
    }
    if items.len() > MAX_PUT {
        return Err(fields.must("vectors", &format!("NOT have more than {MAX_PUT} items")));
    }
    let read: Vec<_> =
        items.iter().enumerate().map(|(at, item)| vector(fields, at, item)).collect::<Result<_, _>>()?;
    let keys: BTreeSet<_> = read.iter().map(|(key, _)| key).collect();
    if keys.len() < read.len() {
        return Err(Problem::parameter("Request must not contain duplicate keys"));
    }
    vectors.with_index(&bucket, &name, |index| {
        if let Some((key, vector)) = read.iter().find(|(_, vector)| vector.data.len() != index.dimension) {
            let (expected, found) = (index.dimension, vector.data.len());
            let message =
                format!("Invalid record for key '{key}': expected {expected} dimensions, not {found}");
            return Err(Problem::parameter(message));
        }
        index.vectors.extend(read);
        Ok(ok(&json!({})))
    })
}

fn vector(fields: Fields<'_>, at: usize, item: &Value) -> Result<(String, Vector), Problem> {
    let must = |name: &str, what: &str| fields.must(&format!("vectors/{at}{name}"), what);
    let key =
        item.get("key").and_then(Value::as_str).ok_or_else(|| must("", "have required property 'key'"))?;
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(must("/key", &format!("NOT have more than {MAX_KEY} characters")));
    }
    let data = item.get("data").ok_or_else(|| must("", "have required property 'data'"))?;
    let data = numbers(data).ok_or_else(|| must("/data", "have required property 'float32'"))?;
    let metadata = match item.get("metadata") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(metadata)) => metadata.clone(),
        Some(_) => return Err(must("/metadata", "be object")),
    };
    Ok((key.to_owned(), Vector { data, metadata }))
}

/// The numbers of `{"float32": […]}`.
fn numbers(data: &Value) -> Option<Vec<f32>> {
    let numbers = data.get("float32")?.as_array()?;
    // The precision of `f32` is what the name promises.
    numbers.iter().map(|number| number.as_f64().map(|number| number as f32)).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Map<String, Value>>,
}

#[derive(Serialize)]
struct Data<'a> {
    float32: &'a [f32],
}

/// What of a vector is answered.
#[derive(Clone, Copy)]
struct Wanted {
    data: bool,
    metadata: bool,
}

impl Wanted {
    fn of(fields: Fields<'_>) -> Result<Self, Problem> {
        Ok(Self {
            data: fields.flag("returnData")?.unwrap_or(false),
            metadata: fields.flag("returnMetadata")?.unwrap_or(false),
        })
    }

    fn of_vector<'a>(self, key: &'a str, vector: &'a Vector, distance: Option<f64>) -> Found<'a> {
        Found {
            key,
            data: self.data.then_some(Data { float32: &vector.data }),
            distance,
            metadata: self.metadata.then_some(&vector.metadata),
        }
    }
}

pub(super) fn get(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let (bucket, name) = names(fields)?;
    fields.require(&["keys"])?;
    let keys = fields.needed_texts("keys", MAX_GET)?;
    let wanted = Wanted::of(fields)?;
    vectors.with_index(&bucket, &name, |index| {
        // As from a table: each once, in the order of the keys.
        let keys: BTreeSet<_> = keys.iter().collect();
        let found = index.vectors.iter().filter(|(key, _)| keys.contains(key));
        let found: Vec<_> = found.map(|(key, vector)| wanted.of_vector(key, vector, None)).collect();
        Ok(ok(&json!({ "vectors": found })))
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    vectors: Vec<Found<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a String>,
}

pub(super) fn list(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let (bucket, name) = names(fields)?;
    let wanted = Wanted::of(fields)?;
    let segment = match (fields.integer("segmentCount", 1)?, fields.integer("segmentIndex", 0)?) {
        (None, None) => None,
        (Some(count), _) if count > MAX_SEGMENTS => {
            return Err(fields.must("segmentCount", &format!("be <= {MAX_SEGMENTS}")));
        }
        (Some(count), Some(index)) if index < count => Some((count, index)),
        (Some(_), Some(_)) => return Err(Problem::parameter("segmentIndex must be less than segmentCount")),
        _ => return Err(Problem::parameter("segmentCount and segmentIndex must be provided together")),
    };
    vectors.with_index(&bucket, &name, |index| {
        let own =
            index.vectors.iter().filter(|(key, _)| segment.is_none_or(|(count, at)| hash(key) % count == at));
        let (found, next_token) = page(own, fields, 500, 1_000)?;
        let vectors = found.into_iter().map(|(key, vector)| wanted.of_vector(key, vector, None)).collect();
        Ok(ok(&Page { vectors, next_token }))
    })
}

/// Spreads keys over segments: FNV-1a.
fn hash(key: &str) -> u64 {
    key.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Nearest<'a> {
    vectors: Vec<Found<'a>>,
    distance_metric: &'a str,
}

pub(super) fn query(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    fields.require(&["vectorBucketName", "indexName", "queryVector", "topK"])?;
    let (bucket, name) = names(fields)?;
    let top = fields.integer("topK", 1)?.ok_or_else(|| fields.must("topK", "be integer"))?;
    if top > 100 {
        return Err(fields.must("topK", "be <= 100"));
    }
    let asked = fields.value("queryVector").and_then(numbers);
    let asked = asked.ok_or_else(|| fields.must("queryVector", "have required property 'float32'"))?;
    let with_distance = fields.flag("returnDistance")?.unwrap_or(false);
    let wanted = Wanted { data: false, ..Wanted::of(fields)? };
    let filter = fields.value("filter").map(Filter::of).transpose()?;
    vectors.with_index(&bucket, &name, |index| {
        if asked.len() != index.dimension {
            let message = format!("expected {} dimensions, not {}", index.dimension, asked.len());
            return Err(Problem::parameter(message));
        }
        let forbidden = index
            .unfilterable
            .iter()
            .flatten()
            .find(|key| filter.as_ref().is_some_and(|filter| filter.mentions(key)));
        if let Some(key) = forbidden {
            let message = format!("Metadata key \"{key}\" is configured as non-filterable");
            return Err(Problem::parameter(message));
        }
        let mut near: Vec<_> = index
            .vectors
            .iter()
            .filter(|(_, vector)| filter.as_ref().is_none_or(|filter| filter.matches(&vector.metadata)))
            .map(|(key, vector)| (distance(index, &asked, &vector.data), key, vector))
            .collect();
        near.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
        near.truncate(usize::try_from(top).unwrap_or(usize::MAX));
        let vectors = near
            .into_iter()
            .map(|(distance, key, vector)| wanted.of_vector(key, vector, with_distance.then_some(distance)))
            .collect();
        Ok(ok(&Nearest { vectors, distance_metric: index.metric }))
    })
}

fn distance(index: &Index, a: &[f32], b: &[f32]) -> f64 {
    let pairs = || a.iter().zip(b).map(|(a, b)| (f64::from(*a), f64::from(*b)));
    if index.metric == "euclidean" {
        return pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    }
    let (dot, a, b) =
        pairs().fold((0.0, 0.0, 0.0), |(dot, x, y), (a, b)| (dot + a * b, x + a * a, y + b * b));
    1.0 - dot / (a * b).sqrt()
}

pub(super) fn delete(vectors: &Vectors, fields: Fields<'_>) -> Result<Response<Body>, Problem> {
    let (bucket, name) = names(fields)?;
    fields.require(&["keys"])?;
    let keys = fields.needed_texts("keys", MAX_DELETE)?;
    vectors.with_index(&bucket, &name, |index| {
        for key in &keys {
            index.vectors.remove(key);
        }
        Ok(done())
    })
}
