//! Conditions that the database and Realtime both have.

use std::fmt;

use postgrest_rs::Is;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::LiveQuery;

/// A condition on a row of a live query. Several are joined by AND.
#[derive(Clone)]
pub struct Condition {
    pub(super) database: postgrest_rs::Filter,
    pub(super) realtime: realtime_rs::Filter,
}

/// A column, to be compared with a value. See [`col`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column(String);

/// A column of the table, by its name.
///
/// ```
/// use supabase::live::{col, not};
/// let condition = not(col("name").eq("Atlantis"));
/// ```
pub fn col(name: impl Into<String>) -> Column {
    Column(name.into())
}

/// The opposite of a condition.
///
/// ```
/// use supabase::live::{col, not};
/// let condition = not(col("population").in_([0, 1]));
/// ```
#[must_use]
pub fn not(condition: Condition) -> Condition {
    Condition {
        database: postgrest_rs::not(condition.database),
        realtime: realtime_rs::not(condition.realtime),
    }
}

/// Writes a comparison, of a column and of a query, by the names that both services have for it.
macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident($value:ident: $kind:ty) = $realtime:ident;)+) => {
        impl Column {
            $($(#[$doc])*
            pub fn $name(self, $value: $kind) -> Condition {
                Condition {
                    database: self.in_database().$name(&$value),
                    realtime: realtime_rs::col(self.0).$realtime(&$value),
                }
            })+
        }

        impl<T: DeserializeOwned> LiveQuery<T> {
            $($(#[$doc])*
            pub fn $name(self, column: impl Into<String>, $value: $kind) -> Self {
                self.filter(col(column).$name($value))
            })+
        }
    };
}

comparisons! {
    /// The value is this one. What is missing equals nothing: see [`Column::is`].
    eq(value: impl Serialize) = eq;
    /// The value is another one, and is there.
    neq(value: impl Serialize) = neq;
    /// The value is greater.
    gt(value: impl Serialize) = gt;
    /// The value is greater, or this one.
    gte(value: impl Serialize) = gte;
    /// The value is less.
    lt(value: impl Serialize) = lt;
    /// The value is less, or this one.
    lte(value: impl Serialize) = lte;
    /// The text fits the POSIX regular expression.
    regex_match(pattern: &str) = match_;
    /// As `regex_match`, whatever the case of letters.
    regex_imatch(pattern: &str) = imatch;
    /// The value is another one, or is missing.
    is_distinct(value: impl Serialize) = is_distinct;
}

impl Column {
    /// The text fits the pattern, in which `%` (or `*`) stands for any text and `_` for any character.
    pub fn like(self, pattern: &str) -> Condition {
        let pattern = shared(pattern);
        Condition {
            database: self.in_database().like(&pattern),
            realtime: realtime_rs::col(self.0).like(&pattern),
        }
    }

    /// As `like`, whatever the case of letters.
    pub fn ilike(self, pattern: &str) -> Condition {
        let pattern = shared(pattern);
        Condition {
            database: self.in_database().ilike(&pattern),
            realtime: realtime_rs::col(self.0).ilike(&pattern),
        }
    }

    /// The value is missing, or is this boolean.
    pub fn is(self, value: Is) -> Condition {
        let database = self.in_database().is(value);
        let column = realtime_rs::col(self.0);
        let realtime = match value {
            Is::True => column.is(realtime_rs::Is::True),
            Is::False => column.is(realtime_rs::Is::False),
            Is::Unknown => column.is(realtime_rs::Is::Unknown),
            Is::NotNull => realtime_rs::not(column.is(realtime_rs::Is::Null)),
            _ => column.is(realtime_rs::Is::Null),
        };
        Condition { database, realtime }
    }

    /// The value is one of these; at most 100.
    pub fn in_<V: Serialize>(self, values: impl IntoIterator<Item = V>) -> Condition {
        let values: Vec<V> = values.into_iter().collect();
        Condition {
            database: self.in_database().in_(&values),
            realtime: realtime_rs::col(self.0).in_(&values),
        }
    }

    /// A name, and not a path: the table's own columns are all that Realtime knows.
    fn in_database(&self) -> postgrest_rs::Column {
        postgrest_rs::Column::exact(&self.0)
    }
}

/// A pattern that both services read alike: the database takes `*` for `%`, and Realtime for itself.
fn shared(pattern: &str) -> String {
    pattern.replace('*', "%")
}

impl<T: DeserializeOwned> LiveQuery<T> {
    /// The text fits the pattern, in which `%` (or `*`) stands for any text and `_` for any character.
    pub fn like(self, column: impl Into<String>, pattern: &str) -> Self {
        self.filter(col(column).like(pattern))
    }

    /// As `like`, whatever the case of letters.
    pub fn ilike(self, column: impl Into<String>, pattern: &str) -> Self {
        self.filter(col(column).ilike(pattern))
    }

    /// The value is missing, or is this boolean.
    pub fn is(self, column: impl Into<String>, value: Is) -> Self {
        self.filter(col(column).is(value))
    }

    /// The value is one of these; at most 100.
    pub fn in_<V: Serialize>(self, column: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        self.filter(col(column).in_(values))
    }

    /// The opposite of a condition, written with [`col`].
    #[allow(clippy::should_implement_trait, reason = "this is the word of the documentation")]
    pub fn not(self, condition: Condition) -> Self {
        self.filter(not(condition))
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Realtime's shows no value, which is the user's data.
        self.realtime.fmt(f)
    }
}
