//! Comparisons with several values at once: with at least one of them, or with all.
//!
//! Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#operator-modifiers>

use serde::Serialize;

use super::Filter;
use crate::column::Column;
use crate::query::Query;
use crate::query::stage::Filterable;

/// Writes a condition and the filter of the same name. Both say the same, of one column and of the rows of a query.
macro_rules! quantified {
    ($($name:ident, $operator:literal, $says:literal, $values:literal;)*) => {
        /// Comparisons with several values. Each does what the method of the same name does on a
        /// [`Query`](crate::Query).
        impl Column {
            $(
                #[doc = concat!($says, ".")]
                pub fn $name<V: Serialize>(self, values: impl IntoIterator<Item = V>) -> Filter {
                    self.quantified($operator, values)
                }
            )*
        }

        /// Filters that compare a column with several values. Each filter narrows the rows further: all of them must
        /// hold.
        impl<S, Out> Query<S, Out> {
            $(
                #[doc = concat!("Rows where `column` is as follows: ", $says, ".")]
                ///
                /// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#operator-modifiers>
                ///
                /// ```no_run
                /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
                #[doc = concat!(
                    "let rows: Vec<serde_json::Value> = db.from(\"t\").select(\"*\").",
                    stringify!($name), "(", $values, ").await?;"
                )]
                /// # Ok(()) }
                /// ```
                pub fn $name<V: Serialize, Next>(
                    self,
                    column: impl Into<Column>,
                    values: impl IntoIterator<Item = V>,
                ) -> Query<Next, Out>
                where
                    S: Filterable<Next>,
                {
                    self.filter(column.into().$name(values))
                }
            )*
        }
    };
}

quantified! {
    eq_any_of, "eq(any)", "equal to at least one of `values`; no values: no rows", "\"id\", [1, 2]";
    eq_all_of, "eq(all)", "equal to all `values`; no values: all rows", "\"id\", [1, 1]";
    gt_any_of, "gt(any)", "greater than at least one of `values`; no values: no rows", "\"id\", [1, 2]";
    gt_all_of, "gt(all)", "greater than all `values`; no values: all rows", "\"id\", [1, 2]";
    gte_any_of, "gte(any)", "greater than or equal to at least one of `values`; no values: no rows", "\"id\", [1, 2]";
    gte_all_of, "gte(all)", "greater than or equal to all `values`; no values: all rows", "\"id\", [1, 2]";
    lt_any_of, "lt(any)", "less than at least one of `values`; no values: no rows", "\"id\", [1, 2]";
    lt_all_of, "lt(all)", "less than all `values`; no values: all rows", "\"id\", [1, 2]";
    lte_any_of, "lte(any)", "less than or equal to at least one of `values`; no values: no rows", "\"id\", [1, 2]";
    lte_all_of, "lte(all)", "less than or equal to all `values`; no values: all rows", "\"id\", [1, 2]";
    regex_match_any_of, "match(any)", "matches at least one POSIX regular expression; none: no rows", "\"name\", [\"^M\", \"s$\"]";
    regex_match_all_of, "match(all)", "matches all POSIX regular expressions; none: all rows", "\"name\", [\"^M\", \"s$\"]";
    regex_imatch_any_of, "imatch(any)", "matches at least one POSIX regular expression in any case; none: no rows", "\"name\", [\"^m\", \"S$\"]";
    regex_imatch_all_of, "imatch(all)", "matches all POSIX regular expressions in any case; none: all rows", "\"name\", [\"^m\", \"S$\"]";
}
