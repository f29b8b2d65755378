//! A flow that nobody came back from stands in no other's way, and what comes back unasked for ends none.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Sent, Server, error, session, store_with};
use futures_util::FutureExt;
use gotrue_rs::{
    AuthCode, AuthEvent, Client, Code, EmailOtp, ErrorKind, OAuth, Otp, PendingFlow, Resend, ResetPassword,
    UserUpdate, Verify,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const END: &str = "http://localhost:3000/cb";

/// What the server does with a code: the text of ours is the challenge of its flow.
fn exchange(sent: &Sent) -> (u16, Value) {
    let (code, verifier) = (&sent.body["auth_code"], &sent.body["code_verifier"]);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_str().unwrap().as_bytes());
    match code.as_str().unwrap() {
        "used" => (404, error("flow_state_not_found")),
        "expired" => (422, error("flow_state_expired")),
        "broken" => (500, error("unexpected_failure")),
        challenge if challenge == URL_SAFE_NO_PAD.encode(hash) => (200, session("ada", 1, 3600)),
        _ => (400, error("bad_code_verifier")),
    }
}

async fn server() -> Server {
    Server::start(|sent| match sent.path.as_str() {
        "/token" => exchange(sent),
        "/verify" => (200, session("ada", 2, 3600)),
        "/user" => (200, json!({ "id": "ada", "email": sent.body["email"] })),
        _ => (200, json!({})),
    })
    .await
}

/// The code that comes back at the end of a flow.
fn code_of(flow: &PendingFlow) -> String {
    let text: Value = serde_json::from_str(flow.to_secret().expose_secret()).unwrap();
    let verifier = text["verifier"].as_str().unwrap().as_bytes();
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier))
}

async fn begin(auth: &Client) -> PendingFlow {
    auth.sign_in(OAuth::provider("github").redirect_to(END)).await.unwrap().flow.unwrap()
}

/// Whether the flow comes to its end by an address that does not name it.
async fn ends(auth: &Client, flow: &PendingFlow) -> Result<(), gotrue_rs::Error> {
    auth.session_from_url(format!("{END}?code={}", code_of(flow))).await.map(drop)
}

/// Whether the flow still waits.
async fn waits(auth: &Client, flow: &PendingFlow) -> bool {
    let code = AuthCode::new("broken").flow_id(flow.id());
    auth.exchange_code_for_session(code).await.unwrap_err().status() == Some(500)
}

#[tokio::test]
async fn flows_that_never_ended_do_not_break_the_next_sign_in() {
    let server = server().await;
    let auth = server.client();
    // A mistyped address, a recovery for nobody, a consent that was denied, a browser that was closed.
    auth.sign_in(Otp::email("adda@example.com")).await.unwrap();
    auth.reset_password_for_email("nobody@example.com").await.unwrap();
    for _ in 0..3 {
        begin(&auth).await;
        let denied = format!("{END}?error=access_denied#error=access_denied");
        assert_eq!(auth.session_from_url(denied).await.unwrap_err().code(), Some(&Code::AccessDenied));
    }
    let flow = begin(&auth).await;
    ends(&auth, &flow).await.unwrap();
    assert_eq!(
        server.sent().iter().filter(|sent| sent.grant() == "pkce").count(),
        1,
        "the newest is tried first"
    );
}

#[tokio::test]
async fn a_code_finds_its_flow_among_several_whichever_is_first() {
    let server = server().await;
    let auth = server.client();
    let mail = auth.reset_password_for_email("ada@example.com").await.unwrap().flow.unwrap();
    let (first, second) = (begin(&auth).await, begin(&auth).await);
    let mut events = auth.events();
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(None))));
    ends(&auth, &first).await.unwrap();
    assert!(matches!(events.next().await, Some(AuthEvent::SignedIn(_))));
    assert!(events.next().now_or_never().is_none());
    ends(&auth, &mail).await.unwrap();
    // It is the purpose of the flow that the code belongs to.
    assert!(matches!(events.next().await, Some(AuthEvent::SignedIn(_))));
    assert!(matches!(events.next().await, Some(AuthEvent::PasswordRecovery(_))));
    ends(&auth, &second).await.unwrap();
    assert_eq!(ends(&auth, &second).await.unwrap_err().kind(), ErrorKind::Invalid, "each is good once");
}

/// A code that somebody else has asked for fails, takes no flow with it, and cannot have any number of requests sent.
#[tokio::test]
async fn a_foreign_code_fails_and_ends_nothing() {
    let server = server().await;
    let (auth, stranger) = (server.client(), server.client());
    let foreign = begin(&stranger).await;
    assert_eq!(
        ends(&auth, &foreign).await.unwrap_err().kind(),
        ErrorKind::Invalid,
        "nothing was asked for here"
    );
    let mut flows = Vec::new();
    for _ in 0..5 {
        flows.push(begin(&auth).await);
    }
    let before = server.sent().len();
    let error = ends(&auth, &foreign).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&Code::BadCodeVerifier)));
    assert_eq!(server.sent().len() - before, 5);
    assert!(auth.get_session().await.unwrap().is_none());
    for flow in &flows {
        ends(&auth, flow).await.unwrap();
    }
    ends(&stranger, &foreign).await.unwrap();
}

/// A tab of yesterday, a page that is loaded again: what they say is not about the flow that waits now.
#[tokio::test]
async fn a_stale_address_ends_no_other_flow() {
    let server = server().await;
    let auth = server.client();
    let flow = begin(&auth).await;
    for (stale, code) in [
        ("code=expired", Code::FlowStateExpired),
        ("code=used", Code::FlowStateNotFound),
        ("error=access_denied&error_code=otp_expired", Code::OtpExpired),
        ("sb_flow_id=another&error=access_denied", Code::AccessDenied),
    ] {
        let error = auth.session_from_url(format!("{END}?{stale}")).await.unwrap_err();
        assert_eq!(error.code(), Some(&code));
    }
    ends(&auth, &flow).await.unwrap();
}

#[tokio::test]
async fn an_address_that_names_its_flow_ends_it_whatever_it_brings() {
    let server = server().await;
    let auth = server.builder().flow_id_in_redirects(true).build().unwrap();
    for brings in ["error=access_denied#error=access_denied", "code=expired", "code=used"] {
        let (other, flow) = (begin(&auth).await, begin(&auth).await);
        auth.session_from_url(format!("{END}?sb_flow_id={}&{brings}", flow.id())).await.unwrap_err();
        assert!(!waits(&auth, &flow).await && waits(&auth, &other).await, "{brings}");
    }
}

/// The answer is a gateway's, and the mail may be on its way.
#[tokio::test]
async fn a_mail_whose_answer_was_lost_leads_to_its_end() {
    let server = Server::start(|sent| match sent.path.as_str() {
        "/token" => exchange(sent),
        _ => (504, json!("<html>gateway timeout</html>")),
    })
    .await;
    let auth = server.client();
    let error = auth.sign_in(Otp::email("ada@example.com")).await.unwrap_err();
    assert_eq!(error.status(), Some(504));
    let challenge = server.last().body["code_challenge"].as_str().unwrap().to_owned();
    auth.session_from_url(format!("{END}?code={challenge}")).await.unwrap();
}

#[tokio::test]
async fn a_code_that_was_typed_ends_the_flow_of_its_link() {
    let server = server().await;
    let auth = server.client();
    let code = |kind| Verify::email("Ada@example.com", "123456", kind);
    let other = auth.sign_in(Otp::email("ben@example.com")).await.unwrap().flow.unwrap();
    let otp = auth.sign_in(Otp::email("ada@example.com")).await.unwrap().flow.unwrap();
    auth.verify_otp(code(EmailOtp::Email)).await.unwrap();
    assert!(!waits(&auth, &otp).await);
    let signup = auth.resend(Resend::signup("ada@example.com")).await.unwrap().flow.unwrap();
    auth.verify_otp(code(EmailOtp::Signup)).await.unwrap();
    assert!(!waits(&auth, &signup).await);
    let reset = auth.reset_password_for_email(ResetPassword::of("ada@example.com")).await.unwrap();
    auth.verify_otp(code(EmailOtp::Recovery)).await.unwrap();
    assert!(!waits(&auth, &reset.flow.unwrap()).await);
    assert!(waits(&auth, &other).await);
}

/// With either, the link of the mail goes on to work.
#[tokio::test]
async fn a_wrong_code_and_the_first_of_two_confirmations_end_no_flow() {
    let is_wrong = Arc::new(AtomicBool::new(true));
    let wrong = Arc::clone(&is_wrong);
    let server = Server::start(move |sent| match sent.path.as_str() {
        "/token" => exchange(sent),
        "/user" => (200, json!({ "id": "ada", "email": "ada@example.com", "new_email": sent.body["email"] })),
        "/verify" if wrong.load(Ordering::SeqCst) => (403, error("otp_expired")),
        "/verify" => (200, json!({ "code": "200", "msg": "Confirmation link accepted." })),
        _ => (200, json!({})),
    })
    .await;
    let auth = server.builder_with(&store_with("ada", 3600)).build().unwrap();
    let otp = auth.sign_in(Otp::email("ada@example.com")).await.unwrap().flow.unwrap();
    let change = auth.update_user(UserUpdate::email("New@example.com")).await.unwrap().flow.unwrap();
    auth.verify_otp(Verify::email("ada@example.com", "1", EmailOtp::Email)).await.unwrap_err();
    is_wrong.store(false, Ordering::SeqCst);
    auth.verify_otp(Verify::email("ada@example.com", "2", EmailOtp::EmailChange)).await.unwrap();
    assert!(waits(&auth, &otp).await && waits(&auth, &change).await);
}

#[tokio::test]
async fn a_new_address_that_counts_at_once_leaves_no_flow() {
    let server = server().await;
    let auth = server.builder_with(&store_with("ada", 3600)).build().unwrap();
    assert!(auth.update_user(UserUpdate::email("new@example.com")).await.unwrap().flow.is_none());
    let error = auth.exchange_code_for_session("code").await.unwrap_err();
    assert!(error.message().contains("no flow has begun"), "{error}");
}

/// The present address, told again, is no change: the link of the one that waits stays good.
#[tokio::test]
async fn a_change_of_address_that_waits_survives_an_update_that_changes_nothing() {
    let server = Server::start(|sent| match sent.path.as_str() {
        "/token" => exchange(sent),
        _ => (200, json!({ "id": "ada", "email": "ada@example.com", "new_email": "new@example.com" })),
    })
    .await;
    let auth = server.builder_with(&store_with("ada", 3600)).build().unwrap();
    let change = auth.update_user(UserUpdate::email("new@example.com")).await.unwrap().flow.unwrap();
    auth.update_user(UserUpdate::email("ada@example.com")).await.unwrap();
    ends(&auth, &change).await.unwrap();
}

#[tokio::test]
async fn an_exchange_whose_answer_was_lost_does_not_break_the_next_sign_in() {
    let is_first = AtomicBool::new(true);
    let server = Server::start(move |sent| match sent.path.as_str() {
        "/token" if is_first.swap(false, Ordering::SeqCst) => {
            std::thread::sleep(Duration::from_millis(300));
            exchange(sent)
        }
        "/token" => exchange(sent),
        _ => (200, json!({})),
    })
    .await;
    let auth = server.client();
    let lost = begin(&auth).await;
    let call = auth.exchange_code_for_session(code_of(&lost)).timeout(Duration::from_millis(50));
    assert!(call.await.unwrap_err().is_timeout());
    let error = auth.exchange_code_for_session("used").await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::FlowStateNotFound));
    let next = begin(&auth).await;
    ends(&auth, &next).await.unwrap();
}
