//! A moment, as every service writes it.

/// Writes `Timestamp`, a moment with the precision of nanoseconds. Each service has a type of its own, as a type of this
/// crate would stand in its public API. `$krate` is the crate, for the example.
#[macro_export]
macro_rules! timestamp_type {
    ($krate:literal) => {
        /// A moment, to the nanosecond. It reads RFC 3339, also with a space in place of the `T` and a short offset, as
        /// PostgreSQL prints it, and writes RFC 3339 in UTC.
        ///
        /// ```
        /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
        #[doc = concat!("use ", $krate, "::Timestamp;")]
        /// let moment: Timestamp = "2026-11-23 04:49:19.964+00".parse()?;
        /// assert_eq!(moment.to_string(), "2026-11-23T04:49:19.964Z");
        /// assert_eq!(moment.as_unix_seconds(), 1_795_409_359);
        /// # Ok(()) }
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct Timestamp($crate::jiff::Timestamp);

        impl Timestamp {
            /// The moment so many seconds after the beginning of 1970 in UTC; a moment that lies beyond what can be
            /// written, as the year 10,000 does, is the last one that can.
            pub fn from_unix_seconds(seconds: i64) -> Self {
                let (least, most) = ($crate::jiff::Timestamp::MIN, $crate::jiff::Timestamp::MAX);
                let seconds = seconds.clamp(least.as_second(), most.as_second());
                Self($crate::jiff::Timestamp::from_second(seconds).unwrap_or(most))
            }

            /// The moment so many milliseconds after the beginning of 1970 in UTC, or the last one that can be written.
            pub fn from_unix_millis(millis: i64) -> Self {
                let (least, most) = ($crate::jiff::Timestamp::MIN, $crate::jiff::Timestamp::MAX);
                let millis = millis.clamp(least.as_millisecond(), most.as_millisecond());
                Self($crate::jiff::Timestamp::from_millisecond(millis).unwrap_or(most))
            }

            /// Whole seconds since the beginning of 1970 in UTC.
            pub fn as_unix_seconds(self) -> i64 {
                self.0.as_second()
            }

            /// Whole milliseconds since the beginning of 1970 in UTC.
            pub fn as_unix_millis(self) -> i64 {
                self.0.as_millisecond()
            }
        }

        impl ::std::str::FromStr for Timestamp {
            type Err = TimestampError;

            fn from_str(text: &str) -> ::std::result::Result<Self, TimestampError> {
                text.trim().parse().map(Self).map_err(|_| TimestampError)
            }
        }

        impl ::std::fmt::Display for Timestamp {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ::std::fmt::Debug for Timestamp {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        #[cfg(not(target_family = "wasm"))]
        impl TryFrom<Timestamp> for ::std::time::SystemTime {
            type Error = TimestampError;

            fn try_from(timestamp: Timestamp) -> ::std::result::Result<Self, TimestampError> {
                timestamp.0.try_into().map_err(|_| TimestampError)
            }
        }

        #[cfg(not(target_family = "wasm"))]
        impl TryFrom<::std::time::SystemTime> for Timestamp {
            type Error = TimestampError;

            fn try_from(time: ::std::time::SystemTime) -> ::std::result::Result<Self, TimestampError> {
                time.try_into().map(Self).map_err(|_| TimestampError)
            }
        }

        impl ::serde::Serialize for Timestamp {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for Timestamp {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as ::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }

        /// The text is no moment in time, or one that lies beyond the year 9999.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct TimestampError;

        impl ::std::fmt::Display for TimestampError {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str("this is no date and time of RFC 3339")
            }
        }

        impl ::std::error::Error for TimestampError {}
    };
}

#[cfg(test)]
mod tests {
    // The example that the macro writes is for the crates that use it; here it would name a type that is private.
    mod own {
        #![allow(missing_docs, unreachable_pub, reason = "private, and only for this test")]
        crate::timestamp_type!("supabase_core");
    }
    use own::Timestamp;

    #[test]
    fn all_spellings_of_the_services_are_read() {
        for text in [
            "2026-11-23T04:49:19.964Z",
            "2026-11-23T04:49:19.964+00:00",
            "2026-11-23 04:49:19.964+00",
            "2026-11-23T05:49:19.964000+01:00",
        ] {
            let moment: Timestamp = serde_json::from_value(text.into()).unwrap();
            assert_eq!(moment.as_unix_millis(), 1_795_409_359_964, "{text}");
            assert_eq!(serde_json::to_value(moment).unwrap(), "2026-11-23T04:49:19.964Z");
        }
        for text in ["", "soon", "2026-11-23", "2026-11-23T04:49:19", "2026-13-01T00:00:00Z"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_and_system_time_come_and_go() {
        let moment = Timestamp::from_unix_seconds(1_795_409_359);
        assert_eq!(moment.as_unix_seconds(), 1_795_409_359);
        let time = std::time::SystemTime::try_from(moment).unwrap();
        assert_eq!(Timestamp::try_from(time), Ok(moment));
        assert_eq!(Timestamp::from_unix_seconds(i64::MAX).to_string().get(..5), Some("9999-"));
        assert_eq!(Timestamp::from_unix_millis(1_795_409_359_964).as_unix_millis(), 1_795_409_359_964);
        assert_eq!(Timestamp::from_unix_millis(i64::MAX).to_string().get(..5), Some("9999-"));
    }
}
