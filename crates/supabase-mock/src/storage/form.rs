//! The two forms of an upload: the bytes as they are, and a form with one file.

use std::path::PathBuf;

use data_encoding::BASE64;
use futures_util::StreamExt as _;
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::{Map, Value};

use super::call::{Call, Incoming};
use super::problem::Problem;
use super::receive::Receiver;
use super::rows::{Content, Settings, is_allowed};
use super::service::Inner;
use super::store::{Finished, new_id};

/// User metadata in a form is at most that long.
const MAX_METADATA: u64 = 1024 * 1024;

/// The largest form that is taken to come at once: what Node reads of a connection in one piece.
const AT_ONCE: u64 = 64 * 1024;

/// The fields of a form that mean something.
#[derive(Debug, Default)]
struct Fields {
    cache_seconds: Option<String>,
    metadata: Option<String>,
    user_metadata: Option<String>,
    content_type: Option<String>,
}

/// What is known of an object before its bytes come.
struct Announced {
    mime_type: String,
    cache_control: String,
    user_metadata: Value,
}

/// What an upload is held to.
struct Limits<'a> {
    size: u64,
    types: Option<&'a [String]>,
}

impl Limits<'_> {
    fn check_type(&self, mime_type: &str) -> Result<(), Problem> {
        match self.types {
            Some(list) if !is_allowed(list, mime_type) => Err(Problem::mime_type(mime_type)),
            _ => Ok(()),
        }
    }
}

/// Reads an upload's body into a file.
///
/// `may` is asked once everything but the bytes is known, as the database is in the real server.
pub(super) async fn receive(
    inner: &Inner,
    call: &mut Call,
    bucket: &Settings,
    key: &str,
    owner: String,
    may: impl FnOnce() -> Result<(), Problem>,
) -> Result<Finished, Problem> {
    if let Some(robots) = call.header("x-robots-tag") {
        super::robots::check(robots)?;
    }
    // A marker of a folder is empty, and of any type.
    let is_marker = key.ends_with(".emptyFolderPlaceholder");
    let limits = Limits {
        size: if is_marker { 0 } else { inner.upload_limit(bucket.file_size_limit) },
        types: bucket.allowed_mime_types.as_deref().filter(|list| !is_marker && !list.is_empty()),
    };
    let version = new_id();
    let boundary = call
        .header("content-type")
        .filter(|kind| kind.starts_with("multipart/form-data"))
        .map(multer::parse_boundary);
    let path = inner.store.incoming(&version);
    let mut body = call.take_body();
    let outcome = match boundary {
        Some(Ok(boundary)) => by_form(call, &mut body, boundary, path, &limits, may).await,
        Some(Err(_)) => Err(Problem::no_content()),
        None => by_bytes(call, &mut body, path, &limits, may).await,
    };
    call.give_back(body);
    let (receiver, announced) = outcome?;
    let received = receiver.keep(&inner.store.file(&version)).await?;
    let content = Content {
        mime_type: announced.mime_type,
        cache_control: announced.cache_control,
        robots: call.header("x-robots-tag").map(str::to_owned),
        size: received.size,
        etag: received.etag,
    };
    Ok(Finished { version, content, user_metadata: Some(announced.user_metadata), owner })
}

/// A form: fields, and one file among them.
///
/// Fields after the file count only if the whole form comes at once, as the real server reads the fields when the file
/// begins. So a client that sends them last loses them with larger files.
async fn by_form(
    call: &Call,
    body: &mut Incoming,
    boundary: String,
    path: PathBuf,
    limits: &Limits<'_>,
    may: impl FnOnce() -> Result<(), Problem>,
) -> Result<(Receiver, Announced), Problem> {
    let names = ["cacheControl", "metadata", "userMetadata", "contentType"];
    let sizes = names.iter().fold(SizeLimit::new(), |sizes, name| sizes.for_field(*name, MAX_METADATA));
    let mut form = Multipart::with_constraints(body, boundary, Constraints::new().size_limit(sizes));
    let mut fields = Fields::default();
    let mut file = file_of(&mut form, &mut fields).await?;
    let part_type = file.content_type().map(|kind| kind.essence_str().to_owned());
    let mut announced = announced_by_form(part_type.as_deref(), &fields);
    limits.check_type(&announced.mime_type)?;
    may()?;
    let mut receiver = Receiver::create(path).await?;
    receiver.take(&mut file, limits.size).await?;
    drop(file);
    if call.content_length().is_some_and(|length| length <= AT_ONCE) {
        while let Some(field) = form.next_field().await.map_err(|_| Problem::no_content())? {
            fields.take(field).await?;
        }
        announced = announced_by_form(part_type.as_deref(), &fields);
        limits.check_type(&announced.mime_type)?;
    }
    Ok((receiver, announced))
}

/// The bytes as they are.
async fn by_bytes(
    call: &Call,
    body: &mut Incoming,
    path: PathBuf,
    limits: &Limits<'_>,
    may: impl FnOnce() -> Result<(), Problem>,
) -> Result<(Receiver, Announced), Problem> {
    let announced = announced_by_headers(call);
    limits.check_type(&announced.mime_type)?;
    if call.content_length().is_some_and(|length| length > limits.size) {
        return Err(Problem::too_large());
    }
    may()?;
    let mut receiver = Receiver::create(path).await?;
    receiver.take(body, limits.size).await?;
    Ok((receiver, announced))
}

fn announced_by_headers(call: &Call) -> Announced {
    let text = |name: &str, default: &str| call.header(name).unwrap_or(default).to_owned();
    Announced {
        mime_type: text("content-type", "application/octet-stream"),
        cache_control: text("cache-control", "no-cache"),
        user_metadata: or_empty(metadata_header(call)),
    }
}

/// `x-metadata`: JSON in base64. What is neither is as if it was not sent.
pub(super) fn metadata_header(call: &Call) -> Option<Value> {
    let bytes = BASE64.decode(call.header("x-metadata")?.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

fn or_empty(metadata: Option<Value>) -> Value {
    metadata.unwrap_or_else(|| Value::Object(Map::new()))
}

fn announced_by_form(part_type: Option<&str>, fields: &Fields) -> Announced {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let metadata = fields.metadata.as_ref().or(fields.user_metadata.as_ref());
    let metadata = metadata.and_then(|text| serde_json::from_str(text).ok()).filter(Value::is_object);
    Announced {
        // The parameters of a part's type are lost.
        mime_type: given(&fields.content_type)
            .unwrap_or_else(|| part_type.unwrap_or("text/plain").to_owned()),
        cache_control: given(&fields.cache_seconds)
            .map_or_else(|| "no-cache".to_owned(), |seconds| format!("max-age={seconds}")),
        user_metadata: or_empty(metadata),
    }
}

/// Reads the fields of a form until its file.
async fn file_of<'a>(form: &mut Multipart<'a>, fields: &mut Fields) -> Result<Field<'a>, Problem> {
    loop {
        let field = form.next_field().await.map_err(|_| Problem::no_content())?;
        let field = field.ok_or_else(Problem::no_content)?;
        let is_bytes =
            field.content_type().is_some_and(|kind| kind.essence_str() == "application/octet-stream");
        if field.file_name().is_some() || is_bytes {
            return Ok(field);
        }
        fields.take(field).await?;
    }
}

impl Fields {
    async fn take(&mut self, mut field: Field<'_>) -> Result<(), Problem> {
        let slot = match field.name() {
            Some("cacheControl") => Some(&mut self.cache_seconds),
            Some("metadata") => Some(&mut self.metadata),
            Some("userMetadata") => Some(&mut self.user_metadata),
            Some("contentType") => Some(&mut self.content_type),
            _ => None,
        };
        match slot {
            Some(slot) => *slot = Some(field.text().await.map_err(|_| Problem::no_content())?),
            None => while let Some(Ok(_)) = field.next().await {},
        }
        Ok(())
    }
}
