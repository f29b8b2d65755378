//! How a column is named.

use crate::literal::push_quoted;

/// Words that mean something else in the place of a column.
const RESERVED: [&str; 9] =
    ["select", "columns", "on_conflict", "order", "limit", "offset", "and", "or", "not"];

/// A column, as it stands in a filter or an order.
///
/// A text is read as a path: `name`, `instruments.name` for a column of a referenced table, `address->postcode` and
/// `address->>city` for a value inside of a JSON column. A name that holds other characters is quoted by this crate,
/// so `100%` or `a,b` need no care. Only a dot or an arrow that belongs to the name itself does:
/// [`Column::exact`] takes a name to the letter.
///
/// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#json-columns>
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postgrest_rs::{Column, col};
/// assert_eq!(col("with.dot"), Column::from("with.dot")); // the column `dot` of the table `with`
/// assert_ne!(col("with.dot"), Column::exact("with.dot"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column(String);

/// Names a column, to write a condition on it: `col("id").eq(2)`.
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::col;
/// let planets: Vec<serde_json::Value> =
///     db.from("planets").select("*").or([col("id").eq(2), col("name").eq("Mars")]).await?;
/// # Ok(()) }
/// ```
pub fn col(path: &str) -> Column {
    Column::from(path)
}

impl Column {
    /// A column of the table itself, whose name is taken to the letter: dots and arrows belong to it.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Column;
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").eq(Column::exact("a.b"), 1).await?;
    /// # Ok(()) }
    /// ```
    pub fn exact(name: &str) -> Self {
        let mut text = String::with_capacity(name.len());
        push_name(&mut text, name);
        Self(text)
    }

    /// The spelling that PostgREST reads.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Column {
    fn from(path: &str) -> Self {
        let (names, json_path) = split(path);
        let mut text = String::with_capacity(path.len());
        for (n, name) in names.into_iter().enumerate() {
            if n > 0 {
                text.push('.');
            }
            let is_quoted = name.len() >= 2 && name.starts_with('"') && name.ends_with('"');
            if is_quoted { text.push_str(name) } else { push_name(&mut text, name) }
        }
        text.push_str(json_path);
        Self(text)
    }
}

impl From<&String> for Column {
    fn from(path: &String) -> Self {
        Self::from(path.as_str())
    }
}

impl From<String> for Column {
    fn from(path: String) -> Self {
        Self::from(path.as_str())
    }
}

/// Splits `table.column->key` into its names and its JSON path. A name may be given in `"…"`, dots and all.
fn split(path: &str) -> (Vec<&str>, &str) {
    let mut names = Vec::with_capacity(1);
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in path.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if quoted => quoted = false,
            '"' if at == start => quoted = true,
            '.' if !quoted => {
                names.extend(path.get(start..at));
                start = at + 1;
            }
            '-' if !quoted && path.get(at..).is_some_and(|rest| rest.starts_with("->")) => {
                names.extend(path.get(start..at));
                return (names, path.get(at..).unwrap_or_default());
            }
            _ => {}
        }
    }
    names.extend(path.get(start..));
    (names, "")
}

/// Appends a name, quoted where PostgREST would not read it as one.
pub(crate) fn push_name(text: &mut String, name: &str) {
    let bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | ' ' | '-');
    if !name.is_empty() && name.trim() == name && name.chars().all(bare) && !RESERVED.contains(&name) {
        text.push_str(name);
    } else {
        push_quoted(text, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_dots_and_arrows() {
        for path in
            ["id", "instruments.name", "address->postcode", "a.b->c->>d", "with space", "with-dash", "ключ"]
        {
            assert_eq!(col(path).as_str(), path);
        }
    }

    #[test]
    fn a_name_that_would_be_misread_is_quoted() {
        for (path, written) in [
            ("100%", "\"100%\""),
            ("a&b=c", "\"a&b=c\""),
            ("with:colon", "\"with:colon\""),
            ("with\"quote", "\"with\\\"quote\""),
            ("back\\slash", "\"back\\\\slash\""),
            ("(paren)->x", "\"(paren)\"->x"),
            ("select", "\"select\""),
            ("t.order", "t.\"order\""),
            ("", "\"\""),
            (" lead", "\" lead\""),
        ] {
            assert_eq!(col(path).as_str(), written);
        }
    }

    #[test]
    fn a_name_that_is_quoted_already_stays() {
        assert_eq!(col("\"with.dot\"").as_str(), "\"with.dot\"");
        assert_eq!(col("\"a.b\".\"c\"").as_str(), "\"a.b\".\"c\"");
        assert_eq!(col("\"a->\\\"b\"->c").as_str(), "\"a->\\\"b\"->c");
        assert_eq!(col("with\"quote.x").as_str(), "\"with\\\"quote\".x");
    }

    #[test]
    fn an_exact_name_is_one_name() {
        assert_eq!(Column::exact("with.dot").as_str(), "\"with.dot\"");
        assert_eq!(Column::exact("a->b").as_str(), "\"a->b\"");
        assert_eq!(Column::exact("plain").as_str(), "plain");
    }
}
