//! `Upload-Metadata`: names with values in base64.

use data_encoding::BASE64;
use serde_json::Value;

use super::super::problem::Problem;
use super::refusal;

/// The pairs in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Metadata(Vec<(String, Option<String>)>);

impl Metadata {
    pub(super) fn parse(header: &str) -> Result<Self, Problem> {
        let pair = |text: &str| {
            let mut words = text.split(' ');
            let name = words.next().filter(|name| !name.is_empty())?;
            let value = match words.next() {
                None | Some("") => None,
                Some(value) => Some(String::from_utf8(BASE64.decode(value.as_bytes()).ok()?).ok()?),
            };
            words.next().is_none().then(|| (name.to_owned(), value))
        };
        let pairs: Option<Vec<_>> = header.split(',').map(|text| pair(text.trim())).collect();
        pairs.map(Self).ok_or_else(|| refusal(400, "Invalid upload-metadata"))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).and_then(|(_, value)| value.as_deref())
    }

    /// What the user wants to be kept with the object, if it is readable.
    pub(super) fn user(&self) -> Option<Value> {
        serde_json::from_str(self.get("metadata")?).ok()
    }

    /// Makes a header's value of the number of seconds, at its place or at the end.
    pub(super) fn with_cache_control(mut self) -> Self {
        let seconds = self.get("cacheControl").filter(|text| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        let value = seconds.map_or_else(|| "no-cache".to_owned(), |seconds| format!("max-age={seconds}"));
        match self.0.iter_mut().find(|(name, _)| name == "cacheControl") {
            Some((_, old)) => *old = Some(value),
            None => self.0.push(("cacheControl".to_owned(), Some(value))),
        }
        self
    }

    pub(super) fn header(&self) -> String {
        let pair = |(name, value): &(String, Option<String>)| match value {
            Some(value) => format!("{name} {}", BASE64.encode(value.as_ref())),
            None => name.clone(),
        };
        self.0.iter().map(pair).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_their_order_and_seconds_become_a_header() {
        let header = "bucketName YjE=,cacheControl MzYwMA==,objectName eA==";
        let metadata = Metadata::parse(header).map(Metadata::with_cache_control);
        let header = metadata.map(|metadata| metadata.header()).unwrap_or_default();
        assert_eq!(header, "bucketName YjE=,cacheControl bWF4LWFnZT0zNjAw,objectName eA==");

        let metadata = Metadata::parse("bucketName YjE=,flag").map(Metadata::with_cache_control);
        let header = metadata.map(|metadata| metadata.header()).unwrap_or_default();
        assert_eq!(header, "bucketName YjE=,flag,cacheControl bm8tY2FjaGU=");
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for header in ["bucketName !!!,,", "", "a b c", "bucketName YjE=, ,x"] {
            assert!(Metadata::parse(header).is_err(), "{header}");
        }
    }
}
