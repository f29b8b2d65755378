//! The codes of the platform's errors.

use supabase_core::open_enum;

open_enum! {
    /// What the platform says about an invocation that failed, in the header `sb-error-code` or in the body. A function's
    /// own codes are [`Other`](Self::Other).
    ///
    /// Source: <https://supabase.com/docs/guides/functions/status-codes>
    ///
    /// ```no_run
    /// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
    /// use functions_rs::Code;
    /// match functions.invoke("hello-world").await {
    ///     Err(error) if error.code() == Some(&Code::NotFound) => println!("deploy it first"),
    ///     answer => println!("{}", answer?.text()?),
    /// }
    /// # Ok(()) }
    /// ```
    pub enum Code {
        /// There is no such function.
        NotFound = "NOT_FOUND",
        /// The function failed to start.
        BootError = "BOOT_ERROR",
        /// The function threw an error that it did not catch.
        WorkerError = "WORKER_ERROR",
        /// The function needed more memory or time than it may have.
        WorkerLimit = "WORKER_LIMIT",
        /// The function sent nothing for too long.
        IdleTimeout = "IDLE_TIMEOUT",
        /// The function answered with an error of its own.
        EdgeFunctionError = "EDGE_FUNCTION_ERROR",
    }
}
