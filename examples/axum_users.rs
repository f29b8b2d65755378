//! A web server with axum that acts for the users of its requests. An extractor verifies the bearer and hands the handler
//! the user's claims and a client that acts as that user: row level security decides what they see.
//!
//! Tokens are verified here, by the project's public keys. They are asked for once, so that no request waits for auth;
//! where the project signs by a shared secret, give it as `SUPABASE_JWT_SECRET`.
//!
//! ```sh
//! cargo xtask demo axum_users
//! ```

use std::env;

use axum::extract::{FromRef, FromRequestParts, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use supabase::Client;
use supabase::auth::{Claims, ErrorKind, JwtVerifier, SignUp};
use supabase::secrecy::ExposeSecret;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What the server holds, for all users together.
#[derive(Clone)]
struct App {
    supabase: Client,
    verifier: JwtVerifier,
}

/// The user of a request. A handler that takes one is reached by nobody else.
struct SignedIn {
    claims: Claims,
    /// Acts as the user, and as nobody else.
    supabase: Client,
}

impl<S> FromRequestParts<S> for SignedIn
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Self, Self::Rejection> {
        let app = App::from_ref(state);
        let token = bearer(&parts.headers).ok_or((StatusCode::UNAUTHORIZED, "send a bearer token"))?;
        match app.verifier.verify(token).await {
            Ok(claims) => Ok(Self { claims, supabase: app.supabase.as_user(token) }),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidJwt | ErrorKind::Rejected) => {
                Err((StatusCode::UNAUTHORIZED, "the token is not valid"))
            }
            // It says nothing about the token: the keys could not be had, or the server not be asked.
            Err(_) => Err((StatusCode::SERVICE_UNAVAILABLE, "try again")),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The notes that the user may see.
async fn notes(user: SignedIn) -> std::result::Result<Json<Value>, (StatusCode, String)> {
    let notes: std::result::Result<Vec<Value>, _> = user.supabase.from("notes").select("body").await;
    let notes = notes.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))?;
    Ok(Json(json!({ "user": user.claims.sub, "notes": notes })))
}

/// Keeps a note of the user's.
async fn keep(user: SignedIn, note: String) -> std::result::Result<StatusCode, (StatusCode, String)> {
    let kept = user.supabase.from("notes").insert(json!({ "body": note })).await;
    kept.map(|()| StatusCode::CREATED).map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))
}

/// Needs no user.
async fn health(State(app): State<App>) -> String {
    format!("in front of {}", app.supabase.url())
}

fn router(app: App) -> Router {
    Router::new().route("/notes", get(notes).post(keep)).route("/health", get(health)).with_state(app)
}

#[tokio::main]
async fn main() -> Result<()> {
    let supabase = Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;
    let mut verifier = supabase.auth().jwt_verifier().audience("authenticated");
    // One that is empty would be refused, and every token with it.
    if let Some(secret) = env::var("SUPABASE_JWT_SECRET").ok().filter(|secret| !secret.is_empty()) {
        verifier = verifier.hs256_secret(secret);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let server = axum::serve(listener, router(App { supabase, verifier })).into_future();
    tokio::select! {
        stopped = server => Ok(stopped?),
        shown = show(&address) => shown,
    }
}

/// What browsers would ask of the server.
async fn show(server: &str) -> Result<()> {
    let http = supabase::reqwest::Client::new();
    let (ada, ben) = (sign_up().await?, sign_up().await?);
    for (token, note) in [(&ada, "Ada's note"), (&ben, "Ben's note")] {
        let kept = http.post(format!("{server}/notes")).bearer_auth(token).body(note).send().await?;
        println!("{}", kept.status());
    }
    for token in [ada.as_str(), ben.as_str(), "not-a-token"] {
        let answer = http.get(format!("{server}/notes")).bearer_auth(token).send().await?;
        println!("{} {}", answer.status(), answer.text().await?);
    }
    println!("{}", http.get(format!("{server}/health")).send().await?.status());
    Ok(())
}

/// A new user of the project, and their access token.
async fn sign_up() -> Result<String> {
    let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    let browser = Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;
    let user = SignUp::email(format!("user-{unique}@example.com"), format!("pw-{unique}-A"));
    let session = browser.auth().sign_up(user).await?.session;
    let session = session.ok_or("the stack did not sign the user in")?;
    Ok(session.access_token.expose_secret().to_owned())
}
