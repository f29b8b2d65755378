//! Auth on a live stack. Each test has users of its own, and says what it needs of the stack beyond signing up and in by
//! email address and password.

#[path = "live/authenticator.rs"]
mod authenticator;
#[path = "live/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use authenticator::{Authenticator, solana_sign_in};
use futures_util::TryStreamExt;
use gotrue_rs::secrecy::ExposeSecret;
use gotrue_rs::{
    Anonymous, AssuranceLevel, AttributeMapping, AuditQuery, AuthCode, AuthEvent, AuthMethod, Authorization,
    ChallengeRequest, Channel, Code, CustomProviderChanges, EmailOtp, ErrorKind, FactorChanges, FactorStatus,
    FlowType, Link, LinkType, MemoryStore, NewCustomProvider, NewOAuthClient, NewSsoProvider, NewUser, OAuth,
    OAuthClientChanges, Otp, Password, Phone, PhoneOtp, ProviderType, Redirect, Resend, ResetPassword,
    SavedSession, SessionStore, SignOutReason, SignOutScope, SignUp, Sso, SsoProviderChanges, Totp,
    UserChanges, UserOrder, UserUpdate, Verified, Verify, Web3, WebAuthn, WebAuthnChallenge,
};
use serde_json::json;
use supabase_testing::live::{Need, lacks, stack};
use supabase_testing::{recordings, totp};
use support::{
    PASSWORD, address, admin, builder, client, code, follow, hash, link, mail, mail_with, number, signed_in,
    sms, unique,
};

#[tokio::test]
async fn a_user_signs_up_in_and_out() {
    let Some(stack) = stack("a_user_signs_up_in_and_out", &[Need::Mail]) else { return };
    let auth = client(&stack);
    let mut events = auth.events();
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(None))));
    let email = address();

    let new = SignUp::email(&email, PASSWORD).data(json!({ "first_name": "Ada" }));
    let answer = auth.sign_up(new).await.unwrap();
    assert_eq!(answer.user.email.as_deref(), Some(email.as_str()));
    assert_eq!(answer.user.user_metadata["first_name"], "Ada");
    if answer.session.is_none() {
        let error = auth.sign_in(Password::email(&email, PASSWORD)).await.unwrap_err();
        assert_eq!(error.code(), Some(&Code::EmailNotConfirmed));
        let code = code(&mail(&stack, &email).await);
        let verified = auth.verify_otp(Verify::email(&email, code, EmailOtp::Signup)).await.unwrap();
        assert!(matches!(verified, Verified::SignedIn(_)));
    }
    assert!(matches!(events.next().await, Some(AuthEvent::SignedIn(_))));

    let first = auth.get_session().await.unwrap().unwrap();
    assert_eq!(auth.get_user().await.unwrap().id, first.user.id);
    assert_eq!(auth.get_user_by(first.access_token.clone()).await.unwrap().id, first.user.id);
    let claims = auth.get_claims().await.unwrap();
    assert_eq!((claims.sub.as_str(), claims.role.as_str()), (first.user.id.as_str(), "authenticated"));
    assert_eq!(claims.exp, first.expires_at);

    let second = auth.refresh_session().await.unwrap();
    assert_ne!(second.refresh_token.expose_secret(), first.refresh_token.expose_secret());
    assert!(matches!(events.next().await, Some(AuthEvent::TokenRefreshed(_))));

    let updated = auth.update_user(UserUpdate::data(json!({ "last_name": "Lovelace" }))).await.unwrap();
    assert_eq!(updated.user.user_metadata["last_name"], "Lovelace");
    assert!(matches!(events.next().await, Some(AuthEvent::UserUpdated(_))));
    assert_eq!(auth.get_session().await.unwrap().unwrap().user.user_metadata["first_name"], "Ada");

    // The same session in another process.
    let other = client(&stack);
    let set = other.set_session(second.access_token.clone(), second.refresh_token.clone()).await.unwrap();
    assert_eq!(set.user.id, first.user.id);

    auth.sign_out(SignOutScope::Global).await.unwrap();
    assert!(matches!(events.next().await, Some(AuthEvent::SignedOut(SignOutReason::User))));
    assert!(auth.get_session().await.unwrap().is_none());
    assert_eq!(auth.get_user().await.unwrap_err().kind(), ErrorKind::SessionMissing);
    // A refresh token of a session that is over.
    let error = other.refresh_session().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error:?}");
    assert!(other.get_session().await.unwrap().is_none());

    let error = auth.sign_in(Password::email(&email, "wrong")).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InvalidCredentials));
    let session = auth.sign_in(Password::email(&email, PASSWORD)).await.unwrap();
    assert_eq!(session.user.id, first.user.id);
}

#[tokio::test]
async fn a_thousand_tasks_refresh_once() {
    let Some(stack) = stack("a_thousand_tasks_refresh_once", &[]) else { return };
    let auth = client(&stack);
    let email = address();
    auth.sign_up(SignUp::email(&email, PASSWORD)).await.unwrap();
    if auth.get_session().await.unwrap().is_none() {
        let code = code(&mail(&stack, &email).await);
        auth.verify_otp(Verify::email(&email, code, EmailOtp::Signup)).await.unwrap();
    }
    let before = auth.get_session().await.unwrap().unwrap();
    // The token has expired, as far as this client can tell.
    let text = SavedSession::of(&before).expose_secret().to_owned();
    let mut text: serde_json::Value = serde_json::from_str(&text).unwrap();
    text["expires_at"] = 1_000.into();
    let store = Arc::new(MemoryStore::new());
    assert!(store.swap("session", None, Some(&SavedSession::from(text.to_string()))).await.unwrap());
    let late = builder(&stack).session_store(store).storage_key("session").build().unwrap();
    let mut events = late.events();
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
    let tasks: Vec<_> = (0..1000).map(|_| tokio::spawn(late.get_session().into_future())).collect();
    let mut tokens = BTreeSet::new();
    for task in tasks {
        tokens.insert(task.await.unwrap().unwrap().unwrap().refresh_token.expose_secret().to_owned());
    }
    assert_eq!(tokens.len(), 1);
    late.sign_out(SignOutScope::Local).await.unwrap();
    assert!(matches!(events.next().await, Some(AuthEvent::TokenRefreshed(_))));
    assert!(matches!(events.next().await, Some(AuthEvent::SignedOut(SignOutReason::User))));
}

#[tokio::test]
async fn a_code_from_an_email_signs_in() {
    let Some(stack) = stack("a_code_from_an_email_signs_in", &[Need::Mail]) else { return };
    let (auth, email) = (builder(&stack).flow_type(FlowType::Implicit).build().unwrap(), address());
    auth.sign_in(Otp::email(&email)).await.unwrap();
    let code = code(&mail(&stack, &email).await);
    let error = auth.verify_otp(Verify::email(&email, "000000", EmailOtp::MagicLink)).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OtpExpired));
    let verified = auth.verify_otp(Verify::email(&email, &*code, EmailOtp::MagicLink)).await;
    // A new user's code confirms their sign-up on some servers.
    let verified = match verified {
        Ok(verified) => verified,
        Err(_) => auth.verify_otp(Verify::email(&email, code, EmailOtp::Signup)).await.unwrap(),
    };
    assert_eq!(verified.session().unwrap().user.email.as_deref(), Some(email.as_str()));
    // The code is good once.
    let error = auth.verify_otp(Verify::email(&email, "000000", EmailOtp::MagicLink)).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OtpExpired));
    let error = auth.sign_in(Otp::email(address()).create_user(false)).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OtpDisabled));
}

#[tokio::test]
async fn the_hash_in_a_link_is_verified() {
    let Some(stack) = stack("the_hash_in_a_link_is_verified", &[Need::Mail]) else { return };
    let auth = builder(&stack).flow_type(FlowType::Implicit).build().unwrap();
    let (_, user) = signed_in(&stack).await;
    let email = user.email.unwrap();
    auth.sign_in(Otp::email(&email)).await.unwrap();
    let hash = || async { hash(&link(&mail_with(&stack, &email, "magiclink").await)) };
    let verified = Verify::token_hash(hash().await, EmailOtp::MagicLink);
    let verified = auth.verify_otp(verified).await.unwrap();
    assert_eq!(verified.session().unwrap().user.id, user.id);
    let error = auth.verify_otp(Verify::token_hash(hash().await, EmailOtp::MagicLink)).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OtpExpired));
}

#[tokio::test]
async fn a_link_from_an_email_brings_tokens() {
    let Some(stack) = stack("a_link_from_an_email_brings_tokens", &[Need::Mail]) else { return };
    let auth = builder(&stack).flow_type(FlowType::Implicit).build().unwrap();
    let (_, user) = signed_in(&stack).await;
    let email = user.email.unwrap();
    // Where the address to return to is not heeded, links lead to the site.
    let end = if lacks(Need::MailLinks) { &stack.url } else { "http://localhost:3000/cb" };
    auth.sign_in(Otp::email(&email).redirect_to(end)).await.unwrap();
    let link = link(&mail_with(&stack, &email, "magiclink").await);
    let back = follow(&link, end).await;
    // Nobody who has asked for a code takes tokens that somebody else may have sent.
    assert_eq!(client(&stack).session_from_url(&back).await.unwrap_err().kind(), ErrorKind::Invalid);
    let verified = auth.session_from_url(&back).await.unwrap();
    assert_eq!(verified.session().unwrap().user.id, user.id);
    let again = follow(&link, end).await;
    let error = auth.session_from_url(&again).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OtpExpired), "{error:?}");
}

#[tokio::test]
async fn sessions_end_one_by_one_and_all_together() {
    let Some(stack) = stack("sessions_end_one_by_one_and_all_together", &[]) else { return };
    let (auth, user) = signed_in(&stack).await;
    let email = user.email.unwrap();
    let also = || async {
        let other = client(&stack);
        other.sign_in(Password::email(&email, PASSWORD)).await.unwrap();
        other
    };
    let ended = |auth: gotrue_rs::Client| async move {
        let error = auth.get_user().await.unwrap_err();
        assert_eq!(error.code(), Some(&Code::SessionNotFound), "{error:?}");
    };
    let (second, third) = (also().await, also().await);
    third.sign_out(SignOutScope::Local).await.unwrap();
    assert_eq!(auth.get_user().await.unwrap().id, user.id);
    assert_eq!(second.get_user().await.unwrap().id, user.id);
    auth.sign_out(SignOutScope::Others).await.unwrap();
    assert_eq!(auth.get_user().await.unwrap().id, user.id);
    ended(second).await;
    let fourth = also().await;
    auth.sign_out(SignOutScope::Global).await.unwrap();
    ended(fourth).await;

    // A server ends a session by its token.
    let fifth = also().await;
    let token = fifth.access_token().await.unwrap().unwrap();
    admin(&stack).sign_out(token, SignOutScope::Global).await.unwrap();
    ended(fifth.clone()).await;
    let error = fifth.sign_out(SignOutScope::Global).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::SessionNotFound), "{error:?}");
    assert!(fifth.get_session().await.unwrap().is_none());
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_asked_for_again() {
    let name = "a_refresh_whose_answer_was_lost_is_asked_for_again";
    let Some(stack) = stack(name, &[]) else { return };
    let (auth, user) = signed_in(&stack).await;
    let before = auth.get_session().await.unwrap().unwrap();
    let kept = |change: fn(&mut serde_json::Value)| {
        let text = SavedSession::of(&before).expose_secret().to_owned();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        let builder = builder(&stack).storage_key("session");
        async move {
            let store = Arc::new(MemoryStore::new());
            assert!(store.swap("session", None, Some(&SavedSession::from(value.to_string()))).await.unwrap());
            builder.session_store(store).build().unwrap()
        }
    };
    let after = auth.refresh_session().await.unwrap();
    assert_ne!(after.refresh_token.expose_secret(), before.refresh_token.expose_secret());
    let late = kept(|_| ()).await;
    assert_eq!(late.refresh_session().await.unwrap().user.id, user.id);
    assert_eq!(auth.get_user().await.unwrap().id, user.id);

    let wrong = kept(|session| session["refresh_token"] = "nobody's".into()).await;
    assert_eq!(wrong.refresh_session().await.unwrap_err().kind(), ErrorKind::Rejected);
    assert!(wrong.get_session().await.unwrap().is_none());
    assert_eq!(auth.get_user().await.unwrap().id, user.id);
}

#[tokio::test]
async fn a_forgotten_password_is_reset() {
    let Some(stack) = stack("a_forgotten_password_is_reset", &[Need::Mail]) else { return };
    let (auth, email) = (builder(&stack).flow_type(FlowType::Implicit).build().unwrap(), address());
    auth.sign_up(SignUp::email(&email, PASSWORD)).await.unwrap();
    if auth.get_session().await.unwrap().is_none() {
        let code = code(&mail(&stack, &email).await);
        auth.verify_otp(Verify::email(&email, code, EmailOtp::Signup)).await.unwrap();
    }
    auth.sign_out(SignOutScope::Local).await.unwrap();
    auth.reset_password_for_email(ResetPassword::of(&email)).await.unwrap();
    let mut events = auth.events();
    events.next().await.unwrap();
    let code = code(&mail_with(&stack, &email, "recovery").await);
    auth.verify_otp(Verify::email(&email, code, EmailOtp::Recovery)).await.unwrap();
    let told = [events.next().await.unwrap(), events.next().await.unwrap()];
    assert!(told.iter().any(|event| matches!(event, AuthEvent::PasswordRecovery(_))), "{told:?}");
    auth.update_user(UserUpdate::password("another horse 8 Battery")).await.unwrap();
    auth.sign_out(SignOutScope::Global).await.unwrap();
    auth.sign_in(Password::email(&email, "another horse 8 Battery")).await.unwrap();
}

#[tokio::test]
async fn a_link_from_an_email_brings_a_code_for_who_asked() {
    let name = "a_link_from_an_email_brings_a_code_for_who_asked";
    let Some(stack) = stack(name, &[Need::Mail, Need::MailLinks, Need::AuthAdmin]) else { return };
    let (auth, email) = (client(&stack), address());
    admin(&stack).create_user(NewUser::email(&email).email_confirm(true)).await.unwrap();
    let end = "http://localhost:3000/cb";
    let sent = auth.sign_in(Otp::email(&email).redirect_to(end)).await.unwrap();
    assert!(sent.flow.is_some());
    let back = follow(&link(&mail(&stack, &email).await), end).await;
    // Somebody else who has the address cannot use it.
    assert!(client(&stack).session_from_url(&back).await.is_err());
    let verified = auth.session_from_url(&back).await.unwrap();
    assert_eq!(verified.session().unwrap().user.email.as_deref(), Some(email.as_str()));
    // The link is good once, and the code too.
    let again = follow(&link(&mail(&stack, &email).await), end).await;
    let error = auth.session_from_url(&again).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OtpExpired), "{error:?}");
}

#[tokio::test]
async fn another_address_holds_once_both_have_confirmed_it() {
    let name = "another_address_holds_once_both_have_confirmed_it";
    let Some(stack) = stack(name, &[Need::Mail]) else { return };
    let (auth, user) = signed_in(&stack).await;
    let (old, new) = (user.email.unwrap(), address());
    let updated = auth.update_user(UserUpdate::email(&new)).await.unwrap();
    assert_eq!(
        (updated.user.email.as_deref(), updated.user.new_email.as_deref()),
        (Some(&*old), Some(&*new))
    );
    let first = code(&mail_with(&stack, &old, "email_change").await);
    let confirmed = auth.verify_otp(Verify::email(&old, first, EmailOtp::EmailChange)).await.unwrap();
    // Where nothing needs to be confirmed, one of both is enough.
    if !auth.settings().await.unwrap().mailer_autoconfirm {
        assert!(matches!(confirmed, Verified::OtherAddressNext { .. }), "{confirmed:?}");
        let second = code(&mail(&stack, &new).await);
        auth.verify_otp(Verify::email(&new, second, EmailOtp::EmailChange)).await.unwrap();
    }
    assert_eq!(auth.get_user().await.unwrap().email.as_deref(), Some(&*new));
}

#[tokio::test]
async fn a_nonce_is_sent_and_a_password_changed_with_it() {
    let name = "a_nonce_is_sent_and_a_password_changed_with_it";
    let Some(stack) = stack(name, &[Need::Mail]) else { return };
    let (auth, user) = signed_in(&stack).await;
    auth.reauthenticate().await.unwrap();
    let nonce = code(&mail(&stack, user.email.as_deref().unwrap()).await);
    auth.update_user(UserUpdate::password("another horse 8 Battery").nonce(nonce)).await.unwrap();
    let error = auth.update_user(UserUpdate::password("another horse 8 Battery")).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::SamePassword));
    auth.resend(Resend::signup(user.email.unwrap())).await.unwrap();
}

#[tokio::test]
async fn a_guest_becomes_a_user() {
    let Some(stack) = stack("a_guest_becomes_a_user", &[Need::Anonymous, Need::Mail]) else { return };
    let auth = client(&stack);
    let session = auth.sign_in(Anonymous::new().data(json!({ "theme": "dark" }))).await.unwrap();
    assert!(session.user.is_anonymous && auth.get_claims().await.unwrap().is_anonymous);
    let error = auth.update_user(UserUpdate::password(PASSWORD)).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::ValidationFailed));
    let updated = auth.update_user(UserUpdate::email(address())).await.unwrap();
    assert_eq!(updated.user.id, session.user.id);
}

#[tokio::test]
async fn phones_get_codes() {
    let Some(stack) = stack("phones_get_codes", &[Need::Phones, Need::AuthAdmin]) else { return };
    let (auth, phone) = (client(&stack), number());
    let answer = auth.sign_up(SignUp::phone(&phone, PASSWORD)).await.unwrap();
    assert!(answer.session.is_none());
    let code = sms(&stack, &phone).await;
    let verified = auth.verify_otp(Verify::phone(&phone, code, PhoneOtp::Sms)).await.unwrap();
    assert_eq!(verified.session().unwrap().user.phone.as_deref(), Some(phone.as_str()));
    auth.sign_in(Password::phone(&phone, PASSWORD)).await.unwrap();
    auth.sign_in(Otp::phone(&phone)).await.unwrap();

    let other = number();
    let updated = auth.update_user(UserUpdate::phone(&other)).await.unwrap();
    assert_eq!(updated.user.new_phone.as_deref(), Some(other.as_str()));
    auth.resend(Resend::phone_change(&phone)).await.unwrap();
    let code = sms(&stack, &other).await;
    auth.verify_otp(Verify::phone(&other, code, PhoneOtp::PhoneChange)).await.unwrap();
    assert_eq!(auth.get_user().await.unwrap().phone.as_deref(), Some(other.as_str()));
}

#[tokio::test]
async fn an_app_and_a_phone_are_second_factors() {
    let name = "an_app_and_a_phone_are_second_factors";
    let Some(stack) = stack(name, &[Need::Mfa, Need::Phones, Need::AuthAdmin]) else { return };
    let (auth, user) = signed_in(&stack).await;
    let mfa = auth.mfa();
    let levels = mfa.get_authenticator_assurance_level().await.unwrap();
    assert_eq!((levels.current, levels.next), (AssuranceLevel::Aal1, AssuranceLevel::Aal1));
    assert_eq!(levels.current_methods[0].method, AuthMethod::Password);

    let app = mfa.enroll(Totp::named("app").issuer("Acme")).await.unwrap();
    assert!(app.totp.qr_code.expose_secret().contains("<svg"));
    assert!(app.totp.uri.expose_secret().contains("Acme"));
    let error = mfa.enroll(Totp::named("app")).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::MfaFactorNameConflict));
    let challenge = mfa.challenge(&app.id).await.unwrap();
    let error = mfa.verify(&app.id, &challenge.id, "000000").await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::MfaVerificationFailed));
    let mut events = auth.events();
    events.next().await.unwrap();
    let session =
        mfa.challenge_and_verify(&app.id, &totp::code(app.totp.secret.expose_secret())).await.unwrap();
    assert!(matches!(events.next().await, Some(AuthEvent::MfaVerified(_))));
    assert_eq!(
        auth.get_session().await.unwrap().unwrap().access_token.expose_secret(),
        session.access_token.expose_secret()
    );
    let levels = mfa.get_authenticator_assurance_level().await.unwrap();
    assert_eq!((levels.current, levels.next), (AssuranceLevel::Aal2, AssuranceLevel::Aal2));

    let phone_number = number();
    let phone = mfa.enroll(Phone::number(format!("+{phone_number}")).named("phone")).await.unwrap();
    let challenge = mfa.challenge(ChallengeRequest::factor(&phone.id).channel(Channel::Sms)).await.unwrap();
    let code = sms(&stack, &phone_number).await;
    mfa.verify(&phone.id, &challenge.id, code).await.unwrap();
    let factors = mfa.list_factors().await.unwrap();
    assert_eq!(factors.iter().filter(|factor| factor.status == FactorStatus::Verified).count(), 2);

    // Another session of the user knows only the password.
    let other = client(&stack);
    other.sign_in(Password::email(user.email.clone().unwrap(), PASSWORD)).await.unwrap();
    let levels = other.mfa().get_authenticator_assurance_level().await.unwrap();
    assert_eq!((levels.current, levels.next), (AssuranceLevel::Aal1, AssuranceLevel::Aal2));
    let error = other.mfa().unenroll(&app.id).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InsufficientAal));

    let admin = admin(&stack).mfa();
    let renamed = admin
        .update_factor(&user.id, &phone.id, FactorChanges::new().friendly_name("old phone"))
        .await
        .unwrap();
    assert_eq!(renamed.friendly_name.as_deref(), Some("old phone"));
    assert_eq!(admin.list_factors(&user.id).await.unwrap().len(), 2);
    mfa.unenroll(&app.id).await.unwrap();
    assert_eq!(admin.delete_factor(&user.id, &phone.id).await.unwrap().id, phone.id);
    assert!(admin.list_factors(&user.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_security_key_is_a_second_factor() {
    let Some(stack) = stack("a_security_key_is_a_second_factor", &[Need::Mfa, Need::AuthAdmin]) else {
        return;
    };
    let (auth, _user) = signed_in(&stack).await;
    let (mfa, mut key) = (auth.mfa(), Authenticator::new());
    let factor = mfa.enroll(WebAuthn::named("key")).await.unwrap();
    let challenge = mfa.challenge(&factor.id).await.unwrap();
    let Some(WebAuthnChallenge::Create(options)) = &challenge.webauthn else { panic!("{challenge:?}") };
    mfa.verify(&factor.id, &challenge.id, key.create(options)).await.unwrap();
    let challenge = mfa.challenge(&factor.id).await.unwrap();
    let Some(WebAuthnChallenge::Request(options)) = &challenge.webauthn else { panic!("{challenge:?}") };
    let session = mfa.verify(&factor.id, &challenge.id, key.prove(options)).await.unwrap();
    assert_eq!(session.user.factors[0].status, FactorStatus::Verified);
    assert_eq!(auth.get_claims().await.unwrap().aal, Some(AssuranceLevel::Aal2));
}

#[tokio::test]
async fn passkeys_are_registered_used_renamed_and_deleted() {
    let name = "passkeys_are_registered_used_renamed_and_deleted";
    let Some(stack) = stack(name, &[Need::Passkeys, Need::AuthAdmin]) else { return };
    let (auth, user) = signed_in(&stack).await;
    let (passkeys, mut key) = (auth.passkeys(), Authenticator::new());
    let begun = passkeys.start_registration().await.unwrap();
    let credential = key.create(&begun.options);
    let passkey = passkeys.verify_registration(&begun.challenge_id, &credential).await.unwrap();
    let error = passkeys.verify_registration(&begun.challenge_id, &credential).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::WebAuthnChallengeNotFound));
    assert_eq!(passkeys.list().await.unwrap()[0].id, passkey.id);
    let renamed = passkeys.update(&passkey.id, "Laptop").await.unwrap();
    assert_eq!(renamed.friendly_name.as_deref(), Some("Laptop"));

    let other = client(&stack);
    let begun = other.passkeys().start_authentication().await.unwrap();
    let session = other
        .passkeys()
        .verify_authentication(&begun.challenge_id, &key.prove(&begun.options))
        .await
        .unwrap();
    assert_eq!(session.user.id, user.id);
    assert_eq!(other.get_claims().await.unwrap().amr[0].method, AuthMethod::Passkey);
    let begun = other.passkeys().start_authentication().await.unwrap();
    let forged = Authenticator::new().prove(&begun.options);
    assert!(other.passkeys().verify_authentication(&begun.challenge_id, &forged).await.is_err());

    let admin = admin(&stack).passkeys();
    assert_eq!(admin.list(&user.id).await.unwrap().len(), 1);
    passkeys.delete(&passkey.id).await.unwrap();
    let begun = passkeys.start_registration().await.unwrap();
    let credential = Authenticator::new().create(&begun.options);
    let passkey = passkeys.verify_registration(&begun.challenge_id, &credential).await.unwrap();
    admin.delete(&user.id, &passkey.id).await.unwrap();
    assert!(passkeys.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_wallet_signs_in() {
    let Some(stack) = stack("a_wallet_signs_in", &[Need::Web3]) else { return };
    let auth = client(&stack);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = gotrue_rs::Timestamp::from_unix_seconds(since.as_secs().try_into().unwrap());
    let (message, signature) = solana_sign_in(&now.to_string());
    let session = auth.sign_in(Web3::solana(&message, signature)).await.unwrap();
    assert_eq!(session.user.app_metadata["provider"], "web3");
    let (_, foreign) = solana_sign_in(&now.to_string());
    let error = auth.sign_in(Web3::solana(message, foreign)).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InvalidGrant), "{error:?}");
}

#[tokio::test]
async fn a_provider_signs_in_by_a_code() {
    let Some(stack) = stack("a_provider_signs_in_by_a_code", &[Need::OAuthProvider]) else { return };
    let auth = builder(&stack).flow_id_in_redirects(true).build().unwrap();
    let end = "http://localhost:3000/cb";
    let way = |email: &str| OAuth::provider("github").redirect_to(end).query_param("login_hint", email);
    // Two at a time, which end in the other order.
    let (email, other) = (address(), address());
    let first = auth.sign_in(way(&email)).await.unwrap();
    let second = auth.sign_in(way(&other)).await.unwrap();
    let back = follow(&second.url, end).await;
    // Somebody else who has the address cannot use it, and takes nothing from who has asked.
    assert_eq!(client(&stack).session_from_url(&back).await.unwrap_err().kind(), ErrorKind::Invalid);
    let verified = auth.session_from_url(&back).await.unwrap();
    let session = verified.session().unwrap();
    assert_eq!(session.user.email.as_deref(), Some(other.as_str()));
    assert_eq!(session.user.app_metadata["provider"], "github");
    assert!(session.provider_token.is_some());
    let back = follow(&first.url, end).await;
    let verified = auth.session_from_url(&back).await.unwrap();
    assert_eq!(verified.session().unwrap().user.email.as_deref(), Some(email.as_str()));
    assert_eq!(auth.get_user_identities().await.unwrap()[0].provider, "github");

    // The code alone, with a flow that was kept elsewhere; it is good once, and with its own verifier only.
    let next = auth.sign_in(way(&email)).await.unwrap();
    let wrong = auth.sign_in(way(&email)).await.unwrap();
    let Redirect::Code { code, .. } = Redirect::parse(&follow(&next.url, end).await).unwrap() else {
        panic!()
    };
    let elsewhere = client(&stack);
    let asked = AuthCode::new(code.clone()).flow(&wrong.flow.unwrap());
    let error = elsewhere.exchange_code_for_session(asked).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::BadCodeVerifier), "{error:?}");
    let flow = next.flow.unwrap();
    let asked = || AuthCode::new(code.clone()).flow(&flow);
    let session = elsewhere.exchange_code_for_session(asked()).await.unwrap();
    assert_eq!(session.user.email.as_deref(), Some(email.as_str()));
    let error = elsewhere.exchange_code_for_session(asked()).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::FlowStateNotFound), "{error:?}");

    let denied = auth.sign_in(way("deny")).await.unwrap();
    let error = auth.session_from_url(follow(&denied.url, end).await).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::AccessDenied), "{error:?}");
}

/// A code outlives a verifier that is not its own, so that of several flows the right one is found.
#[tokio::test]
async fn flows_that_never_ended_do_not_break_a_sign_in() {
    let name = "flows_that_never_ended_do_not_break_a_sign_in";
    let Some(stack) = stack(name, &[Need::OAuthProvider, Need::Mail]) else { return };
    let (auth, end, email) = (client(&stack), "http://localhost:3000/cb", address());
    let way = |email: &str| OAuth::provider("github").redirect_to(end).query_param("login_hint", email);
    auth.reset_password_for_email(address()).await.unwrap();
    let denied = auth.sign_in(way("deny")).await.unwrap();
    let error = auth.session_from_url(follow(&denied.url, end).await).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::AccessDenied), "{error:?}");
    auth.sign_in(Otp::email(&email)).await.unwrap();
    let typed = Verify::email(&email, code(&mail(&stack, &email).await), EmailOtp::Email);
    auth.verify_otp(typed).await.unwrap();
    auth.sign_out(SignOutScope::Local).await.unwrap();

    let (first, second) =
        (auth.sign_in(way(&email)).await.unwrap(), auth.sign_in(way(&email)).await.unwrap());
    let stranger = client(&stack).sign_in(way(&address())).await.unwrap();
    let injected = follow(&stranger.url, end).await;
    let error = auth.session_from_url(injected).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::BadCodeVerifier), "{error:?}");
    assert!(auth.get_session().await.unwrap().is_none());
    // The older of both, whose code is shown to the verifier of the newer one first.
    let back = follow(&first.url, end).await;
    assert!(auth.session_from_url(&back).await.unwrap().session().is_some());
    let error = auth.session_from_url(&back).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::FlowStateNotFound), "{error:?}");
    let verified = auth.session_from_url(follow(&second.url, end).await).await.unwrap();
    assert_eq!(verified.session().unwrap().user.email.as_deref(), Some(email.as_str()));
}

#[tokio::test]
async fn a_provider_is_linked_and_unlinked() {
    let name = "a_provider_is_linked_and_unlinked";
    let Some(stack) = stack(name, &[Need::OAuthProvider, Need::ManualLinking]) else { return };
    let end = "http://localhost:3000/cb";
    let (auth, _user) = signed_in(&stack).await;
    let way = OAuth::provider("github").redirect_to(end).query_param("login_hint", address());
    let next = auth.link_identity(way).await.unwrap();
    auth.session_from_url(follow(&next.url, end).await).await.unwrap();
    let identities = auth.get_user_identities().await.unwrap();
    assert_eq!(identities.len(), 2);
    let github = identities.iter().find(|identity| identity.provider == "github").unwrap();
    auth.unlink_identity(&github.identity_id).await.unwrap();
    let email = auth.get_user_identities().await.unwrap();
    let error = auth.unlink_identity(&email[0].identity_id).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::SingleIdentityNotDeletable));
}

#[tokio::test]
async fn programs_are_granted_access_and_lose_it() {
    let name = "programs_are_granted_access_and_lose_it";
    let Some(stack) = stack(name, &[Need::OAuthServer, Need::AuthAdmin]) else { return };
    let clients = admin(&stack).oauth();
    let new = NewOAuthClient::new(format!("Program {}", unique()), ["http://localhost:4000/cb"]);
    let program = clients.create_client(new).await.unwrap();
    assert!(program.client_secret.is_some());
    let again = clients.regenerate_client_secret(&program.client_id).await.unwrap();
    assert_ne!(
        again.client_secret.unwrap().expose_secret(),
        program.client_secret.as_ref().unwrap().expose_secret()
    );
    let changes = OAuthClientChanges::new().client_name("Renamed");
    assert_eq!(
        clients.update_client(&program.client_id, changes).await.unwrap().client_name.as_deref(),
        Some("Renamed")
    );
    assert_eq!(clients.get_client(&program.client_id).await.unwrap().client_name.as_deref(), Some("Renamed"));
    assert!(clients.list_clients().await.unwrap().iter().any(|client| client.client_id == program.client_id));

    let (auth, user) = signed_in(&stack).await;
    let oauth = auth.oauth();
    let ask = || async {
        let url = format!(
            "{}/auth/v1/oauth/authorize?client_id={}&redirect_uri=http%3A%2F%2Flocalhost%3A4000%2Fcb&response_type=code\
             &scope=email&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
             &apikey={}",
            stack.url, program.client_id, stack.anon_key
        );
        let page = supabase_testing::http::client().get(url).send().await.unwrap();
        let location = page.headers()["location"].to_str().unwrap().to_owned();
        let (_, id) = location.split_once("authorization_id=").unwrap();
        id.to_owned()
    };
    let denied = ask().await;
    assert!(matches!(oauth.get_authorization_details(&denied).await.unwrap(), Authorization::Pending(_)));
    let next = oauth.deny_authorization(&denied).await.unwrap();
    assert!(next.redirect_url.contains("error=access_denied"));

    let granted = ask().await;
    let Authorization::Pending(details) = oauth.get_authorization_details(&granted).await.unwrap() else {
        panic!()
    };
    assert_eq!((details.user.id.as_str(), details.scope.as_str()), (user.id.as_str(), "email"));
    let next = oauth.approve_authorization(&granted).await.unwrap();
    assert!(next.redirect_url.contains("code=") && !format!("{next:?}").contains("code="));
    let error = oauth.approve_authorization(&granted).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    // Once granted, it is not asked for again.
    let again = ask().await;
    assert!(matches!(oauth.get_authorization_details(&again).await.unwrap(), Authorization::Consented(_)));

    let grants = oauth.list_grants().await.unwrap();
    assert_eq!(
        (grants[0].client.id.as_str(), grants[0].scopes.as_slice()),
        (&*program.client_id, &["email".to_owned()][..])
    );
    oauth.revoke_grant(&program.client_id).await.unwrap();
    let error = oauth.revoke_grant(&program.client_id).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OAuthConsentNotFound));
    clients.delete_client(&program.client_id).await.unwrap();
    let error = clients.get_client(&program.client_id).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OAuthClientNotFound));
}

#[tokio::test]
async fn administrators_create_list_change_and_delete_users() {
    let name = "administrators_create_list_change_and_delete_users";
    let Some(stack) = stack(name, &[Need::AuthAdmin]) else { return };
    let admin = admin(&stack);
    let tag = format!("listed-{}", unique());
    let mut ids = Vec::new();
    for n in 0..5 {
        let user = NewUser::email(format!("{tag}-{n}@example.com")).password(PASSWORD).email_confirm(true);
        let user = user.user_metadata(json!({ "name": "Yoda" })).app_metadata(json!({ "plan": "trial" }));
        ids.push(admin.create_user(user).await.unwrap().id);
    }
    let page =
        admin.list_users().filter(&tag).per_page(2).order(UserOrder::CreatedAtAscending).await.unwrap();
    assert_eq!(
        (page.items.len(), page.total, page.next_page, page.last_page),
        (2, Some(5), Some(2), Some(3))
    );
    let last = admin.list_users().filter(&tag).per_page(2).page(3).await.unwrap();
    assert_eq!((last.items.len(), last.next_page), (1, None));
    let users = admin.list_users().filter(&tag).per_page(2).order(UserOrder::CreatedAtAscending).stream();
    let users: Vec<_> = users.map_ok(|user| user.id).try_collect().await.unwrap();
    assert_eq!(users, ids);

    let error = admin.create_user(NewUser::email(format!("{tag}-0@example.com"))).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::EmailExists));
    let changes = UserChanges::new().user_metadata(json!({ "name": null, "k": "v" })).role("authenticated");
    let user = admin.update_user_by_id(&ids[0], changes.ban_for(Duration::from_secs(3600))).await.unwrap();
    assert!(user.banned_until.is_some() && user.user_metadata.get("name").is_none());
    let auth = client(&stack);
    let way = || Password::email(format!("{tag}-0@example.com"), PASSWORD);
    assert_eq!(auth.sign_in(way()).await.unwrap_err().code(), Some(&Code::UserBanned));
    admin.update_user_by_id(&ids[0], UserChanges::new().unban()).await.unwrap();
    let session = auth.sign_in(way()).await.unwrap();
    admin.sign_out(session.access_token.clone(), SignOutScope::Global).await.unwrap();
    let error = auth.get_user().await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::SessionNotFound));
    let error = admin.sign_out(session.access_token.clone(), SignOutScope::Global).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::SessionNotFound));

    admin.delete_user(&ids[1]).soft().await.unwrap();
    let gone = admin.get_user_by_id(&ids[1]).await.unwrap();
    assert!(gone.deleted_at.is_some() && !gone.email.unwrap().contains(&tag));
    for id in &ids {
        admin.delete_user(id).await.unwrap();
    }
    let error = admin.get_user_by_id(&ids[0]).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::UserNotFound));

    let log = admin.audit_log().query(AuditQuery::Action("user_deleted".into())).per_page(2).await.unwrap();
    assert!(log.total.is_none_or(|total| total >= 5) && log.items.len() <= 2);
    let error = gotrue_rs::Client::new(&stack.url, stack.anon_key.as_str()).unwrap().admin().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn all_six_links_work_and_so_do_their_codes() {
    let name = "all_six_links_work_and_so_do_their_codes";
    let Some(stack) = stack(name, &[Need::AuthAdmin, Need::Mail]) else { return };
    let (admin, end) = (admin(&stack), "http://localhost:3000/cb");
    let auth = builder(&stack).flow_type(FlowType::Implicit).build().unwrap();
    let (email, invited) = (address(), address());

    let signup = admin
        .generate_link(Link::signup(&email, PASSWORD).data(json!({ "a": 1 })).redirect_to(end))
        .await
        .unwrap();
    assert_eq!((signup.verification_type, signup.redirect_to.as_str()), (LinkType::Signup, end));
    let back = follow(signup.action_link.expose_secret(), end).await;
    let verified = auth.session_from_url(back).await.unwrap();
    assert_eq!(verified.session().unwrap().user.user_metadata["a"], 1);

    let invite = admin.generate_link(Link::invite(&invited)).await.unwrap();
    let code = Verify::email(&invited, invite.email_otp.clone(), EmailOtp::Invite);
    auth.verify_otp(code).await.unwrap();

    let magic = admin.generate_link(Link::magic_link(&email)).await.unwrap();
    auth.verify_otp(Verify::token_hash(magic.hashed_token.clone(), EmailOtp::MagicLink)).await.unwrap();
    let recovery = admin.generate_link(Link::recovery(&email)).await.unwrap();
    auth.verify_otp(Verify::email(&email, recovery.email_otp.clone(), EmailOtp::Recovery)).await.unwrap();
    let unknown = admin.generate_link(Link::magic_link(address())).await.unwrap();
    assert_eq!(unknown.verification_type, LinkType::Signup);

    let new = address();
    let current = admin.generate_link(Link::email_change_current(&email, &new)).await.unwrap();
    let to_new = admin.generate_link(Link::email_change_new(&email, &new)).await.unwrap();
    // Where nothing needs to be confirmed, one of both is enough.
    if !auth.settings().await.unwrap().mailer_autoconfirm {
        let code = Verify::email(&email, current.email_otp.clone(), EmailOtp::EmailChange);
        let half = auth.verify_otp(code).await.unwrap();
        assert!(matches!(half, Verified::OtherAddressNext { .. }), "{half:?}");
    }
    auth.verify_otp(Verify::email(&new, to_new.email_otp.clone(), EmailOtp::EmailChange)).await.unwrap();
    assert_eq!(auth.get_user().await.unwrap().email.as_deref(), Some(new.as_str()));

    let guest = address();
    let user =
        admin.invite_user_by_email(&guest).data(json!({ "team": "x" })).redirect_to(end).await.unwrap();
    assert_eq!(user.user_metadata["team"], "x");
    assert!(mail(&stack, &guest).await.contains("http"));
}

#[tokio::test]
async fn companies_and_custom_providers_come_and_go() {
    let name = "companies_and_custom_providers_come_and_go";
    let Some(stack) = stack(name, &[Need::SsoProviders, Need::AuthAdmin]) else { return };
    let admin = admin(&stack);
    let recorded = recordings::case(recordings::auth(), "auth/admin_sso_providers/create");
    let body = recorded.request.body.as_ref().and_then(|body| body.json.clone()).unwrap();
    let company = format!("idp-{}.example.com", unique());
    let metadata = body["metadata_xml"].as_str().unwrap().replace("idp.3eec.example.com", &company);
    let mapping: AttributeMapping = serde_json::from_value(body["attribute_mapping"].clone()).unwrap();
    let providers = admin.sso_providers();
    let new = NewSsoProvider::saml_xml(&metadata).domains([&*company]).attribute_mapping(mapping.clone());
    let provider = providers.create(new).await.unwrap();
    assert_eq!(provider.saml.unwrap().attribute_mapping, mapping);
    let error = providers.create(NewSsoProvider::saml_xml(metadata)).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::SamlIdpAlreadyExists));
    assert!(providers.list().await.unwrap().iter().any(|known| known.id == provider.id));
    let next = client(&stack).sign_in(Sso::domain(&*company)).await.unwrap();
    assert!(next.url.contains("SAMLRequest="), "{}", next.url);
    client(&stack).sign_in(Sso::provider_id(&*provider.id)).await.unwrap();
    let resource = format!("res-{}", unique());
    let changes = SsoProviderChanges::new().resource_id(&*resource).disabled(true);
    assert!(providers.update(&provider.id, changes).await.unwrap().disabled);
    assert_eq!(providers.get(&format!("resource_{resource}")).await.unwrap().id, provider.id);
    let error = client(&stack).sign_in(Sso::domain(&*company)).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::SsoProviderDisabled));
    assert_eq!(providers.delete(&provider.id).await.unwrap().id, provider.id);
    assert_eq!(providers.get(&provider.id).await.unwrap_err().code(), Some(&Code::SsoProviderNotFound));

    let custom = admin.custom_providers();
    let identifier = format!("custom:acme{}", unique() % 1_000_000_000);
    let new = NewCustomProvider::oauth2(&identifier, "Acme", "cid")
        .client_secret("secret")
        .scopes(["email"])
        .authorization_url("https://203.0.114.10/authorize")
        .token_url("https://203.0.114.10/token")
        .userinfo_url("https://203.0.114.10/me");
    assert!(!format!("{new:?}").contains("secret"));
    let provider = custom.create(new.clone()).await.unwrap();
    assert_eq!((provider.provider_type, provider.enabled), (ProviderType::OAuth2, true));
    assert_eq!(custom.create(new).await.unwrap_err().code(), Some(&Code::Conflict));
    let changed =
        custom.update(&identifier, CustomProviderChanges::new().name("Beta").enabled(false)).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.enabled), ("Beta", false));
    assert_eq!(custom.get(&identifier).await.unwrap().name, "Beta");
    let listed = custom.list(Some(ProviderType::OAuth2)).await.unwrap();
    assert!(listed.iter().any(|known| known.identifier == identifier));
    custom.delete(&identifier).await.unwrap();
    assert_eq!(custom.get(&identifier).await.unwrap_err().code(), Some(&Code::CustomProviderNotFound));
}

#[tokio::test]
async fn tokens_are_verified_with_the_projects_keys() {
    let name = "tokens_are_verified_with_the_projects_keys";
    let Some(stack) = stack(name, &[Need::SigningKeys, Need::AuthAdmin]) else { return };
    let (auth, user) = signed_in(&stack).await;
    let token = auth.access_token().await.unwrap().unwrap();
    let verifier = client(&stack).jwt_verifier().audience("authenticated");
    let claims = verifier.verify(token.expose_secret()).await.unwrap();
    assert_eq!(claims.sub, user.id);
    // The server forgets the session, and the token is still what it was.
    auth.sign_out(SignOutScope::Global).await.unwrap();
    verifier.verify(token.expose_secret()).await.unwrap();
    assert!(auth.get_user_by(token.clone()).await.is_err());
    let mut forged = token.expose_secret().to_owned();
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    assert_eq!(verifier.verify(&forged).await.unwrap_err().kind(), ErrorKind::InvalidJwt);
    // An API key of the old kind is no user.
    if stack.anon_key.starts_with("eyJ") {
        assert!(verifier.verify(&stack.anon_key).await.is_err());
    }
}

#[tokio::test]
async fn the_server_tells_what_it_allows() {
    let Some(stack) = stack("the_server_tells_what_it_allows", &[]) else { return };
    let auth = client(&stack);
    let settings = auth.settings().await.unwrap();
    assert_eq!(settings.external.get("email"), Some(&true));
    assert_eq!(settings.passkeys_enabled, !lacks(Need::Passkeys));
    assert!(!auth.health().await.unwrap().version.is_empty());
}
