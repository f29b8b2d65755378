//! Every recorded exchange of official clients with a real storage server: this crate asks the same, and reads the same
//! answer.
//!
//! A recorded request is asked again by the calls of the public API, and both are compared by what they mean to the
//! service: method, path, query, headers, body; forms and raw bodies, defaults that are said or not. Then the recorded
//! answer must come out of the crate: every value of it, every byte, and every part of an error.
//!
//! What the API cannot ask for stands in `recordings/not_expressible.txt`, with the reason. The list is checked both
//! ways, so that it can neither hide a fault nor grow old.

#[path = "recordings/answer.rs"]
mod answer;
#[path = "recordings/asked.rs"]
mod asked;
#[path = "recordings/form.rs"]
mod form;
#[path = "recordings/perform.rs"]
mod perform;

use std::collections::BTreeMap;

use asked::Asked;
use perform::Given;
use storage_rs::{Client, ErrorKind};
use supabase_testing::recordings::{self, Exchange};
use supabase_testing::replay::ReplayMany;

const NOT_EXPRESSIBLE: &str = include_str!("recordings/not_expressible.txt");

enum Outcome {
    /// The same was asked, and the answer came out whole.
    Equal,
    /// No call of the API asks for this, or the API does not send it.
    Not(String),
}

#[tokio::test]
async fn what_official_clients_ask_is_asked_alike_and_read_whole() {
    let mut exchanges: Vec<(String, &Exchange)> = Vec::new();
    for (case, several) in recordings::storage() {
        for (place, exchange) in several.iter().enumerate() {
            let number = if several.len() > 1 { format!(" #{}", place + 1) } else { String::new() };
            exchanges.push((format!("{}{number}", if case.is_empty() { "unnamed" } else { case }), exchange));
        }
    }
    exchanges.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(exchanges.len(), 433, "every exchange is replayed");
    let all: Vec<_> = exchanges.iter().map(|(_, exchange)| *exchange).collect();
    let replay = ReplayMany::start(&all).await;
    let mut listed: BTreeMap<_, _> =
        NOT_EXPRESSIBLE.lines().filter_map(|line| line.split_once(" — ")).collect();
    let (mut equal, mut not, mut faults) = (0, 0, Vec::new());

    for (place, (case, exchange)) in exchanges.iter().enumerate() {
        match (one(&replay, place, exchange).await, listed.remove(case.as_str())) {
            (Ok(Outcome::Equal), None) => equal += 1,
            (Ok(Outcome::Not(reason)), Some(known)) if known == reason => not += 1,
            (Ok(Outcome::Equal), Some(known)) => {
                faults.push(format!("listed and yet expressible:\n{case} — {known}"));
            }
            (Ok(Outcome::Not(reason)), _) => faults.push(format!("not listed:\n{case} — {reason}")),
            (Err(fault), _) => faults.push(format!("{case}: {fault}")),
        }
    }
    faults.extend(listed.keys().map(|case| format!("{case} is listed and does not exist")));
    println!("433 exchanges: {equal} asked alike and read whole, {not} not expressible");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

async fn one(replay: &ReplayMany, place: usize, exchange: &Exchange) -> Result<Outcome, String> {
    let asked = match Asked::recorded(&exchange.request) {
        Ok(asked) => asked,
        Err(reason) => return Ok(Outcome::Not(reason)),
    };
    if exchange.response.body.as_ref().is_some_and(|body| body.whole().is_none()) {
        return Ok(Outcome::Not("the recording kept only the beginning of the answer".to_owned()));
    }
    let given = match perform::perform(&client(&replay.url(place), &asked), &asked).await {
        Given::Not(reason) => return Ok(Outcome::Not(reason)),
        given => given,
    };
    let sent = match (replay.sent(place).as_slice(), &given) {
        ([sent], _) => sent.clone(),
        ([], Given::Failed(error)) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Credentials) => {
            return Ok(Outcome::Not(format!("refused before it is sent: {}", error.message())));
        }
        (sent, _) => return Err(format!("sent {} requests, and gave {given:?}", sent.len())),
    };
    let understood = Asked::sent(&sent);
    let (meant, mut said) = (asked.meaning(), understood.meaning());
    if asked.is_cut() {
        said["body"]["content"] = serde_json::Value::Null;
    }
    if meant != said {
        return Err(format!("meant {meant:#?}\n   said {said:#?}"));
    }
    answer::check(exchange, given)?;
    Ok(Outcome::Equal)
}

fn client(url: &str, asked: &Asked) -> Client {
    // The recorded keys are names: they go only where they went.
    let builder = Client::builder(url, asked.header("apikey").unwrap_or("none"));
    let builder = match asked.authorization() {
        Some(token) => builder.access_token(token),
        None => builder,
    };
    builder.http_client(supabase_testing::http::client()).max_retries(0).build().unwrap()
}
