#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod admin;
mod api;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod builder;
mod call;
mod channel;
mod claims;
mod client;
mod clock;
mod code;
mod error;
mod factor;
mod get_claims;
mod identity;
mod jwt;
mod lenient;
mod mfa;
mod oauth_server;
mod passkeys;
mod pkce;
mod random;
mod secret;
mod server;
mod session;
mod timestamp;
mod user;
mod weak_password;
pub mod webauthn;

pub use admin::{
    Admin, AdminCustomProviders, AdminMfa, AdminOAuthClients, AdminPasskeys, AdminSsoProviders,
    AttributeMapping, AuditEntry, AuditQuery, ClientType, CustomProvider, CustomProviderChanges, DeleteUser,
    FactorChanges, GeneratedLink, Invite, Link, LinkType, ListAuditLog, ListUsers, NewCustomProvider,
    NewOAuthClient, NewSsoProvider, NewUser, OAuthClient, OAuthClientChanges, Page, ProviderType,
    RegistrationType, SamlProvider, SsoDomain, SsoProvider, SsoProviderChanges, UserChanges, UserOrder,
};
pub use builder::ClientBuilder;
pub use call::Call;
pub use channel::Channel;
pub use claims::{AssuranceLevel, AuthMethod, AuthenticationMethod, Claims};
pub use client::Client;
pub use code::Code;
pub use error::{Error, ErrorKind, Result};
pub use factor::{Factor, FactorStatus, FactorType};
pub use identity::Identity;
pub use jwt::JwtVerifier;
pub use mfa::{
    AssuranceLevels, Challenge, ChallengeRequest, EnrolledPhone, EnrolledTotp, EnrolledWebAuthn, FactorProof,
    Mfa, NewFactor, Phone, Totp, TotpSecret, WebAuthn, WebAuthnChallenge,
};
pub use oauth_server::{
    Authorization, AuthorizationDetails, AuthorizedClient, AuthorizingUser, OAuthGrant, OAuthRedirect,
    OAuthServer,
};
pub use passkeys::{Passkey, PasskeyChallenge, Passkeys, StartAuthentication};
pub use pkce::{FlowType, PendingFlow};
pub use server::{Health, ServerSettings};
pub use session::Session;
pub use session::event::{AuthEvent, SignOutReason};
pub use session::listeners::AuthEvents;
pub use session::saved::SavedSession;
pub use session::store::SessionStore;
#[cfg(all(feature = "file-store", not(target_family = "wasm")))]
pub use session::store::file::FileStore;
pub use session::store::memory::MemoryStore;
pub use timestamp::{Timestamp, TimestampError};
pub use user::{Audience, User};
pub use weak_password::{WeakPassword, WeakPasswordReason};

// Their types stand in this crate's signatures.
pub use reqwest;
pub use secrecy;
