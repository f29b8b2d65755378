#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A page has one thread. An `Rc` there would be a second type for each thing that is shared.
#![cfg_attr(
    target_family = "wasm",
    expect(clippy::arc_with_non_send_sync, reason = "nothing leaves the thread")
)]

mod admin;
mod api;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod body;
mod builder;
mod call;
mod channel;
mod claims;
mod client;
mod clock;
mod code;
mod contact;
mod error;
mod exchange;
mod factor;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod get_claims;
mod identities;
mod identity;
mod jwt;
mod lenient;
#[cfg(all(feature = "loopback", not(target_family = "wasm")))]
mod loopback;
mod mfa;
mod oauth_server;
mod passkeys;
mod pkce;
mod random;
mod recovery;
mod redirect;
mod resend;
mod secret;
mod server;
mod session;
mod sign_in;
mod sign_out;
mod sign_up;
mod timestamp;
mod update_user;
mod user;
mod verify;
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
pub use contact::{ByEmail, ByPhone, Contact};
pub use error::{Error, ErrorKind, Result};
pub use exchange::AuthCode;
pub use factor::{Factor, FactorStatus, FactorType};
pub use identities::LinkIdentity;
pub use identity::Identity;
pub use jwt::JwtVerifier;
#[cfg(all(feature = "loopback", not(target_family = "wasm")))]
pub use loopback::Loopback;
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
pub use recovery::ResetPassword;
pub use redirect::{Redirect, Tokens};
pub use resend::Resend;
pub use server::{Health, ServerSettings};
pub use session::Session;
pub use session::event::{AuthEvent, SignOutReason};
pub use session::listeners::AuthEvents;
pub use session::saved::SavedSession;
pub use session::store::SessionStore;
#[cfg(all(feature = "file-store", not(target_family = "wasm")))]
pub use session::store::file::FileStore;
pub use session::store::memory::MemoryStore;
pub use sign_in::SignIn;
pub use sign_in::anonymous::Anonymous;
pub use sign_in::id_token::IdToken;
pub use sign_in::oauth::{InBrowser, OAuth};
pub use sign_in::otp::{Otp, OtpSent};
pub use sign_in::password::Password;
pub use sign_in::sso::Sso;
pub use sign_in::web3::Web3;
pub use sign_out::SignOutScope;
pub use sign_up::{SignUp, SignedUp};
pub use timestamp::{Timestamp, TimestampError};
pub use update_user::{UserUpdate, UserUpdated};
pub use user::{Audience, User};
pub use verify::{EmailOtp, PhoneOtp, Verified, Verify};
pub use weak_password::{WeakPassword, WeakPasswordReason};

// Their types stand in this crate's signatures.
pub use reqwest;
pub use secrecy;
