//! What has happened in the project.

use std::time::Duration;

use futures_util::Stream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use supabase_core::{BoxFuture, MaybeSend, Method, Reply};

use super::Admin;
use super::pages::{self, Page};
use crate::api::Api;
use crate::call::Settings;
use crate::client::Client;
use crate::error::Result;
use crate::lenient::{blank_as_none, null_as_default};
use crate::timestamp::Timestamp;

/// Something that has happened.
///
/// Source: <https://supabase.com/docs/guides/auth/audit-logs>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditEntry {
    /// The id, a UUID.
    pub id: String,
    /// What has happened, and who did it: `action`, `actor_id`, `actor_username`, `log_type`, `traits`, …
    #[serde(default, deserialize_with = "null_as_default")]
    pub payload: Map<String, Value>,
    /// When.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// From which address.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub ip_address: Option<String>,
}

/// What to look for in the audit log: a text that one of its parts contains.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditQuery {
    /// Who did it: a part of their name.
    Author(String),
    /// What they did: a part of its name, for example `login`.
    Action(String),
    /// What kind of thing it was: a part of its name, for example `account`.
    Type(String),
}

impl AuditQuery {
    fn to_text(&self) -> String {
        match self {
            Self::Author(text) => format!("author:{text}"),
            Self::Action(text) => format!("action:{text}"),
            Self::Type(text) => format!("type:{text}"),
        }
    }
}

impl Admin {
    /// What has happened, the newest first, page by page.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::AuditQuery;
    /// let logins = admin.audit_log().query(AuditQuery::Action("login".into())).per_page(20).await?;
    /// for login in logins.items {
    ///     println!("{:?}", login.payload.get("actor_username"));
    /// }
    /// # Ok(()) }
    /// ```
    pub fn audit_log(&self) -> ListAuditLog {
        ListAuditLog {
            client: self.client.clone(),
            settings: Settings::default(),
            page: None,
            per_page: None,
            query: None,
        }
    }
}

/// A list of what has happened; see [`Admin::audit_log`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing before it is awaited"]
pub struct ListAuditLog {
    client: Client,
    settings: Settings,
    page: Option<u64>,
    per_page: Option<u64>,
    query: Option<AuditQuery>,
}

impl ListAuditLog {
    /// Which page: the first if not given, which is number 1, and 0 as well.
    pub fn page(mut self, page: u64) -> Self {
        // The server takes 0 for 1 too, and names 1 as the next page then.
        self.page = Some(page.max(1));
        self
    }

    /// How many entries a page has: 50 if not given.
    pub fn per_page(mut self, entries: u64) -> Self {
        self.per_page = Some(entries);
        self
    }

    /// Only what this finds.
    pub fn query(mut self, query: AuditQuery) -> Self {
        self.query = Some(query);
        self
    }

    /// How long a request may take, repetitions included; the client's limit if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// All entries, page by page as they are needed, from [`page`](Self::page) on. What happens meanwhile shifts those
    /// behind, so one can come twice.
    ///
    /// ```no_run
    /// # async fn run(admin: gotrue_rs::Admin) -> gotrue_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let entries: Vec<_> = admin.audit_log().per_page(500).stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<AuditEntry>> + MaybeSend + 'static + use<> {
        let first = self.page.unwrap_or(1);
        pages::all(first, move |page| self.request(Some(page)), read)
    }

    fn request(&self, page: Option<u64>) -> Api {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        self.client
            .request("auth.admin.audit_log", Method::GET, &["admin", "audit"])
            .query_opt("page", number(page).as_deref())
            .query_opt("per_page", number(self.per_page).as_deref())
            .query_opt("query", self.query.as_ref().map(AuditQuery::to_text).as_deref())
            .settings(self.settings)
    }
}

impl IntoFuture for ListAuditLog {
    type Output = Result<Page<AuditEntry>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.request(self.page);
        Box::pin(async move { read(&request.send().await?) })
    }
}

fn read(reply: &Reply) -> Result<Page<AuditEntry>> {
    Page::read(reply, |entries: Option<Vec<AuditEntry>>| entries.unwrap_or_default())
}
