//! Conditions that are joined or denied.

use super::{Filter, Node, fault};

/// Rows that meet all of `filters`.
///
/// All of them are on the same table. Of a referenced one, they stand within
/// [`referenced_table`](crate::Query::referenced_table), whose columns are then named without it; elsewhere a column such as
/// `instruments.name` is an error here.
///
/// ```
/// use postgrest_rs::{and, col};
/// let inner = and([col("id").gt(1), col("id").lt(3)]);
/// # let _ = inner;
/// ```
pub fn and(filters: impl IntoIterator<Item = Filter>) -> Filter {
    group("and", filters)
}

/// Rows that meet at least one of `filters`, which are on the same table, as is said at [`and`].
///
/// ```
/// use postgrest_rs::{col, or};
/// let either = or([col("id").eq(2), col("name").eq("Mars")]);
/// # let _ = either;
/// ```
pub fn or(filters: impl IntoIterator<Item = Filter>) -> Filter {
    group("or", filters)
}

/// Rows that do not meet `filter`.
///
/// As everywhere in SQL, a row whose column is null meets neither a comparison nor its negation.
///
/// ```
/// use postgrest_rs::{Is, col, not};
/// assert_eq!(not(not(col("name").is(Is::Null))), col("name").is(Is::Null));
/// ```
pub fn not(filter: Filter) -> Filter {
    Filter(match filter.0 {
        Node::Condition { column, negated, operator, operand } => {
            Node::Condition { column, negated: !negated, operator, operand }
        }
        Node::Group { negated, word, depth, filters } => {
            Node::Group { negated: !negated, word, depth, filters }
        }
        Node::Raw { .. } => Node::Group { negated: true, word: "and", depth: 1, filters: vec![filter] },
        Node::Fault(fault) => Node::Fault(fault),
    })
}

/// How many groups may be within each other. Whatever is done with a tree goes as deep on the stack, which has an end: even
/// to drop one. So a deeper one is never there.
const DEEPEST: u8 = 100;

fn group(word: &'static str, filters: impl IntoIterator<Item = Filter>) -> Filter {
    let filters = filters.into_iter();
    let mut parts = Vec::with_capacity(filters.size_hint().0);
    for filter in filters {
        match filter.0 {
            // An `or` within an `or` says the same without its parentheses, however often one is joined to the next.
            Node::Group { negated: false, word: inner, filters, .. } if inner == word => {
                if parts.is_empty() {
                    parts = filters
                } else {
                    parts.extend(filters)
                }
            }
            // PostgREST would read the column as an operator, and the table as the column.
            Node::Condition { column, .. } if column.is_referenced() => {
                return fault(format!(
                    "`{word}` cannot hold a condition on `{}`, as that is of another table: write it within \
                     `referenced_table`, or name a column whose own name has a dot by `Column::exact`",
                    column.as_str()
                ));
            }
            node => parts.push(Filter(node)),
        }
    }
    if parts.is_empty() {
        return fault(format!("`{word}` needs at least one condition"));
    }
    let depth = 1 + parts.iter().map(Filter::depth).max().unwrap_or_default();
    if depth > DEEPEST {
        return fault(format!(
            "conditions are nested in each other more than {DEEPEST} deep: give those that are joined by the same word to \
             one `or` or `and`"
        ));
    }
    Filter(Node::Group { negated: false, word, depth, filters: parts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Column, col};

    fn written(filter: Filter) -> String {
        let (key, value) = filter.pair(None).unwrap();
        format!("{key}={value}")
    }

    #[test]
    fn a_group_within_one_of_its_kind_is_part_of_it() {
        let id = |id| col("id").eq(id);
        assert_eq!(
            written(or([or([id(1), id(2)]), id(3), or([id(4)])])),
            "or=(id.eq.1,id.eq.2,id.eq.3,id.eq.4)"
        );
        assert_eq!(written(and([id(1), and([id(2), id(3)])])), "and=(id.eq.1,id.eq.2,id.eq.3)");
        assert_eq!(written(or([not(or([id(1), id(2)])), id(3)])), "or=(not.or(id.eq.1,id.eq.2),id.eq.3)");
        assert_eq!(written(or([and([id(1), id(2)]), id(3)])), "or=(and(id.eq.1,id.eq.2),id.eq.3)");
        let joined = (2..=3000).fold(or([id(1)]), |joined, n| or([joined, id(n)]));
        assert_eq!(written(joined).matches("id.eq.").count(), 3000);
    }

    /// `games.match.eq.1` is the column `games`, matched with `eq.1`.
    #[test]
    fn a_column_of_another_table_is_not_taken_for_an_operator() {
        for path in ["games.match", "t.name", "t.data->>a", "a.b.c"] {
            for filter in [or([col(path).eq(1)]), and([col("id").eq(1), not(col(path).eq(1))])] {
                let told = not(filter).pair(None).unwrap_err();
                assert!(told.contains(path) && told.contains("`referenced_table`"), "{told}");
            }
        }
        assert_eq!(written(or([Column::exact("a.b").eq(1)])), "or=(\"a.b\".eq.1)");
    }

    /// However a tree is built, nothing that is done with it may need more stack than a thread of little has.
    #[test]
    fn no_tree_is_too_deep_to_be_handled() {
        type Step = fn(u32, Filter) -> Filter;
        let alternating: Step = |n, tree| {
            if n % 2 == 0 { or([col("id").eq(n), tree]) } else { and([tree, col("id").eq(n)]) }
        };
        let denied: Step = |n, tree| not(or([tree, col("id").eq(n)]));
        let raw: Step = |_, tree| not(or([Filter::or_raw("id.eq.1"), tree]));
        let handle = move || {
            for step in [alternating, denied, raw] {
                for (steps, fits) in [(DEEPEST - 1, true), (DEEPEST, false)] {
                    let deep = (0..u32::from(steps)).fold(and([col("id").eq(0)]), |tree, n| step(n, tree));
                    assert_eq!(deep, deep.clone());
                    assert!(!format!("{deep:?} {deep:#?}").is_empty());
                    assert_eq!((deep.narrows(), deep.pair(None).is_ok()), (fits, fits));
                }
                let deeper = (0..20_000).fold(and([col("id").eq(0)]), |tree, n| step(n, tree));
                let told = deeper.pair(None).unwrap_err();
                assert!(told.contains("more than 100 deep"), "{told}");
            }
        };
        std::thread::Builder::new().stack_size(512 * 1024).spawn(handle).unwrap().join().unwrap();
    }
}
