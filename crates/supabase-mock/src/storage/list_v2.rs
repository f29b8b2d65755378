//! `POST /object/list-v2/{bucket}`: all keys with a prefix, by cursor.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use http::Response;
use serde::Serialize;

use super::access::Action;
use super::body::{Body, ok};
use super::call::Call;
use super::clock::Moment;
use super::problem::Problem;
use super::rows::{Metadata, Object};
use super::service::Inner;
use super::validate::{Fields, Sort};

const COLUMNS: [&str; 3] = ["name", "updated_at", "created_at"];

/// A page is never longer.
const MAX_LIMIT: u64 = 1_000;

#[derive(Serialize)]
struct Page<'a> {
    #[serde(rename = "hasNext")]
    has_next: bool,
    #[serde(rename = "nextCursor", skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(rename = "nextCursorKey", skip_serializing_if = "Option::is_none")]
    next_cursor_key: Option<&'a str>,
    folders: Vec<Item<'a>>,
    objects: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    name: &'a str,
    id: Option<&'a str>,
    updated_at: Option<Moment>,
    created_at: Option<Moment>,
    last_accessed_at: Option<Moment>,
    metadata: Option<Metadata<'a>>,
}

/// Where the last page ended and how the list is ordered, so that the next request need not say it again.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cursor {
    last: String,
    order: Option<&'static str>,
    column: Option<&'static str>,
    moment: Option<String>,
}

impl Cursor {
    fn encode(&self) -> String {
        let mut lines = vec![format!("l:{}", self.last)];
        lines.extend(self.order.map(|order| format!("o:{order}")));
        lines.extend(self.column.map(|column| format!("c:{column}")));
        lines.extend(self.moment.as_ref().map(|moment| format!("a:{moment}")));
        BASE64.encode(lines.join("\n").as_ref())
    }

    fn decode(text: &str) -> Option<Self> {
        let lines = String::from_utf8(BASE64.decode(text.as_bytes()).ok()?).ok()?;
        let mut cursor = Self { order: Some("asc"), ..Self::default() };
        for line in lines.split('\n') {
            match line.split_once(':')? {
                ("l", last) => cursor.last = last.to_owned(),
                ("o", order) => cursor.order = Some(if order == "desc" { "desc" } else { "asc" }),
                ("c", column) => cursor.column = Some(COLUMNS.into_iter().find(|known| *known == column)?),
                ("a", moment) => cursor.moment = Some(moment.to_owned()),
                _ => {}
            }
        }
        (!cursor.last.is_empty()).then_some(cursor)
    }
}

/// One line of a list: an object, or a folder, whose name ends with a slash.
struct Line<'a> {
    name: &'a str,
    object: Option<&'a Object>,
}

impl<'a> Line<'a> {
    /// The name by which lists are ordered and continued.
    fn bare(&self) -> &'a str {
        match self.object {
            Some(_) => self.name,
            None => self.name.strip_suffix('/').unwrap_or(self.name),
        }
    }

    /// The moment by which a list is ordered, if it is.
    fn moment(&self, column: Option<&str>) -> Option<Moment> {
        let object = self.object?;
        match column {
            Some("updated_at") => Some(object.updated_at),
            Some("created_at") => Some(object.created_at),
            _ => None,
        }
    }
}

pub(super) async fn list(inner: &Inner, call: &mut Call, bucket: &str) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let fields = Fields::of(&body)?;
    let prefix = fields.text("prefix")?.unwrap_or_default();
    let limit = fields.integer("limit", 1)?.unwrap_or(MAX_LIMIT).min(MAX_LIMIT);
    let with_delimiter = fields.flag("with_delimiter")?.unwrap_or(false);
    let sort = Sort::of(fields, &COLUMNS)?;
    let cursor = fields.text("cursor")?.filter(|cursor| !cursor.is_empty());

    let caller = inner.known_caller(&call.headers)?;
    let bad = || Problem::parameter("Invalid Parameter continuation token");
    let cursor = cursor.map(|text| Cursor::decode(&text).ok_or_else(bad)).transpose()?;
    // The cursor decides over the order, as it was made for it.
    let sort = cursor.as_ref().map_or(sort, |cursor| Sort { column: cursor.column, order: cursor.order });

    Ok(inner.store.read(|buckets| {
        let objects = buckets.get(bucket).map(|bucket| &bucket.objects);
        let visible = objects.into_iter().flatten().filter(|(key, _)| {
            key.starts_with(&prefix) && caller.may(&inner.options.rule, Action::Select, bucket, Some(key))
        });
        let mut lines = lines(visible, &prefix, with_delimiter);
        lines.sort_by(|a, b| {
            let place = |line: &Line<'_>| (line.moment(sort.column), line.bare().to_owned());
            let order = place(a).cmp(&place(b));
            if sort.descends() { order.reverse() } else { order }
        });
        if let Some(cursor) = &cursor {
            // The cursor has no more than milliseconds; the row that it names knows better, if it is still there.
            let named =
                lines.iter().find(|line| line.bare() == cursor.last).map(|line| line.moment(sort.column));
            let iso = |moment: Option<Moment>| moment.map(Moment::iso);
            let exact = named.filter(|moment| iso(*moment) == cursor.moment);
            lines.retain(|line| {
                let moment = line.moment(sort.column);
                let order = match exact {
                    Some(exact) => moment.cmp(&exact),
                    None => iso(moment).cmp(&cursor.moment),
                };
                let order = order.then_with(|| line.bare().cmp(&cursor.last));
                if sort.descends() { order.is_lt() } else { order.is_gt() }
            });
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_next = lines.len() > limit;
        lines.truncate(limit);
        let last = lines.last().filter(|_| has_next);
        let next_cursor = last.map(|last| {
            let moment = last.moment(sort.column).map(Moment::iso);
            let last = last.bare().to_owned();
            Cursor { last, order: sort.order, column: sort.column, moment }.encode()
        });
        let (folders, objects): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.object.is_none());
        let level = prefix.matches('/').count();
        let level = with_delimiter.then_some(level);
        ok(&Page {
            has_next,
            next_cursor,
            next_cursor_key: last.map(Line::bare),
            folders: folders.iter().map(|line| item(line, level)).collect(),
            objects: objects.iter().map(|line| item(line, level)).collect(),
        })
    }))
}

fn lines<'a>(
    objects: impl Iterator<Item = (&'a String, &'a Object)>,
    prefix: &str,
    with_delimiter: bool,
) -> Vec<Line<'a>> {
    let mut lines: BTreeMap<&str, Line<'_>> = BTreeMap::new();
    for (key, object) in objects {
        let slash = key.get(prefix.len()..).and_then(|rest| rest.find('/')).filter(|_| with_delimiter);
        let (name, object) = match slash {
            Some(at) => (key.get(..=prefix.len() + at).unwrap_or(key), None),
            None => (key.as_str(), Some(object)),
        };
        lines.insert(name, Line { name, object });
    }
    lines.into_values().collect()
}

/// With a delimiter, the line is also named by its place on this level of folders.
fn item<'a>(line: &Line<'a>, level: Option<usize>) -> Item<'a> {
    let object = line.object;
    Item {
        key: level.and_then(|level| line.name.split('/').nth(level)),
        name: line.name,
        id: object.map(|object| object.id.as_str()),
        updated_at: object.map(|object| object.updated_at),
        created_at: object.map(|object| object.created_at),
        last_accessed_at: object.map(|object| object.created_at),
        metadata: object.map(Object::metadata),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_those_of_the_real_server() {
        let cursor = Cursor { last: "dd".to_owned(), ..Cursor::default() };
        assert_eq!(cursor.encode(), "bDpkZA==");
        let cursor = Cursor::decode(
            "bDphL2ZpbGUuYmluCm86ZGVzYwpjOnVwZGF0ZWRfYXQKYToyMDI2LTExLTIzVDA0OjU3OjA1LjgwNlo=",
        );
        let expected = Cursor {
            last: "a/file.bin".to_owned(),
            order: Some("desc"),
            column: Some("updated_at"),
            moment: Some("2026-11-23T04:57:05.806Z".to_owned()),
        };
        assert_eq!(cursor, Some(expected));
        assert_eq!(Cursor::decode("!!!"), None);
        assert_eq!(
            Cursor::decode("bDpkZA=="),
            Some(Cursor { last: "dd".to_owned(), order: Some("asc"), ..Cursor::default() })
        );
    }
}
