//! What it costs to receive very many small broadcasts, and to hold very many channels.

use super::callgrind::Counts;
use super::programs::{self, Programs, Server};
use super::report::{Goal, Row};
use super::{Counted, median, per_operation};
use crate::Outcome;

/// How often the memory is taken, each time in a process of its own.
const ROUNDS: usize = 3;

/// Channels of the small and the large program. The difference is what channels take.
const CHANNELS: (u32, u32) = (10, 1_010);

/// Broadcasts of a short and a long run; the difference is 200,000.
const BROADCASTS: (u32, u32) = (1_000, 201_000);

const fn counted(workload: &'static str, title: &'static str) -> Counted {
    Counted { workload, title, operations: BROADCASTS, instructions: 1.5, heap_calls: 4.0 }
}

const COUNTED: [Counted; 3] = [
    counted("broadcasts-v1-text", "broadcast, 1.0.0"),
    counted("broadcasts-v2-text", "broadcast, 2.0.0 as text"),
    counted("broadcasts-v2-binary", "broadcast, 2.0.0 binary"),
];

/// Adds a row for each figure.
pub(super) async fn measure(
    programs: &Programs,
    server: &Server,
    can_count: bool,
    rows: &mut Vec<Row>,
) -> Outcome {
    eprintln!("── Broadcasts and channels");
    let mut of_ours: Vec<Counts> = Vec::new();
    for counted in &COUNTED {
        let (mut ours, mut raw) = (None, None);
        if can_count {
            ours = Some(per_operation(programs, server, counted, "ours").await?);
            raw = Some(per_operation(programs, server, counted, "raw").await?);
        }
        let row = |what: &str, of: fn(&Counts) -> f64, goal| {
            let name = format!("{}: {what}", counted.title);
            Row::new(name, ours.as_ref().map(of), raw.as_ref().map(of), goal)
        };
        rows.push(row("instructions", |counts| counts.instructions, Goal::RatioAtMost(counted.instructions)));
        rows.push(row("heap calls", |counts| counts.heap_calls, Goal::AtMost(counted.heap_calls)));
        of_ours.extend(ours);
    }
    // Both ours: the binary frames of 2.0.0 are no dearer than the text of 1.0.0.
    let instructions = |at: usize| of_ours.get(at).map(|counts| counts.instructions);
    rows.push(Row::new(
        "binary beside 1.0.0: instructions",
        instructions(2),
        instructions(0),
        Goal::RatioAtMost(1.0),
    ));

    let (few, many) = CHANNELS;
    let mut sizes = Vec::new();
    for _ in 0..ROUNDS {
        let mut peaks = [0.0; 2];
        for (peak, channels) in peaks.iter_mut().zip([few, many]) {
            let command = programs.client("broadcasts-channels", "ours", channels as usize, server);
            *peak = programs::printed(command).await?.trim().parse()?;
        }
        let [small, large]: [f64; 2] = peaks;
        sizes.extend((small > 0.0).then(|| (large - small) / f64::from(many - few)));
    }
    rows.push(Row::new(
        "idle channel with a stream, KiB",
        median(sizes.into_iter()),
        None,
        Goal::AtMost(4.0),
    ));
    Ok(())
}
