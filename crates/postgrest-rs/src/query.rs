//! A query, built in stages.

pub(crate) mod accept;
pub(crate) mod explain;
mod filters;
mod guard;
mod keys;
pub(crate) mod many;
pub(crate) mod order;
mod pages;
pub(crate) mod pairs;
pub(crate) mod prefer;
pub(crate) mod referenced;
pub(crate) mod schema;
mod send;
mod shape;
pub mod stage;
pub(crate) mod verbs;
mod whole;
mod window;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use supabase_core::{Method, Reply, Request, RetryPolicy, Transport};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::rpc;
use accept::Accept;
use pairs::Pairs;
use prefer::{Count, Prefer};
use schema::Schema;
use stage::{Call, NeedsVerb};
use whole::Whole;
use window::Window;

/// A query, built in stages: a table, a verb, filters, a shape.
///
/// `Stage` is what it has so far, and so what may come next; `Out` is exactly what `.await` yields. A query owns what
/// it was given, so it can be kept, returned and sent to another task. Nothing is sent before `.await` or
/// [`execute`](Self::execute); dropping the future cancels the request.
///
/// A value that cannot be sent, such as `NaN`, is told when the query is sent, before anything leaves.
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client, only_open: bool) -> postgrest_rs::Result<()> {
/// let mut query = db.from("issues").select::<serde_json::Value>("id, title").order("id");
/// if only_open {
///     query = query.eq("closed", false);
/// }
/// let issues = query.await?;
/// # Ok(()) }
/// ```
#[must_use = "a query does nothing until it is awaited"]
pub struct Query<Stage, Out = ()> {
    draft: Box<Draft>,
    decode: fn(&Reply) -> Result<Out>,
    stage: PhantomData<fn() -> Stage>,
}

/// What will be sent.
pub(crate) struct Draft {
    transport: Transport,
    schema: Option<Schema>,
    /// The request itself, without what is still collected beside it.
    request: Request,
    pairs: Pairs,
    accept: Accept,
    prefer: Prefer,
    window: Window,
    referenced: Vec<(String, Window)>,
    page_size: u64,
    lists: Vec<Filter>,
    /// The arguments of a function as a URL has them, if its body does not say it.
    arguments: Option<rpc::Pairs>,
    /// The columns of `on_conflict`.
    on_conflict: Option<String>,
    /// Whether the rows of the table itself are filtered, or all of them are meant.
    is_narrowed: bool,
    /// What looks whether a guard sees what it must. A function and not a flag, as [`Whole`] is.
    guard: Option<fn(&mut Draft)>,
    /// The same for a plan, which may write past every guard.
    plan_guard: Option<fn(&mut Draft)>,
    /// How the answer is known to hold every row there is, if it must.
    must_be_whole: Option<Whole>,
    fault: Option<Error>,
}

impl Query<NeedsVerb> {
    pub(crate) fn table(client: &Client, table: &str) -> Self {
        let draft = Draft::new(client, "postgrest.table", &[], table, Method::GET);
        Self { draft, decode: send::nothing, stage: PhantomData }
    }
}

/// The operation of a call: what it does, the function alone knows.
const CALL: &str = "postgrest.rpc";

impl<T: DeserializeOwned> Query<Call, T> {
    pub(crate) fn call(client: &Client, function: &str, args: &impl Serialize) -> Self {
        let mut draft = Draft::new(client, CALL, &["rpc"], function, Method::POST);
        match rpc::body(args) {
            Ok((body, arguments)) => {
                draft.request.body = Some(body);
                draft.arguments = arguments;
            }
            Err(message) => draft.blame(message),
        }
        Self { draft, decode: send::returned, stage: PhantomData }
    }
}

impl<Out> Query<Call, Out> {
    /// Calls the function by GET, within a transaction that may only read: for functions that are `stable` or
    /// `immutable`, whose answers can then be cached.
    ///
    /// Arguments go into the URL. One that PostgREST would take for a filter there, such as the text `eq.5`, is an
    /// error: call without `get` then. A sequence is an array of Postgres there, so for an argument of type `json` write
    /// [`Json`](crate::Json) around it, in a struct or map of your own, as `json!` drops it. An empty sequence without it
    /// is an error, as it would be the empty object to such an argument. PostgREST before 13 hands every JSON that comes so to
    /// the function as a text within JSON: call without `get` there. A function that is `variadic` takes its values only
    /// without `get`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/rpc>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let greeting: String = db.rpc("hello_world", ()).get().await?;
    /// # Ok(()) }
    /// ```
    pub fn get(self) -> Self {
        self.with(|draft| draft.read_by(Method::GET))
    }
}

impl<S, Out> Query<S, Out> {
    /// Asks how many rows there are in all, beyond what the answer holds: in
    /// [`Response::count`](crate::Response::count).
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/select>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Count;
    /// let answer = db.from("planets").select::<serde_json::Value>("*").count(Count::Exact).limit(3).execute().await?;
    /// println!("{} of {:?}", answer.data.len(), answer.count);
    /// # Ok(()) }
    /// ```
    pub fn count(self, how: Count) -> Self {
        self.with(|draft| draft.prefer.count = Some(how))
    }

    /// How long this call may take, repetitions included, instead of the client's limit. Of a stream of pages,
    /// [`fetch_all`](Self::fetch_all) and [`chunked`](Self::chunked), each request may take as long.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use std::time::Duration;
    /// let report: String = db.rpc("report", ()).timeout(Duration::from_secs(300)).await?;
    /// # Ok(()) }
    /// ```
    pub fn timeout(self, limit: Duration) -> Self {
        self.with(|draft| draft.request.timeout = Some(limit))
    }

    /// How often this call is repeated at the most, where that is safe, instead of the client's number.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let planets: Vec<serde_json::Value> = db.from("planets").select("*").max_retries(0).await?;
    /// # Ok(()) }
    /// ```
    pub fn max_retries(self, times: u32) -> Self {
        self.with(|draft| {
            draft.request.retry = Some(RetryPolicy { max_retries: times, ..draft.transport.retry() });
        })
    }

    /// How many bytes the answer to this call may have, decompressed, instead of the client's limit.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let planets: Vec<serde_json::Value> = db.from("planets").select("*").max_body(64 * 1024).await?;
    /// # Ok(()) }
    /// ```
    pub fn max_body(self, bytes: usize) -> Self {
        self.with(|draft| draft.request.max_body = Some(bytes))
    }

    fn with(mut self, change: impl FnOnce(&mut Draft)) -> Self {
        change(&mut self.draft);
        self
    }

    fn try_with(self, change: impl FnOnce(&mut Draft) -> Result<(), String>) -> Self {
        self.with(|draft| {
            if let Err(message) = change(draft) {
                draft.blame(message);
            }
        })
    }

    /// The same query at another stage.
    fn at<Next>(self) -> Query<Next, Out> {
        Query { draft: self.draft, decode: self.decode, stage: PhantomData }
    }

    /// The same query at another stage, with another answer.
    fn to<Next, NextOut>(self, decode: fn(&Reply) -> Result<NextOut>) -> Query<Next, NextOut> {
        Query { draft: self.draft, decode, stage: PhantomData }
    }
}

impl Draft {
    fn new(
        client: &Client,
        operation: &'static str,
        folder: &[&str],
        name: &str,
        method: Method,
    ) -> Box<Self> {
        let transport = client.transport.clone();
        let mut url = transport.base().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            // The base may end in a slash only where it is nothing but a slash.
            path.pop_if_empty().extend(folder).push(name);
        }
        let mut draft = Box::new(Self {
            transport,
            schema: client.schema.clone(),
            request: Request { keeps_query: true, ..Request::new(operation, method, url) },
            pairs: Pairs::default(),
            accept: Accept::default(),
            prefer: Prefer::default(),
            window: Window::default(),
            referenced: Vec::new(),
            page_size: pages::DEFAULT_SIZE,
            lists: Vec::new(),
            arguments: None,
            on_conflict: None,
            is_narrowed: false,
            guard: None,
            plan_guard: None,
            must_be_whole: None,
            fault: None,
        });
        // The first would name the folder above, or nothing; a URL drops some of the others.
        let is_plain =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_plain && (matches!(name, "" | "." | "..") || name.chars().any(char::is_control)) {
            draft.blame(format!("{name:?} is not the name of a table or function"));
        }
        draft
    }

    /// Adds a parameter to the URL.
    fn append(&mut self, key: &str, value: &str) {
        self.pairs.key(key.as_bytes());
        self.pairs.value(value.as_bytes());
        if self.pairs.take_nul() {
            self.blame_nul(key);
        }
    }

    /// Adds a filter to the URL.
    ///
    /// # Errors
    /// What cannot be written, in a sentence.
    fn append_filter(&mut self, filter: &Filter) -> Result<(), String> {
        filter.write(&mut self.pairs)?;
        if self.pairs.take_nul() {
            self.blame_nul(filter.name());
        }
        Ok(())
    }

    fn blame_nul(&mut self, key: &str) {
        self.blame(format!("{key:?} is given a text with a NUL character, which Postgres has not"));
    }

    /// A copy that asks for other rows. The fault stays behind: whoever copies has taken care of it.
    fn again(&self) -> Self {
        Self {
            transport: self.transport.clone(),
            schema: self.schema.clone(),
            request: self.request.clone(),
            pairs: self.pairs.clone(),
            accept: self.accept.clone(),
            prefer: self.prefer.clone(),
            window: self.window.clone(),
            referenced: self.referenced.clone(),
            page_size: self.page_size,
            lists: self.lists.clone(),
            arguments: self.arguments.clone(),
            on_conflict: self.on_conflict.clone(),
            is_narrowed: self.is_narrowed,
            guard: self.guard,
            plan_guard: self.plan_guard,
            must_be_whole: self.must_be_whole,
            fault: None,
        }
    }

    /// Keeps the first fault, to be told when the query is sent.
    fn blame(&mut self, message: impl Into<Cow<'static, str>>) {
        let message = message.into();
        self.fault.get_or_insert_with(|| Error::invalid(message));
    }

    /// Whether it adds, changes or removes rows.
    fn writes_rows(&self) -> bool {
        !self.reads() && self.request.operation != CALL
    }

    /// Whether the server keeps it from changing anything.
    pub(crate) fn reads(&self) -> bool {
        matches!(self.request.method, Method::GET | Method::HEAD)
    }

    /// Sends by a method that only reads, so that the arguments of a function go into the URL.
    fn read_by(&mut self, method: Method) {
        self.request.set_method(method);
        if let Some(body) = self.request.body.take() {
            match self.arguments.take().unwrap_or_else(|| rpc::literals(&body).and_then(rpc::pairs)) {
                Ok(pairs) => pairs.iter().for_each(|(name, value)| self.append(name, value)),
                Err(message) => self.blame(message),
            }
        }
    }
}

impl<S, Out> fmt::Debug for Query<S, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither filters nor body: they are the user's data.
        f.debug_struct("Query")
            .field("operation", &self.draft.request.operation)
            .field("method", &self.draft.request.method)
            .field("path", &self.draft.request.url.path())
            .finish_non_exhaustive()
    }
}
