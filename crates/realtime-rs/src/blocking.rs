//! Calls from code that is not async: `use realtime_rs::blocking::Wait;`, then `builder.subscribe().wait()?`, and streams by
//! `WaitNext`.
//!
//! ```no_run
//! use realtime_rs::blocking::{Wait, WaitNext};
//! # fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
//! let mut room = realtime.channel("room1");
//! let mut greetings = room.on_broadcast::<String>("greeting").messages();
//! let room = room.subscribe().wait()?;
//! while let Some(greeting) = greetings.wait_next() {
//!     println!("{}", greeting?.payload);
//! }
//! # Ok(()) }
//! ```

supabase_core::blocking_calls!(
    "realtime_rs",
    "realtime: realtime_rs::Client",
    "realtime.broadcast(\"room1\", \"greeting\", &[\"hello\"]).wait()?;"
);
