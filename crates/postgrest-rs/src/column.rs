//! How a column is named.

use std::fmt::Write;

use crate::literal::push_quoted;
use crate::text::Text;

/// Whether a word means something else in the place of a column.
fn is_reserved(word: &str) -> bool {
    matches!(word, "select" | "columns" | "on_conflict" | "order" | "limit" | "offset" | "and" | "or" | "not")
}

/// A column, as it stands in a filter or an order.
///
/// A text is read as a path: `name`, `instruments.name` for a column of a referenced table, `address->postcode` and
/// `address->>city` for a value inside of a JSON column. A name or key that holds other characters is quoted by this
/// crate, so `100%` or `data->>a,b` need no care. Only a dot or an arrow that belongs to the column's own name does:
/// [`Column::exact`] takes a name to the letter. Behind the first arrow, a dot belongs to the key.
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
pub struct Column {
    text: Text,
    /// Whether it belongs to a referenced table: then a filter on it leaves the rows of the table itself alone.
    is_referenced: bool,
}

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
        let mut text = Text::new();
        push_name(&mut text, name);
        Self { text, is_referenced: false }
    }

    /// The spelling that PostgREST reads.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the same.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The same, as a text of its own.
    pub(crate) fn into_text(self) -> Text {
        self.text
    }

    /// Whether it is a column of a referenced table.
    pub(crate) fn is_referenced(&self) -> bool {
        self.is_referenced
    }
}

impl From<&str> for Column {
    fn from(path: &str) -> Self {
        // Most are one plain name.
        if is_plain(path) && !is_reserved(path) {
            return Self { text: path.into(), is_referenced: false };
        }
        let (names, keys) = split(path);
        let mut text = Text::new();
        for (n, name) in names.iter().enumerate() {
            if n > 0 {
                text.push('.');
            }
            if is_quoted(name) { text.push_str(name) } else { push_name(&mut text, name) }
        }
        for (arrow, key) in keys {
            text.push_str(arrow);
            let is_index =
                key.strip_prefix('-').unwrap_or(key).bytes().all(|b| b.is_ascii_digit()) && key != "-";
            if is_plain(key) || (is_index && !key.is_empty()) || is_quoted(key) {
                text.push_str(key);
            } else {
                push_quoted(&mut text, key);
            }
        }
        Self { text, is_referenced: names.len() > 1 }
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

/// Splits `table.column->key->>key` into its names, and its keys with their arrows. Each may be given in `"…"`, with
/// whatever it holds.
fn split(path: &str) -> (Vec<&str>, Vec<(&str, &str)>) {
    let (mut names, mut keys) = (Vec::with_capacity(1), Vec::new());
    let (mut start, mut arrow) = (0, "");
    let (mut quoted, mut escaped) = (false, false);
    let mut take = |from: usize, to: usize, arrow: &'static str| {
        let part = path.get(from..to).unwrap_or_default();
        if arrow.is_empty() { names.push(part) } else { keys.push((arrow, part)) }
    };
    let mut skip_to = 0;
    for (at, c) in path.char_indices() {
        match c {
            _ if at < skip_to => {}
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if quoted => quoted = false,
            '"' if at == start => quoted = true,
            '.' if !quoted && arrow.is_empty() => {
                take(start, at, arrow);
                start = at + 1;
            }
            '-' if !quoted => {
                let rest = path.get(at..).unwrap_or_default();
                let next = ["->>", "->"].into_iter().find(|next| rest.starts_with(next));
                if let Some(next) = next {
                    take(start, at, arrow);
                    (start, arrow) = (at + next.len(), next);
                    skip_to = start;
                }
            }
            _ => {}
        }
    }
    take(start, path.len(), arrow);
    (names, keys)
}

/// Writes a list of names, apart by commas. Each may be given in `"…"`, with whatever it holds; blanks around it are none of
/// it. Dots and arrows belong to a name, as no path can stand in such a list.
pub(crate) fn names(list: &str) -> String {
    let mut text = String::with_capacity(list.len() + 2);
    let mut push = |name: &str| {
        let name = name.trim();
        if !text.is_empty() {
            text.push(',');
        }
        if is_quoted(name) { text.push_str(name) } else { push_name(&mut text, name) }
    };
    let (mut start, mut begun, mut quoted, mut escaped) = (0, false, false, false);
    for (at, c) in list.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if quoted => quoted = false,
            '"' if !begun => (begun, quoted) = (true, true),
            ',' if !quoted => {
                push(list.get(start..at).unwrap_or_default());
                (start, begun) = (at + 1, false);
            }
            _ => begun |= !c.is_whitespace(),
        }
    }
    push(list.get(start..).unwrap_or_default());
    text
}

/// Whether it holds nothing but what never needs quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a name is given in `"…"`, which closes only at its end.
fn is_quoted(name: &str) -> bool {
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let mut escaped = false;
    let closed_before = inner.chars().any(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    !closed_before && !escaped
}

/// Appends a name, quoted where PostgREST would not read it as one.
///
/// PostgREST takes more characters than these for a name, but by another table of Unicode than Rust's; a name in quotes
/// is always read right.
pub(crate) fn push_name(text: &mut impl Write, name: &str) {
    let words = name.split([' ', '-']);
    let bare = words.clone().all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'))
    });
    if bare && !is_reserved(name) {
        // Writing a text cannot fail.
        text.write_str(name).unwrap_or_default();
    } else {
        push_quoted(text, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_dots_and_arrows() {
        for path in [
            "id",
            "instruments.name",
            "address->postcode",
            "a.b->c->>d",
            "j->0->-1->>x_1",
            "with space",
            "with-dash",
        ] {
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
            ("ключ", "\"ключ\""),
            ("area_m²", "\"area_m²\""),
            ("a--b", "\"a--b\""),
            ("-a", "\"-a\""),
            ("\"a\",b,\"c\"", "\"\\\"a\\\",b,\\\"c\\\"\""),
        ] {
            assert_eq!(col(path).as_str(), written);
        }
    }

    #[test]
    fn a_key_of_json_is_a_key_whatever_it_holds() {
        for (path, written) in [
            // Unquoted, the key would end in a word that makes PostgREST ignore the filter, and delete every row.
            ("data->>user.limit", "data->>\"user.limit\""),
            ("data->page.offset", "data->\"page.offset\""),
            ("data->>a.b", "data->>\"a.b\""),
            ("data->>100%", "data->>\"100%\""),
            ("data->>a,secret", "data->>\"a,secret\""),
            ("data->>x.eq.1),zz", "data->>\"x.eq.1),zz\""),
            ("data->>a\"b", "data->>\"a\\\"b\""),
            ("data->>full name->x", "data->>\"full name\"->x"),
            ("data->>\"full name\"", "data->>\"full name\""),
            ("t.data->>a.b", "t.data->>\"a.b\""),
            ("data->>", "data->>\"\""),
            ("data->-", "data->\"-\""),
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
    fn a_list_of_names_is_split_outside_of_quotes() {
        for (list, written) in [
            ("a", "a"),
            (" a , b c ", "a,b c"),
            ("with.dot,a->b", "\"with.dot\",\"a->b\""),
            ("\"a,b\", \"c\"", "\"a,b\",\"c\""),
            ("\"a\\\",b\",c", "\"a\\\",b\",c"),
            ("a\"b,c\"", "\"a\\\"b\",\"c\\\"\""),
            ("\"a\"b,c", "\"\\\"a\\\"b\",c"),
            ("select,order,100%", "\"select\",\"order\",\"100%\""),
            ("", "\"\""),
            ("a,", "a,\"\""),
        ] {
            assert_eq!(names(list), written, "{list}");
        }
    }

    #[test]
    fn an_exact_name_is_one_name() {
        assert_eq!(Column::exact("with.dot").as_str(), "\"with.dot\"");
        assert_eq!(Column::exact("a->b").as_str(), "\"a->b\"");
        assert_eq!(Column::exact("plain").as_str(), "plain");
    }
}
