//! A storage server: buckets, objects, signed URLs and resumable uploads, as Supabase Storage serves them.
//!
//! [`Server`] listens on a port of its own; [`Service`] is the same without one. Bytes go to files as they come, and come
//! from files as they go. Who may do what is decided by a [rule](Builder::allow) in the place of row-level policies, which
//! is asked about the same rows: [`Access`] says who wants to do what.
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::{BodyExt, Full};
//! use supabase_mock::storage::Server;
//!
//! # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! let service = Server::builder().service()?;
//! let key = service.secret_key().to_owned();
//! let send = |method, path: &str, kind: &str, body: &'static str| {
//!     let request = Request::builder().method(method).uri(path).header("apikey", &key).header("content-type", kind);
//!     let request = request.body(Full::new(Bytes::from_static(body.as_bytes())));
//!     let service = service.clone();
//!     async move { Ok::<_, http::Error>(service.answer(request?).await) }
//! };
//!
//! send("POST", "/storage/v1/bucket", "application/json", r#"{"name":"avatars","public":true}"#).await?;
//! send("POST", "/storage/v1/object/avatars/me.txt", "text/plain", "It is me.").await?;
//!
//! let answer = send("GET", "/storage/v1/object/public/avatars/me.txt", "", "").await?;
//! assert_eq!(answer.headers()["content-type"], "text/plain");
//! assert_eq!(answer.into_body().collect().await?.to_bytes(), "It is me.");
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(demo()).unwrap();
//! ```
//!
//! Source: <https://supabase.com/docs/reference/self-hosting-storage/introduction>

mod access;
mod analytics;
mod body;
mod bucket;
mod call;
mod clock;
mod download;
mod fault;
mod form;
mod journal;
mod list;
mod list_v2;
mod path;
mod problem;
mod range;
mod receive;
mod render;
mod robots;
mod route;
mod rows;
mod server;
mod service;
mod sign;
mod store;
mod transfer;
mod tus;
mod upload;
mod validate;
mod vectors;

use self::access::Caller;
use self::problem::Problem;
use self::rows::Object;
use self::service::Inner;

pub use self::access::{Access, Action};
pub use self::body::Body;
pub use self::call::BodyError;
pub use self::fault::Fault;
pub use self::server::{Builder, Server};
pub use self::service::Service;

/// An object that a signed URL names: the rule was asked when it was signed.
fn read_by_service(inner: &Inner, bucket: &str, key: &str) -> Result<Object, Problem> {
    inner.store.object(&Caller::of_role("service_role"), &inner.options.rule, bucket, key)
}
