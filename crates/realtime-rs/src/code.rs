//! The codes of the service's errors.

use supabase_core::open_enum;

open_enum! {
    /// What went wrong, in the service's own codes. The enum is open: a code without a name of its own is
    /// [`Other`](Self::Other).
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/error_codes>
    pub enum Code {
        /// The token has expired, or lacks a claim.
        InvalidToken = "InvalidJWTToken",
        /// The token was signed by somebody else.
        BadSignature = "JwtSignatureError",
        /// The server cannot check tokens.
        SignerError = "JwtSignerError",
        /// The token is no JWT.
        MalformedToken = "MalformedJWT",
        /// The policies of the project do not let this user into the channel.
        Unauthorized = "Unauthorized",
        /// The project allows private channels only.
        PrivateOnly = "PrivateOnly",
        /// Messages cannot be replayed: the channel is public, or the query failed.
        UnableToReplay = "UnableToReplayMessages",
        /// The channel has no name.
        TopicNameRequired = "TopicNameRequired",
        /// The socket has as many channels as it may have.
        ChannelLimit = "ChannelRateLimitReached",
        /// Channels are joined too often.
        JoinLimit = "ClientJoinRateLimitReached",
        /// The project has as many connections as it may have.
        ConnectionLimit = "ConnectionRateLimitReached",
        /// The server has too few connections to the database.
        PoolLimit = "IncreaseConnectionPool",
        /// The database has no connection left.
        DatabaseLimit = "DatabaseLackOfConnections",
        /// The database is connected to too often.
        DatabaseConnectionLimit = "DatabaseConnectionRateLimitReached",
        /// The server cannot reach the database.
        UnableToConnect = "UnableToConnectToProject",
        /// The server is still connecting to the database: try again.
        Initializing = "InitializingProjectConnection",
        /// The server restarts: try again.
        Restarting = "RealtimeRestarting",
        /// There is no such project.
        TenantNotFound = "TenantNotFound",
        /// Realtime is switched off for this project.
        Disabled = "RealtimeDisabledForTenant",
        /// The query that checks the policies took too long.
        QueryCanceled = "QueryCanceled",
        /// The table of messages has no partition for today.
        MissingPartition = "MissingPartition",
        /// Another node did not answer in time.
        NodeTimeout = "TimeoutOnRpcCall",
        /// Another node failed.
        NodeError = "ErrorOnRpcCall",
        /// Something unexpected happened to the channel.
        Unexpected = "UnknownErrorOnChannel",
    }
}

/// What a refusal means for the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may succeed later.
    Later,
    /// It may succeed with another token.
    OtherToken,
    /// It will not succeed.
    Never,
}

impl Code {
    /// What this code means for the next try. What is not known may pass.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::InvalidToken | Self::BadSignature | Self::MalformedToken => Verdict::OtherToken,
            Self::Unauthorized
            | Self::PrivateOnly
            | Self::UnableToReplay
            | Self::TopicNameRequired
            | Self::TenantNotFound
            | Self::Disabled => Verdict::Never,
            _ => Verdict::Later,
        }
    }
}
