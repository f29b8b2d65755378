//! Every recorded exchange of official clients with GoTrue: this crate asks the same, and reads the same answer.
//!
//! A recorded request is asked again by the calls of the public API, and compared: method, path, parameters, who speaks,
//! body. Then the recorded answer must come out of the crate whole: every field of users, sessions, factors and all the
//! rest, and code, message, status and kind of an error.
//!
//! What the API cannot ask for stands in `recordings/not_expressible.txt`, with the reason. The list is checked both
//! ways, so that it can neither hide a fault nor grow old.

#[path = "recordings/perform.rs"]
mod perform;
#[path = "recordings/read.rs"]
mod read;

use std::collections::BTreeMap;

use gotrue_rs::{Error, ErrorKind};
use read::Question;
use serde_json::Value;
use supabase_testing::auth::{Asked, lean, version};
use supabase_testing::recordings::{self, Exchange};
use supabase_testing::replay::ReplayMany;

const NOT_EXPRESSIBLE: &str = include_str!("recordings/not_expressible.txt");

/// How many exchanges were recorded.
const SIZE: usize = 526;

#[derive(Default)]
struct Tally {
    equal: usize,
    /// Equal but for the version of errors that is asked for: this crate asks for one, and reads all.
    in_our_version: usize,
    not_expressible: usize,
}

#[tokio::test]
async fn what_official_clients_ask_is_asked_alike_and_read_whole() {
    let mut exchanges: Vec<&Exchange> = recordings::auth().values().flatten().collect();
    exchanges.sort_by_key(|exchange| (&exchange.case, &exchange.instance));
    assert_eq!(exchanges.len(), SIZE);
    let replay = ReplayMany::start(&exchanges).await;
    let mut listed = listed();
    let (mut tally, mut faults) = (Tally::default(), Vec::new());
    for (place, exchange) in exchanges.iter().enumerate() {
        let name = name(exchange, &exchanges, place);
        let outcome = match Question::read(exchange) {
            Ok(question) => Ok(one(&replay, place, exchange, &question).await),
            Err(reason) => Err(reason),
        };
        match (outcome, listed.remove(name.as_str())) {
            (Ok(Ok(())), None) => {
                let versioned = version(exchange) == Some("2024-01-01");
                tally.equal += usize::from(versioned);
                tally.in_our_version += usize::from(!versioned);
            }
            (Err(reason), Some(known)) if reason == known => tally.not_expressible += 1,
            (Ok(Err(fault)), _) => faults.push(format!("{name}: {fault}")),
            (Ok(Ok(())), Some(known)) => {
                faults.push(format!("listed and yet expressible:\n{name} — {known}"))
            }
            (Err(reason), _) => faults.push(format!("not listed with this reason:\n{name} — {reason}")),
        }
    }
    faults.extend(listed.keys().map(|case| format!("{case} is listed and does not exist")));
    let Tally { equal, in_our_version, not_expressible } = tally;
    println!(
        "auth.jsonl: {SIZE} exchanges; {equal} equal, {in_our_version} equal but for the version of errors, \
         {not_expressible} not expressible"
    );
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(equal + in_our_version >= 255, "{equal} + {in_our_version}");
}

/// The case, and its number where it has several exchanges.
fn name(exchange: &Exchange, exchanges: &[&Exchange], place: usize) -> String {
    let first = exchanges.iter().position(|other| other.case == exchange.case).unwrap();
    let several = exchanges.iter().filter(|other| other.case == exchange.case).count() > 1;
    if several { format!("{}#{}", exchange.case, place - first + 1) } else { exchange.case.clone() }
}

fn listed() -> BTreeMap<&'static str, &'static str> {
    NOT_EXPRESSIBLE.lines().filter_map(|line| line.split_once(" — ")).collect()
}

/// Asks again and compares.
async fn one(
    replay: &ReplayMany,
    place: usize,
    exchange: &Exchange,
    question: &Question,
) -> Result<(), String> {
    let auth = perform::client(&replay.url(place), exchange);
    let given = perform::perform(&auth, question).await;
    let sent = match replay.sent(place).as_slice() {
        [sent] => sent.clone(),
        sent => return Err(format!("sent {} requests, and gave {given:?}", sent.len())),
    };
    let (asked, recorded) = (Asked::sent(&sent), Asked::recorded(exchange));
    if asked != recorded {
        return Err(format!("asked otherwise:\n  {asked:?}\n  {recorded:?}"));
    }
    let body = exchange.response.body.as_ref();
    let json = body.and_then(|body| body.json.clone()).unwrap_or_default();
    let cut = body.is_some_and(|body| body.bytes().is_none());
    match given {
        // A session that is gone is what a sign-out is for.
        Ok(_)
            if question.call == read::Call::SignOut
                && matches!(exchange.response.status, 401 | 403 | 404) =>
        {
            Ok(())
        }
        Ok(_) if exchange.response.status >= 400 => Err("an error was read as a success".to_owned()),
        Ok(_) if cut => Ok(()),
        Ok(given) => {
            let (given, recorded) = (lean(given), lean(question.answer(json)));
            if given == recorded { Ok(()) } else { Err(format!("read otherwise:\n  {given}\n  {recorded}")) }
        }
        Err(error) if cut && exchange.response.status < 400 && error.kind() == ErrorKind::Decode => Ok(()),
        Err(error) => compare_error(&error, exchange, &json),
    }
}

fn compare_error(error: &Error, exchange: &Exchange, json: &Value) -> Result<(), String> {
    let status = exchange.response.status;
    if status < 400 {
        return Err(format!("a success was read as an error: {error:?}"));
    }
    let text = |name: &str| json[name].as_str().filter(|text| !text.is_empty());
    let header = exchange.response.headers.get("x-sb-error-code").map(String::as_str);
    let oauth = json["error"].as_str().map(|error| error.replace(' ', "_"));
    let code = text("code").or(text("error_code")).or(oauth.as_deref()).or(header);
    let message = text("msg").or(text("message")).or(text("error_description"));
    let is_same = error.kind() == ErrorKind::Rejected
        && error.status() == Some(status)
        && error.code().map(gotrue_rs::Code::as_str) == code
        && message.is_none_or(|message| message == error.message());
    if is_same { Ok(()) } else { Err(format!("the error was read otherwise:\n  {error:?}\n  {json}")) }
}
