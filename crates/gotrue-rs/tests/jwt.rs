//! Access tokens are verified by the project's keys, which are asked for as seldom as can be; and no forged one passes.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Server, error};
use gotrue_rs::{AssuranceLevel, AuthMethod, Client, Code, ErrorKind, JwtVerifier, Password};
use httpmock::prelude::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use supabase_testing::jwt::{Signer, claims};
use supabase_testing::recordings;

const USER: &str = "b735958d-6fcb-43fc-8340-24b616e3beee";
const SECRET: &[u8] = b"a-shared-secret-of-at-least-32-characters";

fn verifier(url: &str) -> JwtVerifier {
    let client = Client::builder(url, "sb_publishable_not_a_key")
        .http_client(supabase_testing::http::client())
        .max_retries(0)
        .build()
        .unwrap();
    client.jwt_verifier()
}

/// A server that has these keys, and how often it was asked for them.
struct Project {
    server: MockServer,
    asked: Arc<AtomicUsize>,
}

impl Project {
    async fn with(keys: &[&Signer]) -> Self {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        Self::answering(200, json!({ "keys": keys }), Duration::ZERO).await
    }

    async fn answering(status: u16, body: Value, delay: Duration) -> Self {
        let (server, asked) = (MockServer::start_async().await, Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&asked);
        server
            .mock_async(move |when, then| {
                when.method(GET).path("/.well-known/jwks.json").header("apikey", "sb_publishable_not_a_key");
                then.respond_with(move |_: &HttpMockRequest| {
                    count.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(delay);
                    HttpMockResponse::builder()
                        .status(status)
                        .header("content-type", "application/json")
                        .header("cache-control", "public, max-age=600")
                        .body(body.to_string())
                        .build()
                });
            })
            .await;
        Self { server, asked }
    }

    fn verifier(&self) -> JwtVerifier {
        verifier(&self.server.base_url())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn now() -> i64 {
    claims(USER)["iat"].as_i64().unwrap()
}

/// The usual claims, with some of them changed; null removes one.
fn claims_with(changes: Value) -> Value {
    let mut claims = claims(USER);
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

#[tokio::test]
async fn tokens_of_every_algorithm_are_verified_here_and_the_server_is_asked_for_its_keys_once() {
    let keys = [Signer::es256("e"), Signer::rs256("r"), Signer::eddsa("d")];
    let project = Project::with(&[&keys[0], &keys[1], &keys[2]]).await;
    let verifier = project.verifier();
    for key in keys.iter().cycle().take(9) {
        let claims = verifier.verify(&key.sign(&claims(USER))).await.unwrap();
        assert_eq!((claims.sub.as_str(), claims.role.as_str()), (USER, "authenticated"));
        assert!(claims.aud.contains("authenticated"));
        assert_eq!(claims.aal, Some(AssuranceLevel::Aal1));
        assert_eq!(claims.amr[0].method, AuthMethod::Password);
        assert_eq!(claims.email.as_deref(), Some("ada@example.com"));
        assert_eq!(claims.phone, None);
        assert_eq!(claims.user_metadata["first_name"], "Ada");
    }
    assert_eq!(project.asked(), 1);
}

#[tokio::test]
async fn the_claims_that_a_real_server_wrote_are_read() {
    // The tokens themselves were not recorded, so their claims are signed anew.
    let key = Signer::es256("e");
    let project = Project::with(&[&key]).await;
    let verifier = project.verifier();
    let mut read = 0;
    for exchange in recordings::auth().values().flatten() {
        let Some(body) = exchange.response.body.as_ref().and_then(|body| body.json.as_ref()) else {
            continue;
        };
        let Some(name) = body["access_token"].as_str() else { continue };
        let mut recorded = recordings::auth_jwt(name)["claims"].clone();
        recorded["exp"] = (now() + 60).into();
        let claims = verifier.verify(&key.sign(&recorded)).await.unwrap();
        assert_eq!(claims.sub, recorded["sub"], "{name}");
        assert_eq!(claims.session_id.as_deref(), recorded["session_id"].as_str(), "{name}");
        assert_eq!(claims.is_anonymous, recorded["is_anonymous"], "{name}");
        assert_eq!(claims.amr.len(), recorded["amr"].as_array().unwrap().len(), "{name}");
        assert!(
            claims.amr.iter().all(|proof| !matches!(proof.method, AuthMethod::Other(_))),
            "{name}: {claims:?}"
        );
        assert_eq!(claims.client_id.as_deref(), recorded["client_id"].as_str(), "{name}");
        assert!(claims.extra.is_empty(), "{name}: {:?}", claims.extra);
        read += 1;
    }
    assert!(read > 50, "{read}");
}

/// 15 of the service's traps: `aud` may be a list, `amr` may be texts, and a hook of the project may add and drop claims.
#[tokio::test]
async fn claims_that_a_hook_changed_are_read() {
    let key = Signer::es256("e");
    let project = Project::with(&[&key]).await;
    let changed = claims_with(json!({
        "aud": ["a", "authenticated"], "amr": ["password", "totp"], "plan": "pro", "exp": now() as f64 + 60.5,
        "app_metadata": null, "user_metadata": null, "email": null, "aal": "aal9", "tags": [1, 2],
    }));
    let claims = project.verifier().audience("authenticated").verify(&key.sign(&changed)).await.unwrap();
    assert_eq!(claims.aud.names(), ["a", "authenticated"]);
    assert_eq!(claims.amr[1].method, AuthMethod::Totp);
    assert_eq!(claims.aal.as_ref().map(AssuranceLevel::as_str), Some("aal9"));
    assert_eq!(claims.get::<String>("plan").unwrap().as_deref(), Some("pro"));
    assert_eq!(claims.get::<Vec<u8>>("tags").unwrap(), Some(vec![1, 2]));
    assert_eq!(claims.get::<String>("nothing").unwrap(), None);
    let error = claims.get::<u8>("plan").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().contains("`plan`") && !error.message().contains("pro\""), "{error}");
}

/// What is only shown makes no good token a bad one, and what is decided by does not read as something else.
#[tokio::test]
async fn a_claim_of_another_type_hides_no_other() {
    let key = Signer::es256("e");
    let project = Project::with(&[&key]).await;
    let verifier = project.verifier();
    let read = |changes| {
        let token = key.sign(&claims_with(changes));
        let call = verifier.verify(&token);
        async move { call.await }
    };
    let odd = json!({
        "scope": ["openid", "email"], "client_id": 5, "session_id": 7, "phone": 13_334_445_555_u64, "email": ["a@b"],
        "amr": [null, 1, { "method": 2 }, "totp", { "method": "password", "timestamp": 3 }], "aal": 2,
        "app_metadata": [], "user_metadata": "x",
    });
    let claims = read(odd).await.unwrap();
    assert_eq!((claims.sub.as_str(), claims.role.as_str()), (USER, "authenticated"));
    assert_eq!((claims.scope.as_deref(), claims.client_id.as_deref()), (Some("openid email"), Some("5")));
    assert_eq!((claims.session_id.as_deref(), claims.phone.as_deref()), (Some("7"), Some("13334445555")));
    let methods: Vec<_> = claims.amr.iter().map(|proof| proof.method.clone()).collect();
    assert_eq!(methods, [AuthMethod::Totp, AuthMethod::Password]);
    assert!(claims.aal.is_none() && claims.app_metadata.is_empty() && claims.user_metadata.is_empty());
    assert!(read(json!({ "client_id": {}, "amr": {} })).await.unwrap().client_id.is_some());
    let none = read(json!({ "client_id": "", "scope": [], "session_id": null })).await.unwrap();
    assert_eq!((none.client_id, none.scope, none.session_id), (None, None, None));
    for wrong in [
        json!({ "sub": 7 }),
        json!({ "role": ["service_role"] }),
        json!({ "exp": "1" }),
        json!({ "nbf": "1" }),
        json!({ "iss": 1 }),
        json!({ "aud": 1 }),
        json!({ "is_anonymous": "true" }),
    ] {
        assert_eq!(read(wrong.clone()).await.unwrap_err().kind(), ErrorKind::InvalidJwt, "{wrong}");
    }
}

#[tokio::test]
async fn each_key_of_an_id_is_tried_and_no_other() {
    let keys = [Signer::es256("same"), Signer::es256("same"), Signer::eddsa("same"), Signer::es256("other")];
    let project = Project::with(&[&keys[0], &keys[1], &keys[2], &keys[3]]).await;
    let verifier = project.verifier();
    for key in &keys {
        verifier.verify(&key.sign(&claims(USER))).await.unwrap();
    }
    let header = json!({ "alg": "ES256", "kid": "same" });
    let error = verifier.verify(&keys[3].sign_as(&header, &claims(USER))).await.unwrap_err();
    assert!(error.message().contains("signature"), "{error}");
    assert_eq!(project.asked(), 1);
}

/// Every way in which a token was ever forged: each has a word of its own, and none passes.
#[tokio::test]
async fn no_forged_token_passes() {
    let (key, other, rsa) = (Signer::es256("e"), Signer::es256("e"), Signer::rs256("r"));
    let oct = Signer::hs256("public", b"everybody can read this");
    let project = Project::with(&[&key, &rsa, &oct]).await;
    let verifier = project.verifier().hs256_secret(String::from_utf8(SECRET.to_vec()).unwrap());
    let good = key.sign(&claims(USER));
    let parts: Vec<_> = good.split('.').collect();
    let public_key = serde_json::to_string(&key.jwk()).unwrap();
    let public_point = {
        use base64::Engine;
        let decode = |part: &Value| {
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part.as_str().unwrap()).unwrap()
        };
        [vec![4], decode(&key.jwk()["x"]), decode(&key.jwk()["y"])].concat()
    };
    let admin = claims_with(json!({ "role": "service_role" }));
    let es256 = json!({ "alg": "ES256", "kid": "e" });
    let forged = [
        ("none", key.sign_as(&json!({ "alg": "none" }), &claims(USER)), "not signed by"),
        ("None", key.sign_as(&json!({ "alg": "None", "kid": "e" }), &claims(USER)), "not signed by"),
        ("no signature", format!("{}.{}.", parts[0], parts[1]), "signature"),
        ("no signature at all", format!("{}.{}", parts[0], parts[1]), "not a JWT"),
        ("another key of the same id", other.sign(&claims(USER)), "signature"),
        ("the claims exchanged", {
            let forged = other.sign(&admin);
            format!("{}.{}.{}", parts[0], forged.split('.').nth(1).unwrap(), parts[2])
        }, "signature"),
        ("HS256 with the public key as JSON", Signer::hs256("e", public_key.as_bytes()).sign(&admin), "signature"),
        ("HS256 with the public key's point", Signer::hs256("e", &public_point).sign(&admin), "signature"),
        ("HS256 with nothing as secret", Signer::hs256("e", b"").sign(&admin), "signature"),
        ("HS256 with a secret that the key set tells", oct.sign(&admin), "signature"),
        ("another algorithm than the key's", key.sign_as(&json!({ "alg": "RS256", "kid": "e" }), &admin), "another way"),
        ("the key of another algorithm", key.sign_as(&json!({ "alg": "ES256", "kid": "r" }), &admin), "another way"),
        ("a key that the header brings", other.sign_as(
            &json!({ "alg": "ES256", "kid": "x", "jwk": other.jwk(), "jku": project.server.url("/evil") }), &admin,
        ), "no key"),
        ("no key named", key.sign_as(&json!({ "alg": "ES256" }), &claims(USER)), "does not say which key"),
        ("an unknown extension", key.sign_as(
            &json!({ "alg": "ES256", "kid": "e", "crit": ["b64"], "b64": false }), &claims(USER),
        ), "extension"),
        ("ES384", key.sign_as(&json!({ "alg": "ES384", "kid": "e" }), &claims(USER)), "not signed by"),
        ("expired", key.sign(&claims_with(json!({ "exp": now() - 31 }))), "expired"),
        ("expired long ago", key.sign(&claims_with(json!({ "exp": -9e300 }))), "expired"),
        ("never expiring", key.sign(&claims_with(json!({ "exp": null }))), "claims"),
        ("expiring in words", key.sign(&claims_with(json!({ "exp": "soon" }))), "claims"),
        ("of the future", key.sign(&claims_with(json!({ "nbf": now() + 40 }))), "not valid yet"),
        ("of nobody", key.sign(&claims_with(json!({ "sub": null }))), "names no user"),
        ("an ID token", key.sign(&claims_with(json!({ "role": null, "aud": "some-client" }))), "no role"),
        ("a list as claims", key.sign_as(&es256, &json!([1, 2])), "claims"),
        ("huge", key.sign(&claims_with(json!({ "x": "x".repeat(100_000) }))), "longer than"),
        ("with Bearer", format!("Bearer {good}"), "without `Bearer`"),
        ("five parts", format!("{good}.a.b"), "not a JWT"),
        ("four parts", format!("{good}.a"), "not a JWT"),
        ("padded", format!("{good}=="), "not a JWT"),
        ("nothing", String::new(), "not a JWT"),
        ("dots", "..".to_owned(), "not a JWT"),
        ("garbage", "a.b.c".to_owned(), "not a JWT"),
    ];
    for (what, token, says) in &forged {
        let error = verifier.verify(token).await.expect_err(what);
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InvalidJwt, Some(&Code::BadJwt)),
            "{what}: {error}"
        );
        assert!(error.message().contains(says), "{what}: {error}");
        assert!(!error.is_retryable(), "{what}");
        if token.len() > 20 {
            assert!(!format!("{error:?} {error}").contains(&token[..20]), "{what}: {error:?}");
        }
    }
    // One request for the keys, and one for the key that nobody knows at the most.
    assert!(project.asked() <= 2, "{}", project.asked());
    verifier.verify(&good).await.unwrap();
}

#[tokio::test]
async fn expiry_and_beginning_have_a_leeway() {
    let key = Signer::eddsa("d");
    let project = Project::with(&[&key]).await;
    let late = key.sign(&claims_with(json!({ "exp": now() - 25 })));
    let early = key.sign(&claims_with(json!({ "nbf": now() + 25 })));
    for token in [&late, &early] {
        project.verifier().verify(token).await.unwrap();
        let error = project.verifier().leeway(Duration::from_secs(20)).verify(token).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJwt);
    }
    // However large, it is no more than a day.
    let old = key.sign(&claims_with(json!({ "exp": now() - 25 * 3600 })));
    let error = project.verifier().leeway(Duration::MAX).verify(&old).await.unwrap_err();
    assert!(error.message().contains("expired"), "{error}");
}

#[tokio::test]
async fn issuer_and_audience_are_checked_where_they_are_given() {
    let key = Signer::eddsa("d");
    let project = Project::with(&[&key]).await;
    let token = key.sign(&claims(USER));
    let any = |verifier: JwtVerifier| verifier.verify(&token).into_future();
    any(project.verifier().issuer("https://project.example/auth/v1").audience("authenticated"))
        .await
        .unwrap();
    any(project.verifier().audience("other").audience("authenticated")).await.unwrap();
    let error = any(project.verifier().issuer("https://evil.example/auth/v1")).await.unwrap_err();
    assert!(error.message().contains("another server"), "{error}");
    let error = any(project.verifier().audience("other")).await.unwrap_err();
    assert!(error.message().contains("another audience"), "{error}");
    for missing in
        [json!({ "iss": null }), json!({ "iss": "" }), json!({ "aud": null }), json!({ "aud": [] })]
    {
        let token = key.sign(&claims_with(missing));
        let strict = project.verifier().issuer("https://project.example/auth/v1").audience("authenticated");
        assert_eq!(strict.verify(&token).await.unwrap_err().kind(), ErrorKind::InvalidJwt);
    }
    // A setter changes this handle, and not the one that it was cloned from.
    let verifier = project.verifier();
    let _strict = verifier.clone().audience("other");
    verifier.verify(&token).await.unwrap();
}

#[tokio::test]
async fn a_thousand_callers_make_one_request() {
    let key = Signer::es256("e");
    let project = Project::answering(200, json!({ "keys": [key.jwk()] }), Duration::from_millis(50)).await;
    let (verifier, token) = (project.verifier(), key.sign(&claims(USER)));
    let calls = (0..1000).map(|_| tokio::spawn(verifier.verify(&token).into_future()));
    // Some are dropped on their way; the others do not notice.
    let calls: Vec<_> = calls.collect();
    for call in calls.iter().step_by(7) {
        call.abort();
    }
    let mut verified = 0;
    for call in calls {
        match call.await {
            Ok(claims) => {
                claims.unwrap();
                verified += 1;
            }
            Err(error) => assert!(error.is_cancelled()),
        }
    }
    assert!(verified > 800, "{verified}");
    assert_eq!(project.asked(), 1);
}

#[tokio::test]
async fn a_failure_is_everybodys_and_the_next_call_asks_again() {
    let key = Signer::es256("e");
    let project = Project::answering(503, json!({ "message": "down" }), Duration::from_millis(20)).await;
    let (verifier, token) = (project.verifier(), key.sign(&claims(USER)));
    let calls: Vec<_> = (0..100).map(|_| tokio::spawn(verifier.verify(&token).into_future())).collect();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Unverified, Some(503)));
        assert!(error.is_retryable());
    }
    assert_eq!(project.asked(), 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    verifier.verify(&token).await.unwrap_err();
    assert_eq!(project.asked(), 2);
}

#[tokio::test]
async fn unknown_keys_make_one_request_in_half_a_minute() {
    let (key, forger) = (Signer::es256("e"), Signer::es256("unknown"));
    let project = Project::with(&[&key]).await;
    let verifier = project.verifier();
    verifier.verify(&key.sign(&claims(USER))).await.unwrap();
    for round in 1..=3 {
        for n in 0..50 {
            let header = json!({ "alg": "ES256", "kid": format!("made-up-{n}") });
            let error = verifier.verify(&forger.sign_as(&header, &claims(USER))).await.unwrap_err();
            assert!(error.message().contains("no key"), "{error}");
        }
        assert_eq!(project.asked(), round);
        after(31).await;
    }
    // What is known is not asked for.
    verifier.verify(&key.sign(&claims(USER))).await.unwrap();
    assert_eq!(project.asked(), 3);
}

#[tokio::test]
async fn a_new_key_of_the_project_is_found() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let server = MockServer::start_async().await;
    let keys = |keys: Value| {
        let server = &server;
        async move {
            server
                .mock_async(|when, then| {
                    when.path("/.well-known/jwks.json");
                    then.status(200).json_body(json!({ "keys": keys }));
                })
                .await
        }
    };
    let first = keys(json!([old.jwk()])).await;
    let verifier = verifier(&server.base_url());
    verifier.verify(&old.sign(&claims(USER))).await.unwrap();
    first.delete_async().await;
    let second = keys(json!([old.jwk(), new.jwk()])).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(40)).await;
    tokio::time::resume();
    verifier.verify(&new.sign(&claims(USER))).await.unwrap();
    verifier.verify(&old.sign(&claims(USER))).await.unwrap();
    assert_eq!(second.calls_async().await, 1);
}

async fn after(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// A project that gets a new key half a minute after its keys were asked for, and what its server does from then on: an
/// answer at a time, the last one for ever.
async fn rotated(
    old: &Signer,
    new: &Signer,
    then: impl IntoIterator<Item = (u16, Duration)>,
) -> (Server, JwtVerifier) {
    let (before, both) = (json!({ "keys": [old.jwk()] }), json!({ "keys": [old.jwk(), new.jwk()] }));
    let answers: Vec<_> = then.into_iter().collect();
    let nth = AtomicUsize::new(0);
    let server = Server::start(move |_| match nth.fetch_add(1, Ordering::SeqCst) {
        0 => (200, before.clone()),
        nth => {
            let (status, delay) = answers[nth.min(answers.len()) - 1];
            std::thread::sleep(delay);
            (status, if status == 200 { both.clone() } else { json!({ "message": "down" }) })
        }
    })
    .await;
    let verifier = verifier(&server.url());
    verifier.verify(&old.sign(&claims(USER))).await.unwrap();
    after(31).await;
    (server, verifier)
}

#[tokio::test]
async fn all_who_come_with_a_new_key_wait_for_one_request() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let (server, verifier) = rotated(&old, &new, [(200, Duration::from_millis(200))]).await;
    let token = new.sign(&claims(USER));
    let calls: Vec<_> = (0..20).map(|_| tokio::spawn(verifier.verify(&token).into_future())).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.sent().len(), 2);
}

/// What became of the request, the next one sees; and one who asks and goes away has no more than one sent.
#[tokio::test]
async fn a_caller_who_gave_up_leaves_the_new_keys_to_the_next_one() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let (server, verifier) = rotated(&old, &new, [(200, Duration::from_millis(300))]).await;
    let made_up = new.sign_as(&json!({ "alg": "ES256", "kid": "made-up" }), &claims(USER));
    for _ in 0..10 {
        let call = verifier.verify(&made_up).timeout(Duration::from_millis(10));
        assert!(call.await.unwrap_err().is_timeout());
    }
    verifier.verify(&new.sign(&claims(USER))).await.unwrap();
    assert_eq!(server.sent().len(), 2);
    assert_eq!(verifier.verify(&made_up).await.unwrap_err().kind(), ErrorKind::InvalidJwt);
    assert_eq!(server.sent().len(), 2);
}

#[tokio::test]
async fn a_failure_says_nothing_about_a_new_key_and_is_soon_over() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let (server, verifier) = rotated(&old, &new, [(503, Duration::ZERO), (200, Duration::ZERO)]).await;
    let token = new.sign(&claims(USER));
    for _ in 0..3 {
        let error = verifier.verify(&token).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unverified);
        assert!(error.is_retryable());
        // A key that is known needs nobody.
        verifier.verify(&old.sign(&claims(USER))).await.unwrap();
    }
    assert_eq!(server.sent().len(), 2);
    after(1).await;
    verifier.verify(&token).await.unwrap();
    assert_eq!(server.sent().len(), 3);
}

/// An outage must sign nobody out: only what is said of the token itself is a no.
#[tokio::test]
async fn trouble_of_a_server_is_no_answer_about_a_token() {
    let key = Signer::es256("e");
    let tokens = [key.sign(&claims(USER)), Signer::hs256("", SECRET).sign(&claims(USER))];
    let no_code = json!({ "message": "Invalid API key" });
    for (status, body) in [
        (429, error("over_request_rate_limit")),
        (500, error("unexpected_failure")),
        (502, json!("<html>bad gateway</html>")),
        (503, json!({ "message": "down" })),
        (404, json!({ "message": "no Route matched" })),
        (404, error("feature_disabled")),
        (401, no_code.clone()),
        (403, no_code),
        (403, json!({ "error": "forbidden" })),
        (403, json!({ "error": "access_denied" })),
    ] {
        let server = Server::start(move |_| (status, body.clone())).await;
        for token in &tokens {
            let error = verifier(&server.url()).verify(token).await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (ErrorKind::Unverified, Some(status)), "{error:?}");
        }
    }
    for (status, code) in
        [(401, Code::BadJwt), (403, Code::BadJwt), (403, Code::SessionNotFound), (403, Code::UserNotFound)]
    {
        let answer = code.as_str().to_owned();
        let server = Server::start(move |_| (status, error(&answer))).await;
        let error = verifier(&server.url()).verify(&tokens[1]).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&code)));
    }
}

/// Old keys are used at once, and renewed beside; when they are too old, they are waited for.
#[tokio::test]
async fn keys_that_are_not_fresh_are_renewed_beside_their_use() {
    let (old, new) = (Signer::es256("e"), Signer::es256("e"));
    let server = MockServer::start_async().await;
    let first = server
        .mock_async(|when, then| {
            when.path("/.well-known/jwks.json");
            then.status(200)
                .header("cache-control", "public, max-age=600")
                .json_body(json!({ "keys": [old.jwk()] }));
        })
        .await;
    let verifier = verifier(&server.base_url());
    let token = old.sign(&claims_with(json!({ "exp": now() + 36_000 })));
    verifier.verify(&token).await.unwrap();
    first.delete_async().await;
    let second = server
        .mock_async(|when, then| {
            when.path("/.well-known/jwks.json");
            then.status(200).json_body(json!({ "keys": [new.jwk()] }));
        })
        .await;
    after(599).await;
    verifier.verify(&token).await.unwrap();
    assert_eq!(second.calls_async().await, 0);
    after(2).await;
    verifier.verify(&token).await.unwrap();
    // The old key served this call, and is replaced by the new one of the same id in a moment.
    let replaced = async {
        while verifier.verify(&token).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), replaced).await.unwrap();
    assert_eq!(second.calls_async().await, 1);
    // Beyond two hours nothing old is used, and a failure shows.
    second.delete_async().await;
    after(10_000).await;
    let token = new.sign(&claims_with(json!({ "exp": now() + 36_000 })));
    assert_eq!(verifier.verify(&token).await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn a_project_may_list_keys_that_are_of_no_use_here() {
    let key = Signer::es256("good");
    let other = Signer::es256("encrypts");
    let mut encrypts = other.jwk();
    encrypts["use"] = "enc".into();
    let mut signs = Signer::es256("signs-only").jwk();
    signs["key_ops"] = json!(["sign"]);
    let project = Project::answering(
        200,
        json!({ "keys": [
        { "kty": "AKP", "alg": "ML-DSA-44", "kid": "new" }, encrypts, signs, 7, { "kid": 3 },
        { "kty": "EC", "crv": "P-256", "x": "!", "y": "!", "kid": "broken", "alg": "ES256" }, key.jwk(),
    ] }),
        Duration::ZERO,
    )
    .await;
    let verifier = project.verifier();
    verifier.verify(&key.sign(&claims(USER))).await.unwrap();
    assert!(verifier.verify(&other.sign(&claims(USER))).await.unwrap_err().message().contains("no key"));
}

/// 14 of the service's traps: the key set of a project that signs by a shared secret is empty.
#[tokio::test]
async fn symmetric_tokens_are_verified_with_the_secret_and_nothing_is_sent() {
    let project = Project::with(&[]).await;
    let verifier = project.verifier().hs256_secret(String::from_utf8(SECRET.to_vec()).unwrap());
    let token = Signer::hs256("", SECRET).sign_as(&json!({ "alg": "HS256", "typ": "JWT" }), &claims(USER));
    assert_eq!(verifier.verify(&token).await.unwrap().sub, USER);
    assert_eq!(project.asked(), 0);
    assert!(!format!("{verifier:?}").contains("secret-of"), "{verifier:?}");
}

/// `env::var("…").unwrap_or_default()` must not let everybody in who signs with nothing.
#[tokio::test]
async fn a_secret_that_is_none_verifies_nothing() {
    let key = Signer::es256("e");
    let project = Project::with(&[&key]).await;
    for weak in ["", "secret", "a-secret-of-thirty-one-bytes-xx"] {
        let verifier = project.verifier().hs256_secret(weak);
        for token in [Signer::hs256("", weak.as_bytes()).sign(&claims(USER)), key.sign(&claims(USER))] {
            let error = verifier.verify(&token).await.unwrap_err();
            assert!(error.kind() == ErrorKind::Invalid && error.message().contains("secret is"), "{error:?}");
            assert!(!format!("{error:?}").contains("thirty-one"), "{error:?}");
        }
    }
    assert_eq!(project.asked(), 0);
    for good in
        ["a-secret-of-thirty-two-bytes-xxx", "super-secret-jwt-token-with-at-least-32-characters-long"]
    {
        let verifier = project.verifier().hs256_secret("").hs256_secret(good);
        verifier.verify(&Signer::hs256("", good.as_bytes()).sign(&claims(USER))).await.unwrap();
    }
}

/// 14 of the service's traps: verify here only by an asymmetric key that is known, else `GET /user`.
#[tokio::test]
async fn symmetric_tokens_without_the_secret_are_the_servers_to_judge() {
    let server = MockServer::start_async().await;
    let token = Signer::hs256("", SECRET).sign(&claims(USER));
    let stranger = Signer::hs256("", SECRET).sign(&claims("00000000-0000-4000-8000-000000000000"));
    let recorded = recordings::case(recordings::auth(), "auth/get_claims/hs256_falls_back_to_get_user");
    let mut user = recorded.response.body.as_ref().and_then(|body| body.json.clone()).unwrap();
    user["id"] = USER.into();
    let asked = server
        .mock_async(|when, then| {
            when.method(GET)
                .path("/user")
                .header("x-supabase-api-version", "2024-01-01")
                .header_prefix("authorization", "Bearer eyJ");
            then.status(200).json_body(user);
        })
        .await;
    let verifier = verifier(&server.base_url());
    assert_eq!(verifier.verify(&token).await.unwrap().sub, USER);
    let error = verifier.verify(&stranger).await.unwrap_err();
    assert!(error.message().contains("another user"), "{error}");
    assert_eq!(asked.calls_async().await, 2);
    // What has expired is not worth the way.
    let expired = Signer::hs256("", SECRET).sign(&claims_with(json!({ "exp": now() - 60 })));
    assert!(verifier.verify(&expired).await.unwrap_err().message().contains("expired"));
    assert_eq!(asked.calls_async().await, 2);
}

#[tokio::test]
async fn the_servers_no_is_an_answer_about_the_token() {
    let server = MockServer::start_async().await;
    let recorded = recordings::case(recordings::auth(), "auth/get_user/wrong_signature");
    let body = recorded.response.body.as_ref().and_then(|body| body.json.clone()).unwrap();
    server
        .mock_async(|when, then| {
            when.path("/user");
            then.status(recorded.response.status).json_body(body);
        })
        .await;
    let token = Signer::hs256("", b"wrong").sign(&claims(USER));
    let error = verifier(&server.base_url()).verify(&token).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&Code::BadJwt)));
}

#[tokio::test]
async fn one_call_can_have_a_time_limit_of_its_own() {
    let key = Signer::es256("e");
    let project = Project::answering(200, json!({ "keys": [key.jwk()] }), Duration::from_secs(2)).await;
    let call = project.verifier().verify(&key.sign(&claims(USER))).timeout(Duration::from_millis(20));
    let error = call.await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever comes as a token, it is refused and nothing breaks.
    #[test]
    fn garbage_is_refused(text in prop_oneof![
        any::<String>(),
        "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}",
        // A header that is one, and something behind.
        (any::<Vec<u8>>(), any::<Vec<u8>>()).prop_map(|(payload, signature)| {
            use base64::Engine;
            let part = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
            format!("{}.{}.{}", part(br#"{"alg":"HS256"}"#), part(&payload), part(&signature))
        }),
    ]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let verifier = verifier("http://127.0.0.1:9").hs256_secret(std::str::from_utf8(SECRET).unwrap());
        let error = runtime.block_on(verifier.verify(&text).into_future()).unwrap_err();
        prop_assert_eq!(error.kind(), ErrorKind::InvalidJwt);
    }
}

#[tokio::test]
async fn a_verifier_goes_by_the_clock_of_its_client() {
    let key = Signer::hs256("s", SECRET);
    let token = key.sign(&claims_with(json!({ "exp": now() + 3600 })));
    for (hours, is_good) in [(0, true), (2, false)] {
        let clock: fn() -> std::time::SystemTime = match hours {
            0 => std::time::SystemTime::now,
            _ => || std::time::SystemTime::now() + Duration::from_secs(7200),
        };
        let client = Client::builder("http://127.0.0.1:1", "sb_publishable_not_a_key").clock(clock).build();
        let verifier = client.unwrap().jwt_verifier().hs256_secret(std::str::from_utf8(SECRET).unwrap());
        assert_eq!(verifier.verify(&token).await.is_ok(), is_good, "{hours} hours later");
    }
}

/// The session knows how far it is off.
#[tokio::test]
async fn the_claims_of_a_session_are_verified_by_the_clock_of_its_server() {
    const OFF: Duration = Duration::from_secs(7200);
    let clocks: [fn() -> std::time::SystemTime; 3] = [
        std::time::SystemTime::now,
        || std::time::SystemTime::now() + OFF,
        || std::time::SystemTime::now() - OFF,
    ];
    for clock in clocks {
        let key = Signer::es256("e");
        let (token, keys) =
            (key.sign(&claims_with(json!({ "exp": now() + 3600 }))), json!({ "keys": [key.jwk()] }));
        let expires_at = now() + 3600;
        let server = Server::start(move |sent| match sent.path.as_str() {
            "/token" => (
                200,
                json!({
                    "access_token": token,
                    "refresh_token": "r",
                    "expires_in": 3600,
                    "expires_at": expires_at,
                    "user": { "id": USER },
                }),
            ),
            _ => (200, keys.clone()),
        })
        .await;
        let client = server.builder().clock(clock).build().unwrap();
        client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
        assert_eq!(client.get_claims().await.unwrap().sub, USER);
    }
}
