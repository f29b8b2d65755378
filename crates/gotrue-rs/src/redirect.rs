//! What a redirect brings back, read from an address that anybody may have written.

use std::collections::HashMap;

use secrecy::SecretString;
use url::form_urlencoded;

use crate::code::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::pkce::FLOW_ID;

/// Longer than any redirect of the server's, and short enough to be read without harm.
const LONGEST: usize = 64 * 1024;

/// Longer than any code.
const LONGEST_CODE: usize = 1024;

/// How much of a message is kept, in characters.
const LONGEST_MESSAGE: usize = 500;

/// What has a meaning in a redirect. Whatever else stands in the address is the program's own.
const KNOWN: [&str; 15] = [
    "code",
    "access_token",
    "refresh_token",
    "expires_in",
    "expires_at",
    "token_type",
    "provider_token",
    "provider_refresh_token",
    "type",
    "error",
    "error_code",
    "error_description",
    "message",
    "sb",
    FLOW_ID,
];

/// What a redirect brings back, at the end of a sign-in in a browser or of a link in an email.
///
/// ```
/// # fn main() -> gotrue_rs::Result<()> {
/// use gotrue_rs::{Code, Redirect};
/// let back = Redirect::parse("https://app.example/callback?code=1f2e")?;
/// assert!(matches!(back, Redirect::Code { .. }));
/// let error = Redirect::parse("/callback#error=access_denied&error_code=otp_expired").unwrap_err();
/// assert_eq!(error.code(), Some(&Code::OtpExpired));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Redirect {
    /// A code, to be exchanged for the session by who has begun; see [`AuthCode`](crate::AuthCode).
    Code {
        /// The code.
        code: SecretString,
        /// Which flow it belongs to, if the address says so.
        flow_id: Option<String>,
    },
    /// The tokens themselves.
    Tokens(Box<Tokens>),
    /// Neither: the first of two confirmations of another email address.
    Message(String),
}

/// The tokens that stand in an address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tokens {
    /// The access token.
    pub access_token: SecretString,
    /// The refresh token.
    pub refresh_token: SecretString,
    /// How many seconds the access token lives from when it was issued.
    pub expires_in: u64,
    /// When it expires, in seconds since the beginning of 1970, if the address says so.
    pub expires_at: Option<i64>,
    /// The token of the OAuth provider.
    pub provider_token: Option<SecretString>,
    /// The refresh token of the OAuth provider.
    pub provider_refresh_token: Option<SecretString>,
    /// Whether the user came to reset their password.
    pub is_recovery: bool,
}

type Parameters = HashMap<&'static str, String>;

impl Redirect {
    /// Reads an address: a whole one, or what follows the host. It is written by whoever has opened it, so it is believed
    /// in nothing but its form; nothing of it is quoted in an error but what the server says about its own.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] with the server's code, if it says that the sign-in has failed; [`ErrorKind::Invalid`] if
    /// it brings nothing, or is none that the server writes.
    pub fn parse(url: &str) -> Result<Self> {
        if url.len() > LONGEST {
            return Err(Error::invalid("the address is longer than any redirect"));
        }
        let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
        let (_, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (query, fragment) = (parameters(query)?, parameters(fragment)?);
        if let Some(error) = failure(&fragment).or_else(|| failure(&query)) {
            return Err(error);
        }
        if query.contains_key("access_token") || query.contains_key("refresh_token") {
            return Err(Error::invalid(
                "the address has tokens in its query, where the server never writes them",
            ));
        }
        match (query.get("code"), fragment.contains_key("access_token")) {
            (Some(_), true) => Err(Error::invalid("the address has both a code and tokens")),
            (Some(code), false) => code_of(code, &query),
            (None, true) => tokens_of(fragment),
            (None, false) => match fragment.get("message").or_else(|| query.get("message")) {
                Some(message) => Ok(Self::Message(plain(message))),
                None => Err(Error::invalid("the address brings neither a code nor tokens")),
            },
        }
    }
}

/// The parameters that have a meaning. One that stands there twice could be read as either.
fn parameters(text: &str) -> Result<Parameters> {
    let mut parameters = Parameters::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let Some(known) = KNOWN.into_iter().find(|known| *known == name) else { continue };
        if parameters.insert(known, value.into_owned()).is_some() {
            return Err(Error::invalid(format!("the address has the parameter `{known}` twice")));
        }
    }
    Ok(parameters)
}

/// The flow that an address names.
pub(crate) fn flow_of(url: &str) -> Option<String> {
    let (rest, _) = url.split_once('#').unwrap_or((url, ""));
    let (_, query) = rest.split_once('?')?;
    parameters(query).ok()?.remove(FLOW_ID)
}

/// The failure that the server tells.
fn failure(parameters: &Parameters) -> Option<Error> {
    let filled = |name| parameters.get(name).filter(|text| !text.is_empty());
    let (error, code, description) = (filled("error"), filled("error_code"), filled("error_description"));
    let code = match (code, error) {
        (Some(code), _) => Some(Code::from(plain(code).as_str())),
        (None, Some(error)) => Some(Code::of_oauth(&plain(error))),
        (None, None) if description.is_none() => return None,
        (None, None) => None,
    };
    let message =
        description.or(error).map_or_else(|| "the sign-in has failed".to_owned(), |text| plain(text));
    Some(Error::of_kind(ErrorKind::Rejected, code, message))
}

fn code_of(code: &str, query: &Parameters) -> Result<Redirect> {
    if code.is_empty() || code.len() > LONGEST_CODE || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid("the code in the address is none that the server issues"));
    }
    let flow_id = query.get(FLOW_ID).cloned();
    Ok(Redirect::Code { code: code.to_owned().into(), flow_id })
}

fn tokens_of(mut fragment: Parameters) -> Result<Redirect> {
    let mut token = |name: &str| {
        let token = fragment.remove(name).filter(|token| !token.is_empty())?;
        token.bytes().all(|byte| byte.is_ascii_graphic()).then(|| SecretString::from(token))
    };
    let (access_token, refresh_token) = (token("access_token"), token("refresh_token"));
    let (provider_token, provider_refresh_token) = (token("provider_token"), token("provider_refresh_token"));
    let (Some(access_token), Some(refresh_token)) = (access_token, refresh_token) else {
        return Err(Error::invalid(
            "the tokens in the address are incomplete, or none that the server issues",
        ));
    };
    let number = |name: &str| fragment.get(name).and_then(|text| text.parse::<i64>().ok());
    let expires_in = number("expires_in").and_then(|seconds| u64::try_from(seconds).ok());
    let Some(expires_in) = expires_in else {
        return Err(Error::invalid("the address does not say how long its tokens live"));
    };
    Ok(Redirect::Tokens(Box::new(Tokens {
        access_token,
        refresh_token,
        expires_in,
        expires_at: number("expires_at"),
        provider_token,
        provider_refresh_token,
        is_recovery: fragment.get("type").is_some_and(|kind| kind == "recovery"),
    })))
}

/// A text that can be shown: one line, and not too long.
fn plain(text: &str) -> String {
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(is_shown).take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_code_comes_with_its_flow_and_beside_parameters_of_the_programs_own() {
        let back = Redirect::parse("myapp://cb?x=1&code=dccf9b07-ce3f&flow_id=x&sb_flow_id=f&flow_id=y#sb=")
            .unwrap();
        let Redirect::Code { code, flow_id } = back else { panic!("{back:?}") };
        assert_eq!((code.expose_secret(), flow_id.as_deref()), ("dccf9b07-ce3f", Some("f")));
    }

    #[test]
    fn tokens_come_in_the_fragment() {
        let back = Redirect::parse(
            "http://localhost:3000/#access_token=a.b.c&expires_at=1795413092&expires_in=3600&provider_token=p\
             &refresh_token=r&sb=&token_type=bearer&type=recovery",
        )
        .unwrap();
        let Redirect::Tokens(tokens) = back else { panic!("{back:?}") };
        assert_eq!(tokens.access_token.expose_secret(), "a.b.c");
        assert_eq!(
            (tokens.expires_in, tokens.expires_at, tokens.is_recovery),
            (3600, Some(1_795_413_092), true)
        );
        assert!(tokens.provider_token.is_some() && tokens.provider_refresh_token.is_none());
        let shown = format!("{tokens:?}");
        assert!(!shown.contains("a.b.c"), "{shown}");
    }

    #[test]
    fn an_error_is_told_wherever_it_stands_and_whatever_stands_beside_it() {
        let text = "error=access_denied&error_code=otp_expired&error_description=Email+link+is+invalid";
        for url in [
            format!("http://a/cb#{text}&sb="),
            format!("http://a/cb?x=1&{text}"),
            format!("http://a/cb?{text}#{text}&sb="),
            format!("http://a/cb?code=stolen#{text}"),
            format!("http://a/cb?{text}#access_token=a.b.c&refresh_token=r&expires_in=1"),
        ] {
            let error = Redirect::parse(&url).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&Code::OtpExpired)), "{url}");
            assert_eq!(error.message(), "Email link is invalid");
        }
        let error = Redirect::parse("/cb?error=server_error").unwrap_err();
        assert_eq!(error.code(), Some(&Code::of_oauth("server_error")));
    }

    #[test]
    fn the_first_of_two_confirmations_brings_a_message() {
        for url in ["/cb#message=Confirmation+link+accepted&sb=", "/cb?message=Confirmation+link+accepted"] {
            let back = Redirect::parse(url).unwrap();
            assert!(matches!(back, Redirect::Message(message) if message == "Confirmation link accepted"));
        }
    }

    #[test]
    fn what_the_server_never_writes_is_refused_and_not_quoted() {
        let long = format!("/cb?code={}", "a".repeat(70_000));
        let long_code = format!("/cb?code={}", "a".repeat(2_000));
        for url in [
            "",
            "/cb",
            "not an address, secret",
            "/cb?code=",
            "/cb?code=secret%0d%0aSet-Cookie:x",
            "/cb?code=secret%00",
            "/cb?code=secret&code=secret2",
            "/cb?code=secret#access_token=secret&refresh_token=r&expires_in=1",
            "/cb?access_token=secret&refresh_token=r&expires_in=1",
            "/cb#access_token=secret&access_token=b&refresh_token=r&expires_in=1",
            "/cb#access_token=secret",
            "/cb#access_token=secret&refresh_token=&expires_in=1",
            "/cb#access_token=secret&refresh_token=r",
            "/cb#access_token=secret&refresh_token=r&expires_in=-1",
            "/cb#access_token=sec%20ret&refresh_token=r&expires_in=1",
            &long,
            &long_code,
        ] {
            let error = Redirect::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{url}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn a_message_can_be_shown_as_it_is() {
        let url = format!("/cb?error=x&error_description=a%0ab%1b[31m%E2%80%AEc{}", "d".repeat(2_000));
        let error = Redirect::parse(&url).unwrap_err();
        assert!(error.message().starts_with("ab[31mcd"), "{error}");
        assert_eq!(error.message().chars().count(), LONGEST_MESSAGE);
    }
}
