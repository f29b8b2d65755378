//! URLs that give access to one object for some time.

use std::fmt;

use reqwest::Url;

use super::Objects;
use crate::draft::address;
use crate::error::{Error, Result};
use crate::path::ObjectPath;

/// A URL by which whoever has it reads one object until it expires.
///
/// It holds a token, so it is not printed by accident: [`as_str`](Self::as_str) says that it is meant to be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedUrl(Url);

impl SignedUrl {
    /// The URL as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl From<SignedUrl> for Url {
    fn from(signed: SignedUrl) -> Self {
        signed.0
    }
}

impl From<SignedUrl> for String {
    fn from(signed: SignedUrl) -> Self {
        signed.0.into()
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedUrl").field("path", &self.0.path()).finish_non_exhaustive()
    }
}

/// How whoever opens a URL gets the object: shown, or saved under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    Shown,
    Saved,
    SavedAs(String),
}

/// What is added to a URL that was signed: it takes no part in the signature.
#[derive(Clone, Debug)]
pub(crate) struct Additions {
    pub(crate) disposition: Disposition,
    pub(crate) cache_nonce: Option<String>,
}

/// Writes the setters of a type that has a field `additions`.
macro_rules! additions {
    () => {
        /// Has browsers save the object, under its own name, and not show it.
        pub fn download(mut self) -> Self {
            self.additions.disposition = $crate::object::signed_url::Disposition::Saved;
            self
        }

        /// Has browsers save the object, under this name, and not show it.
        pub fn download_as(mut self, name: impl Into<String>) -> Self {
            self.additions.disposition = $crate::object::signed_url::Disposition::SavedAs(name.into());
            self
        }

        /// A text that makes the URL another one for the CDN, so that it does not answer from its cache.
        pub fn cache_nonce(mut self, nonce: impl Into<String>) -> Self {
            self.additions.cache_nonce = Some(nonce.into());
            self
        }
    };
}
pub(crate) use additions;

impl Additions {
    pub(crate) fn none() -> Self {
        Self { disposition: Disposition::Shown, cache_nonce: None }
    }

    pub(crate) fn append(&self, url: &mut Url) {
        match &self.disposition {
            Disposition::Shown => {}
            Disposition::Saved => {
                url.query_pairs_mut().append_pair("download", "");
            }
            Disposition::SavedAs(name) => {
                url.query_pairs_mut().append_pair("download", name);
            }
        }
        if let Some(nonce) = &self.cache_nonce {
            url.query_pairs_mut().append_pair("cacheNonce", nonce);
        }
    }
}

impl Objects {
    /// The whole URL from what the service answers: `/object/sign/bucket/key?token=…`, which begins below the service's own
    /// path, and whose key is not encoded in every answer.
    pub(crate) fn signed(&self, answer: &str, path: &ObjectPath, additions: &Additions) -> Result<SignedUrl> {
        // The key may hold a `?`, and a token never does.
        let token = answer.rsplit_once("?token=").map(|(_, token)| token);
        let route = ["object/sign", "render/image/sign"]
            .into_iter()
            .find(|route| answer.trim_start_matches('/').starts_with(route));
        let (Some(token), Some(route)) = (token, route) else {
            return Err(Error::unreadable("the service did not answer with a signed URL"));
        };
        let mut url = address(self.transport.base(), &self.at(route, path)?)?;
        url.query_pairs_mut().append_pair("token", token);
        additions.append(&mut url);
        Ok(SignedUrl(url))
    }

    /// The same for an upload.
    pub(crate) fn signed_upload(&self, token: &str, path: &ObjectPath) -> Result<SignedUrl> {
        let mut url = address(self.transport.base(), &self.at("object/upload/sign", path)?)?;
        url.query_pairs_mut().append_pair("token", token);
        Ok(SignedUrl(url))
    }
}
