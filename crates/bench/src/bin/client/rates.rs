//! Rates: blocks of ours and of raw in turn, in one process and against one server, so that whatever else the machine
//! does meets both.

use std::time::{Duration, Instant};

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
pub(crate) async fn concurrent(pairs: usize, address: &str) -> Outcome {
    let (ours, raw) = (ours::client(address)?, raw::client()?);
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

async fn joined(tasks: Vec<tokio::task::JoinHandle<Result<(), String>>>) -> Outcome {
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Prints `<operations> <ours> <raw>` for each pair of blocks, both times in nanoseconds; the first pair, which connects, is left out. Who goes
/// first changes from pair to pair.
async fn alternate(
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
            println!("{operations} {} {}", of_ours.as_nanos(), of_raw.as_nanos());
        }
    }
    Ok(())
}

async fn timed(block: impl AsyncFn() -> Outcome) -> Outcome<Duration> {
    let begun = Instant::now();
    block().await?;
    Ok(begun.elapsed())
}
