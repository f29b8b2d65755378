//! Each example of auth against a recorded answer: what it sends is what the official client sent, and what it gives is
//! what was recorded.

use std::collections::BTreeSet;
use std::sync::Arc;

use reference_examples as examples;
use serde_json::{Value, json};
use supabase::Client;
use supabase::auth::{AssuranceLevel, FlowType, MemoryStore, SavedSession, SessionStore, Verified};
use supabase::secrecy::ExposeSecret;
use supabase_testing::auth::{ANON_KEY, Asked, SERVICE_KEY};
use supabase_testing::jwt::Signer;
use supabase_testing::recordings::{self, Exchange, case};
use supabase_testing::replay::Replay;

/// A client with the key that the recorded one had, and signed in as its user.
fn client(url: &str, exchange: &Exchange) -> Client {
    let headers = &exchange.request.headers;
    let bearer =
        headers.get("authorization").and_then(|header| header.split_once(' ')).map(|(_, token)| token);
    let is_service = bearer.is_some_and(|bearer| bearer.ends_with("-service_role"));
    let user = bearer.filter(|bearer| !bearer.ends_with("-anon") && !is_service);
    let body = exchange.request.body.as_ref().and_then(|body| body.json.clone()).unwrap_or_default();
    let session = match (user, body["refresh_token"].as_str()) {
        (None, None) => None,
        (user, refresh) => Some(saved(user.unwrap_or("old"), refresh, exchange)),
    };
    let has_flow = body["code_challenge"].is_string() || body["code_verifier"].is_string();
    signed_in(url, if is_service { SERVICE_KEY } else { ANON_KEY }, session, has_flow)
}

fn signed_in(url: &str, key: &str, session: Option<SavedSession>, has_flow: bool) -> Client {
    let store = Arc::new(MemoryStore::new());
    let stored = store.swap("session", None, session.as_ref());
    assert_eq!(poll(stored).ok(), Some(true));
    let flow = if has_flow { FlowType::Pkce } else { FlowType::Implicit };
    let builder = Client::builder(url, key).http_client(supabase_testing::http::client());
    let builder = builder.configure_auth(move |auth| {
        auth.session_store(store).storage_key("session").auto_refresh_token(false).flow_type(flow)
    });
    builder.build().unwrap()
}

/// What a future gives that does not wait.
fn poll<F: Future>(future: F) -> F::Output {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

fn saved(token: &str, refresh: Option<&str>, exchange: &Exchange) -> SavedSession {
    let answer = answer(exchange);
    let sub = || token.starts_with("jwt-").then(|| recordings::auth_jwt(token)["claims"]["sub"].clone());
    let user =
        answer["user"]["id"].as_str().map(Value::from).or_else(sub).unwrap_or_else(|| json!("somebody"));
    session_of(token, refresh.unwrap_or("refresh"), &json!({ "id": user }))
}

fn session_of(token: &str, refresh: &str, user: &Value) -> SavedSession {
    let session = json!({
        "access_token": token, "token_type": "bearer", "expires_in": 3600, "expires_at": 4_000_000_000_i64,
        "refresh_token": refresh, "user": user,
    });
    SavedSession::from(session.to_string())
}

fn answer(exchange: &Exchange) -> Value {
    exchange.response.body.as_ref().and_then(|body| body.json.clone()).unwrap_or_default()
}

fn recorded(name: &str) -> &'static Exchange {
    case(recordings::auth(), name)
}

/// The first and the second exchange of a case.
fn both(name: &str) -> [&'static Exchange; 2] {
    let exchanges = &recordings::auth()[name];
    [&exchanges[0], &exchanges[1]]
}

/// A test for each example: `id(arguments) "case", [texts exchanged in the recorded request] => what of it is at which
/// place of the recorded answer`.
macro_rules! replayed {
    ($($id:ident($($argument:expr),*) $case:literal, [$($from:literal -> $to:literal),*] => $gives:expr, $pointer:literal;)+) => {
        $(
            #[tokio::test]
            async fn $id() {
                let exchange = recorded($case);
                let replay = Replay::start(exchange).await;

                let given = examples::$id(&client(&replay.url(), exchange), $($argument),*).await;

                // What was sent comes first: it says more than an answer that does not fit.
                let sent: Vec<_> = replay.wires().iter().map(Asked::sent).collect();
                assert_eq!(sent, [Asked::recorded_with(exchange, &[$(($from, $to)),*])]);
                assert_eq!(of(given.unwrap(), $gives), answer(exchange).pointer($pointer).cloned().unwrap_or_default());
            }
        )+
        const REPLAYED: &[&str] = &[$(stringify!($id)),+];
    };
}

replayed! {
    auth_sign_up_1() "auth/sign_up/email",
        ["signup.7ec7.cb8d@example.com" -> "email@example.com", "Password123" -> "password"]
        => |given| json!(given.user.id), "/id";
    auth_sign_up_2() "auth/sign_up/phone", ["+16660409490" -> "123456789", "Password123" -> "password"]
        => |given| json!(given.user.id), "/id";
    auth_sign_up_3() "auth/sign_up/phone_whatsapp", ["16660409492" -> "123456789", "Password123" -> "password"]
        => |given| json!(given.user.id), "/id";
    auth_sign_up_4() "auth/sign_up/email_with_data",
        [
            "signup-data.7ec7.85fd@example.com" -> "email@example.com", "Password123" -> "password",
            "{\"n\":1,\"name\":\"Ada\",\"nested\":{\"x\":[1,2,null]},\"ünï\":\"✓\"}"
                -> "{\"age\":27,\"first_name\":\"John\"}"
        ]
        => |given| json!(given.user.user_metadata["name"]), "/user_metadata/name";
    auth_sign_up_5() "auth/sign_up/email_with_redirect",
        [
            "signup-redir.7ec7.a682@example.com" -> "hello1@example.com", "Password123" -> "password",
            "http%3A%2F%2Flocalhost%3A3000%2Fwelcome%3Fa%3D1%26b%3Dx%2520y" -> "https%3A%2F%2Fexample.com%2Fwelcome"
        ]
        => |given| json!(given.user.id), "/id";
    auth_sign_in_anonymously_1() "auth/sign_in_anonymously/plain", []
        => |given| json!(given.user.is_anonymous), "/user/is_anonymous";
    auth_sign_in_anonymously_2() "auth/sign_in_anonymously/with_data", []
        => |given| json!(given.user.user_metadata), "/user/user_metadata";

    auth_sign_in_with_password_1() "auth/sign_in_with_password/email",
        ["u.7ec7.0bbf@example.com" -> "email@example.com", "Password123" -> "example-password"]
        => |given| json!(given.access_token.expose_secret()), "/access_token";
    auth_sign_in_with_password_2() "auth/sign_in_with_password/phone",
        ["+16660409498" -> "+13334445555", "Password123" -> "some-password"]
        => |given| json!(given.user.phone), "/user/phone";
    auth_sign_in_with_id_token_1() "auth/sign_in_with_id_token/ok",
        ["keycloak" -> "google", "jwt-auth-8-other" -> "your-id-token"]
        => |given| json!(given.refresh_token.expose_secret()), "/refresh_token";
    auth_sign_in_with_otp_1() "auth/sign_in_with_otp/email_existing",
        [
            "u.7ec7.51c6@example.com" -> "email@example.com",
            "http%3A%2F%2Flocalhost%3A3000%2Fcb" -> "https%3A%2F%2Fexample.com%2Fwelcome"
        ]
        => |given| json!(given.message_id), "/message_id";
    auth_sign_in_with_otp_2() "auth/sign_in_with_otp/phone_existing", ["16660409498" -> "+13334445555"]
        => |given| json!(given.message_id), "/message_id";
    auth_sign_in_with_otp_3() "auth/sign_in_with_otp/phone_whatsapp", ["16660409500" -> "+13334445555"]
        => |given| json!(given.message_id), "/message_id";
    auth_sign_in_with_sso_1() "auth/sign_in_with_sso/domain_pkce", ["corp-3eec.example.com" -> "company.com"]
        => |given| json!(given.url), "/url";
    auth_sign_in_with_sso_2() "auth/sign_in_with_sso/provider_id",
        ["b3d5e15e-7c35-4930-9316-9f423ca07c7e" -> "21648a9d-8d5a-4555-a9d1-d6375dc14e92"]
        => |given| json!(given.url), "/url";
    auth_sign_out_1() "auth/sign_out/global", [] => |()| Value::Null, "";

    auth_reset_password_for_email_1() "auth/reset_password_for_email/redirect",
        [
            "u.7ec7.a553@example.com" -> "email@example.com",
            "http%3A%2F%2Flocalhost%3A3000%2Freset" -> "https%3A%2F%2Fexample.com%2Fupdate-password"
        ]
        => |given| json!(given.message_id), "/message_id";
    auth_verify_otp_1("167869") "auth/verify_otp/email_existing_type_email",
        ["u.7ec7.51c6@example.com" -> "email@example.com"]
        => access_token, "/access_token";
    auth_verify_otp_2("897394") "auth/verify_otp/sms", ["+16660409499" -> "+13334445555"]
        => access_token, "/access_token";
    auth_verify_otp_3("ca0eee05d87f1bed16e242cdfe9ba4f32eb034a336c6eeca372f4713")
        "auth/verify_otp/token_hash_type_email", []
        => access_token, "/access_token";
    auth_refresh_session_1() "auth/refresh_session/ok", []
        => |given| json!(given.access_token.expose_secret()), "/access_token";
    auth_get_user_1() "auth/get_user_identities/two", [] => |given| json!(given.identities), "/identities";
    auth_get_user_2("jwt-auth-51-authenticated") "auth/get_user/explicit_jwt", []
        => |given| json!(given.id), "/id";
    auth_update_user_1() "auth/update_user/email",
        ["newmail.3eec.7302@example.com" -> "new@email.com", "?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Fchanged" -> ""]
        => |given| json!(given.user.new_email), "/new_email";
    auth_update_user_2() "auth/update_user/phone", ["+16660409719" -> "123456789"]
        => |given| json!(given.user.new_phone), "/new_phone";
    auth_update_user_3() "auth/update_user/password", ["Changed1234" -> "new password"]
        => |given| json!(given.user.id), "/id";
    auth_update_user_4() "auth/js/update_user", ["{\"k\":\"v\"}" -> "{\"hello\":\"world\"}"]
        => |given| json!(given.user.user_metadata), "/user_metadata";
    auth_get_user_identities_1() "auth/get_user_identities", [] => |given| json!(given[0].id), "/identities/0/id";
    auth_link_identity_1() "auth/js/link_identity", [] => |given| json!(given.url), "/url";
    auth_reauthenticate_1() "auth/reauthenticate/phone", [] => |given| json!(given.message_id), "/message_id";
    auth_resend_1() "auth/resend/signup",
        [
            "rs.7ec7.4862@example.com" -> "email@example.com",
            "http%3A%2F%2Flocalhost%3A3000%2Fcb" -> "https%3A%2F%2Fexample.com%2Fwelcome"
        ]
        => |given| json!(given.message_id), "/message_id";
    auth_resend_2() "auth/resend/sms", ["16660409504" -> "1234567890"]
        => |given| json!(given.message_id), "/message_id";
    auth_resend_3() "auth/resend/email_change", ["u.7ec7.6505@example.com" -> "email@example.com"]
        => |given| json!(given.message_id), "/message_id";
    auth_resend_4() "auth/resend/phone_change", ["16660409506" -> "1234567890"]
        => |given| json!(given.message_id), "/message_id";

    auth_mfa_challenge_1("144ff212-e8ab-458f-b3b8-ebec464246f2") "auth/mfa_challenge/totp", []
        => |given| json!(given.id), "/id";
    auth_mfa_verify_1("144ff212-e8ab-458f-b3b8-ebec464246f2", "25853478-ab94-4f98-a92b-8e57fc5e26cd", "756580")
        "auth/mfa_verify/totp_ok", []
        => |given| json!(given.access_token.expose_secret()), "/access_token";
    auth_mfa_unenroll_1("144ff212-e8ab-458f-b3b8-ebec464246f2") "auth/mfa_unenroll/ok", [] => |()| Value::Null, "/none";

    auth_admin_get_user_by_id_1("7a0096ae-bf29-4eed-9dd2-878f7ff5e275") "auth/admin_get_user_by_id/ok", []
        => |given| json!(given.identities), "/identities";
    auth_admin_list_users_1() "auth/admin_list_users/default", [] => |given| json!(given.items[0].id), "/users/0/id";
    auth_admin_list_users_2() "auth/admin_list_users/page1", ["per_page=2" -> "per_page=1000"]
        => |given| json!(given.items[1].email), "/users/1/email";
    auth_admin_create_user_1() "auth/admin_create_user/email_confirm_and_metadata",
        [
            "adm.3eec.6af0@example.com" -> "user@email.com", "Password123" -> "password",
            ",\"email_confirm\":true" -> "", "{\"plan\":\"pro\"}" -> "{}", "Ada" -> "Yoda"
        ]
        => |given| json!(given.user_metadata), "/user_metadata";
    auth_admin_create_user_2() "auth/admin_create_user/email_only_unconfirmed",
        ["\"adm.3eec.0362@example.com\"" -> "\"user@email.com\",\"email_confirm\":true"]
        => |given| json!(given.id), "/id";
    auth_admin_create_user_3() "auth/admin_create_user/phone_confirm",
        ["+16660409724" -> "1234567890", "\"password\":\"Password123\"," -> ""]
        => |given| json!(given.phone), "/phone";
    auth_admin_delete_user_1("bafb5bbe-d302-41b1-bea1-dbb426568fbd") "auth/admin_delete_user/hard", []
        => |()| json!({}), "";
    auth_admin_invite_user_by_email_1() "auth/admin_invite_user_by_email/ok",
        [
            "invite.3eec.ea2c@example.com" -> "email@example.com", "{\"team\":\"x\"}" -> "null",
            "?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Faccept" -> ""
        ]
        => |given| json!(given.id), "/id";
    auth_admin_generate_link_1() "auth/admin_generate_link/signup",
        [
            "gl.3eec.bd4f@example.com" -> "email@example.com", "Password123" -> "secret", "{\"a\":1}" -> "null",
            "?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Fx" -> ""
        ]
        => |given| json!(given.action_link.expose_secret()), "/action_link";
    auth_admin_generate_link_2() "auth/admin_generate_link/invite",
        [
            "gl.3eec.0bc1@example.com" -> "email@example.com", "{\"a\":1}" -> "null",
            "?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Fx" -> ""
        ]
        => |given| json!(given.email_otp.expose_secret()), "/email_otp";
    auth_admin_generate_link_3() "auth/admin_generate_link/magiclink",
        ["u.3eec.5fd9@example.com" -> "email@example.com", "?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Fx" -> ""]
        => |given| json!(given.hashed_token.expose_secret()), "/hashed_token";
    auth_admin_generate_link_4() "auth/admin_generate_link/recovery",
        ["u.3eec.5fd9@example.com" -> "email@example.com", "?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Fx" -> ""]
        => |given| json!(given.verification_type), "/verification_type";
    auth_admin_update_user_by_id_1("7a0096ae-bf29-4eed-9dd2-878f7ff5e275") "auth/admin_update_user_by_id/email",
        ["upd.3eec.a711@example.com" -> "new@email.com"]
        => |given| json!(given.email), "/email";
    auth_admin_update_user_by_id_2("7a0096ae-bf29-4eed-9dd2-878f7ff5e275") "auth/admin_update_user_by_id/password",
        ["Another12345" -> "new_password"]
        => |given| json!(given.id), "/id";
    auth_admin_update_user_by_id_3("7a0096ae-bf29-4eed-9dd2-878f7ff5e275")
        "auth/admin_update_user_by_id/user_metadata", ["{\"k\":\"v\",\"name\":null}" -> "{\"hello\":\"world\"}"]
        => |given| json!(given.user_metadata), "/user_metadata";
    auth_admin_update_user_by_id_4("7a0096ae-bf29-4eed-9dd2-878f7ff5e275")
        "auth/admin_update_user_by_id/app_metadata",
        ["{\"plan\":\"free\",\"roles\":[\"x\"]}" -> "{\"plan\":\"trial\"}"]
        => |given| json!(given.app_metadata), "/app_metadata";
    auth_admin_update_user_by_id_5("7cb84b8b-1450-4358-b5c4-2c039a685711")
        "auth/admin_update_user_by_id/email_confirm", []
        => |given| json!(given.email_confirmed_at), "/email_confirmed_at";
    auth_admin_update_user_by_id_6("0d157aa1-9fe4-4f6b-b8bf-35b6ed5f6d90")
        "auth/admin_update_user_by_id/phone_confirm", []
        => |given| json!(given.phone_confirmed_at), "/phone_confirmed_at";
    auth_admin_mfa_delete_factor_1("f67bb749-066b-4971-8535-62a93159364a", "64c25c43-22ac-45cd-875c-30c6c954ee0d")
        "auth/admin_mfa/delete_factor", []
        => |given| json!(given.status), "/status";
}

/// What is compared of an answer.
fn of<T>(given: T, gives: impl FnOnce(T) -> Value) -> Value {
    gives(given)
}

fn access_token(verified: Verified) -> Value {
    json!(verified.session().unwrap().access_token.expose_secret())
}

/// The parameters of an address that a browser opens, in order.
fn parameters(url: &str) -> Vec<(String, String)> {
    let (address, query) = url.split_once('?').unwrap();
    assert!(address.ends_with("/auth/v1/authorize"), "{address}");
    let mut pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Nothing is sent: the address is what the official client would have opened.
#[tokio::test]
async fn auth_sign_in_with_oauth() {
    let client = signed_in("http://127.0.0.1:9", ANON_KEY, None, false);
    let given = examples::auth_sign_in_with_oauth_1(&client).await.unwrap();
    assert_eq!(parameters(&given.url), [pair("provider", "github")]);
    let given = examples::auth_sign_in_with_oauth_2(&client).await.unwrap();
    let redirect = pair("redirect_to", "https://example.com/welcome");
    assert_eq!(parameters(&given.url), [pair("provider", "github"), redirect]);
    let given = examples::auth_sign_in_with_oauth_3(&client).await.unwrap();
    let scopes = pair("scopes", "repo gist notifications");
    assert_eq!(parameters(&given.url), [pair("provider", "github"), scopes]);

    let client = signed_in("http://127.0.0.1:9", ANON_KEY, None, true);
    let given = examples::auth_sign_in_with_oauth_1(&client).await.unwrap();
    let names: Vec<_> = parameters(&given.url).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["code_challenge", "code_challenge_method", "provider"]);
}

#[tokio::test]
async fn auth_get_session_1() {
    let session = session_of("token", "refresh", &json!({ "id": "ada" }));
    let client = signed_in("http://127.0.0.1:9", ANON_KEY, Some(session), true);
    let given = examples::auth_get_session_1(&client).await.unwrap().unwrap();
    assert_eq!((given.user.id.as_str(), given.refresh_token.expose_secret()), ("ada", "refresh"));
}

#[tokio::test]
async fn auth_set_session_1() {
    let exchange = recorded("auth/set_session/valid");
    let replay = Replay::start(exchange).await;
    let token = Signer::es256("e").sign(&supabase_testing::jwt::claims("ada"));
    let client = signed_in(&replay.url(), ANON_KEY, None, true);

    let given = examples::auth_set_session_1(&client, &token, "refresh").await.unwrap();

    let sent: Vec<_> = replay.wires().iter().map(Asked::sent).collect();
    assert_eq!(sent, [Asked::recorded_with(exchange, &[("jwt-auth-51-authenticated", &token)])]);
    assert_eq!(json!(given.user.id), answer(exchange)["id"]);
    assert_eq!(given.access_token.expose_secret(), token);
}

#[tokio::test]
async fn auth_exchange_code_for_session_1() {
    let exchange = recorded("auth/exchange_code_for_session/ok_oauth");
    let replay = Replay::start(exchange).await;
    let client = signed_in(&replay.url(), ANON_KEY, None, true);
    let begun = examples::auth_sign_in_with_oauth_1(&client).await.unwrap();
    let flow: Value = serde_json::from_str(begun.flow.unwrap().to_secret().expose_secret()).unwrap();

    let given =
        examples::auth_exchange_code_for_session_1(&client, "dccf9b07-ce3f-41d7-b9dd-81847a10fdb6").await;

    let verifier =
        exchange.request.body.as_ref().and_then(|body| body.json.clone()).unwrap()["code_verifier"].clone();
    let instead = [(verifier.as_str().unwrap(), flow["verifier"].as_str().unwrap())];
    let sent: Vec<_> = replay.wires().iter().map(Asked::sent).collect();
    assert_eq!(sent, [Asked::recorded_with(exchange, &instead)]);
    let provider_token = given.unwrap().provider_token.clone().unwrap();
    assert_eq!(json!(provider_token.expose_secret()), answer(exchange)["provider_token"]);
}

#[tokio::test]
async fn auth_unlink_identity_1() {
    let [listed, unlinked] = both("auth/unlink_identity/phone");
    // The user of the example has an identity with Google in the place of their phone.
    let mut google = listed.clone();
    let body = google.response.body.as_mut().unwrap();
    let json = body.json.take().unwrap();
    body.json = Some(
        serde_json::from_str(&json.to_string().replace("\"provider\":\"phone\"", "\"provider\":\"google\""))
            .unwrap(),
    );
    body.raw = None;
    let replay = Replay::in_order(&[&google, unlinked]).await;

    examples::auth_unlink_identity_1(&client(&replay.url(), listed)).await.unwrap();

    let sent: Vec<_> = replay.wires().iter().map(Asked::sent).collect();
    assert_eq!(sent, [Asked::recorded(listed), Asked::recorded(unlinked)]);
}

#[tokio::test]
async fn auth_update_user_5() {
    let exchange = recorded("auth/update_user/password_with_nonce");
    let replay = Replay::start(exchange).await;
    let recorded = exchange.request.body.as_ref().and_then(|body| body.json.clone()).unwrap();
    let nonce = recorded["nonce"].as_str().unwrap();

    let given = examples::auth_update_user_5(&client(&replay.url(), exchange), nonce).await.unwrap();

    let sent: Vec<_> = replay.wires().iter().map(Asked::sent).collect();
    let instead = [(recorded["password"].as_str().unwrap(), "new password")];
    assert_eq!(sent, [Asked::recorded_with(exchange, &instead)]);
    assert_eq!(json!(given.user.id), answer(exchange)["id"]);
}

#[tokio::test]
async fn auth_mfa_enroll_1() {
    let exchange = recorded("auth/mfa_enroll/totp_no_issuer");
    // The picture was too large to be recorded.
    let mut whole = exchange.clone();
    let body = whole.response.body.as_mut().unwrap();
    body.json = Some(json!({
        "id": "6a638c15-5cd0-4f6b-99e6-ac13469eacbe", "type": "totp", "friendly_name": "second",
        "totp": { "qr_code": "<svg width=\"1\"/>", "secret": "SECRET", "uri": "otpauth://totp/Acme?secret=SECRET" },
    }));
    let replay = Replay::start(&whole).await;

    let given = examples::auth_mfa_enroll_1(&client(&replay.url(), exchange)).await.unwrap();

    let sent: Vec<_> = replay.wires().iter().map(Asked::sent).collect();
    assert_eq!(sent, [Asked::recorded_with(exchange, &[("second", "your_friendly_name")])]);
    assert_eq!(given.totp.secret.expose_secret(), "SECRET");
    assert_eq!(given.totp.qr_code_data_url(), "data:image/svg+xml;utf-8,%3Csvg%20width=%221%22/%3E");
    assert!(!format!("{given:?}").contains("SECRET"), "{given:?}");
}

#[tokio::test]
async fn auth_mfa_challenge_and_verify_1() {
    let [asked, proven] = both("auth/mfa_challenge_and_verify/ok");
    let replay = Replay::in_order(&[asked, proven]).await;
    let factor = "144ff212-e8ab-458f-b3b8-ebec464246f2";

    let given =
        examples::auth_mfa_challenge_and_verify_1(&client(&replay.url(), proven), factor, "756580").await;

    let sent: Vec<_> = replay.wires().iter().map(Asked::sent).collect();
    assert_eq!(sent, [Asked::recorded(asked), Asked::recorded(proven)]);
    assert_eq!(json!(given.unwrap().access_token.expose_secret()), answer(proven)["access_token"]);
}

/// Read out of the session: nothing is sent.
#[tokio::test]
async fn auth_mfa_get_authenticator_assurance_level_1() {
    let proven = answer(recorded("auth/mfa_verify/totp_ok"));
    let claims = &recordings::auth_jwt(proven["access_token"].as_str().unwrap())["claims"];
    let token = Signer::es256("e").sign(claims);
    let client =
        signed_in("http://127.0.0.1:9", ANON_KEY, Some(session_of(&token, "r", &proven["user"])), true);
    let levels = examples::auth_mfa_get_authenticator_assurance_level_1(&client).await.unwrap();
    assert_eq!((levels.current, levels.next), (AssuranceLevel::Aal2, AssuranceLevel::Aal2));
    assert_eq!(levels.current_methods.len(), claims["amr"].as_array().unwrap().len());

    // The same user, before they have proven their factor.
    let mut claims = claims.clone();
    claims["aal"] = "aal1".into();
    let token = Signer::es256("e").sign(&claims);
    let client =
        signed_in("http://127.0.0.1:9", ANON_KEY, Some(session_of(&token, "r", &proven["user"])), true);
    let levels = examples::auth_mfa_get_authenticator_assurance_level_1(&client).await.unwrap();
    assert_eq!((levels.current, levels.next), (AssuranceLevel::Aal1, AssuranceLevel::Aal2));
}

#[tokio::test]
async fn auth_admin_client_1() {
    assert!(examples::auth_admin_client_1("http://127.0.0.1:9", SERVICE_KEY).await.is_ok());
    assert!(examples::auth_admin_client_1("http://127.0.0.1:9", ANON_KEY).await.is_err());
}

#[tokio::test]
async fn auth_admin_generate_link_5() {
    let exchanges = [
        recorded("auth/admin_generate_link/email_change_current"),
        recorded("auth/admin_generate_link/email_change_new"),
    ];
    let replay = Replay::in_order(&exchanges).await;

    let given = examples::auth_admin_generate_link_5(&client(&replay.url(), exchanges[0])).await.unwrap();

    let sent: Vec<_> = replay.wires().iter().map(Asked::sent).collect();
    let asked = |exchange: &Exchange, new: &str| {
        let redirect = "?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Fx";
        let (current, to) = ("current.email@example.com", "new.email@example.com");
        Asked::recorded_with(exchange, &[("u.3eec.5fd9@example.com", current), (new, to), (redirect, "")])
    };
    assert_eq!(
        sent,
        [asked(exchanges[0], "gl2.3eec.68ba@example.com"), asked(exchanges[1], "gl3.3eec.9217@example.com")]
    );
    for (given, exchange) in given.iter().zip(exchanges) {
        assert_eq!(json!(given.action_link.expose_secret()), answer(exchange)["action_link"]);
    }
}

#[test]
fn every_example_of_auth_is_replayed() {
    let by_hand = [
        "auth_sign_in_with_oauth_1",
        "auth_sign_in_with_oauth_2",
        "auth_sign_in_with_oauth_3",
        "auth_get_session_1",
        "auth_set_session_1",
        "auth_exchange_code_for_session_1",
        "auth_unlink_identity_1",
        "auth_update_user_5",
        "auth_mfa_enroll_1",
        "auth_mfa_challenge_and_verify_1",
        "auth_mfa_get_authenticator_assurance_level_1",
        "auth_admin_client_1",
        "auth_admin_generate_link_5",
    ];
    let replayed: BTreeSet<_> = REPLAYED.iter().chain(&by_hand).map(|id| (*id).to_owned()).collect();
    let ids = include_str!("../ids.txt").lines().filter(|id| id.starts_with("auth."));
    assert_eq!(replayed, ids.map(|id| id.replace('.', "_")).collect());
}
