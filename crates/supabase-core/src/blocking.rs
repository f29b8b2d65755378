//! Running a call from code that is not async.
//!
//! One runtime, on threads of its own, runs the futures of all blocking calls, and the caller waits on a channel. So
//! a call neither panics inside another runtime nor needs one, and connections stay open from one call to the next.
//! Streams are polled by the caller itself, within that runtime.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use futures_util::Stream;
use tokio::runtime::{Builder, Handle, Runtime};

static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
    static IS_POLLING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `future` to its end and blocks the calling thread until then.
///
/// # Errors
/// The runtime cannot be started, or the future panicked.
pub fn run<F>(future: F) -> io::Result<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1);
    handle()?.spawn(async move {
        // Nobody may be waiting any more; then there is nobody to tell.
        let _ = sender.send(future.await);
    });
    let wait = || receiver.recv().map_err(|_| io::Error::other("the call panicked"));
    if IS_WORKER.get() {
        // Called from inside another blocking call, for example by a token callback: this thread is the one that
        // would run the future, so its work moves to another thread first.
        tokio::task::block_in_place(wait)
    } else {
        wait()
    }
}

/// Waits for the next item of a stream and blocks the calling thread until then.
pub fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    let mut wait = || {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        // What the stream begins while it is polled, such as a request or a pause, runs there. A stream that begins
        // nothing needs no runtime either.
        let runtime = handle().ok();
        let _entered = runtime.as_ref().map(Handle::enter);
        let _polling = Polling::begin();
        loop {
            match Pin::new(&mut *stream).poll_next(&mut context) {
                Poll::Ready(item) => return item,
                Poll::Pending => thread::park(),
            }
        }
    };
    if IS_WORKER.get() { tokio::task::block_in_place(wait) } else { wait() }
}

/// Wakes a thread that waits for a stream.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Marks a thread as one that runs blocking calls, while it polls a stream.
struct Polling(bool);

impl Polling {
    fn begin() -> Self {
        Self(IS_POLLING.replace(true))
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        IS_POLLING.set(self.0);
    }
}

/// Whether this thread runs blocking calls.
pub(crate) fn is_here() -> bool {
    IS_WORKER.get() || IS_POLLING.get()
}

fn handle() -> io::Result<Handle> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*runtime {
        return Ok(runtime.handle().clone());
    }
    let started = Builder::new_multi_thread()
        .worker_threads(1)
        // A blocking call within another one takes a thread, and beyond this number would wait for ever.
        .max_blocking_threads(1 << 15)
        .thread_name("supabase-blocking")
        .on_thread_start(|| IS_WORKER.set(true))
        .enable_all()
        .build()?;
    Ok(runtime.insert(started).handle().clone())
}

/// Writes the traits `Wait` and `WaitNext`, by which every call of a crate can be made, and every stream be read, from code
/// that is not async. `$krate` is the crate, `$handle` a parameter of the example and `$call` its call.
#[macro_export]
macro_rules! blocking_calls {
    ($krate:literal, $handle:literal, $call:literal) => {
        /// Runs a call to its end and blocks the calling thread until then.
        ///
        /// The call runs on a runtime of its own, on a thread of its own. So it may be made anywhere, also inside of an
        /// async runtime; but there it blocks that runtime's thread, as any blocking call does.
        ///
        /// ```no_run
        #[doc = concat!("use ", $krate, "::blocking::Wait;")]
        #[doc = concat!("# fn run(", $handle, ") -> ", $krate, "::Result<()> {")]
        #[doc = $call]
        /// # Ok(()) }
        /// ```
        pub trait Wait: IntoFuture {
            /// Waits for the answer.
            ///
            /// # Errors
            /// As the call itself; and where the background runtime cannot be started.
            fn wait(self) -> Self::Output;
        }

        impl<C, T, E> Wait for C
        where
            C: IntoFuture<Output = Result<T, E>>,
            C::IntoFuture: Send + 'static,
            T: Send + 'static,
            E: From<::std::io::Error> + Send + 'static,
        {
            fn wait(self) -> Self::Output {
                $crate::blocking::run(self.into_future())?
            }
        }

        /// Waits for the next item of a stream and blocks the calling thread until then.
        ///
        /// It serves every stream that can be moved; `Box::pin` makes one of any other.
        ///
        /// ```no_run
        #[doc = concat!("use ", $krate, "::blocking::WaitNext;")]
        /// fn print(mut lines: impl WaitNext<Item = String>) {
        ///     while let Some(line) = lines.wait_next() {
        ///         println!("{line}");
        ///     }
        /// }
        /// ```
        pub trait WaitNext: $crate::Stream {
            /// The next item; `None` at the end.
            fn wait_next(&mut self) -> Option<Self::Item>;
        }

        impl<S: $crate::Stream + Unpin> WaitNext for S {
            fn wait_next(&mut self) -> Option<Self::Item> {
                $crate::blocking::next(self)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_outside_of_a_runtime() {
        assert_eq!(run(async { 1 + 1 }).unwrap(), 2);
    }

    #[tokio::test]
    async fn runs_inside_a_single_threaded_runtime() {
        let answer = run(async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            7
        });
        assert_eq!(answer.unwrap(), 7);
    }

    #[test]
    fn runs_inside_itself() {
        assert_eq!(run(async { run(async { run(async { 3 }).unwrap() }).unwrap() }).unwrap(), 3);
    }

    /// A stream that needs a runtime's clock.
    fn numbers() -> impl Stream<Item = u8> + Unpin {
        Box::pin(futures_util::stream::unfold(0, |n| async move {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            (n < 3 && is_here()).then_some((n, n + 1))
        }))
    }

    fn read() -> Vec<u8> {
        let mut numbers = numbers();
        std::iter::from_fn(|| next(&mut numbers)).collect()
    }

    #[test]
    fn streams_are_read_outside_of_a_runtime() {
        assert_eq!(read(), [0, 1, 2]);
        assert!(!is_here());
    }

    #[tokio::test]
    async fn streams_are_read_inside_a_single_threaded_runtime() {
        assert_eq!(read(), [0, 1, 2]);
    }

    #[test]
    fn streams_are_read_inside_a_call() {
        assert_eq!(run(async { read() }).unwrap(), [0, 1, 2]);
    }

    #[test]
    fn a_panic_is_an_error_and_no_hang() {
        let error = run(async {
            if true {
                panic!("on purpose")
            }
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "the call panicked");
    }
}
