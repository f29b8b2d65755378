//! Paths and queries: taken apart, decoded, and encoded as JavaScript does.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What `decodeURI` leaves encoded.
const RESERVED: &[u8] = b";/?:@&=+$,#";

/// The text that is written in percent-encoding, or nothing if it is not valid.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next(), rest.next()];
            if !digits.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())) {
                return None;
            }
        }
    }
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

/// As `decodeURI` of JavaScript: what would be a separator if it were decoded stays encoded.
pub(super) fn decode_uri(text: &str) -> Option<String> {
    let mut guarded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, code) = rest.split_at(at);
        guarded.push_str(before);
        let digits = code.get(1..3)?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if RESERVED.contains(&byte) {
            guarded.push_str("%25");
        } else {
            guarded.push('%');
        }
        guarded.push_str(digits);
        rest = code.get(3..)?;
    }
    guarded.push_str(rest);
    decode(&guarded)
}

/// As `encodeURIComponent` of JavaScript.
pub(super) fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// The pairs of a query.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let read = |text: &str| decode(&text.replace('+', " ")).unwrap_or_else(|| text.to_owned());
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (read(name), read(value)))
        .collect()
}

/// What comes after this many segments of a path.
pub(super) fn after(path: &str, segments: usize) -> &str {
    path.splitn(segments + 2, '/').nth(segments + 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_takes_what_is_valid_only() {
        assert_eq!(decode("a%20b+c").as_deref(), Some("a b+c"));
        assert_eq!(decode("%C3%BC").as_deref(), Some("ü"));
        assert_eq!(decode("100%.txt"), None);
        assert_eq!(decode("%C3"), None);
        assert_eq!(decode("%4"), None);
    }

    #[test]
    fn decode_uri_leaves_separators_encoded() {
        assert_eq!(decode_uri("a%2Bb%20c%3F.txt").as_deref(), Some("a%2Bb c%3F.txt"));
        assert_eq!(decode_uri("a+b&c=%27%28%29").as_deref(), Some("a+b&c='()"));
        assert_eq!(decode_uri("%25").as_deref(), Some("%"));
        assert_eq!(decode_uri("%zz"), None);
    }

    #[test]
    fn components_are_encoded_as_in_javascript() {
        assert_eq!(encode_component("naïve name.txt"), "na%C3%AFve%20name.txt");
        assert_eq!(encode_component("it's (1)!~*.txt"), "it's%20(1)!~*.txt");
    }

    #[test]
    fn paths_are_cut_where_they_were_sent() {
        assert_eq!(after("/object/b1//a//b", 2), "/a//b");
        assert_eq!(after("/object/b1", 2), "");
        assert_eq!(after("/object/b1/", 2), "");
    }
}
