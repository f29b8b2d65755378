//! Which way a list runs.

use serde::{Serialize, Serializer};

/// Which way a list runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// From the least to the most.
    #[default]
    Ascending,
    /// From the most to the least.
    Descending,
}

impl Order {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// By what a list is sorted, as requests write it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SortBy<C> {
    pub(crate) column: C,
    pub(crate) order: Order,
}
