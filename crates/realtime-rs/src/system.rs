//! What the server says about a channel itself.

use serde::Deserialize;

/// A message of the server about a channel: that changes of the database flow, or why they do not.
///
/// Source: <https://supabase.com/docs/guides/realtime/protocol>
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SystemMessage {
    /// `postgres_changes`, or `system`.
    #[serde(default)]
    pub extension: String,
    /// `ok`, or `error`.
    #[serde(default)]
    pub status: String,
    /// What is the matter, in words.
    #[serde(default)]
    pub message: String,
}

/// What a message means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Changes of the database flow.
    ChangesFlow,
    /// Changes of the database do not flow, and will not: the subscription is wrong.
    ChangesRefused,
    /// Changes of the database do not flow yet; the server tries again.
    ChangesDelayed,
    /// Broadcasts of the database flow.
    DatabaseBroadcastsFlow,
    /// The server is about to close the channel, as the token is not good any more.
    TokenRefused,
    /// The server is about to close the channel, for good.
    Final,
    /// The server is about to close the channel, which may be joined again later.
    Closing,
    /// Nothing that this client acts upon.
    Other,
}

impl SystemMessage {
    /// Whether something went wrong.
    pub fn is_error(&self) -> bool {
        self.status == "error"
    }

    pub(crate) fn meaning(&self) -> Meaning {
        let starts = |with: &[&str]| with.iter().any(|start| self.message.starts_with(start));
        match (self.extension.as_str(), self.is_error()) {
            ("postgres_changes", false) => Meaning::ChangesFlow,
            ("postgres_changes", true) => {
                let is_wrong = starts(&[
                    "Unable to subscribe to changes with given parameters",
                    "Error parsing",
                    "No subscription params",
                    "Column selection",
                ]);
                if is_wrong { Meaning::ChangesRefused } else { Meaning::ChangesDelayed }
            }
            ("system", false) if starts(&["Replication connection established"]) => {
                Meaning::DatabaseBroadcastsFlow
            }
            ("system", true)
                if starts(&["Token has expired", "The token provided", "Fields `role` and `exp`"]) =>
            {
                Meaning::TokenRefused
            }
            ("system", true) if starts(&["You no longer have permission", "Track message size exceeded"]) => {
                Meaning::Final
            }
            ("system", true) => Meaning::Closing,
            _ => Meaning::Other,
        }
    }
}
