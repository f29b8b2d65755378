//! A call without options of its own.

use std::fmt;

use supabase_core::{BoxFuture, Reply};

use crate::draft::Draft;
use crate::error::{Error, Result};

/// Writes the setters that every call has into an `impl` whose type has a field `draft`.
macro_rules! call_settings {
    () => {
        /// How long this call may take, repetitions included.
        pub fn timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.draft.timeout(limit);
            self
        }

        /// How often this call is repeated at the most, where that is safe; 0 for never.
        pub fn max_retries(mut self, times: u32) -> Self {
            self.draft.max_retries(times);
            self
        }
    };
}
pub(crate) use call_settings;

/// Writes `.await` for a type that has a method `finish` to turn it into a [`Call`], and `Debug`.
macro_rules! awaits {
    ($($call:ident => $answer:ty,)+) => {$(
        impl ::std::future::IntoFuture for $call {
            type Output = $crate::error::Result<$answer>;
            type IntoFuture = ::supabase_core::BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                self.finish().into_future()
            }
        }

        impl ::std::fmt::Debug for $call {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($call)).finish_non_exhaustive()
            }
        }
    )+};
}
pub(crate) use awaits;

/// A call that is not sent yet: `.await` sends it. Dropping the future cancels the call wherever it is.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<T> {
    pub(crate) draft: Draft,
    read: Read<T>,
}

type Read<T> = fn(Reply) -> Result<T>;

impl<T> Call<T> {
    pub(crate) fn new(draft: Draft, read: Read<T>) -> Self {
        Self { draft, read }
    }

    call_settings!();
}

impl<T: 'static> IntoFuture for Call<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { draft, read } = self;
        Box::pin(async move { read(draft.send().await?) })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &self.draft.request.operation).finish_non_exhaustive()
    }
}

/// An answer of one JSON value.
pub(crate) fn json<T: serde::de::DeserializeOwned>(reply: Reply) -> Result<T> {
    reply.json().map_err(Error::from_failure)
}

/// An answer that says only that it is done. A page is none: then it was not the service that answered.
pub(crate) fn done(reply: Reply) -> Result<()> {
    reply.refuse_html().map_err(Error::from_failure)
}
