//! Signed URLs: for reading one object or several, and for uploading one.

use http::Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::body::{Body, ok};
use super::call::Call;
use super::clock::Moment;
use super::path::decode_uri;
use super::problem::Problem;
use super::render::Transform;
use super::rows::is_key;
use super::service::Inner;
use super::validate::Fields;

/// At most so many objects are signed at once.
const MAX_PATHS: usize = 1_000;

/// What the token of a signed URL says.
#[derive(Debug, Serialize)]
struct Claims {
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transformations: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    upsert: Option<bool>,
    scope: &'static str,
    iat: u64,
    exp: u64,
}

impl Claims {
    fn download(inner: &Inner, url: String, seconds: u64) -> Self {
        let now = inner.clock.now().seconds();
        let exp = now.saturating_add(seconds);
        let (owner, transformations, format, upsert) = (None, None, None, None);
        Self { owner, transformations, format, url, upsert, scope: "download", iat: now, exp }
    }
}

/// Signs a URL for one object.
///
/// The token names the object as the request's path did once `decodeURI` has read it, while whoever reads it later compares
/// with what is wholly decoded. So URLs for keys with `+ & = @ : , $ ;` only work if these were not percent-encoded here.
pub(super) async fn sign(
    inner: &Inner,
    call: &mut Call,
    bucket: &str,
    key: &str,
) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let fields = Fields::of(&body)?;
    fields.require(&["expiresIn"])?;
    let seconds = needed_seconds(fields)?;
    let transform = fields.within("transform")?;
    let transform =
        transform.as_ref().map(|map| Transform::of(Fields::named(map, "body/transform"))).transpose()?;

    let caller = inner.known_caller(&call.headers)?;
    if !is_key(key) {
        return Err(Problem::key(key));
    }
    inner.store.object(&caller, &inner.options.rule, bucket, key)?;
    let raw = super::path::after(&call.path, 2);
    let url = decode_uri(raw).unwrap_or_else(|| raw.to_owned());
    let mut claims = Claims::download(inner, url.clone(), seconds);
    let mut route = "object";
    if let Some(transform) = transform.filter(|transform| inner.options.images && !transform.is_empty()) {
        route = "render/image";
        claims.transformations = Some(transform.claim());
        claims.format = transform.format.map(str::to_owned);
    }
    let token = inner.signer.sign(false, &claims);
    Ok(ok(&json!({ "signedURL": format!("/{route}/sign/{url}?token={token}") })))
}

#[derive(Serialize)]
struct Signed {
    error: Option<&'static str>,
    path: String,
    #[serde(rename = "signedURL")]
    url: Option<String>,
}

/// Signs URLs for several objects. Each has its own outcome.
pub(super) async fn sign_several(
    inner: &Inner,
    call: &mut Call,
    bucket: &str,
) -> Result<Response<Body>, Problem> {
    let body = call.json().await?;
    let fields = Fields::of(&body)?;
    fields.require(&["expiresIn", "paths"])?;
    let seconds = needed_seconds(fields)?;
    let paths = fields.needed_texts("paths", MAX_PATHS)?;

    let caller = inner.known_caller(&call.headers)?;
    let signed: Vec<_> = paths
        .into_iter()
        .map(|path| {
            if inner.store.object(&caller, &inner.options.rule, bucket, &path).is_err() {
                let error = "Either the object does not exist or you do not have access to it";
                return Signed { error: Some(error), path, url: None };
            }
            let claims = Claims::download(inner, format!("{bucket}/{path}"), seconds);
            let token = inner.signer.sign(false, &claims);
            let url = format!("/object/sign/{bucket}/{path}?token={token}");
            Signed { error: None, path, url: Some(url) }
        })
        .collect();
    Ok(ok(&signed))
}

/// Signs a URL for uploading. The rule is asked here, and not when the bytes come.
pub(super) async fn sign_upload(
    inner: &Inner,
    call: &mut Call,
    bucket: &str,
    key: &str,
) -> Result<Response<Body>, Problem> {
    call.json().await?;
    let caller = inner.known_caller(&call.headers)?;
    // Whether the key may be one is found out by who uploads.
    let upsert = call.upsert();
    inner.store.check_upload(&caller, &inner.options.rule, bucket, key, upsert)?;
    let url = format!("{bucket}/{key}");
    let claims = Claims {
        owner: caller.user,
        upsert: Some(upsert),
        scope: "upload",
        ..Claims::download(inner, url.clone(), inner.options.upload_url_expiry.as_secs())
    };
    let token = inner.signer.sign(false, &claims);
    Ok(ok(&json!({ "url": format!("/object/upload/sign/{url}?token={token}"), "token": token })))
}

/// What a signed URL for reading grants.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) expires: Moment,
    pub(super) transformations: Option<String>,
    pub(super) format: Option<String>,
}

/// Checks the token of a signed URL.
pub(super) fn grant(inner: &Inner, call: &Call, bucket: &str, key: &str) -> Result<Grant, Problem> {
    let token = call.query("token");
    let token = token.ok_or_else(|| Problem::invalid("querystring must have required property 'token'"))?;
    let claims = claims(inner, token, "download", bucket, key)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let expires = claims.get("exp").and_then(Value::as_u64).unwrap_or_default();
    Ok(Grant {
        expires: Moment(expires.saturating_mul(1_000_000)),
        transformations: text("transformations"),
        format: text("format"),
    })
}

/// What a signed URL for uploading grants.
#[derive(Debug)]
pub(super) struct UploadGrant {
    pub(super) owner: Option<String>,
    pub(super) upsert: bool,
}

/// Checks the token of a signed upload.
pub(super) fn upload_grant(
    inner: &Inner,
    token: &str,
    bucket: &str,
    key: &str,
) -> Result<UploadGrant, Problem> {
    let claims = claims(inner, token, "upload", bucket, key)?;
    Ok(UploadGrant {
        owner: claims.get("owner").and_then(Value::as_str).map(str::to_owned),
        upsert: claims.get("upsert") == Some(&Value::Bool(true)),
    })
}

fn claims(inner: &Inner, token: &str, scope: &str, bucket: &str, key: &str) -> Result<Value, Problem> {
    let now = inner.clock.now().seconds();
    let claims = inner.signer.read(token, now).map_err(|refusal| Problem::url_token(refusal.message()))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("scope") != Some(scope) {
        return Err(Problem::signature(format!("Token is not scoped for {scope}")));
    }
    if text("url") != Some(format!("{bucket}/{key}").as_str()) {
        return Err(Problem::signature("Invalid signature"));
    }
    Ok(claims)
}

fn needed_seconds(fields: Fields<'_>) -> Result<u64, Problem> {
    fields.integer("expiresIn", 1)?.ok_or_else(|| fields.must("expiresIn", "be integer"))
}
