//! Numbers with every digit.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A `numeric` with every digit that the server sent.
///
/// PostgreSQL's `numeric` has as many digits as it needs, and comes as a JSON number. A `serde_json::Value` and most
/// decimal types read JSON numbers through `f64`, which silently keeps about 16 digits. This type keeps the text, and
/// turns it into any type that reads text.
///
/// It is read and written as a field of a struct, in a map, or alone; not in `serde_json::json!` or a `Value`, and not
/// through `#[serde(flatten)]` or an untagged enum, which go through a buffer
/// that has already lost the digits.
///
/// Source: <https://www.postgresql.org/docs/current/datatype-numeric.html>
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postgrest_rs::Numeric;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Account { balance: Numeric }
///
/// let account: Account = serde_json::from_str(r#"{"balance":0.1000000000000000055}"#)?;
/// assert_eq!(account.balance.as_str(), "0.1000000000000000055");
/// assert_eq!(serde_json::to_string(&account)?, r#"{"balance":0.1000000000000000055}"#);
/// let rounded: f64 = account.balance.parse()?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Numeric(Box<str>);

/// The text is no number.
///
/// ```
/// assert!("1,5".parse::<postgrest_rs::Numeric>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumericError;

impl Numeric {
    /// The digits, as they came; `NaN`, `Infinity` or `-Infinity` where the column holds that.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the number as another type: a decimal type, or `f64` where its digits are enough.
    ///
    /// # Errors
    /// Those of the other type.
    pub fn parse<D: FromStr>(&self) -> Result<D, D::Err> {
        self.0.parse()
    }

    fn is_special(&self) -> bool {
        matches!(&*self.0, "NaN" | "Infinity" | "-Infinity")
    }
}

impl FromStr for Numeric {
    type Err = NumericError;

    /// Takes what JSON takes for a number, and `NaN`, `Infinity` and `-Infinity`.
    fn from_str(text: &str) -> Result<Self, NumericError> {
        let number = Self(text.into());
        let begins = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let is_json = begins && serde_json::from_str::<&RawValue>(text).is_ok_and(|json| json.get() == text);
        if is_json || number.is_special() { Ok(number) } else { Err(NumericError) }
    }
}

impl From<i64> for Numeric {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Numeric({})", self.0)
    }
}

impl fmt::Display for NumericError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is no number")
    }
}

impl std::error::Error for NumericError {}

impl<'de> Deserialize<'de> for Numeric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        // NaN and the infinities come as texts, and so do numbers that were cast to text.
        let text = json.get().trim_matches('"');
        text.parse().map_err(|_| de::Error::custom("not a number"))
    }
}

impl Serialize for Numeric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_special() {
            return serializer.serialize_str(&self.0);
        }
        match serde_json::from_str::<&RawValue>(&self.0) {
            Ok(number) => number.serialize(serializer),
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::literal::Literal;

    #[test]
    fn every_digit_survives() {
        for text in [
            "0",
            "-1.50",
            "9223372036854775808",
            "123456789012345678901234567890.123456789012345678901234567890",
            "1e400",
        ] {
            let number: Numeric = serde_json::from_str(text).unwrap();
            assert_eq!((number.as_str(), &*serde_json::to_string(&number).unwrap()), (text, text));
            assert_eq!(Literal::of(&number).unwrap().into_text(), text);
        }
        let special: Numeric = serde_json::from_str("\"NaN\"").unwrap();
        assert_eq!(serde_json::to_string(&special).unwrap(), "\"NaN\"");
        assert_eq!(Literal::of(&special).unwrap().into_text(), "NaN");
        assert_eq!(serde_json::from_str::<Numeric>("\"1.50\"").unwrap().as_str(), "1.50");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "1,5", "abc", "0x10", " 1", "1 ", "true", "null", "[1]", "\"1\"", "nan"] {
            assert_eq!(text.parse::<Numeric>(), Err(NumericError), "{text}");
        }
        for json in ["null", "true", "{}", "\"x\""] {
            assert!(serde_json::from_str::<Numeric>(json).is_err(), "{json}");
        }
    }
}
