//! Where an upload is found.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use supabase_core::Url;

/// The name that the service gave an upload: the last segment of its `Location`.
///
/// Only that much of it is used. Behind gateways the rest names a host, a scheme or a path that leads nowhere from here;
/// and wherever it points, keys and tokens go to the service that they are for.
pub(super) fn id(location: &str) -> Option<&str> {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let id = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    is_id(id).then_some(id)
}

/// Whether a text can stand as one segment of a path, and name an upload.
pub(super) fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~=+:@!$&'()*,;%".contains(&byte);
    // An address reads `%2e` as a dot, and leads elsewhere by one or two of them.
    let leads_elsewhere = matches!(text.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    !text.is_empty()
        && !leads_elsewhere
        && !matches!(text, "resumable" | "sign")
        && text.bytes().all(is_plain)
}

/// The address of an upload, below the address that created it.
pub(super) fn upload(creator: &Url, id: &str) -> Url {
    let mut url = creator.clone();
    url.set_path(&format!("{}/{id}", creator.path()));
    url
}

/// The version that the object of an upload has: the name of the upload is bucket, key and version, encoded. `None` where a
/// service names its uploads in another way.
pub(super) fn version(upload: &Url) -> Option<String> {
    let name = URL_SAFE_NO_PAD.decode(id(upload.path())?.trim_end_matches('=')).ok()?;
    let (_, version) = std::str::from_utf8(&name).ok()?.rsplit_once('/')?;
    (!version.is_empty()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_found_behind_any_gateway() {
        let hosted = Url::parse("https://abc.supabase.co/storage/v1/upload/resumable").unwrap();
        for location in [
            "https://abc.supabase.co/storage/v1/upload/resumable/YjEvYS8x-_",
            "http://storage:5000/upload/resumable/YjEvYS8x-_",
            "/upload/resumable/YjEvYS8x-_/",
            "YjEvYS8x-_",
            "https://elsewhere.example/upload/resumable/YjEvYS8x-_?x=/y#z",
        ] {
            let url = upload(&hosted, id(location).unwrap());
            assert_eq!(
                url.as_str(),
                "https://abc.supabase.co/storage/v1/upload/resumable/YjEvYS8x-_",
                "{location}"
            );
        }
        for location in
            ["", "/", "https://abc.supabase.co/upload/resumable/", "/upload/resumable/a b", "/a/..", "/x/ü"]
        {
            assert_eq!(id(location), None, "{location}");
        }
        // An address reads `%2e` as a dot.
        for location in ["/a/%2e%2E", "/a/.%2e", "/a/%2E.", "/a/%2e"] {
            assert_eq!(id(location), None, "{location}");
        }
    }

    #[test]
    fn the_name_of_an_upload_holds_the_version_of_its_object() {
        let version = |id: &str| {
            let creator = Url::parse("https://abc.supabase.co/storage/v1/upload/resumable").unwrap();
            version(&upload(&creator, id))
        };
        // `films/a/1.bin/b8c0`, with padding and without it.
        assert_eq!(version("ZmlsbXMvYS8xLmJpbi9iOGMw").as_deref(), Some("b8c0"));
        assert_eq!(version("ZmlsbXMvMS5iaW4vYjhjMA==").as_deref(), Some("b8c0"));
        // `b8c0`, `films/`, and no such code.
        for id in ["YjhjMA", "ZmlsbXMv", "upload-1", "!"] {
            assert_eq!(version(id), None, "{id}");
        }
    }
}
