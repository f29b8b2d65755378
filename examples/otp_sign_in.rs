//! Signs in without a password: a code is sent to an address, and whoever can read it is let in. Who has no account yet gets
//! one.
//!
//! ```sh
//! cargo xtask demo otp_sign_in ada@example.com
//! ```
//!
//! The embedded stack sends no emails: it shows them at the address that `SUPABASE_MAIL_URL` names.

use std::env;
use std::error::Error;

use supabase::Client;
use supabase::auth::{EmailOtp, ErrorKind, Otp, SignOutScope, Verify};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

/// How often a mistyped code is asked for again.
const ATTEMPTS: usize = 3;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let email = env::args().nth(1).unwrap_or_else(|| "ada@example.com".into());
    let supabase = Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;

    supabase.auth().sign_in(Otp::email(&email)).await?;
    println!("A code is on its way to {email}. Type it, and press enter.");
    if let Ok(mails) = env::var("SUPABASE_MAIL_URL") {
        println!("(This stack keeps its mails at {mails})");
    }

    let mut typed = BufReader::new(stdin()).lines();
    for _ in 0..ATTEMPTS {
        let Some(code) = typed.next_line().await? else { break };
        match supabase.auth().verify_otp(Verify::email(&email, code.trim(), EmailOtp::Email)).await {
            Ok(_) => {
                let session = supabase.auth().get_session().await?.ok_or("the code brought no session")?;
                println!("Signed in as {}", session.user.email.as_deref().unwrap_or_default());
                return Ok(supabase.auth().sign_out(SignOutScope::Local).await?);
            }
            // A wrong code and one that is too old are not told apart.
            Err(error) if error.kind() == ErrorKind::Rejected => println!("{error}. Once more:"),
            Err(error) => return Err(error.into()),
        }
    }
    Err("nobody was signed in".into())
}
