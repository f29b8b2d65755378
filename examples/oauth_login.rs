//! A command-line program whose user signs in in the browser, by a provider such as GitHub. The browser comes back to an
//! address of this machine, where the program waits for it; nobody copies a code.
//!
//! ```sh
//! cargo xtask demo oauth_login
//! ```
//!
//! Another provider of the project's is named by an argument. The embedded stack has one of its own in the place of GitHub,
//! which lets everybody in as octocat.

use std::env;
use std::error::Error;
use std::time::Duration;

use supabase::Client;
use supabase::auth::{Loopback, OAuth, SignOutScope};

/// How long the user may take in the browser.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = env::args().nth(1).unwrap_or_else(|| "github".into());
    let supabase = Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;

    // A free port and a secret path, so that only the browser that was sent there can answer.
    let loopback = Loopback::bind().await?;
    let way = OAuth::provider(&provider).redirect_to(loopback.redirect_to());
    let start = supabase.auth().sign_in(way).await?;
    println!("Open this in your browser:\n{}", start.url);

    // It brings a code, which is worth nothing without the secret that this process keeps (PKCE).
    let came_back = loopback.receive(PATIENCE).await?;
    supabase.auth().session_from_url(came_back).await?;

    let user = supabase.auth().get_user().await?;
    println!("Signed in as {} by {provider}", user.email.as_deref().unwrap_or_default());
    supabase.auth().sign_out(SignOutScope::Local).await?;
    Ok(())
}
