//! `/iceberg`: analytics buckets, and the Iceberg REST catalog of each. They are in memory only, and hold no data files.
//!
//! None of it was recorded: what is here follows the catalog's specification, with the real server's errors.
//!
//! Source: <https://iceberg.apache.org/rest-catalog-spec/>

mod namespaces;
mod table;
mod tables;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::body::{Body, json as json_body, message, ok};
use super::call::Call;
use super::clock::Moment;
use super::path::{after, decode};
use super::problem::{Problem, no_route_at_all};
use super::rows::is_bucket_name;
use super::service::Inner;
use super::validate::{Fields, query};
use table::Table;

/// All analytics buckets.
#[derive(Debug, Default)]
pub(super) struct Analytics(Mutex<BTreeMap<String, Warehouse>>);

/// A bucket, and what its catalog knows.
#[derive(Debug)]
struct Warehouse {
    created: Moment,
    namespaces: BTreeMap<String, Namespace>,
}

#[derive(Debug, Default)]
struct Namespace {
    properties: Map<String, Value>,
    tables: BTreeMap<String, Table>,
}

impl Analytics {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Warehouse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_warehouse<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Warehouse) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut warehouses = self.lock();
        let missing = || {
            Problem::new(404, "NoSuchCatalog", "NoSuchCatalog", format!("Catalog name \"{name}\" not found"))
        };
        work(warehouses.get_mut(name).ok_or_else(missing)?)
    }

    fn with_namespace<T>(
        &self,
        (warehouse, namespace): (&str, &str),
        work: impl FnOnce(&mut Namespace) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.with_warehouse(warehouse, |warehouse| {
            work(warehouse.namespaces.get_mut(namespace).ok_or_else(|| missing("Namespace"))?)
        })
    }
}

/// An error of the catalog's specification.
fn refusal(status: u16, kind: &'static str, message: impl Into<String>) -> Problem {
    Problem::new(status, kind, kind, message)
}

fn missing(what: &'static str) -> Problem {
    let kind = if what == "Table" { "NoSuchTableException" } else { "NoSuchNamespaceException" };
    refusal(404, kind, format!("{what} not found"))
}

fn exists(what: &'static str) -> Problem {
    refusal(409, "AlreadyExistsException", format!("{what} already exists"))
}

/// As the catalog writes errors.
fn error(problem: Problem) -> Response<Body> {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = json!({ "message": problem.message, "type": problem.code, "code": problem.status });
    json_body(status, &json!({ "error": error }))
}

fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Answers what is below `/iceberg`. Only the service role may ask.
pub(super) async fn route(inner: &Inner, call: &mut Call) -> Response<Body> {
    let path = call.path.clone();
    let segments: Option<Vec<_>> = after(&path, 1).split('/').map(decode).collect();
    let segments = segments.unwrap_or_default();
    let segments: Vec<_> = segments.iter().map(String::as_str).collect();
    let method = call.method.clone();
    let outcome = match segments.as_slice() {
        ["bucket", rest @ ..] => buckets(inner, call, &method, rest).await,
        ["v1", rest @ ..] => catalog(inner, call, &method, rest).await,
        _ => Ok(None),
    };
    match outcome {
        Ok(Some(response)) => response,
        Ok(None) => no_route_at_all(&method, &call.target),
        Err(problem) => error(problem),
    }
}

fn check_role(inner: &Inner, call: &Call) -> Result<(), Problem> {
    if inner.caller(&call.headers)?.is_service() { Ok(()) } else { Err(Problem::role()) }
}

async fn buckets(
    inner: &Inner,
    call: &mut Call,
    method: &Method,
    rest: &[&str],
) -> Result<Option<Response<Body>>, Problem> {
    let row = |name: &str, warehouse: &Warehouse| json!({ "id": name, "name": name, "created_at": warehouse.created, "updated_at": warehouse.created });
    match (method.as_str(), rest) {
        ("POST", []) => {
            let body = call.json().await?;
            check_role(inner, call)?;
            let fields = Fields::of(&body)?;
            fields.require(&["name"])?;
            let name = fields.needed_text("name")?;
            if !is_bucket_name(&name) {
                return Err(Problem::bucket_name());
            }
            let mut warehouses = inner.analytics.lock();
            if warehouses.contains_key(&name) {
                return Err(Problem::bucket_exists());
            }
            let warehouse = Warehouse { created: inner.clock.now(), namespaces: BTreeMap::new() };
            let answer = ok(&row(&name, &warehouse));
            warehouses.insert(name, warehouse);
            Ok(Some(answer))
        }
        ("GET", []) => {
            check_role(inner, call)?;
            let map = query(&call.query);
            let fields = Fields::of_query(&map);
            let limit = fields.integer("limit", 1)?.unwrap_or(u64::MAX);
            let offset = fields.integer("offset", 0)?.unwrap_or(0);
            let column = fields.word("sortColumn", &["id", "name", "created_at", "updated_at"])?;
            let descends = fields.word("sortOrder", &["asc", "desc"])? == Some("desc");
            let search = fields.text("search")?.unwrap_or_default().to_lowercase();
            let warehouses = inner.analytics.lock();
            let mut found: Vec<_> =
                warehouses.iter().filter(|(name, _)| name.to_lowercase().contains(&search)).collect();
            if !matches!(column, Some("id" | "name")) {
                found.sort_by_key(|(_, warehouse)| warehouse.created);
            }
            if descends {
                found.reverse();
            }
            let as_count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let page = found.into_iter().skip(as_count(offset)).take(as_count(limit));
            Ok(Some(ok(&page.map(|(name, warehouse)| row(name, warehouse)).collect::<Vec<_>>())))
        }
        ("DELETE", [name]) => {
            check_role(inner, call)?;
            let mut warehouses = inner.analytics.lock();
            let warehouse = warehouses.get(*name).ok_or_else(Problem::no_bucket)?;
            if !warehouse.namespaces.is_empty() {
                return Err(Problem::not_empty());
            }
            warehouses.remove(*name);
            Ok(Some(message("Successfully deleted")))
        }
        _ => Ok(None),
    }
}

async fn catalog(
    inner: &Inner,
    call: &mut Call,
    method: &Method,
    rest: &[&str],
) -> Result<Option<Response<Body>>, Problem> {
    let body = if method == Method::POST { call.json().await? } else { Value::Null };
    check_role(inner, call)?;
    let (own, now) = (&inner.analytics, inner.clock.now());
    let answer = match (method.as_str(), rest) {
        ("GET", ["config"]) => config(own, call)?,
        ("GET", [warehouse, "namespaces"]) => namespaces::list(own, warehouse)?,
        ("POST", [warehouse, "namespaces"]) => namespaces::create(own, warehouse, &body)?,
        ("GET", [warehouse, "namespaces", name]) => namespaces::load(own, (warehouse, name))?,
        ("HEAD", [warehouse, "namespaces", name]) => {
            own.with_namespace((warehouse, name), |_| Ok(no_content()))?
        }
        ("DELETE", [warehouse, "namespaces", name]) => namespaces::drop(own, warehouse, name)?,
        ("POST", [warehouse, "namespaces", name, "properties"]) => {
            namespaces::update(own, (warehouse, name), &body)?
        }
        ("GET", [warehouse, "namespaces", name, "tables"]) => tables::list(own, (warehouse, name))?,
        ("POST", [warehouse, "namespaces", name, "tables"]) => {
            tables::create(own, (warehouse, name), &body, now)?
        }
        ("POST", [warehouse, "namespaces", name, "register"]) => {
            tables::register(own, (warehouse, name), &body, now)?
        }
        ("POST", [warehouse, "tables", "rename"]) => tables::rename(own, warehouse, &body)?,
        ("GET", [warehouse, "namespaces", name, "tables", table]) => {
            tables::load(own, (warehouse, name), table)?
        }
        ("HEAD", [warehouse, "namespaces", name, "tables", table]) => {
            tables::load(own, (warehouse, name), table)?;
            no_content()
        }
        ("POST", [warehouse, "namespaces", name, "tables", table]) => {
            tables::commit(own, (warehouse, name), table, &body, now)?
        }
        ("DELETE", [warehouse, "namespaces", name, "tables", table]) => {
            tables::drop(own, (warehouse, name), table)?
        }
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

fn config(analytics: &Analytics, call: &Call) -> Result<Response<Body>, Problem> {
    let warehouse = call.query("warehouse");
    let warehouse =
        warehouse.ok_or_else(|| Problem::invalid("querystring must have required property 'warehouse'"))?;
    analytics.with_warehouse(warehouse, |_| {
        let defaults = json!({
            "write.object-storage.partitioned-paths": "false",
            "s3.delete-enabled": "false",
            "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
            "write.object-storage.enabled": "true",
            "prefix": warehouse,
            "rest-metrics-reporting-enabled": "false",
        });
        Ok(ok(&json!({ "defaults": defaults, "overrides": { "prefix": warehouse } })))
    })
}

/// Names of namespaces and tables: small letters, digits, underscores; a letter or digit at both ends.
fn check_name(name: &str) -> Result<(), Problem> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > 255 {
        return Err(Problem::parameter("Resource name must be between 1 and 255 characters long"));
    }
    let ends = [bytes.first(), bytes.last()].into_iter().flatten().all(|byte| plain(*byte));
    if !ends || !bytes.iter().all(|byte| plain(*byte) || *byte == b'_') {
        return Err(Problem::parameter(concat!(
            "Resource name must contain only lowercase letters, numbers, and underscores, ",
            "and must begin and end with a letter or number",
        )));
    }
    if name.starts_with("aws") {
        return Err(Problem::parameter("Resource name must not start with the reserved prefix \"aws\""));
    }
    Ok(())
}
