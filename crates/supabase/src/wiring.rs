//! The one list of what is wired to what: every setting, and the token of every request, reaches every service.

use std::error::Error as StdError;
use std::sync::Arc;

#[cfg(all(feature = "auth", feature = "realtime"))]
use gotrue_rs::AuthEvent;
use secrecy::SecretString;
#[cfg(all(feature = "auth", feature = "realtime"))]
use supabase_core::BoxStream;
use supabase_core::{MaybeSend, MaybeSync};

/// What a source of tokens answers: `None` means that nobody is signed in.
pub(crate) type TokenAnswer = Result<Option<SecretString>, Box<dyn StdError + Send + Sync>>;

macro_rules! token_source {
    ($($feature:literal: $service:ident of $krate:ident,)+) => {
        /// Where tokens come from, whatever its type: it gives itself to the builder of each service, so that a token is
        /// boxed once on its way and not twice.
        pub(crate) trait TokenSource: MaybeSend + MaybeSync {
            $(
                #[cfg(feature = $feature)]
                fn $service(self: Arc<Self>, builder: $krate::ClientBuilder) -> $krate::ClientBuilder;
            )+
        }

        impl<F, Fut> TokenSource for F
        where
            F: Fn() -> Fut + MaybeSend + MaybeSync + 'static,
            Fut: Future<Output = TokenAnswer> + MaybeSend + 'static,
        {
            $(
                #[cfg(feature = $feature)]
                fn $service(self: Arc<Self>, builder: $krate::ClientBuilder) -> $krate::ClientBuilder {
                    builder.access_token_with(move || self())
                }
            )+
        }

        /// The services that follow who is signed in, by their features: a test signs in and out and looks at each.
        #[cfg(test)]
        pub(crate) const FOLLOWERS: &[&str] = &[$(#[cfg(feature = $feature)] $feature,)+];
    };
}

// Auth is not among them: it is where the token comes from, and so must never wait for it.
token_source! {
    "database": database of postgrest_rs,
    "storage": storage of storage_rs,
    "functions": functions of functions_rs,
    "realtime": realtime of realtime_rs,
}

/// The session as a source of tokens.
#[cfg(feature = "auth")]
pub(crate) fn session(auth: &gotrue_rs::Client) -> Arc<dyn TokenSource> {
    let auth = auth.clone();
    Arc::new(move || {
        let auth = auth.clone();
        async move { Ok(auth.access_token().await?) }
    })
}

/// Tells realtime, which cannot wait for the next request, when there is another token.
#[cfg(all(feature = "auth", feature = "realtime"))]
pub(crate) fn token_changes(
    auth: &gotrue_rs::Client,
) -> impl Fn() -> BoxStream<'static, ()> + MaybeSend + MaybeSync + use<> {
    let auth = auth.clone();
    // Whatever happens to a session but its first reading may bring another token.
    move || when(&auth, |event| !matches!(event, AuthEvent::InitialSession(_) | AuthEvent::StoreFailed(_)))
}

/// Tells when another user is signed in, or nobody, or the user may see more than before.
#[cfg(all(feature = "auth", feature = "database", feature = "realtime"))]
pub(crate) fn user_changes(auth: &gotrue_rs::Client) -> BoxStream<'static, ()> {
    when(auth, |event| {
        matches!(event, AuthEvent::SignedIn(_) | AuthEvent::SignedOut(_) | AuthEvent::MfaVerified(_))
    })
}

#[cfg(all(feature = "auth", feature = "realtime"))]
fn when(auth: &gotrue_rs::Client, is_one: fn(&AuthEvent) -> bool) -> BoxStream<'static, ()> {
    use futures_util::StreamExt;
    Box::pin(auth.events().filter_map(move |event| std::future::ready(is_one(&event).then_some(()))))
}

/// Gives the settings that all services share to the builder of one.
macro_rules! share {
    ($settings:expr, $http:expr, $builder:expr, $timeout:expr) => {{
        let settings = &$settings;
        let mut builder = $builder.http_client($http.client.clone());
        #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
        if let Some(http) = &$http.for_blocking {
            builder = builder.http_client_for_blocking(http.clone());
        }
        if let Some(info) =
            client_info("supabase-rs", env!("CARGO_PKG_VERSION")).as_ref().and_then(|info| info.to_str().ok())
        {
            builder = builder.header(CLIENT_INFO.as_str(), info);
        }
        for (name, value) in &settings.headers {
            builder = builder.header(name, value);
        }
        if let Some(limit) = Option::<std::time::Duration>::or($timeout, settings.timeout) {
            builder = builder.timeout(limit);
        }
        if let Some((first, longest)) = settings.retry_pauses {
            builder = builder.retry_pauses(first, longest);
        }
        if let Some(trace) = &settings.trace {
            let trace = Arc::clone(trace);
            builder = builder.trace_context_with(move || trace());
        }
        builder
    }};
}
pub(crate) use share;

#[cfg(test)]
#[cfg(all(
    feature = "auth",
    feature = "database",
    feature = "storage",
    feature = "functions",
    feature = "realtime"
))]
mod tests;
