//! Large bodies, and the events of functions.

use super::programs::{Programs, Server};
use super::report::{Goal, Row};
use super::{Pair, pairs, peaks, rate};
use crate::Outcome;

/// In how many processes a rate is taken; a connection's buffers are large or small for as long as it lives.
const PROCESSES: usize = 5;

/// What is moved, how often in each process, and how large a part of the raw rate is asked for.
const RATES: [(&str, &str, usize, f64); 4] = [
    ("storage-upload-256", "256 MiB up", 9, 0.95),
    ("storage-resumable-256", "256 MiB up by parts", 9, 0.95),
    ("storage-download-256", "256 MiB down", 9, 0.95),
    ("functions-events", "events", 8, 0.9),
];

/// How much is moved in a second, and how much of the processor that takes.
pub(super) async fn rates(programs: &Programs, server: &Server, rows: &mut Vec<Row>) -> Outcome {
    for (workload, title, count, goal) in RATES {
        eprintln!("── {title}");
        let pairs = pairs(|| programs.client(workload, "both", count, server), PROCESSES).await?;
        let unit = if workload.starts_with("storage") { "MiB/s" } else { "rate" };
        rows.push(rate(&format!("{title}: {unit}"), &pairs, Goal::RatioAtLeast(goal)));
        rows.push(processor(title, &pairs));
    }
    Ok(())
}

/// The milliseconds of the processor that a block takes. They show what a rate costs where the machine has other work, and
/// are too coarse to be held against: the system counts in steps of ten, and a block takes a few of them.
fn processor(title: &str, pairs: &[Pair]) -> Row {
    let ours: f64 = pairs.iter().map(|pair| pair.ours.processor).sum();
    let raw: f64 = pairs.iter().map(|pair| pair.raw.processor).sum();
    #[allow(clippy::cast_precision_loss, reason = "there are few")]
    let milliseconds = |sum: f64| (sum > 0.0).then_some(sum / 1e6 / pairs.len() as f64);
    let title = format!("{title}: processor, ms");
    Row::new(title, milliseconds(ours), milliseconds(raw), Goal::Shown)
}

/// The most memory that a process has at once which moves a large body.
pub(super) async fn memory(programs: &Programs, server: &Server, rows: &mut Vec<Row>) -> Outcome {
    eprintln!("── Peak memory of large bodies");
    for (workload, title, _, _) in RATES.iter().filter(|(workload, ..)| workload.starts_with("storage")) {
        let [ours, raw] = peaks(programs, server, [(workload, "ours"), (workload, "raw")]).await?;
        // 12 MB.
        rows.push(Row::new(format!("{title}: peak memory, MiB"), ours, raw, Goal::AtMost(11.44)));
    }
    Ok(())
}

/// What 5 GiB take of memory, above what a process has that sends a small request.
pub(super) async fn large(programs: &Programs, server: &Server, rows: &mut Vec<Row>) -> Outcome {
    eprintln!("── 5 GiB");
    for (way, title) in [("upload", "up"), ("resumable", "up by parts"), ("download", "down")] {
        let mut above = Vec::new();
        let large = format!("storage-{way}-5120");
        for who in ["ours", "raw"] {
            let peaks = once(programs, server, &large, who).await?;
            let idle = once(programs, server, "storage-idle-0", who).await?;
            above.push(peaks.zip(idle).map(|(peak, idle)| peak - idle));
        }
        let [ours, raw] = *above.as_slice() else { return Err("two sides were measured".into()) };
        rows.push(Row::new(format!("5 GiB {title}: memory above idle, MiB"), ours, raw, Goal::AtMost(32.0)));
    }
    Ok(())
}

async fn once(
    programs: &Programs,
    server: &Server,
    workload: &str,
    who: &str,
) -> Result<Option<f64>, Box<dyn std::error::Error>> {
    let printed = super::programs::printed(programs.client(workload, who, 1, server)).await?;
    // The system tells kilobytes, or nothing at all where it is not Linux.
    let kilobytes: f64 = printed.trim().parse()?;
    Ok((kilobytes > 0.0).then_some(kilobytes / 1024.0))
}
