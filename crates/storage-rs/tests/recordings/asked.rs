//! What a request asks the service for, whatever way it says so.

use std::collections::BTreeMap;

use base64::Engine;
use serde_json::{Value, json};
use supabase_testing::recordings::Request;
use supabase_testing::replay::Wire;

use crate::form;

/// A request, read as the service reads it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The segments of the path, decoded.
    pub(crate) path: Vec<String>,
    raw_path: String,
    pub(crate) query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    pub(crate) body: Asks,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asks {
    Nothing,
    Json(Value),
    Upload(Upload),
}

/// An upload, whether as a form or raw.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Upload {
    pub(crate) content_type: String,
    pub(crate) cache_control: String,
    pub(crate) metadata: Option<Value>,
    /// `None` if the recording does not hold all of it.
    pub(crate) content: Option<Vec<u8>>,
}

impl Asked {
    /// Reads a recorded request.
    ///
    /// # Errors
    /// Why the API cannot be asked to send it.
    pub(crate) fn recorded(request: &Request) -> Result<Self, String> {
        let target = request.path.strip_prefix("/storage/v1").unwrap_or(&request.path);
        if target.starts_with("/upload/resumable") {
            return Err("a resumable upload: see the tests of TUS".to_owned());
        }
        let (body, is_whole) = match &request.body {
            None => (Vec::new(), true),
            Some(body) => match (body.whole(), body.beginning()) {
                (Some(whole), _) => (whole, true),
                (None, Some(beginning)) => (beginning, false),
                (None, None) => return Err("the recording kept no body".to_owned()),
            },
        };
        Self::read(&request.method, target, &request.headers, &body, is_whole)
    }

    pub(crate) fn sent(wire: &Wire) -> Self {
        Self::read(&wire.method, &wire.target, &wire.headers, &wire.body, true)
            .expect("what is sent is readable")
    }

    fn read(
        method: &str,
        target: &str,
        headers: &BTreeMap<String, String>,
        body: &[u8],
        is_whole: bool,
    ) -> Result<Self, String> {
        let (raw_path, query) = target.split_once('?').unwrap_or((target, ""));
        let path: Vec<_> = raw_path.trim_start_matches('/').split('/').map(decoded).collect();
        let query = url_pairs(query);
        let header = |name: &str| headers.get(name).map(String::as_str);
        let content_type = header("content-type").unwrap_or_default();
        let is_upload = is_upload(method, &path);
        let body = if is_upload && content_type.starts_with("multipart/form-data") {
            let form = form::read(content_type, body, is_whole);
            let field = |name: &str| {
                form.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
            };
            let Some(file) = &form.file else { return Err("a form without a file".to_owned()) };
            let metadata = field("metadata").or(field("userMetadata"));
            let plain = |media_type: &str| media_type.split(';').next().unwrap_or_default().to_owned();
            Asks::Upload(Upload {
                content_type: field("contentType")
                    .map(str::to_owned)
                    .or(file.content_type.as_deref().map(plain))
                    .unwrap_or_else(|| "application/octet-stream".to_owned()),
                cache_control: field("cacheControl")
                    .map_or("no-cache".to_owned(), |s| format!("max-age={s}")),
                metadata: metadata.map(|json| serde_json::from_str(json).expect("metadata is JSON")),
                content: file.content.clone(),
            })
        } else if is_upload {
            let metadata = header("x-metadata").map(|base64| {
                let json = base64::engine::general_purpose::STANDARD.decode(base64).expect("base64");
                serde_json::from_slice(&json).expect("metadata is JSON")
            });
            Asks::Upload(Upload {
                content_type: header("content-type").unwrap_or("application/octet-stream").to_owned(),
                cache_control: header("cache-control").unwrap_or("no-cache").to_owned(),
                metadata,
                content: is_whole.then(|| body.to_vec()),
            })
        } else if body.is_empty() {
            Asks::Nothing
        } else {
            match serde_json::from_slice(body) {
                // An empty object says nothing.
                Ok(Value::Object(empty)) if empty.is_empty() && !path[0].starts_with("vector") => {
                    Asks::Json(json!({}))
                }
                Ok(json) => Asks::Json(json),
                Err(_) => return Err("the body is not what the route takes".to_owned()),
            }
        };
        Ok(Self {
            method: method.to_owned(),
            path,
            raw_path: raw_path.to_owned(),
            query,
            headers: headers.clone(),
            body,
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The token, however the scheme is written, or left out.
    pub(crate) fn authorization(&self) -> Option<&str> {
        let token = self.header("authorization")?;
        Some(token.strip_prefix("Bearer ").or(token.strip_prefix("bearer ")).unwrap_or(token))
    }

    pub(crate) fn upserts(&self) -> bool {
        self.header("x-upsert") == Some("true")
    }

    /// Everything that the service acts upon, in one spelling.
    pub(crate) fn meaning(&self) -> Value {
        let mut path = self.path.clone();
        // With a token, this is another way to say the same.
        let at = path.iter().position(|segment| segment == "authenticated");
        if let Some(at) = at.filter(|at| path[0] == "object" && (1..=2).contains(at)) {
            path.remove(at);
        }
        let signs = self.method == "POST" && path.len() > 3 && path[..2] == ["object", "sign"];
        let path = if signs { json!(decoded_as_uri(&self.raw_path)) } else { json!(path.join("/")) };
        let body = match &self.body {
            Asks::Nothing => Value::Null,
            Asks::Json(json) => without_defaults(json, &self.path, &self.method),
            Asks::Upload(upload) => json!({
                "content_type": upload.content_type,
                "cache_control": upload.cache_control,
                "metadata": upload.metadata,
                "content": upload.content,
            }),
        };
        let body = if body == json!({}) { Value::Null } else { body };
        let mut headers = json!({ "authorization": self.authorization(), "upsert": self.upserts() });
        for name in ["range", "x-robots-tag"] {
            headers[name] = json!(self.header(name));
        }
        if self.path.get(1).is_some_and(|route| route == "copy") {
            headers["x-metadata"] = json!(self.header("x-metadata"));
        }
        // On a signed upload, the token says it.
        if self.method == "PUT" && self.path.get(1).is_some_and(|route| route == "upload") {
            headers["upsert"] = Value::Null;
        }
        json!({ "method": self.method, "path": path, "query": self.query, "headers": headers, "body": body })
    }

    /// Whether it has a path to be signed in which something is encoded that `decodeURI` leaves so.
    pub(crate) fn is_signed_to_fail(&self) -> bool {
        decoded_as_uri(&self.raw_path).contains('%') && self.raw_path.starts_with("/object/sign/")
    }

    /// Whether the recording does not hold all of the content.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(&self.body, Asks::Upload(Upload { content: None, .. }))
    }
}

fn is_upload(method: &str, path: &[String]) -> bool {
    let taken = ["list", "list-v2", "sign", "copy", "move", "info", "public", "authenticated"];
    let Some(second) = path.get(1) else { return false };
    path[0] == "object"
        && match (method, second.as_str()) {
            ("PUT", _) => true,
            ("POST", "upload") => false,
            ("POST", second) => !taken.contains(&second),
            _ => false,
        }
}

/// A body without what the service would take for said anyway.
fn without_defaults(body: &Value, path: &[String], method: &str) -> Value {
    let mut body = body.clone();
    let Some(fields) = body.as_object_mut() else { return body };
    let route = path.iter().take(2).map(String::as_str).collect::<Vec<_>>().join("/");
    let mut default = |field: &str, value: Value| {
        if fields.get(field) == Some(&value) {
            fields.remove(field);
        }
    };
    match (method, route.as_str()) {
        ("POST", "bucket") => {
            default("public", json!(false));
            default("file_size_limit", Value::Null);
            default("allowed_mime_types", Value::Null);
            default("type", json!("STANDARD"));
            let name = fields["name"].clone();
            fields.entry("id").or_insert(name);
        }
        // The path says which.
        ("PUT", _) => {
            fields.remove("id");
            fields.remove("name");
        }
        ("POST", "object/list") => {
            default("limit", json!(100));
            default("offset", json!(0));
            default("sortBy", json!({ "column": "name", "order": "asc" }));
        }
        ("POST", "object/list-v2") => {
            default("limit", json!(1000));
            default("prefix", json!(""));
            default("with_delimiter", json!(false));
            default("sortBy", json!({ "column": "name", "order": "asc" }));
        }
        ("POST", "object/copy") => default("copyMetadata", json!(true)),
        ("POST", "object/sign") => {
            // The service does not read it: it stands in the URL.
            fields.remove("download");
            if let Some(seconds) = fields.get("expiresIn").and_then(Value::as_str) {
                fields["expiresIn"] = json!(seconds.parse::<u64>().unwrap());
            }
        }
        _ => {}
    }
    body
}

fn url_pairs(query: &str) -> BTreeMap<String, String> {
    let url = storage_rs::reqwest::Url::parse(&format!("http://x/?{query}")).unwrap();
    url.query_pairs().into_owned().collect()
}

pub(crate) fn decoded(text: &str) -> String {
    // A form decodes `%XX` as a path does, and a `+` in a path must stay one.
    let form = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url_pairs(&format!("x={form}")).remove("x").unwrap_or_default()
}

/// As `decodeURI` of JavaScript, by which the service reads a path that it signs: what is reserved stays encoded.
fn decoded_as_uri(path: &str) -> String {
    let mut kept = path.to_owned();
    for reserved in ["%2B", "%26", "%3D", "%40", "%3A", "%2C", "%24", "%3B", "%3F", "%23", "%2F"] {
        kept = kept.replace(reserved, &format!("%25{}", &reserved[1..]));
    }
    decoded(&kept)
}
