//! One call, ready to be sent.

use std::fmt;
use std::time::Duration;

use supabase_core::{BoxFuture, limited};

use crate::error::{Error, Result};

#[cfg(not(target_family = "wasm"))]
type Run<T> = Box<dyn FnOnce(Settings) -> BoxFuture<'static, Result<T>> + Send>;
#[cfg(target_family = "wasm")]
type Run<T> = Box<dyn FnOnce(Settings) -> BoxFuture<'static, Result<T>>>;

/// What can be said about one call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    /// How long it may take; the client's limit if `None`.
    pub(crate) timeout: Option<Duration>,
}

/// One call. Nothing happens before it is awaited; dropping it on its way drops the request.
///
/// ```no_run
/// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
/// use std::time::Duration;
/// let settings = auth.settings().timeout(Duration::from_secs(2)).await?;
/// # Ok(()) }
/// ```
#[must_use = "a call does nothing before it is awaited"]
pub struct Call<T> {
    run: Run<T>,
    settings: Settings,
}

impl<T: 'static> Call<T> {
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn new<F, Fut>(run: F) -> Self
    where
        F: FnOnce(Settings) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        Self { run: Box::new(move |settings| Box::pin(run(settings))), settings: Settings::default() }
    }

    #[cfg(target_family = "wasm")]
    pub(crate) fn new<F, Fut>(run: F) -> Self
    where
        F: FnOnce(Settings) -> Fut + 'static,
        Fut: Future<Output = Result<T>> + 'static,
    {
        Self { run: Box::new(move |settings| Box::pin(run(settings))), settings: Settings::default() }
    }

    /// How long the call may take, repetitions included; the client's limit if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// Says the same about this call as about the one that it is a part of.
    pub(crate) fn settings_of(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }
}

impl<T: 'static> IntoFuture for Call<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        let work = (self.run)(self.settings);
        let Some(limit) = self.settings.timeout else { return work };
        // A call may be several requests, and the first of them a refresh that others wait for too.
        Box::pin(async move { limited(limit, work).await.unwrap_or_else(|| Err(Error::timeout(limit))) })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("settings", &self.settings).finish_non_exhaustive()
    }
}
