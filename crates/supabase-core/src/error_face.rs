//! What the errors of all services have in common, so that they are the same everywhere.
//!
//! They are macros, as a type or trait of this crate in their place would stand in the services' public APIs.

/// Writes `ErrorKind`: the kinds of all services, and those that this crate has beside them.
#[macro_export]
macro_rules! error_kinds {
    ($($(#[$doc:meta])* $name:ident,)*) => {
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
            /// The request is longer than this client or the server allows: send fewer values.
            TooLong,
            /// The answer is larger than this client allows: ask for less, or read it as a stream.
            TooLarge,
            $($(#[$doc])* $name,)*
        }

        impl ErrorKind {
            /// The kind of a failure on the way, before the service's own words are read.
            pub(crate) fn of(failure: &$crate::Failure) -> Self {
                match failure.kind() {
                    $crate::FailureKind::Credentials => Self::Credentials,
                    $crate::FailureKind::Connect => Self::Connect,
                    $crate::FailureKind::Timeout => Self::Timeout,
                    $crate::FailureKind::Interrupted => Self::Interrupted,
                    $crate::FailureKind::Redirect => Self::Redirect,
                    $crate::FailureKind::Status => Self::Rejected,
                    $crate::FailureKind::Decode => Self::Decode,
                    $crate::FailureKind::TooLong => Self::TooLong,
                    $crate::FailureKind::TooLarge => Self::TooLarge,
                    _ => Self::Invalid,
                }
            }
        }
    };
}

/// Writes the methods and traits of `Error(Box<Inner>)`, where `Inner` has `kind: ErrorKind`, `failure: Failure`, and
/// `said`, what the service itself said: its `code: Option<Code>` and `message: Option<String>`. `Code` is an
/// [`open_enum!`](crate::open_enum). `$code` says whose code it is.
#[macro_export]
macro_rules! error_face {
    ($code:literal) => {
        impl Error {
            /// What a caller can do about it.
            pub fn kind(&self) -> ErrorKind {
                self.0.kind
            }

            /// The status of the answer, if there was one.
            pub fn status(&self) -> Option<u16> {
                self.0.failure.status()
            }

            #[doc = $code]
            pub fn code(&self) -> Option<&Code> {
                self.0.said.code.as_ref()
            }

            /// What happened, in a sentence: the server's, if it gave one.
            pub fn message(&self) -> &str {
                self.0
                    .said
                    .message
                    .as_deref()
                    .filter(|said| !said.is_empty())
                    .unwrap_or_else(|| self.0.failure.message())
            }

            /// The id under which the server's logs know the request.
            pub fn request_id(&self) -> Option<&str> {
                self.0.failure.request_id()
            }

            /// Whether the same call may be made again: nothing happens twice, and it may succeed.
            ///
            /// Calls are repeated by themselves where that is safe; this speaks of the time after.
            pub fn is_retryable(&self) -> bool {
                self.0.failure.is_retryable()
            }

            /// How long the server asks to wait before the next try, if it says so.
            ///
            /// A call waits by itself where that is safe and not too long, so this speaks of the time after.
            pub fn retry_after(&self) -> Option<::std::time::Duration> {
                self.0.failure.retry_after()
            }

            /// Whether time ran out.
            pub fn is_timeout(&self) -> bool {
                self.0.kind == ErrorKind::Timeout
            }

            /// The answer as it came, at most its first 8 KiB; empty if there was none.
            ///
            /// It may hold the user's data: take care where it is logged.
            pub fn raw_body(&self) -> &[u8] {
                self.0.failure.raw_body()
            }
        }

        impl ::std::fmt::Display for Error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self.code() {
                    Some(code) => write!(f, "{} ({code})", self.message()),
                    None => f.write_str(self.message()),
                }
            }
        }

        impl ::std::fmt::Debug for Error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct("Error")
                    .field("kind", &self.0.kind)
                    .field("status", &self.status())
                    .field("code", &self.code().map(Code::as_str))
                    .field("message", &self.message())
                    .field("request_id", &self.request_id())
                    .field("source", &self.0.failure.source())
                    .finish_non_exhaustive()
            }
        }

        impl ::std::error::Error for Error {
            fn source(&self) -> Option<&(dyn ::std::error::Error + 'static)> {
                self.0.failure.source().map(|source| source as _)
            }
        }

        /// The background runtime of blocking calls could not be started, or the call panicked in it.
        #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
        impl From<::std::io::Error> for Error {
            fn from(error: ::std::io::Error) -> Self {
                Self::from_failure($crate::Failure::invalid_because(
                    "the call could not be run to its end",
                    error,
                ))
            }
        }
    };
}

/// Writes `error_body` into a crate's `fuzzing`: what is read of the body of an error, with what holds of every one. `$own`
/// are the methods that only this crate's `Error` has.
#[macro_export]
macro_rules! fuzzed_errors {
    ($($own:ident),*) => {
        /// The body of an error, and what is read of it.
        pub fn error_body(status: u16, body: &[u8]) -> Option<String> {
            let failure = $crate::Failure::refused(status, $crate::Bytes::copy_from_slice(body)).ok()?;
            let error = Error::from_failure(failure);
            let _ = format!("{error} {error:?}");
            assert!(error.raw_body().len() <= 8 * 1024 && !error.message().is_empty());
            assert_eq!(error.status(), Some(status));
            let read = (error.message(), error.code(), error.kind(), error.is_retryable(), $(error.$own(),)*);
            Some(format!("{read:?}"))
        }
    };
}
