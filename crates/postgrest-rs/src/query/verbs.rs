//! The verbs, and rows back from a write.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use supabase_core::Method;

use super::prefer::Back;
use super::send::{location, rows, text};
use super::stage::{
    Call, Delete, Filtered, Head, Insert, NeedsFilterOrAllRows, NeedsVerb, Select, Selectable, Update, Upsert,
};
use super::{Draft, Query};
use crate::body;
use crate::column::names;

impl Query<NeedsVerb> {
    /// Reads rows, as values of type `T`.
    ///
    /// `columns` is PostgREST's list: `*`, or names, with tables that are related in parentheses:
    /// `name, instruments(id, name)`. White space does not matter.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/select>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Section { name: String, instruments: Vec<Instrument> }
    /// #[derive(serde::Deserialize)]
    /// struct Instrument { name: String }
    ///
    /// let sections: Vec<Section> = db.from("orchestral_sections").select("name, instruments(name)").await?;
    /// # Ok(()) }
    /// ```
    pub fn select<T: DeserializeOwned>(self, columns: impl AsRef<str>) -> Query<Select, Vec<T>> {
        self.reading(columns.as_ref()).to(rows)
    }

    /// Reads rows, as the text that the server sends: for CSV, a plan, a count, or to pass JSON on unread.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let json: String = db.from("planets").select_raw("*").await?;
    /// let csv: String = db.from("planets").select_raw("*").csv().await?;
    /// # Ok(()) }
    /// ```
    pub fn select_raw(self, columns: impl AsRef<str>) -> Query<Select, String> {
        self.reading(columns.as_ref()).to(text)
    }

    /// Adds a row, or several when `rows` is a sequence, and answers with nothing; [`select`](Query::select) after it
    /// asks for the rows.
    ///
    /// Of several, each may have other keys: what a row lacks becomes null, or the column's default with
    /// [`missing_default`](Query::missing_default). A column that no row has gets its default. An empty sequence adds
    /// nothing.
    ///
    /// A value that serde knows as bytes, which a `Vec<u8>` alone is not, is sent in PostgreSQL's hex format, for a column of
    /// type `bytea` or an array of these; it comes back as a text in that format.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/insert>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// #[derive(serde::Serialize)]
    /// struct Planet { id: i64, name: &'static str }
    ///
    /// db.from("planets").insert(&Planet { id: 9, name: "Pluto" }).await?;
    /// db.from("planets").insert(&[Planet { id: 10, name: "Ceres" }, Planet { id: 11, name: "Eris" }]).await?;
    /// # Ok(()) }
    /// ```
    pub fn insert(self, rows: impl Serialize) -> Query<Insert> {
        self.with(|draft| draft.request.operation = "postgrest.insert").writing_rows(&rows).at()
    }

    /// Adds rows, or changes those that are there already: those with the same primary key, or the same
    /// [`on_conflict`](Query::on_conflict) columns.
    ///
    /// Three traps: of several rows, a column that a row lacks becomes null also in a row that was there already, as soon as
    /// another row has it. A row that is there by another unique column is an error. And a table without a primary key just
    /// gets the rows added.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/upsert>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("instruments").upsert(serde_json::json!({ "id": 1, "name": "piano" })).await?;
    /// # Ok(()) }
    /// ```
    pub fn upsert(self, rows: impl Serialize) -> Query<Upsert> {
        self.with(|draft| {
            draft.request.operation = "postgrest.upsert";
            draft.prefer.resolution = Some("resolution=merge-duplicates");
        })
        .writing_rows(&rows)
        .at()
    }

    /// Changes the rows that the filters leave. Without a filter this does not compile; [`all_rows`](Query::all_rows)
    /// says that all are meant. An empty map changes nothing, and answers with no rows.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/update>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("instruments").update(serde_json::json!({ "name": "piano" })).eq("id", 1).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// ```compile_fail
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("instruments").update(serde_json::json!({ "name": "piano" })).await?; // every row?
    /// # Ok(()) }
    /// ```
    pub fn update(self, changes: impl Serialize) -> Query<Update<NeedsFilterOrAllRows>> {
        self.with(|draft| {
            draft.request.operation = "postgrest.update";
            draft.request.set_method(Method::PATCH);
        })
        .try_with(|draft| {
            draft.write(&changes)?;
            let is_map = draft.request.body.as_ref().is_some_and(|body| body.starts_with(b"{"));
            if is_map {
                Ok(())
            } else {
                Err("an update takes one map or struct of columns and values".to_owned())
            }
        })
        .at()
    }

    /// Removes the rows that the filters leave. Without a filter this does not compile; [`all_rows`](Query::all_rows)
    /// says that all are meant.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/delete>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("countries").delete().in_("id", [1, 2, 3]).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// ```compile_fail
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("countries").delete().await?; // every row?
    /// # Ok(()) }
    /// ```
    pub fn delete(self) -> Query<Delete<NeedsFilterOrAllRows>> {
        self.with(|draft| {
            draft.request.operation = "postgrest.delete";
            draft.request.set_method(Method::DELETE);
        })
        .at()
    }

    fn reading(self, columns: &str) -> Query<Select> {
        self.with(|draft| {
            draft.request.operation = "postgrest.select";
            draft.select(columns);
        })
        .at()
    }

    fn writing_rows(self, rows: &impl Serialize) -> Self {
        self.try_with(|draft| {
            draft.request.set_method(Method::POST);
            let columns = draft.write(rows)?;
            if let Some(columns) = columns {
                draft.append("columns", &columns);
            }
            Ok(())
        })
    }
}

impl<S: Selectable> Query<S> {
    /// Asks for the rows that were written, as values of type `T`.
    ///
    /// This needs the right to read them: without it for one of `columns`, nothing is written. Tables can be embedded, but not
    /// with `!inner`, which is an error: it would leave rows out that were written all the same. It can stand where one row is
    /// added and is asked for by [`single`](Query::single) or [`maybe_single`](Query::maybe_single), which undo what `!inner`
    /// leaves out.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/db-modifiers-select>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// # #[derive(serde::Deserialize)] struct Country { id: i64 }
    /// let new: Country =
    ///     db.from("countries").insert(serde_json::json!({ "name": "Denmark" })).select("id").single().await?;
    /// # Ok(()) }
    /// ```
    pub fn select<T: DeserializeOwned>(self, columns: impl AsRef<str>) -> Query<S::Selected, Vec<T>> {
        self.returning(columns.as_ref()).to(rows)
    }

    /// Asks for the rows that were written, as the text that the server sends: for CSV, or to pass JSON on unread.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let csv: String =
    ///     db.from("countries").insert(serde_json::json!({ "name": "Denmark" })).select_raw("*").csv().await?;
    /// # Ok(()) }
    /// ```
    pub fn select_raw(self, columns: impl AsRef<str>) -> Query<S::Selected, String> {
        self.returning(columns.as_ref()).to(text)
    }

    fn returning(self, columns: &str) -> Self {
        self.with(|draft| {
            draft.prefer.back = Some(Back::Rows);
            let columns = without_white_space(columns);
            draft.refuse_inner(&columns);
            // All columns come back unless others are named.
            if columns != "*" {
                draft.append("select", &columns);
            }
        })
    }
}

impl<Out> Query<Call, Out> {
    /// Chooses columns of the rows that a function returns, and tables to embed. Called again, the last call counts.
    ///
    /// Sort and filter by these columns only: others may be gone by then, which is an error
    /// ([`Code::UndefinedColumn`](crate::Code::UndefinedColumn)) of some functions and servers.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/functions.html#table-valued-functions>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let planets: Vec<serde_json::Value> = db.rpc("list_stored_planets", ()).select("name").await?;
    /// # Ok(()) }
    /// ```
    pub fn select(self, columns: impl AsRef<str>) -> Self {
        self.with(|draft| {
            // Of two, PostgREST would take the first.
            draft.pairs.drop_reserved("select");
            draft.select(columns.as_ref());
        })
    }
}

impl Query<Insert> {
    /// Asks where the row that was added is: a path such as `/planets?id=eq.9`; `None` if the table has no primary key,
    /// or if several rows were added. This needs no right to read the row.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/preferences.html#return-representation>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let place = db.from("planets").insert(serde_json::json!({ "id": 9, "name": "Pluto" })).returning_location().await?;
    /// # Ok(()) }
    /// ```
    pub fn returning_location(self) -> Query<Head<Insert>, Option<String>> {
        self.with(|draft| draft.prefer.back = Some(Back::Headers)).to(location)
    }

    /// What a row lacks becomes its column's default, and not null.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows = serde_json::json!([{ "name": "a", "priority": 1 }, { "name": "b" }]);
    /// db.from("tasks").insert(&rows).missing_default().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "defaultToNull")]
    pub fn missing_default(self) -> Self {
        self.with(|draft| draft.prefer.missing_default = true)
    }
}

impl Query<Upsert> {
    /// The columns by which a row counts as there already, several joined by commas; the primary key if not given.
    /// They must have a unique constraint. Called again, the last call counts.
    ///
    /// A name is taken to the letter, dots included; one with a comma in it is written in quotes, `"\"a,b\""`.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let user = serde_json::json!({ "handle": "saoirse", "display_name": "Saoirse" });
    /// db.from("users").upsert(&user).on_conflict("handle").await?;
    /// # Ok(()) }
    /// ```
    pub fn on_conflict(self, columns: impl AsRef<str>) -> Self {
        self.with(|draft| draft.on_conflict = Some(names(columns.as_ref())))
    }

    /// Leaves rows that are there already as they are. They are not among the rows that come back.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("tags").upsert(serde_json::json!([{ "name": "new" }])).on_conflict("name").ignore_duplicates().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "ignoreDuplicates")]
    pub fn ignore_duplicates(self) -> Self {
        self.with(|draft| draft.prefer.resolution = Some("resolution=ignore-duplicates"))
    }

    /// What a row lacks becomes its column's default, and not null. **A row that is there already gets the defaults
    /// too**, in place of what it had.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows = serde_json::json!([{ "id": 1, "priority": 1 }, { "id": 2 }]);
    /// db.from("tasks").upsert(&rows).missing_default().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "defaultToNull")]
    pub fn missing_default(self) -> Self {
        self.with(|draft| draft.prefer.missing_default = true)
    }
}

impl<Out> Query<Update<NeedsFilterOrAllRows>, Out> {
    /// Says that every row is to be changed.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("tasks").update(serde_json::json!({ "done": false })).all_rows().await?;
    /// # Ok(()) }
    /// ```
    pub fn all_rows(self) -> Query<Update<Filtered>, Out> {
        self.with(|draft| draft.is_narrowed = true).at()
    }
}

impl<Out> Query<Delete<NeedsFilterOrAllRows>, Out> {
    /// Says that every row is to be removed.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("drafts").delete().all_rows().await?;
    /// # Ok(()) }
    /// ```
    pub fn all_rows(self) -> Query<Delete<Filtered>, Out> {
        self.with(|draft| draft.is_narrowed = true).at()
    }
}

impl Draft {
    /// Chooses columns.
    fn select(&mut self, columns: &str) {
        self.pairs.reserved(None, "select");
        self.pairs.value(without_white_space(columns).as_bytes());
        if self.pairs.take_nul() {
            self.blame_nul("select");
        }
    }

    /// Writes the body. For a sequence of rows, answers with their columns.
    fn write(&mut self, value: &impl Serialize) -> Result<Option<String>, String> {
        let (body, _) = body::rows_to_vec(value)?;
        let columns = columns(&body)?;
        self.request.body = Some(body.into());
        Ok(columns)
    }
}

/// For a sequence of rows, the columns that any of them has: PostgREST would otherwise demand that all have the same.
pub(crate) fn columns(body: &[u8]) -> Result<Option<String>, String> {
    match body.first() {
        Some(b'{') => Ok(None),
        Some(b'[') => {
            let mut names = Vec::new();
            let mut reader = serde_json::Deserializer::from_slice(body);
            Rows(&mut names).deserialize(&mut reader).map_err(|_| NOT_A_ROW.to_owned())?;
            let mut columns = String::new();
            for name in &names {
                if !columns.is_empty() {
                    columns.push(',');
                }
                crate::literal::push_quoted(&mut columns, name);
            }
            Ok((!names.is_empty()).then_some(columns))
        }
        // PostgREST takes a bare value for a row of defaults.
        _ => Err(NOT_A_ROW.to_owned()),
    }
}

const NOT_A_ROW: &str = "a row must be a map or struct, and several rows a sequence of them";

/// Collects the keys of all maps of a sequence, each once, in the order in which they come.
struct Rows<'a>(&'a mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Keys(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

/// Collects the keys of one map.
struct Keys<'a>(&'a mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
        // Rows mostly have the same keys in the same order, so the next key is looked for where it should be first.
        let mut at = 0;
        while let Some(key) = row.next_key::<std::borrow::Cow<'_, str>>()? {
            row.next_value::<IgnoredAny>()?;
            if self.0.get(at).is_some_and(|known| *known == key) {
                at += 1;
            } else if let Some(found) = self.0.iter().position(|known| *known == key) {
                at = found + 1;
            } else {
                self.0.push(key.into_owned());
                at = self.0.len();
            }
        }
        Ok(())
    }
}

/// Drops the white space around what separates columns, but neither that within a name nor within `"…"`.
fn without_white_space(columns: &str) -> Cow<'_, str> {
    // Not ASCII may be white space, too. All bytes are looked at, as many at once are quicker than one by one.
    if columns.bytes().fold(true, |none, b| none & matches!(b, b'!'..=b'~')) {
        return columns.into();
    }
    let separates = |c: char| matches!(c, ',' | '(' | ')' | ':' | '!' | '.' | '>');
    let (mut text, mut quoted, mut escaped) = (String::with_capacity(columns.len()), false, false);
    for (at, c) in columns.char_indices() {
        if c.is_whitespace() && !quoted {
            let rest = columns.get(at..).unwrap_or_default().trim_start();
            let next = rest.chars().next();
            let is_inside = next.is_some_and(|next| !separates(next)) && !rest.starts_with("->");
            if is_inside
                && text.chars().next_back().is_some_and(|last| !separates(last) && !last.is_whitespace())
            {
                text.push(' ');
            }
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        text.push(c);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_but_not_within_quotes() {
        assert_eq!(without_white_space("name, instruments ( id,\n name )"), "name,instruments(id,name)");
        assert_eq!(without_white_space(r#""with space" , "a\" b", c"#), r#""with space","a\" b",c"#);
        assert_eq!(without_white_space(" with space ,data ->> full  name "), "with space,data->>full name");
        assert_eq!(without_white_space("a : b :: text, ... c !inner (d)"), "a:b::text,...c!inner(d)");
    }

    #[test]
    fn the_keys_of_rows_are_joined_in_their_order() {
        let mut names = Vec::new();
        let json = r#"[{"id":1,"name":"a"},{"id":2,"qty":[1,{"x":1}],"name":"b"},{}]"#;
        Rows(&mut names).deserialize(&mut serde_json::Deserializer::from_str(json)).unwrap();
        assert_eq!(names, ["id", "name", "qty"]);
    }
}
