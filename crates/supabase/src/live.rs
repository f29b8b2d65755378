//! Queries whose rows stay up to date.
//!
//! A live query reads its rows, listens to the changes of their table, and reads again what they touch: so the database
//! itself decides by the query's filters, and by the policies that hold for the user, which rows there are and how they
//! look. After an interruption, and when another user signs in, or the same one with a second factor, all rows are read
//! anew.
//!
//! It has the filters that Realtime has, as Realtime tells with them which new rows matter; it has no limit, as a row
//! that leaves would let another one in that nobody was told of. The table must be in the publication
//! `supabase_realtime`. Realtime does not tell of a row that a change has hidden from the user by a policy: it leaves at
//! the next reading of all rows.
//!
//! ```no_run
//! # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
//! #[derive(Debug, serde::Deserialize)]
//! struct Country { id: i64, name: String }
//!
//! let mut countries = supabase.live::<Country>("countries", ["id"]).eq("continent", "Africa").subscribe().await?;
//! while let Some(changes) = countries.next().await {
//!     for change in changes? {
//!         println!("{change:?}");
//!     }
//!     println!("{} rows now", countries.rows().count());
//! }
//! # Ok(()) }
//! ```

mod condition;
mod key;
mod read;
mod rows;
mod state;

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use realtime_rs::{Changes, Record};
use serde::de::DeserializeOwned;

pub use condition::{Column, Condition, col, not};
pub use rows::{Live, LiveChange};

use crate::client::Client;
use crate::error::{Error, Result};
use read::Reader;

/// So that each live query has a channel of its own.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A live query that has not begun yet: made by [`Client::live`].
#[must_use = "a live query begins when it is subscribed"]
pub struct LiveQuery<T> {
    client: Client,
    schema: Option<String>,
    table: String,
    columns: String,
    key: Vec<String>,
    conditions: Vec<Condition>,
    rows: PhantomData<fn() -> T>,
}

impl Client {
    /// Begins a query on a table whose rows stay up to date.
    ///
    /// `key` has the columns of the table's primary key, by which rows are known.
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// # #[derive(Debug, serde::Deserialize)] struct Country { id: i64, name: String }
    /// let mut countries = supabase.live::<Country>("countries", ["id"]).subscribe().await?;
    /// while let Some(changes) = countries.next().await {
    ///     println!("{:?}", changes?);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn live<T: DeserializeOwned>(
        &self,
        table: impl Into<String>,
        key: impl IntoIterator<Item = impl Into<String>>,
    ) -> LiveQuery<T> {
        LiveQuery {
            client: self.clone(),
            schema: None,
            table: table.into(),
            columns: "*".to_owned(),
            key: key.into_iter().map(Into::into).collect(),
            conditions: Vec::new(),
            rows: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> LiveQuery<T> {
    /// The columns that are read, all of the table's if not given. Those of the key must be among them. Rows of other
    /// tables may be embedded; that these change is not noticed.
    pub fn select(mut self, columns: impl Into<String>) -> Self {
        self.columns = columns.into();
        self
    }

    /// The schema of the table: that of the client's [builder](crate::ClientBuilder::schema) if not given, or else
    /// `public`.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// Only rows that fulfil this condition as well.
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// use supabase::live::{col, not};
    /// # #[derive(Debug, serde::Deserialize)] struct Country { id: i64, name: String }
    /// let query = supabase.live::<Country>("countries", ["id"]).filter(not(col("name").like("A%")));
    /// # Ok(()) }
    /// ```
    pub fn filter(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Listens to the changes, and reads the rows. They are the first thing that the answer tells.
    ///
    /// # Errors
    /// [`Error::Realtime`] if the changes cannot be listened to, [`Error::Database`] if the rows cannot be read.
    pub async fn subscribe(self) -> Result<Live<T>>
    where
        T: Send + Sync + 'static,
    {
        if self.key.is_empty() {
            return Err(Error::invalid("a live query needs the columns of the table's primary key"));
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut channel = self.client.channel(format!("live:{}:{number}", self.table));
        // Named to both services, which would each have a default of its own.
        let schema = self.schema.as_deref().or(self.client.default_schema()).unwrap_or("public").to_owned();
        let of_table = |changes: Changes| changes.schema(schema.as_str()).table(self.table.as_str());
        // A changed row is told of whatever it is now, as it may be one that has to leave; and what is gone has nothing
        // left that could be filtered by.
        let inserts = self.conditions.iter().fold(of_table(Changes::insert()), |changes, condition| {
            changes.filter(condition.realtime.clone())
        });
        let listeners = [inserts, of_table(Changes::update()), of_table(Changes::delete())]
            .map(|changes| channel.on_postgres_changes::<Record>(changes));
        let channel = channel.subscribe().await?;
        let reader = Reader::new(
            self.client.database().schema(&schema),
            self.table,
            self.columns,
            self.key,
            self.conditions.into_iter().map(|condition| condition.database).collect(),
        );
        let mut live = Live::new(reader, listeners, channel, self.client.user_changes());
        live.begin().await?;
        Ok(live)
    }
}

impl<T> fmt::Debug for LiveQuery<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveQuery")
            .field("table", &self.table)
            .field("key", &self.key)
            .field("conditions", &self.conditions)
            .finish_non_exhaustive()
    }
}
