//! The query string of a request, as it is written.
//!
//! What need not be encoded is not, such as the commas of a list and the parentheses around it: a request may only have
//! so many bytes, and a comma takes three if it is encoded.

use std::fmt;

use supabase_core::Url;

/// Names and values, ready to be sent.
#[derive(Clone, Default)]
pub(crate) struct Pairs {
    // ASCII, always.
    text: Vec<u8>,
    has_nul: bool,
}

impl Pairs {
    /// Begins a pair, whose value is written next.
    pub(crate) fn key(&mut self, name: &[u8]) {
        self.begin();
        self.value(name);
        self.text.push(b'=');
    }

    /// Begins a pair whose name is a word of the grammar, for a referenced table or for the table itself.
    pub(crate) fn reserved(&mut self, table: Option<&str>, word: &str) {
        self.begin();
        if let Some(table) = table {
            self.value(table.as_bytes());
            self.text.push(b'.');
        }
        self.word(word);
        self.text.push(b'=');
    }

    /// Takes out what was written for a word of the grammar. A column of that name is written in quotes, and stays.
    pub(crate) fn drop_reserved(&mut self, word: &str) {
        let is_other =
            |pair: &&[u8]| pair.strip_prefix(word.as_bytes()).is_none_or(|rest| rest.first() != Some(&b'='));
        let others: Vec<_> = self.text.split(|byte| *byte == b'&').filter(is_other).collect();
        self.text = others.join(&b'&');
    }

    fn begin(&mut self) {
        if self.text.is_empty() {
            // Most queries fit, and need no more room.
            self.text.reserve(256);
        } else {
            self.text.push(b'&');
        }
    }

    /// Goes on with what needs no encoding: the words of the grammar.
    pub(crate) fn word(&mut self, word: &str) {
        self.text.extend_from_slice(word.as_bytes());
    }

    /// Goes on with the value.
    pub(crate) fn value(&mut self, piece: &[u8]) {
        let mut rest = piece;
        // Most values are plain to their end, and the search for it is all that they cost.
        while let Some(at) = rest.iter().position(|byte| !is_plain(*byte)) {
            let (plain, others) = rest.split_at(at);
            self.text.extend_from_slice(plain);
            let Some((byte, after)) = others.split_first() else { return };
            self.encode(*byte);
            rest = after;
        }
        self.text.extend_from_slice(rest);
    }

    fn encode(&mut self, byte: u8) {
        let digit = |half: u8| if half < 10 { b'0' + half } else { b'A' - 10 + half };
        match byte {
            b' ' => self.text.push(b'+'),
            _ => self.text.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]),
        }
        self.has_nul |= byte == 0;
    }

    /// Whether a NUL character was written since this was asked last: PostgREST drops it, and would find other rows.
    pub(crate) fn take_nul(&mut self) -> bool {
        std::mem::take(&mut self.has_nul)
    }

    /// The value of the first pair of this name.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        let mut url = Url::parse("http://localhost").ok()?;
        url.set_query(self.as_str().ok()?);
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The query string, if there is any pair.
    ///
    /// # Errors
    /// It is no text, which cannot be, as everything else is encoded.
    pub(crate) fn as_str(&self) -> Result<Option<&str>, std::str::Utf8Error> {
        if self.text.is_empty() { Ok(None) } else { str::from_utf8(&self.text).map(Some) }
    }
}

/// Goes on with the value.
impl fmt::Write for Pairs {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.value(piece.as_bytes());
        Ok(())
    }
}

fn is_plain(byte: u8) -> bool {
    PLAIN.get(usize::from(byte)).is_some_and(|plain| *plain)
}

/// What neither a server nor anything on the way reads as something else than itself, by its byte.
#[allow(clippy::indexing_slicing, reason = "the compiler runs it, and would say so")]
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        plain[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b',' | b'.' | b':' | b'(' | b')' | b'*' | b'!' | b'-' | b'_' | b'~');
        byte += 1;
    }
    plain
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(pairs: &[(&str, &str)]) -> String {
        let mut text = Pairs::default();
        for (key, value) in pairs {
            text.key(key.as_bytes());
            text.value(value.as_bytes());
        }
        text.as_str().unwrap().unwrap_or_default().to_owned()
    }

    #[test]
    fn what_would_be_read_otherwise_is_encoded() {
        assert_eq!(written(&[]), "");
        assert_eq!(
            written(&[("select", "*,a!inner(b)"), ("id", "in.(1,2)")]),
            "select=*,a!inner(b)&id=in.(1,2)"
        );
        assert_eq!(
            written(&[("a b", "eq.1+1=2&x;y#z%20/?'\"\\{}ü\n")]),
            "a+b=eq.1%2B1%3D2%26x%3By%23z%2520%2F%3F%27%22%5C%7B%7D%C3%BC%0A"
        );
    }

    #[test]
    fn a_word_is_taken_out_with_its_value_and_nothing_else() {
        let mut pairs = Pairs::default();
        pairs.drop_reserved("select");
        assert_eq!(pairs.as_str(), Ok(None));
        for (key, value) in
            [("\"select\"", "eq.1"), ("select", "a&select=b"), ("selected", "eq.2"), ("t.select", "x")]
        {
            pairs.key(key.as_bytes());
            pairs.value(value.as_bytes());
        }
        pairs.drop_reserved("select");
        assert_eq!(pairs.as_str(), Ok(Some("%22select%22=eq.1&selected=eq.2&t.select=x")));
    }

    #[test]
    fn a_nul_is_told_once() {
        let mut pairs = Pairs::default();
        pairs.value(b"a\0b");
        assert_eq!((pairs.take_nul(), pairs.take_nul()), (true, false));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(pairs in prop::collection::vec((".*", ".*"), 0..5)) {
            let borrowed: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            let mut url = Url::parse("http://a/t").unwrap();
            url.set_query(Some(&written(&borrowed)));
            // The URL takes the text as it is.
            prop_assert_eq!(url.query().unwrap_or_default(), written(&borrowed));
            let read: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(read, pairs);
        }
    }
}
