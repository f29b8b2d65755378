//! Text that is short as a rule, and then needs no heap: names of columns, values of filters.
//!
//! A crate for this would bring several others, and more than the three ways to grow that are needed here.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Serialize, Serializer};

/// How many bytes fit beside a tag and a length where a `String` would stand.
const SHORT: usize = 30;

/// A text that only grows.
#[derive(Clone)]
pub(crate) enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(String),
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self::Short { length: 0, bytes: [0; SHORT] }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            // Whole texts were put in, so it is one.
            Self::Short { .. } => str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Long(text) => text,
        }
    }

    /// The bytes of the text, which need not be looked at to be had.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(text) => text.as_bytes(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    pub(crate) fn push_str(&mut self, more: &str) {
        match self {
            Self::Short { length, bytes } => {
                let start = usize::from(*length);
                let end = start + more.len();
                if let (Some(free), Ok(end)) = (bytes.get_mut(start..end), u8::try_from(end)) {
                    free.copy_from_slice(more.as_bytes());
                    *length = end;
                } else {
                    let mut long = String::with_capacity(end.max(2 * SHORT));
                    long.push_str(self.as_str());
                    long.push_str(more);
                    *self = Self::Long(long);
                }
            }
            Self::Long(text) => text.push_str(more),
        }
    }

    pub(crate) fn push(&mut self, more: char) {
        self.push_str(more.encode_utf8(&mut [0; 4]));
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.push_str(more);
        Ok(())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut new = Self::new();
        new.push_str(text);
        new
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Long(text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        match text {
            Text::Short { .. } => text.as_str().to_owned(),
            Text::Long(text) => text,
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_whether_it_is_short_or_long() {
        let mut text = Text::new();
        let mut plain = String::new();
        for piece in ["", "a", "ключ", "1234567890", "😀", "12345678901", "z", "and more than fits"] {
            text.push_str(piece);
            plain.push_str(piece);
            assert_eq!(text.as_str(), plain);
            assert_eq!(text, Text::from(plain.clone()));
            assert_eq!(Text::from(plain.as_str()), Text::from(plain.clone()));
            assert_eq!(String::from(text.clone()), plain);
        }
        assert!(matches!(Text::from("x".repeat(SHORT).as_str()), Text::Short { .. }));
        assert!(matches!(Text::from("x".repeat(SHORT + 1).as_str()), Text::Long(_)));
    }
}
