//! Calls of functions, and the events that they send.

use futures_util::{AsyncBufReadExt, TryStreamExt};
use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::{Deserialize, Serialize};

use crate::rates::alternate;
use crate::{KEY, Outcome, TOKEN, ours, raw};

/// How many streams a block reads, one after the other.
const STREAMS: usize = 10;

/// How many events the canned stream has.
const EVENTS: usize = 10_000;

#[derive(Serialize)]
struct Question {
    name: &'static str,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct Answer {
    message: String,
    count: u32,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "decoded, not read")]
struct Progress {
    percent: u8,
    message: String,
}

pub(crate) async fn run(what: &str, who: &str, operations: usize, address: &str) -> Outcome {
    let (client, http) = (ours::client(address)?, raw::client()?);
    let functions = client.functions();
    match (what, who) {
        ("hello", "ours") => {
            for _ in 0..operations {
                let answer: Answer =
                    functions.invoke("hello").json(Question { name: "Ada" }).await?.json()?;
                std::hint::black_box(&answer);
            }
        }
        ("hello", "raw") => {
            for _ in 0..operations {
                std::hint::black_box(&hello(&http, address).await?);
            }
        }
        ("events", "both") => {
            let ours = async || {
                for _ in 0..STREAMS {
                    by_ours(functions).await?;
                }
                Ok(())
            };
            let raw = async || {
                for _ in 0..STREAMS {
                    counted(events(&http, address).await?)?;
                }
                Ok(())
            };
            alternate(operations, STREAMS * EVENTS, ours, raw).await?;
        }
        ("events", "ours") => {
            for _ in 0..operations {
                by_ours(functions).await?;
            }
        }
        ("events", "raw") => {
            for _ in 0..operations {
                counted(events(&http, address).await?)?;
            }
        }
        _ => return Err(format!("there is no workload `functions-{what}` of `{who}`").into()),
    }
    Ok(())
}

async fn by_ours(functions: &supabase::functions::Client) -> Outcome {
    let mut events = functions.invoke("events").events().await?;
    let mut count = 0;
    while let Some(event) = events.try_next().await? {
        let progress: Progress = event.json()?;
        std::hint::black_box(&progress);
        count += 1;
    }
    counted(count)
}

fn counted(count: usize) -> Outcome {
    if count == EVENTS { Ok(()) } else { Err(format!("{count} events, and not {EVENTS}").into()) }
}

/// A call by hand.
async fn hello(http: &Client, address: &str) -> Outcome<Answer> {
    let response = http
        .post(format!("http://{address}/functions/v1/hello"))
        .header("apikey", KEY)
        .header(CONTENT_TYPE, "application/json")
        .bearer_auth(TOKEN)
        .body(serde_json::to_vec(&Question { name: "Ada" })?)
        .send()
        .await?
        .error_for_status()?;
    Ok(serde_json::from_slice(&response.bytes().await?)?)
}

/// Reads the stream line by line, by hand; how many events came.
async fn events(http: &Client, address: &str) -> Outcome<usize> {
    let response = http
        .post(format!("http://{address}/functions/v1/events"))
        .header("apikey", KEY)
        .header(ACCEPT, "text/event-stream")
        .bearer_auth(TOKEN)
        .send()
        .await?
        .error_for_status()?;
    let mut lines = response.bytes_stream().map_err(std::io::Error::other).into_async_read().lines();
    let (mut data, mut kind, mut id) = (String::new(), String::new(), String::new());
    let mut count = 0;
    while let Some(line) = lines.try_next().await? {
        match line.split_once(": ") {
            Some(("data", value)) => data.push_str(value),
            Some(("event", value)) => value.clone_into(&mut kind),
            Some(("id", value)) => value.clone_into(&mut id),
            _ if line.is_empty() => {
                let progress: Progress = serde_json::from_str(&data)?;
                std::hint::black_box((&progress, &kind, &id));
                data.clear();
                count += 1;
            }
            _ => {}
        }
    }
    Ok(count)
}
