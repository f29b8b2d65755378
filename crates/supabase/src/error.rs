//! One error for all services.

use std::fmt;
use std::time::Duration;

use supabase_core::{Failure, error_kinds};

/// The result of a call, in code that uses several services.
///
/// A call answers with its own service's error, which `?` turns into this one:
/// `let planets = supabase.from("planets").select("*").await?; Ok(planets)`.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, and in which service. Each variant holds the service's own error, with its codes; what all
/// errors have in common can be asked here.
///
/// ```no_run
/// # async fn run(supabase: supabase::Client) -> Result<(), Box<dyn std::error::Error>> {
/// async fn planets(supabase: &supabase::Client) -> supabase::Result<Vec<serde_json::Value>> {
///     Ok(supabase.from("planets").select("*").await?)
/// }
/// if let Err(error) = planets(&supabase).await {
///     println!("{error}; again? {}", error.is_retryable());
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// This crate itself: the client could not be built, a call makes no sense, or a row of a live query cannot be read.
    Client(ClientError),
    /// Auth, or the way there.
    #[cfg(feature = "auth")]
    Auth(gotrue_rs::Error),
    /// The database, or the way there.
    #[cfg(feature = "database")]
    Database(postgrest_rs::Error),
    /// Storage, or the way there.
    #[cfg(feature = "storage")]
    Storage(storage_rs::Error),
    /// A function, or the way there.
    #[cfg(feature = "functions")]
    Functions(functions_rs::Error),
    /// Realtime, or the way there.
    #[cfg(feature = "realtime")]
    Realtime(realtime_rs::Error),
}

/// What failed outside of the services; see [`Error::Client`].
pub struct ClientError(Failure);

error_kinds! {
    /// The answer was to be complete, and is not: ask for all rows as a stream of pages.
    Truncated,
    /// The change was to be undone, and was not: undo it by hand, and have the server allow dry runs.
    Committed,
    /// Nothing was sent, as nobody is signed in, or not any more: sign in.
    SessionMissing,
    /// The JWT is not to be believed: it is malformed, forged, expired, or meant for somebody else.
    InvalidJwt,
    /// Whether the JWT is to be believed could not be found out, as the server refused to say: it says nothing about the
    /// token. Try again, and sign nobody out.
    Unverified,
    /// The session, or where an upload stopped, could not be kept in its store, or read from there.
    Store,
    /// What was to be sent could not be read to its end.
    Content,
    /// What came is not what the server announced: get it again.
    Corrupt,
    /// The object was replaced while it was read: begin anew.
    Changed,
    /// A file of this machine could not be written or read.
    File,
    /// An upload by parts was cancelled by its handle, or had been cancelled before.
    Cancelled,
    /// The platform between the caller and a function failed: the function may or may not have run.
    Relay,
    /// A stream cannot be read any further.
    Stream,
    /// The channel or the client was closed on this side.
    Closed,
    /// The reader of a stream was too slow, and the stream was told to end then.
    TooSlow,
    /// A kind that this version has no name for: ask the service's own error.
    Other,
}

/// The kind of a service's error, in the words that all share: those of every service, and those of this one.
macro_rules! kind {
    ($krate:ident, $error:expr $(, $own:ident)*) => {
        match $error.kind() {
            $krate::ErrorKind::Invalid => ErrorKind::Invalid,
            $krate::ErrorKind::Credentials => ErrorKind::Credentials,
            $krate::ErrorKind::Connect => ErrorKind::Connect,
            $krate::ErrorKind::Timeout => ErrorKind::Timeout,
            $krate::ErrorKind::Interrupted => ErrorKind::Interrupted,
            $krate::ErrorKind::Redirect => ErrorKind::Redirect,
            $krate::ErrorKind::Rejected => ErrorKind::Rejected,
            $krate::ErrorKind::Decode => ErrorKind::Decode,
            $krate::ErrorKind::TooLong => ErrorKind::TooLong,
            $krate::ErrorKind::TooLarge => ErrorKind::TooLarge,
            $($krate::ErrorKind::$own => ErrorKind::$own,)*
            _ => ErrorKind::Other,
        }
    };
}

/// Asks the service's own error, or answers for one of the settings.
macro_rules! ask {
    ($error:expr, $service:ident => $answer:expr, $config:pat => $otherwise:expr) => {
        match $error {
            Self::Client($config) => $otherwise,
            #[cfg(feature = "auth")]
            Self::Auth($service) => $answer,
            #[cfg(feature = "database")]
            Self::Database($service) => $answer,
            #[cfg(feature = "storage")]
            Self::Storage($service) => $answer,
            #[cfg(feature = "functions")]
            Self::Functions($service) => $answer,
            #[cfg(feature = "realtime")]
            Self::Realtime($service) => $answer,
        }
    };
}

impl Error {
    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Client(ClientError(failure)) => ErrorKind::of(failure),
            #[cfg(feature = "auth")]
            Self::Auth(error) => kind!(gotrue_rs, error, SessionMissing, InvalidJwt, Unverified, Store),
            #[cfg(feature = "database")]
            Self::Database(error) => kind!(postgrest_rs, error, Truncated, Committed),
            #[cfg(feature = "storage")]
            Self::Storage(error) => {
                kind!(storage_rs, error, Content, Corrupt, Changed, File, Cancelled, Store)
            }
            #[cfg(feature = "functions")]
            Self::Functions(error) => kind!(functions_rs, error, Relay, Content, Stream),
            #[cfg(feature = "realtime")]
            Self::Realtime(error) => kind!(realtime_rs, error, Closed, TooSlow),
        }
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        ask!(self, error => error.status(), _ => None)
    }

    /// The code that the service gave, in its own spelling.
    pub fn code(&self) -> Option<&str> {
        ask!(self, error => error.code().map(|code| code.as_str()), _ => None)
    }

    /// What happened, in a sentence.
    pub fn message(&self) -> &str {
        ask!(self, error => error.message(), error => error.0.message())
    }

    /// The id under which the server's logs know the request.
    pub fn request_id(&self) -> Option<&str> {
        ask!(self, error => error.request_id(), _ => None)
    }

    /// Whether the same call may be made again: nothing happens twice, and it may succeed.
    pub fn is_retryable(&self) -> bool {
        ask!(self, error => error.is_retryable(), _ => false)
    }

    /// How long the server asks to wait before the next try, if it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        ask!(self, error => error.retry_after(), _ => None)
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// The answer as it came, at most its first 8 KiB; empty if there was none.
    pub fn raw_body(&self) -> &[u8] {
        ask!(self, error => error.raw_body(), _ => &[])
    }
}

/// Writes the conversion of each service's error.
macro_rules! from {
    ($($feature:literal: $krate:ident as $variant:ident,)+) => {
        $(
            #[cfg(feature = $feature)]
            impl From<$krate::Error> for Error {
                fn from(error: $krate::Error) -> Self {
                    Self::$variant(error)
                }
            }
        )+
    };
}

from! {
    "auth": gotrue_rs as Auth,
    "database": postgrest_rs as Database,
    "storage": storage_rs as Storage,
    "functions": functions_rs as Functions,
    "realtime": realtime_rs as Realtime,
}

/// The background runtime of blocking calls could not be started, or the call panicked in it.
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::client(Failure::invalid_because("the call could not be run to its end", error))
    }
}

impl Error {
    /// The call is wrong, and was not sent.
    #[cfg(all(feature = "database", feature = "realtime"))]
    pub(crate) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::client(Failure::invalid(message))
    }

    /// A fault of this crate's own calls. Not `From`: a trait's implementation would be public, and the type of the
    /// machinery is not.
    pub(crate) fn client(failure: Failure) -> Self {
        Self::Client(ClientError(failure))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ask!(self, error => error.fmt(f), error => error.fmt(f))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        ask!(self, error => error.source(), error => error.source())
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.message())
    }
}

impl fmt::Debug for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientError").field(&self.0.message()).field(&self.0.source()).finish()
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source().map(|source| source as _)
    }
}
