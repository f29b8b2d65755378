//! The stack that live tests speak to.
//!
//! A live test runs against the stack that the environment names:
//!
//! | variable | what it is |
//! |---|---|
//! | `SUPABASE_URL` | the address; without it, no live test runs |
//! | `SUPABASE_ANON_KEY` | the key that anybody may have |
//! | `SUPABASE_SERVICE_ROLE_KEY` | the key that may do everything |
//! | `SUPABASE_JWT_SECRET` | the secret by which tokens are signed, where a test signs its own |
//! | `SUPABASE_LACKS` | what the stack does not have, as names of [`Need`] joined by commas |
//! | `SUPABASE_SKIPPED` | a file that gets a line for each test that was skipped |

use std::env;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// What a live test needs of a stack, beyond the tables of this project's migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// `explain`, which Supabase switches off by default.
    Explain,
    /// A server that undoes what it refuses at last, and whose word on `tx=rollback` one can believe.
    DryRun,
    /// PostgREST's own parser: names in quotes everywhere, and every text in every position.
    Grammar,
    /// The functions of `examples/functions`, deployed.
    ExampleFunctions,
    /// Vector buckets.
    Vectors,
    /// Buckets of Iceberg tables.
    AnalyticsBuckets,
    /// A Realtime server.
    Realtime,
    /// What auth wanted to send by email, at `GET /__mail`.
    Mail,
    /// What auth wanted to send to phones, at `GET /__sms`.
    Phones,
    /// Links in emails that lead where it was asked for, and bring a code if that was.
    MailLinks,
    /// Guests.
    Anonymous,
    /// What administrators do about users.
    AuthAdmin,
    /// Second factors.
    Mfa,
    /// Passkeys.
    Passkeys,
    /// A project that is an OAuth server.
    OAuthServer,
    /// The provider `github`, which signs in whomever `login_hint` names.
    OAuthProvider,
    /// Further identities of a user, who links and unlinks them.
    ManualLinking,
    /// Identity providers by SAML, and custom providers.
    SsoProviders,
    /// Web3 wallets.
    Web3,
    /// Tokens signed by a key of the project's own, and not by a shared secret.
    SigningKeys,
    /// A catalog of Iceberg tables behind these.
    Catalog,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Explain => "explain",
            Self::DryRun => "dry-run",
            Self::Grammar => "grammar",
            Self::ExampleFunctions => "example-functions",
            Self::Realtime => "realtime",
            Self::Vectors => "vectors",
            Self::AnalyticsBuckets => "analytics-buckets",
            Self::Mail => "mail",
            Self::Phones => "phones",
            Self::MailLinks => "mail-links",
            Self::Anonymous => "anonymous",
            Self::AuthAdmin => "auth-admin",
            Self::Mfa => "mfa",
            Self::Passkeys => "passkeys",
            Self::OAuthServer => "oauth-server",
            Self::OAuthProvider => "oauth-provider",
            Self::ManualLinking => "manual-linking",
            Self::SsoProviders => "sso-providers",
            Self::Web3 => "web3",
            Self::SigningKeys => "signing-keys",
            Self::Catalog => "catalog",
        })
    }
}

/// The stack that live tests speak to.
#[derive(Clone)]
pub struct Stack {
    /// The address.
    pub url: String,
    /// The key that anybody may have.
    pub anon_key: String,
    /// The key that may do everything.
    pub service_role_key: String,
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The stack, if there is one and it has what `test` needs. Otherwise the skip is printed and counted.
///
/// # Panics
/// There is a stack, and its keys are not named.
pub fn stack(test: &str, needs: &[Need]) -> Option<Stack> {
    let Ok(url) = env::var("SUPABASE_URL") else {
        println!("skipped {test}: SUPABASE_URL is not set");
        return None;
    };
    if let Some(missing) = needs.iter().find(|need| lacks(**need)) {
        skip(test, *missing);
        return None;
    }
    let key =
        |name: &str| env::var(name).unwrap_or_else(|_| panic!("SUPABASE_URL is set, and {name} is not"));
    Some(Stack {
        url,
        anon_key: key("SUPABASE_ANON_KEY"),
        service_role_key: key("SUPABASE_SERVICE_ROLE_KEY"),
    })
}

/// Whether the stack lacks something that a test needs for a part of what it does.
pub fn lacks(need: Need) -> bool {
    let lacks = env::var("SUPABASE_LACKS").unwrap_or_default();
    lacks.split(',').any(|name| name == need.to_string())
}

fn skip(test: &str, missing: Need) {
    println!("skipped {test}: the stack lacks {missing}");
    let Ok(path) = env::var("SUPABASE_SKIPPED") else { return };
    note(Path::new(&path), &format!("{test} {missing}")).expect("the skip can be counted");
}

/// Adds a line. It is written at once: another test, or another process of tests, may be adding one too.
fn note(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_added_at_once_stay_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("skipped.txt");
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| (0..250).for_each(|_| note(&path, "a_test dry-run").unwrap()));
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().filter(|line| *line == "a_test dry-run").count(), 1_000);
    }
}
