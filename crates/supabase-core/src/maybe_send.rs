//! Bounds that hold on threads and vanish in the browser, where nothing is `Send`.
//!
//! A bare `Send` in a trait or a box would close the way to `wasm32-unknown-unknown`, where the futures of the HTTP
//! client are not `Send`. Traits and boxes name these aliases instead.

use std::pin::Pin;

use futures_util::Stream;

#[cfg(not(target_family = "wasm"))]
pub use std::marker::{Send as MaybeSend, Sync as MaybeSync};

/// A boxed future: `Send` on threads.
#[cfg(not(target_family = "wasm"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A boxed future: not `Send` in the browser.
#[cfg(target_family = "wasm")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A boxed stream: `Send` on threads.
#[cfg(not(target_family = "wasm"))]
pub type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + Send + 'a>>;

/// A boxed stream: not `Send` in the browser.
#[cfg(target_family = "wasm")]
pub type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + 'a>>;

#[cfg(target_family = "wasm")]
mod single_threaded {
    /// `Send` on threads, every type in the browser.
    pub trait MaybeSend {}
    impl<T: ?Sized> MaybeSend for T {}

    /// `Sync` on threads, every type in the browser.
    pub trait MaybeSync {}
    impl<T: ?Sized> MaybeSync for T {}
}

#[cfg(target_family = "wasm")]
pub use single_threaded::{MaybeSend, MaybeSync};
