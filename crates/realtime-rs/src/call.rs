//! A call that is under way.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use supabase_core::{BoxFuture, MaybeSend};

use crate::error::Result;

/// A call: awaiting it makes it. It borrows nothing, so it may be spawned; dropped half-way, it may or may not have been
/// made.
#[must_use = "a call is made when it is awaited"]
pub struct Call<T>(BoxFuture<'static, Result<T>>);

impl<T> Call<T> {
    pub(crate) fn new(work: impl Future<Output = Result<T>> + MaybeSend + 'static) -> Self {
        Self(Box::pin(work))
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}
