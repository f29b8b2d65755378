//! `POST /object/list/{bucket}`: one folder, by offset.

use std::collections::BTreeMap;

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

const COLUMNS: [&str; 4] = ["name", "updated_at", "created_at", "last_accessed_at"];

#[derive(Serialize)]
struct Item<'a> {
    name: &'a str,
    id: Option<&'a str>,
    updated_at: Option<Moment>,
    created_at: Option<Moment>,
    last_accessed_at: Option<Moment>,
    metadata: Option<Metadata<'a>>,
}

pub(super) async fn list(inner: &Inner, call: &mut Call, bucket: &str) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let fields = Fields::of(&body)?;
    fields.require(&["prefix"])?;
    let prefix = fields.needed_text("prefix")?;
    let limit = fields.integer("limit", 1)?.unwrap_or(100);
    let offset = fields.integer("offset", 0)?.unwrap_or(0);
    let sort = Sort::of(fields, &COLUMNS)?;
    let search = fields.text("search")?.unwrap_or_default().to_lowercase();

    let caller = inner.known_caller(&call.headers)?;
    let folder = match prefix.as_str() {
        "" => String::new(),
        prefix if prefix.ends_with('/') => prefix.to_owned(),
        prefix => format!("{prefix}/"),
    };
    Ok(inner.store.read(|buckets| {
        // What lies in the folder, by its name there; folders in it have no row.
        let mut found: BTreeMap<(&str, bool), Option<&Object>> = BTreeMap::new();
        for (key, object) in buckets.get(bucket).map(|bucket| &bucket.objects).into_iter().flatten() {
            let Some(rest) = key.strip_prefix(&folder) else { continue };
            let (name, object) = match rest.split_once('/') {
                Some((name, _)) => (name, None),
                None => (rest, Some(object)),
            };
            if name.to_lowercase().starts_with(&search)
                && caller.may(&inner.options.rule, Action::Select, bucket, Some(key))
            {
                found.insert((name, object.is_some()), object);
            }
        }
        let mut items: Vec<_> = found.into_iter().map(|((name, _), object)| (name, object)).collect();
        match sort.column {
            // Without a column, the name counts; folders and objects stand between each other.
            None | Some("name") => {
                if sort.descends() {
                    items.reverse();
                }
            }
            Some(column) => {
                let key = |object: &Option<&Object>| {
                    object.map(
                        |object| if column == "updated_at" { object.updated_at } else { object.created_at },
                    )
                };
                items.sort_by_key(|(_, object)| key(object));
                if sort.descends() {
                    items.reverse();
                }
                // Folders have no moment. They come first.
                items.sort_by_key(|(_, object)| object.is_some());
            }
        }
        let as_count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let page: Vec<_> = items
            .into_iter()
            .skip(as_count(offset))
            .take(as_count(limit))
            .map(|(name, object)| Item {
                name,
                id: object.map(|object| object.id.as_str()),
                updated_at: object.map(|object| object.updated_at),
                created_at: object.map(|object| object.created_at),
                last_accessed_at: object.map(|object| object.created_at),
                metadata: object.map(Object::metadata),
            })
            .collect();
        ok(&page)
    }))
}
