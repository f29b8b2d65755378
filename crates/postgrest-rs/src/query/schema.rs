//! Which schema a request is about.

use supabase_core::header::{HeaderName, HeaderValue};
use supabase_core::{Failure, Method};

const ACCEPT_PROFILE: HeaderName = HeaderName::from_static("accept-profile");
const CONTENT_PROFILE: HeaderName = HeaderName::from_static("content-profile");

/// A schema's name; `Err` holds one that no header can carry, until the request is sent.
#[derive(Clone, Debug)]
pub(crate) struct Schema(Result<HeaderValue, Box<str>>);

impl Schema {
    pub(crate) fn new(name: &str) -> Self {
        Self(HeaderValue::from_bytes(name.as_bytes()).map_err(|_| name.into()))
    }

    /// The header by which PostgREST finds the schema: one for reading, another for everything else.
    pub(crate) fn header(&self, method: &Method) -> Result<(HeaderName, HeaderValue), Failure> {
        let name =
            if matches!(*method, Method::GET | Method::HEAD) { ACCEPT_PROFILE } else { CONTENT_PROFILE };
        match &self.0 {
            Ok(value) => Ok((name, value.clone())),
            Err(schema) => Err(Failure::invalid(format!("{schema:?} cannot be the name of a schema"))),
        }
    }
}
