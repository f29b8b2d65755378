//! The codes of the service's errors.

use supabase_core::open_enum;

open_enum! {
    /// What went wrong, in the service's own codes. The enum is open: a code without a name of its own is
    /// [`Other`](Self::Other), as is one of the database (`SQLSTATE`).
    ///
    /// OAuth 2.0 and OpenID have codes of their own, which the service gives where a token of theirs is refused. It
    /// writes some of them with a space; here they are written with `_`, as the standards do.
    ///
    /// Source: <https://supabase.com/docs/guides/auth/debugging/error-codes>
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// # async fn call(_: &gotrue_rs::Client) -> gotrue_rs::Result<()> { Ok(()) }
    /// use gotrue_rs::Code;
    /// match call(&auth).await {
    ///     Err(error) if error.code() == Some(&Code::EmailNotConfirmed) => println!("look into your mail first"),
    ///     outcome => outcome?,
    /// }
    /// # Ok(()) }
    /// ```
    pub enum Code {
        /// The server gave no code.
        Unknown = "unknown",
        /// Something unexpected happened on the server.
        Unexpected = "unexpected_failure",
        /// A parameter is missing, or is not formed as it must be.
        ValidationFailed = "validation_failed",
        /// The body is not the JSON that was expected.
        BadJson = "bad_json",
        /// Another user has this email address.
        EmailExists = "email_exists",
        /// Another user has this phone number.
        PhoneExists = "phone_exists",
        /// The access token is malformed, expired, or not signed by the project.
        BadJwt = "bad_jwt",
        /// The access token is not one of an administrator.
        NotAdmin = "not_admin",
        /// No access token was sent, or the user may not do this.
        NoAuthorization = "no_authorization",
        /// No such user.
        UserNotFound = "user_not_found",
        /// The session of the access token is over.
        SessionNotFound = "session_not_found",
        /// The session lasted as long as it may, or was idle for too long.
        SessionExpired = "session_expired",
        /// No such refresh token: the user has signed out, or was signed out.
        RefreshTokenNotFound = "refresh_token_not_found",
        /// The refresh token was used before, and its session is over.
        RefreshTokenAlreadyUsed = "refresh_token_already_used",
        /// No sign-in goes with this code, or the code was exchanged before.
        FlowStateNotFound = "flow_state_not_found",
        /// The sign-in was not finished in time: begin a new one.
        FlowStateExpired = "flow_state_expired",
        /// The sign-in was finished before.
        FlowStateAlreadyUsed = "flow_state_already_used",
        /// No sign-in at a provider goes with this state.
        OAuthClientStateNotFound = "oauth_client_state_not_found",
        /// The sign-in at a provider was not finished in time.
        OAuthClientStateExpired = "oauth_client_state_expired",
        /// The state that a provider gave back is not the one it was given.
        OAuthInvalidState = "oauth_invalid_state",
        /// New users are not allowed to sign up.
        SignupDisabled = "signup_disabled",
        /// The user is banned.
        UserBanned = "user_banned",
        /// The provider does not vouch for the email address: it must be verified.
        ProviderEmailNeedsVerification = "provider_email_needs_verification",
        /// The invitation has expired, or was accepted.
        InviteNotFound = "invite_not_found",
        /// The state of a provider's redirect is not the one that was sent.
        BadOAuthState = "bad_oauth_state",
        /// A provider's redirect lacks a parameter.
        BadOAuthCallback = "bad_oauth_callback",
        /// The provider is not supported.
        OAuthProviderNotSupported = "oauth_provider_not_supported",
        /// The access token is meant for another audience than the request.
        UnexpectedAudience = "unexpected_audience",
        /// The last identity of a user cannot be removed.
        SingleIdentityNotDeletable = "single_identity_not_deletable",
        /// The identity cannot be removed, as its email address would become that of another user.
        EmailConflictIdentityNotDeletable = "email_conflict_identity_not_deletable",
        /// The identity belongs to a user already.
        IdentityAlreadyExists = "identity_already_exists",
        /// Signing in by email is switched off.
        EmailProviderDisabled = "email_provider_disabled",
        /// Signing in by phone is switched off.
        PhoneProviderDisabled = "phone_provider_disabled",
        /// The user has as many factors as are allowed.
        TooManyEnrolledMfaFactors = "too_many_enrolled_mfa_factors",
        /// Another factor of the user has this name; also no name counts as one.
        MfaFactorNameConflict = "mfa_factor_name_conflict",
        /// No such factor, or no such challenge of it.
        MfaFactorNotFound = "mfa_factor_not_found",
        /// The challenge was made from another address, or was answered before.
        MfaIpAddressMismatch = "mfa_ip_address_mismatch",
        /// The challenge was not answered in time.
        MfaChallengeExpired = "mfa_challenge_expired",
        /// The code is wrong.
        MfaVerificationFailed = "mfa_verification_failed",
        /// A hook of the project refused the code.
        MfaVerificationRejected = "mfa_verification_rejected",
        /// The user must verify a second factor first.
        InsufficientAal = "insufficient_aal",
        /// The captcha is missing or was refused.
        CaptchaFailed = "captcha_failed",
        /// SAML is switched off.
        SamlProviderDisabled = "saml_provider_disabled",
        /// Linking identities by hand is switched off.
        ManualLinkingDisabled = "manual_linking_disabled",
        /// The SMS could not be sent.
        SmsSendFailed = "sms_send_failed",
        /// The email address was not confirmed yet.
        EmailNotConfirmed = "email_not_confirmed",
        /// The phone number was not confirmed yet.
        PhoneNotConfirmed = "phone_not_confirmed",
        /// No SAML sign-in goes with this relay state.
        SamlRelayStateNotFound = "saml_relay_state_not_found",
        /// The SAML sign-in was not finished in time.
        SamlRelayStateExpired = "saml_relay_state_expired",
        /// No such SAML identity provider.
        SamlIdpNotFound = "saml_idp_not_found",
        /// The SAML assertion names no user.
        SamlAssertionNoUserId = "saml_assertion_no_user_id",
        /// The SAML assertion names no email address.
        SamlAssertionNoEmail = "saml_assertion_no_email",
        /// A user with this email address or phone number exists.
        UserAlreadyExists = "user_already_exists",
        /// No SSO provider is set up for this domain or id.
        SsoProviderNotFound = "sso_provider_not_found",
        /// The SSO provider is switched off.
        SsoProviderDisabled = "sso_provider_disabled",
        /// The metadata of a SAML provider could not be fetched.
        SamlMetadataFetchFailed = "saml_metadata_fetch_failed",
        /// The SAML provider was added before.
        SamlIdpAlreadyExists = "saml_idp_already_exists",
        /// Another SSO provider has this domain.
        SsoDomainAlreadyExists = "sso_domain_already_exists",
        /// The new metadata is that of another SAML provider.
        SamlEntityIdMismatch = "saml_entity_id_mismatch",
        /// Another request works on the same thing, or the thing exists.
        Conflict = "conflict",
        /// The provider is switched off.
        ProviderDisabled = "provider_disabled",
        /// The user is managed by an SSO provider, so this cannot be changed here.
        UserSsoManaged = "user_sso_managed",
        /// The user must reauthenticate before the password can be changed.
        ReauthenticationNeeded = "reauthentication_needed",
        /// The new password is the old one.
        SamePassword = "same_password",
        /// The nonce of a reauthentication is wrong or has expired.
        ReauthenticationNotValid = "reauthentication_not_valid",
        /// The current password is wrong.
        CurrentPasswordInvalid = "current_password_invalid",
        /// The current password must be given.
        CurrentPasswordRequired = "current_password_required",
        /// The code or link is wrong, has expired, was used, or a newer one was sent.
        OtpExpired = "otp_expired",
        /// Users cannot be created by a one-time password.
        OtpDisabled = "otp_disabled",
        /// The user has no such identity.
        IdentityNotFound = "identity_not_found",
        /// The password is too weak; see [`Error::weak_password_reasons`](crate::Error::weak_password_reasons).
        WeakPassword = "weak_password",
        /// Too many requests from this address.
        OverRequestRateLimit = "over_request_rate_limit",
        /// Too many emails, in all or to this address.
        OverEmailSendRateLimit = "over_email_send_rate_limit",
        /// Too many messages to this phone number.
        OverSmsSendRateLimit = "over_sms_send_rate_limit",
        /// The code verifier is not the one that the sign-in began with.
        BadCodeVerifier = "bad_code_verifier",
        /// Anonymous sign-ins are switched off.
        AnonymousProviderDisabled = "anonymous_provider_disabled",
        /// A hook of the project did not answer in time.
        HookTimeout = "hook_timeout",
        /// A hook of the project did not answer in time, several times.
        HookTimeoutAfterRetry = "hook_timeout_after_retry",
        /// What a hook of the project would be sent is too large.
        HookPayloadOverSizeLimit = "hook_payload_over_size_limit",
        /// A hook of the project answered with another type than JSON.
        HookPayloadInvalidContentType = "hook_payload_invalid_content_type",
        /// The server needed too long.
        RequestTimeout = "request_timeout",
        /// Enrolling a phone as second factor is switched off.
        MfaPhoneEnrollNotEnabled = "mfa_phone_enroll_not_enabled",
        /// Verifying a phone as second factor is switched off.
        MfaPhoneVerifyNotEnabled = "mfa_phone_verify_not_enabled",
        /// Enrolling an authenticator app as second factor is switched off.
        MfaTotpEnrollNotEnabled = "mfa_totp_enroll_not_enabled",
        /// Verifying an authenticator app as second factor is switched off.
        MfaTotpVerifyNotEnabled = "mfa_totp_verify_not_enabled",
        /// Enrolling a WebAuthn device as second factor is switched off.
        MfaWebAuthnEnrollNotEnabled = "mfa_webauthn_enroll_not_enabled",
        /// Verifying a WebAuthn device as second factor is switched off.
        MfaWebAuthnVerifyNotEnabled = "mfa_webauthn_verify_not_enabled",
        /// The user has a verified factor of this phone already.
        MfaVerifiedFactorExists = "mfa_verified_factor_exists",
        /// Email address, phone number or password is wrong.
        InvalidCredentials = "invalid_credentials",
        /// The project's mail server may not send to this address.
        EmailAddressNotAuthorized = "email_address_not_authorized",
        /// The email address cannot be used.
        EmailAddressInvalid = "email_address_invalid",
        /// Signing in by web3 wallet is switched off.
        Web3ProviderDisabled = "web3_provider_disabled",
        /// The blockchain is not supported.
        Web3UnsupportedChain = "web3_unsupported_chain",
        /// OAuth clients may not register themselves.
        OAuthDynamicClientRegistrationDisabled = "oauth_dynamic_client_registration_disabled",
        /// The provider gave no email address.
        EmailAddressNotProvided = "email_address_not_provided",
        /// The feature is switched off.
        FeatureDisabled = "feature_disabled",
        /// No such OAuth client.
        OAuthClientNotFound = "oauth_client_not_found",
        /// No such authorization request.
        OAuthAuthorizationNotFound = "oauth_authorization_not_found",
        /// The user has granted this client nothing.
        OAuthConsentNotFound = "oauth_consent_not_found",
        /// The body is too large.
        RequestEntityTooLarge = "request_entity_too_large",
        /// No such custom provider.
        CustomProviderNotFound = "custom_provider_not_found",
        /// There are as many custom providers as are allowed.
        OverCustomProviderQuota = "over_custom_provider_quota",
        /// Passkeys are switched off.
        PasskeyDisabled = "passkey_disabled",
        /// The user has as many passkeys as are allowed.
        TooManyPasskeys = "too_many_passkeys",
        /// No such passkey.
        WebAuthnCredentialNotFound = "webauthn_credential_not_found",
        /// No such challenge, or it was answered before: ask for a new one.
        WebAuthnChallengeNotFound = "webauthn_challenge_not_found",
        /// The challenge was not answered in time: ask for a new one.
        WebAuthnChallengeExpired = "webauthn_challenge_expired",
        /// The authenticator's answer does not hold.
        WebAuthnVerificationFailed = "webauthn_verification_failed",
        /// The passkey was registered before.
        WebAuthnCredentialExists = "webauthn_credential_exists",
        /// OAuth: a token or code is wrong, has expired, or belongs to somebody else.
        InvalidGrant = "invalid_grant",
        /// OAuth: the request lacks something, or an ID token cannot be trusted.
        InvalidRequest = "invalid_request",
        /// OAuth: the client is unknown, or did not prove that it is the one.
        InvalidClient = "invalid_client",
        /// OAuth: the client may not do this.
        UnauthorizedClient = "unauthorized_client",
        /// OAuth: the scope is unknown, or more than was granted.
        InvalidScope = "invalid_scope",
        /// OAuth: the grant type is not supported.
        UnsupportedGrantType = "unsupported_grant_type",
        /// OAuth: the response type is not supported.
        UnsupportedResponseType = "unsupported_response_type",
        /// OAuth: the user or the server said no.
        AccessDenied = "access_denied",
        /// OAuth: something unexpected happened on the server.
        ServerError = "server_error",
        /// OAuth: the server is busy.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// OpenID: the nonce is not the one in the ID token.
        InvalidNonce = "invalid_nonce",
    }
}

impl Code {
    /// A code of OAuth's, which the service writes with a space at times.
    pub(crate) fn of_oauth(text: &str) -> Self {
        Self::from(text.replace(' ', "_").as_str())
    }
}
