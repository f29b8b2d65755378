//! What a join asks for.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::changes::Subscription;
use crate::error::{Error, Result};

/// What a channel is, as a join says it. Absent keys are absent: the server takes `null` for a fault.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Config {
    pub(crate) broadcast: BroadcastConfig,
    pub(crate) presence: PresenceConfig,
    pub(crate) postgres_changes: Vec<Subscription>,
    pub(crate) private: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct BroadcastConfig {
    pub(crate) ack: bool,
    #[serde(rename = "self")]
    pub(crate) to_self: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replay: Option<Replay>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replication_ready: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Replay {
    /// Milliseconds since 1970.
    pub(crate) since: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u8>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct PresenceConfig {
    pub(crate) key: String,
    pub(crate) enabled: bool,
}

#[derive(Serialize)]
struct Join<'a> {
    config: &'a Config,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
}

/// The payload of a join, with the token of this moment.
pub(crate) fn payload(config: &Config, access_token: Option<&str>) -> Result<Box<RawValue>> {
    serde_json::value::to_raw_value(&Join { config, access_token })
        .map_err(|_| Error::invalid("the channel cannot be written as JSON"))
}

/// What the server made of the subscriptions to changes of the database: the id of each, in the order in which they were
/// asked for.
///
/// # Errors
/// The server answered with something else than was asked.
pub(crate) fn ids(response: &[u8], asked: &[Subscription]) -> Result<Vec<i64>> {
    #[derive(Deserialize)]
    struct Response {
        #[serde(default)]
        postgres_changes: Option<Vec<Given>>,
    }
    #[derive(Deserialize)]
    struct Given {
        id: i64,
        #[serde(default)]
        event: Option<String>,
        #[serde(default)]
        schema: Option<String>,
        #[serde(default)]
        table: Option<String>,
        #[serde(default)]
        filter: Option<String>,
    }
    let mismatch =
        || Error::rejected_for_good("mismatch between server and client bindings for postgres changes");
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let response: Response = serde_json::from_slice(response).map_err(|_| mismatch())?;
    let given = response.postgres_changes.unwrap_or_default();
    // Absent and empty are the same.
    let same = |given: &Option<String>, asked: Option<&str>| {
        given.as_deref().unwrap_or_default() == asked.unwrap_or_default()
    };
    if given.len() != asked.len() {
        return Err(mismatch());
    }
    let pairs = given.iter().zip(asked);
    pairs
        .map(|(given, asked)| {
            let is_same = given.event.as_deref().is_some_and(|event| event.eq_ignore_ascii_case(asked.event))
                && same(&given.schema, Some(&asked.schema))
                && same(&given.table, asked.table.as_deref())
                && same(&given.filter, asked.filter.as_deref());
            if is_same { Ok(given.id) } else { Err(mismatch()) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::Changes;

    #[test]
    fn a_join_says_what_was_asked_and_no_null() {
        let mut config = Config::default();
        assert_eq!(
            payload(&config, None).unwrap().get(),
            r#"{"config":{"broadcast":{"ack":false,"self":false},"presence":{"key":"","enabled":false},"postgres_changes":[],"private":false}}"#
        );
        config.broadcast.replay = Some(Replay { since: 5, limit: None });
        config.broadcast.replication_ready = true;
        config.postgres_changes = vec![Changes::all().table("t").subscription().unwrap()];
        let json = payload(&config, Some("jwt")).unwrap();
        assert!(!json.get().contains("null"), "{json}");
        assert!(json.get().ends_with(r#""access_token":"jwt"}"#), "{json}");
        assert!(json.get().contains(r#""replay":{"since":5},"replication_ready":true"#), "{json}");
    }

    #[test]
    fn ids_are_matched_by_place_and_content() {
        let asked = [Changes::insert().table("t"), Changes::all().table("t").eq("a", 1)]
            .map(|changes| changes.subscription().unwrap());
        let answer = |filter: &str| {
            format!(
                r#"{{"postgres_changes":[{{"id":7,"event":"INSERT","schema":"public","table":"t","filter":null}},
                {{"id":8,"event":"*","schema":"public","table":"t","filter":"{filter}"}}]}}"#
            )
        };
        assert_eq!(ids(answer("a=eq.1").as_bytes(), &asked).unwrap(), [7, 8]);
        for wrong in [answer("a=eq.2").as_str(), "{}", "[]", r#"{"postgres_changes":[]}"#] {
            assert!(ids(wrong.as_bytes(), &asked).unwrap_err().message().starts_with("mismatch"), "{wrong}");
        }
        assert!(ids(b"{}", &[]).unwrap().is_empty());
    }
}
