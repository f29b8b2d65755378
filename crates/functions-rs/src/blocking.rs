//! Calls from code that is not async: `use functions_rs::blocking::Wait;`, then `invocation.wait()?`, and streams by
//! `WaitNext`.
//!
//! ```no_run
//! use functions_rs::blocking::{Wait, WaitNext};
//! # fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
//! let mut events = functions.invoke("import").events().wait()?;
//! while let Some(event) = events.wait_next() {
//!     println!("{}", event?.data);
//! }
//! # Ok(()) }
//! ```

supabase_core::blocking_calls!(
    "functions_rs",
    "functions: functions_rs::Client",
    "let text = functions.invoke(\"hello-world\").wait()?.text()?;"
);
