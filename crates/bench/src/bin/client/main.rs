//! The measured program: `bench-client <workload> <ours|raw> <operations> <address>`.
//!
//! It does that many operations of one kind and prints what it can know about itself. Instructions and heap calls are
//! counted from outside, by valgrind. Where the side is `both`, and with `rates` and `rates-64`, it alternates between both
//! within one process; operations are then pairs of blocks, of which each prints a line of nanoseconds.

mod bodies;
mod broadcasts;
mod claims;
mod functions;
mod ours;
mod rates;
mod raw;
mod token;
#[path = "../../workload.rs"]
mod workload;

use std::env;
use std::error::Error;

use workload::{KEY, Planet, TOKEN, expect, peak_kilobytes, wanted};

/// What everything here ends with.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [workload, who, operations, address] = arguments.as_slice() else {
        return Err("write: bench-client <workload> <ours|raw> <operations> <address>".into());
    };
    let operations = operations.parse()?;
    match workload.as_str() {
        "rates" => return rates::sequential(operations, address).await,
        "rates-64" => return rates::concurrent(raw::client()?, operations, address).await,
        "rates-64-limited" => return rates::concurrent(raw::limited_client()?, operations, address).await,
        "token-64" => return token::concurrent(operations, address).await,
        "token" => return token::run(who, operations, address).await,
        _ => {}
    }
    if let Some(algorithm) = workload.strip_prefix("claims-") {
        return claims::run(algorithm, who, operations, address).await;
    }
    if let Some(workload) = workload.strip_prefix("broadcasts-") {
        return broadcasts::run(workload, who, operations, address).await;
    }
    if let Some(what) = workload.strip_prefix("storage-") {
        return bodies::run(what, who, operations, address).await;
    }
    if let Some(what) = workload.strip_prefix("functions-") {
        return functions::run(what, who, operations, address).await;
    }
    match who.as_str() {
        "ours" => ours::run(workload, operations, address).await?,
        "raw" => raw::run(workload, operations, address).await?,
        _ => return Err(format!("`{who}` is neither `ours` nor `raw`").into()),
    }
    println!("{}", peak_kilobytes().unwrap_or_default());
    Ok(())
}
