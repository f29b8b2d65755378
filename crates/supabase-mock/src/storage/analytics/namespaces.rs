//! Namespaces, of one level.

use http::Response;
use serde_json::{Map, Value, json};

use super::super::body::{Body, ok};
use super::super::problem::Problem;
use super::super::validate::Fields;
use super::{Analytics, Namespace, check_name, exists, missing, no_content, refusal};

pub(super) fn list(analytics: &Analytics, warehouse: &str) -> Result<Response<Body>, Problem> {
    analytics.with_warehouse(warehouse, |warehouse| {
        let names: Vec<_> = warehouse.namespaces.keys().map(|name| [name]).collect();
        Ok(ok(&json!({ "namespaces": names })))
    })
}

/// The name of a namespace in a body: a list of one text, as the specification has it, or the text alone.
pub(super) fn name(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(name) => Some(name.clone()),
        Value::Array(levels) => match levels.as_slice() {
            [Value::String(name)] => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn create(
    analytics: &Analytics,
    warehouse: &str,
    body: &Value,
) -> Result<Response<Body>, Problem> {
    let fields = Fields::of(body)?;
    fields.require(&["namespace"])?;
    let name = name(fields.value("namespace")).ok_or_else(|| fields.must("namespace", "be string"))?;
    let properties = texts(fields, "properties")?;
    check_name(&name)?;
    analytics.with_warehouse(warehouse, |warehouse| {
        if warehouse.namespaces.contains_key(&name) {
            return Err(exists("Namespace"));
        }
        let answer = ok(&json!({ "namespace": [name], "properties": properties }));
        warehouse.namespaces.insert(name, Namespace { properties, ..Namespace::default() });
        Ok(answer)
    })
}

/// An object whose values are texts.
fn texts(fields: Fields<'_>, name: &str) -> Result<Map<String, Value>, Problem> {
    let map = fields.within(name)?.unwrap_or_default();
    match map.iter().find(|(_, value)| !value.is_string()) {
        Some((key, _)) => Err(fields.must(&format!("{name}/{key}"), "be string")),
        None => Ok(map),
    }
}

pub(super) fn load(analytics: &Analytics, at: (&str, &str)) -> Result<Response<Body>, Problem> {
    analytics.with_namespace(at, |namespace| {
        Ok(ok(&json!({ "namespace": [at.1], "properties": namespace.properties })))
    })
}

pub(super) fn drop(analytics: &Analytics, warehouse: &str, name: &str) -> Result<Response<Body>, Problem> {
    analytics.with_warehouse(warehouse, |warehouse| {
        let namespace = warehouse.namespaces.get(name).ok_or_else(|| missing("Namespace"))?;
        if !namespace.tables.is_empty() {
            let message = format!("The resource namespace: {name} is not empty");
            return Err(refusal(400, "IcebergResourceNotEmpty", message));
        }
        warehouse.namespaces.remove(name);
        Ok(no_content())
    })
}

pub(super) fn update(
    analytics: &Analytics,
    at: (&str, &str),
    body: &Value,
) -> Result<Response<Body>, Problem> {
    let fields = Fields::of(body)?;
    let removals = fields.texts("removals")?.unwrap_or_default();
    let updates = texts(fields, "updates")?;
    if let Some(key) = removals.iter().find(|key| updates.contains_key(*key)) {
        let message = format!("Property {key} is both updated and removed");
        return Err(refusal(422, "UnprocessableEntityException", message));
    }
    analytics.with_namespace(at, |namespace| {
        let (removed, missing): (Vec<_>, Vec<_>) =
            removals.into_iter().partition(|key| namespace.properties.remove(key).is_some());
        let updated: Vec<_> = updates.keys().cloned().collect();
        namespace.properties.extend(updates);
        Ok(ok(&json!({ "updated": updated, "removed": removed, "missing": missing })))
    })
}
