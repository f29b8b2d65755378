//! The codes of the service's errors.

use supabase_core::open_enum;

open_enum! {
    /// What went wrong, in the service's own codes. The enum is open: a code without a name of its own is
    /// [`Other`](Self::Other).
    ///
    /// Source: <https://supabase.com/docs/guides/functions/status-codes>
    pub enum Code {
        /// Something unexpected happened on the server.
        Unexpected = "unexpected_failure",
    }
}
