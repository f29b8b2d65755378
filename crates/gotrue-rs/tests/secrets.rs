//! Passwords, codes, tokens and keys are never seen: not in `Debug`, `Display`, errors, spans or events.

mod common;

use std::error::Error as StdError;
use std::fmt::Debug;

use common::Server;
use gotrue_rs::{
    Anonymous, AuthCode, Channel, EmailOtp, FlowType, IdToken, MemoryStore, OAuth, Otp, Password, PhoneOtp,
    Redirect, Resend, ResetPassword, SavedSession, SessionStore, SignOutScope, SignUp, Sso, UserUpdate,
    Verify, Web3,
};
use serde_json::{Value, json};
use supabase_testing::logs;

const SECRETS: [&str; 17] = [
    "sb_publishable_secret",
    "the-password",
    "the-current-password",
    "the-nonce",
    "123456-code",
    "the-hash",
    "the-captcha",
    "the-id-token",
    "the-provider-token",
    "the-signature",
    "the-auth-code",
    "access-secret",
    "refresh-secret",
    "provider-secret",
    "header-secret",
    "query-secret",
    "Basic ",
];

fn session() -> Value {
    json!({
        "access_token": "access-secret", "refresh_token": "refresh-secret", "provider_token": "provider-secret",
        "provider_refresh_token": "provider-secret", "token_type": "bearer", "expires_in": 3600,
        "expires_at": common::now() + 3600, "user": { "id": "ada" },
    })
}

/// Everything that can be seen of an outcome.
fn see(shown: &mut String, outcome: Result<impl Debug, gotrue_rs::Error>) {
    match outcome {
        Ok(answer) => *shown += &format!("{answer:?} {answer:#?}\n"),
        Err(error) => {
            *shown += &format!("{error} {error:?} {error:#?}\n");
            let mut source = StdError::source(&error);
            while let Some(inner) = source {
                *shown += &format!("{inner} {inner:?}\n");
                source = inner.source();
            }
        }
    }
}

/// Makes every call that carries a secret, and shows whatever can be shown.
async fn all_that_can_be_seen(answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> String {
    let server = Server::start(move |sent| answer(&sent.path)).await;
    let store = MemoryStore::new();
    let saved = SavedSession::from(session().to_string());
    assert!(store.swap("key", None, Some(&saved)).await.unwrap());
    let builder = gotrue_rs::Client::builder(server.url(), "sb_publishable_secret")
        .http_client(supabase_testing::http::client())
        .max_retries(0)
        .header("x-own", "header-secret")
        .flow_type(FlowType::Pkce)
        .session_store(store)
        .storage_key("key");
    let mut shown = format!("{builder:?} {saved:?}");
    let auth = builder.build().unwrap();
    shown += &format!("{auth:?}");
    let mut events = auth.events();

    macro_rules! call {
        ($method:ident($($argument:expr),*)) => {{
            $(shown += &format!("{:?} ", $argument);)*
            see(&mut shown, auth.$method($($argument),*).await);
        }};
    }
    call!(get_session());
    call!(get_user());
    call!(sign_up(SignUp::email("a@example.com", "the-password").captcha_token("the-captcha")));
    call!(sign_up(SignUp::phone("+1333", "the-password").channel(Channel::WhatsApp)));
    call!(sign_in(Password::email("a@example.com", "the-password").captcha_token("the-captcha")));
    call!(sign_in(Otp::email("a@example.com").captcha_token("the-captcha")));
    call!(sign_in(
        IdToken::new("google", "the-id-token").access_token("the-provider-token").nonce("the-nonce")
    ));
    call!(sign_in(Web3::solana("a message", "the-signature")));
    call!(sign_in(Sso::domain("example.com").captcha_token("the-captcha")));
    call!(sign_in(Anonymous::new().captcha_token("the-captcha")));
    call!(verify_otp(Verify::email("a@example.com", "123456-code", EmailOtp::Email)));
    call!(verify_otp(Verify::phone("+1333", "123456-code", PhoneOtp::Sms).captcha_token("the-captcha")));
    call!(verify_otp(Verify::token_hash("the-hash", EmailOtp::Recovery)));
    call!(resend(Resend::signup("a@example.com").captcha_token("the-captcha")));
    call!(reset_password_for_email(ResetPassword::of("a@example.com").captcha_token("the-captcha")));
    call!(link_identity(IdToken::new("google", "the-id-token")));
    call!(update_user(
        UserUpdate::password("the-password").nonce("the-nonce").current_password("the-current-password")
    ));
    call!(refresh_session());
    call!(reauthenticate());

    // The address of a browser shows what it must; what is made of it does not.
    let oauth = OAuth::provider("github").query_param("login_hint", "query-secret");
    shown += &format!("{oauth:?}");
    let flow = auth.sign_in(oauth).await.unwrap().flow.unwrap();
    shown += &format!("{flow:?}");
    let code = AuthCode::new("the-auth-code").flow(&flow);
    shown += &format!("{code:?}");
    see(&mut shown, auth.exchange_code_for_session(code).await);
    see(&mut shown, auth.session_from_url("http://a/cb?code=the-auth-code&sb_flow_id=x").await);
    see(&mut shown, Redirect::parse("http://a/cb?code=the-auth-code"));
    let tokens = "http://a/cb#access_token=access-secret&refresh_token=refresh-secret&expires_in=1";
    see(&mut shown, Redirect::parse(tokens));
    see(&mut shown, auth.session_from_url(tokens).await);
    see(&mut shown, auth.set_session("access-secret", "refresh-secret").await.map(|_| ()));
    see(&mut shown, auth.get_user_by("access-secret").await);
    see(&mut shown, auth.sign_out(SignOutScope::Global).await);
    see(&mut shown, auth.forget_session().await);
    shown += &format!("{:?} {:?}", auth.settings(), auth.refresh_session());

    drop(auth);
    while let Some(event) = events.next().await {
        shown += &format!("{event:?}");
    }
    let verifier = server
        .sent()
        .iter()
        .find_map(|sent| sent.body.get("code_verifier").and_then(Value::as_str).map(str::to_owned));
    if let Some(verifier) = verifier {
        assert!(!shown.contains(&verifier), "the verifier is shown");
    }
    shown
}

/// Runs what makes the calls under a watch over everything that is traced.
fn watched(answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) {
    let (subscriber, traced) = logs::watch();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let shown =
        tracing::subscriber::with_default(subscriber, || runtime.block_on(all_that_can_be_seen(answer)));
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret} is shown:\n{shown}");
    }
    traced.assert_without(&SECRETS);
}

#[test]
fn nothing_is_seen_where_all_goes_well() {
    watched(|path| match path {
        "/user" | "/signup" => (200, json!({ "id": "ada" })),
        "/sso" => (200, json!({ "url": "https://idp" })),
        "/otp" | "/recover" | "/resend" | "/reauthenticate" => (200, json!({})),
        "/logout" => (204, Value::Null),
        _ => (200, session()),
    });
}

#[test]
fn nothing_is_seen_where_the_server_refuses_everything() {
    watched(|_| (400, json!({ "code": "validation_failed", "message": "no" })));
}

#[test]
fn nothing_is_seen_where_the_answers_do_not_fit() {
    // What does not fit is described without its values.
    watched(|path| match path {
        "/user" => (200, json!({ "id": ["access-secret"] })),
        "/logout" => (200, json!("<html>access-secret</html>")),
        _ => (200, json!({ "access_token": { "is": "access-secret" }, "refresh_token": "refresh-secret" })),
    });
}

#[test]
fn nothing_is_seen_of_an_answer_for_another_user() {
    watched(|path| {
        let mut other = session();
        other["user"]["id"] = "eve".into();
        match path {
            "/user" | "/signup" => (200, json!({ "id": "eve" })),
            _ => (200, other),
        }
    });
}
