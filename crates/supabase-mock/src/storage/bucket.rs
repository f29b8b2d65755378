//! `/bucket`: the buckets themselves.

use http::Response;
use serde_json::{Value, json};

use super::access::Action;
use super::body::{Body, message, ok};
use super::call::Call;
use super::problem::Problem;
use super::rows::{Settings, is_bucket_name};
use super::service::Inner;
use super::validate::{Fields, query};

pub(super) async fn create(inner: &Inner, call: &mut Call) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let fields = Fields::of(&body)?;
    fields.require(&["name"])?;
    let name = fields.needed_text("name")?;
    let id = fields.text("id")?;
    let public = fields.flag("public")?.unwrap_or(false);
    fields.word("type", &["STANDARD", "ANALYTICS"])?;
    let limit = size(fields)?;
    let types = fields.texts("allowed_mime_types")?;

    let caller = inner.known_caller(&call.headers)?;
    let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| name.clone());
    if !is_bucket_name(&id) || !is_bucket_name(&name) {
        return Err(Problem::bucket_name());
    }
    check_limits(inner, limit, types.as_deref())?;
    if !caller.may(&inner.options.rule, Action::Insert, &id, None) {
        return Err(Problem::policy());
    }
    let taken = inner.store.read(|buckets| {
        buckets.values().any(|bucket| bucket.settings.id == id || bucket.settings.name == name)
    });
    if taken {
        return Err(Problem::bucket_exists());
    }
    let now = inner.clock.now();
    let settings = Settings {
        id,
        name: name.clone(),
        owner: caller.owner(),
        public,
        kind: None,
        file_size_limit: limit,
        allowed_mime_types: types,
        created_at: now,
        updated_at: now,
    };
    inner.store.put_bucket(settings, now)?;
    Ok(ok(&json!({ "name": name })))
}

pub(super) fn get(inner: &Inner, call: &Call, id: &str) -> Result<Response<Body>, Problem> {
    let caller = inner.known_caller(&call.headers)?;
    let settings = inner.store.bucket(id)?;
    if !caller.may(&inner.options.rule, Action::Select, id, None) {
        return Err(Problem::no_bucket());
    }
    Ok(ok(&settings))
}

pub(super) fn list(inner: &Inner, call: &Call) -> Result<Response<Body>, Problem> {
    let map = query(&call.query);
    let fields = Fields::of_query(&map);
    let limit = fields.integer("limit", 1)?;
    let offset = fields.integer("offset", 0)?.unwrap_or(0);
    let column = fields.word("sortColumn", &["id", "name", "created_at", "updated_at"])?;
    let order = fields.word("sortOrder", &["asc", "desc"])?;
    let search = fields.text("search")?.unwrap_or_default().to_lowercase();

    let caller = inner.known_caller(&call.headers)?;
    let mut rows: Vec<_> = inner.store.read(|buckets| {
        let visible = buckets.values().filter(|bucket| {
            let settings = &bucket.settings;
            settings.name.to_lowercase().contains(&search)
                && caller.may(&inner.options.rule, Action::Select, &settings.id, None)
        });
        visible.map(|bucket| (bucket.written, bucket.settings.clone())).collect()
    });
    match column {
        None => rows.sort_by_key(|(written, _)| *written),
        Some("name") => rows.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name)),
        Some("created_at") => rows.sort_by_key(|(_, row)| row.created_at),
        Some("updated_at") => rows.sort_by_key(|(_, row)| row.updated_at),
        Some(_) => rows.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id)),
    }
    if column.is_some() && order == Some("desc") {
        rows.reverse();
    }
    let kind = (!is_old_python(call)).then_some("STANDARD");
    let (skip, take) = (as_count(offset), limit.map_or(usize::MAX, as_count));
    let page: Vec<_> =
        rows.into_iter().skip(skip).take(take).map(|(_, row)| Settings { kind, ..row }).collect();
    Ok(ok(&page))
}

pub(super) async fn update(inner: &Inner, call: &mut Call, id: &str) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let fields = Fields::of(&body)?;
    let public = fields.flag("public")?;
    let limit = size(fields)?;
    let types = fields.texts("allowed_mime_types")?;
    let names = ["public", "file_size_limit", "allowed_mime_types"];
    if names.iter().all(|name| fields.raw(name).is_none()) {
        let missing = names.map(|name| format!("body must have required property '{name}'")).join(", ");
        return Err(Problem::invalid(format!("{missing}, body must match a schema in anyOf")));
    }

    let caller = inner.known_caller(&call.headers)?;
    let mut settings = inner.store.bucket(id)?;
    check_limits(inner, limit, types.as_deref())?;
    if !caller.may(&inner.options.rule, Action::Update, id, None) {
        return Err(Problem::no_bucket());
    }
    if let Some(public) = public {
        settings.public = public;
    }
    if fields.raw("file_size_limit").is_some() {
        settings.file_size_limit = limit;
    }
    if fields.raw("allowed_mime_types").is_some() {
        settings.allowed_mime_types = types;
    }
    inner.store.put_bucket(settings, inner.clock.now())?;
    Ok(message("Successfully updated"))
}

pub(super) async fn delete(inner: &Inner, call: &mut Call, id: &str) -> Result<Response<Body>, Problem> {
    call.json().await?;
    let caller = inner.known_caller(&call.headers)?;
    inner.store.bucket(id)?;
    let empty = inner.store.read(|buckets| buckets.get(id).is_none_or(|bucket| bucket.objects.is_empty()));
    if !empty {
        return Err(Problem::not_empty());
    }
    if !caller.may(&inner.options.rule, Action::Delete, id, None) {
        return Err(Problem::no_bucket());
    }
    inner.store.remove_bucket(id)?;
    Ok(message("Successfully deleted"))
}

/// The real server takes its time; here the bucket is empty when the answer comes.
pub(super) async fn empty(inner: &Inner, call: &mut Call, id: &str) -> Result<Response<Body>, Problem> {
    call.json().await?;
    let caller = inner.known_caller(&call.headers)?;
    if !caller.is_service() {
        return Err(Problem::role());
    }
    inner.store.bucket(id)?;
    let keys: Vec<String> = inner
        .store
        .read(|buckets| buckets.get(id).map(|bucket| bucket.objects.keys().cloned().collect()))
        .unwrap_or_default();
    for key in keys {
        inner.store.remove_object(id, &key)?;
    }
    Ok(message("Empty bucket has been queued. Completion may take up to an hour."))
}

/// `file_size_limit`: a number of bytes, or a text such as `1.5MB`, in powers of ten.
fn size(fields: Fields<'_>) -> Result<Option<u64>, Problem> {
    match fields.value("file_size_limit") {
        None => Ok(None),
        Some(Value::Number(number)) if number.as_u64().is_some() => Ok(number.as_u64()),
        Some(Value::String(text)) if text.parse::<u64>().is_ok() => Ok(text.parse().ok()),
        Some(Value::String(text)) => parse_size(text).map(Some).ok_or_else(bad_size),
        Some(_) => Err(bad_size()),
    }
}

fn parse_size(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let units = [("gb", 1e9), ("mb", 1e6), ("kb", 1e3), ("b", 1.0)];
    let (digits, unit) = units.iter().find_map(|(name, unit)| Some((lower.strip_suffix(name)?, unit)))?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // The real server keeps three digits.
    let value: f64 = digits.parse().ok()?;
    let rounded: f64 = format!("{value:.2e}").parse().ok()?;
    Some((rounded * unit) as u64)
}

fn bad_size() -> Problem {
    Problem::invalid(concat!(
        "body/file_size_limit must be integer, body/file_size_limit must pass \"finite\" keyword validation, ",
        "body/file_size_limit must match pattern ",
        "\"^[0-9]+(?:\\.[0-9]+)?(?:[gG][bB]|[mM][bB]|[kK][bB]|[bB])$\", ",
        "body/file_size_limit must match a schema in anyOf",
    ))
}

fn check_limits(inner: &Inner, limit: Option<u64>, types: Option<&[String]>) -> Result<(), Problem> {
    if limit.is_some_and(|limit| limit > inner.options.file_size_limit) {
        return Err(Problem::too_large());
    }
    match types.unwrap_or_default().iter().find(|kind| !kind.contains('/')) {
        Some(kind) => Err(Problem::mime_type(kind)),
        None => Ok(()),
    }
}

fn as_count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Older Python clients fail over a bucket's type, so that the server hides it from them.
fn is_old_python(call: &Call) -> bool {
    let before = |header: &str, prefix: &str, limit: [u32; 3]| {
        let text = call.header(header)?.to_lowercase();
        let version = text.get(text.find(prefix)? + prefix.len()..)?;
        let mut numbers = version.split(|letter: char| !letter.is_ascii_digit()).map(str::parse::<u32>);
        let mut next = || numbers.next()?.ok();
        Some([next()?, next()?, next()?] < limit)
    };
    before("x-client-info", "supabase-py/", [2, 18, 0]).unwrap_or(false)
        || before("user-agent", "supabase-py/storage3 v", [0, 12, 1]).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_powers_of_ten() {
        assert_eq!(parse_size("1MB"), Some(1_000_000));
        assert_eq!(parse_size("1.5gb"), Some(1_500_000_000));
        assert_eq!(parse_size("20kB"), Some(20_000));
        assert_eq!(parse_size("7B"), Some(7));
        for text in ["10 parsecs", "MB", "1.MB", "-1MB", "1e3MB", ""] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
