//! Whoever signs in, is refreshed or signs out: every service follows at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gotrue_rs::{Password, SignOutScope};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use serde_json::{Value, json};

use super::FOLLOWERS;
use crate::{Client, ClientBuilder, ErrorKind};

/// Services by the first part of their path, and the bearer that each saw last.
type Seen = Arc<Mutex<BTreeMap<String, Option<String>>>>;

/// A project whose auth signs anybody in, and whose other services write down as whom they were called.
struct Project {
    server: MockServer,
    seen: Seen,
}

impl Project {
    async fn start() -> Self {
        let server = MockServer::start_async().await;
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        server
            .mock_async(move |when, then| {
                when.any_request();
                then.respond_with(move |request: &HttpMockRequest| answer(request, &log));
            })
            .await;
        Self { server, seen }
    }

    fn builder(&self, key: &str) -> ClientBuilder {
        Client::builder(self.server.base_url(), key).http_client(supabase_testing::http::client())
    }

    /// Calls every service that follows the session, and answers with the bearer that each saw.
    async fn bearers(&self, supabase: &Client) -> BTreeMap<&'static str, Option<String>> {
        let mut bearers = BTreeMap::new();
        for service in FOLLOWERS {
            self.seen.lock().unwrap().clear();
            let path = match *service {
                "database" => {
                    supabase.from("t").select_raw("*").await.unwrap();
                    "rest"
                }
                "storage" => {
                    supabase.storage().list_buckets().await.unwrap();
                    "storage"
                }
                "functions" => {
                    supabase.functions().invoke("f").await.unwrap();
                    "functions"
                }
                "realtime" => {
                    supabase.realtime().broadcast("room", "greeting", &json!({})).await.unwrap();
                    "realtime"
                }
                other => panic!("a service that follows the session has no test: {other}"),
            };
            let seen = self.seen.lock().unwrap();
            assert_eq!(seen.keys().collect::<Vec<_>>(), [path]);
            bearers.insert(*service, seen[path].clone());
        }
        bearers
    }

    /// Every service sees this bearer.
    async fn assert_all(&self, supabase: &Client, bearer: Option<&str>) {
        let expected: BTreeMap<_, _> = FOLLOWERS
            .iter()
            .map(|service| (*service, bearer.map(|token| format!("Bearer {token}"))))
            .collect();
        assert_eq!(self.bearers(supabase).await, expected);
    }
}

fn answer(request: &HttpMockRequest, seen: &Seen) -> HttpMockResponse {
    let uri = request.uri();
    let path = uri.path();
    let body = match (path, uri.query().unwrap_or_default()) {
        ("/auth/v1/token", "grant_type=password") => session("first"),
        ("/auth/v1/token", "grant_type=refresh_token") => session("second"),
        ("/auth/v1/logout", _) => return HttpMockResponse::builder().status(204).build(),
        _ => {
            let bearer = request
                .headers_vec()
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
                .map(|(_, value)| value.clone());
            let service = path.split('/').nth(1).unwrap_or_default().to_owned();
            seen.lock().unwrap().insert(service, bearer);
            json!([])
        }
    };
    let headers = ("content-type", "application/json");
    HttpMockResponse::builder().status(200).header(headers.0, headers.1).body(body.to_string()).build()
}

fn session(token: &str) -> Value {
    json!({
        "access_token": token, "token_type": "bearer", "expires_in": 3600, "refresh_token": format!("after-{token}"),
        "user": {
            "id": "8f2b5c1e-0000-4000-8000-000000000001", "aud": "authenticated", "role": "authenticated",
            "email": "ada@example.com", "phone": "", "app_metadata": {}, "user_metadata": {}, "identities": [],
            "created_at": "2026-11-25T08:00:00Z", "updated_at": "2026-11-25T08:00:00Z", "is_anonymous": false,
        },
    })
}

#[tokio::test]
async fn signing_in_a_refresh_and_signing_out_reach_every_service() {
    let project = Project::start().await;
    let supabase = project.builder("sb_publishable_test").build().unwrap();
    let clone = supabase.clone();
    project.assert_all(&supabase, None).await;

    supabase.auth().sign_in(Password::email("ada@example.com", "secret")).await.unwrap();
    project.assert_all(&supabase, Some("first")).await;
    project.assert_all(&clone, Some("first")).await;
    supabase.auth().refresh_session().await.unwrap();
    project.assert_all(&supabase, Some("second")).await;
    supabase.auth().sign_out(SignOutScope::Local).await.unwrap();
    project.assert_all(&supabase, None).await;
}

#[tokio::test]
async fn a_legacy_anon_key_is_the_bearer_only_while_nobody_is_signed_in() {
    // {"alg":"HS256"} and {"role":"anon"}.
    const ANON: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl";
    let project = Project::start().await;
    let supabase = project.builder(ANON).build().unwrap();
    project.assert_all(&supabase, Some(ANON)).await;
    supabase.auth().sign_in(Password::email("ada@example.com", "secret")).await.unwrap();
    project.assert_all(&supabase, Some("first")).await;
}

#[tokio::test]
async fn a_secret_key_stays_itself_whoever_signs_in() {
    // {"alg":"HS256"} and {"role":"service_role"}.
    const SERVICE: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl";
    let project = Project::start().await;
    for (key, bearer) in [("sb_secret_test", None), (SERVICE, Some(SERVICE))] {
        let supabase = project.builder(key).build().unwrap();
        supabase.auth().sign_in(Password::email("ada@example.com", "secret")).await.unwrap();
        project.assert_all(&supabase, bearer).await;
    }
}

/// What a client without a session says, also to what would need no request.
async fn refusals(auth: &gotrue_rs::Client) -> Vec<gotrue_rs::Error> {
    vec![
        auth.sign_in(Password::email("ada@example.com", "secret")).await.unwrap_err(),
        auth.get_session().await.unwrap_err(),
        auth.get_user().await.unwrap_err(),
        auth.sign_out(gotrue_rs::SignOutScope::Global).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_handle_of_one_user_shares_the_connections_and_nothing_else() {
    let project = Project::start().await;
    let supabase = project.builder("sb_publishable_test").build().unwrap();
    let ada = supabase.as_user("token-of-ada");
    supabase.auth().sign_in(Password::email("ben@example.com", "secret")).await.unwrap();
    project.assert_all(&ada, Some("token-of-ada")).await;
    project.assert_all(&ada.as_user("token-of-eve"), Some("token-of-eve")).await;
    project.assert_all(&supabase, Some("first")).await;

    for error in refusals(ada.auth()).await {
        let error = crate::Error::from(error);
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("acts for one user"), "{error}");
    }
    project.assert_all(&ada, Some("token-of-ada")).await;
}

#[tokio::test]
async fn tokens_from_elsewhere_reach_every_service_and_leave_no_auth() {
    let project = Project::start().await;
    let builder = project.builder("sb_publishable_test");
    let supabase = builder.access_token_with(|| async { Ok(Some("elsewhere".into())) }).build().unwrap();
    project.assert_all(&supabase, Some("elsewhere")).await;
    for error in refusals(supabase.auth()).await {
        assert_eq!(error.kind(), gotrue_rs::ErrorKind::Invalid);
        assert!(error.message().contains("access_token_with"), "{error}");
    }
    project.assert_all(&supabase, Some("elsewhere")).await;
}
