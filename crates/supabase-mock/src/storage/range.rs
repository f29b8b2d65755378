//! Parts of objects.

use super::problem::Problem;

/// How much of an object is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// From the first to the last byte, both included.
    Range {
        first: u64,
        last: u64,
    },
}

/// Reads a `Range` header. What is not understood is not there, as the standard has it.
pub(super) fn part(header: Option<&str>, size: u64) -> Result<Part, Problem> {
    let Some(range) = header.and_then(|header| header.strip_prefix("bytes=")) else { return Ok(Part::Whole) };
    let Some((first, last)) = range.split_once('-') else { return Ok(Part::Whole) };
    let end = size.checked_sub(1);
    match (first.trim().parse::<u64>(), last.trim()) {
        (Ok(first), last) => {
            let last = if last.is_empty() { Ok(u64::MAX) } else { last.parse() };
            let Ok(last) = last else { return Ok(Part::Whole) };
            if last < first {
                return Ok(Part::Whole);
            }
            match end {
                Some(end) if first <= end => Ok(Part::Range { first, last: last.min(end) }),
                _ => Err(Problem::range()),
            }
        }
        (Err(_), last) if first.trim().is_empty() => match (last.parse::<u64>(), end) {
            (Err(_), _) => Ok(Part::Whole),
            (Ok(0), _) | (Ok(_), None) => Err(Problem::range()),
            (Ok(count), Some(end)) => Ok(Part::Range { first: size.saturating_sub(count), last: end }),
        },
        _ => Ok(Part::Whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, size: u64) -> Option<Part> {
        part(Some(header), size).ok()
    }

    #[test]
    fn ranges_end_with_the_object() {
        let range = |first, last| Some(Part::Range { first, last });
        assert_eq!(read("bytes=10-19", 2048), range(10, 19));
        assert_eq!(read("bytes=10-", 2048), range(10, 2047));
        assert_eq!(read("bytes=0-9999", 2048), range(0, 2047));
        assert_eq!(read("bytes=-5", 2048), range(2043, 2047));
        assert_eq!(read("bytes=-9999", 2048), range(0, 2047));
    }

    #[test]
    fn what_lies_beyond_is_refused_and_what_is_no_range_ignored() {
        assert_eq!(read("bytes=2048-", 2048), None);
        assert_eq!(read("bytes=0-0", 0), None);
        assert_eq!(read("bytes=-0", 10), None);
        for header in ["bytes=5-2", "bytes=x-2", "lines=1-2", "bytes=1", "bytes=0-1,3-4", "bytes=--1"] {
            assert_eq!(read(header, 10), Some(Part::Whole), "{header}");
        }
    }
}
