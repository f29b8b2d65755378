//! What a token claims: verified by our crate, and by the crate that it verifies signatures with.
//!
//! Both sides read the same claims. Ours finds the key by its id among the project's, which it has asked for before.

use gotrue_rs::{Claims, Client, JwtVerifier};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use crate::{KEY, Outcome};

/// The half of a key pair that signed [`ES256`]; the other half is gone.
const JWKS: &str = include_str!("../jwks.json");

/// A token as Supabase Auth makes them, which does not expire.
const ES256: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjAxOWE1ZDBlLTExMTEtNzIyMi04MzMzLTQ0NDQ1NTU1NjY2NiIsInR5cCI6IkpXVCJ9.eyJhYWw\
    iOiJhYWwxIiwiYW1yIjpbeyJtZXRob2QiOiJwYXNzd29yZCIsInRpbWVzdGFtcCI6MTc5NTAwMDAwMH1dLCJhcHBfbWV0YWRhdGEiOns\
    icHJvdmlkZXIiOiJlbWFpbCIsInByb3ZpZGVycyI6WyJlbWFpbCJdfSwiYXVkIjoiYXV0aGVudGljYXRlZCIsImVtYWlsIjoiYWRhQGV\
    4YW1wbGUuY29tIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3OTUwMDAwMDAsImlzX2Fub255bW91cyI6ZmFsc2UsImlzcyI6Imh0dHB\
    zOi8vcHJvamVjdC5leGFtcGxlL2F1dGgvdjEiLCJwaG9uZSI6IiIsInJvbGUiOiJhdXRoZW50aWNhdGVkIiwic2Vzc2lvbl9pZCI6Ijd\
    kMGJkMGI2LTY0YmItNGEzOS04YWE2LTFhYjBkM2FkN2Y5ZSIsInN1YiI6ImI3MzU5NThkLTZmY2ItNDNmYy04MzQwLTI0YjYxNmUzYmV\
    lZSIsInVzZXJfbWV0YWRhdGEiOnsiZmlyc3RfbmFtZSI6IkFkYSJ9fQ.oOHodTLH3htXlyA4CsDTEhbx1Eo7Vp2d74hrugk19ti0Oq0l\
    scq2LdgXJY2MjqqONN1Qipg9B9W_UGvI-Xve9Q";

/// The same claims, signed by [`SECRET`].
const HS256: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhYWwiOiJhYWwxIiwiYW1yIjpbeyJtZXRob2QiOiJwYXNzd29yZCIsInRpbWVzdGF\
    tcCI6MTc5NTAwMDAwMH1dLCJhcHBfbWV0YWRhdGEiOnsicHJvdmlkZXIiOiJlbWFpbCIsInByb3ZpZGVycyI6WyJlbWFpbCJdfSwiYXV\
    kIjoiYXV0aGVudGljYXRlZCIsImVtYWlsIjoiYWRhQGV4YW1wbGUuY29tIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3OTUwMDAwMDA\
    sImlzX2Fub255bW91cyI6ZmFsc2UsImlzcyI6Imh0dHBzOi8vcHJvamVjdC5leGFtcGxlL2F1dGgvdjEiLCJwaG9uZSI6IiIsInJvbGU\
    iOiJhdXRoZW50aWNhdGVkIiwic2Vzc2lvbl9pZCI6IjdkMGJkMGI2LTY0YmItNGEzOS04YWE2LTFhYjBkM2FkN2Y5ZSIsInN1YiI6ImI\
    3MzU5NThkLTZmY2ItNDNmYy04MzQwLTI0YjYxNmUzYmVlZSIsInVzZXJfbWV0YWRhdGEiOnsiZmlyc3RfbmFtZSI6IkFkYSJ9fQ.zkxn\
    L2C9Xxdg25bwVqZzFMHvaxGX24D_wqESIbgry3w";

/// The secret that every local Supabase has.
const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";

pub(crate) async fn run(algorithm: &str, who: &str, operations: usize, address: &str) -> Outcome {
    let token = std::hint::black_box(match algorithm {
        "es256" => ES256,
        "hs256" => HS256,
        _ => return Err(format!("there is no workload `claims-{algorithm}`").into()),
    });
    let claims = match who {
        "ours" => ours(&verifier(address)?, token, operations).await?,
        "raw" => raw(algorithm, token, operations)?,
        _ => return Err(format!("`{who}` is neither `ours` nor `raw`").into()),
    };
    if claims.is_some_and(|claims| claims.sub.len() == 36 && claims.role == "authenticated") {
        Ok(())
    } else {
        Err("the claims are not those of the token".into())
    }
}

fn verifier(address: &str) -> Outcome<JwtVerifier> {
    let client = Client::new(format!("http://{address}/auth/v1"), KEY)?;
    Ok(client.jwt_verifier().audience("authenticated").hs256_secret(SECRET))
}

async fn ours(verifier: &JwtVerifier, token: &str, operations: usize) -> Outcome<Option<Claims>> {
    let mut last = None;
    for _ in 0..operations {
        last = Some(verifier.verify(token).await?);
    }
    Ok(last)
}

fn raw(algorithm: &str, token: &str, operations: usize) -> Outcome<Option<Claims>> {
    let (algorithm, key) = if algorithm == "es256" {
        let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_str(JWKS)?;
        (Algorithm::ES256, DecodingKey::from_jwk(keys.keys.first().ok_or("no key")?)?)
    } else {
        (Algorithm::HS256, DecodingKey::from_secret(SECRET.as_bytes()))
    };
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&["authenticated"]);
    validation.validate_nbf = true;
    let mut last = None;
    for _ in 0..operations {
        last = Some(jsonwebtoken::decode::<Claims>(token, &key, &validation)?.claims);
    }
    Ok(last)
}
