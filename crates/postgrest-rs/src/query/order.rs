//! How rows are sorted.

use crate::column::{Column, col};
use crate::text::Text;

/// A column to sort by, and how.
///
/// A text sorts ascending by that column: `.order("name")`. A column of a referenced table that has one row for each is
/// written `table(column)`; a column whose own name has parentheses is named by [`Column::exact`].
///
/// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#ordering>
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::Order;
/// let rows: Vec<serde_json::Value> =
///     db.from("instruments").select("*").order(Order::desc("section_id").nulls_last()).order("name").await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Order {
    column: Text,
    direction: &'static str,
    nulls: &'static str,
}

impl Order {
    /// The smallest first.
    pub fn asc(by: impl Into<Self>) -> Self {
        Self { direction: ".asc", ..by.into() }
    }

    /// The largest first.
    pub fn desc(by: impl Into<Self>) -> Self {
        Self { direction: ".desc", ..by.into() }
    }

    /// Rows without a value first, as descending order has it by default.
    pub fn nulls_first(mut self) -> Self {
        self.nulls = ".nullsfirst";
        self
    }

    /// Rows without a value last, as ascending order has it by default.
    pub fn nulls_last(mut self) -> Self {
        self.nulls = ".nullslast";
        self
    }

    /// The spelling that PostgREST reads.
    /// Appends the spelling that PostgREST reads.
    pub(crate) fn write(&self, text: &mut Text) {
        for part in [self.column.as_str(), self.direction, self.nulls] {
            text.push_str(part);
        }
    }
}

impl From<Column> for Order {
    fn from(column: Column) -> Self {
        Self { column: column.into_text(), direction: ".asc", nulls: "" }
    }
}

impl From<&str> for Order {
    fn from(column: &str) -> Self {
        let referenced = column.strip_suffix(')').and_then(|rest| rest.split_once('('));
        match referenced {
            // Behind an arrow, parentheses belong to the key.
            Some((table, inner))
                if !table.is_empty() && !table.contains("->") && !inner.contains(['(', ')']) =>
            {
                let mut order = Self::from(col(inner));
                order.column = format!("{}({})", col(table).as_str(), order.column).into();
                order
            }
            _ => Self::from(col(column)),
        }
    }
}

impl From<&String> for Order {
    fn from(column: &String) -> Self {
        Self::from(column.as_str())
    }
}

impl From<String> for Order {
    fn from(column: String) -> Self {
        Self::from(column.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_written_with_direction_and_nulls() {
        for (order, text) in [
            (Order::from("name"), "name.asc"),
            (Order::desc("id").nulls_last(), "id.desc.nullslast"),
            (Order::asc("section_id").nulls_first(), "section_id.asc.nullsfirst"),
            (Order::desc("section(name)"), "section(name).desc"),
            (Order::from("address->>city"), "address->>city.asc"),
            (Order::from("data->>width(mm)"), "data->>\"width(mm)\".asc"),
            (Order::desc("section(data->>x)"), "section(data->>x).desc"),
            (Order::from("100%"), "\"100%\".asc"),
            (Order::from(Column::exact("with(paren)")), "\"with(paren)\".asc"),
        ] {
            let mut written = Text::new();
            order.write(&mut written);
            assert_eq!(written, text);
        }
    }
}
