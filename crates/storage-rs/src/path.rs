//! The names of objects and buckets: checked before anything is sent, and encoded once.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The key of an object in its bucket, such as `folder/avatar.png`.
///
/// A key is made of the characters that the service allows: ASCII letters and digits, space, and `_ / ! . * ' ( ) & $ @ =
/// ; : + , ? -`. Anything else is refused with the character named, before anything is sent; so are an empty key, one
/// that ends with `/`, and the segments `.` and `..`, which HTTP would resolve away. Slashes at the beginning mean
/// nothing and are dropped. What a key holds is never decoded: `a%20b` is refused, `a b` is that key.
///
/// Wherever a method takes a path, a text does: `&str`, `String`, or an `ObjectPath`.
///
/// Source: <https://supabase.com/docs/guides/storage/debugging/error-codes>
///
/// ```
/// # fn main() -> storage_rs::Result<()> {
/// use storage_rs::ObjectPath;
/// assert_eq!(ObjectPath::new("/folder/a b+c.png")?.as_str(), "folder/a b+c.png");
/// assert!(ObjectPath::new("folder/ü.png").is_err());
/// assert!(ObjectPath::new("../secret.png").is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectPath(String);

impl ObjectPath {
    /// Checks a key.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), with what is wrong.
    ///
    /// ```
    /// # fn main() -> storage_rs::Result<()> {
    /// let path = storage_rs::ObjectPath::new("folder/avatar.png")?;
    /// # Ok(()) }
    /// ```
    pub fn new(path: impl AsRef<str>) -> Result<Self> {
        Self::exact(path.as_ref().trim_start_matches('/'))
    }

    /// Checks a key whose slashes at the beginning count: `/a.png` is not `a.png`. Other programs may have stored such
    /// objects; lists show them.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// ```
    /// # fn main() -> storage_rs::Result<()> {
    /// let path = storage_rs::ObjectPath::exact("/avatar.png")?;
    /// assert_eq!(path.as_str(), "/avatar.png");
    /// # Ok(()) }
    /// ```
    pub fn exact(path: impl AsRef<str>) -> Result<Self> {
        let path = path.as_ref();
        if path.is_empty() {
            return Err(Error::invalid("the path of the object is empty"));
        }
        if let Some(bad) = path.chars().find(|c| !is_allowed(*c)) {
            return Err(Error::invalid(format!(
                "the path of the object contains {}, which the service does not allow",
                named(bad)
            )));
        }
        if path.ends_with('/') {
            return Err(Error::invalid("the path of the object ends with `/`: name an object, not a folder"));
        }
        if let Some(dots) = path.split('/').find(|segment| matches!(*segment, "." | "..")) {
            return Err(Error::invalid(format!("the path of the object has the segment `{dots}`")));
        }
        Ok(Self(path.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment, without its folders.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The key as it stands in a URL.
    pub(crate) fn encoded(&self) -> String {
        encoded(&self.0)
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for ObjectPath {
    type Err = Error;

    fn from_str(path: &str) -> Result<Self> {
        Self::new(path)
    }
}

/// What a method takes as the path of an object: a text, which is checked when the call is sent, or an [`ObjectPath`].
pub trait IntoObjectPath {
    /// The path.
    ///
    /// # Errors
    /// The text is no key; see [`ObjectPath`].
    fn into_object_path(self) -> Result<ObjectPath>;
}

impl IntoObjectPath for ObjectPath {
    fn into_object_path(self) -> Result<ObjectPath> {
        Ok(self)
    }
}

impl IntoObjectPath for &ObjectPath {
    fn into_object_path(self) -> Result<ObjectPath> {
        Ok(self.clone())
    }
}

macro_rules! text_is_a_path {
    ($($text:ty),+) => {$(
        impl IntoObjectPath for $text {
            fn into_object_path(self) -> Result<ObjectPath> {
                ObjectPath::new(self)
            }
        }
    )+};
}
text_is_a_path!(&str, String, &String);

/// The name of a bucket as it stands in a URL.
///
/// # Errors
/// It is empty, too long, a path of its own, or has a character that the service does not allow.
pub(crate) fn bucket(name: &str) -> Result<String> {
    if name.is_empty() {
        return Err(Error::invalid("the name of the bucket is empty"));
    }
    if let Some(bad) = name.chars().find(|c| *c == '/' || !is_allowed(*c)) {
        return Err(Error::invalid(format!(
            "the name of the bucket contains {}, which the service does not allow",
            named(bad)
        )));
    }
    if name.len() > 100 {
        return Err(Error::invalid("the name of the bucket has more than 100 characters"));
    }
    if matches!(name, "." | "..") {
        return Err(Error::invalid(format!("`{name}` is no name of a bucket")));
    }
    Ok(encoded(name))
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_/!.*'()& $@=;:+,?-".contains(c)
}

/// Encodes what would end the path or be lost in it, and nothing else: the service compares the path of a signed URL with
/// what it was asked to sign, once decoded and once not, so that an encoded `+` makes a signature that never fits.
fn encoded(allowed: &str) -> String {
    allowed.replace(' ', "%20").replace('?', "%3F")
}

fn named(c: char) -> String {
    if c.is_control() || c.is_whitespace() {
        format!("the character U+{:04X}", u32::from(c))
    } else {
        format!("`{c}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_refused_is_named() {
        for (path, says) in [
            ("", "empty"),
            ("/", "empty"),
            ("///", "empty"),
            ("a/", "ends with `/`"),
            (".", "segment `.`"),
            ("a/../b", "segment `..`"),
            ("a/./b", "segment `.`"),
            ("100%.txt", "`%`"),
            ("a#b", "`#`"),
            ("~a", "`~`"),
            ("ü", "`ü`"),
            ("a\nb", "U+000A"),
            ("a\u{a0}b", "U+00A0"),
            ("a\\b", "`\\`"),
        ] {
            let error = ObjectPath::new(path).unwrap_err();
            assert!(error.message().contains(says), "{path}: {error}");
        }
        for (name, says) in [("", "empty"), ("a/b", "`/`"), ("..", "`..`"), ("bücket", "`ü`")] {
            let error = bucket(name).unwrap_err();
            assert!(error.message().contains(says), "{name}: {error}");
        }
    }

    #[test]
    fn a_key_that_begins_with_a_slash_can_be_named() {
        assert_eq!(ObjectPath::new("//a//b").unwrap().as_str(), "a//b");
        assert_eq!(ObjectPath::exact("//a//b").unwrap().encoded(), "//a//b");
    }

    /// What the service reads out of a path: the segments of the request line, decoded once.
    fn read(base: &str, url: &str) -> String {
        let url = supabase_core::Url::parse(url).unwrap();
        assert_eq!((url.query(), url.fragment()), (None, None));
        let path = url.path().strip_prefix(base).unwrap().to_owned();
        let form = format!("x={}", path.replace('+', "%2B").replace('&', "%26"));
        let query = supabase_core::Url::parse(&format!("http://x/?{form}")).unwrap();
        query.query_pairs().next().unwrap().1.into_owned()
    }

    proptest! {
        #[test]
        fn a_key_arrives_as_it_is(key in "[A-Za-z0-9_/!.*'()& $@=;:+,?-]{1,40}") {
            if let Ok(path) = ObjectPath::exact(&key) {
                let url = format!("http://h/storage/v1/object/b/{}", path.encoded());
                prop_assert_eq!(read("/storage/v1/object/b/", &url), key);
            }
        }

        #[test]
        fn any_text_is_a_key_or_refused_and_never_another_key(text in ".{0,20}") {
            if let Ok(path) = ObjectPath::new(&text) {
                prop_assert_eq!(path.as_str(), text.trim_start_matches('/'));
                let url = format!("http://h/b/{}", path.encoded());
                prop_assert_eq!(read("/b/", &url), path.as_str());
            }
        }
    }
}
