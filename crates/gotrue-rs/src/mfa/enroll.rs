//! New factors.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use supabase_core::Method;

use super::Mfa;
use crate::call::Call;
use crate::lenient::blank_as_none;
use crate::secret::secret;

/// A factor that can be enrolled: [`Totp`], [`Phone`], [`WebAuthn`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no factor that can be enrolled",
    note = "for example `Totp::named(\"phone\")` or `Phone::number(number)`"
)]
pub trait NewFactor: Serialize + sealed::Sealed {
    /// What the server answers.
    type Enrolled: DeserializeOwned + Send + 'static;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Totp {}
    impl Sealed for super::Phone {}
    impl Sealed for super::WebAuthn {}
}

/// An authenticator app, as a factor to be enrolled.
///
/// ```
/// use gotrue_rs::Totp;
/// let factor = Totp::named("phone").issuer("Acme");
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "factor_type", rename = "totp")]
#[must_use]
pub struct Totp {
    friendly_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
}

impl Totp {
    /// An app of this name, which no other factor of the user has.
    pub fn named(friendly_name: impl Into<String>) -> Self {
        Self { friendly_name: friendly_name.into(), issuer: None }
    }

    /// For which site, as the app shows it: the project's if not given.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }
}

/// A phone that gets a code, as a factor to be enrolled.
///
/// ```
/// use gotrue_rs::Phone;
/// let factor = Phone::number("+13334445555").named("phone");
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "factor_type", rename = "phone")]
#[must_use]
pub struct Phone {
    phone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    friendly_name: Option<String>,
}

impl Phone {
    /// The phone of this number, in the international form.
    pub fn number(phone: impl Into<String>) -> Self {
        Self { phone: phone.into(), friendly_name: None }
    }

    /// What the user calls it, which no other factor of the user is called.
    pub fn named(mut self, friendly_name: impl Into<String>) -> Self {
        self.friendly_name = Some(friendly_name.into());
        self
    }
}

/// A security key or a passkey, as a factor to be enrolled.
///
/// ```
/// use gotrue_rs::WebAuthn;
/// let factor = WebAuthn::named("key");
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "factor_type", rename = "webauthn")]
#[must_use]
pub struct WebAuthn {
    friendly_name: String,
}

impl WebAuthn {
    /// A key of this name, which no other factor of the user has.
    pub fn named(friendly_name: impl Into<String>) -> Self {
        Self { friendly_name: friendly_name.into() }
    }
}

impl NewFactor for Totp {
    type Enrolled = EnrolledTotp;
}

impl NewFactor for Phone {
    type Enrolled = EnrolledPhone;
}

impl NewFactor for WebAuthn {
    type Enrolled = EnrolledWebAuthn;
}

/// An authenticator app that was enrolled. It counts once it is [proven](Mfa::challenge_and_verify).
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct EnrolledTotp {
    /// The id of the factor, a UUID.
    pub id: String,
    /// What the user calls it.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub friendly_name: Option<String>,
    /// What the app needs.
    pub totp: TotpSecret,
}

/// What an authenticator app needs, in three forms. It is told once.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct TotpSecret {
    /// A picture for the app to scan, as the text of an SVG file.
    #[serde(deserialize_with = "secret")]
    pub qr_code: SecretString,
    /// The secret itself, for apps that cannot scan.
    #[serde(deserialize_with = "secret")]
    pub secret: SecretString,
    /// An address that apps open: `otpauth://totp/…`.
    #[serde(deserialize_with = "secret")]
    pub uri: SecretString,
}

impl TotpSecret {
    /// The picture as an address, for the `src` of an image. It holds the secret.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// let factor = auth.mfa().enroll(gotrue_rs::Totp::named("phone")).await?;
    /// let html = format!("<img src=\"{}\">", factor.totp.qr_code_data_url());
    /// # Ok(()) }
    /// ```
    pub fn qr_code_data_url(&self) -> String {
        // The characters that would end an attribute or the address, or are not allowed in one.
        const ENCODED: &[u8] = b"%#\"'<>{}`\\^|?[]&+ ";
        let mut url = String::from("data:image/svg+xml;utf-8,");
        for byte in self.qr_code.expose_secret().bytes() {
            if byte.is_ascii_graphic() && !ENCODED.contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// A phone that was enrolled. It counts once it is proven: ask for a [challenge](Mfa::challenge), which sends a code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct EnrolledPhone {
    /// The id of the factor, a UUID.
    pub id: String,
    /// What the user calls it.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub friendly_name: Option<String>,
    /// The number, as it was given.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub phone: Option<String>,
}

/// A security key that was enrolled. It counts once it is proven: ask for a [challenge](Mfa::challenge).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct EnrolledWebAuthn {
    /// The id of the factor, a UUID.
    pub id: String,
    /// What the user calls it.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub friendly_name: Option<String>,
}

impl Mfa {
    /// Enrolls a factor for the user who is signed in. It has no effect until it is proven.
    ///
    /// # Errors
    /// [`ErrorKind::SessionMissing`](crate::ErrorKind::SessionMissing) if nobody is signed in;
    /// [`Code::MfaFactorNameConflict`](crate::Code::MfaFactorNameConflict) if another factor has the name;
    /// [`Code::InsufficientAal`](crate::Code::InsufficientAal) if the user has a proven factor, and the session has not
    /// proven it; see [`ErrorKind`](crate::ErrorKind) for others.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) -> gotrue_rs::Result<()> {
    /// use gotrue_rs::{Phone, Totp};
    /// let app = auth.mfa().enroll(Totp::named("phone")).await?;
    /// let phone = auth.mfa().enroll(Phone::number("+13334445555")).await?;
    /// # Ok(()) }
    /// ```
    pub fn enroll<F: NewFactor>(&self, factor: F) -> Call<F::Enrolled> {
        let client = self.client.clone();
        let request = client.request("auth.mfa.enroll", Method::POST, &["factors"]).json(&factor);
        Call::new(
            move |settings| async move { client.as_user(request).await?.settings(settings).fetch().await },
        )
    }
}
