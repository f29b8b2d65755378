//! How a function is called.

/// The HTTP method of an invocation: [`Post`](Self::Post) if not given.
///
/// ```no_run
/// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
/// use functions_rs::Method;
/// let orders: Vec<serde_json::Value> = functions.invoke("orders").method(Method::Get).await?.json()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads. It has no body.
    Get,
    /// Does something.
    #[default]
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    pub(crate) fn to_http(self) -> supabase_core::Method {
        match self {
            Self::Get => supabase_core::Method::GET,
            Self::Post => supabase_core::Method::POST,
            Self::Put => supabase_core::Method::PUT,
            Self::Patch => supabase_core::Method::PATCH,
            Self::Delete => supabase_core::Method::DELETE,
        }
    }
}
