//! The setters that the builders of all clients share, so that they are the same everywhere.
//!
//! They are macros, as a type or trait of this crate in their place would stand in the services' public APIs.

/// Writes the shared setters into `impl ClientBuilder`, whose field `config` is a [`Config`](crate::Config).
///
/// `$krate` and `$url` are the crate and a service address for the examples; `$limit` is the default time limit in words,
/// and `$times` how often a call is repeated by default.
#[macro_export]
macro_rules! shared_settings {
    ($krate:literal, $url:literal, $limit:literal, $times:literal) => {
        /// Adds a header to every request; the same name replaces.
        pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.config.header(name.as_ref(), value.as_ref());
            self
        }

        #[doc = concat!("How long a call may take, repetitions included: ", $limit, " if not given. A call can set its own limit.")]
        pub fn timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.config.timeout(Some(limit));
            self
        }

        #[doc = concat!("How often a call is repeated at the most, where that is safe: ", $times, " if not given.")]
        ///
        /// Reads are repeated when the connection failed or the server is busy (408, 429, 502, 503, 504, 520); a write
        /// only when it provably never left.
        pub fn max_retries(mut self, times: u32) -> Self {
            self.config.retry().max_retries = times;
            self
        }

        /// How long the first pause before a repetition is, about, and how long a pause may become: half a second and
        /// 30 seconds if not given.
        ///
        /// Pauses double and are spread at random. The server's `Retry-After` is honoured; if it asks for more than
        /// `longest`, the call fails at once.
        pub fn retry_pauses(
            mut self,
            first: ::std::time::Duration,
            longest: ::std::time::Duration,
        ) -> Self {
            let retry = self.config.retry();
            (retry.first_pause, retry.longest_pause) = (first, longest);
            self
        }

        /// How many bytes the head of a request, its address and headers, may have: 48 KiB if not given. A longer one is
        /// an error of kind [`ErrorKind::TooLong`](crate::ErrorKind::TooLong) that names its longest parameter, and is
        /// not sent.
        pub fn max_request_head(mut self, bytes: usize) -> Self {
            self.config.limits().head = bytes;
            self
        }

        /// How many bytes an answer that is read whole may have, decompressed; there is no limit if not given. A larger
        /// one is an error of kind [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
        pub fn max_body(mut self, bytes: usize) -> Self {
            self.config.limits().body = bytes;
            self
        }

        /// Asks `source` for the W3C trace context of each attempt, within the span of its request, so that the server's
        /// spans join the caller's trace: `traceparent`, `tracestate` and `baggage`, as a propagator writes them into a
        /// map. An empty map adds nothing, for example where the trace is not sampled. Without this, nothing is added.
        ///
        /// Like everything else, the context goes to the service's own origin only.
        ///
        /// Source: <https://www.w3.org/TR/trace-context/>
        ///
        /// ```
        #[doc = concat!("# fn main() -> ", $krate, "::Result<()> {")]
        /// # fn current_trace() -> String { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into() }
        #[doc = concat!("let client = ", $krate, "::Client::builder(\"", $url, "\", \"sb_publishable_…\")")]
        ///     .trace_context_with(|| [("traceparent".to_owned(), current_trace())].into())
        ///     .build()?;
        /// # Ok(()) }
        /// ```
        pub fn trace_context_with(
            mut self,
            source: impl Fn() -> ::std::collections::HashMap<String, String>
            + $crate::MaybeSend
            + $crate::MaybeSync
            + 'static,
        ) -> Self {
            self.config.trace($crate::TraceSource::from_fn(source));
            self
        }

        /// Changes the HTTP client that this client builds for itself: proxies, root certificates, pools.
        ///
        /// Whatever is set here, a redirect to another origin is an error: keys and tokens stay where they belong.
        ///
        /// ```
        #[doc = concat!("# fn main() -> ", $krate, "::Result<()> {")]
        #[doc = concat!("let client = ", $krate, "::Client::builder(\"", $url, "\", \"sb_publishable_…\")")]
        ///     .configure_http(|http| http.pool_max_idle_per_host(4))
        ///     .build()?;
        /// # Ok(()) }
        /// ```
        pub fn configure_http(
            mut self,
            change: impl Fn(::reqwest::ClientBuilder) -> ::reqwest::ClientBuilder
            + $crate::MaybeSend
            + $crate::MaybeSync
            + 'static,
        ) -> Self {
            self.config.http().configure(::std::sync::Arc::new(change));
            self
        }

        /// Uses an HTTP client of your own: then redirects are your responsibility, and a client that follows them gives
        /// the API key to whatever host it is sent to.
        ///
        /// Build it with `redirect(Policy::none())` to keep this crate's rule.
        pub fn http_client(mut self, client: ::reqwest::Client) -> Self {
            self.config.http().give(client);
            self
        }

        /// Uses an HTTP client of your own for blocking calls: `.wait()` runs them on a runtime of its own, and a
        /// connection that another runtime opened is of no use there while that runtime is blocked. Needed only beside
        /// [`http_client`](Self::http_client), where the same client is used both by `.await` and by `.wait()`.
        #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
        pub fn http_client_for_blocking(mut self, client: ::reqwest::Client) -> Self {
            self.config.http().give_for_blocking(client);
            self
        }
    };
}

/// Writes the setters of the access token into `impl ClientBuilder`; auth itself has none, so that it never waits on
/// itself.
#[macro_export]
macro_rules! token_settings {
    ($krate:literal, $url:literal) => {
        /// Acts as the user of one token, which is a JWT: calls with an API key (`sb_…`) in its place fail, and send
        /// nothing. See [`access_token_with`](Self::access_token_with) for one that changes.
        pub fn access_token(mut self, token: impl Into<::secrecy::SecretString>) -> Self {
            self.config.token($crate::TokenSource::fixed(token.into()));
            self
        }

        /// Asks `source` for the access token of each attempt, right before it is sent. `None` means that nobody is
        /// signed in. If `source` fails, the call fails: it never falls back to the anonymous role.
        ///
        /// ```
        #[doc = concat!("# fn main() -> ", $krate, "::Result<()> {")]
        /// # struct Session; impl Session { async fn token(&self) -> Result<String, std::io::Error> { Ok("…".into()) } }
        /// # let session = std::sync::Arc::new(Session);
        #[doc = concat!("let client = ", $krate, "::Client::builder(\"", $url, "\", \"sb_publishable_…\")")]
        ///     .access_token_with(move || {
        ///         let session = session.clone();
        ///         async move { Ok(Some(session.token().await?.into())) }
        ///     })
        ///     .build()?;
        /// # Ok(()) }
        /// ```
        pub fn access_token_with<F, Fut>(mut self, source: F) -> Self
        where
            F: Fn() -> Fut + $crate::MaybeSend + $crate::MaybeSync + 'static,
            Fut: Future<
                    Output = ::std::result::Result<
                        Option<::secrecy::SecretString>,
                        Box<dyn ::std::error::Error + Send + Sync>,
                    >,
                > + $crate::MaybeSend
                + 'static,
        {
            self.config.token($crate::TokenSource::from_fn(source));
            self
        }
    };
}
