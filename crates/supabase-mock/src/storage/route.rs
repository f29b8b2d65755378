//! Which request is answered by what.

use http::{Method, Response, StatusCode, header};

use super::body::{Body, ok};
use super::call::Call;
use super::download::{Extra, Right, find, info, send};
use super::path::{after, decode};
use super::problem::{Problem, bad_url, no_route, no_route_at_all};
use super::service::Inner;
use super::{analytics, bucket, list, list_v2, render, sign, transfer, tus, upload, vectors};

/// Answers a request. What is left of its body is read meanwhile.
pub(super) async fn answer(inner: &Inner, mut call: Call) -> Response<Body> {
    let mut response = match decode(&call.path) {
        None => bad_url(&call.path),
        Some(_) => route(inner, &mut call).await,
    };
    call.drain();
    if call.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// The groups of routes; each has its own way to say that something does not exist or went wrong.
async fn route(inner: &Inner, call: &mut Call) -> Response<Body> {
    let path = call.path.clone();
    let mut segments = path.split('/').skip(1);
    let group = segments.next().unwrap_or_default();
    let rest: Vec<&str> = segments.collect();
    let outcome = match group {
        "bucket" => buckets(inner, call, &rest).await,
        "object" => objects(inner, call, &rest).await,
        "render" if inner.options.images => images(inner, call, &rest).await,
        "cdn" => match (&call.method, rest.as_slice()) {
            (&Method::DELETE, _) => transfer::purge(inner, call).await,
            _ => Err(no_route(&call.method, &call.target)),
        },
        "upload" if rest.first() == Some(&"resumable") => return tus::route(inner, call, &rest).await,
        "vector" if inner.options.vectors => vectors::route(inner, call, &rest).await,
        "vector" => Err(no_route(&call.method, &call.target)),
        "iceberg" if inner.options.analytics => return analytics::route(inner, call).await,
        "status" if rest.is_empty() => return empty(StatusCode::OK),
        "health" if rest.is_empty() => return ok(&serde_json::json!({ "healthy": true })),
        "version" if rest.is_empty() => {
            let mut response = Response::new(Body::from(env!("CARGO_PKG_VERSION").to_owned()));
            let text = http::HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, text);
            return response;
        }
        _ => return no_route_at_all(&call.method, &call.target),
    };
    outcome.unwrap_or_else(Problem::into_response)
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

async fn buckets(inner: &Inner, call: &mut Call, rest: &[&str]) -> Result<Response<Body>, Problem> {
    let method = call.method.clone();
    match (method.as_str(), rest) {
        ("GET" | "HEAD", [] | [""]) => bucket::list(inner, call),
        ("POST", [] | [""]) => bucket::create(inner, call).await,
        ("GET" | "HEAD", [id]) => bucket::get(inner, call, &decoded(id)),
        ("PUT", [id]) => bucket::update(inner, call, &decoded(id)).await,
        ("DELETE", [id]) => bucket::delete(inner, call, &decoded(id)).await,
        ("POST", [id, "empty"]) => bucket::empty(inner, call, &decoded(id)).await,
        _ => Err(no_route(&method, &call.target)),
    }
}

async fn objects(inner: &Inner, call: &mut Call, rest: &[&str]) -> Result<Response<Body>, Problem> {
    let method = call.method.clone();
    let path = call.path.clone();
    // The key is all that follows, slashes and all. It is decoded once.
    let key = |segments: usize| decoded(after(&path, segments));
    match (method.as_str(), rest) {
        ("POST", ["list", id]) => list::list(inner, call, &decoded(id)).await,
        ("POST", ["list-v2", id]) => list_v2::list(inner, call, &decoded(id)).await,
        ("POST", ["move"]) => transfer::move_object(inner, call).await,
        ("POST", ["copy"]) => transfer::copy(inner, call).await,
        ("POST", ["sign", id]) => sign::sign_several(inner, call, &decoded(id)).await,
        ("POST", ["sign", id, _, ..]) => sign::sign(inner, call, &decoded(id), &key(3)).await,
        ("POST", ["upload", "sign", id, _, ..]) => {
            sign::sign_upload(inner, call, &decoded(id), &key(4)).await
        }
        ("PUT", ["upload", "sign", id, _, ..]) => {
            upload::upload_signed(inner, call, &decoded(id), &key(4)).await
        }
        ("GET" | "HEAD", ["sign", id, _, ..]) => {
            let (id, key) = (decoded(id), key(3));
            let grant = sign::grant(inner, call, &id, &key)?;
            let find = || super::read_by_service(inner, &id, &key);
            send(inner, call, find, Extra { expires: Some(grant.expires), transformations: None }).await
        }
        ("GET" | "HEAD", ["info", "public", id, _, ..]) => {
            described(inner, call, Right::Public, &decoded(id), &key(4))
        }
        ("GET" | "HEAD", ["info", "authenticated", id, _, ..]) => {
            described(inner, call, Right::Token, &decoded(id), &key(4))
        }
        ("GET" | "HEAD", ["info", id, _, ..]) => {
            described(inner, call, Right::Optional, &decoded(id), &key(3))
        }
        ("GET" | "HEAD", ["public", id, _, ..]) => {
            read(inner, call, Right::Public, &decoded(id), &key(3)).await
        }
        ("GET" | "HEAD", ["authenticated", id, _, ..]) => {
            read(inner, call, Right::Token, &decoded(id), &key(3)).await
        }
        ("GET" | "HEAD", [id, _, ..]) => read(inner, call, Right::Optional, &decoded(id), &key(2)).await,
        ("POST", [id, _, ..]) => {
            let upsert = call.upsert();
            upload::upload(inner, call, &decoded(id), &key(2), upsert).await
        }
        ("PUT", [id, _, ..]) => upload::upload(inner, call, &decoded(id), &key(2), true).await,
        ("DELETE", [id]) => transfer::remove_several(inner, call, &decoded(id)).await,
        ("DELETE", [id, _, ..]) => transfer::remove(inner, call, &decoded(id), &key(2)),
        _ => Err(no_route(&method, &call.target)),
    }
}

async fn images(inner: &Inner, call: &Call, rest: &[&str]) -> Result<Response<Body>, Problem> {
    let (["image", right, id, _, ..], "GET" | "HEAD") = (rest, call.method.as_str()) else {
        return Err(no_route(&call.method, &call.target));
    };
    let (id, key) = (decoded(id), decoded(after(&call.path, 4)));
    match *right {
        "authenticated" => render::render(inner, call, Right::Token, &id, &key).await,
        "public" => render::render(inner, call, Right::Public, &id, &key).await,
        "sign" => render::render_signed(inner, call, &id, &key).await,
        _ => Err(no_route(&call.method, &call.target)),
    }
}

async fn read(
    inner: &Inner,
    call: &Call,
    right: Right,
    bucket: &str,
    key: &str,
) -> Result<Response<Body>, Problem> {
    send(inner, call, || find(inner, call, right, bucket, key), Extra::default()).await
}

fn described(
    inner: &Inner,
    call: &Call,
    right: Right,
    bucket: &str,
    key: &str,
) -> Result<Response<Body>, Problem> {
    Ok(info(&find(inner, call, right, bucket, key)?, bucket, key))
}

/// The whole path could be decoded, so that its parts can be.
fn decoded(segment: &str) -> String {
    decode(segment).unwrap_or_else(|| segment.to_owned())
}
