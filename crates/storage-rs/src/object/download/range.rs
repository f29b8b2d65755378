//! Which bytes of an object.

use std::ops::{Bound, RangeBounds};

use super::no_range;
use crate::error::Result;

/// Which bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteRange {
    /// From the first to the last, which is among them, or to the end.
    Span { first: u64, last: Option<u64> },
    /// So many at the end.
    Last(u64),
}

impl ByteRange {
    /// # Errors
    /// It holds no byte: HTTP cannot ask for none.
    pub(crate) fn new(bytes: impl RangeBounds<u64>) -> Result<Self> {
        let first = match bytes.start_bound() {
            Bound::Included(first) => Some(*first),
            Bound::Excluded(before) => before.checked_add(1),
            Bound::Unbounded => Some(0),
        };
        let last = match bytes.end_bound() {
            Bound::Included(last) => Some(Some(*last)),
            Bound::Excluded(end) => end.checked_sub(1).map(Some),
            Bound::Unbounded => Some(None),
        };
        match (first, last) {
            (Some(first), Some(last)) if last.is_none_or(|last| first <= last) => {
                Ok(Self::Span { first, last })
            }
            _ => Err(no_range("the range holds no byte")),
        }
    }

    /// # Errors
    /// It holds no byte.
    pub(crate) fn last(bytes: u64) -> Result<Self> {
        if bytes == 0 { Err(no_range("the range holds no byte")) } else { Ok(Self::Last(bytes)) }
    }

    /// The value of the header `Range`.
    pub(crate) fn header(self) -> String {
        match self {
            Self::Span { first, last: Some(last) } => format!("bytes={first}-{last}"),
            Self::Span { first, last: None } => format!("bytes={first}-"),
            Self::Last(bytes) => format!("bytes=-{bytes}"),
        }
    }

    /// How many bytes this range has, by the part that an answer holds: as much of the range as the server gave at once,
    /// which may be less. `None` if it is not the beginning of this range, or does not tell where the object ends.
    pub(crate) fn wanted(self, part: ContentRange) -> Option<u64> {
        let (first, last) = match (self, part.total) {
            (Self::Span { first, last }, Some(total)) => {
                (first, last.unwrap_or(u64::MAX).min(total.saturating_sub(1)))
            }
            (Self::Last(bytes), Some(total)) => (total.saturating_sub(bytes), total.saturating_sub(1)),
            // How much there is does not matter where all that was asked for came.
            (Self::Span { first, last }, None) => (first, last.filter(|last| *last == part.last)?),
            (Self::Last(bytes), None) if part.length() == bytes => (part.first, part.last),
            (Self::Last(_), None) => return None,
        };
        let is_its_beginning = part.first == first && part.last <= last;
        is_its_beginning.then(|| ContentRange { first, last, total: None }.length())
    }
}

/// Which bytes an answer holds, by its header `Content-Range`: the first, the last, and how many there are in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) total: Option<u64>,
}

impl ContentRange {
    /// Reads `bytes 0-9/100`.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let (span, total) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = span.split_once('-')?;
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let total = match total.trim() {
            "*" => None,
            total => Some(total.parse().ok()?),
        };
        (first <= last && total.is_none_or(|total| last < total)).then_some(Self { first, last, total })
    }

    /// How many bytes these are.
    pub(crate) fn length(self) -> u64 {
        // `last` is below `u64::MAX` wherever the total is told; where it is not, the sum is as good as any.
        (self.last - self.first).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_http_has_them() {
        assert_eq!(ByteRange::new(10..20).unwrap().header(), "bytes=10-19");
        assert_eq!(ByteRange::new(10..=20).unwrap().header(), "bytes=10-20");
        assert_eq!(ByteRange::new(5..).unwrap().header(), "bytes=5-");
        assert_eq!(ByteRange::new(..5).unwrap().header(), "bytes=0-4");
        assert_eq!(ByteRange::new(..).unwrap().header(), "bytes=0-");
        assert_eq!(ByteRange::last(5).unwrap().header(), "bytes=-5");
        #[allow(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        for none in [ByteRange::new(5..5), ByteRange::new(7..3), ByteRange::new(..0), ByteRange::last(0)] {
            assert!(none.is_err());
        }
    }

    #[test]
    fn what_is_wanted_is_what_was_asked_for_and_not_what_came() {
        let wanted = |range: ByteRange, part| range.wanted(ContentRange::read(part).unwrap());
        for (range, part, length) in [
            (ByteRange::new(10..20), "bytes 10-19/100", Some(10)),
            (ByteRange::new(10..20), "bytes 10-12/100", Some(10)),
            (ByteRange::new(10..20), "bytes 10-14/15", Some(5)),
            (ByteRange::new(10..20), "bytes 10-12/15", Some(5)),
            (ByteRange::new(10..20), "bytes 9-19/100", None),
            (ByteRange::new(10..20), "bytes 10-20/100", None),
            (ByteRange::new(10..20), "bytes 10-19/*", Some(10)),
            (ByteRange::new(10..20), "bytes 10-12/*", None),
            (ByteRange::new(10..), "bytes 10-12/100", Some(90)),
            (ByteRange::new(10..), "bytes 10-12/*", None),
            (ByteRange::last(10), "bytes 90-99/100", Some(10)),
            (ByteRange::last(10), "bytes 90-91/100", Some(10)),
            (ByteRange::last(10), "bytes 98-99/100", None),
            (ByteRange::last(10), "bytes 0-4/5", Some(5)),
            (ByteRange::last(10), "bytes 0-9/*", Some(10)),
            (ByteRange::last(10), "bytes 0-4/*", None),
        ] {
            assert_eq!(wanted(range.unwrap(), part), length, "{part}");
        }
    }

    #[test]
    fn content_ranges_are_read_or_refused() {
        let range = ContentRange::read("bytes 10-19/2048").unwrap();
        assert_eq!((range.first, range.length(), range.total), (10, 10, Some(2048)));
        assert_eq!(ContentRange::read("bytes 0-0/*").unwrap().total, None);
        for bad in
            ["", "bytes */10", "bytes 5-4/10", "bytes 0-10/10", "items 0-1/2", "bytes 0-/2", "bytes -1-2/3"]
        {
            assert_eq!(ContentRange::read(bad), None, "{bad}");
        }
    }
}
