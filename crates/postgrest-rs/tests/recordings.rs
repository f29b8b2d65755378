//! Every recorded exchange of official clients with PostgREST: this crate asks the same, and reads the same answer.
//!
//! A recorded request is read as PostgREST reads it, asked again by the calls of the public API, and compared: method,
//! path, parameters, headers, body. Where the bytes differ, both are read and must mean the same. Then the recorded
//! answer must come out of the crate whole: rows to the last digit, count, range, status, and every part of an error.
//!
//! What the API cannot ask for stands in `recordings/not_expressible.txt`, with the reason. The list is checked both
//! ways, so that it can neither hide a fault nor grow old.

#[path = "recordings/answer.rs"]
mod answer;
#[path = "recordings/asked.rs"]
mod asked;
#[path = "recordings/grammar.rs"]
mod grammar;
#[path = "recordings/perform.rs"]
mod perform;

use std::collections::BTreeMap;

use asked::{Asked, Server};
use postgrest_rs::{Client, ErrorKind};
use supabase_testing::recordings::{self, Exchange, Recording};
use supabase_testing::replay::{ReplayMany, Wire};

const NOT_EXPRESSIBLE: &str = include_str!("recordings/not_expressible.txt");

#[tokio::test]
async fn what_supabase_py_and_raw_requests_ask_is_asked_alike_and_read_whole() {
    replay("rest.jsonl", recordings::rest(), Server::Current, 1096).await;
}

#[tokio::test]
async fn what_supabase_js_asks_is_asked_alike_and_read_whole() {
    replay("rest-js.jsonl", recordings::rest_js(), Server::Current, 61).await;
}

#[tokio::test]
async fn a_server_of_default_configuration_is_read_whole() {
    replay("rest-extra.jsonl", recordings::rest_extra(), Server::Current, 20).await;
}

#[tokio::test]
async fn an_older_server_is_read_whole() {
    replay("rest-12.jsonl", recordings::rest_12(), Server::PostgRest12, 29).await;
}

#[derive(Default)]
struct Tally {
    equal_in_bytes: usize,
    equal_in_meaning: usize,
    by_raw_filter: usize,
    not_expressible: usize,
    defects: usize,
}

enum Outcome {
    /// The same was sent, and the answer came out whole.
    Equal { in_bytes: bool, by_raw_filter: bool },
    /// No call of the API asks for this.
    NotExpressible(String),
    /// A call asks for this, and the API does not send it.
    Refused(ErrorKind),
}

/// How the list words what the API does not send; behind it stands why.
fn refused_as(kind: ErrorKind) -> String {
    format!("the API refuses it as `{kind:?}`:")
}

async fn replay(file: &str, recording: &Recording, server: Server, size: usize) {
    let mut exchanges: Vec<&Exchange> = recording.values().flatten().collect();
    exchanges.sort_by_key(|exchange| &exchange.case);
    assert_eq!(exchanges.len(), size, "every exchange of {file} is replayed");
    let replay = ReplayMany::start(&exchanges).await;
    let mut listed = listed(file);
    let (mut tally, mut faults) = (Tally::default(), Vec::new());

    for (place, exchange) in exchanges.iter().enumerate() {
        let case = exchange.case.as_str();
        let outcome = match readable(exchange, server) {
            Ok((wire, asked)) => one(&replay, place, exchange, &wire, &asked, server).await,
            Err(reason) => Ok(Outcome::NotExpressible(reason)),
        };
        match (outcome, listed.remove(case)) {
            (Ok(Outcome::Equal { in_bytes, by_raw_filter }), None) => {
                tally.equal_in_bytes += usize::from(in_bytes);
                tally.equal_in_meaning += usize::from(!in_bytes);
                tally.by_raw_filter += usize::from(by_raw_filter);
            }
            (Ok(Outcome::NotExpressible(reason)), Some(known)) if reason == known => {
                tally.not_expressible += 1
            }
            (Ok(Outcome::Refused(kind)), Some(known)) if known.starts_with(&refused_as(kind)) => {
                tally.not_expressible += 1;
            }
            (Err(_), Some(known)) if known.starts_with("defect: ") => tally.defects += 1,
            (Ok(Outcome::Equal { .. }), Some(known)) => {
                faults.push(format!("listed and yet expressible:\n{case} — {known}"));
            }
            (Ok(Outcome::NotExpressible(reason)), _) => {
                faults.push(format!("not listed with this reason:\n{case} — {reason}"));
            }
            (Ok(Outcome::Refused(kind)), _) => {
                faults.push(format!("not listed with this reason:\n{case} — {}", refused_as(kind)));
            }
            (Err(fault), _) => faults.push(format!("{case}: {fault}")),
        }
    }
    faults.extend(listed.keys().map(|case| format!("{case} is listed and does not exist")));

    let Tally { equal_in_bytes, equal_in_meaning, by_raw_filter, not_expressible, defects } = tally;
    println!(
        "{file}: {size} exchanges; {equal_in_bytes} equal in bytes, {equal_in_meaning} equal in meaning \
         ({by_raw_filter} of both by a raw filter), {not_expressible} not expressible, {defects} defects"
    );
    assert!(faults.is_empty(), "{} faults in {file}:\n{}", faults.len(), faults.join("\n"));
}

/// What an exchange asks for, or why the API cannot.
fn readable(exchange: &Exchange, server: Server) -> Result<(Wire, Asked), String> {
    let cut = || "the recording kept only the beginning of it".to_owned();
    if exchange.request.path.ends_with(" bytes]") {
        return Err(cut());
    }
    let wire = Wire::recorded(&exchange.request).ok_or_else(cut)?;
    let asked = Asked::read(&wire, server)?;
    if exchange.response.body.as_ref().is_some_and(|body| body.bytes().is_none()) {
        return Err(cut());
    }
    Ok((wire, asked))
}

/// Asks again and compares.
async fn one(
    replay: &ReplayMany,
    place: usize,
    exchange: &Exchange,
    wire: &Wire,
    asked: &Asked,
    server: Server,
) -> Result<Outcome, String> {
    // `maybe_single` sends what a question for rows sends.
    let maybe = exchange.case.to_lowercase().contains("maybe");
    let given = perform::perform(&client(&replay.url(place), asked), asked, maybe).await;
    let sent = match (replay.sent(place).as_slice(), &given) {
        ([sent], _) => sent.clone(),
        ([], Err(error)) => return Ok(Outcome::Refused(error.kind())),
        (sent, _) => return Err(format!("sent {} requests, and gave {given:?}", sent.len())),
    };
    let understood =
        Asked::read(&sent, server).map_err(|reason| format!("sent {}: {reason}", sent.target))?;
    let (meant, said) = (asked.meaning(), understood.meaning());
    if meant != said {
        return Err(format!(
            "recorded {}\n    sent {}\n{}",
            wire.target,
            sent.target,
            difference(&meant, &said)
        ));
    }
    answer::check(exchange, asked, maybe, given)?;
    let in_bytes = asked::bytes(wire) == asked::bytes(&sent);
    Ok(Outcome::Equal { in_bytes, by_raw_filter: asked.raw_filters() > 0 })
}

fn client(url: &str, asked: &Asked) -> Client {
    let mut builder = match asked.headers.get("apikey") {
        Some(key) => Client::builder(url, key.as_str()),
        None => Client::builder_without_key(url),
    };
    for (name, value) in &asked.headers {
        builder = match name.as_str() {
            "apikey" => builder,
            "authorization" => builder.access_token(value.trim_start_matches("Bearer ")),
            _ => builder.header(name, value),
        };
    }
    if let Some(schema) = &asked.schema {
        builder = builder.schema(schema);
    }
    builder.http_client(supabase_testing::http::client()).max_retries(0).build().unwrap()
}

/// The lines in which two texts differ.
fn difference(one: &str, other: &str) -> String {
    let lines = one.lines().zip(other.lines()).filter(|(one, other)| one != other);
    lines.take(5).map(|(one, other)| format!("    meant {} — said {}\n", one.trim(), other.trim())).collect()
}

/// The cases of one file that are listed, with their reasons.
fn listed(file: &str) -> BTreeMap<&'static str, &'static str> {
    let header = format!("[{file}]");
    NOT_EXPRESSIBLE
        .lines()
        .skip_while(|line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" — "))
        .collect()
}
