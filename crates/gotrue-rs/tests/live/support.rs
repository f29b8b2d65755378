//! Users that nobody else has, and what the stack wanted to send to them.

use gotrue_rs::{Admin, Client, ClientBuilder, NewUser, SignUp, User};
use supabase_testing::live::{Need, Stack, lacks};

pub(crate) use supabase_testing::sent::{code, follow, hash, link, mail, mail_with, sms};

pub(crate) const PASSWORD: &str = "correct horse 7 Battery";

/// A client of the stack, as anybody.
pub(crate) fn builder(stack: &Stack) -> ClientBuilder {
    Client::builder(format!("{}/auth/v1", stack.url), stack.anon_key.as_str())
        .http_client(supabase_testing::http::client())
        .auto_refresh_token(false)
}

pub(crate) fn client(stack: &Stack) -> Client {
    builder(stack).build().unwrap()
}

pub(crate) fn admin(stack: &Stack) -> Admin {
    let builder = Client::builder(format!("{}/auth/v1", stack.url), stack.service_role_key.as_str());
    builder.http_client(supabase_testing::http::client()).build().unwrap().admin().unwrap()
}

/// Something that was never there before.
pub(crate) fn unique() -> u128 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_micros() * 1000 + u128::from(COUNT.fetch_add(1, Ordering::Relaxed) % 1000)
}

pub(crate) fn address() -> String {
    format!("user-{}@example.com", unique())
}

pub(crate) fn number() -> String {
    format!("1555{:07}", unique() / 1000 % 10_000_000)
}

/// A user with a confirmed address, who is signed in.
pub(crate) async fn signed_in(stack: &Stack) -> (Client, User) {
    let auth = client(stack);
    if lacks(Need::AuthAdmin) {
        let answer = auth.sign_up(SignUp::email(address(), PASSWORD)).await.unwrap();
        assert!(answer.session.is_some(), "without administrators, addresses count as confirmed");
        return (auth, answer.user);
    }
    let user = NewUser::email(address()).password(PASSWORD).email_confirm(true);
    let user = admin(stack).create_user(user).await.unwrap();
    let way = gotrue_rs::Password::email(user.email.clone().unwrap(), PASSWORD);
    auth.sign_in(way).await.unwrap();
    (auth, user)
}
