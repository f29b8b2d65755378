//! What the fuzz targets in `fuzz/` drive, and what the tests replay on their corpus. It is not there in any other build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fault is told by a panic"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use supabase_core::fuzzed_errors;
use url::form_urlencoded;

use crate::claims::Claims;
use crate::error::{Error, ErrorKind};
use crate::jwt;
use crate::pkce::FLOW_ID;
use crate::redirect::Redirect;

/// An address that a browser came back to.
pub fn redirect_url(bytes: &[u8]) {
    let Ok(url) = std::str::from_utf8(bytes) else { return };
    let read = Redirect::parse(url);
    // The same, written as the server does, with nothing of the program's own.
    let mut written = form_urlencoded::Serializer::new(String::new());
    let written = match &read {
        Ok(Redirect::Code { code, flow_id }) => {
            assert_plain(code, 1024);
            written.append_pair("code", code.expose_secret());
            if let Some(flow_id) = flow_id {
                written.append_pair(FLOW_ID, flow_id);
            }
            format!("/callback?{}", written.finish())
        }
        Ok(Redirect::Tokens(tokens)) => {
            let all = [
                ("access_token", Some(&tokens.access_token)),
                ("refresh_token", Some(&tokens.refresh_token)),
                ("provider_token", tokens.provider_token.as_ref()),
                ("provider_refresh_token", tokens.provider_refresh_token.as_ref()),
            ];
            for (name, token) in all.into_iter().filter_map(|(name, token)| Some((name, token?))) {
                assert_plain(token, url.len());
                written.append_pair(name, token.expose_secret());
            }
            written.append_pair("expires_in", &tokens.expires_in.to_string());
            if let Some(at) = tokens.expires_at {
                written.append_pair("expires_at", &at.to_string());
            }
            if tokens.is_recovery {
                written.append_pair("type", "recovery");
            }
            format!("/callback#{}", written.finish())
        }
        Ok(Redirect::Message(message)) => {
            assert_shown(message);
            format!("/callback#{}", written.append_pair("message", message).finish())
        }
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Invalid), "{error:?}");
            assert_shown(error.message());
            assert_shown(&format!("{:?}", error.code()));
            return;
        }
    };
    let again = Redirect::parse(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(exposed(&again), exposed(&read.unwrap()), "{written}");
}

fn assert_plain(secret: &SecretString, longest: usize) {
    let text = secret.expose_secret();
    assert!(!text.is_empty() && text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_graphic()));
}

fn assert_shown(text: &str) {
    assert!(text.chars().count() <= 600 && !text.chars().any(char::is_control), "{text:?}");
}

/// All that a redirect brings. What is printed of it does not change with its secrets.
fn exposed(redirect: &Redirect) -> Vec<String> {
    let mut other = redirect.clone();
    let mut secrets = Vec::new();
    let mut expose = |secret: &mut SecretString| {
        secrets.push(secret.expose_secret().to_owned());
        *secret = SecretString::from("another");
    };
    match &mut other {
        Redirect::Code { code, .. } => expose(code),
        Redirect::Tokens(tokens) => {
            expose(&mut tokens.access_token);
            expose(&mut tokens.refresh_token);
            tokens.provider_token.as_mut().map(&mut expose);
            tokens.provider_refresh_token.as_mut().map(&mut expose);
        }
        Redirect::Message(_) => {}
    }
    let printed = format!("{redirect:?}");
    assert_eq!(printed, format!("{other:?}"));
    secrets.push(printed);
    secrets
}

/// A token; or, in two lines, the header and the claims of one, which is made of them.
pub fn token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((header, claims)) = text.split_once('\n') else {
        read_token(text);
        return;
    };
    let token = format!("{}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let Some(read) = read_token(&token) else { return };
    let Ok(Value::Object(said)) = serde_json::from_str(claims) else {
        panic!("no object, and read: {claims}")
    };
    let text_of = |name| said.get(name).and_then(Value::as_str).unwrap_or_default();
    assert_eq!((read.sub.as_str(), read.role.as_str()), (text_of("sub"), text_of("role")));
    for (name, claim) in [
        ("email", &read.email),
        ("phone", &read.phone),
        ("session_id", &read.session_id),
        ("client_id", &read.client_id),
        ("scope", &read.scope),
    ] {
        assert_eq!(claim.as_deref().unwrap_or_default(), told(said.get(name)), "{name}");
    }
    for (name, claim) in &read.extra {
        assert_eq!(said.get(name), Some(claim), "{name}");
        assert_eq!(read.get::<Value>(name).unwrap().as_ref(), Some(claim));
    }
}

/// What a claim says that is a text, unless a hook made it something else: that something else is there is told as well.
fn told(claim: Option<&Value>) -> String {
    match claim {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => match Vec::<String>::deserialize(other) {
            Ok(texts) => texts.join(" "),
            Err(_) => other.to_string(),
        },
    }
}

/// The claims, if it is a token; and nobody's signature on it holds but that of the key.
fn read_token(text: &str) -> Option<Claims> {
    jwt::fuzzing::signatures(text);
    let claims = jwt::unverified(text).ok()?;
    let _ = format!("{claims:?}");
    jwt::fuzzing::times(&claims);
    Some(claims)
}

fuzzed_errors!(weak_password_reasons);

#[cfg(test)]
mod tests {
    use supabase_testing::corpus::{error_bodies, replay};

    #[test]
    fn the_corpora_are_read() {
        replay("redirect_url", super::redirect_url);
        replay("jwt", super::token);
        error_bodies(super::error_body);
    }
}
