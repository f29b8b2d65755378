//! Users that nobody else has, and what the stack wanted to send to them.

use std::time::Duration;

use gotrue_rs::{Admin, Client, ClientBuilder, NewUser, SignUp, User};
use serde_json::Value;
use supabase_testing::live::{Need, Stack, lacks};

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

async fn get(url: &str) -> Value {
    let answer = supabase_testing::http::client().get(url).send().await.unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// The newest mail to an address.
pub(crate) async fn mail(stack: &Stack, to: &str) -> String {
    mail_with(stack, to, "").await
}

/// The newest mail to an address whose text or HTML holds this.
pub(crate) async fn mail_with(stack: &Stack, to: &str, what: &str) -> String {
    for _ in 0..100 {
        let mails = get(&format!("{}/__mail", stack.url)).await;
        let mine = mails.as_array().unwrap().iter().rev().filter_map(|mail| {
            let part = |name: &str| mail[name].as_str().unwrap_or_default();
            part("to").contains(to).then(|| format!("{} {}", part("text"), part("html")))
        });
        if let Some(mail) = mine.into_iter().find(|mail| mail.contains(what)) {
            return mail;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no mail to {to} with {what:?}");
}

/// The code in a mail: six digits that stand alone.
pub(crate) fn code(mail: &str) -> String {
    let mut words = mail.split(|c: char| !c.is_ascii_alphanumeric());
    words.rfind(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit())).unwrap().to_owned()
}

/// The link in a mail.
pub(crate) fn link(mail: &str) -> String {
    let start = mail.find("http").unwrap();
    let link = &mail[start..];
    let end = link.find(['"', ' ', '\n', '<', ')']).unwrap_or(link.len());
    link[..end].replace("&amp;", "&")
}

/// The hash in a link, which stands for address and code.
pub(crate) fn hash(link: &str) -> String {
    let (_, rest) = link.split_once("token=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

/// The code that was sent to a phone last.
pub(crate) async fn sms(stack: &Stack, to: &str) -> String {
    for _ in 0..100 {
        let sent = get(&format!("{}/__sms", stack.url)).await;
        let mine =
            sent.as_array().unwrap().iter().rev().find(|sms| {
                sms["to"].as_str().unwrap().trim_start_matches('+') == to.trim_start_matches('+')
            });
        if let Some(sms) = mine {
            return sms["otp"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was sent to {to}");
}

/// Where a link redirects to, hop by hop, until the address begins with `end`.
pub(crate) async fn follow(link: &str, end: &str) -> String {
    let mut url = link.to_owned();
    for _ in 0..10 {
        let answer = supabase_testing::http::client().get(&url).send().await.unwrap();
        let status = answer.status();
        let location = answer.headers().get("location").unwrap_or_else(|| panic!("{url} answered {status}"));
        url = answer.url().join(location.to_str().unwrap()).unwrap().into();
        if url.starts_with(end) {
            return url;
        }
    }
    panic!("{link} leads nowhere");
}
