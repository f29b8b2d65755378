//! A change of a row, as it came.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::row::normalized;
use crate::error::{Error, Result};
use crate::payload::from_json;
use crate::timestamp::Timestamp;

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub enum Action {
    /// It was added.
    #[serde(rename = "INSERT")]
    Insert,
    /// It was changed.
    #[serde(rename = "UPDATE")]
    Update,
    /// It was removed.
    #[serde(rename = "DELETE")]
    Delete,
}

/// A change of a row.
///
/// Numbers of the row are exact where its type is: an `i64` for `bigint`, a text or a decimal type behind
/// `serde_json::value::RawValue` for `numeric`; `serde_json::Value` keeps no more digits than a float has.
///
/// Source: <https://supabase.com/docs/guides/realtime/postgres-changes>
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change<T> {
    /// What happened.
    pub action: Action,
    /// The schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// When the transaction was committed; `None` where the server could not look at the row (see `errors`).
    pub commit_timestamp: Option<Timestamp>,
    /// The row as it is now; `None` if it was removed, and where the server sent it in part (see `errors`) and the part
    /// does not fit `T`.
    pub record: Option<T>,
    /// What is known of the row as it was: the primary key, or the whole row where the table's replica identity is full.
    /// `None` if it was added.
    pub old_record: Option<Record>,
    /// The columns that were sent, with their types.
    pub columns: Vec<ChangedColumn>,
    /// What the server could not do, such as `Error 413: Payload Too Large` for a row of which only small values were
    /// sent, or `Error 401: Unauthorized` for a table that the user may not read. Mostly empty.
    pub errors: Vec<String>,
}

/// A column of a changed row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub struct ChangedColumn {
    /// Its name.
    pub name: String,
    /// Its type as Postgres calls it inside: `int8`, `_int4` for an array, `timestamptz`.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// A row that is not read yet: as it was, as far as the server tells, or one of any table.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Record(Box<RawValue>);

impl Record {
    /// Reads it: mostly into a type that has the primary key alone.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it does not fit `K`.
    ///
    /// ```
    /// # fn run(change: realtime_rs::Change<serde_json::Value>) -> realtime_rs::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Key { id: i64 }
    ///
    /// if let Some(old) = &change.old_record {
    ///     println!("it was {}", old.decode::<Key>()?.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn decode<K: DeserializeOwned>(&self) -> Result<K> {
        from_json(self.as_json().as_bytes())
    }

    /// Its JSON.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The row is the user's data.
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "type")]
    action: Action,
    schema: String,
    table: String,
    #[serde(default)]
    commit_timestamp: Option<String>,
    #[serde(borrow, default)]
    record: Option<&'a RawValue>,
    #[serde(borrow, default)]
    old_record: Option<&'a RawValue>,
    #[serde(default)]
    columns: Option<Vec<ChangedColumn>>,
    #[serde(default)]
    errors: Option<Vec<String>>,
}

/// Reads the `data` of a change.
///
/// # Errors
/// The change has another form than is known, or its row does not fit `T`.
pub(crate) fn read<T: DeserializeOwned>(data: &[u8]) -> Result<Change<T>> {
    // Not the parser's own words, which quote values.
    let unreadable = |_| Error::unreadable("a change of the database has a form that is not known", None);
    let data: Data<'_> = serde_json::from_slice(data).map_err(unreadable)?;
    let columns = data.columns.unwrap_or_default();
    let errors = data.errors.unwrap_or_default();
    let commit_timestamp = match data.commit_timestamp.map(|text| text.parse()) {
        None => None,
        Some(Ok(moment)) => Some(moment),
        Some(Err(error)) => {
            return Err(Error::unreadable("the time of a commit cannot be read", Some(Box::new(error))));
        }
    };
    let record = match data.record {
        Some(record) => match from_json(normalized(record, &columns).as_bytes()) {
            Ok(record) => Some(record),
            // A part of a row; the errors say why.
            Err(_) if !errors.is_empty() => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    let old_record = match data.old_record {
        Some(old) => {
            let json = RawValue::from_string(normalized(old, &columns).into_owned());
            let json =
                json.map_err(|error| Error::unreadable("an old row is no JSON", Some(error.into())))?;
            Some(Record(json))
        }
        None => None,
    };
    Ok(Change {
        action: data.action,
        schema: data.schema,
        table: data.table,
        commit_timestamp,
        record,
        old_record,
        columns,
        errors,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Todo {
        id: i64,
        big: i64,
        n: Box<RawValueText>,
        arr: Vec<Option<i32>>,
        ts: Timestamp,
        js: serde_json::Value,
    }

    #[derive(Debug, Deserialize)]
    #[serde(transparent)]
    struct RawValueText(Box<RawValue>);

    impl PartialEq for RawValueText {
        fn eq(&self, other: &Self) -> bool {
            self.0.get() == other.0.get()
        }
    }

    const UPDATE: &str = r#"{"columns":[{"name": "id", "type": "int8"}],"commit_timestamp":"2026-11-23T05:21:56.941Z",
        "errors":null,"old_record":{"id": 44},"record":{"id": 44, "n": 1.50, "big": 9007199254740993, "arr": [1, null],
        "ts": "2026-11-23T05:21:55.611311+00:00", "js": {"k": 1}},"schema":"public","table":"todos","type":"UPDATE"}"#;

    #[test]
    fn a_row_keeps_every_digit() {
        let change: Change<Todo> = read(UPDATE.as_bytes()).unwrap();
        let todo = change.record.unwrap();
        assert_eq!(
            (todo.big, todo.n.0.get(), todo.arr),
            (9_007_199_254_740_993, "1.50", vec![Some(1), None])
        );
        assert_eq!(todo.ts.to_string(), "2026-11-23T05:21:55.611311Z");
        assert_eq!(change.action, Action::Update);
        assert_eq!(change.commit_timestamp.unwrap().as_unix_millis(), 1_795_411_316_941);
        assert_eq!(change.old_record.unwrap().as_json(), r#"{"id": 44}"#);
    }

    #[test]
    fn a_removed_row_has_no_record_and_an_added_one_no_old_record() {
        let json = r#"{"columns":[],"commit_timestamp":"2026-11-23T05:18:46.162Z","errors":null,"old_record":{"id":37},
            "schema":"public","table":"todos","type":"DELETE"}"#;
        let change: Change<Todo> = read(json.as_bytes()).unwrap();
        assert!(change.record.is_none() && change.old_record.is_some());
        let json = json.replace("DELETE", "INSERT").replace("old_record", "record");
        let change: Change<serde_json::Value> = read(json.as_bytes()).unwrap();
        assert!(change.record.is_some() && change.old_record.is_none());
    }

    #[test]
    fn a_part_of_a_row_is_told_by_its_errors() {
        let json = r#"{"columns":[],"commit_timestamp":null,"errors":["Error 401: Unauthorized"],"record":{},
            "schema":"public","table":"nosel","type":"INSERT"}"#;
        let change: Change<Todo> = read(json.as_bytes()).unwrap();
        assert_eq!(change.errors, ["Error 401: Unauthorized"]);
        assert!(change.record.is_none() && change.commit_timestamp.is_none());
        let whole = json.replace(r#"["Error 401: Unauthorized"]"#, "[]");
        let error = read::<Todo>(whole.as_bytes()).unwrap_err();
        assert!(error.message().contains("missing field `id`"), "{error}");
    }
}
