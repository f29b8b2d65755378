//! What a live stack wanted to send to users, and where the links in it lead.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::live::Stack;

async fn get(url: &str) -> Value {
    let answer = crate::http::client().get(url).send().await.unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// The newest mail to an address.
///
/// # Panics
/// There is none, after a while.
pub async fn mail(stack: &Stack, to: &str) -> String {
    mail_with(stack, to, "").await
}

/// The newest mail to an address whose text or HTML holds this.
///
/// # Panics
/// There is none, after a while.
pub async fn mail_with(stack: &Stack, to: &str, what: &str) -> String {
    for _ in 0..100 {
        let mails = get(&format!("{}/__mail", stack.url)).await;
        let mine = mails.as_array().unwrap().iter().rev().filter_map(|mail| {
            let part = |name: &str| mail[name].as_str().unwrap_or_default();
            (part("to") == to).then(|| format!("{} {}", part("text"), part("html")))
        });
        if let Some(mail) = mine.into_iter().find(|mail| mail.contains(what)) {
            return mail;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no mail to {to} with {what:?}");
}

/// The code in a mail: six digits that stand alone.
///
/// # Panics
/// It has none.
pub fn code(mail: &str) -> String {
    let mut words = mail.split(|c: char| !c.is_ascii_alphanumeric());
    words.rfind(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit())).unwrap().to_owned()
}

/// The link in a mail.
///
/// # Panics
/// It has none.
pub fn link(mail: &str) -> String {
    let start = mail.find("http").unwrap();
    let link = &mail[start..];
    let end = link.find(['"', ' ', '\n', '<', ')']).unwrap_or(link.len());
    link[..end].replace("&amp;", "&")
}

/// The hash in a link, which stands for address and code.
///
/// # Panics
/// It has none.
pub fn hash(link: &str) -> String {
    let (_, rest) = link.split_once("token=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

/// The code that was sent to a phone last.
///
/// # Panics
/// There is none, after a while.
pub async fn sms(stack: &Stack, to: &str) -> String {
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
///
/// # Panics
/// It leads nowhere, or elsewhere.
pub async fn follow(link: &str, end: &str) -> String {
    follow_until(link, |url| url.as_str().starts_with(end)).await
}

/// Where a link redirects to, hop by hop, until the address is such a one.
///
/// # Panics
/// It leads nowhere, or elsewhere.
pub async fn follow_until(link: &str, is_end: impl Fn(&Url) -> bool) -> String {
    let mut url = link.to_owned();
    for _ in 0..10 {
        let answer = crate::http::client().get(&url).send().await.unwrap();
        let status = answer.status();
        let location = answer.headers().get("location").unwrap_or_else(|| panic!("{url} answered {status}"));
        let next = answer.url().join(location.to_str().unwrap()).unwrap();
        if is_end(&next) {
            return next.into();
        }
        url = next.into();
    }
    panic!("{link} leads nowhere");
}
