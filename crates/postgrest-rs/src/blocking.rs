//! Calls from code that is not async: `use postgrest_rs::blocking::Wait;`, then `query.wait()?`.

use std::io;

/// Runs a call to its end and blocks the calling thread until then.
///
/// The call runs on a runtime of its own, on a thread of its own. So it may be made anywhere, also inside of an async
/// runtime; but there it blocks that runtime's thread, as any blocking call does.
///
/// ```no_run
/// use postgrest_rs::blocking::Wait;
/// # fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// let planets: Vec<serde_json::Value> = db.from("planets").select("*").wait()?;
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
    E: From<io::Error> + Send + 'static,
{
    fn wait(self) -> Self::Output {
        supabase_core::blocking::run(self.into_future())?
    }
}
