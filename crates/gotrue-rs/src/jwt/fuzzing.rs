//! What holds of every token, however it was made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a fault is told by a panic")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

use super::token::{Rules, Token};
use crate::claims::Claims;

const SECRET: &[u8] = b"a secret that nobody else has, of 40 bytes";

/// The signature that a token comes with does not hold; that of the key does, if the token says that it is of its kind, and
/// not once a byte of it is another one.
pub(crate) fn signatures(text: &str) {
    let Ok(token) = Token::parse(text) else { return };
    let key = DecodingKey::from_secret(SECRET);
    assert!(token.check_signature(&key).is_err(), "forged: {text}");
    let message = text.rsplit_once('.').expect("it was read").0;
    let signer =
        (DEFAULT_PROVIDER.signer_factory)(&Algorithm::HS256, &EncodingKey::from_secret(SECRET)).unwrap();
    let mut signature = signer.try_sign(message.as_bytes()).unwrap();
    let holds = |signature: &[u8]| {
        let signed = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        Token::parse(&signed).unwrap().check_signature(&key).is_ok()
    };
    assert_eq!(holds(&signature), token.algorithm == Algorithm::HS256);
    let at = message.len() % signature.len();
    if let Some(byte) = signature.get_mut(at) {
        *byte ^= 1;
    }
    assert!(!holds(&signature));
    signature.truncate(at);
    assert!(!holds(&signature));
}

/// A token that is good now is not good after its end, nor before its beginning, whatever clocks say.
pub(crate) fn times(claims: &Claims) {
    let exp = claims.exp.as_unix_seconds();
    for leeway in [0, 60, i64::MAX] {
        let rules = Rules { leeway, ..Rules::default() };
        for now in [i64::MIN, 0, exp.saturating_sub(1), exp, i64::MAX] {
            if rules.check(claims, now).is_ok() {
                assert!(
                    now < exp.saturating_add(leeway) && !claims.sub.is_empty() && !claims.role.is_empty()
                );
                let begins = claims.nbf.map_or(i64::MIN, |nbf| nbf.as_unix_seconds());
                assert!(begins.saturating_sub(leeway) <= now);
            }
        }
    }
}
