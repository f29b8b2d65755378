//! Tables of a namespace.

use http::Response;
use serde_json::{Value, json};

use super::super::body::{Body, ok};
use super::super::clock::Moment;
use super::super::problem::Problem;
use super::super::validate::Fields;
use super::table::Table;
use super::{Analytics, check_name, exists, missing, namespaces, no_content, refusal};

pub(super) fn list(analytics: &Analytics, at: (&str, &str)) -> Result<Response<Body>, Problem> {
    analytics.with_namespace(at, |namespace| {
        let identifiers: Vec<_> =
            namespace.tables.keys().map(|name| json!({ "namespace": [at.1], "name": name })).collect();
        Ok(ok(&json!({ "identifiers": identifiers })))
    })
}

pub(super) fn create(
    analytics: &Analytics,
    at: (&str, &str),
    body: &Value,
    now: Moment,
) -> Result<Response<Body>, Problem> {
    let fields = Fields::of(body)?;
    fields.require(&["name", "schema"])?;
    let name = fields.needed_text("name")?;
    check_name(&name)?;
    if fields.flag("stage-create")? == Some(true) {
        return Err(refusal(406, "UnsupportedOperationException", "Staged tables are not supported"));
    }
    let location = fields.text("location")?.unwrap_or_else(|| format!("s3://{}/{}/{name}", at.0, at.1));
    let table = Table::new(fields, location, now)?;
    insert(analytics, at, name, table)
}

fn insert(
    analytics: &Analytics,
    at: (&str, &str),
    name: String,
    table: Table,
) -> Result<Response<Body>, Problem> {
    analytics.with_namespace(at, |namespace| {
        if namespace.tables.contains_key(&name) {
            return Err(exists("Table"));
        }
        let answer = loaded(&table);
        namespace.tables.insert(name, table);
        Ok(answer)
    })
}

/// A table that exists already somewhere. Its metadata file cannot be read here, so that it has no columns.
pub(super) fn register(
    analytics: &Analytics,
    at: (&str, &str),
    body: &Value,
    now: Moment,
) -> Result<Response<Body>, Problem> {
    let fields = Fields::of(body)?;
    fields.require(&["name", "metadata-location"])?;
    let name = fields.needed_text("name")?;
    check_name(&name)?;
    let file = fields.needed_text("metadata-location")?;
    let location = file.split("/metadata/").next().unwrap_or_default().to_owned();
    let empty = json!({ "schema": { "type": "struct", "fields": [] } });
    let table = Table::new(Fields::of(&empty)?, location, now)?.at_file(file);
    insert(analytics, at, name, table)
}

pub(super) fn load(analytics: &Analytics, at: (&str, &str), name: &str) -> Result<Response<Body>, Problem> {
    analytics.with_namespace(at, |namespace| {
        namespace.tables.get(name).map(loaded).ok_or_else(|| missing("Table"))
    })
}

fn loaded(table: &Table) -> Response<Body> {
    ok(&json!({ "metadata-location": table.file(), "metadata": table.metadata(), "config": {} }))
}

pub(super) fn commit(
    analytics: &Analytics,
    at: (&str, &str),
    name: &str,
    body: &Value,
    now: Moment,
) -> Result<Response<Body>, Problem> {
    let fields = Fields::of(body)?;
    fields.require(&["requirements", "updates"])?;
    let list = |name: &str| match fields.value(name) {
        Some(Value::Array(items)) => Ok(items.as_slice()),
        _ => Err(fields.must(name, "be array")),
    };
    let (requirements, updates) = (list("requirements")?, list("updates")?);
    analytics.with_namespace(at, |namespace| {
        let table = namespace.tables.get_mut(name).ok_or_else(|| missing("Table"))?;
        for requirement in requirements {
            table.check(requirement)?;
        }
        // All of it, or nothing.
        let mut changed = table.clone();
        for update in updates {
            changed.apply(update)?;
        }
        changed.touch(now);
        *table = changed;
        Ok(ok(&json!({ "metadata-location": table.file(), "metadata": table.metadata() })))
    })
}

pub(super) fn rename(
    analytics: &Analytics,
    warehouse: &str,
    body: &Value,
) -> Result<Response<Body>, Problem> {
    let fields = Fields::of(body)?;
    fields.require(&["source", "destination"])?;
    let identifier = |name: &str| {
        let map = fields.within(name)?.unwrap_or_default();
        let table = map.get("name").and_then(Value::as_str).map(str::to_owned);
        namespaces::name(map.get("namespace"))
            .zip(table)
            .ok_or_else(|| fields.must(name, "have required property 'namespace' and 'name'"))
    };
    let (from, to) = (identifier("source")?, identifier("destination")?);
    check_name(&to.1)?;
    analytics.with_warehouse(warehouse, |warehouse| {
        let target = warehouse.namespaces.get(&to.0).ok_or_else(|| missing("Namespace"))?;
        let taken = target.tables.contains_key(&to.1);
        let source = warehouse.namespaces.get_mut(&from.0).ok_or_else(|| missing("Namespace"))?;
        if !source.tables.contains_key(&from.1) {
            return Err(missing("Table"));
        }
        if taken {
            return Err(exists("Table"));
        }
        let table = source.tables.remove(&from.1);
        if let (Some(table), Some(target)) = (table, warehouse.namespaces.get_mut(&to.0)) {
            target.tables.insert(to.1, table);
        }
        Ok(no_content())
    })
}

pub(super) fn drop(analytics: &Analytics, at: (&str, &str), name: &str) -> Result<Response<Body>, Problem> {
    analytics.with_namespace(at, |namespace| {
        namespace.tables.remove(name).map(|_| no_content()).ok_or_else(|| missing("Table"))
    })
}
