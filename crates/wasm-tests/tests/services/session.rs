//! Who is signed in, and whom the services act for.

use std::time::Duration;

use gloo_timers::future::sleep;
use js_sys::Date;
use serde_json::{Value, json};
use supabase::Client;
use supabase::auth::{
    AuthEvent, MemoryStore, Password, SavedSession, Session, SessionStore, SignOutScope, Timestamp,
};
use supabase::postgrest::Code;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ANON_KEY, PASSWORD, URL, client, new_user, set, soon};

async fn whoami(client: &Client) -> Value {
    client.rpc::<Value>("whoami", json!({})).await.unwrap()
}

#[wasm_bindgen_test]
async fn who_signs_in_is_who_every_service_acts_for_until_they_sign_out() {
    let (first, address) = new_user().await;
    let user = first.auth().get_user().await.unwrap();

    let supabase = client();
    let wrong = supabase.auth().sign_in(Password::email(&address, "wrong")).await.unwrap_err();
    assert_eq!(wrong.code(), Some(&supabase::auth::Code::InvalidCredentials), "{wrong:?}");
    assert_eq!(whoami(&supabase).await["uid"], Value::Null);

    let session = supabase.auth().sign_in(Password::email(&address, PASSWORD)).await.unwrap();
    assert_eq!(session.user.id, user.id);
    assert_eq!(whoami(&supabase).await, json!({ "uid": user.id, "role": "authenticated" }));

    supabase.auth().sign_out(SignOutScope::Local).await.unwrap();
    assert_eq!(whoami(&supabase).await["uid"], Value::Null);
    let refused = supabase.from("notes").insert(json!({ "body": "nobody's" })).await.unwrap_err();
    assert_eq!(refused.code(), Some(&Code::InsufficientPrivilege), "{refused:?}");
}

#[wasm_bindgen_test]
async fn a_refreshed_token_reaches_the_services() {
    let (supabase, _) = new_user().await;
    let token = async || supabase.auth().access_token().await.unwrap().unwrap();
    let described = async || {
        let answer = supabase.functions().invoke("echo/describe").json(json!({})).await.unwrap();
        answer.json::<Value>().unwrap()["headers"]["authorization"].as_str().unwrap().to_owned()
    };
    use supabase::secrecy::ExposeSecret;
    let before = token().await;
    assert_eq!(described().await, format!("Bearer {}", before.expose_secret()));
    // Tokens of the same second are the same one.
    sleep(Duration::from_millis(1_100)).await;
    supabase.auth().refresh_session().await.unwrap();
    let after = token().await;
    assert_ne!(before.expose_secret(), after.expose_secret());
    assert_eq!(described().await, format!("Bearer {}", after.expose_secret()));
    assert_eq!(whoami(&supabase).await["role"], "authenticated");
}

#[wasm_bindgen_test]
async fn a_token_that_is_about_to_expire_is_refreshed_in_the_background() {
    let (first, address) = new_user().await;
    let mut session = Session::clone(&first.auth().get_session().await.unwrap().unwrap());
    // Two seconds before it is time.
    session.expires_at = Timestamp::from_unix_seconds((Date::now() / 1_000.0) as i64 + 92);
    let store = MemoryStore::new();
    assert!(store.swap("key", None, Some(&SavedSession::of(&session))).await.unwrap());

    let supabase = Client::builder(set(URL), set(ANON_KEY))
        .configure_auth(|auth| auth.session_store(store).storage_key("key"))
        .build()
        .unwrap();
    let mut events = supabase.auth().events();
    let event = soon(events.next()).await.unwrap();
    assert!(matches!(&event, AuthEvent::InitialSession(Some(_))), "{event:?}");
    let event = soon(events.next()).await.unwrap();
    let AuthEvent::TokenRefreshed(refreshed) = event else { panic!("{event:?}") };
    assert!(refreshed.expires_at > session.expires_at);
    assert_eq!(refreshed.user.email.as_deref(), Some(address.as_str()));
}

#[wasm_bindgen_test]
async fn the_claims_of_the_session_are_those_of_the_user() {
    // The embedded stack signs by a secret, so that the server is asked; keys of a project are for the tests of gotrue-rs.
    let (supabase, address) = new_user().await;
    let claims = supabase.auth().get_claims().await.unwrap();
    assert_eq!(claims.email.as_deref(), Some(address.as_str()));
}
