//! Who asks, and whether they may.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// What a caller wants to do with a row of `storage.buckets` or `storage.objects`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// See it: read, list, sign, take as the source of a copy.
    Select,
    /// Make it.
    Insert,
    /// Change it: overwrite, move.
    Update,
    /// Remove it.
    Delete,
}

/// One question to the rule of a server: may this caller do this?
///
/// It stands for the row-level policies of a project. The service role is never asked about, nor is reading from public
/// buckets by their public URLs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Access<'a> {
    /// The role: `anon`, `authenticated`, or one of yours.
    pub role: &'a str,
    /// The user's id, if a user asks.
    pub user: Option<&'a str>,
    /// All that the caller's token says.
    pub claims: &'a Value,
    /// What is to be done.
    pub action: Action,
    /// The bucket's id.
    pub bucket: &'a str,
    /// The object's key, or nothing if the bucket's own row is meant.
    pub object: Option<&'a str>,
}

impl<'a> Access<'a> {
    /// The first folder of the object's key, as `(storage.foldername(name))[1]` in a policy.
    #[must_use]
    pub fn folder(&self) -> Option<&'a str> {
        self.object?.split_once('/').map(|(folder, _)| folder)
    }
}

/// The rule of a server.
#[derive(Clone)]
pub(super) struct Rule(Arc<dyn Fn(&Access<'_>) -> bool + Send + Sync>);

impl Rule {
    pub(super) fn new(rule: impl Fn(&Access<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(rule))
    }
}

/// A project without policies: nobody but the service role may do anything.
impl Default for Rule {
    fn default() -> Self {
        Self::new(|_| false)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Rule")
    }
}

/// A caller.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) role: String,
    pub(super) user: Option<String>,
    pub(super) claims: Value,
    /// Whether there was a token that could be read.
    pub(super) known: bool,
}

impl Caller {
    /// Nobody in particular.
    pub(super) fn anonymous() -> Self {
        Self { role: "anon".to_owned(), user: None, claims: Value::Null, known: false }
    }

    pub(super) fn of_role(role: &str) -> Self {
        Self { role: role.to_owned(), known: true, ..Self::anonymous() }
    }

    /// The caller that a token describes.
    pub(super) fn of_claims(claims: Value) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let role = text("role").unwrap_or_else(|| "anon".to_owned());
        Self { role, user: text("sub"), known: true, claims }
    }

    pub(super) fn is_service(&self) -> bool {
        self.role == "service_role"
    }

    /// Whether this caller may.
    pub(super) fn may(&self, rule: &Rule, action: Action, bucket: &str, object: Option<&str>) -> bool {
        let access = Access {
            role: &self.role,
            user: self.user.as_deref(),
            claims: &self.claims,
            action,
            bucket,
            object,
        };
        self.is_service() || (rule.0)(&access)
    }

    /// What `owner` is in the rows that this caller makes.
    pub(super) fn owner(&self) -> String {
        self.user.clone().unwrap_or_default()
    }
}
