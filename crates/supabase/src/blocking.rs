//! Calls from code that is not async: `use supabase::blocking::Wait;`, then `.wait()?` in place of `.await?`.
//!
//! The trait serves the calls of every service.
//!
//! ```no_run
//! use supabase::blocking::Wait;
//! # fn run(supabase: supabase::Client) -> supabase::Result<()> {
//! let planets: Vec<serde_json::Value> = supabase.from("planets").select("*").wait()?;
//! # Ok(()) }
//! ```

pub use postgrest_rs::blocking::Wait;
