//! What a server and an authenticator say to each other, as the JSON of WebAuthn.
//!
//! Bytes stand in it as base64url without padding, and are left as they are: what shows a prompt to the user, a browser
//! or a platform's library, speaks the same JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an authenticator is asked to make a new credential with: the JSON that
/// `PublicKeyCredential.parseCreationOptionsFromJSON` takes.
///
/// Source: <https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialcreationoptionsjson>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreationOptions {
    /// For which site.
    pub rp: RelyingParty,
    /// For which user.
    pub user: CredentialUser,
    /// What is to be signed.
    pub challenge: String,
    /// Which algorithms the server can verify, the best first.
    #[serde(default)]
    pub pub_key_cred_params: Vec<CredentialParameters>,
    /// How long the prompt may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Which credentials the user has already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_credentials: Vec<CredentialDescriptor>,
    /// Which authenticators will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_selection: Option<AuthenticatorSelection>,
    /// Whether the authenticator is to prove what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<String>,
    /// What has no field of its own here, as extensions.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What an authenticator is asked to prove by a credential that it has: the JSON that
/// `PublicKeyCredential.parseRequestOptionsFromJSON` takes.
///
/// Source: <https://www.w3.org/TR/webauthn-3/#dictdef-publickeycredentialrequestoptionsjson>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RequestOptions {
    /// What is to be signed.
    pub challenge: String,
    /// How long the prompt may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// For which site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rp_id: Option<String>,
    /// By which credentials; any that the authenticator has for the site, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_credentials: Vec<CredentialDescriptor>,
    /// Whether the authenticator is to make sure who uses it: `required`, `preferred`, `discouraged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_verification: Option<String>,
    /// What has no field of its own here, as extensions.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The site that a credential is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RelyingParty {
    /// Its domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is called.
    pub name: String,
}

/// The user that a credential is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CredentialUser {
    /// The id, as base64url.
    pub id: String,
    /// Who it is, in the words of the account.
    pub name: String,
    /// Who it is, in the words of people.
    #[serde(default)]
    pub display_name: String,
}

/// An algorithm of signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CredentialParameters {
    /// Always `public-key`.
    pub r#type: String,
    /// The algorithm by its number: -7 is ES256.
    pub alg: i64,
}

/// A credential that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CredentialDescriptor {
    /// Always `public-key`.
    pub r#type: String,
    /// The id, as base64url.
    pub id: String,
    /// How its authenticator can be reached: `internal`, `usb`, `nfc`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
}

/// Which authenticators will do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthenticatorSelection {
    /// `platform` for one in the machine, `cross-platform` for one that is carried about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<String>,
    /// Whether the authenticator is to find the credential by itself: `required`, `preferred`, `discouraged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_key: Option<String>,
    /// The same, in the words of WebAuthn 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_resident_key: Option<bool>,
    /// Whether the authenticator is to make sure who uses it: `required`, `preferred`, `discouraged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_verification: Option<String>,
}

/// What an authenticator answers: the JSON that a browser's `PublicKeyCredential.toJSON` gives.
///
/// Source: <https://www.w3.org/TR/webauthn-3/#dictdef-registrationresponsejson>
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// # let from_the_browser = r#"{"id":"a","rawId":"a","type":"public-key","response":{"clientDataJSON":"b","attestationObject":"c"}}"#;
/// use gotrue_rs::webauthn::NewCredential;
/// let credential: NewCredential = serde_json::from_str(from_the_browser)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Credential<R> {
    /// The id, as base64url.
    pub id: String,
    /// The same.
    pub raw_id: String,
    /// Always `public-key`.
    pub r#type: String,
    /// What the authenticator has signed.
    pub response: R,
    /// `platform` if the authenticator is in the machine, `cross-platform` if it is carried about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<String>,
    /// What extensions answer.
    #[serde(default)]
    pub client_extension_results: Map<String, Value>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A credential that was just made; the answer to [`CreationOptions`].
pub type NewCredential = Credential<AttestationResponse>;

/// A proof by a credential; the answer to [`RequestOptions`].
pub type CredentialProof = Credential<AssertionResponse>;

/// What an authenticator says of a new credential.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AttestationResponse {
    /// What it was asked, and by which site; as base64url.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    /// The public key, and what vouches for it; as base64url.
    pub attestation_object: String,
    /// How the authenticator can be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What an authenticator proves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AssertionResponse {
    /// What it was asked, and by which site; as base64url.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: String,
    /// What the authenticator says of itself; as base64url.
    pub authenticator_data: String,
    /// The signature; as base64url.
    pub signature: String,
    /// Whose credential it is; as base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_handle: Option<String>,
    /// What has no field of its own here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
