//! The key that a stream goes by.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use super::pages::NO_SET;

/// How far a stream by key has come.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) last: Option<String>,
    /// Whether a page may begin with the last row of the one before. Where none had more than one row, the server may give no
    /// more at once, and would give the same one for ever.
    pub(super) overlap: bool,
    /// The last key of an earlier page, and for how many pages it is kept: whoever meets it again goes round.
    mark: Option<String>,
    kept: u64,
    left: u64,
}

impl Keys {
    /// Takes note of a page, and takes the row out of it that the page before ended with.
    ///
    /// # Errors
    /// The key is none, in a sentence.
    pub(super) fn pass(&mut self, rows: &mut Vec<Box<RawValue>>, key: &str) -> Result<(), String> {
        let key_of = |row: Option<&Box<RawValue>>| row.map(|row| key_of(row, key)).transpose();
        if self.overlap && self.last.is_some() && key_of(rows.first())? == self.last {
            rows.remove(0);
            if key_of(rows.first())? == self.last {
                return Err(format!(
                    "the key `{key}` is that of several rows, so that rows behind it could be missing"
                ));
            }
        }
        self.overlap |= rows.len() > 1;
        let Some(next) = key_of(rows.last())? else { return Ok(()) };
        if [&self.last, &self.mark].into_iter().flatten().any(|earlier| *earlier == next) {
            return Err(NO_SET.to_owned());
        }
        if self.left == 0 {
            // Twice as far to each next mark: sooner or later one lies on the round.
            self.kept = self.kept.saturating_mul(2).max(1);
            (self.mark, self.left) = (Some(next.clone()), self.kept);
        }
        self.left = self.left.saturating_sub(1);
        self.last = Some(next);
        Ok(())
    }
}

/// Whether the rows may have something else under the name of this column: by `key:other`, `data->>key`, a spread table that
/// has one, or a cast that could make one of several keys.
pub(super) fn is_another(columns: &str, key: &str) -> bool {
    split(columns, ',').any(|item| {
        let item = item.trim();
        if let Some(spread) = item.strip_prefix("...") {
            let within = spread.split_once('(').and_then(|(_, rest)| Some(rest.rsplit_once(')')?.0));
            return within.is_some_and(|columns| gives(columns, key));
        }
        let Item { name, source, cast } = Item::of(item);
        plain(name) == key && (plain(source) != key || cast.is_some_and(|cast| cast != "text"))
    })
}

/// Whether one of the columns of a spread table has this name.
fn gives(columns: &str, key: &str) -> bool {
    split(columns, ',').map(str::trim).any(|item| match item.strip_prefix("...") {
        Some(_) => is_another(item, key),
        None => item == "*" || plain(Item::of(item).name) == key,
    })
}

/// A column of a `select`: the name that it has in the answer, what it is read from, and as what type.
struct Item<'a> {
    name: &'a str,
    source: &'a str,
    cast: Option<&'a str>,
}

impl<'a> Item<'a> {
    fn of(item: &'a str) -> Self {
        // `name:source::type`; between the two colons of a cast is nothing.
        let mut parts = split(item, ':').peekable();
        let first = parts.next().unwrap_or_default();
        let alias = parts.peek().is_some_and(|part| !part.is_empty()).then_some(first);
        let source = if alias.is_some() { parts.next().unwrap_or_default() } else { first };
        let cast = parts.find(|part| !part.is_empty()).map(str::trim);
        let last = || source.rsplit_once("->").map_or(source, |(_, last)| last.trim_start_matches('>'));
        Self { name: alias.unwrap_or_else(last), source, cast }
    }
}

/// A name without the quotes that it may be written in.
fn plain(name: &str) -> String {
    let name = name.trim();
    let quoted = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    quoted.map_or_else(|| name.to_owned(), |name| name.replace("\\\"", "\""))
}

/// Splits where this character stands outside of quotes and parentheses.
pub(super) fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    text.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return c == at && depth == 0,
        }
        false
    })
}

/// The value of the key in a row, as it stands in a filter.
fn key_of(row: &RawValue, key: &str) -> Result<String, String> {
    let columns: HashMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(row.get()).map_err(|_| "`stream_by` reads rows that are objects".to_owned())?;
    let value =
        columns.get(key).ok_or_else(|| format!("the key `{key}` is not among the columns of the answer"))?;
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map_err(|error| error.to_string()),
        Some(b'n') => Err(format!("the key `{key}` is null in a row, and so is no key")),
        Some(b'{' | b'[') => Err(format!("the key `{key}` is no single value")),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_given_to_something_else_is_seen() {
        for columns in
            ["id:other", "name,id:other::text", "data->>id", "data->a->>id", "id:t(x)", "\"id\":other"]
        {
            assert!(is_another(columns, "id"), "{columns}");
        }
        for columns in
            ["*", "id", "id::text", "x:id,id", "\"id\"", "t(id:other)", "id:id", "data->>idea", "\"x:id\""]
        {
            assert!(!is_another(columns, "id"), "{columns}");
        }
        // What a spread table gives, and a cast that makes one of several.
        for columns in [
            "cid,...p(id)",
            "*,...p(*)",
            "...p(id:x)",
            "...p(a,...q(id))",
            "id::int",
            "id:id::date",
            "v,\"q\\\"x\",id:c",
        ] {
            assert!(is_another(columns, "id"), "{columns}");
        }
        for columns in ["id,...p(name)", "id,...p(x:id)", "id::text,...p(q(id))"] {
            assert!(!is_another(columns, "id"), "{columns}");
        }
        assert!(is_another("\"a.b\":c", "a.b") && !is_another("\"a.b\",c", "a.b"));
    }

    fn page(keys: &[u32]) -> Vec<Box<RawValue>> {
        keys.iter().filter_map(|key| RawValue::from_string(format!("{{\"id\":{key}}}")).ok()).collect()
    }

    #[test]
    fn keys_that_go_round_are_noticed() {
        for round in [vec![1], vec![1, 2], vec![1, 2, 3, 4, 5, 6, 7]] {
            let mut keys = Keys::default();
            let before = [100, 101, 102, 103, 104];
            let mut lasts = before.iter().chain(round.iter().cycle());
            let fault = (0..100).find_map(|_| keys.pass(&mut page(&[*lasts.next()?]), "id").err());
            assert_eq!(fault.as_deref(), Some(NO_SET), "{round:?}");
        }
        let mut keys = Keys::default();
        assert!((0..1000).all(|key| keys.pass(&mut page(&[key]), "id").is_ok()));
    }
}
