//! Requests to an auth server and its answers, reduced to what must be equal.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use url::Url;

use crate::recordings::Exchange;
use crate::replay::Wire;

/// A key of the old kind that everybody may have. Its only claim is its role, and it is signed by nobody.
pub const ANON_KEY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln";

/// A key of the old kind that may do everything.
pub const SERVICE_KEY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln";

/// A request, reduced to what must be equal.
#[derive(Debug, PartialEq)]
pub struct Asked {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    who: Who,
    audience: Option<String>,
    body: Value,
}

/// Who speaks.
#[derive(Debug, PartialEq)]
enum Who {
    /// Whoever has the key that everybody may have.
    Anybody,
    Service,
    User(String),
}

impl Asked {
    /// What was sent.
    ///
    /// # Panics
    /// It was not sent in the version of the service that this project speaks, or its body is no JSON.
    pub fn sent(wire: &Wire) -> Self {
        assert_eq!(wire.headers.get("x-supabase-api-version").map(String::as_str), Some("2024-01-01"));
        let body = if wire.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&wire.body).expect("a body is JSON")
        };
        Self::reduced(&wire.method, &wire.target, &wire.headers, body)
    }

    /// What the official client sent.
    pub fn recorded(exchange: &Exchange) -> Self {
        Self::recorded_with(exchange, &[])
    }

    /// What the official client sent, with the texts in `instead` exchanged: where an example asks for other values than
    /// the recorded case did.
    ///
    /// # Panics
    /// A text to be exchanged does not occur.
    pub fn recorded_with(exchange: &Exchange, instead: &[(&str, &str)]) -> Self {
        let request = &exchange.request;
        let body = request.body.as_ref().and_then(|body| body.json.clone()).unwrap_or_default();
        let (mut path, mut body, mut headers) =
            (request.path.clone(), body.to_string(), request.headers.clone());
        for (from, to) in instead {
            let mut texts: Vec<&mut String> = headers.values_mut().chain([&mut path, &mut body]).collect();
            assert!(texts.iter().any(|text| text.contains(from)), "{from:?} does not occur in {texts:?}");
            texts.iter_mut().for_each(|text| **text = text.replace(from, to));
        }
        let body = serde_json::from_str(&body).expect("the exchanged body is still JSON");
        Self::reduced(&request.method, &path, &headers, body)
    }

    /// # Panics
    /// The path cannot be read.
    fn reduced(method: &str, target: &str, headers: &BTreeMap<String, String>, body: Value) -> Self {
        let url = Url::parse("http://server").and_then(|base| base.join(target)).expect("a path is readable");
        let mut query: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(_, value)| !value.is_empty()).collect();
        for (name, value) in &mut query {
            *value = free(name, value);
        }
        query.sort();
        let bearer =
            headers.get("authorization").and_then(|header| header.split_once(' ')).map(|(_, token)| token);
        // A project's auth lies below this path; the server itself knows nothing of it.
        let path = url.path();
        let path = path.strip_prefix("/auth/v1").unwrap_or(path);
        let who = match bearer {
            // The server looks at nobody there.
            _ if is_public(path) && body["link_identity"] != true => Who::Anybody,
            None => Who::Anybody,
            Some(ANON_KEY) => Who::Anybody,
            Some(SERVICE_KEY) => Who::Service,
            Some(name) if name.ends_with("-anon") => Who::Anybody,
            Some(name) if name.ends_with("-service_role") => Who::Service,
            Some(token) => Who::User(token.to_owned()),
        };
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            who,
            audience: headers.get("x-jwt-aud").cloned(),
            body: lean(reduced_body(path, body)),
        }
    }
}

/// Where the server does not look at who speaks.
fn is_public(path: &str) -> bool {
    matches!(
        path,
        "/signup"
            | "/token"
            | "/otp"
            | "/verify"
            | "/recover"
            | "/resend"
            | "/sso"
            | "/settings"
            | "/health"
            | "/.well-known/jwks.json"
            | "/passkeys/authentication/options"
            | "/passkeys/authentication/verify"
    )
}

/// The version of errors that was asked for.
pub fn version(exchange: &Exchange) -> Option<&str> {
    exchange.request.headers.get("x-supabase-api-version").map(String::as_str)
}

/// A body without what says nothing to the server.
fn reduced_body(path: &str, body: Value) -> Value {
    let Value::Object(mut body) = body else { return body };
    if path.ends_with("/verify") && path.starts_with("/factors/") {
        // It stands in the path.
        body.remove("factor_id");
    }
    if path == "/token" {
        // Only a sign-up and a one-time password take data.
        body.remove("data");
    }
    // What the server takes for granted.
    if path == "/otp" && body.get("create_user") == Some(&Value::Bool(true)) {
        body.remove("create_user");
    }
    if matches!(path, "/otp" | "/signup") && body.get("channel").is_some_and(|channel| channel == "sms") {
        body.remove("channel");
    }
    if path.starts_with("/admin/users/") && body.get("should_soft_delete") == Some(&Value::Bool(false)) {
        body.remove("should_soft_delete");
    }
    if path.starts_with("/factors/")
        && body.get("webauthn").is_some_and(|webauthn| webauthn["rpId"].is_string())
    {
        // The server goes by its own settings.
        body.remove("webauthn");
    }
    let body = body.into_iter().map(|(name, value)| {
        let value = match value {
            Value::String(text) => Value::String(free(&name, &text)),
            value => value,
        };
        (name, value)
    });
    Value::Object(body.collect())
}

/// A value that is made up anew each time, in one spelling.
fn free(name: &str, value: &str) -> String {
    match name {
        "code_challenge" => "made up".to_owned(),
        "code_challenge_method" => value.to_lowercase(),
        "ban_duration" => match value.strip_suffix('h').and_then(|hours| hours.parse::<u64>().ok()) {
            Some(hours) => format!("{}s", hours * 3600),
            None => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// JSON without what says nothing: nulls, empty texts, lists and objects, a provider that is not switched
/// off.
pub fn lean(value: Value) -> Value {
    let value = parts(value);
    if value == json!({}) { Value::Null } else { value }
}

fn parts(value: Value) -> Value {
    let is_something = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, parts(value)));
            let fields = fields
                .filter(|(name, value)| is_something(value) && !(name == "disabled" && *value == false));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(parts).collect()),
        value => value,
    }
}
