//! A storage server: buckets, objects, signed URLs and resumable uploads, as Supabase Storage serves them.

mod access;
mod analytics;
mod body;
mod bucket;
mod call;
mod clock;
mod download;
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
pub use self::server::{Builder, Server};
pub use self::service::Service;

/// An object that a signed URL names: the rule was asked when it was signed.
fn read_by_service(inner: &Inner, bucket: &str, key: &str) -> Result<Object, Problem> {
    inner.store.object(&Caller::of_role("service_role"), &inner.options.rule, bucket, key)
}
