//! Rates: blocks of ours and of raw in turn, in one process and against one server, so that whatever else the machine
//! does meets both.

use std::time::{Duration, Instant};

use reqwest::Client;

use crate::{Outcome, ours, raw};

/// How many tasks are at work at once.
const TASKS: usize = 64;

/// Operations of a block, one after the other.
const BLOCK: usize = 256;

/// Operations of a block for each task, where many are at work.
const PER_TASK: usize = 16;

/// One operation after the other.
pub(crate) async fn sequential(pairs: usize, address: &str) -> Outcome {
    let (ours, raw) = (ours::client(address)?, raw::client()?);
    alternate(
        pairs,
        BLOCK,
        async || {
            for _ in 0..BLOCK {
                ours::select(&ours, 10).await?;
            }
            Ok(())
        },
        async || {
            for _ in 0..BLOCK {
                raw::select(&raw, address, 10).await?;
            }
            Ok(())
        },
    )
    .await
}

/// Many tasks, each with one operation after the other.
pub(crate) async fn concurrent(raw: Client, pairs: usize, address: &str) -> Outcome {
    let ours = ours::client(address)?;
    alternate(
        pairs,
        TASKS * PER_TASK,
        async || {
            let tasks = (0..TASKS).map(|_| {
                let client = ours.clone();
                tokio::spawn(async move {
                    for _ in 0..PER_TASK {
                        ours::select(&client, 10).await.map_err(|error| error.to_string())?;
                    }
                    Ok(())
                })
            });
            joined(tasks.collect()).await
        },
        async || {
            let tasks = (0..TASKS).map(|_| {
                let (client, address) = (raw.clone(), address.to_owned());
                tokio::spawn(async move {
                    for _ in 0..PER_TASK {
                        raw::select(&client, &address, 10).await.map_err(|error| error.to_string())?;
                    }
                    Ok(())
                })
            });
            joined(tasks.collect()).await
        },
    )
    .await
}

pub(crate) async fn joined(tasks: Vec<tokio::task::JoinHandle<Result<(), String>>>) -> Outcome {
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Prints `<operations> <ours> <raw> <ours> <raw>` for each pair of blocks: two times in nanoseconds, and two of the
/// processor, which are 0 where the system does not tell. The first pair, which connects, is left out. Who goes first
/// changes from pair to pair.
pub(crate) async fn alternate(
    pairs: usize,
    operations: usize,
    ours: impl AsyncFn() -> Outcome,
    raw: impl AsyncFn() -> Outcome,
) -> Outcome {
    for pair in 0..=pairs {
        let (of_ours, of_raw) = if pair % 2 == 0 {
            (timed(&ours).await?, timed(&raw).await?)
        } else {
            let of_raw = timed(&raw).await?;
            (timed(&ours).await?, of_raw)
        };
        if pair > 0 {
            println!(
                "{operations} {} {} {} {}",
                of_ours.wall.as_nanos(),
                of_raw.wall.as_nanos(),
                of_ours.processor.as_nanos(),
                of_raw.processor.as_nanos()
            );
        }
    }
    Ok(())
}

/// What a block took.
struct Time {
    wall: Duration,
    processor: Duration,
}

async fn timed(block: impl AsyncFn() -> Outcome) -> Outcome<Time> {
    let (begun, processor) = (Instant::now(), processor_time());
    block().await?;
    Ok(Time { wall: begun.elapsed(), processor: processor_time().saturating_sub(processor) })
}

/// What all threads of this process took of the processor so far, in steps of 10 ms, as Linux knows it.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets, which may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
