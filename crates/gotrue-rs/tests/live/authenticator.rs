//! A security key and a wallet in software, for tests.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gotrue_rs::webauthn::{CreationOptions, CredentialProof, NewCredential, RequestOptions};
use serde_json::json;

/// The site that the credentials are for.
const ORIGIN: &str = "http://localhost:3000";

/// A security key with one credential.
pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    id: [u8; 16],
    user: String,
    uses: u32,
}

impl Authenticator {
    pub(crate) fn new() -> Self {
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).unwrap();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { pair, id, user: String::new(), uses: 0 }
    }

    fn client_data(kind: &str, challenge: &str) -> String {
        json!({ "type": kind, "challenge": challenge, "origin": ORIGIN, "crossOrigin": false }).to_string()
    }

    /// What the key says of itself: the site, that the user is there and was verified, and how often it was used.
    fn data(&mut self, rp: &str, flags: u8) -> Vec<u8> {
        self.uses += 1;
        let site = digest(&SHA256, rp.as_bytes());
        [site.as_ref(), &[flags], &self.uses.to_be_bytes()].concat()
    }

    /// Makes a credential.
    pub(crate) fn create(&mut self, options: &CreationOptions) -> NewCredential {
        self.user.clone_from(&options.user.id);
        let client = Self::client_data("webauthn.create", &options.challenge);
        let mut data = self.data(options.rp.id.as_deref().unwrap(), 0x45);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y} as CBOR.
        let point = self.pair.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": data} as CBOR.
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client), "attestationObject": URL_SAFE_NO_PAD.encode(attestation),
            "transports": ["internal"],
        });
        serde_json::from_value(self.credential(&response)).unwrap()
    }

    /// Proves the credential.
    pub(crate) fn prove(&mut self, options: &RequestOptions) -> CredentialProof {
        let client = Self::client_data("webauthn.get", &options.challenge);
        let data = self.data(options.rp_id.as_deref().unwrap(), 0x05);
        let message = [data.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client), "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature), "userHandle": self.user,
        });
        serde_json::from_value(self.credential(&response)).unwrap()
    }

    fn credential(&self, response: &serde_json::Value) -> serde_json::Value {
        let id = URL_SAFE_NO_PAD.encode(self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {}, "response": response,
        })
    }
}

/// A message that a Solana wallet signs to sign in, and its signature.
pub(crate) fn solana_sign_in(issued_at: &str) -> (String, String) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let message = format!(
        "localhost:3000 wants you to sign in with your Solana account:\n{}\n\nI accept\n\nURI: http://localhost:3000/\n\
         Version: 1\nIssued At: {issued_at}",
        base58(pair.public_key().as_ref()),
    );
    let signature = STANDARD.encode(pair.sign(message.as_bytes()));
    (message, signature)
}

fn base58(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut digits: Vec<u8> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).map(|_| 0);
    let digits: Vec<u8> = zeros.chain(digits.into_iter().rev()).collect();
    digits.into_iter().map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
