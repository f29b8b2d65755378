//! Keys that sign tokens as an auth server does, made anew for each test.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key that signs tokens.
#[derive(Debug)]
pub struct Signer {
    kid: String,
    pair: Pair,
}

#[derive(Debug)]
enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(Box<aws_lc_rs::signature::RsaKeyPair>),
    EdDsa(Ed25519KeyPair),
    Hs256(Vec<u8>),
}

/// What a test can always do, and no test is about.
const MADE: &str = "a key can be made";

impl Signer {
    /// A key of the curve P-256.
    ///
    /// # Panics
    /// The system has no randomness.
    pub fn es256(kid: &str) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        Self { kid: kid.to_owned(), pair: Pair::Es256(EcdsaKeyPair::generate(algorithm).expect(MADE)) }
    }

    /// An RSA key of 2048 bits.
    ///
    /// # Panics
    /// The system has no randomness.
    pub fn rs256(kid: &str) -> Self {
        let pair = aws_lc_rs::signature::RsaKeyPair::generate(KeySize::Rsa2048).expect(MADE);
        Self { kid: kid.to_owned(), pair: Pair::Rs256(Box::new(pair)) }
    }

    /// A key of the curve Ed25519.
    ///
    /// # Panics
    /// The system has no randomness.
    pub fn eddsa(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: Pair::EdDsa(Ed25519KeyPair::generate().expect(MADE)) }
    }

    /// A shared secret.
    pub fn hs256(kid: &str, secret: &[u8]) -> Self {
        Self { kid: kid.to_owned(), pair: Pair::Hs256(secret.to_vec()) }
    }

    /// How the key says that it signs.
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Es256(_) => "ES256",
            Pair::Rs256(_) => "RS256",
            Pair::EdDsa(_) => "EdDSA",
            Pair::Hs256(_) => "HS256",
        }
    }

    /// The public key as a JWK. That of a shared secret holds the secret, as no server would tell it.
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.pair {
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) })
            }
            Pair::Rs256(pair) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": text(&parts.n), "e": text(&parts.e) })
            }
            Pair::EdDsa(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) })
            }
            Pair::Hs256(secret) => json!({ "kty": "oct", "k": text(secret) }),
        };
        jwk["kid"] = self.kid.clone().into();
        jwk["alg"] = self.algorithm().into();
        jwk["use"] = "sig".into();
        jwk["key_ops"] = json!(["verify"]);
        jwk
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({ "alg": self.algorithm(), "typ": "JWT", "kid": self.kid }), claims)
    }

    /// A token with these claims and a header of its own, whatever that says.
    ///
    /// # Panics
    /// The key cannot sign.
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let bytes = message.as_bytes();
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, bytes).expect("the key signs").as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&aws_lc_rs::signature::RSA_PKCS1_SHA256, &random, bytes, &mut signature)
                    .expect("the key signs");
                signature
            }
            Pair::EdDsa(pair) => pair.sign(bytes).as_ref().to_vec(),
            Pair::Hs256(secret) => {
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
                aws_lc_rs::hmac::sign(&key, bytes).as_ref().to_vec()
            }
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The claims of a user's access token that lives for an hour from now.
///
/// # Panics
/// The clock stands before 1970.
pub fn claims(sub: &str) -> Value {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = since.expect("it is later than 1970").as_secs();
    json!({
        "iss": "https://project.example/auth/v1", "sub": sub, "aud": "authenticated", "exp": now + 3600, "iat": now,
        "email": "ada@example.com", "phone": "", "app_metadata": { "provider": "email", "providers": ["email"] },
        "user_metadata": { "first_name": "Ada" }, "role": "authenticated", "aal": "aal1",
        "amr": [{ "method": "password", "timestamp": now }],
        "session_id": "7d0bd0b6-64bb-4a39-8aa6-1ab0d3ad7f9e", "is_anonymous": false,
    })
}
