//! The body of a request, which holds only what was said.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::pkce::PendingFlow;

/// The body of a request. It has no `Debug`: it holds passwords.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Body(Map<String, Value>);

impl Body {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn put_opt<V: Into<Value>>(self, name: &str, value: Option<V>) -> Self {
        match value {
            Some(value) => self.put(name, value),
            None => self,
        }
    }

    pub(crate) fn secret(self, name: &str, value: &SecretString) -> Self {
        self.put(name, value.expose_secret())
    }

    pub(crate) fn secret_opt(self, name: &str, value: Option<&SecretString>) -> Self {
        self.put_opt(name, value.map(ExposeSecret::expose_secret))
    }

    /// The answer to a captcha.
    pub(crate) fn captcha(self, token: Option<&SecretString>) -> Self {
        let token = token.map(|token| json!({ "captcha_token": token.expose_secret() }));
        self.put_opt("gotrue_meta_security", token)
    }

    /// What proves at the end of a flow who has begun it.
    pub(crate) fn challenge(self, flow: Option<&PendingFlow>) -> Self {
        match flow {
            Some(flow) => self.put("code_challenge", flow.challenge()).put("code_challenge_method", "s256"),
            None => self,
        }
    }
}

/// Data about a user that the caller gave as a value of their own type.
#[derive(Clone, Debug, Default)]
pub(crate) enum Metadata {
    #[default]
    None,
    Map(Map<String, Value>),
    Unusable,
}

impl Serialize for Metadata {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_none(),
            Self::Map(map) => map.serialize(serializer),
            Self::Unusable => Err(serde::ser::Error::custom(NO_MAP)),
        }
    }
}

const NO_MAP: &str = "the data of a user must be a map or struct whose fields can be written as JSON";

impl Metadata {
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(crate) fn of(data: impl Serialize) -> Self {
        match serde_json::to_value(data) {
            Ok(Value::Object(map)) => Self::Map(map),
            _ => Self::Unusable,
        }
    }

    /// The map, to be sent as `data`.
    ///
    /// # Errors
    /// It was none.
    pub(crate) fn get(&self) -> Result<Option<Value>> {
        match self {
            Self::None => Ok(None),
            Self::Map(map) => Ok(Some(Value::Object(map.clone()))),
            Self::Unusable => Err(Error::invalid(NO_MAP)),
        }
    }
}
