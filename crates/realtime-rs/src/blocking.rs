//! Calls from code that is not async: `use realtime_rs::blocking::Wait;`, then `builder.subscribe().wait()?`.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use futures_util::Stream;

supabase_core::blocking_calls!(
    "realtime_rs",
    "realtime: realtime_rs::Client",
    "realtime.broadcast(\"room1\", \"greeting\", &[\"hello\"]).wait()?;"
);

/// Waits for the next item of a stream and blocks the calling thread until then.
///
/// ```no_run
/// use realtime_rs::blocking::{Wait, WaitNext};
/// # fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
/// let mut room = realtime.channel("room1");
/// let mut greetings = room.on_broadcast::<String>("greeting").messages();
/// let room = room.subscribe().wait()?;
/// while let Some(greeting) = greetings.wait_next() {
///     println!("{}", greeting?.payload);
/// }
/// # Ok(()) }
/// ```
pub trait WaitNext: Stream {
    /// The next item; `None` at the end.
    fn wait_next(&mut self) -> Option<Self::Item>;
}

impl<S: Stream + Unpin> WaitNext for S {
    fn wait_next(&mut self) -> Option<Self::Item> {
        // The streams are fed by the connection's task, which runs elsewhere; they need no runtime of their own.
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut stream = pin!(self);
        loop {
            match stream.as_mut().poll_next(&mut context) {
                Poll::Ready(item) => return item,
                Poll::Pending => thread::park(),
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
