//! The recorded answer against what the crate made of it.

use std::ops::RangeInclusive;

use postgrest_rs::{Code, Error, ErrorKind};
use serde_json::Value;
use serde_json::value::RawValue;
use supabase_testing::recordings::Exchange;

use crate::asked::{Asked, Verb};
use crate::perform::{Data, Given, Row};

pub(crate) fn check(
    exchange: &Exchange,
    asked: &Asked,
    maybe: bool,
    given: Result<Given, Error>,
) -> Result<(), String> {
    let status = exchange.response.status;
    let body = exchange.response.body.as_ref().and_then(|body| body.bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    // A server that does not undo says so by leaving the preference out, and that is for the caller to know.
    let applied = exchange.response.headers.get("preference-applied").map_or("", String::as_str);
    let is_kept = asked.rollback && asked.plan.is_none() && !applied.contains("tx=rollback");
    match given {
        Err(error) if is_kept && status < 300 => {
            same("kind", error.kind(), ErrorKind::Committed)?;
            same("status", error.status(), Some(status))
        }
        given if is_kept && status < 300 => {
            Err(format!("the server committed, and the crate gives {given:?}"))
        }
        Err(error) if status >= 300 => refused(exchange, asked, &body, &error),
        Ok(given) if status < 300 => answered(exchange, &body, &given),
        Err(error) if maybe && error.code() == Some(&Code::NotExactlyOneRow) => {
            let rows = rows(&body)?.len();
            same("rows for `maybe_single`", rows > 1, true)?;
            same("kind", error.kind(), ErrorKind::Rejected)
        }
        given => Err(format!("the server answered {status}, and the crate gives {given:?}")),
    }
}

fn answered(exchange: &Exchange, body: &str, given: &Given) -> Result<(), String> {
    same("status", given.status, exchange.response.status)?;
    let (range, count) =
        exchange.response.headers.get("content-range").map_or((None, None), |text| bounds(text));
    same("range", given.range.clone(), range)?;
    same("count", given.count, count)?;
    match &given.data {
        Data::Nothing => Ok(()),
        Data::Rows(given) => same("rows", texts(given), rows(body)?),
        Data::One(row) => same("row", row.get(), body.trim()),
        Data::Maybe(row) => {
            let rows = rows(body)?;
            same("number of rows", rows.len() < 2, true)?;
            same("row", row.as_ref().map(|row| row.get()), rows.first().map(String::as_str))
        }
        Data::Returned(value) => same(
            "value",
            value.as_ref().map_or("null", |row| row.get()),
            if body.is_empty() { "null" } else { body.trim() },
        ),
        Data::Text(text) => same("text", text.as_str(), body),
        Data::Json(json) => same("JSON", Some(json), serde_json::from_str(body).ok().as_ref()),
        Data::Plan(plan) => {
            let recorded: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
            let at = |path: &str| recorded.pointer(path).cloned().unwrap_or_default();
            same("node", Value::from(plan.root.node_type.clone()), at("/0/Plan/Node Type"))?;
            same("cost", Value::from(plan.root.total_cost), at("/0/Plan/Total Cost"))?;
            same("steps", plan.root.plans.len(), at("/0/Plan/Plans").as_array().map_or(0, Vec::len))?;
            same("planning time", Value::from(plan.planning_time), at("/0/Planning Time"))?;
            same("execution time", Value::from(plan.execution_time), at("/0/Execution Time"))
        }
        Data::Location(location) => {
            same("location", location.as_ref(), exchange.response.headers.get("location"))
        }
    }
}

fn refused(exchange: &Exchange, asked: &Asked, body: &str, error: &Error) -> Result<(), String> {
    same("kind", error.kind(), ErrorKind::Rejected)?;
    same("status", error.status(), Some(exchange.response.status))?;
    let is_head = matches!(asked.verb, Verb::Head | Verb::CallByHead);
    same("raw body", error.raw_body(), if is_head { b"" } else { body.as_bytes() })?;
    let recorded: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |part: &str| recorded.get(part).and_then(Value::as_str);
    let in_header =
        exchange.response.headers.get("proxy-status").and_then(|header| header.split("error=").nth(1));
    same("code", error.code().map(Code::as_str), text("code").or(in_header))?;
    match text("message") {
        Some(message) => same("message", error.message(), message)?,
        None => same("no message", error.message().is_empty(), false)?,
    }
    same("hint", error.hint(), text("hint"))?;
    same("details", error.details(), recorded.get("details").filter(|details| !details.is_null()).cloned())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, given: T, recorded: T) -> Result<(), String> {
    if given == recorded {
        return Ok(());
    }
    Err(format!("{what}: recorded {recorded:?}, given {given:?}"))
}

fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.get().to_owned()).collect()
}

fn rows(body: &str) -> Result<Vec<String>, String> {
    let rows: Vec<&RawValue> = serde_json::from_str(body).map_err(|error| error.to_string())?;
    Ok(rows.into_iter().map(|row| row.get().to_owned()).collect())
}

/// `0-9/100`, where each side may be `*`.
fn bounds(text: &str) -> (Option<RangeInclusive<u64>>, Option<u64>) {
    let (range, total) = text.split_once('/').unwrap_or((text, "*"));
    let range = range.split_once('-').map(|(first, last)| first.parse().unwrap()..=last.parse().unwrap());
    (range, total.parse().ok())
}
