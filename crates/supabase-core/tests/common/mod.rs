//! A transport with short pauses, so that tests of retries take milliseconds.

use std::time::Duration;

use secrecy::SecretString;
use supabase_core::{Config, Method, Request, TokenSource, Transport, Url, parse_endpoint};

pub(crate) const KEY: &str = "sb_secret_this-must-never-be-seen";
pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.this-must-never-be-seen";

pub(crate) fn config() -> Config {
    let mut config = Config::new("test", "1.2.3", Some(SecretString::from(KEY)));
    let retry = config.retry();
    (retry.first_pause, retry.longest_pause) = (Duration::from_millis(1), Duration::from_millis(20));
    config.http().give(supabase_testing::http::client());
    config
}

#[allow(dead_code, reason = "not every test file is anonymous")]
pub(crate) fn transport(url: &str) -> Transport {
    config().build(parse_endpoint(url).unwrap()).unwrap()
}

#[allow(dead_code, reason = "not every test file signs in")]
pub(crate) fn signed_in(url: &str) -> Transport {
    let mut config = config();
    config.token(TokenSource::fixed(SecretString::from(TOKEN)));
    config.build(parse_endpoint(url).unwrap()).unwrap()
}

pub(crate) fn get(base: &str) -> Request {
    Request::new("test.get", Method::GET, Url::parse(&format!("{base}/rows?name=eq.private")).unwrap())
}

#[allow(dead_code, reason = "not every test file writes")]
pub(crate) fn post(base: &str) -> Request {
    let mut request = Request::new("test.post", Method::POST, Url::parse(&format!("{base}/rows")).unwrap());
    request.body = Some("{\"private\":1}".into());
    request
}
