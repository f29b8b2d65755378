//! One error for all services.

use std::fmt;

use supabase_core::Failure;

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
    /// The client could not be built.
    Config(ConfigError),
    /// The database, or the way there.
    Database(postgrest_rs::Error),
}

/// Why a [`Client`](crate::Client) could not be built.
pub struct ConfigError(Failure);

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing was sent, as the call or a setting is wrong: change it.
    Invalid,
    /// Nothing was sent, as no access token could be had: sign in again.
    Credentials,
    /// Nothing was sent, as the server cannot be reached: trying again is safe, also with a write.
    Connect,
    /// No answer in time: the server may have acted.
    Timeout,
    /// The connection broke on the way: the server may have acted.
    Interrupted,
    /// The server redirected the request where it must not go: correct the URL.
    Redirect,
    /// The server said no: read [`Error::code`].
    Rejected,
    /// The server said yes, and its answer does not fit the type asked for: change the type.
    Decode,
    /// The request is longer than this client or the server allows: send fewer values, in chunks, or call a function.
    TooLong,
    /// The answer is larger than this client allows: ask for fewer rows, or read them as a stream.
    TooLarge,
    /// The answer was to be complete, and is not: ask for all rows as a stream of pages.
    Truncated,
    /// The change was to be undone, and was not: undo it by hand, and have the server allow dry runs.
    Committed,
}

impl Error {
    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config(_) => ErrorKind::Invalid,
            Self::Database(error) => match error.kind() {
                postgrest_rs::ErrorKind::Credentials => ErrorKind::Credentials,
                postgrest_rs::ErrorKind::Connect => ErrorKind::Connect,
                postgrest_rs::ErrorKind::Timeout => ErrorKind::Timeout,
                postgrest_rs::ErrorKind::Interrupted => ErrorKind::Interrupted,
                postgrest_rs::ErrorKind::Redirect => ErrorKind::Redirect,
                postgrest_rs::ErrorKind::Rejected => ErrorKind::Rejected,
                postgrest_rs::ErrorKind::Decode => ErrorKind::Decode,
                postgrest_rs::ErrorKind::TooLong => ErrorKind::TooLong,
                postgrest_rs::ErrorKind::TooLarge => ErrorKind::TooLarge,
                postgrest_rs::ErrorKind::Truncated => ErrorKind::Truncated,
                postgrest_rs::ErrorKind::Committed => ErrorKind::Committed,
                _ => ErrorKind::Invalid,
            },
        }
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Config(_) => None,
            Self::Database(error) => error.status(),
        }
    }

    /// The code that the service gave, in its own spelling.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Config(_) => None,
            Self::Database(error) => error.code().map(postgrest_rs::Code::as_str),
        }
    }

    /// What happened, in a sentence.
    pub fn message(&self) -> &str {
        match self {
            Self::Config(error) => error.0.message(),
            Self::Database(error) => error.message(),
        }
    }

    /// The id under which the server's logs know the request.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Config(_) => None,
            Self::Database(error) => error.request_id(),
        }
    }

    /// Whether the same call may be made again: nothing happens twice, and it may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Config(_) => false,
            Self::Database(error) => error.is_retryable(),
        }
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// The answer as it came, at most its first 8 KiB; empty if there was none.
    pub fn raw_body(&self) -> &[u8] {
        match self {
            Self::Config(_) => &[],
            Self::Database(error) => error.raw_body(),
        }
    }
}

impl From<postgrest_rs::Error> for Error {
    fn from(error: postgrest_rs::Error) -> Self {
        Self::Database(error)
    }
}

impl Error {
    /// A fault of the settings. Not `From`: a trait's implementation would be public, and the type of the machinery is
    /// not.
    pub(crate) fn config(failure: Failure) -> Self {
        Self::Config(ConfigError(failure))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Database(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => error.source(),
            Self::Database(error) => error.source(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.message())
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConfigError").field(&self.0.message()).field(&self.0.source()).finish()
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source().map(|source| source as _)
    }
}
