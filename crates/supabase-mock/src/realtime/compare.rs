//! Comparing values as Postgres compares those of their types.

use std::cmp::Ordering;

use jiff::Timestamp;

/// The order of two values of a type; `None` if one of them is none of that type.
pub(crate) fn compare(kind: &str, left: &str, right: &str) -> Option<Ordering> {
    match kind {
        "int2" | "int4" | "int8" | "oid" | "numeric" | "float4" | "float8" => number(left, right),
        "bool" => Some(truth(left)?.cmp(&truth(right)?)),
        "uuid" => Some(left.to_ascii_lowercase().cmp(&right.to_ascii_lowercase())),
        "timestamptz" => Some(timestamp(left)?.cmp(&timestamp(right)?)),
        _ => Some(left.cmp(right)),
    }
}

/// Checks that a text is a value of the type; the error is Postgres's.
pub(crate) fn is_valid(kind: &str, value: &str) -> Result<(), String> {
    let (name, valid) = match kind {
        "int2" => ("smallint", value.trim().parse::<i16>().is_ok()),
        "int4" => ("integer", value.trim().parse::<i32>().is_ok()),
        "int8" => ("bigint", value.trim().parse::<i64>().is_ok()),
        "numeric" => ("numeric", Decimal::parse(value).is_some() || value.trim().parse::<f64>().is_ok()),
        "float4" => ("real", value.trim().parse::<f64>().is_ok()),
        "float8" => ("double precision", value.trim().parse::<f64>().is_ok()),
        "bool" => ("boolean", truth(value).is_some()),
        "uuid" => ("uuid", is_uuid(value)),
        _ => return Ok(()),
    };
    match valid {
        true => Ok(()),
        false => Err(format!(
            "ERROR 22P02 (invalid_text_representation) invalid input syntax for type {name}: {value:?}"
        )),
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn is_uuid(text: &str) -> bool {
    let digits = text.trim().trim_matches(['{', '}']).replace('-', "");
    digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // Postgres takes a date, a time without a zone as UTC, and a zone of hours alone.
    let zone = text.get(10..).and_then(|time| time.find(['+', '-', 'Z', 'z']));
    let whole = match (text.len(), zone) {
        (10, _) => format!("{text}T00:00:00Z"),
        (_, Some(_)) => text.to_owned(),
        (_, None) => format!("{text}Z"),
    };
    whole.parse().ok()
}

fn number(left: &str, right: &str) -> Option<Ordering> {
    match (Decimal::parse(left), Decimal::parse(right)) {
        (Some(left), Some(right)) => Some(left.compare(&right)),
        // Exponents, infinities and NaN.
        _ => left.trim().parse::<f64>().ok()?.partial_cmp(&right.trim().parse::<f64>().ok()?),
    }
}

/// A number by its digits.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !zero, whole, fraction })
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.compare_digits(other),
            (true, true) => other.compare_digits(self),
        }
    }

    fn compare_digits(&self, other: &Self) -> Ordering {
        let lengths = self.whole.len().cmp(&other.whole.len());
        lengths.then_with(|| self.whole.cmp(other.whole)).then_with(|| self.fraction.cmp(other.fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_all_their_digits() {
        let ascending =
            ["-10", "-2.5", "-2.49", "0", "0.1", "0.1000000000000000055", "1.5", "2", "10", "1e3"];
        for (at, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(compare("numeric", left, right), Some(at.cmp(&other)), "{left} and {right}");
            }
        }
        for (left, right) in [("1.50", "1.5"), ("-0", "0"), ("007", "7"), (".5", "0.50"), ("+1", "1")] {
            assert_eq!(compare("numeric", left, right), Some(Ordering::Equal), "{left} and {right}");
        }
        assert_eq!(compare("int8", "1", "abc"), None);
    }

    #[test]
    fn times_are_compared_as_moments() {
        let same = [
            "2026-11-23T05:17:30+00:00",
            "2026-11-23 05:17:30+00",
            "2026-11-23T06:17:30+01:00",
            "2026-11-23 05:17:30",
        ];
        for other in same {
            assert_eq!(compare("timestamptz", same[0], other), Some(Ordering::Equal), "{other}");
        }
        assert_eq!(compare("timestamptz", same[0], "2026-11-23"), Some(Ordering::Greater));
    }

    #[test]
    fn wrong_values_have_the_database_s_message() {
        assert_eq!(
            is_valid("int8", "abc"),
            Err("ERROR 22P02 (invalid_text_representation) invalid input syntax for type bigint: \"abc\""
                .into())
        );
        for (kind, value) in
            [("int8", "12"), ("bool", "f"), ("text", "x"), ("numeric", "1.5"), ("float8", "1e3")]
        {
            assert_eq!(is_valid(kind, value), Ok(()));
        }
    }
}
