//! A program for people that stays signed in: its session lies in the keyring of the operating system, and not in a file.
//!
//! ```sh
//! cargo xtask demo keyring_session
//! ```
//!
//! On Linux this is the keyring of the kernel, which needs no library and no desktop; it forgets when the machine stops.

use std::env;
use std::error::Error;

use supabase::Client;
use supabase::auth::{SavedSession, SessionStore, SignOutScope, SignUp};

type BoxError = Box<dyn Error + Send + Sync>;

/// Sessions in the keyring, by the name of this program.
struct Keyring {
    service: &'static str,
}

impl Keyring {
    fn entry(&self, key: &str) -> Result<keyring::Entry, BoxError> {
        Ok(keyring::Entry::new(self.service, key)?)
    }

    fn read(&self, key: &str) -> Result<Option<SavedSession>, BoxError> {
        match self.entry(key)?.get_password() {
            Ok(text) => Ok(Some(SavedSession::from(text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl SessionStore for Keyring {
    async fn load(&self, key: &str) -> Result<Option<SavedSession>, BoxError> {
        self.read(key)
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&SavedSession>,
        new: Option<&SavedSession>,
    ) -> Result<bool, BoxError> {
        // A keyring has no compare-and-swap, so two processes could overtake each other between these lines. The server
        // forgives that: a refresh token that was just used is answered with its successor.
        if self.read(key)?.as_ref() != expected {
            return Ok(false);
        }
        match new {
            Some(session) => self.entry(key)?.set_password(session.expose_secret())?,
            None => match self.entry(key)?.delete_credential() {
                Ok(()) | Err(keyring::Error::NoEntry) => {}
                Err(error) => return Err(error.into()),
            },
        }
        Ok(true)
    }
}

fn client() -> Result<Client, BoxError> {
    let builder = Client::builder(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?);
    let builder = builder.configure_auth(|auth| auth.session_store(Keyring { service: "supabase-example" }));
    Ok(builder.build()?)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    if let Err(error) = (Keyring { service: "supabase-example" }).read("is-there-a-keyring") {
        println!("this machine has no keyring that can be used: {error}");
        return Ok(());
    }
    let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    let first = client()?;
    let user = SignUp::email(format!("user-{unique}@example.com"), format!("pw-{unique}-A"));
    let answer = first.auth().sign_up(user).await?;
    println!("signed up as {:?}", answer.user.email);
    drop(first);

    // The program is started again.
    let second = client()?;
    let session = second.auth().get_session().await?;
    println!("still signed in as {:?}", session.and_then(|session| session.user.email.clone()));
    second.auth().sign_out(SignOutScope::Local).await?;
    println!("and out: {}", second.auth().get_session().await?.is_none());
    Ok(())
}
