//! Why a request failed.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use supabase_core::{Failure, Reply, error_face, error_kinds, first_said, object_or_default};

use crate::code::Code;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request failed. [`kind`](Self::kind) says what a caller can do about it, [`code`](Self::code) what the server
/// calls it.
///
/// Printed, an error shows kind, status, code, and the message, but no key, token, query or body. The message is the
/// server's, and can quote a value that does not fit; [`details`](Self::details) can hold a whole row, and so are not
/// printed.
///
/// Source: <https://docs.postgrest.org/en/stable/references/errors.html>
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use postgrest_rs::{Code, ErrorKind};
/// let error = db.from("nothing").select_raw("*").await.expect_err("no such table");
/// assert_eq!(error.kind(), ErrorKind::Rejected);
/// assert_eq!(error.code(), Some(&Code::TableNotFound));
/// println!("{error}; {:?}", error.hint());
/// # Ok(()) }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    failure: Failure,
    said: Said,
}

/// The server's own words.
#[derive(Default)]
struct Said {
    code: Option<Code>,
    message: Option<String>,
    /// Of any type, and read only where it is asked for.
    details: Option<Box<RawValue>>,
    hint: Option<String>,
}

/// The body of an error: `{"code", "message", "details", "hint"}`, each of them optional and of any type, as none may hide
/// the others.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
    #[serde(borrow)]
    hint: Option<&'a RawValue>,
    // Gateways in front of PostgREST use other names for the message, and several at once.
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
    #[serde(borrow)]
    error_description: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

error_kinds! {
    /// The answer was to be complete, and is not: ask for all rows as a stream of pages.
    Truncated,
    /// The change was to be undone, and was not: undo it by hand, and have the server allow dry runs.
    Committed,
}

error_face!("The code of PostgREST or of the database.");

impl Error {
    /// The call is wrong, and was not sent.
    pub(crate) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::from_failure(Failure::invalid(message))
    }

    /// More rows came than the one that was asked for.
    pub(crate) fn not_one_row(failure: Failure, rows: usize) -> Self {
        let said = Said {
            code: Some(Code::NotExactlyOneRow),
            details: to_raw_value(&format!("The result contains {rows} rows")).ok(),
            ..Said::default()
        };
        Self(Box::new(Inner { kind: ErrorKind::Rejected, failure, said }))
    }

    /// The answer was to be complete, and holds only some of the rows, or does not tell.
    pub(crate) fn truncated(reply: &Reply, rows: u64, total: Option<u64>) -> Self {
        let message = match total {
            Some(total) => format!("the server sent {rows} of {total} rows"),
            None => "the server did not tell how many rows there are".to_owned(),
        };
        let failure = Failure::decode(message, reply, None);
        Self(Box::new(Inner { kind: ErrorKind::Truncated, failure, said: Said::default() }))
    }

    /// A change that was to be undone was kept.
    pub(crate) fn committed(reply: &Reply) -> Self {
        let message = match cfg!(target_family = "wasm") {
            false => "the server does not allow dry runs, and has committed the change",
            true => {
                "the change may be committed: it is not told that it was undone, which a page sees only where the server exposes Preference-Applied"
            }
        };
        let failure = Failure::decode(message, reply, None);
        Self(Box::new(Inner { kind: ErrorKind::Committed, failure, said: Said::default() }))
    }

    /// More about it: mostly a text; a list of the candidates where a relationship is ambiguous. `None` if the server says
    /// nothing more. It is read anew with each call.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// match db.from("messages").select_raw("content, users(name)").await {
    ///     Err(error) if error.details().is_some_and(|details| details.is_array()) => println!("which one? {error}"),
    ///     answer => println!("{}", answer?),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn details(&self) -> Option<Value> {
        serde_json::from_str(self.0.said.details.as_deref()?.get()).ok()
    }

    /// What the server suggests.
    pub fn hint(&self) -> Option<&str> {
        self.0.said.hint.as_deref()
    }
}

impl Error {
    /// Gives a failure this crate's words. Not `From`: a trait's implementation would be public, and the type of the
    /// machinery is not.
    pub(crate) fn from_failure(failure: Failure) -> Self {
        let kind = ErrorKind::of(&failure);
        let mut said = Said::default();
        if kind == ErrorKind::Rejected {
            said = Said::from(object_or_default::<Body<'_>>(failure.body()));
            // The answer to HEAD has no body; the code then stands in a header. PostgREST 13.0 to 14.1 cut the body of a
            // range that lies beyond the end; there is only one reason for that status.
            let beyond_the_end = || (failure.status() == Some(416)).then_some(Code::RangeNotSatisfiable);
            let in_header = || proxy_status_code(failure.header("proxy-status")?);
            said.code = said.code.or_else(in_header).or_else(beyond_the_end);
        }
        Self(Box::new(Inner { kind, failure: failure.shrink(), said }))
    }
}

/// The code in `Proxy-Status: PostgREST; error=PGRST205`.
fn proxy_status_code(header: &str) -> Option<Code> {
    let code = header.split(';').find_map(|part| part.trim().strip_prefix("error="))?;
    Some(Code::from(code.trim_matches('"')))
}

impl From<Body<'_>> for Said {
    fn from(body: Body<'_>) -> Self {
        Self {
            code: first_said([body.code]).map(|code| Code::from(code.as_str())),
            message: first_said([body.message, body.msg, body.error_description, body.error]),
            details: body.details.map(ToOwned::to_owned),
            hint: first_said([body.hint]),
        }
    }
}
