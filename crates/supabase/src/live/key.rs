//! Primary keys, as they stand in rows.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use serde_json::value::RawValue;

/// The values of a row's key columns. Keys are ordered as their columns are: numbers by size, texts by their letters.
/// A text that is a number, written as this module writes it, is that number: older servers write the numbers of a
/// change as texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Bool(bool),
    Number(Number),
    Text(String),
}

/// A number by its digits, which a float could not hold: `0.digits` times ten to the power of `point`. It is the same
/// however it is spelled, as neither end has a zero, and zero itself has no digit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Number {
    is_negative: bool,
    point: i64,
    digits: String,
}

impl Key {
    /// The key of a row; `None` if the row lacks one of the columns, or has something there that is no key.
    pub(crate) fn of(row: &str, columns: &[String]) -> Option<Self> {
        let row: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(row).ok()?;
        columns.iter().map(|column| part(row.get(column.as_str())?.get())).collect::<Option<_>>().map(Self)
    }

    /// The values, to be filtered by.
    pub(crate) fn values(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|part| match part {
            Part::Bool(truth) => truth.to_string(),
            Part::Number(number) => number.to_string(),
            Part::Text(text) => text.clone(),
        })
    }
}

fn part(json: &str) -> Option<Part> {
    match json.as_bytes().first()? {
        // A key is never missing, and no list or object.
        b'n' | b'[' | b'{' => None,
        b't' => Some(Part::Bool(true)),
        b'f' => Some(Part::Bool(false)),
        b'"' => {
            let text: String = serde_json::from_str(json).ok()?;
            Some(match Number::of(&text) {
                // `007` is another text than `7`.
                Some(number) if number.to_string() == text => Part::Number(number),
                _ => Part::Text(text),
            })
        }
        _ => Some(Number::of(json).map_or_else(|| Part::Text(json.to_owned()), Part::Number)),
    }
}

impl Number {
    /// Reads what JSON takes for a number; `None` for anything else.
    fn of(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
            None => (rest, 0_i64),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let zeros = i64::try_from(all.len() - significant.len()).ok()?;
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { is_negative: false, point: 0, digits });
        }
        let point = exponent.checked_add(i64::try_from(whole.len()).ok()?)?.checked_sub(zeros)?;
        Some(Self { is_negative: rest.len() < text.len(), point, digits })
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |number: &Self| (number.point, number.digits.clone());
        let by_size = || match self.is_negative {
            true => size(other).cmp(&size(self)),
            false => size(self).cmp(&size(other)),
        };
        self.sign().cmp(&other.sign()).then_with(by_size)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As a column of any type of number reads it: one of whole numbers knows no exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// So many zeros are written out at either end.
        const ZEROS: usize = 40;
        if self.is_negative {
            f.write_str("-")?;
        }
        let digits = self.digits.as_str();
        if digits.is_empty() {
            return f.write_str("0");
        }
        match usize::try_from(self.point) {
            Ok(0) => write!(f, "0.{digits}"),
            Ok(point) if point < digits.len() => {
                let (whole, fraction) = digits.split_at(point);
                write!(f, "{whole}.{fraction}")
            }
            Ok(point) if point - digits.len() <= ZEROS => write!(f, "{digits:0<point$}"),
            Err(_) if self.point.unsigned_abs() <= ZEROS as u64 => {
                let zeros = "0".repeat(usize::try_from(self.point.unsigned_abs()).unwrap_or_default());
                write!(f, "0.{zeros}{digits}")
            }
            _ => write!(f, "0.{digits}e{}", self.point),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn key(row: &Value, columns: &[&str]) -> Option<Key> {
        let columns: Vec<_> = columns.iter().map(|column| (*column).to_owned()).collect();
        Key::of(&row.to_string(), &columns)
    }

    /// The key of a row whose `id` is spelled like this.
    fn of(id: &str) -> Key {
        Key::of(&format!("{{\"id\": {id}}}"), &["id".to_owned()]).unwrap()
    }

    fn text(id: &str) -> String {
        of(id).values().collect()
    }

    #[test]
    fn a_key_has_the_values_of_its_columns_in_their_order() {
        let row = json!({ "id": u64::MAX, "name": "Ada", "is": true, "n": null });
        let values: Vec<_> = key(&row, &["name", "id", "is"]).unwrap().values().collect();
        assert_eq!(values, ["Ada", "18446744073709551615", "true"]);
        assert!(key(&row, &["n"]).is_none() && key(&row, &["gone"]).is_none());
    }

    #[test]
    fn a_number_is_the_same_key_as_its_text() {
        for number in ["-7", "9007199254740993", "12345678901234567890123", "0.1000000000000000055", "-1.5"] {
            assert_eq!(of(&format!("\"{number}\"")), of(number));
            assert_eq!(text(number), number);
        }
        for text_alone in ["007", "+7", "1.0", "1e3", "-0", ".5", "5.", "1_0", ""] {
            assert_eq!(text(&format!("\"{text_alone}\"")), text_alone);
        }
        assert_ne!(of("\"1.0\""), of("\"1\""));
    }

    #[test]
    fn a_number_is_the_same_key_however_it_is_spelled_and_no_other_one() {
        for (spelling, other) in [
            ("1.0", "1"),
            ("1e3", "1000"),
            ("1.5E+2", "150"),
            ("-0.0", "0"),
            ("0e9", "0"),
            ("1.50", "1.5"),
            ("12e-1", "1.2"),
            ("1e-7", "0.0000001"),
            ("2.5e300", "25e299"),
        ] {
            assert_eq!(of(spelling), of(other), "{spelling}");
            assert_eq!(of(&text(spelling)), of(spelling), "{spelling}");
        }
        assert_eq!((text("1e3"), text("1e-7")), ("1000".to_owned(), "0.0000001".to_owned()));
        assert_ne!(of("12345678901234567890123"), of("12345678901234567890124"));
        assert_ne!(of("0.1000000000000000055"), of("0.1"));
        assert_eq!(text("1e99999999999999999999"), "1e99999999999999999999");
    }

    #[test]
    fn keys_are_ordered_by_size_and_by_letters() {
        let ordered = [
            "-1e50", "-10", "-9.5", "-9", "-0.01", "0", "0.009", "0.01", "0.1", "9", "9.5", "10", "1e50",
            "\"a\"", "\"b\"",
        ];
        let mut keys: Vec<_> = ordered.iter().rev().map(|id| of(id)).collect();
        keys.sort();
        assert_eq!(keys, ordered.map(of));
    }
}
