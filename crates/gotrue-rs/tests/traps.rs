//! What other clients got wrong, by the list of the service's contract and the reports of their users. Each test names
//! its trap.

mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use common::{Sent, Server, error, session, store_with};
use futures_util::FutureExt;
use gotrue_rs::{
    Anonymous, AuthCode, AuthEvent, Channel, Code, EmailOtp, ErrorKind, FlowType, IdToken, OAuth, Otp,
    Password, PendingFlow, PhoneOtp, Resend, ResetPassword, SessionStore, SignOutScope, SignUp, Sso, User,
    UserUpdate, Verified, Verify, Web3,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use supabase_testing::raw::{Answer as RawAnswer, Raw};
use supabase_testing::recordings;

/// What the server answered in a recorded case.
fn recorded(case: &str) -> Value {
    recordings::auth()[case].last().unwrap().response.body.clone().unwrap().json.unwrap()
}

/// 1: a sign-up that waits for confirmation is answered with a bare user, another one with a session.
#[tokio::test]
async fn a_sign_up_answers_with_a_bare_user_or_a_session() {
    let nth = AtomicU32::new(0);
    let cases = ["auth/sign_up/email", "auth/sign_up/email_autoconfirm"];
    let server =
        Server::start(move |_| (200, recorded(cases[nth.fetch_add(1, Ordering::SeqCst) as usize]))).await;
    let auth = server.client();
    let waiting = auth.sign_up(SignUp::email("a@example.com", "Password123")).await.unwrap();
    assert!(waiting.session.is_none() && waiting.user.confirmation_sent_at.is_some());
    assert!(waiting.flow.is_some(), "the code of the link needs it");
    assert!(auth.get_session().await.unwrap().is_none());
    let done = auth.sign_up(SignUp::email("a@example.com", "Password123")).await.unwrap();
    let held = auth.sessions_token().await;
    assert_eq!(Some(done.session.unwrap().access_token.expose_secret().to_owned()), held);
}

/// The token as it is held, even if the recorded one has long expired.
trait Held {
    async fn sessions_token(&self) -> Option<String>;
}

impl Held for gotrue_rs::Client {
    async fn sessions_token(&self) -> Option<String> {
        match self.events().next().await {
            Some(AuthEvent::InitialSession(session)) => {
                session.map(|session| session.access_token.expose_secret().to_owned())
            }
            other => panic!("{other:?}"),
        }
    }
}

/// 1: an existing address answers with an invented user, and signs nobody in.
#[tokio::test]
async fn an_existing_address_signs_nobody_in() {
    let server = Server::start(|_| (200, recorded("auth/sign_up/email_existing_confirmed_obfuscated"))).await;
    let answer = server.client().sign_up(SignUp::email("a@example.com", "Password123")).await.unwrap();
    assert!(answer.session.is_none() && answer.user.role.is_none() && answer.user.identities.is_empty());
}

/// 2, supabase/auth#2136, auth-js#213: a refresh may answer with the same refresh token again, and what it answers with
/// is kept.
#[tokio::test]
async fn the_refresh_token_of_the_answer_is_kept_even_if_it_is_the_same() {
    let server = Server::start(|_| {
        let mut answer = session("ada", 1, 3600);
        answer["refresh_token"] = "refresh-ada-0".into();
        (200, answer)
    })
    .await;
    let store = store_with("ada", -1);
    let auth = server.builder_with(&store).build().unwrap();
    auth.access_token().await.unwrap();
    let kept = store.load("key").await.unwrap().unwrap().session().unwrap();
    assert_eq!(kept.refresh_token.expose_secret(), "refresh-ada-0");
    assert_eq!(kept.access_token.expose_secret(), "access-ada-1");
}

/// 3: the server refuses a session for good with 400, not 401; see `sessions.rs` for each of its codes.
#[tokio::test]
async fn a_session_ends_by_400_and_not_by_401_of_a_gateway() {
    for (status, body, ends) in [
        (400, error("refresh_token_not_found"), true),
        (401, json!({ "message": "No API key found in request" }), false),
    ] {
        let server = Server::start(move |_| (status, body.clone())).await;
        let store = store_with("ada", -1);
        let auth = server.builder_with(&store).build().unwrap();
        assert!(auth.access_token().await.is_err());
        assert_eq!(store.load("key").await.unwrap().is_none(), ends);
    }
}

/// 4: a code that came too late says so, and its flow is over; after any other error it can be tried again.
#[tokio::test]
async fn a_code_can_be_tried_again_unless_it_has_expired() {
    let nth = AtomicU32::new(0);
    let server = Server::start(move |sent: &Sent| match sent.path.as_str() {
        "/token" => match nth.fetch_add(1, Ordering::SeqCst) {
            0 => (500, error("unexpected_failure")),
            1 => (422, error("flow_state_expired")),
            _ => panic!("it was over"),
        },
        _ => (200, json!({})),
    })
    .await;
    let auth = server.client();
    let flow = auth.reset_password_for_email("a@example.com").await.unwrap().flow.unwrap();
    let code = || AuthCode::new("code").flow_id(flow.id());
    assert_eq!(auth.exchange_code_for_session(code()).await.unwrap_err().status(), Some(500));
    let error = auth.exchange_code_for_session(code()).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::FlowStateExpired));
    let error = auth.exchange_code_for_session("code").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "no flow is left");
}

/// 5, auth-js#678, supabase-js#2557: each flow has a verifier of its own, and a flow never uses another's.
#[tokio::test]
async fn flows_that_run_at_once_keep_their_verifiers_apart() {
    let server = Server::start(|sent| match sent.path.as_str() {
        "/token" => (200, session("ada", 1, 3600)),
        _ => (200, json!({})),
    })
    .await;
    let auth = server.client();
    let oauth = auth.sign_in(OAuth::provider("github")).await.unwrap();
    let reset = auth.reset_password_for_email("a@example.com").await.unwrap();
    let (oauth_flow, reset_flow) = (oauth.flow.unwrap(), reset.flow.unwrap());
    assert_ne!(oauth_flow.id(), reset_flow.id());
    let challenge = server.last().body["code_challenge"].as_str().unwrap().to_owned();

    let error = auth.exchange_code_for_session(AuthCode::new("code").flow_id("another")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);

    let mut events = auth.events();
    auth.exchange_code_for_session(AuthCode::new("code").flow_id(reset_flow.id())).await.unwrap();
    let verifier = server.last().body["code_verifier"].as_str().unwrap().to_owned();
    assert!(!oauth.url.contains(&challenge));
    // The other one is left.
    auth.exchange_code_for_session("code").await.unwrap();
    assert_ne!(server.last().body["code_verifier"].as_str().unwrap(), verifier);

    // The one that was for a password says so; the other does not.
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(None))));
    assert!(matches!(events.next().await, Some(AuthEvent::SignedIn(_))));
    assert!(matches!(events.next().await, Some(AuthEvent::PasswordRecovery(_))));
    assert!(matches!(events.next().await, Some(AuthEvent::SignedIn(_))));
    assert!(events.next().now_or_never().is_none());
}

/// 5: a flow goes on in another process, by a text that the program keeps.
#[tokio::test]
async fn a_flow_ends_in_another_process() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let start = server.client().sign_in(OAuth::provider("github")).await.unwrap();
    let text = start.flow.unwrap().to_secret();
    let other = server.client();
    let flow = PendingFlow::from_secret(&text).unwrap();
    other.exchange_code_for_session(AuthCode::new("code").flow(&flow)).await.unwrap();
    let sent = server.last();
    assert!(text.expose_secret().contains(sent.body["code_verifier"].as_str().unwrap()));
}

/// 5: with the id of the flow in the redirect, several flows find their end by the address alone.
#[tokio::test]
async fn an_address_can_say_which_flow_it_ends() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let auth = server.builder().flow_id_in_redirects(true).build().unwrap();
    let first = auth.sign_in(OAuth::provider("github").redirect_to("http://a/cb?x=1")).await.unwrap();
    auth.sign_in(OAuth::provider("github").redirect_to("http://a/cb")).await.unwrap();
    let id = first.flow.unwrap().id().to_owned();
    assert!(
        first.url.contains(&format!("redirect_to=http%3A%2F%2Fa%2Fcb%3Fx%3D1%26sb_flow_id%3D{id}")),
        "{}",
        first.url
    );
    let verified = auth.session_from_url(format!("http://a/cb?x=1&sb_flow_id={id}&code=c")).await.unwrap();
    assert!(verified.session().is_some());
    let error = auth.session_from_url(format!("http://a/cb?sb_flow_id={id}&code=c")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "that flow has ended, and no other is taken");
}

/// 5: a parameter of the program's own is none of ours, and one of ours that nobody has added is somebody else's.
#[tokio::test]
async fn an_address_says_nothing_of_its_flow_unless_it_was_asked_to() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let auth = server.builder().flow_id_in_redirects(true).build().unwrap();
    auth.sign_in(OAuth::provider("github")).await.unwrap();
    auth.session_from_url("http://a/cb?flow_id=checkout&flow_id=2&code=c").await.unwrap();
    let auth = server.client();
    auth.sign_in(OAuth::provider("github")).await.unwrap();
    auth.session_from_url("http://a/cb?sb_flow_id=another&code=c").await.unwrap();
}

/// 5: a challenge and its method come together or not at all, and never with a phone.
#[tokio::test]
async fn a_challenge_goes_with_a_link_and_with_its_method() {
    for (flow_type, has) in [(FlowType::Pkce, true), (FlowType::Implicit, false)] {
        let server = Server::start(|sent| match sent.path.as_str() {
            "/signup" | "/user" => (200, json!({ "id": "ada" })),
            "/sso" => (200, json!({ "url": "https://idp" })),
            _ => (200, json!({})),
        })
        .await;
        let auth = server.builder_with(&store_with("ada", 3600)).flow_type(flow_type).build().unwrap();
        auth.sign_up(SignUp::email("a@example.com", "Password123")).await.unwrap();
        auth.sign_in(Otp::email("a@example.com")).await.unwrap();
        auth.reset_password_for_email("a@example.com").await.unwrap();
        auth.resend(Resend::signup("a@example.com")).await.unwrap();
        auth.sign_in(Sso::domain("example.com")).await.unwrap();
        auth.update_user(UserUpdate::email("b@example.com")).await.unwrap();
        for sent in server.sent() {
            assert_eq!(sent.body.get("code_challenge").is_some(), has, "{}", sent.path);
            // 6: in lower case, as is the custom.
            assert_eq!(sent.body["code_challenge_method"].as_str(), has.then_some("s256"), "{}", sent.path);
        }
        let before = server.sent().len();
        auth.sign_up(SignUp::phone("+13334445555", "Password123").channel(Channel::WhatsApp)).await.unwrap();
        auth.sign_in(Otp::phone("+13334445555")).await.unwrap();
        auth.resend(Resend::sms("+13334445555")).await.unwrap();
        auth.update_user(UserUpdate::phone("+13334445555")).await.unwrap();
        for sent in &server.sent()[before..] {
            assert!(sent.body.get("code_challenge").is_none(), "{}", sent.path);
            assert!(sent.body.get("code_challenge_method").is_none(), "{}", sent.path);
        }
    }
}

/// 5: a call that is not sent begins no flow, which would take the place of one that waits for its code.
#[tokio::test]
async fn a_call_that_is_not_sent_begins_no_flow() {
    let server = Server::start(|_| (200, json!({}))).await;
    let auth = server.builder_with(&store_with("ada", 3600)).build().unwrap();
    let (address, no_map) = ("a@example.com", 1);
    for error in [
        auth.sign_up(SignUp::email(address, "Password123").data(no_map)).await.unwrap_err(),
        auth.sign_in(Otp::email(address).data(no_map)).await.unwrap_err(),
        auth.update_user(UserUpdate::email(address).and(UserUpdate::data(no_map))).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let error = auth.exchange_code_for_session("code").await.unwrap_err();
        assert!(error.message().contains("no flow has begun"), "{error}");
    }
    assert!(server.sent().is_empty());
}

/// 5: a mail that is asked for too early is not sent, and the link of the one before it stays good.
#[tokio::test]
async fn a_mail_that_is_refused_leaves_the_flow_of_the_one_before_it() {
    let asked = AtomicU32::new(0);
    let server = Server::start(move |sent| match sent.path.as_str() {
        "/token" => (200, session("ada", 1, 3600)),
        _ if asked.fetch_add(1, Ordering::SeqCst) == 0 => (200, json!({})),
        _ => (429, error("over_email_send_rate_limit")),
    })
    .await;
    let auth = server.client();
    let first = auth.sign_in(Otp::email("a@example.com")).await.unwrap().flow.unwrap();
    let error = auth.sign_in(Otp::email("a@example.com")).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::OverEmailSendRateLimit));
    auth.exchange_code_for_session("code").await.unwrap();
    let verifier = server.last().body["code_verifier"].as_str().unwrap().to_owned();
    assert!(first.to_secret().expose_secret().contains(&verifier));
}

/// 7: an answer without a body, and one with an empty object.
#[tokio::test]
async fn an_empty_answer_is_an_answer() {
    let server = Server::start(|sent| match sent.path.as_str() {
        "/logout" => (204, Value::Null),
        _ => (200, json!({})),
    })
    .await;
    let auth = server.builder_with(&store_with("ada", 3600)).build().unwrap();
    assert_eq!(auth.sign_in(Otp::email("a@example.com")).await.unwrap().message_id, None);
    assert_eq!(auth.reauthenticate().await.unwrap().message_id, None);
    auth.unlink_identity("00000000-0000-4000-8000-000000000000").await.unwrap();
    auth.sign_out(SignOutScope::Global).await.unwrap();
}

/// 8: who is signed out already is signed out.
#[tokio::test]
async fn a_session_that_is_gone_is_signed_out() {
    for (status, body, is_done) in [
        (403, error("session_not_found"), true),
        (401, error("no_authorization"), true),
        (404, error("user_not_found"), true),
        // A gateway, or an address that is not the service's, says nothing about the session.
        (401, json!({ "message": "Invalid API key" }), false),
        (404, json!("<html>404</html>"), false),
        (403, json!({ "error": "forbidden" }), false),
        (403, json!({ "error": "access_denied" }), false),
        (500, error("unexpected_failure"), false),
    ] {
        let server = Server::start(move |_| (status, body.clone())).await;
        let auth = server.builder_with(&store_with("ada", 3600)).build().unwrap();
        assert_eq!(auth.sign_out(SignOutScope::Local).await.is_ok(), is_done, "{status}");
        assert_eq!(auth.access_token().await.unwrap().is_none(), is_done, "{status}");
    }
}

/// 9: a phone number comes back without its plus sign, an address in lower case: they are what the server says.
#[tokio::test]
async fn the_users_phone_and_address_are_the_servers() {
    let user: User = serde_json::from_value(recorded("auth/sign_up/phone")).unwrap();
    assert!(user.phone.is_some_and(|phone| !phone.starts_with('+')) && user.email.is_none());
    let user: User = serde_json::from_value(recorded("auth/sign_up/email_uppercase")).unwrap();
    let email = user.email.unwrap();
    assert_eq!(email, email.to_lowercase());
}

/// 10: a code that was followed by a newer one, as any other that is of no use, is `otp_expired`.
#[tokio::test]
async fn a_code_of_no_use_has_one_name() {
    let server = Server::start(|_| (403, recorded("auth/verify_otp/email_reused"))).await;
    let auth = server.client();
    let verify = Verify::email("a@example.com", "123456", EmailOtp::Email);
    assert_eq!(auth.verify_otp(verify).await.unwrap_err().code(), Some(&Code::OtpExpired));
}

/// 15: the audience is one name or a list.
#[test]
fn an_audience_is_a_name_or_a_list() {
    for aud in [json!("authenticated"), json!(["authenticated", "more"])] {
        let user: User = serde_json::from_value(json!({ "id": "ada", "aud": aud })).unwrap();
        assert!(user.aud.contains("authenticated"));
    }
}

/// 16: what an ID token or a wallet is refused with has no code of the service's; it is OAuth's.
#[tokio::test]
async fn a_refused_id_token_or_wallet_says_why() {
    let nth = AtomicU32::new(0);
    let cases = ["auth/sign_in_with_id_token/bad_token", "auth/sign_in_with_web3/message_short"];
    let server =
        Server::start(move |_| (400, recorded(cases[nth.fetch_add(1, Ordering::SeqCst) as usize]))).await;
    let auth = server.client();
    for error in [
        auth.sign_in(IdToken::new("google", "bad")).await.unwrap_err(),
        auth.sign_in(Web3::solana("short", "sig")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert!(error.code().is_some() && !error.message().is_empty(), "{error:?}");
    }
}

/// 17: a weak password may ride on a sign-in that succeeds, and is `null` elsewhere.
#[tokio::test]
async fn a_weak_password_that_still_works_is_told() {
    let nth = AtomicU32::new(0);
    let cases = [
        "auth/sign_in_with_password/weak_password_in_session",
        "auth/sign_in_with_password/es256_refresh_v2",
    ];
    let server =
        Server::start(move |_| (200, recorded(cases[nth.fetch_add(1, Ordering::SeqCst) as usize]))).await;
    let auth = server.client();
    let weak = auth.sign_in(Password::email("a@example.com", "weak")).await.unwrap();
    assert_eq!(weak.weak_password.as_ref().unwrap().reasons.len(), 2);
    let strong = auth.sign_in(Password::email("a@example.com", "Password123")).await.unwrap();
    assert!(strong.weak_password.is_none());
}

/// 18: when a token expires is told in the server's time; see also `sessions.rs`.
#[tokio::test]
async fn a_token_is_as_old_as_the_server_says_and_not_as_this_clock_does() {
    let server = Server::start(|_| (200, session("ada", 1, 3600 - 86_400))).await;
    let auth = server.client();
    auth.sign_in(Password::email("a@example.com", "Password123")).await.unwrap();
    assert!(auth.access_token().await.unwrap().is_some());
    assert_eq!(server.refreshes(), 0);
}

/// supabase-swift's and flutter's migration notes: the first of two confirmations of another address is no session.
#[tokio::test]
async fn the_first_of_two_confirmations_signs_nobody_in() {
    let server = Server::start(|_| (200, recorded("auth/verify_otp/email_change_first"))).await;
    let auth = server.client();
    let verify = Verify::email("a@example.com", "123456", EmailOtp::EmailChange);
    let Verified::OtherAddressNext { message } = auth.verify_otp(verify).await.unwrap() else {
        panic!("a session came of it")
    };
    assert!(message.contains("other email"), "{message}");
    assert!(auth.get_session().await.unwrap().is_none());
}

/// supabase-py: null metadata and users without identity data broke the decoding.
#[test]
fn every_recorded_user_and_session_is_read() {
    let (mut users, mut sessions) = (0, 0);
    for exchange in recordings::auth().values().flatten() {
        let Some(json) = exchange.response.body.as_ref().and_then(|body| body.json.clone()) else { continue };
        let list = json.get("users").and_then(Value::as_array).cloned().unwrap_or_default();
        let user = json.get("user").filter(|user| user.get("aud").is_some()).cloned();
        let bare = (json.get("app_metadata").is_some()).then(|| json.clone());
        for user in list.into_iter().chain(user).chain(bare) {
            let read: User = serde_json::from_value(user.clone())
                .unwrap_or_else(|error| panic!("{}: {error}", exchange.case));
            assert_eq!(read.id, user["id"], "{}", exchange.case);
            for (name, value) in &read.extra {
                // A generated link stands flat beside its user.
                let is_link =
                    ["action_link", "email_otp", "hashed_token", "verification_type", "redirect_to"];
                assert!(is_link.contains(&name.as_str()), "{}: {name} = {value}", exchange.case);
            }
            users += 1;
        }
        if json.get("refresh_token").is_some() && json.get("user").is_some() {
            let text = gotrue_rs::SavedSession::from(json.to_string());
            let session = text.session().unwrap_or_else(|error| panic!("{}: {error}", exchange.case));
            assert_eq!(session.expires_at.as_unix_seconds(), json["expires_at"].as_i64().unwrap());
            sessions += 1;
        }
    }
    assert!(users > 100 && sessions > 50, "{users} users, {sessions} sessions");
}

/// A guest is one who gave neither address nor number, and says nothing of either.
#[tokio::test]
async fn a_guest_gives_nothing() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    server.client().sign_in(Anonymous::new()).await.unwrap();
    assert_eq!((server.last().path.as_str(), server.last().body), ("/signup", json!({})));
}

/// supabase/auth: `redirect_to` is a parameter of the address and never of the body, but for SSO.
#[tokio::test]
async fn a_redirect_stands_in_the_address() {
    let server = Server::start(|sent| match sent.path.as_str() {
        "/signup" => (200, json!({ "id": "ada" })),
        "/sso" => (200, json!({ "url": "https://idp" })),
        _ => (200, json!({})),
    })
    .await;
    let auth = server.client();
    let back = "http://localhost:3000/welcome?a=1&b=x%20y";
    auth.sign_up(SignUp::email("a@example.com", "Password123").redirect_to(back)).await.unwrap();
    auth.sign_in(Otp::email("a@example.com").redirect_to(back)).await.unwrap();
    auth.resend(Resend::signup("a@example.com").redirect_to(back)).await.unwrap();
    auth.reset_password_for_email(ResetPassword::of("a@example.com").redirect_to(back)).await.unwrap();
    for sent in server.sent() {
        assert_eq!(sent.query("redirect_to"), Some(back), "{}", sent.path);
        assert!(sent.body.get("redirect_to").is_none(), "{}", sent.path);
    }
    auth.sign_in(Sso::provider_id("id").redirect_to(back)).await.unwrap();
    assert_eq!(server.last().body["redirect_to"], back);
}

/// supabase-js: tokens in an address that nobody has asked for signed a victim in as the attacker.
#[tokio::test]
async fn tokens_that_nobody_has_asked_for_are_not_taken() {
    let server = Server::start(|_| (200, json!({ "id": "eve" }))).await;
    let address =
        "http://a/cb#access_token=a.b.c&refresh_token=r&expires_in=3600&token_type=bearer&type=signup";
    let error = server.client().session_from_url(address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(server.sent().is_empty());

    let auth = server.builder().flow_type(FlowType::Implicit).build().unwrap();
    let verified = auth.session_from_url(address).await.unwrap();
    assert_eq!(verified.session().unwrap().user.id, "eve");
    assert_eq!(
        server.last().header("authorization"),
        Some("Bearer a.b.c"),
        "whose they are, the server says"
    );
}

/// A link may be opened long after the server has led to it, and by a machine whose clock is wrong.
#[tokio::test]
async fn tokens_in_an_address_live_as_long_as_the_server_says() {
    let address = |expires_at: i64| {
        let tokens = format!("access_token=a.b.c&refresh_token=r&expires_in=3600&expires_at={expires_at}");
        format!("http://a/cb#{tokens}&token_type=bearer&type=signup")
    };
    let server = Server::start(|sent| match sent.path.as_str() {
        "/token" => (200, session("ada", 1, 3600)),
        _ => (200, json!({ "id": "ada" })),
    })
    .await;
    for (left, refreshes) in [(3590, 0), (10, 1)] {
        let auth = server.builder().flow_type(FlowType::Implicit).build().unwrap();
        auth.session_from_url(address(common::now() + left)).await.unwrap();
        auth.access_token().await.unwrap().unwrap();
        assert_eq!(server.refreshes(), refreshes, "{left}");
    }
    // The server's clock is two hours ahead, or behind; the token has come just now.
    for skew in [7200, -7200] {
        let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs((common::now() + skew) as u64);
        let (date, body) = (httpdate::fmt_http_date(date), r#"{"id":"ada"}"#);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: {date}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let server = Raw::start([RawAnswer::Bytes(answer.into())]);
        let auth =
            common::at(server.url()).auto_refresh_token(false).flow_type(FlowType::Implicit).build().unwrap();
        auth.session_from_url(address(common::now() + skew + 3600)).await.unwrap();
        assert_eq!(auth.access_token().await.unwrap().unwrap().expose_secret(), "a.b.c", "{skew}");
    }
}

/// Each request asks for the form of errors that has codes.
#[tokio::test]
async fn every_request_names_the_version_of_the_api() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let auth = server.client();
    auth.verify_otp(Verify::phone("+13334445555", "123456", PhoneOtp::Sms)).await.unwrap();
    auth.sign_in(Password::phone("+13334445555", "Password123")).await.unwrap();
    for sent in server.sent() {
        assert_eq!(sent.header("x-supabase-api-version"), Some("2024-01-01"));
        assert_eq!(sent.header("apikey"), Some("sb_publishable_test"));
        assert_eq!(sent.header("authorization"), None, "a key of the new kind is no bearer");
    }
}

/// A parameter for the provider cannot take the place of one of the server's.
#[tokio::test]
async fn a_parameter_for_the_provider_overrides_nothing() {
    let server = Server::start(|_| (200, json!({}))).await;
    let auth = server.client();
    let url = auth
        .sign_in(OAuth::provider("github").query_param("prompt", "consent").scopes(["repo", "gist"]))
        .await
        .unwrap()
        .url;
    assert!(url.contains("prompt=consent") && url.contains("scopes=repo+gist"), "{url}");
    for name in ["provider", "redirect_to", "code_challenge", "scopes"] {
        let error = auth.sign_in(OAuth::provider("github").query_param(name, "x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{name}");
    }
}
